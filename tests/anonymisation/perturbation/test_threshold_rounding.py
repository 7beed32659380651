"""The 10-5 and the 1-7 rule: what they withhold and round, what margins give away, and that partners end it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymisation import CountTable
from anonymisation.errors import TooLargeError
from anonymisation.perturbation import Nhs, TenFive, apply, known_intervals
from tests.anonymisation.systems import flat, linked, read_case
from tests.paths import shared


@pytest.mark.parametrize(("policy", "first"), [(TenFive("none"), 10), (Nhs("none"), 8)])
def test_the_rules_as_their_authors_state_them(policy, first):
    hierarchy = flat("a", *(str(count) for count in range(31)))
    counts = np.array([sum(range(31)), *range(31)])
    result = apply([CountTable("t", "n", {"a": hierarchy.codes}, counts)], {"a": hierarchy}, policy).tables["t"]
    for count, value, published in zip(counts, result.values, result.published, strict=True):
        assert published == (count == 0 or count >= first)
        if published:
            assert value % 5 == 0 and abs(value - count) <= 2 and (value == 0) == (count == 0)


def enumerate_intervals(values, published, policy):
    """Smallest and largest count of each cell of a row of leaves with its total, by trying all leaves out."""
    told = []
    for value, shown in zip(values, published, strict=True):
        if not shown:
            told.append(range(1, policy.threshold))
        elif value == 0:
            told.append(range(1))
        else:
            told.append(range(max(value - 2, policy.threshold), value + 3))
    solutions = [s for s in itertools.product(*told[1:]) if sum(s) in told[0]]
    cells = [[sum(s) for s in solutions], *zip(*solutions, strict=True)]
    return [(min(cell), max(cell)) for cell in cells]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 14), min_size=2, max_size=4), st.sampled_from([TenFive("none"), Nhs("none")]))
def test_the_attack_agrees_with_trying_all_counts_out(leaves, policy):
    hierarchy = flat("a", *(f"c{i}" for i in range(len(leaves))))
    table = CountTable("t", "n", {"a": hierarchy.codes}, np.array([sum(leaves), *leaves]))
    result = apply([table], {"a": hierarchy}, policy)
    published = result.tables["t"]
    known = known_intervals([published], {"a": hierarchy}, policy, result.distance)
    widths = [
        high - low + 1
        for (low, high), shown in zip(
            enumerate_intervals(published.values, published.published, policy), published.published, strict=True
        )
        if not shown
    ]
    assert known.uncertain == len(widths)
    assert known.computed == sum(width == 1 for width in widths)
    assert known.narrowed == sum(width < policy.threshold - 1 for width in widths)
    assert sorted(widths) == [width for width, cells in known.widths.items() for _ in range(cells)]


def test_rounding_alone_lets_a_reader_compute_a_small_count():
    # 20 says 18 to 22, 10 and 10 say at least 10 each by the rule: the withheld count is 1 or 2.
    hierarchy = flat("a", "p", "q", "r")
    table = CountTable("t", "n", {"a": hierarchy.codes}, np.array([22, 10, 11, 1]))
    result = apply([table], {"a": hierarchy}, TenFive("none"))
    known = known_intervals(list(result.tables.values()), {"a": hierarchy}, TenFive("none"), result.distance)
    assert (known.uncertain, known.narrowed, dict(known.widths)) == (1, 1, {2: 1})


@settings(max_examples=25, deadline=None)
@given(linked(), st.sampled_from([TenFive(), Nhs()]))
def test_completed_rules_leave_no_withheld_count_that_could_be_proven_small(case, policy):
    tables, hierarchies = case
    result = apply(tables, hierarchies, policy)
    for table in tables:
        shown = result.tables[table.name]
        small = (table.counts > 0) & (table.counts < policy.threshold)
        assert not (small & shown.published).any() and shown.published[table.counts == 0].all()
        assert (np.abs(shown.values - table.counts)[shown.published] <= 2).all()
    known = known_intervals(list(result.tables.values()), hierarchies, policy, result.distance)
    assert known.disclosed == 0


@pytest.mark.parametrize(("policy", "narrowed", "computed"), [(TenFive("none"), 237, 4), (Nhs("none"), 171, 10)])
def test_a_published_case_under_the_rules_alone(policy, narrowed, computed):
    table, hierarchies = read_case(shared("cases", "tables", "t1k"))
    alone = apply([table], hierarchies, policy)
    known = known_intervals(list(alone.tables.values()), hierarchies, policy, alone.distance)
    assert (known.narrowed, known.computed) == (narrowed, computed)


def test_a_published_case_under_a_completed_rule():
    table, hierarchies = read_case(shared("cases", "tables", "t1k"))
    completed = apply([table], hierarchies, Nhs())
    known = known_intervals(list(completed.tables.values()), hierarchies, Nhs(), completed.distance)
    assert known.disclosed == 0


def test_what_cannot_be_judged_in_full_is_not_judged():
    hierarchies = {"a": flat("a", *(f"a{i}" for i in range(59))), "b": flat("b", *(f"b{i}" for i in range(59)))}
    counts = np.full((60, 60), 20)
    counts[0], counts[:, 0], counts[0, 0] = 59 * 20, 59 * 20, 59 * 59 * 20
    result = apply([CountTable("t", "n", {d: h.codes for d, h in hierarchies.items()}, counts)], hierarchies, TenFive("none"))
    with pytest.raises(TooLargeError, match="3600 cells, and 3000 are the most"):
        known_intervals(list(result.tables.values()), hierarchies, TenFive("none"), result.distance)
