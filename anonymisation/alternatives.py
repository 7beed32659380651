"""Alternatives: other counts that a reader could not tell from the true ones, found by linear programs in a block.

Belongs here: the program of one block, and what is proven by its solutions.  Does not belong here: which block, which
cell next (``suppression``).

An alternative is a change ``d`` of the true counts with ``sums @ d == 0`` that leaves every published cell as it is
and every withheld one at least 1.  For a cell that needs protection, the program looks for the alternative in which
that cell rises by what it lacks and whose newly withheld cells cost least.  The cost of a cell, which is fixed
however far it moves, is charged per unit moved (Kelly, Golden and Assad 1992).
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import scipy.sparse as sp

from anonymisation.errors import AnonymisationError

TOLERANCE = 1e-6
"""How far from a whole number a solver's answer may lie and still be that number."""

PRIMAL_SIMPLEX = 4
"""HiGHS's number of that strategy."""

IDLE_COST = 1e-6
"""What moving a withheld cell by one costs: next to nothing, but a cycle that serves nobody is not worth it."""

SPREAD_COST = 1e-3
"""The same where proofs are gathered, each worth 1."""


class Proof:
    """What the alternatives found so far prove: each withheld cell took values from ``lowest`` to ``highest``."""

    def __init__(self, counts: np.ndarray, least: int) -> None:
        self.room = np.maximum(counts - least, 0).astype(np.float64)
        self.counts = counts.astype(np.float64)
        self.lowest = self.counts.copy()
        self.highest = self.counts.copy()
        self.alternatives: list[tuple[np.ndarray, np.ndarray]] = []

    def width(self, cells: np.ndarray) -> np.ndarray:
        """The proven width, in whole numbers, of the intervals of some cells."""
        return np.floor(self.highest[cells] + TOLERANCE) - np.ceil(self.lowest[cells] - TOLERANCE)

    def add(self, cells: np.ndarray, change: np.ndarray, forth: float, back: float) -> None:
        """Record that ``counts + forth * change`` and ``counts - back * change`` are alternatives."""
        self.alternatives.append((cells, forth * change if forth > 0 else -back * change))
        before = self.counts[cells]
        for alternative in (before + forth * change, before - back * change):
            self.lowest[cells] = np.minimum(self.lowest[cells], alternative)
            self.highest[cells] = np.maximum(self.highest[cells], alternative)


@dataclass(frozen=True)
class Alternative:
    """A change of some cells that leaves every sum as it is, and what withholding them all would cost more."""

    cells: np.ndarray
    change: np.ndarray
    cost: float


