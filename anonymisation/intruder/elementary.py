"""Elementary changes: what a reader could add to one solution and have another, found without programs.

Belongs here: finding such changes from one solution, and what the solutions they lead to prove.  Does not belong here:
finding the first solution (``programs``), or what is a disclosure.

A program over a hundred thousand unknowns takes minutes, and one per cell cannot be afforded.  But from one solution
many others are near: along each dimension of a table a unit is moved from one finest code to another, with the codes
above both ends, or added to a finest code and all above it, and the product of such shifts over all dimensions changes
no sum.  Where all cells that it changes are withheld, it can be added until the first of them reaches its lower bound,
and taken away likewise; both ends are solutions, and whole ones if the first was.  Every change is checked against all
sums of the system before it counts, so nothing rests on how it was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from anonymisation.errors import AnonymisationError
from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder.unknowns import Unknowns
from anonymisation.system import System

CHOICES = ((4, 4, 40, 0), (40, 8, 400, 8))
"""Finest codes that stand for a code above them, others that these are swapped with, others of its own group that a finest code is swapped
with, and others outside it: at first, and for what is left."""

ENTRIES = 400_000
"""Entries of the arrays that are looked at together: a bound on memory."""

TOLERANCE = 1e-6

Shift = tuple[tuple[int, ...], tuple[int, ...]]
"""The codes that rise and those that fall, by their places on an axis."""


@dataclass(frozen=True)
class Reach:
    """By unknown, the least and the largest value in the solutions found; ``whole``: all of them are whole numbers.

    ``changes``: the elementary changes that lead to them, each as unknowns and signs.
    """

    lowest: np.ndarray
    highest: np.ndarray
    whole: bool
    changes: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)

    def width(self, cells: np.ndarray | slice = slice(None)) -> np.ndarray:
        """How far apart the whole numbers in between are."""
        return np.floor(self.highest[cells] + TOLERANCE) - np.ceil(self.lowest[cells] - TOLERANCE)

    def joined(self, other: Reach) -> Reach:
        """What both prove together."""
        lowest, highest = np.minimum(self.lowest, other.lowest), np.maximum(self.highest, other.highest)
        return Reach(lowest, highest, self.whole and other.whole, self.changes + other.changes)


def widen(
    system: System,
    unknowns: Unknowns,
    point: np.ndarray,
    low: np.ndarray,
    width: int,
    wanted: np.ndarray,
    choices: Sequence[tuple[int, int, int, int]] = CHOICES,
    shortest: int | None = None,
) -> Reach:
    """What elementary changes of a solution prove of the wanted unknowns.

    ``point`` satisfies all sums, and is at least ``low`` everywhere, which bounds every solution.  Looking for changes
    ends for an unknown that is ``width`` wide; changes shorter than ``shortest``, by default those that prove no width, are passed over.
    """
    search = _Search(system, unknowns, point, low, width, wanted, shortest)
    for name, ids in system.cell_ids.items():
        hierarchies = [system.hierarchies[dimension] for dimension in system.axes[name]]
        for choice in choices:
            search.table(ids, list(system.axes[name].values()), hierarchies, choice)
    return search.reach


def centred(point: np.ndarray, low: np.ndarray, changes: Sequence[tuple[np.ndarray, np.ndarray]], whole: bool) -> np.ndarray:
    """A solution further from its bounds ``low``: by one change after the other, to the middle of what that allows.

    ``whole``: by whole steps, so that a solution in whole numbers stays one.
    """
    point = point.copy()
    for cells, signs in changes:
        rising, falling = cells[signs > 0], cells[signs < 0]
        if len(rising) and len(falling):
            step = ((point[falling] - low[falling]).min() - (point[rising] - low[rising]).min()) / 2.0
            point[cells] += signs * (np.fix(step) if whole else step)
    return point


class _Search:
    def __init__(
        self,
        system: System,
        unknowns: Unknowns,
        point: np.ndarray,
        low: np.ndarray,
        width: int,
        wanted: np.ndarray,
        shortest: int | None,
    ) -> None:
        whole = bool((point == np.rint(point)).all())
        self.reach = Reach(point.copy(), point.copy(), whole)
        self._number = np.full(system.size, -1)
        self._number[unknowns.cells] = np.arange(len(unknowns.cells))
        self._sums_of = sp.csr_array(unknowns.sums.T.astype(np.int64))
        self._point, self._slack, self._width, self._wanted = point, np.maximum(point - low, 0.0), width, wanted
        # Between ends that are no whole numbers lie fewer of them than their distance.
        self._needed = shortest if shortest is not None else width if whole else width + 1
        self._open = wanted & (self.reach.width() < width)

    def table(
        self, ids: np.ndarray, axes: Sequence[Sequence[str]], hierarchies: Sequence[Hierarchy], choice: tuple[int, int, int, int]
    ) -> None:
        """Look for changes of the cells of one table."""
        number = self._number[ids]
        here = np.flatnonzero((number >= 0).ravel() & self._open[number.ravel()])
        if not len(here):
            return
        weight = np.where(number >= 0, self._point[number], np.inf)
        shifts = [
            _shifts(codes, hierarchy, np.moveaxis(weight, axis, 0).reshape(len(codes), -1).min(axis=1), choice)
            for axis, (codes, hierarchy) in enumerate(zip(axes, hierarchies, strict=True))
        ]
        # One entry more per axis for a code that is not there, another for one that there cannot be.
        shape = tuple(n + 2 for n in number.shape)
        slack, asked = np.full(shape, np.inf), np.zeros(shape)
        inner = tuple(slice(n) for n in number.shape)
        # More than this helps nobody.
        slack[inner] = np.where(number >= 0, np.minimum(self._slack[number], 2.0 * self._width), -np.inf)
        for axis in range(len(shape)):
            slack[(slice(None),) * axis + (-1,)] = -np.inf
        flat = number.ravel()
        for batch in self._batches(here, number.shape, shifts):
            batch = batch[self._open[flat[batch]]]
            if not len(batch):
                continue
            asked[inner] = (number >= 0) & self._open[number]
            self._take(flat, _best(batch, number.shape, shifts, slack, asked, self._needed))

    def _batches(self, cells: np.ndarray, shape: tuple[int, ...], shifts: list[list[_Shifts]]) -> list[np.ndarray]:
        """Cells whose shifts have the same form, those of the finest codes first: they take the others with them."""
        where = np.unravel_index(cells, shape)
        forms: dict[tuple, list[int]] = {}
        for cell, at in zip(cells.tolist(), zip(*(w.tolist() for w in where), strict=True), strict=True):
            forms.setdefault(tuple(own[i].form for own, i in zip(shifts, at, strict=True)), []).append(cell)
        found = []
        for form, members in sorted(forms.items(), key=lambda item: [key[0] for key in item[0]], reverse=True):
            size = max(1, min(64, ENTRIES // int(np.prod([key[1] for key in form], dtype=np.int64))))
            found += [np.array(members[i : i + size]) for i in range(0, len(members), size)]
        return found

    def _take(self, flat: np.ndarray, changes: list[tuple[np.ndarray, np.ndarray]]) -> None:
        """Check some changes of cells of a table, and learn where those that hold lead to."""
        if not changes:
            return
        start = np.concatenate([[0], np.cumsum([len(cells) for cells, _ in changes])])
        cells = flat[np.concatenate([cells for cells, _ in changes])]
        signs = np.concatenate([signs for _, signs in changes])
        if (cells < 0).any():
            raise AnonymisationError("an elementary change runs through a published cell; please report this")
        matrix = sp.csr_array((signs, cells, start), shape=(len(changes), len(self._point)))
        left = sp.csr_array(matrix @ self._sums_of)
        broken = np.zeros(len(changes), dtype=bool)
        broken[np.repeat(np.arange(len(changes)), np.diff(left.indptr))[left.data != 0]] = True
        forth = np.minimum.reduceat(np.where(signs < 0, self._slack[cells], np.inf), start[:-1])
        back = np.minimum.reduceat(np.where(signs > 0, self._slack[cells], np.inf), start[:-1])
        # Nothing need fall, and then it could rise without end.
        forth, back = (np.where(broken, 0.0, np.minimum(step, 2.0 * self._width)) for step in (forth, back))
        lengths = np.diff(start)
        parts = zip(np.split(cells, start[1:-1]), np.split(signs, start[1:-1]), broken.tolist(), strict=True)
        self.reach.changes.extend((some, sign) for some, sign, wrong in parts if not wrong)
        for step in (np.repeat(forth, lengths) * signs, np.repeat(-back, lengths) * signs):
            np.minimum.at(self.reach.lowest, cells, self._point[cells] + step)
            np.maximum.at(self.reach.highest, cells, self._point[cells] + step)
        self._open[cells] = self._wanted[cells] & (
            np.floor(self.reach.highest[cells] + TOLERANCE) - np.ceil(self.reach.lowest[cells] - TOLERANCE) < self._width
        )


@dataclass(frozen=True)
class _Shifts:
    """The shifts tried for a code: ``codes`` on the axis, and by shift which of them rise and which fall.

    ``form``: how fine the code is, how many codes there are, and what is in the arrays; of two codes of one form the
    arrays are the same.
    """

    codes: np.ndarray
    rising: np.ndarray
    falling: np.ndarray
    form: tuple[int, int, bytes]


def _best(
    batch: np.ndarray, shape: tuple[int, ...], shifts: list[list[_Shifts]], slack: np.ndarray, asked: np.ndarray, needed: float
) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each cell of a batch the change, if there is one, that goes far enough and changes most cells asked for.

    As cells (flat places in the table) and signs.
    """
    where = np.unravel_index(batch, shape)
    own = [[shifts[d][int(i)] for i in at] for d, at in enumerate(where)]
    index = tuple(
        np.stack([one.codes for one in chosen]).reshape(len(batch), *[-1 if i == d else 1 for i in range(len(shape))])
        for d, chosen in enumerate(own)
    )
    gain, back = asked[index], slack[index]
    forth = np.full_like(back, np.inf)
    for d in range(len(shape)):
        rising, falling = own[d][0].rising, own[d][0].falling
        r = [np.take(gain, places, d + 1) for places in (*rising.T, *falling.T)]
        gain = np.add.reduce(r)
        ups = [(np.take(back, places, d + 1), np.take(forth, places, d + 1)) for places in rising.T]
        downs = [(np.take(forth, places, d + 1), np.take(back, places, d + 1)) for places in falling.T]
        back, forth = (np.minimum.reduce(side) for side in zip(*ups, *downs, strict=True))
    forms = gain.shape[1:]
    gain, back, forth = (array.reshape(len(batch), -1) for array in (gain, back, forth))
    possible = (back >= 0) & (forth >= 0) & (np.maximum(back, 0.0) + np.maximum(forth, 0.0) >= needed)
    gain = np.where(possible, gain, -1.0)
    pick = gain.argmax(axis=1)
    found = []
    for i in np.flatnonzero(gain[np.arange(len(batch)), pick] > 0).tolist():
        cells, signs = np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64)
        for d, k in enumerate(np.unravel_index(int(pick[i]), forms)):
            one = own[d][i]
            codes = np.concatenate([one.codes[one.rising[k]], one.codes[one.falling[k]]])
            sign = np.repeat([1, -1], [one.rising.shape[1], one.falling.shape[1]])
            there = codes < shape[d]
            cells, signs = (cells[:, None] * shape[d] + codes[there]).ravel(), np.multiply.outer(signs, sign[there]).ravel()
        found.append((cells, signs))
    return found


