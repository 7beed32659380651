"""What may be published of records: the rules, as data.

Belongs here: the declaration of a policy for records and what its parts mean.  Does not belong here: code that applies it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from anonymisation.records.models import Model

Recoding = Literal["global", "local"]
"""``global``: a column has one level in all records.  ``local``: each record is coarsened no more than it needs."""

Suppressed = Literal["top", "removed", "recoded"]
"""What becomes of suppressed records.  ``top``: they stay, every quasi-identifier at its top level, and as a class keep the policy as
every other.  ``removed``: they are left out.  ``recoded``, with global recoding: they are recoded locally, from the levels of the
columns upward and no further than needed."""

Loss = Literal["granularity", "entropy", "discernibility", "class-size"]
"""What is kept smallest; ``losses`` defines them."""


@dataclass(frozen=True)
class RecordPolicy:
    """A policy for records published one by one.

    ``quasi_identifiers``: columns that somebody may know of a person.  ``k``: records that look alike in all of them, at least; a
    blank is a value of its own.  ``k_map``: people of the population table that look alike, at least (with ``k=1``: k-map alone).
    ``sensitive``: models by sensitive column.  ``max_suppressed``: share of records that may be suppressed, 0 to 1.
    ``importance``: what losing detail in a column counts, 1 where not given.  The other parts are described with their types;
    local recoding weighs ``granularity`` only, and suppresses only records for which it leaves nothing but tops.  Raises ``ValueError`` naming the part that is wrong.
    """

    quasi_identifiers: tuple[str, ...]
    k: int = 5
    k_map: int | None = None
    sensitive: Mapping[str, tuple[Model, ...]] = field(default_factory=dict)
    max_suppressed: float = 0.05
    recoding: Recoding = "global"
    suppressed: Suppressed = "top"
    loss: Loss = "granularity"
    importance: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "quasi_identifiers", tuple(self.quasi_identifiers))
        object.__setattr__(self, "sensitive", {name: tuple(models) for name, models in self.sensitive.items()})
        if not self.quasi_identifiers:
            raise ValueError("quasi_identifiers: name at least one column")
        if len(set(self.quasi_identifiers)) < len(self.quasi_identifiers):
            raise ValueError("quasi_identifiers: a column is named twice")
        if self.k < 1:
            raise ValueError(f"k {self.k}: give 1 or more")
        if self.k_map is not None and self.k_map < 1:
            raise ValueError(f"k_map {self.k_map}: give 1 or more")
        if self.k == 1 and self.k_map in (None, 1) and not any(self.sensitive.values()):
            raise ValueError("k 1: this protects nothing; give 2 or more, or another model")
        if not 0 <= self.max_suppressed <= 1:
            raise ValueError(f"max_suppressed {self.max_suppressed}: a share of records is from 0 to 1")
        for name, kind in (("recoding", Recoding), ("suppressed", Suppressed), ("loss", Loss)):
            if getattr(self, name) not in get_args(kind):
                raise ValueError(f"{name} {getattr(self, name)!r}: give one of {', '.join(get_args(kind))}")
        both = sorted(set(self.quasi_identifiers) & set(self.sensitive))
        if both:
            raise ValueError(f"sensitive: {both[0]!r} is a quasi-identifier as well; a column is one or the other")
        for name, weight in self.importance.items():
            if name not in self.quasi_identifiers:
                raise ValueError(f"importance: {name!r} is not a quasi-identifier")
            if not (0 < weight < float("inf")):
                raise ValueError(f"importance of {name!r} is {weight}; give a number above 0")
        if self.recoding == "local" and self.suppressed == "recoded":
            raise ValueError("suppressed 'recoded': local recoding recodes every record; give 'top' or 'removed'")
        if self.recoding == "local" and self.loss != "granularity":
            raise ValueError(f"loss {self.loss!r}: local recoding weighs granularity; give that")

    def weight(self, column: str) -> float:
        """What losing detail in a quasi-identifier counts."""
        return float(self.importance.get(column, 1.0))
