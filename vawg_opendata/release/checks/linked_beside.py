"""Linked cases beside the tables that count them, from the files alone: no cell that is withheld may be seen to hold more than the tables tell themselves.

The descriptor says under `records`/`tells` which measure counts every case, and which columns of the linked tables tell which of its dimensions, the finest
first. A case lies in the cells of the codes it tells and of all above them. Of a withheld cell a reader knows the published ones within it already; where more
cases are told in it than these hold, the records give away a count. How cases are chosen, so that this cannot be, is in `vawg_opendata.microdata.standing`.
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from anonymisation import Hierarchy, PublishedTable
from vawg_opendata.release.checks.linked_audit import relation
from vawg_opendata.release.checks.loading import LoadedPackage, newest_first
from vawg_opendata.release.lifecycle.store import DESCRIPTOR
from vawg_opendata.schemas.rules import quoted

PUBLIC = "datastore"


@dataclass(frozen=True)
class ToldCases:
    """Cases of a package: per dimension its columns, the finest first, and the values of each kind of case; `cases` of each kind."""

    measure: str
    codes: Mapping[str, Sequence[Sequence[str | None]]]
    cases: np.ndarray


def told_cases(folder: Path) -> ToldCases | None:
    """The linked cases of a package; None where it has none. KeyError or a DuckDB error where its files are not as its descriptor says."""
    resources = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))["resources"]
    for resource in resources:
        tells = resource.get("records", {}).get("tells")
        if tells is not None:
            columns = [name for names in tells["dimensions"].values() for name in names]
            with duckdb.connect() as connection:
                connection.execute("SET enable_progress_bar=false")
                wanted = ", ".join(map(quoted, columns))
                rows = connection.execute(f"SELECT {wanted}, count(*) FROM {relation(folder, resource)} GROUP BY ALL ORDER BY ALL").fetchall()
            values = dict(zip((*columns, "cases"), zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys((*columns, "cases"), ())
            codes = {dimension: [values[name] for name in names] for dimension, names in tells["dimensions"].items()}
            return ToldCases(tells["measure"], codes, np.array(values["cases"], dtype=np.int64))
    return None


def revealed(told: Sequence[ToldCases], packages: Sequence[LoadedPackage]) -> list[str]:
    """What the cases of one package or several give away beside packages of tables: a line per table, with how many cells.

    Cases keep to the tables beside which they were published: what one version of a table withholds and another shows is known.
    """
    bad: dict[tuple[str, str], list[set[tuple[str, ...]]]] = {}
    for package in packages:
        for loaded in package.tables:
            for cases in told:
                if cases.measure == loaded.table.measure:
                    bad.setdefault((package.name, loaded.table.name), []).append(_revealed(cases, loaded.table, package.hierarchies))
    found = []
    for (name, table), versions in bad.items():
        cells = set.intersection(*versions)
        if cells:
            found.append(f"{table} of {name}: records tell of more cases in {len(cells)} withheld cells than the table does, such as {', '.join(min(cells))}")
    return found


def beside(package: LoadedPackage, packages: Sequence[LoadedPackage]) -> list[str]:
    """What the cases of a package give away beside all `packages` that its readers hold."""
    cases = told_cases(package.folder)
    held = [one for one in packages if one.audience in (PUBLIC, package.audience)]
    return [f"{package.title}: {line}" for line in revealed([cases], held)] if cases is not None else []


def beside_new(new: LoadedPackage, others: Sequence[LoadedPackage]) -> list[str]:
    """What a new package gives away of this kind beside the others: its own cases, or those of the newest version of another beside its tables."""
    found, seen = beside(new, [new, *others]), {new.name}
    for one in newest_first(others) if new.tables else ():
        if one.name not in seen:
            known = beside(one, others)
            found += [line for line in beside(one, [new, *others]) if line not in known]
            seen.add(one.name)
    return found


def _revealed(told: ToldCases, table: PublishedTable, hierarchies: Mapping[str, Hierarchy]) -> set[tuple[str, ...]]:
    """The withheld cells of a table in which more cases are told than its published cells within them hold."""
    places = [_places(told.codes.get(name, ()), told.cases.size, hierarchies[name], axis) for name, axis in table.axes.items()]
    inside = np.zeros(table.published.shape, dtype=np.int64)
    for chosen in itertools.product(*(range(place.shape[1]) for place in places)):
        cell = tuple(place[:, column] for place, column in zip(places, chosen, strict=True))
        real = np.all([one >= 0 for one in cell], axis=0)
        np.add.at(inside, tuple(one[real] for one in cell), told.cases[real])
    least = _Least(table, hierarchies)
    names = list(table.axes.values())
    withheld = [tuple(cell) for cell in np.argwhere((inside > 0) & ~table.published).tolist()]
    return {tuple(axis[place] for axis, place in zip(names, cell, strict=True)) for cell in withheld if inside[cell] > least.of(cell)}


class _Least:
    """The least count of a cell that the published cells within it add up to."""

    def __init__(self, table: PublishedTable, hierarchies: Mapping[str, Hierarchy]) -> None:
        self._table = table
        self._below = [_children(hierarchies[name], axis) for name, axis in table.axes.items()]
        self._known: dict[tuple[int, ...], int] = {}

    def of(self, cell: tuple[int, ...]) -> int:
        """The least count of a cell, given by its places on the axes."""
        if cell not in self._known:
            if self._table.published[cell]:
                self._known[cell] = int(self._table.values[cell])
            else:
                ways = [(place, below) for place, code in enumerate(cell) for below in self._below[place][code]]
                sums = [sum(self.of((*cell[:place], child, *cell[place + 1 :])) for child in below) for place, below in ways]
                self._known[cell] = max(sums, default=0)
        return self._known[cell]


def _children(hierarchy: Hierarchy, axis: Sequence[str]) -> list[list[list[int]]]:
    """Per code of an axis, in each hierarchy the places of the codes of the axis that are next below it."""
    position = {code: place for place, code in enumerate(axis)}
    found: list[list[list[int]]] = [[] for _ in axis]
    for links in hierarchy.parents.values():
        below: dict[int, list[int]] = {}
        for code in axis:
            up = links.get(code)
            while up is not None and up not in position:
                up = links.get(up)
            if up is not None:
                below.setdefault(position[up], []).append(position[code])
        for place, children in below.items():
            found[place].append(children)
    return found


def _places(columns: Sequence[Sequence[str | None]], number: int, hierarchy: Hierarchy, axis: Sequence[str]) -> np.ndarray:
    """Per kind of case, the places on the axis of the finest code told of it that the hierarchy has, and of all above that; -1 beyond."""
    position = {code: place for place, code in enumerate(axis)}
    known = set(hierarchy.codes)
    above: dict[str, list[int]] = {}
    rows = []
    for values in zip(*columns, strict=True) if columns else [()] * number:
        code = next((value for value in values if value in known), hierarchy.total)
        if code not in above:
            above[code] = sorted({position[up] for up in _ancestors(hierarchy, code) if up in position})
        rows.append(above[code])
    width = max(map(len, rows), default=1)
    return np.array([[*row, *[-1] * (width - len(row))] for row in rows], dtype=np.int64).reshape(number, width)


def _ancestors(hierarchy: Hierarchy, code: str) -> set[str]:
    found, ends = {code}, [code]
    while ends:
        one = ends.pop()
        new = {links[one] for links in hierarchy.parents.values() if one in links} - found
        found |= new
        ends += new
    return found
