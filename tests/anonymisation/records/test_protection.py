"""What is published keeps the policy, tells no untruth and loses no more than allowed: judged by code that shares nothing with ours."""

import math

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings

from anonymisation.errors import ProtectionError
from anonymisation.measures import link, measure
from anonymisation.records import protect_records
from tests.anonymisation.records.judge import broken, classes_of
from tests.anonymisation.records.strategies import SENSITIVE, cases


def table_of(rows, names):
    """Text columns even where all is blank."""
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in (*names, SENSITIVE)}
    return pa.table({**columns, "number": [row["number"] for row in rows]})


def chain(hierarchy, value):
    """What a value may be published as, from fine to coarse."""
    top = hierarchy.labels[hierarchy.top]
    if value is None and None not in hierarchy.values:
        return [None if one != top else top for one in chain(hierarchy, hierarchy.values[0])]
    return [hierarchy.labels[level[hierarchy.values.index(value)]] for level in hierarchy.nodes]


def attempt(rows, hierarchies, policy):
    try:
        return protect_records(table_of(rows, policy.quasi_identifiers), hierarchies, policy)
    except ProtectionError:
        return None


@settings(max_examples=80, deadline=None)
@given(cases())
def test_what_is_published_keeps_the_policy_and_is_true(case):
    hierarchies, rows, policy = case
    result = attempt(rows, hierarchies, policy)
    assume(result is not None)
    published = result.table.to_pylist()
    assert broken(published, rows, policy) is None
    assert [row["number"] for row in published] == sorted(row["number"] for row in published)
    alike, lost = {}, 0
    for row in published:
        original = rows[row["number"]]
        assert row[SENSITIVE] == original[SENSITIVE]
        tops = 0
        for hierarchy in hierarchies:
            shown = row[hierarchy.name]
            assert shown in chain(hierarchy, original[hierarchy.name])
            if hierarchy.name in result.levels and policy.suppressed != "recoded":
                assert shown in (chain(hierarchy, original[hierarchy.name])[result.levels[hierarchy.name]], hierarchy.labels[hierarchy.top])
            tops += shown == hierarchy.labels[hierarchy.top]
        lost += tops == len(hierarchies)
        before = tuple(original[name] for name in policy.quasi_identifiers)
        after = tuple(row[name] for name in policy.quasi_identifiers)
        assert alike.setdefault(before, after) == after
    gone = len(rows) - len(published)
    assert gone == 0 or policy.suppressed == "removed"
    assert result.suppressed <= math.floor(policy.max_suppressed * len(rows) + 1e-9)
    assert result.suppressed >= gone
    if policy.recoding == "local":
        assert result.suppressed == gone + (0 if policy.suppressed == "removed" else lost)
    if published:
        sizes = [len(group) for group in classes_of(published, policy.quasi_identifiers).values()]
        assert result.risk["smallest_class"] == min(sizes)
        assert result.risk["marketer"] * len(published) == pytest.approx(len(sizes))


@settings(max_examples=25, deadline=None)
@given(cases(most_records=20, models=False))
def test_who_knows_everybody_finds_at_least_k_records_for_each(case):
    hierarchies, rows, policy = case
    result = attempt(rows, hierarchies, policy)
    assume(result is not None and result.table.num_rows)
    people = table_of(rows, policy.quasi_identifiers)
    # A blank that occurs has a row of its own there.
    declared = [one.with_blank() if people[one.name].null_count else one for one in hierarchies]
    levels = {one.name: [[one.labels[level[leaf]] for level in one.nodes] for leaf in range(len(one.values))] for one in declared}
    for everybody in (False, True):
        attack = link(result.table, people, policy.quasi_identifiers, hierarchies=levels, everybody=everybody)
        assert attack.singled_out(policy.k) == 0
    found = measure(result.table, policy.quasi_identifiers)
    assert found.k == result.risk["smallest_class"] >= policy.k
    assert found.marketer == pytest.approx(result.risk["marketer"])
