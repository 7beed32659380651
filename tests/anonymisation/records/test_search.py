"""The search finds the best of all combinations of levels: proven by trying each of them, in code that shares nothing with it."""

import itertools
import math
from collections import Counter
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given, settings

from anonymisation.errors import ProtectionError
from anonymisation.records import EntropyLDiversity, RecordHierarchy, RecordPolicy, TCloseness, protect_records
from anonymisation.records.policy import Loss
from tests.anonymisation.records.judge import keeps
from tests.anonymisation.records.strategies import SENSITIVE, cases
from tests.anonymisation.records.test_protection import chain, table_of


def kept(group, rows, policy):
    return len(group) >= policy.k and all(
        keeps(model, group, rows, column) for column, models in policy.sensitive.items() for model in models
    )


def settled(groups, rows, policy):
    """The suppressed classes by the stated rule, or None where that breaks the policy; and whether equal sizes left a choice."""
    suppressed = {key for key, group in groups.items() if not kept(group, rows, policy)}
    if policy.suppressed == "removed" or not suppressed:
        return suppressed, False
    added = []
    for key in (None, *sorted(set(groups) - suppressed, key=lambda key: len(groups[key]))):
        if key is not None:
            suppressed.add(key)
            added.append(len(groups[key]))
        if kept([row for one in suppressed for row in groups[one]], rows, policy):
            rest = [len(group) for one, group in groups.items() if one not in suppressed]
            return suppressed, bool(set(added) & set(rest))
    return None, False


def loss_of(groups, suppressed, rows, hierarchies, levels, policy, blank):
    total = len(rows)
    sizes = [len(group) for key, group in groups.items() if key not in suppressed]
    lost = total - sum(sizes)
    if policy.loss == "discernibility":
        return (sum(size**2 for size in sizes) + lost * total) / total**2
    if policy.loss == "class-size":
        return total / (len(sizes) + (lost > 0))
    paid, most = 0.0, 0.0
    for hierarchy, level in zip(hierarchies, levels, strict=True):
        weight = policy.importance.get(hierarchy.name, 1.0)
        leaves = [*hierarchy.values, *([None] if blank[hierarchy.name] and None not in hierarchy.values else [])]
        frequency = Counter(row[hierarchy.name] for row in rows)
        for key, group in groups.items():
            for row in group:
                shown = hierarchy.height if key in suppressed else level
                mine = chain(hierarchy, row[hierarchy.name])
                below = [leaf for leaf in leaves if chain(hierarchy, leaf)[shown] == mine[shown]]
                if policy.loss == "granularity":
                    paid += weight * (len(below) - 1) / len(leaves)
                    most += weight * (len(leaves) - 1) / len(leaves)
                else:
                    paid += weight * math.log2(sum(frequency[leaf] for leaf in below) / frequency[row[hierarchy.name]])
                    most += weight * math.log2(total / frequency[row[hierarchy.name]])
    return paid / most if most else 0.0


def all_losses(hierarchies, rows, policy):
    """What each combination of levels loses that may be published; and whether the rule leaves a choice somewhere."""
    blank = {h.name: any(row[h.name] is None for row in rows) for h in hierarchies}
    limit = math.floor(policy.max_suppressed * len(rows) + 1e-9)
    losses, open_choice = {}, False
    for levels in itertools.product(*(range(h.height + 1) for h in hierarchies)):
        groups = {}
        for row in rows:
            key = tuple(chain(h, row[h.name])[level] for h, level in zip(hierarchies, levels, strict=True))
            groups.setdefault(key, []).append(row)
        suppressed, several = settled(groups, rows, policy)
        open_choice |= several
        if suppressed is not None and sum(len(groups[key]) for key in suppressed) <= limit:
            losses[levels] = loss_of(groups, suppressed, rows, hierarchies, levels, policy, blank)
    return losses, open_choice


@settings(max_examples=60, deadline=None)
@given(cases(most_records=25, recodings=("global",)))
def test_no_other_levels_lose_less(case):
    hierarchies, rows, policy = case
    assume(policy.suppressed != "recoded")
    losses, open_choice = all_losses(hierarchies, rows, policy)
    try:
        result = protect_records(table_of(rows, policy.quasi_identifiers), hierarchies, policy)
    except ProtectionError:
        assert not losses
        return
    chosen = tuple(result.levels[name] for name in policy.quasi_identifiers)
    if open_choice:
        return  # which of several classes of one size is suppressed is not for this test to say
    assert losses[chosen] == pytest.approx(min(losses.values()), abs=1e-9)
    if policy.importance.get("q0", 1.0) == 1.0 or policy.loss in ("discernibility", "class-size"):
        reported = result.losses[policy.loss]
        assert (1 - reported if policy.loss == "granularity" else reported) == pytest.approx(losses[chosen], abs=1e-9)


@pytest.mark.parametrize("loss", get_args(Loss))
@pytest.mark.parametrize("models", [(), (EntropyLDiversity(1.6),), (TCloseness(0.35),)], ids=["k", "entropy", "t"])
def test_the_search_passes_over_nothing_better(loss, models):
    """Where values are uneven, the best levels suppress some records, and are not those that lose least without."""
    hierarchies = [
        RecordHierarchy.from_rows(name, [(f"{i}", f"{name}{i // 2}", f"{name}{i // 2 // 2}x", "*") for i in range(7)]) for name in ("a", "b", "c")
    ]
    for seed in range(1 if models else 3):
        random = np.random.default_rng(seed)
        share = {name: random.dirichlet(np.full(7, 0.5)) for name in ("a", "b", "c")}
        columns = {name: random.choice(7, size=60, p=share[name]).astype(str).tolist() for name in share}
        columns[SENSITIVE] = random.choice(list("abc"), size=60, p=[0.6, 0.3, 0.1]).tolist()
        rows = [dict(zip([*columns, "number"], row, strict=True)) for row in zip(*columns.values(), range(60), strict=True)]
        policy = RecordPolicy(("a", "b", "c"), 3, sensitive={SENSITIVE: models} if models else {}, max_suppressed=0.3, suppressed="removed", loss=loss)
        losses, _ = all_losses(hierarchies, rows, policy)
        result = protect_records(table_of(rows, policy.quasi_identifiers), hierarchies, policy)
        assert losses[tuple(result.levels.values())] == pytest.approx(min(losses.values()), abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(cases(most_records=25))
def test_the_order_of_the_records_changes_nothing(case):
    hierarchies, rows, policy = case
    table = table_of(rows, policy.quasi_identifiers)
    backwards = table.take(list(range(len(rows) - 1, -1, -1)))
    try:
        ours = protect_records(table, hierarchies, policy)
    except ProtectionError:
        with pytest.raises(ProtectionError):
            protect_records(backwards, hierarchies, policy)
        return
    theirs = protect_records(backwards, hierarchies, policy)
    assert ours.summary == theirs.summary
    assert sorted(ours.table.to_pylist(), key=lambda row: row["number"]) == sorted(theirs.table.to_pylist(), key=lambda row: row["number"])
