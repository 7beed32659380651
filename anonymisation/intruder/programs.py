"""Linear programs: how small and how large each unknown can be under all sums at once.

Belongs here: the solver and the order in which it is asked.  Does not belong here: what counts as a disclosure.

One program (HiGHS; Huangfu and Hall 2018) holds all unknowns of a connected component.  Its answers are *witnesses*:
counts that satisfy everything published.  Two witnesses in which a cell differs by the width asked for prove that the
cell is wide; one witness usually proves it for thousands of cells, which makes the attack affordable.  Only what no
witness has proven wide is minimised and maximised for itself, which settles it.

In a large component a simplex solver takes long from one vertex to the next.  An interior-point method costs a few
dozen steps whatever the size, and as any point will do for a witness, it need not end in a vertex; each of its points
is checked here before it counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import highspy
import numpy as np
import scipy.sparse as sp

from anonymisation.errors import AnonymisationError, InconsistentTablesError

TOLERANCE = 1e-6
"""How far from a whole number a solver's answer may lie and still be that number."""

LARGE = 1500
"""Unknowns beyond which witnesses come from the interior-point method."""

MOST_SWEEPS = 60
"""Sweeps that look for witnesses of many cells; what they leave is settled cell by cell."""

MOST_IDLE_SWEEPS = 6
"""Sweeps in a row that prove next to nothing, after which sweeping ends."""

FEW_PROVEN = 20
"""An interior-point sweep that proves fewer cells than this costs more than settling these cells one by one."""

NODES = 200
"""Nodes of an integer program that looks for witnesses of many cells."""

NEAR = 0.5
"""How far from the best such a program may end: any witness will do."""

PIVOTS, STEPS = 25_000, 300
"""Steps of the simplex and of the interior-point method that look for a solution of a vast component."""

INTERIOR_STEPS = 100
"""Steps of the interior-point method that looks for one witness: it takes some dozens, or does not end on a degenerate program."""

PRIMAL_SIMPLEX = 4
"""HiGHS's number of that strategy."""


