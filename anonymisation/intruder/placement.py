"""Where people of whom records tell may be counted: unknowns and sums that tie lists of records to the cells of tables.

Belongs here: the sums.  Does not belong here: what is a disclosure (``lists``), or how intervals are found (``intervals``).

A list counts for itself: the reader adds up its records.  Records that tell the same are a group of known size.  What tables
do not tell apart is one *atom* of a dimension; of each group it is unknown how many of its people are at which atoms of the
dimensions that several tables share.  From there each table takes them by itself: all who are alike in its other dimensions flow
together from coarse codes to finer ones, until every person is in one of its finest cells, and so the cell's count is the sum of
what flows into it.  Codes that lie in each other make a tree, so the unknowns are as many as its edges, not as many as
groups times cells.  How the others are shared out among the groups, when given the shared dimensions, does not matter: any way
of sharing has people to it, so nothing is lost by taking them together.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from anonymisation.errors import InconsistentTablesError, TableError
from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder.unknowns import Unknowns
from anonymisation.system import System, finest

Told = str | frozenset[str] | None
"""What a record tells of a dimension: a code, several of which one holds, or nothing."""

NOT_COUNTED = -1
"""In place of the number of a cell: what a table does not count, such as the years that it does not tell."""


@dataclass(frozen=True)
class RecordList:
    """Published records of the people whom the tables of ``measure`` count, each record one of them.

    ``codes``: by dimension of the tables, what each record tells: a code at any level of the dimension's hierarchy, several
    codes of which one holds, or ``None`` where the list does not say.  Dimensions that the list lacks are left out.  ``within``:
    codes that all records have in common and that bound what the list is of (a year, say).  ``complete``: everybody within is
    in the list; without, some people are left out, and the reader does not know how many.
    """

    name: str
    measure: str
    codes: Mapping[str, Sequence[Told]]
    within: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True

    def __len__(self) -> int:
        return len(next(iter(self.codes.values()), ()))


@dataclass(frozen=True)
class Counted:
    """The cells of some tables, and the lists of records that count the same people.

    ``unknown``: by cell, its unknown, or -1 where its count is known; ``value``: by cell, the known count.
    """

    system: System
    unknown: np.ndarray
    value: np.ndarray
    lists: Sequence[RecordList]


def place(known: Unknowns, moments: Sequence[Counted]) -> Unknowns:
    """The unknowns of ``known``, first, then where the people of the lists are: all sums over them.

    Raises ``TableError`` where a list does not fit the hierarchies; ``InconsistentTablesError`` where a list and its tables cannot
    be of the same people.
    """
    sums = _Sums(known)
    for moment in moments:
        for one in moment.lists:
            _Placement(sums, moment, one).add()
    return sums.unknowns()


def extent(moment: Counted) -> int:
    """How many unknowns the lists add at most, found without adding them."""
    return sum(_Placement(_Sums(None), moment, one).extent() for one in moment.lists)


class _Sums:
    """Sums as they are put together, over unknowns that come to be."""

    def __init__(self, known: Unknowns | None) -> None:
        self._known = known
        self.columns = 0 if known is None else known.sums.shape[1]
        self._entries: list[tuple[Iterable[int], Iterable[int]]] = []
        self._right: list[float] = []

    def new(self, number: int) -> list[int]:
        """New unknowns."""
        self.columns += number
        return list(range(self.columns - number, self.columns))

    def add(self, plus: Sequence[int], minus: Sequence[int], right: float, what: str) -> None:
        """A sum: ``plus`` less ``minus`` is ``right``.  ``what`` it is of stands in the error if nothing unknown is in it."""
        if plus or minus:
            self._entries.append((plus, minus))
            self._right.append(right)
        elif right:
            raise InconsistentTablesError(f"{what} has another count in the list")

    def unknowns(self) -> Unknowns:
        """All sums over all unknowns."""
        lengths = [len(plus) + len(minus) for plus, minus in self._entries]
        columns = np.fromiter(itertools.chain.from_iterable(itertools.chain(*one) for one in self._entries), dtype=np.int64, count=sum(lengths))
        signs = np.concatenate([np.zeros(0, dtype=np.int64), *(np.repeat([1, -1], [len(plus), len(minus)]) for plus, minus in self._entries)])
        rows = np.repeat(np.arange(len(lengths)), lengths)
        ours = sp.csr_array((signs, (rows, columns)), shape=(len(lengths), self.columns))
        before = sp.coo_array(self._known.sums)
        before = sp.csr_array((before.data, (before.row, before.col)), shape=(before.shape[0], self.columns))
        right = np.array(self._right, dtype=float)
        return Unknowns(
            np.arange(self.columns),
            sp.csr_array(sp.vstack([before, ours])),
            np.concatenate([self._known.lower, right]),
            np.concatenate([self._known.upper, right]),
        )


class _Atoms:
    """What tables tell apart in one dimension: sets of leaves that are in the same shown codes, numbered."""

    def __init__(self, hierarchy: Hierarchy, shown: Iterable[str]) -> None:
        self.hierarchy = hierarchy
        below = [hierarchy.leaves_below[code] for code in shown]
        numbers: dict[tuple[bool, ...], int] = {}
        self.of = {leaf: numbers.setdefault(tuple(leaf in one for one in below), len(numbers)) for leaf in hierarchy.leaves}
        self.all = frozenset(range(len(numbers)))

    def leaves(self, told: Told) -> frozenset[str]:
        """The leaves that a record which tells this may be counted in."""
        below = self.hierarchy.leaves_below
        if told is None:
            return below[self.hierarchy.total]
        return below[told] if isinstance(told, str) else frozenset().union(*(below[code] for code in told))

    def members(self, atom: int) -> frozenset[str]:
        """The leaves of an atom."""
        return frozenset(leaf for leaf, of in self.of.items() if of == atom)

    def places(self, codes: Sequence[str]) -> list[int]:
        """By atom, the place among the finest codes of an axis in which it is counted; one after the last where it is in none of them."""
        shown = finest(self.hierarchy, codes)
        places = {self.of[leaf]: place_of for place_of, code in enumerate(shown) for leaf in self.hierarchy.leaves_below[code]}
        return [places.get(atom, len(shown)) for atom in sorted(self.all)]


@dataclass(frozen=True)
class _Group:
    """People of whom a list tells the same, by dimension the atoms that they may be at; where a dimension is left out, at any."""

    number: int
    atoms: Mapping[str, frozenset[int]]


class _Placement:
    """One list in the cells of the tables of one moment."""

    def __init__(self, sums: _Sums, moment: Counted, one: RecordList) -> None:
        self._sums, self._moment, self._list = sums, moment, one
        system = moment.system
        axes = system.axes.values()
        self._atoms = {
            d: _Atoms(system.hierarchies[d], dict.fromkeys(code for axis in axes for code in axis.get(d, ())))
            for d in dict.fromkeys(d for axis in axes for d in axis)
        }
        several = [d for d in self._atoms if sum(d in axis for axis in axes) > 1]
        # Of a single table the widest dimension takes the place of the shared ones: any set of them that holds these will do.
        widest = sorted(self._atoms, key=lambda d: -len(self._atoms[d].all))[:1]
        self._shared = several if len(system.axes) > 1 else widest
        self._shape = tuple(len(self._atoms[d].all) for d in self._shared)
        self._bound = {d: self._atoms[d].leaves(code) for d, code in one.within.items() if d in self._atoms}
        self._groups = self._found()

    def _found(self) -> list[_Group]:
        one = self._list
        dimensions = [d for d in dict.fromkeys((*one.codes, *self._bound)) if d in self._atoms]
        reach = [{told: self._reach(d, told) for told in dict.fromkeys(one.codes.get(d, (None,)))} for d in dimensions]
        told = zip(*(one.codes.get(d, (None,) * len(one)) for d in dimensions), strict=True) if dimensions else [()] * len(one)
        kinds: Counter[tuple[frozenset[int], ...]] = Counter()
        for codes, number in Counter(told).items():
            kinds[tuple(by_code[code] for by_code, code in zip(reach, codes, strict=True))] += number
        return [
            _Group(number, dict(zip(dimensions, atoms, strict=True)))
            for atoms, number in sorted(kinds.items(), key=lambda kind: [sorted(atoms) for atoms in kind[0]])
        ]

    def _reach(self, dimension: str, told: Told) -> frozenset[int]:
        atoms = self._atoms[dimension]
        leaves = atoms.leaves(told)
        inside = leaves & self._bound.get(dimension, leaves)
        if not inside:
            raise TableError(f"list {self._list.name!r}: the code {told!r} lies outside what the list is of")
        return frozenset(atoms.of[leaf] for leaf in inside)

    def _cells(self, group: _Group) -> np.ndarray:
        """The cells of the shared dimensions in which people of a group may be."""
        reach = [sorted(group.atoms.get(d, self._atoms[d].all)) for d in self._shared]
        return np.arange(math.prod(self._shape)).reshape(self._shape)[np.ix_(*reach)].ravel()

    def extent(self) -> int:
        """An upper bound of how many unknowns ``add`` makes."""
        size = math.prod(self._shape)
        shared = sum(math.prod(len(group.atoms.get(d, self._atoms[d].all)) for d in self._shared) for group in self._groups)
        tables = 0
        for axes in self._moment.system.axes.values():
            own = [d for d in axes if d not in self._shared]
            kinds = {tuple(group.atoms.get(d, self._atoms[d].all) for d in own) for group in self._groups}
            edges = sum(math.prod(map(len, kind)) for kind in kinds) + math.prod(len(self._atoms[d].all) for d in own)
            tables += edges * math.prod(len(self._atoms[d].all) for d in axes if d in self._shared)
        return size + shared + tables

    def add(self) -> None:
        """Add the unknowns and sums of this list."""
        sums, system = self._sums, self._moment.system
        placed: list[tuple[np.ndarray, list[int]]] = []
        for group in self._groups:
            cells = self._cells(group)
            columns = [] if len(cells) == 1 else sums.new(len(cells))
            if columns:
                sums.add(columns, [], group.number, "the list")
            placed.append((cells, columns))
        missing: dict[int, int] | None = None
        if not self._list.complete or self._list.within:
            everywhere = {d: [self._atoms[d].members(atom) for atom in sorted(self._atoms[d].all)] for d in self._shared}
            there = np.flatnonzero(self._open(everywhere)).tolist()
            missing = dict(zip(there, sums.new(len(there)), strict=True))
            # This follows from the other sums, but not from any one of them: where nobody is missing, it settles most unknowns at once.
            total = int(system.ids({}).item())
            if total != NOT_COUNTED:
                unknown = int(self._moment.unknown[total])
                told = 0 if unknown >= 0 else int(self._moment.value[total])
                sums.add(list(missing.values()), [unknown] if unknown >= 0 else [], told - len(self._list), "the total")
        for name, axes in self._moment.system.axes.items():
            self._add_table(name, axes, placed, missing)

    def _add_table(self, name: str, axes: Mapping[str, Sequence[str]], placed: list[tuple[np.ndarray, list[int]]], missing: list[int] | None) -> None:
        system, sums = self._moment.system, self._sums
        places = {d: self._atoms[d].places(codes) for d, codes in axes.items()}
        own = [d for d in axes if d not in self._shared]
        shared = [d for d in self._shared if d in axes]
        at = {d: [codes.index(code) for code in finest(self._atoms[d].hierarchy, codes)] for d, codes in axes.items()}
        extents = {d: [self._atoms[d].hierarchy.leaves_below[axes[d][i]] for i in at[d]] for d in axes}
        for d in axes:  # an axis without a total need not count everybody
            beyond = [self._atoms[d].members(atom) for atom in sorted(self._atoms[d].all) if places[d][atom] == len(at[d])]
            extents[d] += [frozenset().union(*beyond)] if beyond else []
        ids = system.cell_ids[name][np.ix_(*(at[d] for d in axes))]
        ids = np.pad(ids, [(0, len(extents[d]) - len(at[d])) for d in axes], constant_values=NOT_COUNTED)
        ids = ids.transpose([list(axes).index(d) for d in (*own, *shared)])
        wide = math.prod(ids.shape[: len(own)])
        ids = ids.reshape(wide, -1)
        # By cell of the shared dimensions of all tables, the cell of those of this one.
        index = np.zeros(self._shape, dtype=np.int64)
        for d in shared:
            along = np.array(places[d]).reshape([-1 if other == d else 1 for other in self._shared])
            index = index * len(extents[d]) + along
        index = np.broadcast_to(index, self._shape).ravel()

        flows: dict[frozenset[int], dict[int, tuple[list[int], int]]] = {}

        def flow(into: frozenset[int], cell: int, columns: list[int], number: int) -> None:
            before, known = flows.setdefault(into, {}).get(cell, ([], 0))
            flows[into][cell] = (before + columns, known + number)

        grid = np.arange(wide).reshape([len(extents[d]) for d in own])
        for group, (cells, columns) in zip(self._groups, placed, strict=True):
            reach = [sorted({places[d][atom] for atom in group.atoms.get(d, self._atoms[d].all)}) for d in own]
            into = frozenset((grid[np.ix_(*reach)] if own else grid).ravel().tolist())
            if not columns:
                flow(into, int(index[cells[0]]), [], group.number)
            for cell, column in zip(index[cells].tolist(), columns, strict=False):
                flow(into, cell, [column], 0)
        for members in sorted(flows, key=lambda one: (-len(one), sorted(one))):
            if len(members) == 1:
                continue
            children = _parts(members, flows)
            for cell, (columns, number) in sorted(flows[members].items()):
                parts = sums.new(len(children))
                sums.add(parts, columns, number, "the list")
                for child, column in zip(children, parts, strict=True):
                    flow(child, cell, [column], 0)
        others = {}
        if missing is not None:
            there = self._open({d: extents[d] for d in (*own, *shared)}).reshape(ids.shape)
            others = dict(zip(map(tuple, np.argwhere(there).tolist()), sums.new(int(there.sum())), strict=True))
            for cell in range(ids.shape[1]):
                hidden = [column for cell_of, column in missing.items() if index[cell_of] == cell]
                sums.add([column for (_, where), column in others.items() if where == cell], hidden, 0, "the list")
        for member, cell in itertools.product(range(wide), range(ids.shape[1])):
            columns, number = flows.get(frozenset([member]), {}).get(cell, ([], 0))
            if (member, cell) in others:
                columns = [*columns, others[member, cell]]
            number_of_cell = int(ids[member, cell])
            if number_of_cell == NOT_COUNTED:
                continue
            unknown = int(self._moment.unknown[number_of_cell])
            told = 0 if unknown >= 0 else int(self._moment.value[number_of_cell])
            what = str(system.locate(number_of_cell) or "the total") if unknown < 0 and not columns and told != number else ""
            sums.add(columns, [unknown] if unknown >= 0 else [], told - number, what)

    def _open(self, extents: Mapping[str, Sequence[frozenset[str]]]) -> np.ndarray:
        """Where people may be whom the list does not show, by cell of some dimensions: given what leaves each code has there.

        Of a complete list nobody else is within its bound, as far as that is in these dimensions.
        """
        barred = np.full([len(leaves) for leaves in extents.values()], self._list.complete and set(self._list.within) <= extents.keys())
        for axis, (dimension, leaves) in enumerate(extents.items()):
            if dimension in self._bound:
                inside = np.array([one <= self._bound[dimension] for one in leaves])
                barred &= inside.reshape([-1 if other == axis else 1 for other in range(barred.ndim)])
        return ~barred


def _parts(members: frozenset[int], among: Iterable[frozenset[int]]) -> list[frozenset[int]]:
    """Disjoint sets that make up ``members``: the largest of ``among`` that lie in it, and single ones for what they leave."""
    parts, left = [], set(members)
    for one in sorted((one for one in among if one < members), key=lambda one: (-len(one), sorted(one))):
        if one <= left:
            parts.append(one)
            left -= one
    return [*parts, *(frozenset([member]) for member in sorted(left))]
