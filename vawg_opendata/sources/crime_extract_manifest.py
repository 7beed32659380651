"""The manifest of an extract: which tables were delivered, for which period, with how many rows, and whether they are real.

What cannot be read off the tables themselves: a month without offences and a month that was not extracted look alike in
them, and so do a whole file and one cut off at the end of a line. Reading the tables is the business of `crime_extract`.
"""

import datetime
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vawg_opendata.problems import Problem
from vawg_opendata.schemas.crime_extract import DELIVERED
from vawg_opendata.schemas.fields import MONTH_PATTERN

FILE = "manifest.json"
HOMICIDES = "homicides"  # the one table with a period of its own
PERIODS = ("offences", HOMICIDES)
_TABLES = tuple(table.name for table in DELIVERED)


@dataclass(frozen=True)
class Manifest:
    """What an extract says of itself.

    `synthetic` is true when the records were made up. `periods` has the first and last month of `offences` (and all
    tables that hang on them) and of `homicides`; `files` and `rows` are by name of the table.
    """

    synthetic: bool
    periods: Mapping[str, tuple[str, str]]
    files: Mapping[str, str]
    rows: Mapping[str, int]

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
    return Manifest(
        document["synthetic"],
        {name: (period["from"], period["to"]) for name, period in document["periods"].items()},
        {name: document["tables"][name]["file"] for name in _TABLES if name in document["tables"]},
        {name: document["tables"][name]["rows"] for name in _TABLES if name in document["tables"]},
    )


def _faults(document: object) -> list[str]:
    """What a manifest lacks, in words."""
    if not isinstance(document, dict):
        return ["The manifest must be an object with synthetic, periods and tables."]
    faults = []
    if not isinstance(document.get("synthetic"), bool):
        faults.append("synthetic must be true or false.")
    this_month = f"{datetime.date.today():%Y-%m}"
    periods, tables = document.get("periods"), document.get("tables")
    if not isinstance(periods, dict) or not set(periods) <= set(PERIODS) or not all(map(_is_period, periods.values())):
        faults.append(f'periods must give, for {" and ".join(PERIODS)}, the first and last month: {{"from": "2014-01", "to": "2026-02"}}.')
    elif any(period["to"] > this_month for period in periods.values()):  # months to come would be published as months without offences
        faults.append("periods must not end after this month.")
    if not isinstance(tables, dict) or not tables:
        faults.append('tables must give file and rows of each table delivered: {"offences": {"file": "offences.csv", "rows": 1000}}.')
    if faults:
        return faults
    for name, entry in tables.items():
        if name not in _TABLES:
            faults.append(f"tables names {name!r}, which is no table of the extract. The tables are {', '.join(_TABLES)}.")
        elif not isinstance(entry, dict) or not _is_file(entry.get("file")) or not _is_number(entry.get("rows")):
            faults.append(f"tables, {name}: file must be the name of a file in this folder and rows the number of its rows.")
        elif (HOMICIDES if name == HOMICIDES else "offences") not in periods:
            faults.append(f"periods lacks the period of {name}.")
    for table in DELIVERED:
        for parent in sorted({key.table for key in table.foreign_keys} - set(tables)) if table.name in tables else ():
            faults.append(f"tables has {table.name}, which hangs on {parent}, and not {parent}. Deliver both.")
    return faults


def _is_period(period: object) -> bool:
    months = [period.get("from"), period.get("to")] if isinstance(period, dict) else []
    return (
        len(months) == 2
        and all(isinstance(month, str) and re.fullmatch(MONTH_PATTERN, month) for month in months)
        and months[0] <= months[1]
    )


def _is_file(name: object) -> bool:
    return isinstance(name, str) and name == Path(name).name and name.lower().endswith((".csv", ".parquet"))


def _is_number(rows: object) -> bool:
    return isinstance(rows, int) and not isinstance(rows, bool) and rows >= 0
