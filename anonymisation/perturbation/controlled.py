"""Controlled rounding: multiples of a base for all cells of a system, near the counts and adding up.

Belongs here: the order in which programs are solved.  Does not belong here: one program (``lattice``), policies.

Values to which every count may go without breaking a sum are looked for first, near or not; then they are brought
nearer block by block, the rest held fixed (large neighbourhood search; Shaw 1998), as the distance of all at once
cannot be minimised beyond small tables.  Where the neighbours of the counts do not add up, or cannot be found, values
may lie further multiples away, at a price that leaves few of them; these are counted, and the result says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from anonymisation.errors import ProtectionError
from anonymisation.perturbation.lattice import Lattice
from anonymisation.system import System

BLOCK = 700
"""Cells of the largest block: its program takes a fraction of a second."""

ATTEMPTS, LARGE = 4, 30_000
"""How often neighbours that add up are looked for, and beyond how many cells only once: each attempt that fails costs
a linear program of that size."""

REPAIRS = (400, 1000)
"""Cells of the surroundings in which a value far from its count is brought nearer, tried one after the other."""

PASSES = 2
"""How often all blocks are gone through."""


@dataclass(frozen=True)
class Rounded:
    """``values`` by cell; ``excess`` by cell, how many multiples a value lies beyond the neighbours of its count."""

    values: np.ndarray
    excess: np.ndarray


def round_controlled(system: System, counts: np.ndarray, base: int, seed: int) -> Rounded:
    """Round all ``counts`` to multiples of ``base`` such that every sum of ``system`` still holds.

    Raises ``ProtectionError`` where no values within a few multiples of the counts add up.
    """
    # A jitter that decides only between what is equally near, not whether a count goes to the nearer multiple.
    jitter = np.random.default_rng(seed).uniform(-0.4, 0.4, system.size)
    sums = sp.csr_array(system.sums.astype(np.int64))
    remainder = counts % base
    lattice = Lattice(
        sums, sp.csc_array(sums), counts // base, remainder > 0, (base - 2 * remainder) + jitter, base
    )
    values = _neighbours(lattice)
    relaxed = values is None
    if values is None:
        values = lattice.anyhow()
    if values is None:
        raise ProtectionError(
            f"no multiples of {base} near the counts were found that add up; choose another base, or publish fewer tables"
            " together"
        )
    for _ in range(PASSES):
        before = values
        for block in _blocks(system):
            if relaxed or lattice.between[block].any():
                values = lattice.better(values, block, relaxed)
        if np.array_equal(before, values):
            break
    for size in REPAIRS:
        for cell in np.flatnonzero(lattice.excess(values)).tolist():
            if lattice.excess(values)[cell]:
                values = lattice.better(values, _surroundings(lattice, cell, size), relaxed=True)
    if (sums @ values).any():
        raise ProtectionError("the solver's rounding does not add up; nothing may be published of it")
    return Rounded(values * base, lattice.excess(values))


def _neighbours(lattice: Lattice) -> np.ndarray | None:
    cells = np.arange(len(lattice.floor))
    for attempt in range(ATTEMPTS if lattice.between.sum() <= LARGE else 1):
        values = lattice.neighbours(cells, seed=attempt)
        if values is not None:
            return values
    return None


def _blocks(system: System) -> Iterator[np.ndarray]:
    """Sets of at most ``BLOCK`` cells, each all the cells below one parent in some dimensions, margins included.

    Counts may move among the children of a parent while the parents stay, so every set can change by itself.
    """
    dimensions = sorted({dimension for key in system.grids for dimension in key})
    below: dict[str, list[frozenset[str]]] = {}
    for dimension in dimensions:
        hierarchy = system.hierarchies[dimension]
        leaves = {hierarchy.leaves_below[parent] for _, parent in hierarchy.sums}
        below[dimension] = [
            frozenset(code for code in hierarchy.codes if hierarchy.leaves_below[code] < inside)
            for inside in sorted(leaves, key=lambda inside: (len(inside), sorted(inside)))
        ]

    def split(within: Mapping[str, frozenset[str]], left: list[str]) -> Iterator[np.ndarray]:
        cells = _inside(system, within)
        if not len(cells):
            return
        if len(cells) <= BLOCK:
            yield cells
            return
        for number, dimension in enumerate(left):
            for codes in below[dimension]:
                yield from split({**within, dimension: codes}, left[number + 1 :])

    yield from split({}, dimensions)


def _inside(system: System, within: Mapping[str, frozenset[str]]) -> np.ndarray:
    found = [np.zeros(0, dtype=np.int64)]
    for key, grid in system.grids.items():
        if not set(within) <= key:
            continue
        picks = [
            np.array([i for i, code in enumerate(codes) if d not in within or code in within[d]], dtype=np.int64)
            for d, codes in zip(grid.dimensions, grid.codes, strict=True)
        ]
        ids = grid.ids[np.ix_(*picks)].ravel() if picks else grid.ids.ravel()
        found.append(ids[ids >= 0])
    return np.sort(np.concatenate(found))


def _surroundings(lattice: Lattice, cell: int, most: int) -> np.ndarray:
    """The nearest cells by way of common sums, the cell itself included."""
    found = {cell: None}
    reached = [cell]
    for near in reached:  # grows while it is gone through
        for row in lattice.columns.indices[lattice.columns.indptr[near] : lattice.columns.indptr[near + 1]].tolist():
            for other in lattice.sums.indices[lattice.sums.indptr[row] : lattice.sums.indptr[row + 1]].tolist():
                if other not in found and len(found) < most:
                    found[other] = None
                    reached.append(other)
    return np.sort(np.fromiter(found, dtype=np.int64))
