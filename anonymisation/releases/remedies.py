"""Remedies: the cells of a draft that are cheapest to withhold so that a reader of it and of other releases no longer tells a count.

Belongs here: the linear program of one reader's system in which published cells of the draft may be withheld.  Does not belong here: what
is told to her (``attack``), which cells may be withheld at all, and in which order this is done (``protection``).

The program looks for other counts that satisfy all that she holds, in which the told count is further from what she takes it for by as
much as the threshold, and in which the published cells of the draft that change, each by the price of withholding it, cost least; a price
that is fixed however far a cell moves is charged per unit moved (Kelly, Golden and Assad 1992).  The cells that change are the remedy.
A published cell that another release tells as well helps only where she cannot take it to be as that tells it, because what follows would
contradict what she holds.  The program does not see that; where a remedy does not help, its cells are known to her from then on, so that
the next one is another.
"""

from __future__ import annotations

import highspy
import numpy as np
import scipy.sparse as sp

from anonymisation.alternatives import TOLERANCE, has_solution
from anonymisation.releases.joint import Joint, Merged


class Remedies:
    """The system of one reader, ``joint`` under the guesses by which it is ``merged``, whose last release is a draft.

    ``price``: by cell of the draft, what withholding it costs, infinity where it stays published; ``least``: what readers then know it to
    be at least.
    """

    def __init__(self, joint: Joint, merged: Merged, price: np.ndarray, least: int) -> None:
        last = len(joint.snapshots) - 1
        draft = joint.snapshots[last]
        self._cells = np.flatnonzero(draft.known & np.isfinite(price))
        self._size = len(self._cells)
        own_price = price[self._cells]
        self._unknowns = len(merged.least)
        unknown = np.flatnonzero(merged.unknown >= 0)
        into = sp.csr_array(
            (np.ones(len(unknown)), (unknown, merged.unknown[unknown])), shape=(len(joint.known), self._unknowns)
        )
        numbers = np.where(joint.known, joint.values, np.maximum(merged.value, 0)).astype(np.float64)
        others = joint.sums[np.flatnonzero(joint.sum_release != last)]
        known = np.where(draft.known, draft.values, 0).astype(np.float64)
        own = np.flatnonzero(joint.release == last)
        known[joint.cell[own]] = numbers[own]
        sums, incomplete = sp.csr_array(draft.system.sums.astype(np.float64)), draft.system.incomplete
        matrix = sp.block_array(
            [
                [others @ into, sp.csr_array((others.shape[0], self._size))],
                [sums[:, joint.cell[own]] @ into[own], sums[:, self._cells]],
            ],
            format="csr",
        )
        upper = np.concatenate([joint.upper[joint.sum_release != last], np.where(incomplete, np.inf, 0.0)])
        lower = 0.0 - np.concatenate([others @ numbers, sums @ known])
        kept = np.flatnonzero(np.diff(matrix.indptr))
        rises, falls = matrix[kept][:, self._unknowns :], -matrix[kept][:, self._unknowns :]
        whole = sp.csc_array(sp.block_array([[matrix[kept][:, : self._unknowns], rises, falls]]))
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = whole.shape
        model.col_cost_ = np.concatenate([np.zeros(self._unknowns), own_price, own_price])
        room = np.maximum(draft.values[self._cells] - least, 0).astype(np.float64)
        model.col_lower_ = np.concatenate([merged.least.astype(np.float64), np.zeros(2 * self._size)])
        model.col_upper_ = np.concatenate([np.full(self._unknowns + self._size, np.inf), room])
        model.row_lower_, model.row_upper_ = lower[kept], (lower + upper)[kept]
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = whole.indptr, whole.indices, whole.data
        self._least = merged.least
        self._solver = highspy.Highs()
        for option, setting in (("output_flag", False), ("threads", 1), ("random_seed", 1)):
            self._solver.setOptionValue(option, setting)
        self._solver.passModel(model)

    def against(self, unknown: int, low: int, high: int, threshold: int) -> np.ndarray:
        """The cells of the draft to withhold against telling that an unknown lies between ``low`` and ``high``; none where nothing helps.

        What was found once costs nothing more when the next is asked for.
        """
        least = int(self._least[unknown])
        found = self._changed(unknown, float(low + threshold), np.inf)
        if not found.size and high - threshold >= least:
            found = self._changed(unknown, float(least), float(high - threshold))
        for column in (*(self._unknowns + found), *(self._unknowns + self._size + found)):
            self._solver.changeColCost(int(column), 0.0)
        return self._cells[found]

    def _changed(self, unknown: int, lower: float, upper: float) -> np.ndarray:
        self._solver.changeColBounds(unknown, lower, upper)
        solved = has_solution(self._solver)
        values = np.asarray(self._solver.getSolution().col_value)[self._unknowns :]
        self._solver.changeColBounds(unknown, float(self._least[unknown]), np.inf)
        if not solved:
            return np.zeros(0, dtype=np.int64)
        values = values.reshape(2, self._size)
        return np.flatnonzero(np.abs(values[0] - values[1]) > TOLERANCE)
