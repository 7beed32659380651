"""The manifest of an extract: which tables were delivered, for which period, with how many rows, and whether they are real.

What cannot be read off the tables themselves: a month without offences and a month that was not extracted look alike in
them, and so do a whole file and one cut off at the end of a line. Reading the tables is the business of `crime_extract`.

An extract is delivered whole, with a file per table (`tables`), or by month: `months` then has for each month of the period of the
offences the files `2014-01/<name>` of the offences recorded in it and of what hangs on them, the same tables for every month, and
`tables` has the homicides alone. There is one manifest for all months, written anew with each delivery.
"""

import datetime
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vawg_opendata.problems import Problem
from vawg_opendata.schemas.crime_extract import DELIVERED
from vawg_opendata.schemas.fields import MONTH_PATTERN
from vawg_opendata.schemas.months import months_between

FILE = "manifest.json"
HOMICIDES = "homicides"  # the one table with a period of its own
PERIODS = ("offences", HOMICIDES)
_TABLES = tuple(table.name for table in DELIVERED)


@dataclass(frozen=True)
class Manifest:
    """What an extract says of itself.

    `synthetic` is true when the records were made up. `periods` has the first and last month of `offences` (and all
    tables that hang on them) and of `homicides`; `files` and `rows` are by name of the table, of those that are delivered whole; `months` has, by
    month and by name of the table, the file and the rows of those that are delivered by month.
    """

    synthetic: bool
    periods: Mapping[str, tuple[str, str]]
    files: Mapping[str, str]
    rows: Mapping[str, int]
    months: Mapping[str, Mapping[str, tuple[str, int]]] = field(default_factory=dict)

    @property
    def named(self) -> tuple[str, ...]:
        """The names of all files."""
        return (*self.files.values(), *(name for files in self.months.values() for name, _ in files.values()))

    def promised(self, table: str, month: str) -> int:
        """The number of rows of a table; of a month, where it is delivered by month."""
        return self.months[month][table][1] if month else self.rows[table]

    def period(self, table: str) -> tuple[str, str]:
        """First and last month that a table covers."""
        return self.periods[HOMICIDES if table == HOMICIDES else "offences"]

    def write(self, folder: Path) -> None:
        """Writes the manifest into the folder of the extract."""
        document = {
            "synthetic": self.synthetic,
            "periods": {name: {"from": first, "to": last} for name, (first, last) in self.periods.items()},
            "tables": {name: {"file": self.files[name], "rows": self.rows[name]} for name in self.files},
        }
        if self.months:
            document["months"] = {
                month: {name: {"file": file, "rows": rows} for name, (file, rows) in files.items()} for month, files in sorted(self.months.items())
            }
        (folder / FILE).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def load(folder: Path, source: str) -> Manifest | list[Problem]:
    """The manifest of a folder, or what is wrong with it (at least one problem)."""

    def problem(message: str, kind: str = "manifest") -> list[Problem]:
        return [Problem(file=f"{source}/{FILE}", kind=kind, message=message)]

    path = folder / FILE
    if not path.is_file():
        return problem(
            "There is no manifest. The extract is delivered with one: periods covered, files and their numbers of rows.", "missing"
        )
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # ValueError: neither UTF-8 nor JSON
        return problem("The manifest is not JSON in UTF-8. Deliver it as written by the extract.", "format")
    faults = _faults(document)
    if faults:
        return [found for fault in faults for found in problem(fault)]
    tables, months = document.get("tables", {}), document.get("months", {})
    return Manifest(
        document["synthetic"],
        {name: (period["from"], period["to"]) for name, period in document["periods"].items()},
        {name: tables[name]["file"] for name in _TABLES if name in tables},
        {name: tables[name]["rows"] for name in _TABLES if name in tables},
        {month: {name: (files[name]["file"], files[name]["rows"]) for name in _TABLES if name in files} for month, files in sorted(months.items())},
    )


