"""The intruder against enumeration of all solutions, and against published counterexamples."""

import csv

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from anonymisation import Hierarchy, InconsistentTablesError, PublishedTable, attack
from anonymisation.intruder.programs import Program
from anonymisation.system import build_system
from tests.anonymisation.systems import enumerate_intervals, flat, linked
from tests.paths import shared


def line(values: list[int | None]) -> tuple[list[PublishedTable], dict[str, Hierarchy]]:
    """A total and its parts, None where withheld."""
    one = flat("a", *(f"x{i}" for i in range(1, len(values))))
    published = [value is not None for value in values]
    return [PublishedTable("t", "m", {"a": one.codes}, np.array([v or 0 for v in values]), published)], {"a": one}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_intruder_finds_what_enumeration_finds(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(2, 3)), data.draw(st.integers(2, 3))
    inner = np.array(data.draw(st.lists(st.integers(0, 7), min_size=rows * columns, max_size=rows * columns)))
    inner = inner.reshape(rows, columns)
    counts = np.zeros((rows + 1, columns + 1), dtype=int)
    counts[1:, 1:] = inner
    counts[0] = counts.sum(0)
    counts[:, 0] = counts[:, 1:].sum(1)
    published = np.array(data.draw(st.lists(st.booleans(), min_size=counts.size, max_size=counts.size)))
    published = published.reshape(counts.shape) | (counts == 0)
    published[0, 0] = True
    assume(0 < (~published).sum() <= 6)
    hierarchies = {"a": flat("a", *"pqr"[:rows]), "b": flat("b", *"uvw"[:columns])}
    tables = [PublishedTable("t", "m", {d: h.codes for d, h in hierarchies.items()}, counts, published)]
    findings = attack(tables, hierarchies, 5).findings
    found = {tuple(sorted(f.codes.items())): (f.low, f.high) for f in findings if not f.published}
    least = enumerate_intervals(tables, hierarchies, 0)
    truth = enumerate_intervals(tables, hierarchies, 1)
    for cell, (low, high) in truth.items():
        narrow = low < 5 and high - low < 5
        under_zero = least[cell][0] < 5 and least[cell][1] - least[cell][0] < 5
        # Tables of two dimensions are networks: the linear bounds are the whole-number ones.
        assert (cell in found) == (narrow or under_zero), (cell, low, high)
        if narrow:
            assert found[cell] == (low, high)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(linked())
def test_linked_tables_without_secondary_suppression_are_never_called_safe_wrongly(system: tuple) -> None:
    tables, hierarchies = system
    published = [PublishedTable(t.name, t.measure, t.axes, t.counts, (t.counts == 0) | (t.counts > 4)) for t in tables]
    # The enumeration needs the leaves of every table, and few unknowns to come to an end.
    assume(all(t.name != "by_borough" for t in tables) and 0 < sum(int((~p.published).sum()) for p in published) <= 5)
    found = {tuple(sorted(f.codes.items())) for f in attack(published, hierarchies, 5).findings}
    for cell, (low, high) in enumerate_intervals(published, hierarchies, 1).items():
        assert cell in found or low >= 5 or high - low >= 5


def test_a_lone_withheld_part_is_computed() -> None:
    findings = attack(*line([33, None, 10, 20]), 5).findings
    assert [(f.low, f.high) for f in findings] == [(3, 3)]


def test_three_singletons_in_a_row() -> None:
    findings = attack(*line([3, None, None, None]), 5).findings
    assert [(f.low, f.high) for f in findings if not f.published] == [(1, 1)] * 3


def test_fifteen_is_ten_and_three_and_one_and_one() -> None:
    findings = attack(*line([15, 10, 3, None, None]), 5).findings
    assert sorted((f.low, f.high, f.published) for f in findings) == [(1, 1, False), (1, 1, False), (3, 3, True)]


def test_two_withheld_cells_that_sum_to_less_than_the_threshold() -> None:
    assert attack(*line([14, 10, None, None]), 5).disclosed == 2
    assert attack(*line([17, 10, None, None]), 5).disclosed == 0


def test_a_zero_as_the_partner_of_a_zero() -> None:
    assert {(f.low, f.high) for f in attack(*line([10, 10, None, None]), 5).findings} == {(0, 0)}


