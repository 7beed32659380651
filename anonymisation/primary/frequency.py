"""The minimum frequency rule, with zeros published or sensitive.

Belongs here: sensitivity by the count of a cell alone.  Does not belong here: rules that look at its neighbours.
"""

from __future__ import annotations

import numpy as np


def below_threshold(counts: np.ndarray, threshold: int, *, zeros: bool = False) -> np.ndarray:
    """Counts from 1 to ``threshold - 1``: the minimum frequency rule (Hundepool et al., Statistical Disclosure
    Control, 2012, section 4.2).

    ``zeros``: 0 is sensitive too (that nobody is in a category can be as telling as that few are); withheld zeros
    then make the reader give any withheld cell at least 0.
    """
    return (counts >= (0 if zeros else 1)) & (counts < threshold)
