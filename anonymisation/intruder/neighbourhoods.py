"""Neighbourhoods: small parts of a large component, whose sums alone may show how large a cell must be.

Belongs here: choosing the parts.  Does not belong here: solving programs.

A reader who looks at some sums only knows less than one who looks at all, so what follows here follows everywhere, and
nothing depends on the choice.
"""

from __future__ import annotations

import heapq

import numpy as np
import scipy.sparse as sp


def grow(sums: sp.csr_array, columns: sp.csc_array, seed: int, largest: int) -> np.ndarray:
    """Up to ``largest`` unknowns around ``seed``: again and again the sum that lacks the fewest of its unknowns.

    ``sums`` and ``columns`` are the same matrix by row and by column.  Unknowns can only change along closed paths,
    and taking nearly complete sums first closes them.
    """
    chosen = {seed}
    held: dict[int, int] = {}
    queue: list[tuple[int, int]] = []

    def enter(unknown: int) -> None:
        for row in columns.indices[columns.indptr[unknown] : columns.indptr[unknown + 1]].tolist():
            held[row] = held.get(row, 0) + 1
            heapq.heappush(queue, (int(sums.indptr[row + 1] - sums.indptr[row]) - held[row], row))

    enter(seed)
    while queue:
        missing, row = heapq.heappop(queue)
        if missing != sums.indptr[row + 1] - sums.indptr[row] - held[row] or not missing:
            continue
        if len(chosen) + missing > largest:
            break
        for unknown in sums.indices[sums.indptr[row] : sums.indptr[row + 1]].tolist():
            if unknown not in chosen:
                chosen.add(unknown)
                enter(unknown)
    return np.array(sorted(chosen), dtype=np.int64)