def test_the_difference_of_two_withheld_cells_across_linked_tables() -> None:
    a, b = flat("a", "p", "q"), flat("b", "u", "v")
    rows = PublishedTable("rows", "m", {"a": a.codes}, [30, 0, 0], [True, False, False])
    axes = {"a": a.codes, "b": b.codes}
    shown = [[1, 1, 1], [0, 1, 1], [0, 0, 0]]
    both = PublishedTable("both", "m", axes, [[30, 10, 20], [0, 9, 18], [0, 1, 2]], shown)
    findings = attack([rows, both], {"a": a, "b": b}, 5).findings
    assert {tuple(sorted(f.codes.items())): (f.low, f.high) for f in findings} == {
        (("a", "q"), ("b", "u")): (1, 1),
        (("a", "q"), ("b", "v")): (2, 2),
        (("a", "q"),): (3, 3),
    }


def test_a_sum_across_tables_and_levels_is_known_to_the_intruder() -> None:
    area = Hierarchy(
        "a",
        ["total", "B1", "B2", "w1", "w2", "w3", "w4"],
        "total",
        {"parent": {"B1": "total", "B2": "total", "w1": "B1", "w2": "B1", "w3": "B2", "w4": "B2"}},
    )
    boroughs = PublishedTable("boroughs", "m", {"a": ("total", "B1", "B2")}, [73, 33, 40], [1, 1, 1])
    wards = PublishedTable("wards", "m", {"a": ("total", "w1", "w2", "w3", "w4")}, [73, 0, 30, 20, 20], [1, 0, 1, 1, 1])
    assert [(f.low, f.high) for f in attack([boroughs, wards], {"a": area}, 5).findings] == [(3, 3)]


def test_contradictions_are_said() -> None:
    with pytest.raises(InconsistentTablesError):
        attack(*line([10, 12, None, None]), 5)
    with pytest.raises(InconsistentTablesError):
        attack(*line([10, 4, 5]), 5)


def test_a_withheld_zero_elsewhere_makes_nothing_else_a_finding() -> None:
    one = flat("a", "p", "q", "r")
    hierarchies = {"a": one, "b": flat("b", "u", "v")}
    counts = np.array([[410, 210, 200], [400, 200, 200], [10, 10, 0], [0, 0, 0]])
    published = np.array([[1, 1, 1], [1, 0, 0], [1, 0, 0], [1, 1, 1]], dtype=bool)
    tables = [PublishedTable("t", "m", {"a": one.codes, "b": hierarchies["b"].codes}, counts, published)]
    assert attack(tables, hierarchies, 5).findings == ()


def test_the_nine_intervals_of_the_published_audit() -> None:
    """Every line of the table has two suppressions or more, yet one of them is exactly 47 (sdcTable's own case)."""
    folder = shared("cases", "tables", "sdctable_attack")
    cells = list(csv.DictReader((folder / "problemdata_4x4_9prim.csv").open(encoding="utf-8")))
    expected = list(csv.DictReader((folder / "problemdata_attack_before.csv").open(encoding="utf-8")))
    hierarchies = {
        d: Hierarchy(d, codes, "tot", {"parent": {c: "tot" for c in codes if c != "tot"}})
        for d in ("v1", "v2")
        for codes in [list(dict.fromkeys(cell[d] for cell in cells))]
    }
    axes = {d: h.codes for d, h in hierarchies.items()}
    values = np.array([int(cell["freq"]) for cell in cells]).reshape(5, 5)
    published = np.array([cell["sdcStatus"] != "u" for cell in cells]).reshape(5, 5)
    system = build_system([PublishedTable("t", "n", axes, values, published)], hierarchies)
    ids = system.cell_ids["t"]
    unknown = ids[~published]
    known = np.zeros(system.size)
    known[ids[published]] = values[published]
    sums = sp.csr_array(system.sums.astype(float))
    right = -(sums @ known)
    program = Program(sp.csr_array(sums[:, unknown]), right, right, np.zeros(9), np.full(9, 1e6))
    program.settle(10**6, np.ones(9, dtype=bool))
    found = {int(np.flatnonzero(ids.ravel() == cell)[0]) + 1: program.bounds(i) for i, cell in enumerate(unknown)}
    assert found == {int(row["id"]): (int(row["low"]), int(row["up"])) for row in expected}
    assert (47, 47) in found.values()
