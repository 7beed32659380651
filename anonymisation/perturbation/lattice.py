"""One program of controlled rounding: multiples for some cells of a system while the others stay as they are.

Belongs here: the integer program and the solver (HiGHS; Huangfu and Hall 2018).  Does not belong here: which cells, in
which order (``controlled``).

Values are counted in multiples of the base.  A count between two multiples is free to take either; how far a value
lies beyond these neighbours is its *excess*, which a strict program does not allow and a relaxed one charges.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import scipy.sparse as sp

FEASIBLE = 2
"""HiGHS's number of that solution status."""

EXCESS_PRICE = 20
"""What one multiple of excess costs, in multiples of distance: it is avoided where anything else will do."""

MOST_EXCESS = 2
"""How many multiples beyond a neighbour a value may lie."""

NEAR_ENOUGH = 0.02
"""The share of the best value by which a program may miss it."""


@dataclass(frozen=True)
class Lattice:
    """The cells of a system before rounding.  ``floor``: the count in whole multiples; ``between``: whether it is none.

    ``cost``: what the upper neighbour costs more than the lower, in distance.
    """

    sums: sp.csr_array
    columns: sp.csc_array
    floor: np.ndarray
    between: np.ndarray
    cost: np.ndarray
    base: int

    def excess(self, values: np.ndarray) -> np.ndarray:
        """By cell, how many multiples a value lies beyond the neighbours of its count."""
        return np.maximum(self.floor - values, 0) + np.maximum(values - self.floor - self.between, 0)

    def neighbours(self, cells: np.ndarray, seed: int) -> np.ndarray | None:
        """Any strict values for ``cells``, with all other cells at their floor; None where none are found.

        Feasibility jump (Luteberget and Sartor 2023), the solver's first heuristic, looks for them; the solver is
        stopped once that and the relaxation after it have found nothing, for a proof that there are none may take
        for ever.  Rounding is hard, and in four dimensions often not possible (Fischetti and Salazar-Gonzalez 1998).
        """
        cells = cells[self.between[cells]]
        matrix, right = self._rows(cells, self.floor)
        solver = self._solver(matrix, right, np.zeros(len(cells)), np.ones(len(cells)))
        solver.setOptionValue("random_seed", seed)
        asked = 0

        def stop(event: highspy.HighsCallbackEvent) -> None:
            nonlocal asked
            asked += 1
            if asked > 2:
                event.interrupt()

        solver.cbMipInterrupt.subscribe(stop)
        found = self._run(solver)
        return None if found is None else self._placed(cells, self.floor[cells] + found)

    def anyhow(self) -> np.ndarray | None:
        """Any relaxed values for all cells; None where even these are not found."""
        cells = np.arange(len(self.floor))
        solver, free = self._relaxed(cells, self.floor)
        solver.cbMipImprovingSolution.subscribe(lambda event: event.interrupt())
        found = self._run(solver)
        return None if found is None else self._unpacked(cells, free, found)

    def better(self, values: np.ndarray, cells: np.ndarray, relaxed: bool) -> np.ndarray:
        """``values``, or nearer ones for ``cells``; relaxed if they may lie beyond the neighbours."""
        new = values.copy()
        if relaxed:
            solver, free = self._relaxed(cells, values)
            start = values[cells] - self.floor[cells]
            step = np.clip(start[free], 0, 1)
            start[free] -= step
            self._start(solver, np.concatenate([step, np.maximum(start, 0), np.maximum(-start, 0)]))
            found = self._run(solver)
            if found is not None:
                new[cells] = self._unpacked(cells, free, found)
            return new
        cells = cells[self.between[cells]]
        matrix, right = self._rows(cells, values)
        solver = self._solver(matrix, right, self.cost[cells], np.ones(len(cells)))
        self._start(solver, values[cells] - self.floor[cells])
        found = self._run(solver)
        if found is not None:
            new[cells] = self.floor[cells] + found
        return new

    def _placed(self, cells: np.ndarray, values: np.ndarray) -> np.ndarray:
        placed = self.floor.copy()
        placed[cells] = values
        return placed

    def _rows(self, cells: np.ndarray, values: np.ndarray) -> tuple[sp.csr_array, np.ndarray]:
        """The sums with any of ``cells``, and what their steps above the floor must add up to if the rest stays."""
        rows = np.unique(self.columns[:, cells].indices)
        inside = sp.csr_array(self.sums[rows][:, cells])
        return inside, inside @ (values[cells] - self.floor[cells]) - self.sums[rows] @ values

    def _relaxed(self, cells: np.ndarray, values: np.ndarray) -> tuple[highspy.Highs, np.ndarray]:
        """A program over steps of the cells that are ``free`` to step, then excess above, then excess below."""
        free = np.flatnonzero(self.between[cells])
        matrix, right = self._rows(cells, values)
        most = np.full(len(cells), MOST_EXCESS)
        price = np.full(2 * len(cells), EXCESS_PRICE * self.base)
        solver = self._solver(
            sp.hstack([matrix[:, free], matrix, -matrix]),
            right,
            np.concatenate([self.cost[cells[free]], price]),
            np.concatenate([np.ones(len(free)), most, np.minimum(most, self.floor[cells])]),
        )
        return solver, free

    def _unpacked(self, cells: np.ndarray, free: np.ndarray, found: np.ndarray) -> np.ndarray:
        values = self.floor[cells] + found[len(free) : len(free) + len(cells)] - found[len(free) + len(cells) :]
        values[free] += found[: len(free)]
        return values

    def _solver(self, matrix: sp.sparray, right: np.ndarray, cost: np.ndarray, most: np.ndarray) -> highspy.Highs:
        columns = sp.csc_array(matrix)
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = columns.shape
        model.col_cost_ = cost.astype(float)
        model.col_lower_, model.col_upper_ = np.zeros(len(cost)), most.astype(float)
        model.row_lower_ = model.row_upper_ = right.astype(float)
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = columns.indptr
        model.a_matrix_.index_ = columns.indices
        model.a_matrix_.value_ = columns.data.astype(float)
        model.integrality_ = [highspy.HighsVarType.kInteger] * len(cost)
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("random_seed", 1)
        solver.setOptionValue("mip_rel_gap", NEAR_ENOUGH)
        solver.setOptionValue("mip_max_nodes", 1)
        solver.passModel(model)
        return solver

    @staticmethod
    def _start(solver: highspy.Highs, values: np.ndarray) -> None:
        start = highspy.HighsSolution()
        start.col_value = values.astype(float).tolist()
        solver.setSolution(start)

    @staticmethod
    def _run(solver: highspy.Highs) -> np.ndarray | None:
        solver.run()
        if solver.getInfo().primal_solution_status != FEASIBLE:
            return None
        return np.rint(np.asarray(solver.getSolution().col_value)).astype(np.int64)
