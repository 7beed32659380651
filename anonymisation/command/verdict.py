"""The verdict on a pattern: what the intruder finds, and which guarantee it breaks.

Belongs here: the sorting of findings.  Does not belong here: what a finding is (the intruder), the words (``report``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from anonymisation.command.pattern import Pattern
from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder import Attack, Finding, attack
from anonymisation.policy import Guarantee, Policy


@dataclass(frozen=True)
class Verdict:
    """What an attack found, by what it breaks: each list holds those before it; ``published`` stands apart.

    ``primary``: how many withheld cells are primary.
    """

    attack: Attack
    primary: int
    computed: tuple[Finding, ...]
    narrow: tuple[Finding, ...]
    possibly_small: tuple[Finding, ...]
    published: tuple[Finding, ...]

    def broken(self, guarantee: Guarantee) -> tuple[Finding, ...]:
        """The findings that break a guarantee."""
        of = {"exact": self.computed, "interval": self.narrow, "contract": self.possibly_small}
        return (*of[guarantee], *self.published)


def judge(pattern: Pattern, hierarchies: Mapping[str, Hierarchy], policy: Policy) -> Verdict:
    """Attack ``pattern`` and sort what is found."""
    found = attack(
        [pattern.table],
        hierarchies,
        policy.threshold,
        guarantee=policy.guarantee,
        # Left open, the reader tries 1 first: patterns of others may withhold zeros that are not there to be protected.
        least=0 if policy.least == 0 else None,
        primary={pattern.table.name: pattern.primary},
    )
    axes = pattern.table.axes
    place = {name: {code: i for i, code in enumerate(codes)} for name, codes in axes.items()}

    def is_primary(finding: Finding) -> bool:
        where = [place[name][finding.codes.get(name, hierarchies[name].total)] for name in axes]
        return bool(pattern.primary[tuple(where)])

    withheld = tuple(finding for finding in found.findings if not finding.published)
    narrow = tuple(finding for finding in withheld if is_primary(finding))
    return Verdict(
        attack=found,
        primary=int((pattern.primary & ~pattern.table.published).sum()),
        computed=tuple(finding for finding in narrow if finding.low == finding.high),
        narrow=narrow,
        possibly_small=withheld,
        published=tuple(finding for finding in found.findings if finding.published),
    )
