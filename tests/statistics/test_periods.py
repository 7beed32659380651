"""The code lists of time: what adds up to what, and what labels say of incomplete years and blocks."""

from hypothesis import given
from hypothesis import strategies as st

from anonymisation import Hierarchy
from vawg_opendata.schemas.months import months_between
from vawg_opendata.statistics.periods import financial_year, month_codelist, period_months, year_codelist

MONTHS = months_between("2001-11", "2029-02")
ranges = st.tuples(st.sampled_from(MONTHS), st.sampled_from(MONTHS)).filter(lambda pair: pair[0] <= pair[1]).map(lambda pair: months_between(*pair))
some_months = st.sets(st.sampled_from(MONTHS), min_size=1, max_size=40).map(sorted)


def test_months_run_over_the_turn_of_a_year():
    assert months_between("2023-11", "2024-02") == ("2023-11", "2023-12", "2024-01", "2024-02")
    assert months_between("2024-02", "2024-01") == ()


def test_a_financial_year_begins_in_april():
    assert [financial_year(month) for month in ("2026-03", "2026-04", "1999-12")] == ["2025/26", "2026/27", "1999/00"]


@given(ranges | some_months)
def test_every_period_stands_for_its_months_and_children_add_up(months):
    for codelist in (month_codelist(months), year_codelist(months)):
        below = period_months(codelist, months)
        assert below[codelist.total] == set(months)
        for parents in codelist.parents.values():
            for parent in set(parents.values()):
                children = [below[child] for child, above in parents.items() if above == parent]
                assert frozenset().union(*children) == below[parent]
                assert sum(map(len, children)) == len(below[parent])
        Hierarchy(codelist.name, codelist.codes, codelist.total, codelist.parents)  # raises unless parents partition leaves


@given(ranges)
def test_a_label_says_when_a_year_or_block_is_incomplete(months):
    whole = {"year": 12, "financial_year": 12, "pooled_5": 60}
    for codelist in (month_codelist(months), year_codelist(months)):
        below = period_months(codelist, months)
        for row in codelist.rows:
            if row["level"] in whole:
                assert ("only" in row["label"]) == (len(below[row["code"]]) < whole[row["level"]])


def test_blocks_never_move():
    early, late = (year_codelist(months_between("2003-01", last)) for last in ("2011-12", "2026-02"))
    for codelist in (early, late):
        assert codelist.parents["parent_pooled_5"]["2008"] == "2008-2012"
    assert early.labels["2008-2012"] == "2008-2012 (only January 2008 to December 2011)"
    assert late.labels["2008-2012"] == "2008-2012"
    assert late.labels["2026"] == "2026 (only January 2026 to February 2026)"
