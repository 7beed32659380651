"""Reading published packages as a reader does: from their files alone, and trusting none of them.

A `LoadedPackage` has the protected tables and code lists that its descriptor names, in the form that the intruder takes,
and every contradiction found while reading. Attacking them belongs in `audit`; comparing formats and hashes in
`integrity`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import duckdb
import numpy as np

from anonymisation import AnonymisationError, Hierarchy, PublishedTable
from vawg_opendata.release.checks.lists import LoadedList, loaded_list
from vawg_opendata.release.lifecycle.store import DESCRIPTOR, DISCLOSURE
from vawg_opendata.release.lifecycle.versions import order
from vawg_opendata.release.package.tables import NOT_AVAILABLE, STATUS_CODES
from vawg_opendata.schemas.relation import csv_relation
from vawg_opendata.schemas.rules import quoted
from vawg_opendata.statistics.facts import LEGAL_HOLD

DEFAULT_AUDIENCE = "datastore"
MOST_KEPT = 200  # packages that stay in memory, some megabytes each: two years of months of the products of a force


@dataclass(frozen=True)
class LoadedTable:
    """A statistical resource as the intruder takes it, with the threshold it is published under."""

    table: PublishedTable
    threshold: int


@dataclass(frozen=True)
class LoadedPackage:
    """What a package publishes. `hierarchies` by dimension; `lists` are its records that tables count; `problems` name the resource
    and what is wrong with it.

    Of a package that is cut from another, `cut_from` is the name of that one and `cut_by` the dimension of which it shows some
    codes only: those that it does not show exist all the same. `least`: what its readers know a withheld count to be at least. That is
    1, since a withheld value is never 0, unless its `disclosure.json` says that zeros are withheld.
    """

    folder: Path
    name: str
    version: str
    audience: str
    tables: tuple[LoadedTable, ...]
    hierarchies: Mapping[str, Hierarchy]
    lists: tuple[LoadedList, ...]
    problems: tuple[str, ...]
    cut_from: str = ""
    cut_by: str = ""
    least: int = 1

    @property
    def product(self) -> str:
        """Name of the product whose version the package is, or is a part of."""
        return self.cut_from or self.name

    @property
    def measures(self) -> frozenset[str]:
        """What its tables count, and its lists of records are of."""
        return frozenset([*(loaded.table.measure for loaded in self.tables), *(one.measure for one in self.lists)])

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".strip()


def find_packages(paths: Iterable[Path]) -> list[Path]:
    """The package folders at or below the paths given, in order. FileNotFoundError where there is none.

    Packages that lie in another one are parts of it, which the check of that one proves; they are found when they are pointed at.
    """
    found: dict[Path, None] = {}
    for path in paths:
        folder = path.parent if path.name == DESCRIPTOR else path
        below = [folder] if (folder / DESCRIPTOR).is_file() else _outermost(sorted(file.parent for file in folder.rglob(DESCRIPTOR)))
        if not below:
            raise FileNotFoundError(f"{path}: no package here or below (a package has a {DESCRIPTOR})")
        found.update(dict.fromkeys(below))
    return list(found)


def _outermost(folders: list[Path]) -> list[Path]:
    known = set(folders)
    return [folder for folder in folders if known.isdisjoint(folder.parents)]


def load_package(folder: Path) -> LoadedPackage:
    """Read the statistical tables and code lists of a package. ValueError when its descriptor cannot be read.

    A package whose files have the bytes that they had is not read again: steps of one run ask for all versions again and again.
    """
    digest = hashlib.sha256()
    for path in sorted({folder / DESCRIPTOR, folder / DISCLOSURE, *folder.rglob("*.csv")}):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return _load(folder, digest.digest())


@lru_cache(maxsize=MOST_KEPT)
def _load(folder: Path, _content: bytes) -> LoadedPackage:
    try:
        descriptor = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
        resources = {resource["name"]: resource for resource in descriptor["resources"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{folder / DESCRIPTOR}: not a data package descriptor ({error})") from error
    problems: list[str] = []
    tables: list[LoadedTable] = []
    hierarchies: dict[str, Hierarchy] = {}
    lists: list[LoadedList] = []
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        for resource in resources.values():
            for statistic in resource.get("statistics", []):
                if resource.get("format", "csv") != "csv":
                    continue  # other formats repeat the CSV, which `integrity` proves
                try:
                    tables.append(_table(connection, folder, resource, statistic, resources, hierarchies, problems))
                except (AnonymisationError, duckdb.Error, KeyError, ValueError) as error:
                    problems.append(_unreadable(resource, error))
    for resource in resources.values():
        if "records" in resource and resource.get("format", "csv") == "csv":
            try:
                found = loaded_list(folder, resource, resources)
            except (AnonymisationError, duckdb.Error, KeyError, ValueError, OSError) as error:
                problems.append(_unreadable(resource, error))
            else:
                lists += [] if found is None else [found]
    cut = descriptor.get("cutFrom", {})
    try:
        least = _least(folder)
    except (ValueError, AttributeError) as error:
        problems.append(f"{DISCLOSURE}: cannot be read: {error}")
        least = 1
    return LoadedPackage(
        folder,
        str(descriptor.get("name", folder.name)),
        str(descriptor.get("version", "")),
        descriptor.get("audience", DEFAULT_AUDIENCE),
        tuple(tables),
        hierarchies,
        tuple(lists),
        tuple(problems),
        str(cut.get("name", "")),
        str(cut.get("dimension", "")),
        least,
    )


def _least(folder: Path) -> int:
    path = folder / DISCLOSURE
    told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return 1 if told.get("parameters", {}).get("zeros", "published") == "published" else 0


def _unreadable(resource: Mapping, error: Exception) -> str:
    return f"{resource['name']}: cannot be read as its descriptor says: {str(error).splitlines()[0]}"


def newest_first(packages: Iterable[LoadedPackage]) -> list[LoadedPackage]:
    """Packages by version, the newest first; those whose version is no version come last."""

    def key(package: LoadedPackage) -> tuple:
        try:
            return (1, *order(package.version))
        except ValueError:
            return (0,)

    return sorted(packages, key=key, reverse=True)


def _table(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    resource: dict,
    statistic: dict,
    resources: Mapping[str, dict],
    hierarchies: dict[str, Hierarchy],
    problems: list[str],
) -> LoadedTable:
    name, measure, status, threshold = resource["name"], statistic["measure"], statistic["status"], int(statistic["threshold"])
    links = {key["fields"][0]: key["reference"]["resource"] for key in resource["schema"].get("foreignKeys", [])}
    measures = {column for entry in resource["statistics"] for column in (entry["measure"], entry["status"])}
    dimensions = [field["name"] for field in resource["schema"]["fields"] if field["name"] in links and field["name"] not in measures]
    columns = {field["name"]: "VARCHAR" for field in resource["schema"]["fields"]} | {measure: "BIGINT"}
    frame = connection.execute(
        f"SELECT {', '.join(quoted(column) for column in (*dimensions, measure, status))} "
        f"FROM {csv_relation(folder / resource['path'], columns)}"
    ).df()
    for dimension in dimensions:
        if dimension not in hierarchies:
            hierarchies[dimension] = _hierarchy(connection, folder, dimension, resources[links[dimension]])
        foreign = set(frame[dimension].dropna().unique()) - set(hierarchies[dimension].codes)
        if foreign:
            problems.append(f"{name}: {len(foreign)} codes of {dimension} are not in its code list, such as {sorted(foreign)[0]!r}")
    state = frame[status].fillna("").to_numpy(dtype=object)
    missing = frame[measure].isna().to_numpy()
    unknown = sorted(set(state) - {"", *STATUS_CODES})
    if unknown:
        problems.append(f"{name}: unknown status {unknown[0]!r} in {status}")
    for wrong, words in ((~missing & (state != ""), "withheld cells have a value"), (missing & (state == ""), "cells have no value and no status")):
        if wrong.any():
            problems.append(f"{name}: {int(wrong.sum())} {words}")
    table = PublishedTable.from_frame(name, measure, dimensions, frame, measure)
    unavailable = PublishedTable.from_frame(name, measure, dimensions, frame.assign(**{measure: np.where(state == NOT_AVAILABLE, 1, None)}), measure)
    return LoadedTable(_without_unavailable(table, unavailable.published, hierarchies), threshold)


def _without_unavailable(table: PublishedTable, unavailable: np.ndarray, hierarchies: Mapping[str, Hierarchy]) -> PublishedTable:
    """The table without the codes of which no cell is available: there is no count, so there is nothing to compute.

    Roots stay: the intruder's model needs them.
    """
    axes, values, published = dict(table.axes), table.values, table.published
    for axis, (dimension, codes) in enumerate(table.axes.items()):
        elsewhere = tuple(other for other in range(unavailable.ndim) if other != axis)
        empty = unavailable.all(axis=elsewhere)
        kept = [index for index, code in enumerate(codes) if not empty[index] or code == hierarchies[dimension].total]
        axes[dimension] = tuple(codes[index] for index in kept)
        values, published, unavailable = (array.take(kept, axis=axis) for array in (values, published, unavailable))
    return PublishedTable(table.name, table.measure, axes, values, published)


def _hierarchy(connection: duckdb.DuckDBPyConnection, folder: Path, dimension: str, resource: dict) -> Hierarchy:
    columns = {field["name"]: "VARCHAR" for field in resource["schema"]["fields"]}
    parents = [column for column in columns if column == "parent" or column.startswith("parent_")]
    wanted = ", ".join(quoted(column) for column in ("code", "level", *parents))
    rows = connection.execute(
        f"SELECT {wanted} FROM {csv_relation(folder / resource['path'], columns)} ORDER BY CAST(sort_order AS BIGINT), code"
    ).fetchall()
    roots = [row[0] for row in rows if row[1] == "total"]
    if len(roots) != 1:
        raise ValueError(f"code list {resource['name']} has {len(roots)} codes of level total; it must have one")
    links = {column: {row[0]: row[2 + index] for row in rows if row[2 + index]} for index, column in enumerate(parents)}
    codes = [row[0] for row in rows]
    return Hierarchy(dimension, codes, roots[0], links, {LEGAL_HOLD}.intersection(codes))