def _faults(document: object) -> list[str]:
    """What a manifest lacks, in words."""
    if not isinstance(document, dict):
        return ["The manifest must be an object with synthetic, periods and tables."]
    faults = []
    if not isinstance(document.get("synthetic"), bool):
        faults.append("synthetic must be true or false.")
    this_month = f"{datetime.date.today():%Y-%m}"
    periods, tables, months = document.get("periods"), document.get("tables"), document.get("months", {})
    if not isinstance(periods, dict) or not set(periods) <= set(PERIODS) or not all(map(_is_period, periods.values())):
        faults.append(f'periods must give, for {" and ".join(PERIODS)}, the first and last month: {{"from": "2014-01", "to": "2026-02"}}.')
    elif any(period["to"] > this_month for period in periods.values()):  # months to come would be published as months without offences
        faults.append("periods must not end after this month.")
    if not isinstance(months, dict) or not all(isinstance(files, dict) for files in months.values()):
        faults.append('months must give the tables of each month: {"2014-01": {"offences": {"file": "2014-01/offences.csv", "rows": 1000}}}.')
    elif not months and (not isinstance(tables, dict) or not tables):
        faults.append('tables must give file and rows of each table delivered: {"offences": {"file": "offences.csv", "rows": 1000}}.')
    elif months and (not isinstance(tables := document.get("tables", {}), dict) or not set(tables) <= {HOMICIDES}):
        faults.append(f"tables must hold {HOMICIDES} alone where the others are delivered by month.")
    if faults:
        return faults
    for name, entry in tables.items():
        faults += _faults_of(name, entry, "tables")
        if name in _TABLES and (HOMICIDES if name == HOMICIDES else "offences") not in periods:
            faults.append(f"periods lacks the period of {name}.")
    return faults + (_faults_of_months(months, periods.get("offences")) if months else _lacking_parents(tables, "tables"))


def _faults_of(name: str, entry: object, place: str) -> list[str]:
    """What is wrong with the entry of a table; `place` is where it stands, a month or `tables`."""
    if name not in _TABLES:
        return [f"{place} names {name!r}, which is no table of the extract. The tables are {', '.join(_TABLES)}."]
    folder = "" if place == "tables" else f"{place}/"
    if not isinstance(entry, dict) or not _is_file(entry.get("file"), folder) or not _is_number(entry.get("rows")):
        where = f"{place}/ of this folder" if folder else "this folder"
        return [f"{place}, {name}: file must be the name of a file in {where} and rows the number of its rows."]
    return []


def _lacking_parents(tables: Collection[str], place: str) -> list[str]:
    """Tables that are not there although others hang on them."""
    return [
        f"{place} has {table.name}, which hangs on {parent}, and not {parent}. Deliver both."
        for table in DELIVERED
        if table.name in tables
        for parent in sorted({key.table for key in table.foreign_keys} - set(tables))
    ]


def _faults_of_months(months: Mapping[str, Mapping[str, object]], period: Mapping[str, str] | None) -> list[str]:
    """What is wrong with the months of an extract: all of its period must be there, each with the same tables."""
    if period is None:
        return ["periods lacks the period of offences."]
    wanted = months_between(period["from"], period["to"])
    faults = [f"months lacks {month}, which is within the period. A month without offences has files without rows." for month in wanted if month not in months][:1]
    faults += [f"months has {month!r}, which is not within the period of the offences." for month in sorted(set(months).difference(wanted))[:1]]
    tables = list(dict.fromkeys(name for files in months.values() for name in files))
    for month in wanted if not faults else ():
        faults += [f"{month} lacks {name}, which other months have. Deliver it, without rows if there are none." for name in tables if name not in months[month]]
        faults += [fault for name, entry in months[month].items() for fault in _faults_of(name, entry, month)]
    if not tables:  # each month would be one without offences
        faults.append("months names no table. Give file and rows of each table delivered.")
    if HOMICIDES in tables:
        faults.append(f"months has {HOMICIDES}, which are delivered whole, under tables.")
    return faults + _lacking_parents(tables, "months")


def _is_period(period: object) -> bool:
    months = [period.get("from"), period.get("to")] if isinstance(period, dict) else []
    return (
        len(months) == 2
        and all(isinstance(month, str) and re.fullmatch(MONTH_PATTERN, month) for month in months)
        and months[0] <= months[1]
    )


def _is_file(name: object, folder: str) -> bool:
    return isinstance(name, str) and name == folder + Path(name).name and name.lower().endswith((".csv", ".parquet"))


def _is_number(rows: object) -> bool:
    return isinstance(rows, int) and not isinstance(rows, bool) and rows >= 0
