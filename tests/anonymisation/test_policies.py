"""Whatever the policy, the intruder finds nothing of what it promises in what was protected under it."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anonymisation import Policy, ProtectionError, TableError, attack, protect
from anonymisation.primary import GroupDisclosure, Singletons
from tests.anonymisation.systems import linked, read_case
from tests.paths import shared

RANDOM = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def judge(tables: list, hierarchies: dict, policy: Policy) -> list[str]:
    """What the intruder finds in tables protected under a policy."""
    published = list(protect(tables, hierarchies, policy).tables.values())
    smallest = 0 if policy.zeros == "sensitive" else 1
    primary = {t.name: (t.counts >= smallest) & (t.counts < policy.threshold) for t in tables}
    ones = {t.name: t.counts == 1 for t in tables}
    verdict = attack(
        published,
        hierarchies,
        policy.threshold,
        guarantee=policy.guarantee,
        least=policy.least,
        primary=None if policy.guarantee == "contract" else primary,
        singletons=ones if any(isinstance(rule, Singletons) for rule in policy.rules) else None,
        groups=[rule.dimension for rule in policy.rules if isinstance(rule, GroupDisclosure)],
    )
    return [str(finding) for finding in verdict.findings]


POLICIES = [
    Policy(guarantee=guarantee, zeros=zeros, reader=reader, cost=cost, threshold=threshold)
    for guarantee, zeros, reader, cost, threshold in (
        ("exact", "published", "rules", "cells", 5),
        ("exact", "published", "non-negative", "counts", 3),
        ("interval", "published", "rules", "information", 3),
        ("interval", "published", "non-negative", "cells", 5),
        ("contract", "published", "non-negative", "counts", 5),
        ("contract", "available", "rules", "cells", 3),
        ("contract", "sensitive", "rules", "information", 3),
    )
]


@pytest.mark.parametrize("policy", POLICIES, ids=str)
@RANDOM
@given(system=linked())
def test_the_guarantee_of_a_policy_holds(policy: Policy, system: tuple) -> None:
    tables, hierarchies = system
    try:
        found = judge(tables, hierarchies, policy)
    except ProtectionError:
        # A table of few records may have nothing to hide its cells behind; it is refused as a whole.
        assert sum(int(table.counts.max()) for table in tables) < 40 * policy.threshold
        return
    assert found == []


@RANDOM
@given(system=linked())
def test_no_person_can_subtract_herself(system: tuple) -> None:
    tables, hierarchies = system
    policy = Policy(threshold=3, guarantee="exact", zeros="available", rules=(Singletons(),))
    try:
        assert judge(tables, hierarchies, policy) == []
    except ProtectionError:
        return


@RANDOM
@given(system=linked(), data=st.data())
def test_no_margin_falls_in_one_category(system: tuple, data: st.DataObject) -> None:
    tables, hierarchies = system
    dimension = data.draw(st.sampled_from(sorted({d for table in tables for d in table.axes})))
    policy = Policy(threshold=3, guarantee="exact", zeros="available", rules=(GroupDisclosure(dimension),))
    try:
        assert judge(tables, hierarchies, policy) == []
    except ProtectionError:
        return


def test_published_zeros_and_group_disclosure_contradict_each_other() -> None:
    with pytest.raises(ValueError, match="available"):
        Policy(rules=(GroupDisclosure("a"),))


@pytest.mark.parametrize("guarantee", ["exact", "interval", "contract"])
def test_no_person_of_a_published_case_can_subtract_herself_under_any_guarantee(guarantee: str) -> None:
    """Without this rule the same case is attacked by the tests of the command."""
    table, hierarchies = read_case(shared("cases", "tables", "t1k"))
    assert judge([table], hierarchies, Policy(guarantee=guarantee, cost="cells", rules=(Singletons(),))) == []


def test_costs_say_which_cells_are_withheld() -> None:
    table, hierarchies = read_case(shared("cases", "tables", "t1k"))

    def lost(policy: Policy, **weights: np.ndarray) -> tuple[int, int]:
        published = protect([table], hierarchies, policy, weights=weights or None).tables[table.name].published
        partners = ~published & (table.counts >= 5)
        return int(partners.sum()), int(table.counts[partners].sum())

    information, counts = (lost(Policy(cost=cost)) for cost in ("information", "counts"))
    assert counts[1] < information[1]
    never = np.ones(table.counts.shape)
    never[0] = np.inf
    published = protect([table], hierarchies, Policy(guarantee="exact"), weights={table.name: never}).tables[table.name].published
    assert (published[0] | (table.counts[0] < 5)).all()
    with pytest.raises(TableError, match="above 0"):
        protect([table], hierarchies, Policy(), weights={table.name: np.zeros(table.counts.shape)})
