"""The attack on statistical tables by a reader who also has the records one by one.

Belongs here: what lists of records tell about the cells of tables that count the same people.  Does not belong here: what
a list reveals of single people (``measures``), the attack on tables alone (``attack``).

A list counts for itself: the reader adds up its records.  A record whose codes are finer than a cell's, or the same, is counted
in the cell; one that is generalised beyond it may be.  So the records with the same codes are a small table of their own, of
known total, that spreads over the cells they may be counted in; these tables add up to the published ones.  All sums
together are one system, solved as any other.  In the dimensions of one table only, records that are alike there are taken together.
That no more is known holds where it does for the tables themselves: where they form a decomposable model (see ``system``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from anonymisation.errors import InconsistentTablesError, TableError
from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder.attack import CHECKED, Attack, Finding
from anonymisation.intruder.intervals import Reckoning, narrower
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

    The dimensions that several tables share cost most: an unknown for each of their cells and each different combination of codes
    in a list that does not settle it.
    """
    findings: list[Finding] = []
    checked = dict.fromkeys(CHECKED, 0)
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
    rows = _Rows(system, len(alone.cells))
    rows.add(sp.coo_array(alone.sums), alone.lower)
    axes = list(dict.fromkeys(frozenset(one) for one in system.axes.values()))
    common = frozenset(d for dimensions in axes for d in dimensions if sum(d in one for one in axes) > 1)
    core = _Part(system, common)
    for one in lists:
        groups = _groups(system, one)
        told = _Tally(system, np.where(known, values, 0))
        told.entries.append((alone.cells, np.arange(len(alone.cells)), np.full(len(alone.cells), -1)))
        placed = [rows.place(core, group) for group in groups]
        for group in placed:
            told.count(group, core.within)
        # What is in one table only is shared out among the records that are alike there, whatever they are elsewhere.
        for dimensions in axes:
            part = _Part(system, dimensions)
            alike: dict[tuple, list[int]] = {}
            for number, group in enumerate(groups):
                alike.setdefault(group.kind(dimensions), []).append(number)
            for members in alike.values():
                whole = rows.place(part, groups[members[0]].times([groups[i].number for i in members]))
                told.count(whole, part.within & ~core.within)
                same = _Tally(system, np.zeros(system.size))
                same.count(whole, part.within & core.within, sign=-1)
                for i in members:
                    same.count(placed[i], part.within & core.within)
                rows.tally(same)
        rows.tally(told)
    return rows.unknowns()


@dataclass(frozen=True)
class _Group:
    """People of whom the list tells the same: ``number`` of them, -1 where nobody knows.

    ``overlaps``: by dimension and shown code, 0 where none of them is counted, 1 where they may be, 2 where all are; dimensions left out
    may be anywhere.  ``barred``: by dimension, shown codes of which one in every dimension is more than any of them has.
    """

    number: int
    overlaps: Mapping[str, Mapping[str, int]]
    barred: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)

    def kind(self, dimensions: frozenset[str]) -> tuple:
        """What tells groups apart in a table of these dimensions."""
        return (self.number < 0, *((d, tuple(self.overlaps[d].values())) for d in sorted(dimensions & self.overlaps.keys())))

    def times(self, numbers: Sequence[int]) -> _Group:
        """The same people in other numbers."""
        return _Group(-1 if self.number < 0 else sum(numbers), self.overlaps, self.barred)


class _Part:
    """The cells of some dimensions, and the sums that hold among them alone."""

    def __init__(self, system: System, dimensions: frozenset[str]) -> None:
        self.keys = [key for key in system.grids if key <= dimensions]
        self.within = np.zeros(system.size, dtype=bool)
        for key in self.keys:
            ids = system.grids[key].ids
            self.within[ids[ids >= 0]] = True
        sums = sp.csr_array(system.sums.astype(np.int64))
        self.sums = sp.csc_array(sums[np.flatnonzero(abs(sums) @ (~self.within).astype(np.int64) == 0)])


@dataclass(frozen=True)
class _Placed:
    """A group in a part: in the ``sure`` cells all of its ``number``, in the ``open_cells`` what the unknowns at ``columns`` say."""

    number: int
    sure: np.ndarray
    open_cells: np.ndarray
    columns: np.ndarray


class _Tally:
    """By cell, unknowns that add up to ``right``."""

    def __init__(self, system: System, right: np.ndarray) -> None:
        self.right = right.astype(float)
        self.entries = [(np.zeros(0, dtype=np.int64),) * 3]
        self.counted = np.zeros(system.size, dtype=bool)

    def count(self, group: _Placed, where: np.ndarray, sign: int = 1) -> None:
        """Add a group at the cells of ``where``, which from now on have to add up."""
        self.counted |= where
        sure, here = group.sure[where[group.sure]], where[group.open_cells]
        self.right[sure] -= sign * group.number
        self.entries.append((group.open_cells[here], group.columns[here], np.full(int(here.sum()), sign)))


