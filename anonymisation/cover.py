"""The covering relaxation: which cells a cheap pattern would withhold, seen from single sums.

Belongs here: conditions that one sum alone puts on a pattern, and the linear program over all of them.  Does not
belong here: patterns; what single sums allow need not be safe, so this is a guide to the search and never a proof.

In a published sum no withheld cell may stand alone, and where a primary cell needs an interval of some width the other
withheld cells of the sum must be able to take up that width.  These are the bridge-less and cover inequalities of
Fischetti and Salazar-Gonzalez (2001), written for each sum with a variable for what its withheld cells can take up
together, so that the program grows linearly with the entries of the sums.
"""

from __future__ import annotations

import highspy
import numpy as np
import scipy.sparse as sp

MOST_ENTRIES = 150_000
"""Entries of the sums of a system beyond which the program takes longer than the search it guides."""


def covering(
    sums: sp.csr_array, primary: np.ndarray, room: np.ndarray, width: int, price: np.ndarray
) -> np.ndarray:
    """By cell, the fraction to which the cheapest solution of all conditions withholds it, between 0 and 1.

    Of a system of more than ``MOST_ENTRIES`` it says no more than that primary cells are withheld.  ``room``: how far each cell can fall; ``price``: what withholding it costs, infinity where it stays published.
    """
    if sums.nnz > MOST_ENTRIES:
        return primary.astype(np.float64)
    found = conditions(sums, primary, room, width, np.isfinite(price))
    if found is None:
        return primary.astype(np.float64)
    matrix, lower, extra = found
    cells = sums.shape[1]
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = matrix.shape[1], matrix.shape[0]
    model.col_cost_ = np.concatenate([np.where(primary | ~np.isfinite(price), 0.0, price), np.zeros(extra)])
    model.col_lower_ = np.concatenate([primary.astype(np.float64), np.zeros(extra)])
    model.col_upper_ = np.concatenate(
        [(primary | np.isfinite(price)).astype(np.float64), np.full(extra, highspy.kHighsInf)]
    )
    model.row_lower_, model.row_upper_ = lower, np.full(len(lower), highspy.kHighsInf)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
    model.a_matrix_.value_ = matrix.data
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        # Cells that must stay published can make the conditions impossible; the search says so, cell by cell.
        return primary.astype(np.float64)
    return np.clip(np.asarray(solver.getSolution().col_value)[:cells], 0.0, 1.0)


def conditions(
    sums: sp.csr_array, primary: np.ndarray, room: np.ndarray, width: int, allowed: np.ndarray
) -> tuple[sp.csr_array, np.ndarray, int] | None:
    """The rows ``matrix @ (withheld, taken up) >= lower``, and how many variables of the second kind there are."""
    cells = sums.shape[1]
    usable = allowed | primary
    entries = sp.coo_array(sums)
    keep = usable[entries.col]
    row, cell, sign = entries.row[keep], entries.col[keep], entries.data[keep]
    rows = sums.shape[0]
    has_primary = np.zeros(rows, dtype=bool)
    has_primary[row[primary[cell]]] = True
    # What a primary part needs others to take up when it rises; 0 where it is enough that any other cell moves, as for
    # a parent, and for a part that can fall as far as is needed.
    needs = np.where((sign < 0) & primary[cell], np.maximum(width - room[cell], 0), 0)
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    lower: list[np.ndarray] = []
    count = 0
    for need in np.unique(needs[primary[cell]]).tolist():
        asking = primary[cell] & (needs == need)
        here = np.zeros(rows, dtype=bool)
        here[row[asking]] = True
        weight = np.where(sign > 0, 1.0, np.minimum(room[cell], need) / need) if need else np.ones(len(cell))
        own = np.zeros(rows)
        np.maximum.at(own, row[asking], weight[asking])
        # Rows that hold on primary cells alone are left out.
        sure = np.bincount(row, weights=np.where(primary[cell], weight, 0.0), minlength=rows)
        here &= sure < 1.0 + own - 1e-9
        number = np.cumsum(here) - 1
        inside = here[row] & (weight > 0)
        parts.append((count + number[row[inside]], cell[inside], weight[inside]))
        lower.append((1.0 + own)[here])
        count += int(here.sum())
    # Rows without a primary cell: whoever is withheld is not alone.
    open_row = ~has_primary
    taken = np.cumsum(open_row) - 1
    inside = open_row[row]
    extra = int(open_row.sum())
    number = taken[row[inside]]
    parts.append((count + number, cell[inside], np.ones(int(inside.sum()))))
    parts.append((count + np.arange(extra), cells + np.arange(extra), np.full(extra, -1.0)))
    lower.append(np.zeros(extra))
    count += extra
    alone = np.arange(int(inside.sum()))
    parts.append((count + alone, cells + number, np.ones(len(alone))))
    parts.append((count + alone, cell[inside], np.full(len(alone), -2.0)))
    lower.append(np.zeros(len(alone)))
    count += len(alone)
    if not count:
        return None
    which, column, value = (np.concatenate(list(part)) for part in zip(*parts, strict=True))
    matrix = sp.coo_array((value, (which, column)), shape=(count, cells + extra))
    return sp.csr_array(matrix), np.concatenate(lower), extra