class Program:
    """The unknowns of one component: ``lower <= sums @ x <= upper``, ``low <= x <= high``.

    ``lowest`` and ``highest``: the least and the largest value of each unknown in the witnesses so far;
    ``whole_lowest`` and ``whole_highest`` in those whose every value is a whole number.  ``solved`` counts programs.

    Raises ``InconsistentTablesError`` where there is no solution, ``AnonymisationError`` where the solver gives up.
    """

    def __init__(
        self, sums: sp.csr_array, lower: np.ndarray, upper: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> None:
        self.size = sums.shape[1]
        self._sums = sp.csr_array(sums, dtype=np.float64)
        self._lower, self._upper = lower.astype(float), upper.astype(float)
        matrix = sp.csc_array(self._sums)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = sums.shape[1], sums.shape[0]
        model.col_cost_ = np.zeros(self.size)
        model.col_lower_, model.col_upper_ = low.astype(float), high.astype(float)
        model.row_lower_, model.row_upper_ = self._lower, self._upper
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = matrix.indptr
        model.a_matrix_.index_ = matrix.indices
        model.a_matrix_.value_ = matrix.data
        self._solver = highspy.Highs()
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 1)
        self._solver.setOptionValue("random_seed", 1)
        self._solver.setOptionValue("mip_rel_gap", 0.0)
        self._solver.setOptionValue("ipm_iteration_limit", INTERIOR_STEPS)
        self._solver.passModel(model)
        self._columns = np.arange(self.size, dtype=np.int32)
        self.solved = 0
        self.restrict(low, high)

    def restrict(self, low: np.ndarray, high: np.ndarray) -> None:
        """Other bounds of the unknowns; what was proven under the old ones is forgotten."""
        self._low, self._high = low.astype(float), high.astype(float)
        self._point = self._low
        self._warm = False
        self.lowest, self.highest = np.full(self.size, np.inf), np.full(self.size, -np.inf)
        self.whole_lowest, self.whole_highest = self.lowest.copy(), self.highest.copy()
        self._ask()
        if self.size <= LARGE or not self._interior():
            self._vertex()

    def proven_width(self, cells: np.ndarray | slice = slice(None)) -> np.ndarray:
        """For some unknowns, how far apart their whole-number values in the witnesses so far are."""
        return np.floor(self.highest[cells] + TOLERANCE) - np.ceil(self.lowest[cells] - TOLERANCE)

    def whole_width(self) -> np.ndarray:
        """The same by the witnesses that are whole numbers throughout: what real counts could be."""
        return np.where(np.isfinite(self.whole_lowest), self.whole_highest - self.whole_lowest, -1.0)

    def sweep(self, width: int, wanted: np.ndarray, *, whole: bool = False, most: int = MOST_SWEEPS) -> None:
        """Look for witnesses that prove ``width`` for many of the ``wanted`` unknowns at once.

        ``whole``: only witnesses in whole numbers count; ``most``: sweeps at most.

        Each sweep raises all unproven cells together, none much further than needed: without that bound a program
        spends everything on a few cells.  Every other one (of the interior-point method every fourth, as its points
        are not low to begin with) lowers them instead.
        """
        random = np.random.default_rng(1)
        large = self.size > LARGE and not whole
        proven = self.whole_width if whole else self.proven_width
        idle = 0
        before = self.size
        for number in range(most):
            open_cells = wanted & (proven() < width)
            left = int(open_cells.sum())
            if not left or idle == MOST_IDLE_SWEEPS:
                return
            up = number % (4 if large else 2) != 1
            if large and before - left < FEW_PROVEN and number > 2:
                return
            before = left
            cost = np.zeros(self.size)
            cost[open_cells] = random.uniform(0.5, 1.5, left) * (-1.0 if up else 1.0)
            low, high = self._low.copy(), self._high.copy()
            # An interior point stays a little away from its bounds, so it is given one more to go.
            reach = width + 1 if large else width
            start = np.where(up, self.lowest, self.highest) if large else self._point
            if up:
                high[open_cells] = np.minimum(high, np.maximum(start, low) + reach)[open_cells]
            else:
                low[open_cells] = np.maximum(low, np.minimum(start, high) - reach)[open_cells]
            self._ask(cost, low, high)
            if large:
                if not self._interior():
                    return
            else:
                self._vertex()
                if whole and not self._is_whole(self._point):
                    with self._whole_numbers(NODES, NEAR):
                        if not self._vertex(may_stop=True):
                            return
            idle = idle + 1 if (wanted & (proven() < width)).sum() > 0.98 * left else 0

    def settle(self, width: int, wanted: np.ndarray) -> None:
        """Minimise and maximise each wanted unknown that is not proven wide, until it is or the extremes are known."""
        self._ask()
        for cell in np.flatnonzero(wanted).tolist():
            self._extremes(cell, width)

    def settle_whole(self, wanted: np.ndarray, nodes: int | None = None) -> dict[int, tuple[int, int]]:
        """The smallest and the largest value of each wanted unknown over all solutions in whole numbers.

        By integer programs, so for small components, or with a limit: unknowns that one of so many ``nodes`` does not
        settle are left out.
        """
        if not wanted.any():
            return {}
        self._ask()
        found: dict[int, tuple[int, int]] = {}
        with self._whole_numbers(nodes):
            for cell in np.flatnonzero(wanted).tolist():
                ends = []
                for sign in (1.0, -1.0):
                    self._solver.changeColCost(cell, sign)
                    settled = self._vertex(may_stop=nodes is not None)
                    self._solver.changeColCost(cell, 0.0)
                    if not settled:
                        break
                    ends.append(round(self._point[cell]))
                else:
                    found[cell] = (ends[0], ends[1])
        return found

    def whole_solution(self, nodes: int) -> np.ndarray | None:
        """A solution in whole numbers, or None where so many ``nodes`` of an integer program do not find one."""
        self._ask()
        self._vertex()
        if not self._is_whole(self._point):
            with self._whole_numbers(nodes):
                if not self._vertex(may_stop=True):
                    return None
        return np.rint(self._point)

    def learn(self, point: np.ndarray) -> None:
        """Take a solution that was found elsewhere as a witness."""
        self._learn(point)

    def point(self) -> np.ndarray:
        """The last witness."""
        return self._point.copy()

    def extend(self, lowest: np.ndarray, highest: np.ndarray, whole: bool) -> None:
        """Take the least and largest values of witnesses that were found elsewhere; ``whole``: of whole numbers."""
        np.minimum(self.lowest, lowest, out=self.lowest)
        np.maximum(self.highest, highest, out=self.highest)
        if whole:
            np.minimum(self.whole_lowest, lowest, out=self.whole_lowest)
            np.maximum(self.whole_highest, highest, out=self.whole_highest)

    @contextmanager
    def _whole_numbers(self, nodes: int | None, gap: float = 0.0) -> Iterator[None]:
        kind = highspy.HighsVarType
        self._solver.setOptionValue("mip_rel_gap", gap)
        self._solver.changeColsIntegrality(self.size, self._columns, np.full(self.size, kind.kInteger))
        self._solver.setOptionValue("mip_max_nodes", highspy.kHighsIInf if nodes is None else nodes)
        yield
        self._solver.changeColsIntegrality(self.size, self._columns, np.full(self.size, kind.kContinuous))
        self._warm = False

    def moving(self, still: np.ndarray, value: float, wanted: np.ndarray, whole: bool) -> dict[int, int]:
        """The wanted unknowns that have one value only, with it, where those of ``still`` are known to be ``value``.

        ``whole``: decide it for whole numbers, by integer programs where the linear ones leave it open.
        """
        low, high = self._low.copy(), self._high.copy()
        low[still] = high[still] = value
        self._ask(low=low, high=high)
        kept = self.lowest, self.highest, self.whole_lowest, self.whole_highest
        self.lowest, self.highest = np.full(self.size, np.inf), np.full(self.size, -np.inf)
        self.whole_lowest, self.whole_highest = self.lowest.copy(), self.highest.copy()
        for cell in np.flatnonzero(wanted).tolist():
            self._extremes(cell, 1)
        fixed = wanted & (self.proven_width() < 1)
        values = {cell: self.bounds(cell)[0] for cell in np.flatnonzero(fixed).tolist()}
        if whole:
            unsure = wanted & ~fixed & (self.whole_width() < 1)
            kept_bounds, self._low, self._high = (self._low, self._high), low, high
            values |= {cell: ends[0] for cell, ends in self.settle_whole(unsure).items() if ends[0] == ends[1]}
            self._low, self._high = kept_bounds
        self.lowest, self.highest, self.whole_lowest, self.whole_highest = kept
        return values

    def least(self, cell: int) -> float:
        """The smallest value of one unknown."""
        self._ask()
        self._solver.changeColCost(cell, 1.0)
        self._vertex()
        self._solver.changeColCost(cell, 0.0)
        return float(self._point[cell])

    def most(self, cell: int) -> float:
        """The largest value of one unknown."""
        self._ask()
        self._solver.changeColCost(cell, -1.0)
        self._vertex()
        self._solver.changeColCost(cell, 0.0)
        return float(self._point[cell])

    def bounds(self, cell: int) -> tuple[int, int]:
        """The smallest and largest whole number that a settled cell took."""
        return math.ceil(self.lowest[cell] - TOLERANCE), math.floor(self.highest[cell] + TOLERANCE)

    def _extremes(self, cell: int, width: int) -> None:
        for sign in (-1.0, 1.0):
            if self.proven_width(cell) >= width:
                return
            self._solver.changeColCost(cell, sign)
            self._vertex()
            self._solver.changeColCost(cell, 0.0)

    def _ask(self, cost: np.ndarray | None = None, low: np.ndarray | None = None, high: np.ndarray | None = None) -> None:
        self._solver.changeColsBounds(
            self.size, self._columns, self._low if low is None else low, self._high if high is None else high
        )
        self._solver.changeColsCost(self.size, self._columns, np.zeros(self.size) if cost is None else cost)

    def _interior(self) -> bool:
        """Take a point of the interior-point method as a witness; false where it gives none that satisfies all sums.

        It need not be optimal, nor does the solver have to be content: the point is checked for itself.
        """
        self._solver.setOptionValue("solver", "ipm")
        self._solver.setOptionValue("run_crossover", "off")
        self._solver.run()
        self.solved += 1
        point = np.asarray(self._solver.getSolution().col_value)
        self._solver.setOptionValue("solver", "choose")
        self._solver.clearSolver()
        self._warm = False
        if len(point) != self.size or not np.isfinite(point).all():
            return False
        point = np.clip(point, self._low, self._high)
        reached = self._sums @ point
        if (reached < self._lower - TOLERANCE).any() or (reached > self._upper + TOLERANCE).any():
            return False
        self._learn(point)
        return True

    def _vertex(self, *, may_stop: bool = False) -> bool:
        """Solve, and add the solution to the witnesses.

        ``may_stop``: an integer program may end at its limit; the answer is whether it did not.
        """
        if not self._warm:
            # The first run may choose its method; from its basis the primal simplex goes from witness to witness.
            self._solver.setOptionValue("simplex_strategy", 1)
        self._solver.run()
        self.solved += 1
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kUnknown:
            # A basis that has become ill-conditioned: the same program from the start.
            self._solver.clearSolver()
            self._solver.run()
            status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            raise InconsistentTablesError("no counts satisfy all published values at once: they contradict each other")
        if may_stop and status == highspy.HighsModelStatus.kSolutionLimit:
            return False
        if status != highspy.HighsModelStatus.kOptimal:
            raise AnonymisationError(f"the linear program ended as {status}; nothing can be said about its cells")
        self._solver.setOptionValue("simplex_strategy", PRIMAL_SIMPLEX)
        self._warm = True
        self._learn(np.asarray(self._solver.getSolution().col_value))
        return True

    def _learn(self, point: np.ndarray) -> None:
        self._point = point
        np.minimum(self.lowest, point, out=self.lowest)
        np.maximum(self.highest, point, out=self.highest)
        if self._is_whole(point):
            whole = np.rint(point)
            np.minimum(self.whole_lowest, whole, out=self.whole_lowest)
            np.maximum(self.whole_highest, whole, out=self.whole_highest)

    def _is_whole(self, point: np.ndarray) -> bool:
        """Whether a point is in whole numbers, and these satisfy every sum and bound exactly."""
        whole = np.rint(point)
        if np.abs(point - whole).max(initial=0.0) >= TOLERANCE:
            return False
        reached = self._sums @ whole
        inside = (whole >= self._low).all() and (whole <= self._high).all()
        return bool(inside and (reached >= self._lower).all() and (reached <= self._upper).all())


