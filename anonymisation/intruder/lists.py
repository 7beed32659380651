"""The attack on statistical tables by a reader who also has the records one by one.

Belongs here: what lists of records tell about the cells of tables that count the same people.  Does not belong here: what
a list reveals of single people (``measures``), the attack on tables alone (``attack``).

A list counts for itself: the reader adds up its records.  A record whose codes are finer than a cell's, or the same, is counted
in the cell; one that is generalised beyond it may be.  So the records with the same codes are a small table of their own, of
known total, that spreads over the cells they may be counted in; these tables add up to the published ones.  All sums
together are one system, solved as any other.  That no more is known holds where it does for the tables
themselves: where they form a decomposable model (see ``system``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from anonymisation.errors import InconsistentTablesError, TableError
from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder.attack import MEANS, Attack, Finding
from anonymisation.intruder.intervals import narrower
from anonymisation.intruder.unknowns import Unknowns, read, unknowns_of
from anonymisation.system import System, build_system
from anonymisation.tables import PublishedTable


@dataclass(frozen=True)
class RecordList:
    """Published records of the people whom the tables of ``measure`` count, each record one of them.

    ``codes``: by dimension of the tables, the code of each record, at any level of the dimension's hierarchy; ``None`` where the
    list does not say.  Dimensions that the list lacks are left out.  ``within``: codes that all records have in common
    and that bound what the list is of (a year, say).  ``complete``: everybody within is in the list; without, some records
    are left out, and the reader does not know how many.
    """

    name: str
    measure: str
    codes: Mapping[str, Sequence[str | None]]
    within: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True

    def __len__(self) -> int:
        return len(next(iter(self.codes.values()), ()))


def attack_beside_lists(
    tables: Sequence[PublishedTable],
    hierarchies: Mapping[str, Hierarchy],
    lists: Sequence[RecordList],
    threshold: int,
) -> Attack:
    """Attack the withheld cells of ``tables`` with all that the tables and the ``lists`` tell together.

    A finding is, as in ``attack`` under ``contract``, a withheld cell whose smallest possible count is below ``threshold`` and whose
    interval is narrower than it; what the tables publish is not judged.  Cells that tables alone give away are found again.

    Raises ``TableError`` where a list does not fit the hierarchies, or tables do not fit each other;
    ``InconsistentTablesError`` where lists and tables cannot be of the same people.

    What it costs grows with the number of different combinations of codes in a list that are coarser than the tables', times the
    cells each of them may be counted in: all of these are unknowns of one program.
    """
    findings: list[Finding] = []
    checked = dict.fromkeys(MEANS, 0)
    cells = withheld = 0
    for measure in dict.fromkeys(table.measure for table in tables):
        linked = [table for table in tables if table.measure == measure]
        ours = [one for one in lists if one.measure == measure]
        system = build_system(linked, hierarchies)
        _check(system, ours)
        values, known = read(system, linked)
        own = np.flatnonzero(~known)
        try:
            unknowns = _joint(system, values, known, ours)
            found = _disclosed(unknowns, len(own), threshold, checked)
        except InconsistentTablesError as error:
            names = ", ".join(one.name for one in ours)
            raise InconsistentTablesError(
                f"{measure}: the tables and the lists of records ({names}) contradict each other; do they count the same people? {error}"
            ) from None
        where = system.locations(own[sorted(found)])
        for i, (low, high) in sorted(found.items()):
            findings.append(Finding(measure, where[int(own[i])], low, high, "exact" if low == high else "narrow"))
        cells, withheld = cells + system.size, withheld + len(own)
    return Attack(cells, withheld, tuple(findings), checked)


@dataclass(frozen=True)
class _Group:
    """People known to be counted in none but ``cells``: ``number`` of them in each that is ``sure``, up to all in the others.

    ``number`` is -1 where nobody knows it; then no cell is sure.
    """

    number: int
    cells: np.ndarray
    sure: np.ndarray


def _check(system: System, lists: Sequence[RecordList]) -> None:
    if system.incomplete.any():
        raise TableError("a table holds some but not all children of a code; hold all of them or none")
    for one in lists:
        for dimension, codes in one.codes.items():
            if len(codes) != len(one):
                raise TableError(f"list {one.name!r}: {dimension!r} has {len(codes)} codes for {len(one)} records")
        for dimension, codes in (*one.codes.items(), *((d, [code]) for d, code in one.within.items())):
            if dimension not in system.hierarchies:
                raise TableError(f"list {one.name!r}: there is no hierarchy for {dimension!r}")
            strange = set(codes) - set(system.hierarchies[dimension].codes) - {None}
            if strange:
                raise TableError(f"list {one.name!r}: {dimension!r} has the code {sorted(strange)[0]!r}, which is not in its hierarchy")


def _joint(system: System, values: np.ndarray, known: np.ndarray, lists: Sequence[RecordList]) -> Unknowns:
    """The withheld cells, first, then the unknown parts of groups: all sums over them."""
    alone = unknowns_of(system, values, known)
    place = np.full(system.size, -1, dtype=np.int64)
    place[alone.cells] = np.arange(len(alone.cells))
    columns = len(alone.cells)
    by_column = sp.csc_array(system.sums.astype(np.int64))
    rows, right = [sp.coo_array(alone.sums)], [alone.lower]
    for one in lists:
        # By cell: the groups' parts of it, less the cell where it is withheld, add up to nothing but what is known.
        entries = [(alone.cells, np.arange(len(alone.cells)), np.full(len(alone.cells), -1))]
        told = np.where(known, values, 0).astype(float)
        for group in _groups(system, one):
            sure, open_cells = group.cells[group.sure], group.cells[~group.sure]
            told[sure] -= group.number
            here = columns + np.arange(len(open_cells))
            columns += len(open_cells)
            entries.append((open_cells, here, np.ones(len(open_cells), dtype=np.int64)))
            sums = sp.csr_array(by_column[:, open_cells])
            used = np.flatnonzero(np.diff(sums.indptr))
            part = sp.coo_array(sums[used])
            rows.append(sp.coo_array((part.data, (part.row, here[part.col])), shape=(len(used), columns)))
            right.append(-(by_column[:, sure].sum(axis=1)[used] * float(group.number)))
        cells, at, data = (np.concatenate(parts) for parts in zip(*entries, strict=True))
        links = sp.csr_array((data, (cells, at)), shape=(system.size, columns))
        used = np.diff(links.indptr) > 0
        if told[~used].any():
            cell = int(np.flatnonzero(~used & (told != 0))[0])
            raise InconsistentTablesError(f"{system.locate(cell) or 'the total'} has another count in the list")
        rows.append(sp.coo_array(links[np.flatnonzero(used)]))
        right.append(told[used])
    wide = [sp.coo_array((part.data, (part.row, part.col)), shape=(part.shape[0], columns)) for part in rows]
    bounds = np.concatenate(right)
    return Unknowns(np.arange(columns), sp.csr_array(sp.vstack(wide)), bounds, bounds)


def _groups(system: System, one: RecordList) -> Iterator[_Group]:
    """The records of a list by what they can be counted in, and the people that it does not show."""
    shown = {d for grid in system.grids.values() for d in grid.dimensions}
    bound = {d: system.hierarchies[d].leaves_below[code] for d, code in one.within.items() if d in shown}
    dimensions = [d for d in {**one.codes, **bound} if d in shown]
    reach = {d: _Reach(system, d, bound.get(d)) for d in dimensions}
    kinds = [[reach[d].kind(one.name, code) for code in one.codes.get(d, [None] * len(one))] for d in dimensions]
    for codes, number in sorted(Counter(zip(*kinds, strict=True) if dimensions else [()] * len(one)).items()):
        yield _counted_in(system, {d: reach[d].overlap(code) for d, code in zip(dimensions, codes, strict=True)}, number)
    if not one.complete or one.within:
        # A bound in a dimension that no table shows leaves others anywhere.
        whole = one.complete and len(bound) == len(one.within)
        yield _others(system, {d: reach[d].inside() for d in bound} if whole else {})


class _Reach:
    """One dimension: which of its shown codes count a person of whom the list tells a code. 0 none does, 1 may, 2 does."""

    def __init__(self, system: System, dimension: str, bound: frozenset[str] | None) -> None:
        self._hierarchy, self._bound = system.hierarchies[dimension], bound
        axes = (grid.codes[grid.dimensions.index(dimension)] for grid in system.grids.values() if dimension in grid.dimensions)
        self.codes = sorted({code for codes in axes for code in codes})
        self._kinds: dict[str | None, int] = {}
        self._overlaps: dict[tuple[int, ...], int] = {}

    def kind(self, name: str, code: str | None) -> int:
        """A number for the code, the same for codes that tell the same of all shown codes."""
        if code not in self._kinds:
            below = self._hierarchy.leaves_below
            leaves = below[self._hierarchy.total if code is None else code]
            leaves = leaves if self._bound is None else leaves & self._bound
            if not leaves:
                raise TableError(f"list {name!r}: the code {code!r} lies outside what the list is of")
            overlap = tuple(2 if leaves <= below[one] else int(not leaves.isdisjoint(below[one])) for one in self.codes)
            self._kinds[code] = self._overlaps.setdefault(overlap, len(self._overlaps))
        return self._kinds[code]

    def overlap(self, kind: int) -> dict[str, int]:
        """By shown code, whether a person of this kind is counted in it."""
        return dict(zip(self.codes, list(self._overlaps)[kind], strict=True))

    def inside(self) -> dict[str, bool]:
        """By shown code, whether all it counts is within the bound."""
        return {code: self._hierarchy.leaves_below[code] <= self._bound for code in self.codes}


def _counted_in(system: System, overlaps: Mapping[str, Mapping[str, int]], number: int) -> _Group:
    cells, sure = [], []
    for grid in system.grids.values():
        state = np.full((1,) * len(grid.dimensions), 2, dtype=np.int8)
        places = []
        for axis, (dimension, codes) in enumerate(zip(grid.dimensions, grid.codes, strict=True)):
            along = np.array([overlaps[dimension][code] if dimension in overlaps else 1 for code in codes], dtype=np.int8)
            places.append(np.flatnonzero(along))
            state = np.minimum(state, along[along > 0].reshape([-1 if i == axis else 1 for i in range(len(grid.dimensions))]))
        ids = grid.ids[np.ix_(*places)]
        there = ids >= 0
        cells.append(ids[there])
        sure.append(np.broadcast_to(state == 2, ids.shape)[there])
    return _Group(number, np.concatenate(cells), np.concatenate(sure))


def _others(system: System, inside: Mapping[str, Mapping[str, bool]]) -> _Group:
    """People who are not in the list: anywhere but in cells all of whose people are within its bounds."""
    cells = []
    for key, grid in system.grids.items():
        free = grid.ids >= 0
        if inside and set(inside) <= key:
            whole = np.ones(grid.ids.shape, dtype=bool)
            for axis, (dimension, codes) in enumerate(zip(grid.dimensions, grid.codes, strict=True)):
                if dimension in inside:
                    along = np.array([inside[dimension][code] for code in codes])
                    whole &= along.reshape([-1 if i == axis else 1 for i in range(len(grid.dimensions))])
            free &= ~whole
        cells.append(grid.ids[free])
    everywhere = np.concatenate(cells)
    return _Group(-1, everywhere, np.zeros(len(everywhere), dtype=bool))


def _disclosed(unknowns: Unknowns, own: int, threshold: int, checked: dict[str, int]) -> dict[int, tuple[int, int]]:
    """Which of the first ``own`` unknowns are known too closely, with their intervals.

    The reader gives a withheld cell at least 1, and 0 where that cannot explain what is published, as in ``attack``.
    """
    if not own:
        return {}
    size = unknowns.sums.shape[1]
    lowest, highest = unknowns.bounds(0)
    judged = (np.arange(size) < own) & (lowest < threshold)
    checked["propagation"] += int((~judged[:own]).sum())
    determined = unknowns.determined()
    ones = sp.csr_array((np.ones(own, dtype=np.int64), (np.arange(own), np.arange(own))), shape=(own, size))
    positive = Unknowns(
        unknowns.cells,
        sp.csr_array(sp.vstack([unknowns.sums, ones])),
        np.concatenate([unknowns.lower, np.ones(own)]),
        np.concatenate([unknowns.upper, np.full(own, np.inf)]),
    )

    def narrow(system: Unknowns, wanted: np.ndarray) -> dict[int, tuple[int, int]]:
        return narrower(system, 0, threshold, wanted, determined, checked, (threshold, lowest, highest))

    found: dict[int, tuple[int, int]] = {}
    again = judged
    try:
        first = narrow(positive, judged)
    except InconsistentTablesError:
        first = None
    if first is not None:
        found = {i: ends for i, ends in first.items() if ends[0] < threshold}
        again = np.zeros_like(judged)
        again[[i for i in first if i not in found]] = True
    if again.any():
        found |= {i: ends for i, ends in narrow(unknowns, again).items() if ends[0] < threshold}
    return found
