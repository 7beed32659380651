"""Neighbours: the cells near some cells, by the sums that they share.

Belongs here: walking from cells to sums and back, for the suppressor.  Does not belong here: what is looked for among
the cells found.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def near(
    rows: sp.csr_array,
    columns: sp.csc_array,
    length: np.ndarray,
    seeds: np.ndarray,
    candidate: np.ndarray,
    most: int,
) -> np.ndarray:
    """The seeds and up to ``most`` cells in all near them, in increasing order.

    ``rows`` and ``columns`` hold the same sums; ``length`` says by sum how long it is: cells that share a sum come
    before those further away, and those of short sums first.  Only ``candidate`` cells (a mask) are taken.
    """
    inside = np.zeros(len(candidate), dtype=bool)
    inside[seeds] = True
    frontier, count = np.asarray(seeds), len(seeds)
    while len(frontier) and count < most:
        sums = np.unique(_gather(columns, frontier))
        sums = sums[np.argsort(length[sums], kind="stable")]
        found = _gather(rows, sums)
        found = found[candidate[found] & ~inside[found]]
        _, first = np.unique(found, return_index=True)
        frontier = found[np.sort(first)][: most - count]
        inside[frontier] = True
        count += len(frontier)
    return np.flatnonzero(inside)


def _gather(matrix: sp.csr_array | sp.csc_array, which: np.ndarray) -> np.ndarray:
    """The indices stored in some rows (or columns) of a matrix, one after the other."""
    starts, lengths = matrix.indptr[which], matrix.indptr[which + 1] - matrix.indptr[which]
    ends = np.cumsum(lengths)
    if not len(ends):
        return np.zeros(0, dtype=matrix.indices.dtype)
    return matrix.indices[np.repeat(starts - ends + lengths, lengths) + np.arange(ends[-1])]