def some_solution(
    sums: sp.csr_array, lower: np.ndarray, upper: np.ndarray, low: np.ndarray, high: np.ndarray, cost: np.ndarray | None = None
) -> np.ndarray | None:
    """A solution of ``lower <= sums @ x <= upper``, ``low <= x <= high``, whole where that is found; None where none is found.

    By the simplex method, whose solutions are mostly whole; where that takes more than ``PIVOTS`` steps, and no ``cost`` says which solutions
    are wanted, by the interior-point method.  ``high`` may be infinite.  Raises ``InconsistentTablesError`` where there is no solution.
    """
    matrix = sp.csc_array(sums, dtype=np.float64)
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = sums.shape
    model.col_cost_ = np.zeros(sums.shape[1]) if cost is None else cost
    model.col_lower_, model.col_upper_ = low.astype(float), np.where(np.isfinite(high), high, highspy.kHighsInf)
    model.row_lower_, model.row_upper_ = lower.astype(float), np.where(np.isfinite(upper), upper, highspy.kHighsInf)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    for method in ("simplex", "ipm") if cost is None else ("simplex",):
        solver = highspy.Highs()
        for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 1), ("solver", method), ("run_crossover", "off")):
            solver.setOptionValue(option, value)
        solver.setOptionValue("simplex_iteration_limit", PIVOTS)
        solver.setOptionValue("ipm_iteration_limit", STEPS)
        solver.passModel(model)
        solver.run()
        if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            raise InconsistentTablesError("no counts satisfy all published values at once: they contradict each other")
        found = np.asarray(solver.getSolution().col_value)
        if len(found) != sums.shape[1] or not np.isfinite(found).all():
            continue
        # A solver that stopped on its way may have a solution all the same, and one that is done may miss a sum by a little.
        for point in (np.clip(np.rint(found), low, high), np.clip(found, low, high)):
            reached = sums @ point
            if (reached >= lower - TOLERANCE).all() and (reached <= upper + TOLERANCE).all():
                return point
    return None
