"""Hierarchies: what each kind becomes, that levels nest, and what is said where they do not."""

from datetime import date

import pytest

from anonymisation.errors import HierarchyError
from anonymisation.records import RecordHierarchy


def levels(hierarchy, value):
    return [hierarchy.labels[level[hierarchy.values.index(value)]] for level in hierarchy.nodes]


def test_rows_get_a_top_where_they_have_none():
    hierarchy = RecordHierarchy.from_rows("drink", [("tea", "hot"), ("cola", "cold")])
    assert levels(hierarchy, "tea") == ["tea", "hot", "*"]
    assert levels(RecordHierarchy.from_rows("drink", [("tea",)]), "tea") == ["tea", "*"]


def test_geography_from_a_code_list_with_leaves_at_different_depths():
    rows = [
        {"code": "London", "parent": ""},
        {"code": "Camden", "parent": "London"},
        {"code": "Hackney", "parent": "London"},
        {"code": "Holborn", "parent": "Camden"},
        {"code": "Unknown", "parent": "London"},
    ]
    hierarchy = RecordHierarchy.from_code_list("ward", rows)
    assert levels(hierarchy, "Holborn") == ["Holborn", "Camden", "London"]
    assert levels(hierarchy, "Unknown") == ["Unknown", "Unknown", "London"]
    assert hierarchy.values == ("Hackney", "Holborn", "Unknown")


def test_intervals_and_dates():
    age = RecordHierarchy.intervals("age", 0, 102, (5, 10))
    assert levels(age, "17") == ["17", "15-19", "10-19", "*"]
    assert levels(age, "102") == ["102", "100-102", "100-102", "*"]
    day = RecordHierarchy.dates("day", date(2024, 1, 1), date(2026, 12, 31), ("month", "quarter", "year"))
    assert levels(day, "2026-02-28") == ["2026-02-28", "2026-02", "2026-Q1", "2026", "*"]
    assert levels(RecordHierarchy.dates("day", date(2026, 3, 1), date(2026, 5, 1), ("financial-year",)), "2026-03-31")[1] == "2025/26"
    assert levels(RecordHierarchy.dates("day", date(2026, 2, 9), date(2026, 2, 20), ("week",)), "2026-02-15")[1] == "2026-W07"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: RecordHierarchy.from_rows("x", []), "it has no values"),
        (lambda: RecordHierarchy.from_rows("x", [("a", "b"), ("c",)]), r"row 2 \('c'\): 1 levels"),
        (lambda: RecordHierarchy.from_rows("x", [("a", "b"), ("a", "b")]), "'a' is there twice"),
        (lambda: RecordHierarchy.from_rows("x", [("a", "m", "p"), ("b", "m", "q")]), "must not split"),
        (lambda: RecordHierarchy.from_rows("x", [("a", "a", "*"), ("b", "a", "*")]), "'a' stands for other values"),
        (lambda: RecordHierarchy.from_rows("x", [("a", "", "*"), ("b", "m", "*")]), "becomes a blank below the top"),
        (lambda: RecordHierarchy.from_rows("x", [("*",), ("b",)]), "is a value, and the name of the top"),
        (lambda: RecordHierarchy.intervals("x", 0, 9, (5, 7)), "width 7 is not a multiple of 5"),
        (lambda: RecordHierarchy.intervals("x", 9, 0, (5,)), "below the lowest"),
        (lambda: RecordHierarchy.dates("x", date(2026, 1, 1), date(2026, 3, 1), ("week", "month")), "must not split"),
        (lambda: RecordHierarchy.dates("x", date(2026, 1, 1), date(2026, 3, 1), ("decade",)), "'decade' is no part of a date"),
        (lambda: RecordHierarchy.from_code_list("x", [{"code": "a", "parent": "b"}]), "0 codes have no parent"),
        (lambda: RecordHierarchy.from_code_list("x", [{"code": "a", "parent": ""}, {"code": "b", "parent": "q"}]), "'q', which is not a code"),
        (
            lambda: RecordHierarchy.from_code_list("x", [{"code": c, "parent": p} for c, p in (("t", ""), ("l", "t"), ("a", "b"), ("b", "a"))]),
            "run in a circle",
        ),
        (lambda: RecordHierarchy.flat("x", ["", None]), "it has no values"),
    ],
)
def test_what_is_no_hierarchy_is_refused(make, words):
    with pytest.raises(HierarchyError, match=words):
        make()


def test_a_blank_is_a_value_of_its_own_and_joins_only_at_the_top():
    hierarchy = RecordHierarchy.from_rows("x", [("a", "m", "*"), ("b", "m", "*")]).with_blank()
    assert levels(hierarchy, None) == [None, None, "*"]
    assert levels(RecordHierarchy.flat("x", ["a", None]).with_blank(), None) == [None, None]
