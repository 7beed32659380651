"""Interval propagation: what follows for each unknown from one sum at a time, until nothing more follows.

Belongs here: bounds by arithmetic alone.  Does not belong here: linear programs, which reason over many sums at once.

Also known as bounds propagation or feasibility-based bound tightening (Davis 1987); it is what a reader does who works
through a table with a pencil.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from anonymisation.errors import InconsistentTablesError

MOST_ROUNDS = 200
"""Rounds after which bounds are used as they are: they are valid at any time, only less tight."""


def propagate(
    sums: sp.csr_array, lower: np.ndarray, upper: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of the unknowns under ``lower <= sums @ x <= upper`` and ``low <= x <= high``.

    ``sums`` has entries +1 and -1; unknowns are whole numbers.  Returns new ``low`` and ``high``, each at least as
    tight as the old.  Raises ``InconsistentTablesError`` where an unknown has no value left.
    """
    entries = sums.tocoo()
    rows, columns, positive = entries.row, entries.col, entries.data > 0
    count = sums.shape[0]
    low, high = low.astype(float).copy(), high.astype(float).copy()
    for _ in range(MOST_ROUNDS):
        smallest = np.where(positive, low[columns], -high[columns])
        largest = np.where(positive, high[columns], -low[columns])
        rest_smallest = _others(rows, smallest, -np.inf, count)
        rest_largest = _others(rows, largest, np.inf, count)
        # entry = row sum - the others, so it lies between the row's bounds less the others' extremes.
        entry_low, entry_high = lower[rows] - rest_largest, upper[rows] - rest_smallest
        new_low, new_high = low.copy(), high.copy()
        np.maximum.at(new_low, columns, np.where(positive, entry_low, -entry_high))
        np.minimum.at(new_high, columns, np.where(positive, entry_high, -entry_low))
        if (new_low > new_high).any():
            raise InconsistentTablesError(
                f"{int((new_low > new_high).sum())} withheld cells have no possible count: published values contradict"
            )
        if np.array_equal(new_low, low) and np.array_equal(new_high, high):
            break
        low, high = new_low, new_high
    return low, high


def _others(rows: np.ndarray, values: np.ndarray, infinite: float, count: int) -> np.ndarray:
    """For each entry the sum of the other entries of its row, where one infinity makes the sum infinite."""
    unbounded = ~np.isfinite(values)
    finite = np.where(unbounded, 0.0, values)
    total = np.bincount(rows, finite, count)
    infinities = np.bincount(rows, unbounded, count)
    return np.where(infinities[rows] - unbounded > 0, infinite, total[rows] - finite)
