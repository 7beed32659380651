"""Primary rules: which cells are sensitive in themselves.

Belongs here: one function per rule, from counts to a mask.  Does not belong here: what protects a sensitive cell.
"""

from __future__ import annotations

import numpy as np


def below_threshold(counts: np.ndarray, threshold: int) -> np.ndarray:
    """Counts from 1 to ``threshold - 1``: the minimum frequency rule (Hundepool et al., Statistical Disclosure
    Control, 2012, section 4.2)."""
    return (counts > 0) & (counts < threshold)
