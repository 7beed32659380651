"""Exchanges: alternatives to the true counts that leave every published sum as it is.

Belongs here: the moves along one dimension, and the search for the cheapest exchange through a cell.  Does not belong
here: which cells are sensitive, in which order they are covered, what is done with the pattern.

An exchange is a vector ``e`` with entries -1, 0 and 1 and ``sums @ e == 0``, so that ``counts + t * e`` adds up
wherever ``counts`` does.  If every cell of its support is suppressed, a reader cannot tell ``counts`` from any
``counts + t * e`` without a count below ``minimum``; then each cell of the support has a feasible interval of at
least ``min(counts where e > 0) + min(counts where e < 0) - 2 * minimum``.  That is a proof of protection which needs
no further check, holds in whole numbers, and stays true whatever else is suppressed.

Exchanges are made as products of moves along single dimensions, which generalises the hypercube method (Repsilber
1994; Giessing and Repsilber 2002) to several linked tables with several hierarchies per dimension: imagine the finest
table of all dimensions, move one unit between its cells, and look at what changes in each published table.  Along a
dimension the unit is *swapped* from leaf ``b`` to leaf ``a`` (+1 at ``a`` and the codes above it, -1 at ``b`` and the
codes above it, 0 at codes above both) or *stays* on the path of one leaf.  A table without a swapped dimension does
not change at all, because its cells count both ends of the swap.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from anonymisation.hierarchy import Hierarchy
from anonymisation.system import MarginClass, System

FAR_PARTNERS = 24
"""Partners tried along one dimension where a swap changes codes above the leaves: the nearest and the heaviest."""

STAYING_LEAVES = 8
"""Leaves tried along a dimension that is not swapped; those with the largest counts are taken."""


@dataclass(frozen=True)
class Moves:
    """Moves along one dimension that change the same number of codes.

    ``codes[k]`` are the codes (numbers in the hierarchy) that move ``k`` changes; ``signs`` their signs, the same for
    every ``k``.  ``swaps`` is true for swaps; otherwise the moves stay on a path and the total changes too.
    """

    codes: np.ndarray
    signs: np.ndarray
    swaps: bool


class DimensionMoves:
    """All moves along one dimension.  Codes are numbers in the order of the hierarchy.

    ``margin``: the count of each code over everything else; heavy partners can give much.
    """

    def __init__(self, hierarchy: Hierarchy, margin: np.ndarray) -> None:
        self.index = {code: i for i, code in enumerate(hierarchy.codes)}
        self.total = self.index[hierarchy.total]
        self._leaves = [self.index[leaf] for leaf in hierarchy.leaves]
        self._place = {leaf: i for i, leaf in enumerate(self._leaves)}
        self.upwards = {
            i: tuple(self.index[c] for c in hierarchy.ancestors[code] if c != hierarchy.total)
            for code, i in self.index.items()
        }
        self.path = {leaf: self.upwards[leaf] for leaf in self._leaves}
        self._margin = margin
        self.below = {
            i: np.array(sorted(self.index[leaf] for leaf in hierarchy.leaves_below[code]), dtype=np.int64)
            for code, i in self.index.items()
        }
        self._swaps: dict[tuple[int, int], list[Moves]] = {}

    def swaps(self, code: int, leaf: int) -> list[Moves]:
        """Swaps that raise ``leaf``, a leaf below ``code``, and with it ``code``; those that change few codes first."""
        if (code, leaf) not in self._swaps:
            self._swaps[code, leaf] = self._find_swaps(code, leaf)
        return self._swaps[code, leaf]

    def stays(self, leaves: list[int]) -> list[Moves]:
        """The paths of some leaves; those that change few codes first."""
        groups: dict[int, list[tuple[int, ...]]] = {}
        for leaf in leaves:
            groups.setdefault(len(self.path[leaf]), []).append(self.path[leaf])
        return [
            Moves(np.array(paths, dtype=np.int64).reshape(len(paths), length), np.ones(length, dtype=np.int8), False)
            for length, paths in sorted(groups.items())
        ]

    def _find_swaps(self, code: int, leaf: int) -> list[Moves]:
        below = set(self.below[code].tolist())
        here, path = self._place[leaf], self.path[leaf]
        groups: dict[tuple[int, int], list[tuple[int, int, tuple[int, ...]]]] = {}
        for other in self._leaves:
            if other in below:
                continue
            theirs = self.path[other]
            plus = tuple(c for c in path if c not in theirs)
            minus = tuple(c for c in theirs if c not in path)
            distance = abs(self._place[other] - here)
            groups.setdefault((len(plus), len(minus)), []).append((distance, other, plus + minus))
        return [
            Moves(self._partners(moves, plus + minus), np.array([1] * plus + [-1] * minus, dtype=np.int8), True)
            for (plus, minus), moves in sorted(groups.items(), key=lambda item: (sum(item[0]), item[0]))
        ]

    def _partners(self, moves: list[tuple[int, int, tuple[int, ...]]], changed: int) -> np.ndarray:
        """All partners where a swap changes two codes, else the nearest and the heaviest ones."""
        moves = sorted(moves)
        if changed > 2 and len(moves) > FAR_PARTNERS:
            heavy = sorted(moves[FAR_PARTNERS // 2 :], key=lambda move: (-self._margin[move[1]], move))
            moves = moves[: FAR_PARTNERS // 2] + heavy[: FAR_PARTNERS // 2]
        return np.array([codes for _, _, codes in moves], dtype=np.int64)


@dataclass(frozen=True)
class Exchange:
    """One exchange: the cells that change and their signs, how far it can go either way, and what it costs."""

    cells: np.ndarray
    signs: np.ndarray
    rise: float
    fall: float
    cost: float


class ExchangeSearch:
    """Finds cheap exchanges in one system.

    ``counts``: the true counts by cell; ``minimum``: the smallest count that a reader must allow a suppressed cell.
    ``largest``: how many numbers one evaluation may hold, a bound on memory.
    """

    def __init__(self, system: System, counts: np.ndarray, minimum: int, largest: int = 30_000) -> None:
        self._system = system
        self._minimum = minimum
        self._largest = largest
        # Row -1 of these arrays stands for "no such published cell": it costs nothing and bounds nothing.
        self._counts = np.append(counts.astype(np.float64), np.inf)
        self._deepest_known: dict[tuple[MarginClass, str], np.ndarray] = {}
        self._dimensions = sorted({d for key in system.grids for d in key})
        self._moves = {
            d: DimensionMoves(system.hierarchies[d], self._margin(d, counts)) for d in self._dimensions
        }
        self._local = {
            key: {d: self._local_index(d, codes) for d, codes in zip(grid.dimensions, grid.codes, strict=True)}
            for key, grid in system.grids.items()
        }

    def cheapest(self, codes: Mapping[str, str], cost: np.ndarray, width: int) -> Exchange | None:
        """The cheapest exchange found that raises the cell at ``codes`` and proves ``width``, or None.

        ``cost``: by cell, what suppressing it costs: 0 where it is suppressed already, infinity where it must stay
        published.  Dimensions missing from ``codes`` are at their total.

        With every dimension swapped, margins do not change; each dimension that is not swapped changes more of them,
        up to the grand total.  The first number of swaps that allows an exchange at all is used.
        """
        costs = np.append(cost, 0.0)
        at = {d: self._moves[d].index[code] for d, code in codes.items()}
        for number in range(len(at), -1, -1):
            found = [
                self._cheapest_swapping(at, frozenset(swapped), costs, width)
                for swapped in itertools.combinations(sorted(at), number)
            ]
            feasible = [exchange for exchange in found if exchange is not None]
            if feasible:
                return min(feasible, key=lambda exchange: exchange.cost)
        return None

    def _cheapest_swapping(
        self, at: dict[str, int], swapped: frozenset[str], costs: np.ndarray, width: int
    ) -> Exchange | None:
        affected = [key for key in self._system.grids if swapped <= key]
        leaves = self._descend(at, sorted({d for key in affected for d in key}))
        choices = [
            self._moves[d].swaps(at[d], below[0]) if d in swapped else self._moves[d].stays(below)
            for d, below in leaves.items()
        ]
        best: Exchange | None = None
        size = 0
        for combination in sorted(itertools.product(*choices), key=_support):
            if best is not None and _support(combination) > size:
                break
            found = self._evaluate(dict(zip(leaves, combination, strict=True)), affected, costs, width)
            if found is not None and (best is None or found.cost < best.cost):
                best, size = found, _support(combination)
        return best

    def _descend(self, at: dict[str, int], dimensions: list[str]) -> dict[str, list[int]]:
        """For each dimension, leaves below the cell at ``at`` through which an exchange may run, best first.

        The first choices of all dimensions together must name cells that are not empty in any table, so dimensions
        are settled one after the other, the one with the fewest leaves left first, each given those before it; a
        choice that leaves nothing for a later dimension is taken back.
        """

        def settle(now: dict[str, int], left: list[str], last: bool) -> dict[str, list[int]] | None:
            if not left:
                return {}
            options = {}
            for d in left:
                below = self._moves[d].below[now.get(d, self._moves[d].total)]
                options[d] = (below, self._slice(d, now, below) if len(below) > 1 else np.ones(len(below)))
            d = min(left, key=lambda d: int((options[d][1] > 0).sum()))
            below, weights = options[d]
            # The largest counts come first: they can be lowered furthest.
            leaves = [int(below[i]) for i in np.argsort(-weights, kind="stable") if weights[i] > 0 or last]
            for i, leaf in enumerate(leaves[:STAYING_LEAVES]):
                rest = settle({**now, d: leaf}, [other for other in left if other != d], last)
                if rest is not None:
                    return {d: [leaf, *leaves[:i], *leaves[i + 1 : STAYING_LEAVES]], **rest}
            return None

        chosen = settle(dict(at), list(dimensions), last=False) or settle(dict(at), list(dimensions), last=True)
        return {d: chosen[d] for d in dimensions} if chosen else {}

    def _slice(self, dimension: str, at: dict[str, int], leaves: np.ndarray) -> np.ndarray:
        """For each of ``leaves`` the smallest count that any table shows for it, all else as in ``at``."""
        smallest = np.full(len(leaves), np.inf)
        for key, grid in self._system.grids.items():
            if dimension not in key or not key <= {*at, dimension}:
                continue
            local = self._local[key]
            place: list[object] = []
            shown = True
            for d in grid.dimensions:
                if d == dimension:
                    place.append(self._deepest(key, d)[leaves])
                else:
                    code = next((int(local[d][c]) for c in self._moves[d].upwards[at[d]] if local[d][c] >= 0), -1)
                    shown = shown and code >= 0
                    place.append(code)
            if not shown:
                continue
            known = place[grid.dimensions.index(dimension)] >= 0
            ids = np.where(known, grid.ids[tuple(place)], -1)
            np.minimum(smallest, self._counts[ids], out=smallest)
        return np.where(np.isfinite(smallest), smallest, 0.0)

    def _deepest(self, key: MarginClass, dimension: str) -> np.ndarray:
        """By code of the hierarchy (leaves only): the place on the grid's axis of the finest code above it."""
        if (key, dimension) not in self._deepest_known:
            moves, local = self._moves[dimension], self._local[key][dimension]
            deepest = np.full(len(local), -1, dtype=np.int64)
            for leaf, path in moves.path.items():
                deepest[leaf] = next((int(local[c]) for c in path if local[c] >= 0), -1)
            self._deepest_known[key, dimension] = deepest
        return self._deepest_known[key, dimension]

    def _evaluate(
        self,
        moves: dict[str, Moves],
        affected: list[MarginClass],
        costs: np.ndarray,
        width: int,
    ) -> Exchange | None:
        """The cheapest of all products of ``moves``, one axis per dimension."""
        moves = self._thinned(moves)
        names = list(moves)
        parts = []
        for key in affected:
            part = self._cells_of(key, moves)
            if part is not None:
                parts.append(part)
        if not parts:
            return None
        relevant = {d for part in parts for d in part[2]}
        shape = tuple(len(moves[d].codes) if d in relevant else 1 for d in names)
        total = np.zeros(shape)
        plus, minus = np.full(shape, np.inf), np.full(shape, np.inf)
        for ids, signs, dims in parts:
            # ids: one axis per dimension of the class (its moves), then one axis of cells.
            spread = [names.index(d) for d in dims]
            full = [1] * len(names)
            for axis, place in enumerate(spread):
                full[place] = ids.shape[axis]
            total = total + costs[ids].sum(axis=-1).reshape(full)
            values = self._counts[ids]
            if (signs > 0).any():
                plus = np.minimum(plus, values[..., signs > 0].min(axis=-1).reshape(full))
            if (signs < 0).any():
                minus = np.minimum(minus, values[..., signs < 0].min(axis=-1).reshape(full))
        good = (plus + minus - 2 * self._minimum >= width) & (plus >= self._minimum) & (minus >= self._minimum)
        total = np.where(good, total, np.inf)
        pick = int(np.argmin(total))
        if not np.isfinite(total.flat[pick]):
            return None
        where = np.unravel_index(pick, total.shape)
        cells, change = [], []
        for ids, signs, dims in parts:
            chosen = ids[tuple(where[names.index(d)] if ids.shape[i] > 1 else 0 for i, d in enumerate(dims))]
            cells.append(chosen[chosen >= 0])
            change.append(signs[chosen >= 0])
        rise, fall = min(minus[where] - self._minimum, float(width)), min(plus[where] - self._minimum, float(width))
        return Exchange(np.concatenate(cells), np.concatenate(change), rise, fall, float(total.flat[pick]))

    def _thinned(self, moves: dict[str, Moves]) -> dict[str, Moves]:
        """As many of the first moves of each dimension as one evaluation may hold."""
        size = int(np.prod([m.codes.size for m in moves.values()], dtype=np.int64))
        if size <= self._largest:
            return moves
        share = (self._largest / size) ** (1 / len(moves))
        return {d: Moves(m.codes[: max(1, int(len(m.codes) * share))], m.signs, m.swaps) for d, m in moves.items()}

    def _cells_of(
        self, key: MarginClass, moves: dict[str, Moves]
    ) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]] | None:
        """Cell numbers of one margin class under all products of moves, and their signs."""
        grid = self._system.grids[key]
        local = self._local[key]
        dims = grid.dimensions
        if not dims:
            return grid.ids.reshape(1), np.ones(1, dtype=np.int8), ()
        picks = []
        for d in dims:
            index = local[d][moves[d].codes]
            keep = (index >= 0).any(axis=0)
            if not keep.any():
                return None
            picks.append((index[:, keep], moves[d].signs[keep]))
        n = len(dims)
        ids_index, missing = [], None
        for axis, (p, _) in enumerate(picks):
            form = [1] * (2 * n)
            form[axis], form[n + axis] = p.shape
            p = p.reshape(form)
            ids_index.append(np.maximum(p, 0))
            missing = (p < 0) if missing is None else missing | (p < 0)
        ids = np.where(missing, -1, grid.ids[tuple(ids_index)])
        ids = ids.reshape(*(p.shape[0] for p, _ in picks), -1)
        signs = picks[0][1]
        for _, s in picks[1:]:
            signs = np.multiply.outer(signs, s).ravel()
        return ids, signs, dims

    def _margin(self, dimension: str, counts: np.ndarray) -> np.ndarray:
        """The count of each code over all else, or as much of it as tables show with fewest other dimensions; 0 where none shows it."""
        margin = np.zeros(len(self._system.hierarchies[dimension].codes))
        grid = min((grid for key, grid in self._system.grids.items() if dimension in key), key=lambda grid: len(grid.dimensions))
        axis = grid.dimensions.index(dimension)
        index = [self._system.hierarchies[dimension].codes.index(code) for code in grid.codes[axis]]
        others = tuple(i for i in range(grid.ids.ndim) if i != axis)
        margin[index] = np.where(grid.ids >= 0, counts[grid.ids], 0).sum(axis=others)
        return margin

    def _local_index(self, dimension: str, codes: tuple[str, ...]) -> np.ndarray:
        moves = self._moves[dimension]
        local = np.full(len(moves.index), -1, dtype=np.int64)
        for i, code in enumerate(codes):
            local[moves.index[code]] = i
        return local


def _support(moves: tuple[Moves, ...]) -> int:
    """How many codes a product of moves changes: the size of its support in the finest table."""
    return int(np.prod([m.codes.shape[1] for m in moves], dtype=np.int64))
