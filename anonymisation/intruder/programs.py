"""Linear programs: how small and how large each unknown can be under all sums at once.

Belongs here: the solver and the order in which it is asked.  Does not belong here: what counts as a disclosure.

One program (HiGHS; Huangfu and Hall 2018) holds all unknowns of a connected component.  Its answers are *witnesses*:
counts that satisfy everything published.  Two witnesses in which a cell differs by the width asked for prove that the
cell is wide; one witness usually proves it for thousands of cells, which makes the attack affordable.  Only what no
witness has proven wide is minimised and maximised for itself, which settles it.
"""

from __future__ import annotations

import math

import highspy
import numpy as np
import scipy.sparse as sp

from anonymisation.errors import AnonymisationError, InconsistentTablesError

TOLERANCE = 1e-6
"""How far from a whole number a solver's answer may lie and still be that number."""

MOST_SWEEPS = 60
"""Sweeps that look for witnesses of many cells; what they leave is settled cell by cell."""

MOST_IDLE_SWEEPS = 6
"""Sweeps in a row that prove next to nothing, after which sweeping ends."""

PRIMAL_SIMPLEX, FEASIBLE, NO_LIMIT = 4, 2, 2**31 - 1
"""HiGHS's numbers of a strategy, of a solution status, and its largest limit of steps."""


class Program:
    """The unknowns of one component: ``lower <= sums @ x <= upper``, ``low <= x <= high``."""

    def __init__(
        self,
        sums: sp.csr_array,
        lower: np.ndarray,
        upper: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        *,
        interior: bool = False,
    ) -> None:
        """``interior``: also look for a solution away from all bounds, ``centre``; else it is the first witness."""
        self.size = sums.shape[1]
        self._low, self._high = low.astype(float), high.astype(float)
        matrix = sp.csc_array(sums)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = sums.shape[1], sums.shape[0]
        model.col_cost_ = np.zeros(self.size)
        model.col_lower_, model.col_upper_ = self._low, self._high
        model.row_lower_, model.row_upper_ = lower.astype(float), upper.astype(float)
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = matrix.indptr
        model.a_matrix_.index_ = matrix.indices
        model.a_matrix_.value_ = matrix.data.astype(float)
        self._solver = highspy.Highs()
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 1)
        self._solver.setOptionValue("random_seed", 1)
        self._solver.passModel(model)
        self._columns = np.arange(self.size, dtype=np.int32)
        self.solved = 0
        self.lowest, self.highest = np.full(self.size, np.inf), np.full(self.size, -np.inf)
        # The interior-point run comes first: it leaves no basis, and the sweeps go on from the one of the first witness.
        centre = self._interior() if interior else None
        self._point()
        self.centre = self.point if centre is None else centre
        self._solver.setOptionValue("simplex_strategy", PRIMAL_SIMPLEX)

    def proven_width(self, cells: np.ndarray | slice = slice(None)) -> np.ndarray:
        """For some unknowns, how far apart their whole-number values in the witnesses so far are."""
        return np.floor(self.highest[cells] + TOLERANCE) - np.ceil(self.lowest[cells] - TOLERANCE)

    def sweep(self, width: int, wanted: np.ndarray, most_steps: int | None = None) -> None:
        """Look for witnesses that prove ``width`` for many of the ``wanted`` unknowns at once.

        Each sweep raises (then lowers) all unproven cells together, none by more than ``width``: without that bound a
        program spends everything on a few cells.  Sweeping ends with the first
        sweep that takes more than ``most_steps`` steps of the solver: such a component is settled in other ways.
        """
        random = np.random.default_rng(1)
        idle = 0
        for number in range(MOST_SWEEPS):
            open_cells = wanted & (self.proven_width() < width)
            if not open_cells.any() or idle == MOST_IDLE_SWEEPS:
                return
            point = self.point
            up = number % 2 == 0
            cost = np.zeros(self.size)
            cost[open_cells] = random.uniform(0.5, 1.5, int(open_cells.sum())) * (-1.0 if up else 1.0)
            low, high = self._low.copy(), self._high.copy()
            if up:
                high[open_cells] = np.minimum(high, point + width)[open_cells]
            else:
                low[open_cells] = np.maximum(low, point - width)[open_cells]
            self._solver.changeColsBounds(self.size, self._columns, low, high)
            self._solver.changeColsCost(self.size, self._columns, cost)
            if not self._point(limit=most_steps):
                break
            after = wanted & (self.proven_width() < width)
            idle = idle + 1 if after.sum() > 0.98 * open_cells.sum() else 0

    def settle(self, width: int, wanted: np.ndarray) -> None:
        """Minimise and maximise each wanted unknown that is not proven wide, until it is or the extremes are known."""
        self._solver.changeColsBounds(self.size, self._columns, self._low, self._high)
        self._solver.changeColsCost(self.size, self._columns, np.zeros(self.size))
        for cell in np.flatnonzero(wanted):
            for sign in (-1.0, 1.0):
                if self.proven_width()[cell] >= width:
                    break
                self._solver.changeColCost(int(cell), sign)
                self._point()
                self._solver.changeColCost(int(cell), 0.0)

    def least(self, cell: int) -> float:
        """The smallest value of one unknown."""
        self._solver.changeColCost(cell, 1.0)
        self._point()
        self._solver.changeColCost(cell, 0.0)
        return float(self.point[cell])

    def learn(self, cells: np.ndarray, lowest: np.ndarray, highest: np.ndarray) -> None:
        """Take over witnesses of some unknowns that were found in a neighbourhood of ``point``."""
        self.lowest[cells] = np.minimum(self.lowest[cells], lowest)
        self.highest[cells] = np.maximum(self.highest[cells], highest)

    def bounds(self, cell: int) -> tuple[int, int]:
        """The smallest and largest whole number that a settled cell took."""
        return math.ceil(self.lowest[cell] - TOLERANCE), math.floor(self.highest[cell] + TOLERANCE)

    def _interior(self) -> np.ndarray | None:
        """A solution away from all bounds, or None where the interior-point method finds none.

        It is only a place to look from: nothing is concluded from it, and it is no witness.
        """
        self._solver.setOptionValue("solver", "ipm")
        self._solver.setOptionValue("run_crossover", "off")
        self._solver.run()
        found = self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        centre = np.asarray(self._solver.getSolution().col_value) if found else None
        self._solver.setOptionValue("solver", "simplex")
        self._solver.clearSolver()
        return centre

    def _point(self, limit: int | None = None) -> bool:
        """Solve, and add the solution to the witnesses; false if the solver stopped at ``limit`` steps.

        The primal simplex moves from witness to witness, so where it stops is one too.
        """
        self._solver.setOptionValue("simplex_iteration_limit", limit or NO_LIMIT)
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
        stopped = status == highspy.HighsModelStatus.kIterationLimit and limit is not None
        if stopped and self._solver.getInfo().primal_solution_status != FEASIBLE:
            return False
        if not stopped and status != highspy.HighsModelStatus.kOptimal:
            raise AnonymisationError(f"the linear program ended as {status}; nothing can be said about its cells")
        self.point = np.asarray(self._solver.getSolution().col_value)
        np.minimum(self.lowest, self.point, out=self.lowest)
        np.maximum(self.highest, self.point, out=self.highest)
        return not stopped
