"""Hypercubes: the cheapest elementary changes of one table through a cell, for many cells at once.

Belongs here: elementary changes along one dimension, and the search over their products.  Does not belong here: which
cells are covered by which hypercube (``cube_cover``), linked tables (``exchanges``).

Along one dimension an elementary *move* shifts one from a finest code to another, and so changes the codes above the
one and not above the other; or it adds one to a finest code and to all codes above it, the total included.  A product
of moves, one per dimension, has entries -1, 0 and 1 and leaves every sum of the table as it is: a *hypercube* with at
least two corners per dimension (Repsilber 1994; Giessing and Repsilber 2002).  If all its corners are withheld and the
falling ones can fall by ``f`` and the rising ones by ``r``, each of them has an interval of at least ``f + r``, in
whole numbers, whatever else is published.

All products of some moves per dimension are judged together: what a hypercube costs is a sum over its corners, and
how far it goes a minimum, and both are taken one dimension after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anonymisation.hierarchy import Hierarchy

LEAVES, PARTNERS, SIBLINGS = 4, 4, 24
"""Finest codes below a sum through which a move may run, partners in other groups of each, and partners among the
siblings of a finest code: the heaviest where there are more."""

BATCH = 400_000
"""Corners that are looked at together: a bound on memory."""


@dataclass(frozen=True)
class _Moves:
    """The moves tried for one code of a dimension, all of which raise it.

    ``codes``: places on the axis, where the axis' length stands for "no such code" and one more for "cannot be".
    ``plus`` and ``minus``: by move, places in ``codes``.
    """

    codes: np.ndarray
    plus: np.ndarray
    minus: np.ndarray


@dataclass(frozen=True)
class Hypercube:
    """One hypercube: its corners (flat places in the table), their signs, and how far it can go either way."""

    cells: np.ndarray
    signs: np.ndarray
    rise: float
    fall: float


class Hypercubes:
    """The hypercubes of one table.

    ``counts`` has one axis per dimension, whose codes are ``axes``; ``room``, in its shape, says how far each count
    can fall; ``usable`` which cells may be withheld.  ``wide``: finest codes are swapped across groups as well.
    What each corner costs is told by ``charge``; at first nothing.
    """

    def __init__(
        self,
        axes: Sequence[Sequence[str]],
        hierarchies: Sequence[Hierarchy],
        counts: np.ndarray,
        room: np.ndarray,
        usable: np.ndarray,
        width: int,
        wide: bool,
    ) -> None:
        self._shape, self._width = counts.shape, width
        self._padded = tuple(n + 2 for n in counts.shape)
        self._room = self._pad(np.where(usable, np.minimum(room, width), -np.inf), np.inf, -np.inf)
        self._cost = self._pad(np.zeros(counts.shape), 0.0, np.inf)
        places = np.arange(self._cost.size).reshape(self._padded)
        self._place = places[tuple(slice(n) for n in self._shape)].ravel()
        self._moves: list[list[_Moves]] = []
        self._layout = []
        for axis, (codes, hierarchy) in enumerate(zip(axes, hierarchies, strict=True)):
            others = tuple(i for i in range(counts.ndim) if i != axis)
            # The total of all other dimensions is the largest entry at each code.
            margin = counts.max(axis=others) if others else counts
            moves = _moves_of(codes, hierarchy, margin, wide)
            self._moves.append(moves)
            kinds: dict[tuple[object, ...], int] = {}
            keys = [(m.plus.shape, m.minus.shape, m.plus.tobytes(), m.minus.tobytes()) for m in moves]
            self._layout.append(np.array([kinds.setdefault(key, len(kinds)) for key in keys]))

    def charge(self, cells: np.ndarray, cost: np.ndarray) -> None:
        """Say what some cells (flat places) cost as corners from now on."""
        self._cost[self._place[cells]] = cost

    def batches(self, cells: np.ndarray, most: int) -> list[np.ndarray]:
        """The cells (flat places) in batches, each of cells whose moves have the same form."""
        where = np.unravel_index(cells, self._shape)
        form = np.zeros(len(cells), dtype=np.int64)
        for layout, at in zip(self._layout, where, strict=True):
            form = form * (int(layout.max()) + 1) + layout[at]
        found = []
        for one in np.unique(form):
            here = cells[form == one]
            first = np.unravel_index(int(here[0]), self._shape)
            box = int(np.prod([len(self._moves[d][at].codes) for d, at in enumerate(first)], dtype=np.int64))
            size = max(1, min(most, BATCH // box))
            found += [here[i : i + size] for i in range(0, len(here), size)]
        return found

    def cheapest(self, cells: np.ndarray) -> list[Hypercube | None]:
        """For each cell of a batch the cheapest hypercube that has it as a corner, or None where there is none."""
        where = np.unravel_index(cells, self._shape)
        moves = [[self._moves[d][int(i)] for i in at] for d, at in enumerate(where)]
        index: np.ndarray | int = 0
        for d, own in enumerate(moves):
            codes = np.stack([m.codes for m in own])
            codes = codes.reshape(len(cells), *[-1 if i == d else 1 for i in range(len(moves))])
            index = index * self._padded[d] + codes
        price, plus = self._cost[index], self._room[index]
        minus = np.full_like(plus, np.inf)
        # Dimensions where most falls away come first.
        for d in sorted(range(len(moves)), key=lambda d: len(moves[d][0].plus) / len(moves[d][0].codes)):
            up, down = moves[d][0].plus, moves[d][0].minus
            price, (plus, minus) = _summed(price, d + 1, up, down), _least(plus, minus, d + 1, up, down)
        forms = price.shape[1:]
        price, plus, minus = (part.reshape(len(cells), -1) for part in (price, plus, minus))
        possible = (plus >= 0) & (minus >= 0) & (np.maximum(plus, 0.0) + np.maximum(minus, 0.0) >= self._width)
        price = np.where(possible, price, np.inf)
        best = price.argmin(axis=1)
        return [
            self._made([own[i] for own in moves], np.unravel_index(int(pick), forms), float(minus[i, pick]), float(plus[i, pick]))
            if np.isfinite(price[i, pick])
            else None
            for i, pick in enumerate(best)
        ]

    def _made(self, moves: list[_Moves], picked: tuple[np.ndarray, ...], rise: float, fall: float) -> Hypercube:
        cells, signs = np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int8)
        for d, (own, pick) in enumerate(zip(moves, picked, strict=True)):
            codes = np.concatenate([own.codes[own.plus[pick]], own.codes[own.minus[pick]]])
            sign = np.repeat([1, -1], [own.plus.shape[1], own.minus.shape[1]]).astype(np.int8)
            there = codes < self._shape[d]
            cells = (cells[:, None] * self._shape[d] + codes[there]).ravel()
            signs = np.multiply.outer(signs, sign[there]).ravel()
        # Beyond the width nothing more is asked for.
        return Hypercube(cells, signs, min(rise, self._width), min(fall, self._width))

    def _pad(self, values: np.ndarray, absent: float, never: float) -> np.ndarray:
        padded = np.full(self._padded, absent)
        padded[tuple(slice(n) for n in self._shape)] = values
        for axis, n in enumerate(self._shape):
            padded[(slice(None),) * axis + (n + 1,)] = never
        return padded.ravel()


def _summed(values: np.ndarray, axis: int, plus: np.ndarray, minus: np.ndarray) -> np.ndarray:
    total = values.take(plus[:, 0], axis)
    for i in range(1, plus.shape[1]):
        total += values.take(plus[:, i], axis)
    for i in range(minus.shape[1]):
        total += values.take(minus[:, i], axis)
    return total


def _least(
    plus: np.ndarray, minus: np.ndarray, axis: int, up: np.ndarray, down: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The least room of rising and of falling corners; what falls along one more dimension changes sides."""
    found = []
    for same, other in ((plus, minus), (minus, plus)):
        least = same.take(up[:, 0], axis)
        for i in range(1, up.shape[1]):
            np.minimum(least, same.take(up[:, i], axis), out=least)
        for i in range(down.shape[1]):
            np.minimum(least, other.take(down[:, i], axis), out=least)
        found.append(least)
    return found[0], found[1]


