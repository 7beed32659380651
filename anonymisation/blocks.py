"""Blocks: the parts of a system in which an alternative for a cell is looked for.

Belongs here: which codes and cells may change together.  Does not belong here: what changes, at which cost.

A block is a product of *scopes*, one per dimension.  The scope of a set of leaves is every code that changes when
counts move among these leaves: a code counting some of them but not all.  Codes above all of them, and with them all
margins outside the block, stay as they are.  A scope may be *open*: then counts also enter and leave through the
total, and tables without that dimension change too.  Blocks that contain a cell form a ladder from its closest
siblings to the whole system; blocks that leave more totals alone come first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from anonymisation.hierarchy import Hierarchy
from anonymisation.system import MarginClass, System

CONTEXT_LEAVES = 8
"""Leaves through which counts may leave a margin at first: those where the cell's own count is largest."""


@dataclass(frozen=True, eq=False)
class Scope:
    """Codes of one dimension that may change: numbers in the hierarchy, the total left out.

    Scopes are compared by identity: ``DimensionScopes`` makes each only once.
    """

    codes: np.ndarray
    open: bool


Block = tuple[Scope, ...]
"""A scope per dimension, in the order of ``Blocks.dimensions``."""


def openings(block: Block) -> int:
    """How many dimensions of a block are open, and so how many totals may change."""
    return sum(scope.open for scope in block)


class DimensionScopes:
    """The scopes of one dimension.  Codes are numbers in the order of the hierarchy."""

    def __init__(self, hierarchy: Hierarchy) -> None:
        self.index = {code: i for i, code in enumerate(hierarchy.codes)}
        self.total = self.index[hierarchy.total]
        self.upwards = {
            i: tuple(self.index[c] for c in hierarchy.ancestors[code] if c != hierarchy.total)
            for code, i in self.index.items()
        }
        self.below = {
            i: frozenset(self.index[leaf] for leaf in hierarchy.leaves_below[code]) for code, i in self.index.items()
        }
        self.leaves = tuple(self.index[leaf] for leaf in hierarchy.leaves)
        self._scopes: dict[tuple[bool, frozenset[int]], Scope] = {}
        self._ladders: dict[tuple[Scope, ...], tuple[Scope, ...]] = {}
        self._ladder_of: dict[int, tuple[Scope, ...]] = {}

    def ladder(self, code: int) -> tuple[Scope, ...]:
        """Closed scopes in which ``code`` can change, the smallest first, then the whole dimension, open.

        Codes with the same ladder, as siblings are, get the same tuple.
        """
        if code not in self._ladder_of:
            sets = {self.below[above] for above in self.upwards[code]} | {frozenset(self.leaves)}
            if len(self.below[code]) == 1:
                path = set(self.upwards[code][1:])
                sets.add(frozenset(leaf for leaf in self.leaves if set(self.upwards[leaf][1:]) == path))
            scopes = [self._scope(leaves, False) for leaves in sorted(sets, key=lambda s: (len(s), sorted(s)))]
            ladder = (*(scope for scope in scopes if code in scope.codes), self.opened(self.leaves))
            self._ladder_of[code] = self._ladders.setdefault(ladder, ladder)
        return self._ladder_of[code]

    def opened(self, leaves: tuple[int, ...]) -> Scope:
        """The scope of counts that enter or leave at some leaves: all codes above them and the total."""
        return self._scope(frozenset(leaves), True)

    def _scope(self, leaves: frozenset[int], is_open: bool) -> Scope:
        if (is_open, leaves) not in self._scopes:
            counted: dict[int, int] = {}
            for leaf in leaves:
                for code in self.upwards[leaf]:
                    counted[code] = counted.get(code, 0) + 1
            codes = sorted(code for code, n in counted.items() if is_open or n < len(leaves))
            self._scopes[is_open, leaves] = Scope(np.array(codes, dtype=np.int64), is_open)
        return self._scopes[is_open, leaves]