def _shifts(codes: Sequence[str], hierarchy: Hierarchy, weight: np.ndarray, choice: tuple[int, int, int, int]) -> list[_Shifts]:
    """By code of an axis the shifts tried; codes that weigh most come first where there are many."""
    most_below, most_partners, most_beside, most_far = choice
    place = {code: i for i, code in enumerate(codes)}
    above = [tuple(place[up] for up in hierarchy.ancestors[code] if up in place) for code in codes]
    inner = {up for i, ups in enumerate(above) for up in ups if up != i}
    finest = sorted((i for i in range(len(codes)) if i not in inner), key=lambda i: (-weight[i], i))

    def swap(a: int, b: int) -> Shift:
        return tuple(c for c in above[a] if c not in above[b]), tuple(c for c in above[b] if c not in above[a])

    tried: list[list[Shift]] = []
    for code in range(len(codes)):
        if code in inner:
            below = [i for i in finest if code in above[i]][:most_below]
            outside = [i for i in finest if code not in above[i]][:most_partners]
            tried.append([(above[i], ()) for i in below] + [swap(i, j) for i in below for j in outside])
        else:
            pairs = [swap(code, j) for j in finest if j != code]
            beside = [pair for pair in pairs if len(pair[0]) == len(pair[1]) == 1]
            tried.append([*beside[:most_beside], *[pair for pair in pairs if pair not in beside][:most_far], (above[code], ())])
    # The same number of shifts for all codes of a depth, so that they can be looked at together.
    depth = [len(ups) if i not in inner else -len(codes) + len(ups) for i, ups in enumerate(above)]
    many = {level: max(len(t) for t, at in zip(tried, depth, strict=True) if at == level) for level in depth}
    return [_arranged(t, many[level], level, len(codes)) for t, level in zip(tried, depth, strict=True)]


def _arranged(shifts: list[Shift], many: int, depth: int, absent: int) -> _Shifts:
    shifts = shifts + [((absent + 1,), ())] * (many - len(shifts))
    order = {absent: 0}
    for shift in shifts:
        for code in (*shift[0], *shift[1]):
            order.setdefault(code, len(order))
    arrays = []
    for side in (0, 1):
        longest = max(len(shift[side]) for shift in shifts)
        rows = [[order[c] for c in shift[side]] + [0] * (longest - len(shift[side])) for shift in shifts]
        arrays.append(np.array(rows, dtype=np.int64).reshape(many, longest))
    form = (depth, len(order), b"|".join(str(array.shape).encode() + array.tobytes() for array in arrays))
    return _Shifts(np.array(list(order), dtype=np.int64), *arrays, form)
