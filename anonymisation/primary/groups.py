"""Group disclosure: margins whose whole count falls in one category of a sensitive dimension.

Belongs here: which margins these are, and what a pattern has to keep from a reader about them.  Does not belong here:
how it is kept.

Whoever is known to be in such a margin is known to be in its one category, however many they are (group attribute
disclosure: Hundepool et al., Statistical Disclosure Control, 2012, chapter 5; with a coalition of 0 the k-disclosure of
Lupp and Langsrud, Suppression of directly-disclosive cells in frequency tables, 2021, and of GaussSuppression).  To withhold the category alone is of no use: the published zeros beside it say the
same.  So at least one of the zeros must be withheld too, and in such a way that the category's count could be smaller
while the margin's stays.  That is one demand per margin, ``cell`` the category and ``still`` the margin; which zero is
withheld is left to the suppressor, who must be allowed to withhold zeros and to let them rise (a reader then gives a
withheld cell at least 0).  It holds for margins that are published and for those that are not.

A margin that has but one category because the dimension has no other there tells nothing and is left out.  A margin
with one person elsewhere, who can tell of all others, is left to the threshold and to ``singletons``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp

from anonymisation.primary.demands import Demand
from anonymisation.system import System


@dataclass(frozen=True)
class GroupDisclosure:
    """No margin may be known to fall in one category of ``dimension``."""

    dimension: str
    source: ClassVar[str] = "Hundepool et al., Statistical Disclosure Control, 2012, chapter 5"


def group_demands(system: System, counts: np.ndarray, rule: GroupDisclosure) -> list[Demand]:
    """A demand for every margin of ``counts`` (per cell of ``system``) with one non-empty category, in order of cells.

    The ``cell`` of each is a primary cell.  Where a margin and its category are one margin's only category in turn, down
    a hierarchy, each level has its own.  Costs O(sums).
    """
    rows = system.sums_along(rule.dimension)
    rows = rows[~system.incomplete[rows]]
    entries = sp.coo_array(system.sums[rows])
    part = entries.data < 0
    filled = part & (counts[entries.col] > 0)
    parts = np.bincount(entries.row[part], minlength=len(rows))
    non_empty = np.bincount(entries.row[filled], minlength=len(rows))
    margin, category = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    margin[entries.row[~part]] = entries.col[~part]
    category[entries.row[filled]] = entries.col[filled]
    lone = (non_empty == 1) & (parts > 1)
    return sorted({Demand(int(c), (int(m),)) for c, m in zip(category[lone], margin[lone], strict=True)})
