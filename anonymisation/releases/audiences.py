"""Several audiences: who sees less is protected first, and whoever sees more holds that as well.

Belongs here: the order of the audiences and what each holds.  Does not belong here: how a pattern is found
(``protection``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anonymisation.errors import TableError
from anonymisation.hierarchy import Hierarchy
from anonymisation.policy import Policy
from anonymisation.protection import Protection
from anonymisation.releases.protection import protect_beside
from anonymisation.releases.release import Release
from anonymisation.tables import CountTable, PublishedTable


@dataclass(frozen=True)
class Audience:
    """Who is shown ``tables`` under ``policy``.

    ``earlier``: everything that readers of this audience hold already, tables of other audiences included, oldest
    first.
    """

    name: str
    tables: Sequence[CountTable]
    policy: Policy
    earlier: Sequence[Release] = ()


def protect_audiences(audiences: Sequence[Audience], hierarchies: Mapping[str, Hierarchy]) -> dict[str, Protection]:
    """Protect each audience's tables, by name of the audience: the public first, then those entitled to more.

    Readers of an audience hold the tables of those before it too.  What these publish stays published to her, so no
    two patterns contradict each other; what these withhold she is shown only by her own tables, and everything
    together keeps the guarantee of her own policy.  Names of tables are unique over all audiences.

    Raises ``ReleaseRefusedError`` and ``TableError`` as ``protect_release`` does, and ``TableError`` where an audience
    has a higher threshold than one before it: what that one shows cannot be taken back.
    """
    names = [table.name for audience in audiences for table in audience.tables]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableError(f"two tables have the name {twice[0]!r}")
    protections: dict[str, Protection] = {}
    others: list[CountTable] = []
    shown: dict[str, PublishedTable] = {}
    least: dict[str, int] = {}
    lowest = None
    for audience in audiences:
        if lowest is not None and audience.policy.threshold > lowest:
            raise TableError(f"audience {audience.name!r} has a higher threshold than one before it; give it first")
        lowest = audience.policy.threshold
        protection = protect_beside(audience.tables, hierarchies, audience.policy, audience.earlier, others, shown, least)
        protections[audience.name] = protection
        others += audience.tables
        shown |= protection.tables
        least |= dict.fromkeys(protection.tables, audience.policy.least)
    return protections