class _Rows:
    """The sums of the joint system as they are put together."""

    def __init__(self, system: System, columns: int) -> None:
        self._system, self._columns = system, columns
        self._rows: list[sp.coo_array] = []
        self._right: list[np.ndarray] = []

    def add(self, rows: sp.coo_array, right: np.ndarray) -> None:
        """Rows over the first unknowns, or all there are by now."""
        self._rows.append(rows)
        self._right.append(right)

    def place(self, part: _Part, group: _Group) -> _Placed:
        """New unknowns for what of a group is open in a part, and their sums."""
        cells, sure = _cells_of(self._system, part.keys, group)
        sure, open_cells = cells[sure], cells[~sure]
        columns = self._columns + np.arange(len(open_cells))
        self._columns += len(open_cells)
        sums = sp.csr_array(part.sums[:, open_cells])
        used = np.flatnonzero(np.diff(sums.indptr))
        rows = sp.coo_array(sums[used])
        right = -(part.sums[:, sure].sum(axis=1)[used] * float(group.number))
        self.add(sp.coo_array((rows.data, (rows.row, columns[rows.col])), shape=(len(used), self._columns)), right)
        return _Placed(group.number, sure, open_cells, columns)

    def tally(self, tally: _Tally) -> None:
        """A row for every cell of a tally that has unknowns; the others must agree as they are."""
        cells, at, data = (np.concatenate(parts) for parts in zip(*tally.entries, strict=True))
        links = sp.csr_array((data, (cells, at)), shape=(self._system.size, self._columns))
        used = np.diff(links.indptr) > 0
        wrong = np.flatnonzero(tally.counted & ~used & (tally.right != 0))
        if wrong.size:
            raise InconsistentTablesError(f"{self._system.locate(int(wrong[0])) or 'the total'} has another count in the list")
        self.add(sp.coo_array(links[np.flatnonzero(used)]), tally.right[used])

    def unknowns(self) -> Unknowns:
        """All sums over all unknowns."""
        wide = [sp.coo_array((one.data, (one.row, one.col)), shape=(one.shape[0], self._columns)) for one in self._rows]
        bounds = np.concatenate(self._right)
        return Unknowns(np.arange(self._columns), sp.csr_array(sp.vstack(wide)), bounds, bounds)


def _groups(system: System, one: RecordList) -> list[_Group]:
    """The records of a list by what they can be counted in, and the people that it does not show."""
    shown = {d for grid in system.grids.values() for d in grid.dimensions}
    bound = {d: system.hierarchies[d].leaves_below[code] for d, code in one.within.items() if d in shown}
    dimensions = [d for d in {**one.codes, **bound} if d in shown]
    reach = {d: _Reach(system, d, bound.get(d)) for d in dimensions}
    kinds = [[reach[d].kind(one.name, code) for code in one.codes.get(d, [None] * len(one))] for d in dimensions]
    groups = [
        _Group(number, {d: reach[d].overlap(code) for d, code in zip(dimensions, codes, strict=True)})
        for codes, number in sorted(Counter(zip(*kinds, strict=True) if dimensions else [()] * len(one)).items())
    ]
    if not one.complete or one.within:
        # A bound in a dimension that no table shows leaves others anywhere.
        whole = one.complete and len(bound) == len(one.within)
        groups.append(_Group(-1, {}, {d: reach[d].inside() for d in bound} if whole else {}))
    return groups


def _cells_of(system: System, keys: Sequence[frozenset[str]], group: _Group) -> tuple[np.ndarray, np.ndarray]:
    """The cells in which people of a group may be counted, and which of them count all of the group."""
    cells, sure = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=bool)]
    for key in keys:
        grid = system.grids[key]
        state = np.full((1,) * len(grid.dimensions), 0 if group.number < 0 else 2, dtype=np.int8)
        barred = np.full(state.shape, bool(group.barred) and group.barred.keys() <= key)
        places = []
        for axis, (dimension, codes) in enumerate(zip(grid.dimensions, grid.codes, strict=True)):
            shape = [-1 if i == axis else 1 for i in range(len(grid.dimensions))]
            told = group.overlaps.get(dimension)
            along = np.array([1 if told is None else told[code] for code in codes], dtype=np.int8)
            places.append(np.flatnonzero(along))
            state = np.minimum(state, along[along > 0].reshape(shape))
            if dimension in group.barred:
                barred = barred & np.array([group.barred[dimension][code] for code in codes])[along > 0].reshape(shape)
        ids = grid.ids[np.ix_(*places)]
        there = (ids >= 0) & ~np.broadcast_to(barred, ids.shape)
        cells.append(ids[there])
        sure.append(np.broadcast_to(state == 2, ids.shape)[there])
    return np.concatenate(cells), np.concatenate(sure)


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


def _disclosed(unknowns: Unknowns, own: int, threshold: int, checked: dict[str, int]) -> dict[int, tuple[int, int]]:
    """Which of the first ``own`` unknowns are known too closely, with their intervals.

    The reader gives a withheld cell at least 1, and 0 where that cannot explain what is published, as in ``attack``.
    """
    if not own:
        return {}
    size = unknowns.sums.shape[1]
    lowest, highest = unknowns.bounds(0)
    judged = (np.arange(size) < own) & (lowest < threshold)
    reckoning = Reckoning(size)
    reckoning.decided(~judged & (np.arange(size) < own), "propagation")
    determined = unknowns.determined()
    ones = sp.csr_array((np.ones(own, dtype=np.int64), (np.arange(own), np.arange(own))), shape=(own, size))
    positive = Unknowns(
        unknowns.cells,
        sp.csr_array(sp.vstack([unknowns.sums, ones])),
        np.concatenate([unknowns.lower, np.ones(own)]),
        np.concatenate([unknowns.upper, np.full(own, np.inf)]),
    )

    def narrow(system: Unknowns, wanted: np.ndarray) -> dict[int, tuple[int, int]]:
        return narrower(system, 0, threshold, wanted, determined, reckoning, (threshold, lowest, highest))

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
    reckoning.add_to(checked)
    return found
