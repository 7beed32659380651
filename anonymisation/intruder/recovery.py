"""Exact linear recovery: which unknowns the equations determine by themselves, whatever the counts can be.

Belongs here: the rank argument.  Does not belong here: what follows from counts being whole and not negative
(``propagation``, ``programs``).

An unknown is determined if and only if every solution of ``sums @ d == 0`` is 0 there (the test by which
GaussSuppression protects; Langsrud 2024).  A random vector projected onto these solutions is, with probability 1, 0 at
the determined unknowns and nowhere else, so one projection tests all of them (conjugate
gradients on the least squares, CGLS; Hestenes and Stiefel 1952).  Its
arithmetic is rounded, so nothing is called safe by it: it only says where it is no use to look for a witness.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

STILL = 1e-8
"""What a projected standard normal number is at most where it should be 0."""

CLOSE, MOST_STEPS = 1e-13, 20_000
"""How much smaller than at the start the slope is at the end, and the steps after which it is left as it is."""


def determined(equations: sp.csr_array) -> np.ndarray:
    """Which unknowns (columns) have the same value in all real solutions of the ``equations``."""
    count = equations.shape[1]
    if not equations.shape[0]:
        return np.zeros(count, dtype=bool)
    forth = sp.csr_array(equations, dtype=np.float64)
    back = sp.csr_array(forth.T)
    moves = np.zeros(count)
    for seed in (1, 2):
        moves = np.maximum(moves, np.abs(_projected(forth, back, np.random.default_rng(seed).standard_normal(count))))
    return moves < STILL


def _projected(forth: sp.csr_array, back: sp.csr_array, vector: np.ndarray) -> np.ndarray:
    """The nearest vector to ``vector`` that the equations map to 0."""
    vector = vector.copy()
    residual = -(forth @ vector)
    slope = back @ residual
    step, steepness = slope.copy(), float((slope * slope).sum())
    enough = CLOSE * CLOSE * steepness
    for _ in range(MOST_STEPS):
        if steepness <= enough:
            break
        change = forth @ step
        length = steepness / float((change * change).sum())
        vector += length * step
        residual -= length * change
        slope = back @ residual
        before, steepness = steepness, float((slope * slope).sum())
        step = slope + (steepness / before) * step
    return vector
