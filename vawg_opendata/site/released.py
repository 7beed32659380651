"""Reading what is released to the public: products, their versions, and their tables as arrays of cells.

Everything is read from the published folder, as any reader could; nothing of records, counts or declarations is known here.
A version that was withdrawn is known by name, status and reason alone. What is made of the cells belongs in the other modules.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np

from vawg_opendata.release.lifecycle.states import RELEASED
from vawg_opendata.release.lifecycle.store import DESCRIPTOR
from vawg_opendata.release.lifecycle.versions import latest, listed
from vawg_opendata.release.package.formats import csv_relation
from vawg_opendata.schemas.rules import quoted

AUDIENCE = "datastore"
"""The only audience whose packages may appear on pages that anyone can open."""

PERIOD_LEVELS = ("month", "quarter", "year", "financial_year")
NOTES = ("caveats", "series_breaks", "definitions")


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


@dataclass(frozen=True)
class Version:
    """One version of a product. A withdrawn one may have no descriptor left: then only its entry in the list is known."""

    product: str
    number: str
    entry: Mapping
    folder: Path
    descriptor: Mapping

    @property
    def status(self) -> str:
        """As `versions.json` says: released or withdrawn."""
        return self.entry["status"]

    @property
    def readable(self) -> bool:
        """Whether its data are there to be read."""
        return self.status == RELEASED and bool(self.descriptor)

    @cached_property
    def tables(self) -> dict[str, Mapping]:
        """The resources of the package that are tables, by name."""
        return {resource["name"]: resource for resource in self.descriptor["resources"] if resource.get("type") == "table"}

    @cached_property
    def codes(self) -> dict[str, Codes]:
        """The code lists, by name."""
        return {name: _codes(self.folder, resource) for name, resource in self.tables.items() if resource["path"].startswith("codelists/")}

    def notes(self, name: str) -> list[dict[str, str]]:
        """The rows of a table of notes, or none where the package has no such table."""
        resource = self.tables.get(name)
        return read_rows(self.folder / resource["path"]) if resource else []

    def json(self, name: str) -> dict:
        """A JSON file of the package; empty where it is not there."""
        path = self.folder / name
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    @property
    def statistical(self) -> list[Mapping]:
        """The resources that hold protected statistics."""
        return [resource for resource in self.tables.values() if resource.get("statistics")]

    @property
    def records(self) -> list[Mapping]:
        """The tables that are neither statistics, nor notes, nor code lists: records published one by one."""
        return [
            resource
            for resource in self.tables.values()
            if not resource.get("statistics") and resource["name"] not in NOTES and not resource["path"].startswith("codelists/")
        ]

    def cells(self, resource: Mapping) -> list[Cells]:
        """The measures of a statistical table, each as its cells."""
        return _cells(self, resource)


def released(published: Path) -> dict[str, list[Version]]:
    """By product, all its versions, newest first; those of the public audience alone."""
    products = {}
    for listing in sorted((published / AUDIENCE).glob("*/versions.json")):
        home = listing.parent
        versions = [_version(home, entry) for entry in listed(home)]
        if any(version.readable for version in versions):
            products[home.name] = versions
    return products


def newest(published: Path, versions: list[Version]) -> Version:
    """The version that readers are led to: the one that `latest.json` names, else the newest that is released."""
    named = latest(published / AUDIENCE / versions[0].product)
    readable = [version for version in versions if version.readable]
    return next((version for version in readable if version.number == named), readable[0])


def _version(home: Path, entry: Mapping) -> Version:
    folder = home / entry["version"]
    path = folder / DESCRIPTOR
    descriptor = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return Version(home.name, entry["version"], entry, folder, descriptor)


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _codes(folder: Path, resource: Mapping) -> Codes:
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


def _cells(version: Version, resource: Mapping) -> list[Cells]:
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    links = {key["fields"][0]: key["reference"]["resource"] for key in resource["schema"].get("foreignKeys", [])}
    taken = {column for entry in resource["statistics"] for column in (entry["measure"], entry["status"])}
    dimensions = [name for name in fields if name in links and name not in taken]
    relation = csv_relation(version.folder / resource["path"], dict.fromkeys(fields, "VARCHAR"))
    wanted = [*dimensions, *(entry[key] for entry in resource["statistics"] for key in ("measure", "status"))]
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        columns = connection.execute(f"SELECT {', '.join(map(quoted, wanted))} FROM {relation}").fetchnumpy()
    axes, places = {}, []
    for name in dimensions:
        codes, inverse = np.unique(columns[name].astype(str), return_inverse=True)
        order = {code: index for index, code in enumerate(version.codes[links[name]].codes)}
        rank = np.argsort([order[code] for code in codes], kind="stable")
        axes[name] = tuple(str(code) for code in codes[rank])
        places.append(np.argsort(rank)[inverse])
    period = next((name for name in dimensions if version.codes[links[name]].is_period), "")
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
                lists={name: version.codes[links[name]] for name in dimensions},
                values=values,
                status=status,
            )
        )
    return found
