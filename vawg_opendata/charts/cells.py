"""The cells of a released table as arrays, with their codes: read from the files of a package, as any reader could.

How the cells are said and drawn belongs in the other modules, which versions there are in whatever asks.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np

from vawg_opendata.schemas.relation import csv_relation
from vawg_opendata.schemas.rules import quoted

PERIOD_LEVELS = ("month", "quarter", "year", "financial_year")


@dataclass(frozen=True)
class Codes:
    """A code list: codes in their order, label and level by code, and for each hierarchy the parent by code."""

    name: str
    title: str
    codes: tuple[str, ...]
    labels: Mapping[str, str]
    levels: Mapping[str, str]
    parents: Mapping[str, Mapping[str, str]]

    @cached_property
    def total(self) -> str:
        """The root."""
        return next(code for code in self.codes if self.levels[code] == "total")

    @property
    def is_period(self) -> bool:
        """Whether the codes are months or years."""
        return any(level in PERIOD_LEVELS for level in self.levels.values())

    def children(self, column: str) -> dict[str, list[str]]:
        """By parent, its children in the order of the list, in one hierarchy."""
        below: dict[str, list[str]] = {}
        for code in self.codes:
            if code in self.parents[column]:
                below.setdefault(self.parents[column][code], []).append(code)
        return below


@dataclass(frozen=True)
class Cells:
    """One measure of one statistical table. `values` and `status` have an axis per dimension, in the order of `axes`.

    A value is NaN where the status is not empty. `period` names the dimension that is time, or is empty; `lists` has the code
    list of each dimension.
    """

    name: str
    table: str
    title: str
    description: str
    measure: str
    measure_title: str
    unit: str
    integer: bool
    axes: Mapping[str, tuple[str, ...]]
    period: str
    lists: Mapping[str, Codes]
    values: np.ndarray
    status: np.ndarray

    @property
    def others(self) -> tuple[str, ...]:
        """The dimensions that are not time."""
        return tuple(name for name in self.axes if name != self.period)

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.values.size

    @property
    def withheld(self) -> int:
        """Number of cells withheld to protect people."""
        return int((self.status == "c").sum())

    def at(self, dimension: str, code: str) -> int:
        """Position of a code on the axis of a dimension."""
        return self._positions[dimension][code]

    @cached_property
    def _positions(self) -> dict[str, dict[str, int]]:
        return {name: {code: index for index, code in enumerate(codes)} for name, codes in self.axes.items()}


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_codes(folder: Path, resource: Mapping) -> Codes:
    """A code list of a package."""
    rows = sorted(read_rows(folder / resource["path"]), key=lambda row: (int(row["sort_order"]), row["code"]))
    columns = [name for name in rows[0] if name == "parent" or name.startswith("parent_")]
    return Codes(
        resource["name"],
        resource["title"].removeprefix("Code list: "),
        tuple(row["code"] for row in rows),
        {row["code"]: row["label"] for row in rows},
        {row["code"]: row["level"] for row in rows},
        {column: {row["code"]: row[column] for row in rows if row[column]} for column in columns},
    )


def read_cells(folder: Path, resource: Mapping, lists: Mapping[str, Codes]) -> list[Cells]:
    """The measures of a statistical table of a package, each as its cells; `lists` are the code lists of the package by name."""
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    links = {key["fields"][0]: key["reference"]["resource"] for key in resource["schema"].get("foreignKeys", [])}
    taken = {column for entry in resource["statistics"] for column in (entry["measure"], entry["status"])}
    dimensions = [name for name in fields if name in links and name not in taken]
    relation = csv_relation(folder / resource["path"], dict.fromkeys(fields, "VARCHAR"))
    wanted = [*dimensions, *(entry[key] for entry in resource["statistics"] for key in ("measure", "status"))]
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        columns = connection.execute(f"SELECT {', '.join(map(quoted, wanted))} FROM {relation}").fetchnumpy()
    axes, places = {}, []
    for name in dimensions:
        codes, inverse = np.unique(columns[name].astype(str), return_inverse=True)
        order = {code: index for index, code in enumerate(lists[links[name]].codes)}
        rank = np.argsort([order[code] for code in codes], kind="stable")
        axes[name] = tuple(str(code) for code in codes[rank])
        places.append(np.argsort(rank)[inverse])
    period = next((name for name in dimensions if lists[links[name]].is_period), "")
    shape = tuple(len(codes) for codes in axes.values())
    found = []
    for entry in resource["statistics"]:
        field = fields[entry["measure"]]
        values, status = np.full(shape, np.nan), np.full(shape, "x", dtype="<U1")
        text = np.ma.filled(np.ma.asarray(columns[entry["measure"]]), "").astype(str)
        values[tuple(places)] = np.where(text == "", "nan", text).astype(float)
        status[tuple(places)] = np.ma.filled(np.ma.asarray(columns[entry["status"]]), "").astype(str)
        single = len(resource["statistics"]) == 1
        found.append(
            Cells(
                name=resource["name"] if single else f"{resource['name']}-{entry['measure']}",
                table=resource["name"],
                title=resource["title"] if single else f"{resource['title']}: {field['title']}",
                description=resource["description"],
                measure=entry["measure"],
                measure_title=field["title"],
                unit=field.get("unit", ""),
                integer=field["type"] == "integer",
                axes=axes,
                period=period,
                lists={name: lists[links[name]] for name in dimensions},
                values=values,
                status=status,
            )
        )
    return found


def root(cells: Cells, dimension: str) -> str:
    """The code of a dimension that stands for all of it in this table."""
    codes = cells.axes[dimension]
    total = cells.lists[dimension].total
    return total if total in codes else codes[0]


def finest(cells: Cells) -> list[str]:
    """The periods of a chart: the shortest there are, in order of time."""
    levels = cells.lists[cells.period].levels
    present = {levels[code] for code in cells.axes[cells.period]}
    level = next(level for level in ("month", "quarter", "year", *sorted(present)) if level in present)
    return [code for code in cells.axes[cells.period] if levels[code] == level]


def totals(cells: Cells) -> dict[str, str]:
    """The code of each dimension but time that stands for all of it."""
    return {name: root(cells, name) for name in cells.others}
