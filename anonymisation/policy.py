"""What may be published: the rules, as data.

Belongs here: the declaration of a policy and what its parts mean.  Does not belong here: code that applies a rule
(``primary``, ``suppression``) or attacks a table (``intruder``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from anonymisation.primary import GroupDisclosure, Singletons

Guarantee = Literal["exact", "interval", "contract"]
"""What is proven of withheld cells.

``exact``: no primary cell can be computed.  ``interval``: every primary cell's feasible interval, largest minus
smallest possible count, is at least ``threshold`` wide.  ``contract``: the same for every withheld cell, primary or
not, whose smallest possible count is below ``threshold``.
"""

Zeros = Literal["published", "available", "sensitive"]
"""``published``: zeros are published, and never withheld to protect another cell.  ``available``: they may be withheld
to protect another.  ``sensitive``: they are withheld as counts below the threshold are."""

Reader = Literal["rules", "non-negative"]
"""What the reader knows besides all that is published: that counts are whole, not negative, and the rules
(``rules``); or that they are not negative and no more (``non-negative``), the reader whom other tools assume."""

Cost = Literal["information", "cells", "counts"]
"""What withholding a cell costs: more the more of the finest cells it sums up and the more tables show it, so that totals stay
published, and the more it counts (``information``); the same for every cell (``cells``); or its count (``counts``), as other tools have it."""


@dataclass(frozen=True)
class Policy:
    """A suppression policy for counts.

    ``threshold``: counts from 1 to ``threshold - 1`` are never published.  ``rules``: further rules of ``primary``,
    kept besides.  The other parts are described with their types.  Raises ``ValueError`` naming the part that is wrong.
    """

    threshold: int = 5
    guarantee: Guarantee = "contract"
    zeros: Zeros = "published"
    reader: Reader = "rules"
    cost: Cost = "information"
    rules: tuple[Singletons | GroupDisclosure, ...] = ()

    def __post_init__(self) -> None:
        if self.threshold < 2:
            raise ValueError(f"threshold {self.threshold}: a threshold below 2 suppresses nothing; give 2 or more")
        for name, kind in (("guarantee", Guarantee), ("zeros", Zeros), ("reader", Reader), ("cost", Cost)):
            if getattr(self, name) not in get_args(kind):
                raise ValueError(f"{name} {getattr(self, name)!r}: give one of {', '.join(get_args(kind))}")
        if self.zeros == "published" and any(isinstance(rule, GroupDisclosure) for rule in self.rules):
            raise ValueError("zeros 'published': beside published zeros a lone category shows; give 'available'")

    @property
    def width(self) -> int:
        """How wide the interval of a protected cell must be at least, in whole numbers."""
        return 1 if self.guarantee == "exact" else self.threshold

    @property
    def least(self) -> int:
        """The smallest count that the reader thinks a withheld cell can have."""
        return 1 if self.reader == "rules" and self.zeros == "published" else 0