class Blocks:
    """The blocks of one system.  ``counts`` by cell decide through which leaves a margin opens first."""

    def __init__(self, system: System, counts: np.ndarray) -> None:
        self._system = system
        self._counts = np.append(counts.astype(np.float64), np.inf)
        self.dimensions = tuple(sorted({d for key in system.grids for d in key}))
        self._scopes = {d: DimensionScopes(system.hierarchies[d]) for d in self.dimensions}
        self._local: dict[tuple[MarginClass, str], np.ndarray] = {}
        self._finest: dict[tuple[MarginClass, str], np.ndarray] = {}
        for key, grid in system.grids.items():
            for d, codes in zip(grid.dimensions, grid.codes, strict=True):
                local, upwards = self._places(d, codes), self._scopes[d].upwards
                self._local[key, d] = local
                self._finest[key, d] = np.array(
                    [next((local[c] for c in upwards[code] if local[c] >= 0), -1) for code in range(len(local))],
                    dtype=np.int64,
                )
        self._sizes: dict[Block, int] = {}
        self._inside_known: dict[tuple[MarginClass, str, Scope], np.ndarray] = {}
        self._ladders: dict[tuple[object, ...], list[tuple[Block, frozenset[str]]]] = {}

    def ladder(self, codes: Mapping[str, str]) -> Iterator[Block]:
        """Blocks that contain the cell at ``codes`` (dimensions at their total left out), by openings and size.

        A dimension at its total that the tables of a block show is opened at the leaves through which the cell's own
        counts run, and only in the last blocks at all leaves.
        """
        at = {d: self._scopes[d].index[code] for d, code in codes.items()}
        context: dict[str, tuple[int, ...]] = {}
        rungs = self._rungs(at)
        for block, opening in rungs:
            if opening:
                context = context or self._context(at)
                yield tuple(
                    self._scopes[d].opened(context[d]) if d in opening else scope
                    for d, scope in zip(self.dimensions, block, strict=True)
                )
            else:
                yield block
        for block, opening in rungs:
            if opening:
                yield block

    def first(self, codes: Mapping[str, str]) -> Block:
        """The smallest block that contains the cell, every dimension at its total opened at all leaves."""
        return self._rungs({d: self._scopes[d].index[code] for d, code in codes.items()})[0][0]

    def size(self, block: Block) -> int:
        """The number of cells of a block, counting those that no table shows."""
        if block not in self._sizes:
            self._sizes[block] = sum(
                int(np.prod([len(p) for p in places], dtype=np.int64)) for _, places in self._inside(block)
            )
        return self._sizes[block]

    def cells(self, block: Block) -> np.ndarray:
        """The cell numbers of a block, in increasing order."""
        found = []
        for key, places in self._inside(block):
            ids = self._system.grids[key].ids[np.ix_(*places)] if places else self._system.grids[key].ids
            found.append(ids[ids >= 0].ravel())
        return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)

    def _rungs(self, at: Mapping[str, int]) -> list[tuple[Block, frozenset[str]]]:
        """Blocks by openings and size with every dimension at its total open at all leaves, and which of those some table shows."""
        ladders = tuple(self._scopes[d].ladder(at[d]) if d in at else None for d in self.dimensions)
        if ladders not in self._ladders:
            choices = [
                (self._scopes[d].opened(self._scopes[d].leaves),) if ladder is None else ladder
                for d, ladder in zip(self.dimensions, ladders, strict=True)
            ]
            rungs = []
            for i, block in enumerate(itertools.product(*choices)):
                shown = frozenset(d for key, _ in self._inside(block) for d in key if d not in at)
                rungs.append((openings(block), self.size(block), i, block, shown))
            self._ladders[ladders] = [(block, shown) for *_, block, shown in sorted(rungs, key=lambda r: r[:3])]
        return self._ladders[ladders]

    def _inside(self, block: Block) -> Iterator[tuple[MarginClass, list[np.ndarray]]]:
        """The margin classes that can change in a block, and the places on their axes that can."""
        scopes = dict(zip(self.dimensions, block, strict=True))
        closed = {d for d, scope in scopes.items() if not scope.open}
        for key, grid in self._system.grids.items():
            if not closed <= key:
                continue
            places = [self._scope_places(key, d, scopes[d]) for d in grid.dimensions]
            if all(len(p) for p in places):
                yield key, places

    def _scope_places(self, key: MarginClass, dimension: str, scope: Scope) -> np.ndarray:
        if (key, dimension, scope) not in self._inside_known:
            local = self._local[key, dimension][scope.codes]
            self._inside_known[key, dimension, scope] = local[local >= 0]
        return self._inside_known[key, dimension, scope]

    def _context(self, at: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
        """For each dimension at its total, the leaves through which the cell's own counts run.

        The first leaves of all dimensions together name cells that are not empty in any table, so dimensions are
        settled one after the other, the one with the fewest leaves left first, each given those before it.
        """
        now = dict(at)
        chosen: dict[str, tuple[int, ...]] = {}
        left = [d for d in self.dimensions if d not in at]
        while left:
            weights = {d: self._slice(d, now) for d in left}
            d = min(left, key=lambda d: int((weights[d] > 0).sum()))
            order = np.argsort(-weights[d], kind="stable")[:CONTEXT_LEAVES]
            chosen[d] = tuple(self._scopes[d].leaves[i] for i in order)
            now[d] = chosen[d][0]
            left.remove(d)
        return chosen

    def _slice(self, dimension: str, at: Mapping[str, int]) -> np.ndarray:
        """For each leaf of ``dimension`` the smallest count that any table shows for it, all else as in ``at``."""
        leaves = np.array(self._scopes[dimension].leaves, dtype=np.int64)
        smallest = np.full(len(leaves), np.inf)
        for key, grid in self._system.grids.items():
            if dimension not in key or not key <= {*at, dimension}:
                continue
            place = [self._finest[key, d][leaves if d == dimension else at[d]] for d in grid.dimensions]
            shown = np.ones(len(leaves), dtype=bool)
            for position in place:
                shown &= position >= 0
            ids = np.where(shown, grid.ids[tuple(place)], -1)
            np.minimum(smallest, self._counts[ids], out=smallest)
        return np.where(np.isfinite(smallest), smallest, 0.0)

    def _places(self, dimension: str, codes: tuple[str, ...]) -> np.ndarray:
        index = self._scopes[dimension].index
        local = np.full(len(index), -1, dtype=np.int64)
        for i, code in enumerate(codes):
            local[index[code]] = i
        return local
