"""What the command says: of a pattern it made, and of one it attacked.

Belongs here: the words, and which guarantee a finding breaks.  Does not belong here: what a finding is (the intruder).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np

from anonymisation.command.pattern import Pattern
from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder import Attack, Finding, attack
from anonymisation.policy import Guarantee, Policy
from anonymisation.tables import CountTable

MOST_NAMED = 20
"""Findings that are named one by one; of the others the number is said."""

HOW = {
    "propagation": "by interval propagation",
    "equations": "by the rank of the sums",
    "witness": "by witnesses of linear programs",
    "neighbourhood": "by programs of a neighbourhood",
    "program": "by programs of their own",
}
"""How a cell can have been decided, as ``Attack.checked`` names it."""


def describe_pattern(table: CountTable, primary: np.ndarray, suppressed: np.ndarray) -> list[str]:
    """What a pattern costs, in numbers of cells and of what they count."""
    secondary = suppressed & ~primary
    cells, counts = table.counts.size, table.counts
    return [
        f"{cells} cells, {int((counts == 0).sum())} of them 0.",
        f"{int((primary & suppressed).sum())} primary and {int(secondary.sum())} secondary cells are suppressed,"
        f" {suppressed.sum() / cells:.1%} of all cells.",
        f"The counts of the secondary cells add up to {int(counts[secondary].sum())}; the grand total is"
        f" {'suppressed' if suppressed.ravel()[0] else 'published'}.",
    ]


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


def describe_verdict(verdict: Verdict, pattern: Pattern, policy: Policy) -> list[str]:
    """The report of an audit, ending with whether the guarantee of ``policy`` holds."""
    threshold, guarantee, broken = policy.threshold, policy.guarantee, verdict.broken(policy.guarantee)
    checked = verdict.attack.checked
    knows = "withheld ones 0 or more" if policy.least == 0 else "withheld ones 1 or more, as zeros are published"
    decided = [f"{checked[how]} {words}" for how, words in HOW.items() if checked.get(how)]
    fractions = checked.get("fractional", 0)
    named = "" if pattern.named else " (the file does not say which are, so every withheld cell is held to it)"
    rows = [
        ("", "sensitive counts that are published", verdict.published),
        ("exact", "primary cells that can be computed", verdict.computed),
        ("interval", f"primary cells with possible counts less than {threshold} apart", verdict.narrow),
        ("contract", f"withheld cells, possibly below {threshold}, less than {threshold} apart", verdict.possibly_small),
    ]
    asked = get_args(Guarantee).index(guarantee) + 2
    lines = [
        f"{verdict.attack.cells} cells, {verdict.attack.withheld} withheld, {verdict.primary} of them primary{named}.",
        f"The reader knows all that is published, how cells add up, and that counts are whole, {knows}.",
        f"Withheld cells checked: {', '.join(decided) or 'none'}; {checked.get('programs_solved', 0)} programs solved.",
        *([f"For {fractions} of them it is proven only that no linear reasoning comes closer."] if fractions else []),
        "",
        *(f"{name:10}{words:64}{len(findings):>8}" for name, words, findings in rows[:asked]),
        "",
        *(f"  {finding}" for finding in broken[:MOST_NAMED]),
    ]
    if len(broken) > MOST_NAMED:
        lines.append(f"  and {len(broken) - MOST_NAMED} more")
    lines.append(f"The guarantee {guarantee!r} is broken: {len(broken)} cells." if broken else f"The guarantee {guarantee!r} holds.")
    return lines
