"""Counting against a count by hand: random code lists, random records, all totals."""

from itertools import product as combinations

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.statistics.records import write
from vawg_opendata.reference import CodeList
from vawg_opendata.statistics.counting import Axis, StatisticsError, connect, merge, write_partial
from vawg_opendata.statistics.facts import Fact


@st.composite
def codelists(draw, name: str) -> CodeList:
    """A random list: two hierarchies over the same leaves, each with up to two levels above them."""
    leaves = [f"{name}{number}" for number in range(draw(st.integers(1, 7)))]
    rows = [("total", "total", "", "")]
    parents: list[dict[str, str]] = []
    for hierarchy in ("p", "q"):
        above = {leaf: draw(st.sampled_from([f"{name}-{hierarchy}{number}" for number in range(3)])) for leaf in leaves}
        groups = {group: draw(st.sampled_from([f"{name}-{hierarchy}x", f"{name}-{hierarchy}y", "total"])) for group in sorted(set(above.values()))}
        tops = sorted(set(groups.values()) - {"total"})
        for code, parent, level in [*((top, "total", "top") for top in tops), *((group, top, "group") for group, top in groups.items())]:
            rows.append((code, level, parent, "") if hierarchy == "p" else (code, level, "", parent))
        parents.append(above)
    rows += [(leaf, "leaf", parents[0][leaf], parents[1][leaf]) for leaf in leaves]
    columns = ("code", "label", "level", "parent", "sort_order", "parent_q")
    return CodeList(name, name, tuple(dict(zip(columns, (c, c, level, p, str(i), q), strict=True)) for i, (c, level, p, q) in enumerate(rows)))


@st.composite
def records(draw) -> tuple[list[CodeList], list[dict]]:
    lists = [draw(codelists(name)) for name in ("a", "b", "c")[: draw(st.integers(1, 3))]]
    row = st.fixed_dictionaries({codes.name: st.sampled_from(codes.leaves) for codes in lists} | {"count": st.integers(0, 9)})
    return lists, draw(st.lists(row, min_size=1, max_size=30))


def count(folder, lists, rows, parts=1) -> np.ndarray:
    """The counts of rows given, from partial counts in `parts` files."""
    fact = Fact(source="test", measure="n", records=("rows",), dimensions={codes.name: codes.name for codes in lists}, month="'2024-01'")
    partials = []
    for part in range(parts):
        write(folder / str(part), "rows", rows[part::parts])
        partials.append(folder / f"partial{part}.parquet")
        write_partial(connect(folder / str(part), fact.records), fact, [codes.name for codes in lists], partials[-1])
    return merge(duckdb.connect(), partials, [Axis(codes.name, codes, codes) for codes in lists])


@settings(max_examples=30, deadline=None)
@given(data=records())
def test_every_cell_is_the_sum_of_its_rows_and_children_add_up_to_parents(tmp_path_factory, data):
    lists, rows = data
    counts = count(tmp_path_factory.mktemp("count"), lists, rows)
    ancestors = [{leaf: {above for column in codes.parents for above in codes.ancestors(leaf, column)} for leaf in codes.leaves} for codes in lists]
    for position, cell in zip(np.ndindex(counts.shape), combinations(*(codes.codes for codes in lists)), strict=True):
        inside = [row["count"] for row in rows if all(code in above[row[codes.name]] for code, codes, above in zip(cell, lists, ancestors, strict=True))]
        assert counts[position] == sum(inside)
    for axis, codes in enumerate(lists):
        for parents in codes.parents.values():
            for parent in set(parents.values()):
                children = [codes.codes.index(child) for child, above in parents.items() if above == parent]
                assert np.array_equal(counts.take(children, axis=axis).sum(axis=axis), counts.take(codes.codes.index(parent), axis=axis))


@settings(max_examples=10, deadline=None)
@given(data=records().filter(lambda data: len(data[1]) >= 3), parts=st.integers(2, 3))
def test_partial_counts_of_parts_merge_to_the_counts_of_the_whole(tmp_path_factory, data, parts):
    lists, rows = data
    folder = tmp_path_factory.mktemp("merge")
    assert np.array_equal(count(folder / "parts", lists, rows, parts), count(folder / "whole", lists, rows))


LIST = CodeList(
    "place",
    "Place",
    tuple(
        {"code": code, "label": code, "level": level, "parent": parent, "sort_order": str(order)}
        for order, (code, level, parent) in enumerate([("total", "total", ""), ("north", "region", "total"), ("n1", "ward", "north"), ("south", "region", "total")])
    ),
)


def place_counts(folder, rows, *levels):
    fact = Fact(source="test", measure="n", records=("rows",), dimensions={"place": "place"}, month="'2024-01'")
    write(folder, "rows", [{"place": place, "count": 1} for place in rows])
    write_partial(connect(folder, fact.records), fact, ["place"], folder / "partial")
    return merge(duckdb.connect(), [folder / "partial"], [Axis("place", LIST, LIST.at_levels(*levels))])


def test_a_table_may_be_coarser_than_its_records(tmp_path):
    assert place_counts(tmp_path, ["n1", "n1", "south"], "region").tolist() == [3, 2, 1]


def test_a_code_that_is_in_no_list_is_an_error_that_names_it(tmp_path):
    with pytest.raises(StatisticsError, match="'west'.*not a code of the list"):
        place_counts(tmp_path, ["n1", "west"], "region")


def test_a_missing_code_is_an_error(tmp_path):
    with pytest.raises(StatisticsError, match="None.*not a code"):
        place_counts(tmp_path, ["n1", None], "region")


def test_a_record_that_the_table_would_have_to_divide_is_an_error(tmp_path):
    with pytest.raises(StatisticsError, match="'north'.*not as fine as the table"):
        place_counts(tmp_path, ["north"], "region", "ward")
