"""Linked cases beside the tables that count them, from the files alone: no cell that is withheld may be seen to hold more than the tables tell themselves.

A case lies in the cells of the codes it tells and of all above them; where it tells that one of several codes holds, in what these hold together. Of a
pool it is known how many cases have a value: with `n` of its `s` cases in a place and `c` of them of a kind, at least `n + c - s` are both (Fréchet).
Every table of a measure that the descriptor says the cases tell of is attacked so: offences, their victims, and orders, each counted once. Of a withheld cell a
reader knows the published ones within it already; where more cases are told in it than these hold, the records give away a count.

From above nothing is told, because the records are a part of the cases. How cases are chosen, so that they narrow nothing in any other way either, is in
`vawg_opendata.microdata.standing`.
"""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from anonymisation import Hierarchy, PublishedTable
from vawg_opendata.release.checks.linked_told import Kind, ToldCases, told_cases
from vawg_opendata.release.checks.loading import LoadedPackage, newest_first

PUBLIC = "datastore"


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
    return [f"{package.title}: {line}" for line in revealed(cases, held)]


def beside_new(new: LoadedPackage, others: Sequence[LoadedPackage]) -> list[str]:
    """What a new package gives away of this kind beside the others: its own cases, or those of the newest version of another beside its tables."""
    found, seen = beside(new, [new, *others]), {new.name}
    for one in newest_first(others) if new.tables else ():
        if one.name not in seen:
            known = beside(one, others)
            found += [line for line in beside(one, [new, *others]) if line not in known]
            seen.add(one.name)
    return found


class _Axis:
    """The codes of a dimension of a table, and further ones that stand for several codes one of which is told to hold."""

    def __init__(self, codes: Sequence[str], hierarchy: Hierarchy, kinds: set[Kind]) -> None:
        self._hierarchy, self._known = hierarchy, set(hierarchy.codes)
        self._place = {code: place for place, code in enumerate(codes)}
        several = sorted({one for kind in kinds for one in kind if len(one) > 1 and all(code in self._place for code in one)})
        self.real, self.names = len(codes), [*codes, *(" or ".join(one) for one in several)]
        self._several = {one: place for place, one in enumerate(several, self.real)}
        self.below = [*_children(hierarchy, codes), *([[self._place[code] for code in one]] for one in several)]

    def places(self, kind: Kind) -> list[int]:
        """Where a case of which this is told is counted: the codes that it must be counted under, as far as the axis has them."""
        found = {self._place[code] for code in [self._hierarchy.total] if code in self._place}
        for codes in kind:
            if self._known.issuperset(codes):
                above = [set(self._hierarchy.ancestors[code]) for code in codes]
                found |= {self._place[code] for code in set.intersection(*above) if code in self._place}
                found |= {place for several, place in self._several.items() if all(not one.isdisjoint(several) for one in above)}
        return sorted(found)


def _revealed(told: ToldCases, table: PublishedTable, hierarchies: Mapping[str, Hierarchy]) -> set[tuple[str, ...]]:
    """The withheld cells of a table, or sets of cells, in which more cases are told than the published cells within them hold."""
    axes = {name: _Axis(codes, hierarchies[name], told.kinds(name)) for name, codes in table.axes.items()}
    inside = _inside(told, axes)
    values, published = (np.zeros(inside.shape, dtype=one.dtype) for one in (table.values, table.published))
    corner = tuple(slice(axis.real) for axis in axes.values())
    values[corner], published[corner] = table.values, table.published
    least = _Least(values, published, [axis.below for axis in axes.values()])
    withheld = [tuple(cell) for cell in np.argwhere((inside > 0) & ~published).tolist()]
    names = [axis.names for axis in axes.values()]
    return {tuple(axis[place] for axis, place in zip(names, cell, strict=True)) for cell in withheld if inside[cell] > least.of(cell)}


