"""The outcome of a policy for each cell: what rule applied, and what became of the cell.

Belongs here: the record that statisticians keep of a decision.  Does not belong here: anything a reader may see.  The
record says which cells are small in themselves, which undoes the protection: it stays where the counts stay, apart from
the results that may be published (``Protection``, ``Perturbation``), which do not hold it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from anonymisation.counts import by_measure
from anonymisation.hierarchy import Hierarchy
from anonymisation.perturbation.policies import CellKey, PerturbationPolicy, Rounding, ThresholdRounding
from anonymisation.policy import Policy
from anonymisation.primary import GroupDisclosure, below_threshold, group_demands
from anonymisation.tables import CountTable, ProtectedTable

if TYPE_CHECKING:
    import pandas as pd

    from anonymisation.perturbation.application import PerturbedTable

RULES = ("", "threshold", "zero", "group disclosure", "protects others", "rounding", "cell key")
"""``threshold``: a count from 1 to below the threshold; ``zero``: a zero, where these are sensitive; ``group
disclosure``: a margin that falls in one category; ``protects others``: withheld, though not sensitive, because it would
give away a cell that is."""

OUTCOMES = ("published", "withheld (primary)", "withheld (secondary)", "unchanged", "lowered", "raised")


def outcomes(
    tables: Sequence[CountTable],
    hierarchies: Mapping[str, Hierarchy],
    results: Mapping[str, ProtectedTable] | Mapping[str, PerturbedTable],
    policy: Policy | PerturbationPolicy,
    name: str,
) -> dict[str, pd.DataFrame]:
    """By table, one row per cell: its codes, ``policy`` (the ``name``), ``rule`` and ``outcome``.

    ``results``: the tables of ``protect(...)`` or ``apply(...)`` under ``policy``.  Holds no count.
    """
    import pandas as pd

    found = {}
    groups = group_cells(tables, hierarchies, policy) if isinstance(policy, Policy) else {}
    for table in tables:
        result = results[table.name]
        rule, outcome = _decisions(table.counts, result.values, result.published, policy, groups.get(table.name))
        frame = ProtectedTable(
            table.name, table.measure, table.axes, np.zeros(table.counts.shape), np.zeros(table.counts.shape, dtype=bool)
        ).frame()[list(table.axes)]
        frame["policy"] = name
        frame["rule"] = pd.Categorical.from_codes(rule.ravel(), categories=list(RULES))
        frame["outcome"] = pd.Categorical.from_codes(outcome.ravel(), categories=list(OUTCOMES))
        found[table.name] = frame
    return found


def _decisions(
    counts: np.ndarray,
    values: np.ndarray,
    published: np.ndarray,
    policy: Policy | PerturbationPolicy,
    group: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """By cell, the place of the rule in ``RULES`` and of the outcome in ``OUTCOMES``."""
    rule, outcome = np.zeros(counts.shape, dtype=int), np.zeros(counts.shape, dtype=int)
    if not isinstance(policy, Policy):
        by = "cell key" if isinstance(policy, CellKey) else "rounding"
        moved = np.sign(values - counts)
        rule[:] = RULES.index(by)
        outcome[:] = OUTCOMES.index("unchanged")
        outcome[moved < 0], outcome[moved > 0] = OUTCOMES.index("lowered"), OUTCOMES.index("raised")
    if not isinstance(policy, Rounding | CellKey):
        threshold = policy.threshold
        small = below_threshold(counts, threshold)
        rule[~published] = RULES.index("protects others")
        outcome[~published] = OUTCOMES.index("withheld (secondary)")
        zero = (counts == 0) & (isinstance(policy, Policy) and policy.zeros == "sensitive")
        alone = np.zeros(counts.shape, dtype=bool) if group is None else group
        for which, name in ((alone, "group disclosure"), (small, "threshold"), (zero, "zero")):
            rule[~published & which], outcome[~published & which] = RULES.index(name), OUTCOMES.index("withheld (primary)")
        if isinstance(policy, ThresholdRounding):
            # A zero is published as it is, by no rule.
            rule[published & (counts == 0)], outcome[published & (counts == 0)] = 0, OUTCOMES.index("published")
    return rule, outcome


def group_cells(
    tables: Sequence[CountTable], hierarchies: Mapping[str, Hierarchy], policy: Policy
) -> dict[str, np.ndarray]:
    """By table, which of its cells a rule of group disclosure makes sensitive, in its shape; nothing without such a rule."""
    rules = [rule for rule in policy.rules if isinstance(rule, GroupDisclosure)]
    found: dict[str, np.ndarray] = {}
    for one in by_measure(tables, hierarchies) if rules else []:
        alone = np.zeros(one.system.size, dtype=bool)
        for rule in rules:
            alone[[demand.cell for demand in group_demands(one.system, one.counts, rule)]] = True
        found |= {table.name: alone[one.system.cell_ids[table.name]] for table in one.tables}
    return found
