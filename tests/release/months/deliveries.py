"""What a force delivers month after month: an extract of the whole history so far, a month longer each time, its past revised.

All deliveries come from one synthetic landing folder of the whole period. Of its offences some are recorded in the extract only
months after their date, some leave it again (cancelled crimes), some are moved to another place or classified anew; cases of homicide
get a charge or a marker of domestic abuse later; street-level files are delivered again with rows that were missing. What is not
known yet at the end of a month (outcomes, orders, assessments) is not in its delivery. Nothing of the publisher is used but its sample.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.compute as compute
import pyarrow.csv

from vawg_opendata.sample import generate

KNOWN_FROM = {"outcomes": "outcome_date", "orders": "applied_date", "risk_assessments": "assessment_date"}
PLACE = ("lsoa_code", "ward_code", "borough_code", "bcu_code", "snapped_easting", "snapped_northing")
KIND = ("home_office_code", "met_group", "met_class", "met_offence", "vawg_offence")
LATE, CANCELLED, MOVED, RECLASSIFIED = 0.02, 0.03, 0.05, 0.06
"""Shares of the offences, each the end of its stretch of what is drawn from 0 to 1."""


class Deliveries:
    """The deliveries of the months `first` to `last`; `whole` is made to hold the landing folder that they come from.

    Of London only the boroughs of some names are delivered, so that a force of their size stands for one of London's. `records` are
    those of all London.
    """

    def __init__(self, whole: Path, records: int, seed: int, first: str, last: str, boroughs: Mapping[str, str]) -> None:
        generate(records, seed, whole, first=first, last=last, homicides_from="2015-01", defect_rate=0.0, street_months=24)
        self.whole, self.boroughs = whole, boroughs
        self.first = first
        self.months = [str(month) for month in np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1)]
        self.manifest = json.loads((whole / "crime_extract" / "manifest.json").read_text(encoding="utf-8"))
        offences = self._table("offences")
        draw = np.random.default_rng(seed)
        self.fate = draw.random(len(offences))
        self.after = draw.integers(1, 5, len(offences))  # months until it happens
        self.other = draw.integers(0, len(offences), len(offences))  # whose place or kind it has until then
        self.recorded = _month_numbers(offences["recorded_date"])
        self.refs = offences["crime_ref"]

    @cache  # noqa: B019 - lives as long as the deliveries do
    def _table(self, name: str) -> pyarrow.Table:
        """A table of the extract, everything as text."""
        path = self.whole / "crime_extract" / f"{name}.csv"
        names = path.open(encoding="utf-8").readline().strip().split(",")
        text = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.string()), strings_can_be_null=False)
        return pyarrow.csv.read_csv(path, convert_options=text)

    def deliver(self, month: str, landing: Path) -> dict[str, pyarrow.Table]:
        """Write the delivery at the end of a month into a new folder; returns the tables of its extract."""
        now = int(np.datetime64(month, "M").astype(int))
        folder = landing / "crime_extract"
        folder.mkdir(parents=True)
        here = pyarrow.array(list(self.boroughs))
        tables = {"offences": self._offences(now, here)}
        present = pyarrow.array(tables["offences"]["crime_ref"].combine_chunks())
        for name in self.manifest["tables"]:
            if name == "offences":
                continue
            table = self._table(name)
            if name == "homicides":
                tables[name] = _homicides(table.filter(compute.is_in(table["borough_code"], here)), now)
                continue
            kept = compute.is_in(table["crime_ref"], present)
            if name in KNOWN_FROM:
                kept = compute.and_(kept, pyarrow.array(_month_numbers(table[KNOWN_FROM[name]]) <= now))
            tables[name] = table.filter(kept)
        for name, table in tables.items():
            pyarrow.csv.write_csv(table, folder / f"{name}.csv", pyarrow.csv.WriteOptions(quoting_style="needed"))
        manifest = {
            "synthetic": True,
            "periods": {name: {"from": period["from"], "to": month} for name, period in self.manifest["periods"].items()},
            "tables": {name: {"file": f"{name}.csv", "rows": len(table)} for name, table in tables.items()},
        }
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        self._street(month, landing)
        return tables

    def _offences(self, now: int, boroughs: pyarrow.Array) -> pyarrow.Table:
        table, fate, age = self._table("offences"), self.fate, now - self.recorded
        late, cancelled = fate < LATE, (fate >= LATE) & (fate < CANCELLED)
        homicide = compute.starts_with(table["crime_ref"], "9").to_numpy()
        there = (age >= 0) & (homicide | (~(late & (age < self.after)) & ~(cancelled & (age >= self.after))))
        for columns, low, high in ((PLACE, CANCELLED, MOVED), (KIND, MOVED, RECLASSIFIED)):
            unlike = (fate >= low) & (fate < high) & (age < self.after) & ~homicide & ~homicide[self.other]
            rows = pyarrow.array(np.where(unlike, self.other, np.arange(len(table))))
            for column in columns:
                table = table.set_column(table.column_names.index(column), column, table[column].take(rows))
        return table.filter(compute.and_(pyarrow.array(there), compute.is_in(table["borough_code"], boroughs)))

    def _street(self, month: str, landing: Path) -> None:
        """The street-level files up to a month; of the newest month every hundredth row is missing still."""
        for path in sorted((self.whole / "police_uk").glob("*/*.csv")):
            if path.parent.name > month:
                continue
            target = landing / "police_uk" / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            here = [line for line in lines if line.split(",")[8].rsplit(" ", 1)[0] in (*self.boroughs.values(), "City of London")]
            kept = [line for number, line in enumerate(here) if path.parent.name < month or number % 100 != 50]
            target.write_text("".join([header, *kept]), encoding="utf-8")


def _homicides(table: pyarrow.Table, now: int) -> pyarrow.Table:
    """Those recorded by now; of a fifth of those of the last three months, what is not known yet is told as such."""
    age = now - _month_numbers(table["recorded_date"])
    unknown = (age >= 0) & (age < 3) & (np.arange(len(table)) % 5 == 0)
    at = table.column_names.index("relationship")
    hidden = compute.if_else(pyarrow.array(unknown), "not-recorded", table["relationship"])
    return table.set_column(at, "relationship", hidden).filter(pyarrow.array(age >= 0))


def _month_numbers(dates: pyarrow.ChunkedArray) -> np.ndarray:
    """Months since January 1970 of dates as text."""
    return np.array(compute.utf8_slice_codeunits(dates, 0, 7).to_pylist(), dtype="datetime64[M]").astype(int)
