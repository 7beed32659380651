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
from anonymisation.primary import GroupDisclosure, Singletons


@dataclass(frozen=True)
class Verdict:
    """What an attack found, by what it breaks: each list up to ``possibly_small`` holds those before it, the others stand apart.

    ``primary``: how many withheld cells are primary.  ``singletons`` and ``groups``: what breaks these rules, where asked.
    """

    attack: Attack
    primary: int
    computed: tuple[Finding, ...]
    narrow: tuple[Finding, ...]
    possibly_small: tuple[Finding, ...]
    published: tuple[Finding, ...]
    singletons: tuple[Finding, ...]
    groups: tuple[Finding, ...]

    def broken(self, guarantee: Guarantee) -> tuple[Finding, ...]:
        """The findings that break a guarantee, or a rule besides."""
        of = {"exact": self.computed, "interval": self.narrow, "contract": self.possibly_small}
        return (*of[guarantee], *self.published, *self.singletons, *self.groups)


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
        singletons={pattern.table.name: pattern.ones} if Singletons() in policy.rules else None,
        groups=[rule.dimension for rule in policy.rules if isinstance(rule, GroupDisclosure)],
        solution=None if pattern.counts is None else {pattern.table.name: pattern.counts},
    )
    axes = pattern.table.axes
    place = {name: {code: i for i, code in enumerate(codes)} for name, codes in axes.items()}

    def is_primary(finding: Finding) -> bool:
        where = [place[name][finding.codes.get(name, hierarchies[name].total)] for name in axes]
        return bool(pattern.primary[tuple(where)])

    def of(*kinds: str) -> tuple[Finding, ...]:
        return tuple(finding for finding in found.findings if finding.kind in kinds)

    withheld = of("exact", "narrow")
    narrow = tuple(finding for finding in withheld if is_primary(finding))
    return Verdict(
        attack=found,
        primary=int((pattern.primary & ~pattern.table.published).sum()),
        computed=tuple(finding for finding in narrow if finding.low == finding.high),
        narrow=narrow,
        possibly_small=withheld,
        published=of("published"),
        # The rule is about primary cells: that a partner beside her own 1 is 0, its one person may know.
        singletons=tuple(finding for finding in of("singleton") if is_primary(finding)),
        groups=of("group"),
    )
