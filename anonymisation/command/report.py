"""What the command says: of a pattern it made, and of one it attacked.

Belongs here: the words.  Does not belong here: what they are about (``pattern``, ``verdict``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np

from anonymisation.command.pattern import Pattern
from anonymisation.policy import Guarantee, Policy
from anonymisation.primary import GroupDisclosure, Singletons
from anonymisation.tables import CountTable

if TYPE_CHECKING:
    from anonymisation.command.verdict import Verdict

MOST_NAMED = 20
"""Findings that are named one by one; of the others the number is said."""

HOW = {
    "propagation": "by interval propagation",
    "equations": "by the rank of the sums",
    "witness": "by witnesses",
    "neighbourhood": "by programs of a neighbourhood",
    "program": "by programs of their own",
    "undecided": "undecided",
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
    rows = rows[: get_args(Guarantee).index(guarantee) + 2]
    besides = []
    if Singletons() in policy.rules:
        rows.append(("singletons", "primary cells that one who is counted alone can compute", verdict.singletons))
        besides.append("singletons")
    groups = [repr(rule.dimension) for rule in policy.rules if isinstance(rule, GroupDisclosure)]
    if groups:
        rows.append(("groups", "margins known to fall in one category", verdict.groups))
        besides.append(f"group disclosure in {', '.join(groups)}")
    asked = f"The guarantee {guarantee!r}" + (f", with {' and '.join(besides)}," if besides else "")
    lines = [
        f"{verdict.attack.cells} cells, {verdict.attack.withheld} withheld, {verdict.primary} of them primary{named}.",
        f"The reader knows all that is published, how cells add up, and that counts are whole, {knows}.",
        f"Withheld cells checked: {', '.join(decided) or 'none'}; {checked.get('programs_solved', 0)} programs solved.",
        *([f"For {fractions} of them it is proven only that no linear reasoning comes closer."] if fractions else []),
        "",
        *(f"{name:12}{words:62}{len(findings):>8}" for name, words, findings in rows),
        "",
        *(f"  {finding}" for finding in broken[:MOST_NAMED]),
    ]
    if len(broken) > MOST_NAMED:
        lines.append(f"  and {len(broken) - MOST_NAMED} more")
    undecided = verdict.attack.undecided
    if broken:
        lines.append(f"{asked} is broken ({len(broken)} found).")
    elif undecided:
        lines.append(f"{asked} is not proven: nothing was found, but {undecided} cells are undecided, in a part too large to settle each.")
    else:
        lines.append(f"{asked} holds.")
    return lines
