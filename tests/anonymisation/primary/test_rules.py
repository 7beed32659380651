"""The primary rules: against their definitions on small tables, and by worked examples."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anonymisation import CountTable, Hierarchy
from anonymisation.primary import (
    Contributions,
    Demand,
    Dominance,
    GroupDisclosure,
    PPercent,
    below_threshold,
    group_demands,
    sensitive_sums,
    singleton_demands,
)
from anonymisation.system import System, build_system
from tests.anonymisation.systems import flat, linked

RANDOM = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def counted(tables: list[CountTable], hierarchies: dict[str, Hierarchy]) -> tuple[System, np.ndarray]:
    system = build_system(tables, hierarchies)
    counts = np.zeros(system.size, dtype=np.int64)
    for table in tables:
        counts[system.cell_ids[table.name]] = table.counts
    return system, counts


def test_zeros_are_sensitive_if_declared() -> None:
    counts = np.array([0, 1, 4, 5])
    assert below_threshold(counts, 5).tolist() == [False, True, True, False]
    assert below_threshold(counts, 5, zeros=True).tolist() == [True, True, True, False]


@RANDOM
@given(linked(), st.randoms(use_true_random=False))
def test_singletons_are_those_of_the_rank(case: tuple, random: object) -> None:
    system, counts = counted(*case)
    share = random.choice([0.02, 0.1, 0.3])
    withheld = (counts > 0) & ((counts < 3) | np.array([random.random() < share for _ in counts]))
    primary = withheld & (counts < 3)
    cells = np.flatnonzero(withheld)
    equations = system.sums[:, cells].toarray().astype(float)
    equations = equations[(equations != 0).any(axis=1)]

    def determined(cell: int, known: list[int]) -> bool:
        fixed = np.vstack([equations, *(np.eye(len(cells))[cells == k] for k in known)])
        rank = np.linalg.matrix_rank
        return rank(np.vstack([fixed, np.eye(len(cells))[cells == cell]])) == rank(fixed)

    # The same person: 1 within 1.
    person = {cell: {cell} for cell in np.flatnonzero(counts == 1).tolist()}
    sums = system.sums
    for row in range(sums.shape[0]):
        line = sums[[row]]
        parent = int(line.indices[line.data > 0][0])
        for part in line.indices[line.data < 0].tolist():
            if counts[parent] == 1 and counts[part] == 1:
                both = person[parent] | person[part]
                for cell in both:
                    person[cell] = both
    expected = set()
    for one in person:
        theirs = sorted(c for c in person[one] if withheld[c])
        for cell in np.flatnonzero(primary).tolist():
            if theirs and cell not in theirs and not determined(cell, []) and determined(cell, theirs):
                expected.add(Demand(cell, tuple(theirs)))
    assert set(singleton_demands(system, counts, withheld, primary)) == expected


@RANDOM
@given(linked())
def test_a_group_is_a_margin_with_one_category(case: tuple) -> None:
    system, counts = counted(*case)
    hierarchy = system.hierarchies["month"]
    name = {tuple(sorted(codes.items())): cell for cell, codes in system.locations(np.arange(system.size)).items()}
    expected = set()
    for where, margin in name.items():
        code = dict(where).get("month", hierarchy.total)
        for (_, parent), parts in hierarchy.sums.items():
            below = [tuple(sorted((dict(where) | {"month": part}).items())) for part in parts]
            if parent == code and len(parts) > 1 and all(b in name for b in below):
                filled = [name[b] for b in below if counts[name[b]] > 0]
                if len(filled) == 1:
                    expected.add(Demand(filled[0], (margin,)))
    assert set(group_demands(system, counts, GroupDisclosure("month"))) == expected


def test_a_group_at_each_level_of_a_hierarchy() -> None:
    area = Hierarchy("a", ["t", "p", "q", "p1", "p2"], "t", {"parent": {"p": "t", "q": "t", "p1": "p", "p2": "p"}})
    case = CountTable("t", "m", {"a": area.codes}, np.array([9, 9, 0, 9, 0]))
    system, counts = counted([case], {"a": area})
    at = {system.locate(cell).get("a", "t"): cell for cell in range(system.size)}
    assert group_demands(system, counts, GroupDisclosure("a")) == sorted(
        [Demand(at["p"], (at["t"],)), Demand(at["p1"], (at["p"],))]
    )
    lonely = Hierarchy("a", ["t", "p"], "t", {"parent": {"p": "t"}})
    case = CountTable("t", "m", {"a": lonely.codes}, np.array([9, 9]))
    assert group_demands(*counted([case], {"a": lonely}), GroupDisclosure("a")) == []


def test_three_singletons_in_a_row_learn_nothing_of_each_other_but_two_do() -> None:
    one = flat("a", "x", "y", "z")
    system, counts = counted([CountTable("t", "m", {"a": one.codes}, np.array([8, 1, 1, 6]))], {"a": one})
    small = counts == 1
    x, y = np.flatnonzero(small).tolist()
    assert singleton_demands(system, counts, small, small) == [Demand(x, (y,)), Demand(y, (x,))]
    assert singleton_demands(system, counts, small | (counts == 6), small) == []


def test_dominance_and_p_percent_by_worked_examples() -> None:
    sums = np.array([100, 100, 100, 0, 50])
    largest = np.array([[80, 10, 5], [60, 35, 3], [40, 30, 20], [0, 0, 0], [50, 0, 0]])
    contributions = Contributions(np.array([9, 4, 9, 0, 1]), largest)
    assert Dominance(1, 75).sensitive(sums, contributions).tolist() == [True, False, False, False, True]
    assert Dominance(2, 85).sensitive(sums, contributions).tolist() == [True, True, False, False, True]
    # 100 - 60 - 35 = 5 is less than 10 per cent of 60; 100 - 80 - 10 = 10 is not less than 8 per cent of 80.
    assert PPercent(10).sensitive(sums, contributions).tolist() == [False, True, False, False, True]
    assert PPercent(10, 50).sensitive(sums, contributions).tolist() == [True, True, False, False, True]
    found = sensitive_sums(sums, contributions, [Dominance(1, 75)], 5)
    assert found.tolist() == [True, True, False, False, True]


def test_rules_that_make_no_sense_are_refused() -> None:
    for wrong in (lambda: Dominance(0, 75), lambda: Dominance(1, 101), lambda: PPercent(0), lambda: PPercent(50, 20)):
        with pytest.raises(ValueError, match="dominance|p-percent"):
            wrong()
    with pytest.raises(ValueError, match="falling"):
        Contributions(np.array([2]), np.array([[1, 2]]))
    with pytest.raises(ValueError, match="shape"):
        Contributions(np.array([2, 3]), np.array([[2, 1]]))
    with pytest.raises(ValueError, match="two largest"):
        PPercent(10).sensitive(np.array([5]), Contributions(np.array([1]), np.array([[5]])))
