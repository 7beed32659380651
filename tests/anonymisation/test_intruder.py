"""The intruder against enumeration of all solutions, and against published counterexamples."""

import csv

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from anonymisation import Hierarchy, InconsistentTablesError, PublishedTable, attack
from anonymisation.intruder import intervals
from anonymisation.intruder.intervals import MEANS, WHOLE, WHOLENESS, Reckoning, narrower
from anonymisation.intruder.programs import Program
from anonymisation.intruder.unknowns import Unknowns
from anonymisation.system import build_system
from tests.anonymisation.systems import enumerate_intervals, flat, linked, table
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
    verdict = attack(tables, hierarchies, 5)
    findings = verdict.findings
    # Each is counted once, also what is judged again for a reader who allows zeros.
    assert sum(verdict.checked[means] for means in MEANS) == verdict.withheld
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
    assume(all(t.name not in ("by_borough", "by_year") for t in tables) and 0 < sum(int((~p.published).sum()) for p in published) <= 5)
    found = {tuple(sorted(f.codes.items())) for f in attack(published, hierarchies, 5).findings}
    for cell, (low, high) in enumerate_intervals(published, hierarchies, 1).items():
        assert cell in found or low >= 5 or high - low >= 5


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_of_a_table_without_a_total_the_intruder_finds_what_enumeration_finds(data: st.DataObject) -> None:
    records = data.draw(st.lists(st.tuples(st.sampled_from("pq"), st.sampled_from("rs"), st.sampled_from("xyz"), st.integers(1, 6)), max_size=8))
    hierarchies = {"a": flat("a", "p", "q"), "b": flat("b", "r", "s"), "month": flat("month", "x", "y", "z")}
    spread = [dict(zip(("a", "b", "month"), codes, strict=True)) for *codes, n in records for _ in range(n)]
    shapes = {"by_month": {d: hierarchies[d].codes for d in ("a", "month")}, "each": {d: hierarchies[d].codes for d in "ab"} | {"month": ("x", "y")}}
    tables = [table(name, hierarchies, axes, spread) for name, axes in shapes.items()]
    drawn = {t.name: np.array(data.draw(st.lists(st.integers(0, 4), min_size=t.counts.size, max_size=t.counts.size))).reshape(t.counts.shape) for t in tables}
    drawn["by_month"][0, 0] = 1  # what is told of all bounds what the enumeration tries
    published = [PublishedTable(t.name, t.measure, t.axes, t.counts, (t.counts == 0) | (drawn[t.name] > 0)) for t in tables]
    findings = attack(published, hierarchies, 5).findings
    assume(0 < sum(int((~one.published).sum()) for one in published) <= 6)
    found = {tuple(sorted(f.codes.items())): (f.low, f.high) for f in findings if not f.published}
    none = enumerate_intervals(published, hierarchies, 0)
    for cell, (low, high) in enumerate_intervals(published, hierarchies, 1).items():
        narrow = low < 5 and high - low < 5
        assert (cell in found) == (narrow or (none[cell][0] < 5 and none[cell][1] - none[cell][0] < 5)), (cell, low, high)
        assert not narrow or found[cell] == (low, high)


def triangles(count: int) -> Unknowns:
    """A total of ``3 * count`` parts, of which in each three any two are at most 1 together.

    By fractions every part can be a half and the total ``1.5 * count``; in whole numbers it is ``count`` at most.
    """
    size = 1 + 6 * count
    rows = [np.zeros(size, dtype=int)]
    rows[0][0] = 1
    for first in range(1, size, 6):
        rows[0][first : first + 3] = -1
        for left in range(3):
            row = np.zeros(size, dtype=int)
            row[[first + (left + 1) % 3, first + (left + 2) % 3, first + 3 + left]] = 1
            rows.append(row)
    right = np.array([0.0] + [1.0] * (3 * count))
    return Unknowns(np.arange(size), sp.csr_array(np.array(rows)), right, right)


@pytest.mark.parametrize("count", [4, 60])
@pytest.mark.parametrize("beyond", [0, 1])
def test_counts_are_whole_in_components_of_any_size(count: int, beyond: int) -> None:
    """A width that only fractions have is none, in a small component and in one beyond the programs of every cell."""
    unknowns = triangles(count)
    assert (len(unknowns.cells) > WHOLE) == (count == 60)
    reckoning = Reckoning(len(unknowns.cells))
    wanted = np.zeros(len(unknowns.cells), dtype=bool)
    wanted[0] = True
    found = narrower(unknowns, 0, count + beyond, wanted, np.zeros_like(wanted), reckoning)
    assert found == ({0: (0, count)} if beyond else {})
    assert not (reckoning.wholeness == WHOLENESS.index("fractional")).any()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 3), min_size=36, max_size=36), st.integers(2, 4))
def test_certificates_agree_with_integer_programs_of_every_cell(inner: list[int], threshold: int) -> None:
    """Three dimensions of which all margins of two are published: the tables whose linear bounds need not be whole."""
    counts = np.zeros((4, 4, 5), dtype=int)
    counts[1:, 1:, 1:] = np.reshape(inner, (3, 3, 4))
    counts[0] = counts.sum(0)
    counts[:, 0] = counts.sum(1)
    counts[:, :, 0] = counts.sum(2)
    shown = np.ones(counts.shape, dtype=bool)
    shown[1:, 1:, 1:] = False
    hierarchies = {"a": flat("a", *"pqr"), "b": flat("b", *"uvw"), "c": flat("c", *"klmn")}
    tables = [PublishedTable("t", "m", {d: h.codes for d, h in hierarchies.items()}, counts, shown)]
    exactly = attack(tables, hierarchies, threshold, least=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intervals, "WHOLE", 0)
        certified = attack(tables, hierarchies, threshold, least=0)
    withheld = {tuple(f.codes.items()): f.high - f.low for f in exactly.findings if not f.published}
    assert {tuple(f.codes.items()) for f in certified.findings if not f.published} == set(withheld)
    assert certified.checked["fractional"] == 0


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
