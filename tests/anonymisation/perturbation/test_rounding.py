"""Controlled rounding: near, additive, repeatable, as exact as it can be, and nothing for a reader to narrow."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymisation import CountTable, Hierarchy, TableError
from anonymisation.perturbation import PerturbedTable, Rounding, apply, known_intervals
from anonymisation.system import build_system
from tests.anonymisation.systems import flat, linked, read_case
from tests.paths import shared


def sums_hold(tables, hierarchies: dict[str, Hierarchy]) -> bool:
    """Whether every code of every table is the sum of the leaves of its axis below it, by another way than the cell model."""
    for table in tables:
        for axis, (dimension, codes) in enumerate(table.axes.items()):
            below, ancestors = hierarchies[dimension].leaves_below, hierarchies[dimension].ancestors
            inner = [c for c in codes if not any(o != c and c in ancestors[o] for o in codes)]
            for place, code in enumerate(codes):
                parts = [codes.index(c) for c in inner if below[c] <= below[code]]
                if (table.values.take(parts, axis).sum(axis) != table.values.take(place, axis)).any():
                    return False
    return True


@settings(max_examples=40, deadline=None)
@given(linked(), st.sampled_from([3, 5]), st.integers(0, 5))
def test_tables_are_multiples_that_add_up_and_lie_within_the_distance_told(case, base, seed):
    tables, hierarchies = case
    result = apply(tables, hierarchies, Rounding(base, seed))
    rounded = result.tables
    assert result.additive and sums_hold(rounded.values(), hierarchies)
    beyond = 0
    for table in tables:
        values = rounded[table.name].values
        assert (values % base == 0).all() and (values >= 0).all() and rounded[table.name].published.all()
        assert (np.abs(values - table.counts) <= result.distance).all()
        far = (values < table.counts // base * base) | (values > -(-table.counts // base) * base)
        assert result.summary[table.name] == {"cells": values.size, "withheld": 0, "beyond": int(far.sum())}
        beyond += int(far.sum())
    assert (beyond == 0) == (result.distance == base - 1)
    shown = {}
    for table in rounded.values():
        for codes in itertools.product(*table.axes.values()):
            cell = frozenset((d, c) for d, c in zip(table.axes, codes, strict=True) if c != hierarchies[d].total)
            value = table.values[tuple(table.axes[d].index(c) for d, c in zip(table.axes, codes, strict=True))]
            assert shown.setdefault(cell, value) == value  # one value for a cell wherever it is shown
    again = apply(tables, hierarchies, Rounding(base, seed))
    assert all((again.tables[name].values == table.values).all() for name, table in rounded.items())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 7), min_size=8, max_size=8), st.sampled_from([3, 5]))
def test_neighbouring_multiples_are_found_where_all_choices_tried_out_have_them(leaves, base):
    hierarchies = {name: flat(name, "1", "2") for name in "abc"}
    cube = closed(np.array(leaves).reshape(2, 2, 2))
    axes = {name: hierarchy.codes for name, hierarchy in hierarchies.items()}
    floors = np.array(leaves) // base
    steps = [(0, 1) if count % base else (0,) for count in leaves]
    possible = any(
        (np.abs(closed((floors + choice).reshape(2, 2, 2)) * base - cube) < base).all()
        and (closed((floors + choice).reshape(2, 2, 2))[cube % base == 0] * base == cube[cube % base == 0]).all()
        for choice in itertools.product(*steps)
    )
    result = apply([CountTable("t", "n", axes, cube)], hierarchies, Rounding(base))
    assert (result.summary["t"]["beyond"] == 0) == possible


def closed(leaves: np.ndarray) -> np.ndarray:
    """A cube with its margins, totals first."""
    for axis in range(leaves.ndim):
        leaves = np.concatenate([leaves.sum(axis, keepdims=True), leaves], axis)
    return leaves


def test_where_no_neighbouring_multiples_add_up_a_few_go_further_and_the_result_says_so():
    # By the pairs with y, x1, x2 and x3 are rounded alike, and not up, as two of them make 2: but together they make 3.
    links = {f"x{i}": {f"x{i}": f"P{i}", "y": f"P{i}"} for i in (1, 2, 3)}
    for i, pair in enumerate((("x2", "x3"), ("x1", "x3"), ("x1", "x2")), start=1):
        links[f"x{i}"] |= dict.fromkeys(pair, f"Q{i}") | {f"P{i}": "total", f"Q{i}": "total"}
    links["all"] = {"x1": "R", "x2": "R", "x3": "R", "R": "total", "y": "total"}
    codes = ("total", "P1", "Q1", "P2", "Q2", "P3", "Q3", "R", "x1", "x2", "x3", "y")
    hierarchy = Hierarchy("a", codes, "total", links)
    counts = np.array([5, 3, 2, 3, 2, 3, 2, 3, 1, 1, 1, 2])
    result = apply([CountTable("t", "n", {"a": codes}, counts)], {"a": hierarchy}, Rounding(3))
    values = dict(zip(codes, result.tables["t"].values.tolist(), strict=True))
    assert values["total"] == values["R"] + values["y"] == values["P1"] + values["Q1"]
    assert values["R"] == values["x1"] + values["x2"] + values["x3"] and values["Q3"] == values["x1"] + values["x2"]
    assert 1 <= result.summary["t"]["beyond"] <= 2 and result.distance == 5


@settings(max_examples=15, deadline=None)
@given(linked(), st.sampled_from([3, 5]))
def test_a_reader_of_all_tables_can_narrow_no_rounded_count(case, base):
    tables, hierarchies = case
    result = apply(tables, hierarchies, Rounding(base))
    known = known_intervals(list(result.tables.values()), hierarchies, Rounding(base), result.distance)
    assert known.narrowed == known.computed == known.disclosed == 0
    assert min(known.widths, default=base) >= base


@pytest.mark.parametrize(("case", "base", "most"), [("t1k", 5, 0), ("t1k", 3, 5), ("t10k", 3, 0)])
def test_published_cases_are_rounded_near(case, base, most):
    table, hierarchies = read_case(shared("cases", "tables", case))
    result = apply([table], hierarchies, Rounding(base))
    assert sums_hold(result.tables.values(), hierarchies)
    assert result.summary[table.name]["beyond"] <= most
    nearest = np.minimum(table.counts % base, -table.counts % base)
    assert np.abs(result.tables[table.name].values - table.counts).mean() < 1.4 * nearest.mean()


def test_the_seed_decides_between_equally_near_roundings_and_is_not_in_the_result():
    hierarchies = {"a": flat("a", *"pqrs"), "b": flat("b", *"wxyz")}
    table = CountTable("t", "n", {n: h.codes for n, h in hierarchies.items()}, closed(np.full((4, 4), 1)))
    results = [apply([table], hierarchies, Rounding(3, seed)) for seed in (11, 12, 13, 14)]
    assert len({result.tables["t"].values.tobytes() for result in results}) > 1
    assert "seed" not in repr(results) and not any(hasattr(result, "policy") for result in results)


def test_tables_that_do_not_add_up_or_disagree_are_refused():
    hierarchies = {"a": flat("a", "p", "q")}
    wrong = CountTable("t", "n", {"a": ("total", "p", "q")}, np.array([5, 1, 1]))
    with pytest.raises(TableError, match="do not add up"):
        apply([wrong], hierarchies, Rounding())
    right = CountTable("u", "n", {"a": ("total", "p", "q")}, np.array([2, 1, 1]))
    with pytest.raises(TableError, match="disagrees"):
        apply([right, wrong], hierarchies, Rounding())
    with pytest.raises(TableError, match="leave them out"):
        apply([right], hierarchies, Rounding(), keys={"u": np.zeros(3, dtype=np.uint32)})


def test_a_rounded_table_is_a_frame_that_says_its_values_are_near():
    table = PerturbedTable("t", "n", {"a": ("total", "p")}, np.array([5, 5]), np.array([True, False]))
    frame = table.frame()
    assert frame["n_status"].tolist() == ["e", "c"] and frame["n"].isna().tolist() == [False, True]
    assert table.values.tolist() == [5, 0]  # what is withheld is not there
    assert build_system([table], {"a": flat("a", "p")}).size == 2