def _moves_of(codes: Sequence[str], hierarchy: Hierarchy, margin: np.ndarray, wide: bool) -> list[_Moves]:
    """By code of an axis, the moves tried for it."""
    place = {code: i for i, code in enumerate(codes)}
    above = {code: [place[up] for up in hierarchy.ancestors[code] if up in place] for code in codes}
    over = {place[up] for code in codes for up in hierarchy.ancestors[code] if up != code and up in place}
    finest = [i for i in range(len(codes)) if i not in over]
    paths = {i: above[codes[i]] for i in finest}
    heavy = sorted(finest, key=lambda i: (-margin[i], i))
    found: list[list[tuple[list[int], list[int]]]] = []
    for code in range(len(codes)):
        if code in paths:
            near = [j for j in finest if len(set(paths[code]) ^ set(paths[j])) == 2]
            far = [j for j in heavy if j != code and j not in near][: PARTNERS if wide else 0]
            near = near if len(near) <= SIBLINGS else [j for j in heavy if j in near][:SIBLINGS]
            own = [_swap(paths, code, j) for j in (*near, *far)] + [(paths[code], [])]
        else:
            below = [i for i in heavy if code in paths[i]][:LEAVES]
            outside = [j for j in heavy if code not in paths[j]][:PARTNERS]
            own = [(paths[i], []) for i in below] + [_swap(paths, i, j) for i in below for j in outside]
        found.append(own)
    # Codes of a kind get the same number of moves, so that they can be looked at together.
    most = {kind: max((len(own) for i, own in enumerate(found) if (i in paths) == kind), default=0) for kind in (True, False)}
    return [_laid_out(own, most[i in paths], len(codes)) for i, own in enumerate(found)]


def _swap(paths: dict[int, list[int]], rising: int, falling: int) -> tuple[list[int], list[int]]:
    return [c for c in paths[rising] if c not in paths[falling]], [c for c in paths[falling] if c not in paths[rising]]


def _laid_out(moves: list[tuple[list[int], list[int]]], count: int, absent: int) -> _Moves:
    a, b = max(len(plus) for plus, _ in moves), max(len(minus) for _, minus in moves)
    local: dict[object, int] = {absent: 0}
    codes = [absent]

    def at(code: int, key: object) -> int:
        if key not in local:
            local[key] = len(codes)
            codes.append(code)
        return local[key]

    plus, minus = np.zeros((count, a), dtype=np.int64), np.zeros((count, b), dtype=np.int64)
    for k in range(count):
        own = moves[k] if k < len(moves) else ([absent + 1], [])
        for side, into in zip(own, (plus, minus), strict=True):
            for i, code in enumerate(side):
                into[k, i] = at(code, code)
    return _Moves(np.array(codes, dtype=np.int64), plus, minus)