class BlockProgram:
    """The program of one block: a rise and a fall per cell, both at least 0, and the sums that must stay."""

    def __init__(
        self, columns: sp.csc_array, cells: np.ndarray, proof: Proof, price: np.ndarray, width: int
    ) -> None:
        """``columns``: the sums of the whole system; ``cells``: the block; ``price``: by cell, what withholding it
        costs, infinity where it must stay published."""
        self.cells = cells[np.isfinite(price[cells])]
        self._proof = proof
        self._prices, self._price = price, price[self.cells]
        self._width = width
        self._place = {int(cell): i for i, cell in enumerate(self.cells)}
        part = columns[:, self.cells]
        rows, compact = np.unique(part.indices, return_inverse=True)
        n = self._n = len(self.cells)
        self._room = proof.room[self.cells]
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = 2 * n, len(rows)
        model.col_cost_ = np.zeros(2 * n)
        model.col_lower_ = np.zeros(2 * n)
        model.col_upper_ = np.concatenate([np.full(n, highspy.kHighsInf), self._room])
        model.row_lower_ = model.row_upper_ = np.zeros(len(rows))
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.concatenate([part.indptr, part.indptr[1:] + part.indptr[-1]])
        model.a_matrix_.index_ = np.concatenate([compact, compact])
        values = part.data.astype(np.float64)
        model.a_matrix_.value_ = np.concatenate([values, -values])
        self._solver = highspy.Highs()
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 1)
        self._solver.setOptionValue("presolve", "off")
        self._solver.passModel(model)
        self._columns = np.arange(2 * n, dtype=np.int32)

    def __contains__(self, cell: int) -> bool:
        return cell in self._place

    def furthest(self, cell: int, sign: float, most: float) -> float:
        """How far ``cell`` can rise (``sign`` 1) or fall (-1) in whole steps, up to ``most``, whatever it costs."""
        place = self._place[cell] + (0 if sign > 0 else self._n)
        upper = np.concatenate([np.full(self._n, highspy.kHighsInf), self._room])
        upper[place] = min(most, upper[place])
        upper[self._place[cell] + (self._n if sign > 0 else 0)] = 0.0
        cost = np.full(2 * self._n, IDLE_COST)
        cost[place] = -1.0
        self._run(cost, np.zeros(2 * self._n), upper)
        return float(np.floor(np.asarray(self._solver.getSolution().col_value)[place] + TOLERANCE))

    def cheapest(
        self, cell: int, rise: float, withheld: np.ndarray, free: bool, still: tuple[int, ...] = ()
    ) -> Alternative | None:
        """The cheapest alternative in which ``cell`` rises by ``rise``, or None where there is none.

        The cells ``still`` keep their counts.

        A negative ``rise`` is a fall.  ``free``: only cells withheld already may change, so that it costs nothing.
        """
        place = self._place[cell]
        new = np.where(withheld[self.cells], 0.0, self._price)
        # A cell that can fall by little only is charged for its whole price over that little.
        cost = np.concatenate([new / self._width, new / np.clip(self._room, 1.0, self._width)])
        cost += IDLE_COST
        upper = np.concatenate([np.full(self._n, highspy.kHighsInf), self._room])
        if free:
            upper[np.tile(~withheld[self.cells], 2)] = 0.0
        held = np.isin(self.cells, still)
        upper[np.tile(held, 2)] = 0.0
        lower = np.zeros(2 * self._n)
        moving, resting = (place, self._n + place) if rise > 0 else (self._n + place, place)
        if abs(rise) > upper[moving]:
            return None
        lower[moving] = upper[moving] = abs(rise)
        upper[resting] = 0.0
        if not self._run(cost, lower, upper):
            return None
        cells, change = self._change()
        return Alternative(cells, change, float(np.where(withheld[cells], 0.0, self._prices[cells]).sum()))

    def take(self, alternative: Alternative) -> None:
        """Record what an alternative proves once all its cells are withheld."""
        rising = alternative.change > 0
        room = self._proof.room[alternative.cells]
        # What rises here falls in the reverse of the alternative, which is one too as long as counts allow.
        back = (room[rising] / alternative.change[rising]).min() if rising.any() else 0.0
        self._proof.add(alternative.cells, alternative.change, 1.0, back)

    def spread(self, withheld: np.ndarray, lacking: np.ndarray, rising: bool) -> None:
        """Look for an alternative among withheld cells in which many of the ``lacking`` ones rise (or fall) at once.

        None moves by more than the threshold: without that bound a program spends everything on a few cells.
        """
        inside = withheld[self.cells]
        target = np.isin(self.cells, lacking)
        upper = np.concatenate([np.where(inside, float(self._width), 0.0), np.where(inside, self._room, 0.0)])
        cost = np.full(2 * self._n, SPREAD_COST)
        cost[: self._n][target] = -1.0 if rising else 1.0
        cost[self._n :][target] = 1.0 if rising else -1.0
        if self._run(cost, np.zeros(2 * self._n), upper):
            cells, change = self._change()
            self.take(Alternative(cells, change, 0.0))

    def _change(self) -> tuple[np.ndarray, np.ndarray]:
        solution = np.asarray(self._solver.getSolution().col_value)
        change = solution[: self._n] - solution[self._n :]
        moved = np.abs(change) > TOLERANCE
        return self.cells[moved], change[moved]

    def _run(self, cost: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> bool:
        """Whether the program has a solution."""
        self._solver.changeColsBounds(2 * self._n, self._columns, lower, upper)
        self._solver.changeColsCost(2 * self._n, self._columns, cost)
        return has_solution(self._solver)


def has_solution(solver: highspy.Highs) -> bool:
    """Run a program for secondary suppression: whether it has a solution, which the solver then holds.

    Raises ``AnonymisationError`` where the solver says neither yes nor no.
    """
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kUnknown:
        # A basis that has become ill-conditioned: the same program from the start.
        solver.clearSolver()
        solver.run()
        status = solver.getModelStatus()
    if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible):
        raise AnonymisationError(f"a program for secondary suppression ended as {status}")
    return status == highspy.HighsModelStatus.kOptimal


def possibly_below(
    columns: sp.csc_array, counts: np.ndarray, withheld: np.ndarray, cells: np.ndarray, limit: int
) -> np.ndarray:
    """Which of ``cells``, all withheld, a reader cannot exclude to be below ``limit``.

    The reader is given less than she has: she allows a withheld count to be 0.  All sums are taken at once, so what
    is excluded here is excluded for certain.
    """
    unknown = np.flatnonzero(withheld)
    part = columns[:, unknown]
    rows, compact = np.unique(part.indices, return_inverse=True)
    values = part.data.astype(np.float64)
    right = sp.csc_array((values, compact, part.indptr), shape=(len(rows), len(unknown))) @ counts[unknown]
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(unknown), len(rows)
    model.col_cost_ = np.isin(unknown, cells).astype(np.float64)
    model.col_lower_, model.col_upper_ = np.zeros(len(unknown)), np.full(len(unknown), highspy.kHighsInf)
    model.row_lower_ = model.row_upper_ = right.astype(np.float64)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = part.indptr, compact, values
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(model)
    solver.run()
    lowest = np.asarray(solver.getSolution().col_value)
    # From one solution to the next only the cost changes, so the primal simplex goes on from where it is.
    solver.setOptionValue("simplex_strategy", PRIMAL_SIMPLEX)
    solver.changeColsCost(len(unknown), np.arange(len(unknown), dtype=np.int32), np.zeros(len(unknown)))
    for place in np.searchsorted(unknown, cells):
        if lowest[place] >= limit - TOLERANCE:
            solver.changeColCost(int(place), 1.0)
            solver.run()
            if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                raise AnonymisationError(f"a program for secondary suppression ended as {solver.getModelStatus()}")
            lowest = np.minimum(lowest, np.asarray(solver.getSolution().col_value))
            solver.changeColCost(int(place), 0.0)
    return lowest[np.searchsorted(unknown, cells)] < limit - TOLERANCE
