"""What may be published: the rules, as data.

Belongs here: the declaration of a policy and what its parts mean.  Does not belong here: code that applies a rule
(``primary``, ``suppression``) or attacks a table (``intruder``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """A suppression policy for counts.

    ``threshold``: counts from 1 to ``threshold - 1`` are never published, and every suppressed cell keeps a feasible
    interval at least ``threshold`` wide.  Zeros are published and never used as partners, so a reader who knows the
    rule knows that a suppressed count is at least 1; the guarantee holds against that reader too.
    """

    threshold: int = 5

    def __post_init__(self) -> None:
        if self.threshold < 2:
            raise ValueError(f"threshold {self.threshold}: a threshold below 2 suppresses nothing; give 2 or more")
