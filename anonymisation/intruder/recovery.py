"""Exact linear recovery: which unknowns the equations determine by themselves, whatever the counts can be.

Belongs here: the rank argument.  Does not belong here: what follows from counts being whole and not negative
(``propagation``, ``programs``).

An unknown is determined if and only if every solution of ``sums @ d == 0`` is 0 there (the test by which
GaussSuppression protects; Langsrud 2024).  A random vector projected onto these solutions is, with probability 1, 0 at
the determined unknowns and nowhere else, so one projection (LSQR; Paige and Saunders 1982) tests all of them.  Its
arithmetic is rounded, so nothing is called safe by it: it only says where it is no use to look for a witness.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, lsqr

STILL = 1e-8
"""What a projected standard normal number is at most where it should be 0."""

MOST_STEPS = 20_000


def determined(equations: sp.csr_array) -> np.ndarray:
    """Which unknowns (columns) have the same value in all real solutions of the ``equations``."""
    count = equations.shape[1]
    if not equations.shape[0]:
        return np.zeros(count, dtype=bool)
    forth = sp.csr_array(equations, dtype=np.float64)
    back = sp.csr_array(forth.T)
    operator = LinearOperator(forth.shape, matvec=forth.__matmul__, rmatvec=back.__matmul__, dtype=np.float64)
    moves = np.zeros(count)
    for seed in (1, 2):
        direction = np.random.default_rng(seed).standard_normal(count)
        along = direction - lsqr(operator, forth @ direction, atol=1e-14, btol=1e-14, conlim=0, iter_lim=MOST_STEPS)[0]
        moves = np.maximum(moves, np.abs(along))
    return moves < STILL
