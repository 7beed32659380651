"""The cover of a large table by hypercubes: which cells are withheld where programs would take too long.

Belongs here: which hypercube protects which cell.  Does not belong here: hypercubes (``hypercubes``), how far programs go
(``suppression``).

In tables of four and five dimensions most alternatives run through thousands of cells, and a program that finds one
takes too long to be solved for every cell.  A hypercube whose corners can go far enough proves the width for all of
them, in whole numbers.  So a pattern that is a union of such hypercubes, one of them through each sensitive cell, needs
no program: whatever is withheld is proven.

The cover is greedy, every cell being given the hypercube that costs least beside what is withheld already, as in the
hypercube method (Repsilber 1994; Giessing and Repsilber 2002).  Then hypercubes are taken out again, a few at a time,
and what they covered is covered anew: by hypercubes that are there for others, or by cheaper ones.  What several use
is made cheap, so that they come to share corners.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import scipy.sparse as sp

from anonymisation.errors import ProtectionError
from anonymisation.hypercubes import Hypercube, Hypercubes
from anonymisation.system import System

FRESH = 0.3
"""What a hypercube saves, in the price of the cheapest cell, for each other cell that it is the first to protect."""

SHARED = 0.3
"""What part of its price a cell that is withheld already costs, divided by one more than the hypercubes that use it:
the fewer they are, the sooner it may be published again."""

TOGETHER = 64, 32
"""Cells that are covered at the same time: in the first cover, and when it is improved."""

SWEEPS, LEAST_GAIN = 8, 0.004
"""How often all hypercubes are looked at again, at most; and the part of the price of all partners that one time must
save for another to be worth it."""


def cube_cover(
    system: System, counts: np.ndarray, sensitive: np.ndarray, free: np.ndarray, room: np.ndarray, width: int, price: np.ndarray
) -> list[Hypercube]:
    """Hypercubes, one through each ``sensitive`` cell wherever there is one, whose corners may all be withheld.

    All arrays have an entry per cell, and so are the corners numbered.  ``free``: cells that are withheld in any case; ``room``: how far each
    cell can fall; ``price``: what withholding it costs, infinity where it stays published.  Each corner has an interval of ``width``.

    Of linked tables each is covered by itself.  Corners are none of the cells that several tables show, so that no other table changes with a
    hypercube, and these cells are not covered.
    """
    shown = np.zeros(system.size, dtype=np.int64)
    for ids in system.cell_ids.values():
        np.add.at(shown, np.unique(ids), 1)
    found = []
    for name, ids in system.cell_ids.items():
        axes, numbers, own = system.axes[name], ids.ravel(), shown[ids] == 1
        wanted = sensitive[ids] & own
        cover = _Cover(wanted.ravel(), free[numbers], price[numbers])
        usable = (np.isfinite(price) | sensitive | free)[ids] & own
        for wide in (False, True):
            # Swaps across groups make many more hypercubes, of more corners: they are for cells that have no other.
            cubes = Hypercubes(
                list(axes.values()), [system.hierarchies[d] for d in axes], counts[ids], room[ids], usable, width, wide
            )
            cover.extend(cubes)
            if not wide:
                cover.improve(cubes)
        found += [Hypercube(numbers[cube.cells], cube.signs, cube.rise, cube.fall) for cube in cover.chosen()]
    return found


def check_cubes(system: System, cubes: Iterable[Hypercube], room: np.ndarray, width: int) -> None:
    """Raise ``ProtectionError`` unless each hypercube leaves all sums as they are and proves ``width``."""
    cubes = list(cubes)
    if not cubes:
        return
    start = np.concatenate([[0], np.cumsum([len(cube.cells) for cube in cubes])])
    cells, signs = np.concatenate([cube.cells for cube in cubes]), np.concatenate([cube.signs for cube in cubes])
    # Each row is a change, and what is left of a sum must be 0.
    changes = sp.csr_array((signs.astype(np.int64), cells, start), shape=(len(cubes), system.size))
    left = changes @ sp.csc_array(system.sums.T.astype(np.int64))
    falls = np.minimum.reduceat(np.where(signs > 0, room[cells], np.inf), start[:-1])
    rises = np.minimum.reduceat(np.where(signs < 0, room[cells], np.inf), start[:-1])
    wrong = (falls + rises < width) | (falls < 0) | (rises < 0)
    wrong |= np.array([cube.rise + cube.fall < width for cube in cubes]) | (np.array([cube.rise for cube in cubes]) > rises)
    wrong |= np.array([cube.fall for cube in cubes]) > falls
    if np.any(left.data) or wrong.any():
        raise ProtectionError("a hypercube is no proof; please report this")


class _Cover:
    """The hypercubes chosen so far, by a running number, and how many of them use each cell."""

    def __init__(self, sensitive: np.ndarray, free: np.ndarray, price: np.ndarray) -> None:
        self._sensitive, self._price = sensitive, np.where(sensitive | free, 0.0, price)
        finite = price[np.isfinite(price)]
        self._fresh = FRESH * float(finite.min(initial=1.0))
        self._uses = np.zeros(len(price), dtype=np.int64)
        self._chosen: dict[int, Hypercube] = {}
        self._made = 0
        self._random = np.random.default_rng(1)

    def chosen(self) -> list[Hypercube]:
        """The hypercubes."""
        return list(self._chosen.values())

    def extend(self, cubes: Hypercubes) -> None:
        """Cover what is not covered, as far as there are hypercubes."""
        self._charge(cubes, np.arange(len(self._uses)))
        self._add(cubes, self._random.permutation(self._uncovered(np.arange(len(self._uses)))), TOGETHER[0])

    def improve(self, cubes: Hypercubes) -> None:
        """Choose hypercubes again while that publishes much."""
        for _ in range(SWEEPS):
            before = self._price[self._uses > 0].sum()
            order = self._random.permutation(np.fromiter(self._chosen, dtype=np.int64))
            for i in range(0, len(order), TOGETHER[1]):
                self._exchange(cubes, [number for number in order[i : i + TOGETHER[1]].tolist() if number in self._chosen])
            if before - self._price[self._uses > 0].sum() <= LEAST_GAIN * before:
                return

    def _exchange(self, cubes: Hypercubes, numbers: list[int]) -> None:
        """Take some hypercubes out and cover again what needs it; all is as before where that does not pay."""
        old = {number: self._chosen.pop(number) for number in numbers}
        if not old:
            return
        touched = np.unique(np.concatenate([cube.cells for cube in old.values()]))
        covered = touched[self._sensitive[touched]]
        was = self._price[touched].sum()
        self._use(cubes, old.values(), -1)
        kept = self._price[touched[self._uses[touched] > 0]].sum()
        free = self._uses == 0
        added = self._add(cubes, self._random.permutation(self._uncovered(covered)), TOGETHER[1])
        new = np.unique(np.concatenate([self._chosen[number].cells for number in added])) if added else np.zeros(0, dtype=np.int64)
        now = kept + self._price[new[free[new]]].sum()
        if now > was or len(self._uncovered(covered)):
            self._use(cubes, [self._chosen.pop(number) for number in added], -1)
            self._chosen |= old
            self._use(cubes, old.values(), 1)

    def _uncovered(self, cells: np.ndarray) -> np.ndarray:
        return cells[self._sensitive[cells] & (self._uses[cells] == 0)]

    def _add(self, cubes: Hypercubes, cells: np.ndarray, most: int) -> list[int]:
        """Choose a hypercube for each of the cells that has none when its turn comes; their numbers."""
        added = []
        batches = cubes.batches(cells, most)
        for place in self._random.permutation(len(batches)).tolist():
            batch = self._uncovered(batches[place])
            for cell, cube in zip(batch.tolist(), cubes.cheapest(batch) if len(batch) else (), strict=True):
                # One of those before it may have it as a corner.
                if cube is not None and not self._uses[cell]:
                    self._chosen[self._made] = cube
                    added.append(self._made)
                    self._made += 1
                    self._use(cubes, [cube], 1)
        return added

    def _use(self, cubes: Hypercubes, some: Iterable[Hypercube], step: int) -> None:
        for cube in some:
            self._uses[cube.cells] += step
            self._charge(cubes, cube.cells)

    def _charge(self, cubes: Hypercubes, cells: np.ndarray) -> None:
        uses = self._uses[cells]
        price = np.where(uses > 0, SHARED * self._price[cells] / (uses + 1), self._price[cells])
        cubes.charge(cells, np.where(self._sensitive[cells] & (uses == 0), -self._fresh, price))