def _inside(told: ToldCases, axes: Mapping[str, _Axis]) -> np.ndarray:
    """Per cell, how many cases are certainly in it: by what is told case by case, or by that and one field of pools, whichever tells more."""
    shape = tuple(len(axis.names) for axis in axes.values())
    everybody, root = np.zeros(told.cases, dtype=np.int64), (frozenset(),)
    by_case = {name: told.told.get(name, (everybody, root)) for name in axes}
    places = {name: [axis.places(kind) for kind in by_case[name][1]] for name, axis in axes.items()}
    found = np.zeros(shape, dtype=np.int64)
    if told.required <= told.told.keys():
        cases = np.flatnonzero(_certain(told, told.required))
        cells, numbers, _ = _cells(cases, everybody, by_case, places, shape)
        np.add.at(found.reshape(-1), cells, numbers)
    for pooled in told.pooled:
        needed = told.required - {pooled.dimension}
        if not needed <= told.told.keys() or pooled.dimension not in {*axes, *told.required}:
            continue
        cases = np.flatnonzero(_certain(told, needed))
        # Here the field of pools tells its dimension; the cases are counted over the others.
        rest = {name: one if name != pooled.dimension else (everybody, root) for name, one in by_case.items()}
        spot = {name: one if name != pooled.dimension else [[0]] for name, one in places.items()}
        cells, numbers, pools = _cells(cases, pooled.pools, rest, spot, shape)
        sizes = np.bincount(pooled.pools, minlength=len(pooled.counts))
        having = _by_code(pooled.counts, pooled.kinds, axes.get(pooled.dimension))
        both = np.maximum(numbers[:, None] + having[pools] - sizes[pools, None], 0)
        step = int(np.prod(shape[list(axes).index(pooled.dimension) + 1 :], dtype=np.int64)) if pooled.dimension in axes else 0
        certain = np.zeros(shape, dtype=np.int64)
        np.add.at(certain.reshape(-1), cells[:, None] + step * np.arange(having.shape[1]), both)
        found = np.maximum(found, certain)
    return found


def _certain(told: ToldCases, required: frozenset[str]) -> np.ndarray:
    """Per case, whether it is known that the measure counts it."""
    counted = np.ones(told.cases, dtype=bool)
    for name in required:
        numbers, kinds = told.told[name]
        counted &= np.array([bool(kind) for kind in kinds], dtype=bool)[numbers]
    return counted


def _by_code(counts: np.ndarray, kinds: Sequence[Kind], axis: _Axis | None) -> np.ndarray:
    """Per pool and code of an axis, how many cases of the pool are told to be of it; where a table has no such axis, of how many anything is told."""
    if axis is None:
        return counts[:, [bool(kind) for kind in kinds]].sum(axis=1, keepdims=True)
    found = np.zeros((len(counts), len(axis.names)), dtype=np.int64)
    for number, kind in enumerate(kinds):
        for place in axis.places(kind) if kind else ():
            found[:, place] += counts[:, number]
    return found


def _cells(
    cases: np.ndarray, pools: np.ndarray, told: Mapping[str, tuple[np.ndarray, Sequence[Kind]]], places: Mapping[str, Sequence[Sequence[int]]], shape: Sequence[int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The cells in which cases lie, as places in the flat table, pool by pool: cells, how many cases, and their pool. `pools`: of each case."""
    rows = np.stack([pools[cases], *(told[name][0][cases] for name in told)], axis=1)
    kinds, numbers = np.unique(rows, axis=0, return_counts=True)
    filled = []
    for name in told:
        width = max(map(len, places[name]), default=0)
        filled.append(np.array([[*one, *[-1] * (width - len(one))] for one in places[name]], dtype=np.int64).reshape(-1, width))
    found = [np.zeros((3, 0), dtype=np.int64)]
    for chosen in itertools.product(*(range(one.shape[1]) for one in filled)):
        cell = [one[kinds[:, place], column] for place, (one, column) in enumerate(zip(filled, chosen, strict=True), 1)]
        real = np.all([one >= 0 for one in cell], axis=0)
        flat = np.ravel_multi_index(tuple(one[real] for one in cell), tuple(shape))
        found.append(np.stack([flat, kinds[real, 0], numbers[real]]))
    cells, of, counts = np.concatenate(found, axis=1)
    pairs, where = np.unique(np.stack([cells, of], axis=1), axis=0, return_inverse=True)
    together = np.zeros(len(pairs), dtype=np.int64)
    np.add.at(together, where.ravel(), counts)
    return pairs[:, 0], together, pairs[:, 1]


class _Least:
    """The least count of a cell that the published cells within it add up to. `below`: per axis and code, in each hierarchy the codes next below it."""

    def __init__(self, values: np.ndarray, published: np.ndarray, below: Sequence[Sequence[Sequence[Sequence[int]]]]) -> None:
        self._values, self._published, self._below = values, published, below
        self._known: dict[tuple[int, ...], int] = {}

    def of(self, cell: tuple[int, ...]) -> int:
        """The least count of a cell, given by its places on the axes."""
        if cell not in self._known:
            if self._published[cell]:
                self._known[cell] = int(self._values[cell])
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
