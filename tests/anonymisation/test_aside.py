"""Codes that are set aside: the same people under one code in every dimension, against enumeration of all that could be published."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anonymisation import CountTable, Hierarchy, HierarchyError, InconsistentTablesError, Policy, PublishedTable, TableError, attack, protect
from anonymisation.errors import ProtectionError
from anonymisation.releases import Release, attack_releases
from anonymisation.system import build_system

THRESHOLD = 3
YEARS = ("1", "2")


def dimension(name: str, *codes: str, aside: tuple[str, ...] = ("held",)) -> Hierarchy:
    return Hierarchy(name, ["total", *codes, "held"], "total", {"parent": dict.fromkeys((*codes, "held"), "total")}, aside)


YEAR = Hierarchy("year", ["total", *YEARS], "total", {"parent": dict.fromkeys(YEARS, "total")})
HIERARCHIES = {"age": dimension("age", "young", "old"), "status": dimension("status", "solved", "unsolved"), "year": YEAR}
APART = {"age": dimension("age", "young", "old", aside=()), "status": dimension("status", "solved", "unsolved", aside=()), "year": YEAR}
NAMES = ("age", "status")


def counts(years: list[tuple[int, int, int, int]]) -> dict[str, np.ndarray]:
    """By table, its cells, given for each year how many are young, old, solved and held; the others who are told are unsolved."""
    columns = {"age": [], "status": []}
    for young, old, solved, held in years:
        columns["age"].append([young + old + held, young, old, held])
        columns["status"].append([young + old + held, solved, young + old - solved, held])
    return {name: np.array([np.sum(by_year, axis=0), *by_year]).T for name, by_year in columns.items()}


def axes(name: str) -> dict[str, tuple[str, ...]]:
    return {name: HIERARCHIES[name].codes, "year": YEAR.codes}


def published(numbers: dict[str, np.ndarray], shown: dict[str, np.ndarray]) -> list[PublishedTable]:
    return [PublishedTable(name, "cases", axes(name), numbers[name], shown[name]) for name in NAMES]


def of_year(total: int) -> list[tuple[int, int, int, int]]:
    """All ways in which so many may be young, old, solved and held."""
    ages = [(young, old, total - young - old) for young in range(total + 1) for old in range(total - young + 1)]
    return [(young, old, solved, held) for young, old, held in ages for solved in range(young + old + 1)]


def possible(tables: list[PublishedTable], least: int) -> list[dict[str, np.ndarray]]:
    """Every set of counts that explains the tables, whose totals are published; what is withheld is ``least`` or more."""
    fits = []
    for place in (1, 2):
        years = [counts([year]) for year in of_year(int(tables[0].values[0, place]))]
        for t in tables:
            shown = t.published[:, place]
            years = [y for y in years if (y[t.name][shown, 1] == t.values[shown, place]).all() and (y[t.name][~shown, 1] >= least).all()]
        fits.append(years)
    found = []
    for pair in itertools.product(*fits):
        whole = {name: np.stack([pair[0][name][:, 1] + pair[1][name][:, 1], pair[0][name][:, 1], pair[1][name][:, 1]], axis=1) for name in NAMES}
        if all(((whole[t.name][:, 0] == t.values[:, 0]) | ~t.published[:, 0]).all() for t in tables):
            found.append(whole)
    return found


def narrow(tables: list[PublishedTable], least: int) -> dict[tuple, tuple[int, int]]:
    """The withheld cells that may be small and are known too closely; a cell of who is held is one cell, whatever the table."""
    worlds = possible(tables, least)
    known = {("held", year) for t in tables for year, shown in zip(YEAR.codes, t.published[3], strict=True) if shown}
    found = {}
    for t in tables:
        for i, j in np.argwhere(~t.published).tolist():
            code, year = t.axes[t.name][i], YEAR.codes[j]
            values = [world[t.name][i, j] for world in worlds]
            if (code, year) not in known and min(values) < THRESHOLD and max(values) - min(values) < THRESHOLD:
                found[(code, year) if code == "held" else (t.name, code, year)] = (min(values), max(values))
    return found


def told(findings) -> dict[tuple, tuple[int, int]]:
    found = {}
    for finding in findings:
        if finding.published:
            continue
        codes = dict(finding.codes)
        year = codes.pop("year", "total")
        ((name, code),) = codes.items()
        found[(code, year) if code == "held" else (name, code, year)] = (finding.low, finding.high)
    return found


year_counts = st.integers(0, 6).flatmap(lambda total: st.sampled_from(of_year(total)))


@settings(max_examples=80, deadline=None)
@given(st.lists(year_counts, min_size=2, max_size=2), st.data())
def test_what_is_found_is_what_enumeration_finds(years, data) -> None:
    numbers = counts(years)
    shown = {}
    for name in NAMES:
        kept = np.array(data.draw(st.lists(st.booleans(), min_size=12, max_size=12))).reshape(4, 3) | (numbers[name] == 0)
        kept[0] = True
        shown[name] = kept
    tables = published(numbers, shown)
    found, truth = told(attack(tables, HIERARCHIES, THRESHOLD).findings), narrow(tables, 1)
    assert truth.items() <= found.items()
    # Whoever allows that a withheld cell is 0 may know more closely that it is small.
    assert found.keys() <= truth.keys() | narrow(tables, 0).keys()


@settings(max_examples=60, deadline=None)
@given(st.lists(year_counts, min_size=2, max_size=2))
def test_what_is_protected_is_protected_from_who_sets_tables_side_by_side(years) -> None:
    numbers = counts(years)
    try:
        made = protect([CountTable(name, "cases", axes(name), numbers[name]) for name in NAMES], HIERARCHIES, Policy(THRESHOLD)).tables
    except ProtectionError:
        assume(False)
    shown = {name: made[name].published for name in NAMES}
    assert (shown["age"][3] == shown["status"][3]).all()
    if shown["age"][0].all():
        assert not narrow(published(numbers, shown), 1)


def example() -> list[PublishedTable]:
    """Of ages the years are withheld, those who are held among them; by status they are told, so that there are four others."""
    numbers = counts([(2, 2, 4, 6), (9, 9, 9, 5)])
    hidden = np.array([[1, 1, 1], [1, 0, 0], [1, 0, 0], [1, 0, 0]], dtype=bool)
    return published(numbers, {"age": hidden, "status": np.ones((4, 3), dtype=bool)})


def test_a_table_is_not_undone_by_another_that_tells_who_is_held() -> None:
    findings = attack(example(), HIERARCHIES, THRESHOLD).findings
    assert {(tuple(f.codes.values()), f.low, f.high) for f in findings} == {(("young", "1"), 1, 3), (("old", "1"), 1, 3)}
    # Where nobody says that the codes are one, nothing follows.
    assert not attack(example(), APART, THRESHOLD).findings


def test_tables_that_count_the_held_differently_contradict_each_other() -> None:
    age, status = example()
    wrong = PublishedTable("age", "cases", age.axes, age.values + (np.arange(4) == 3)[:, None], np.ones((4, 3), dtype=bool))
    with pytest.raises(InconsistentTablesError):
        attack([wrong, status], HIERARCHIES, THRESHOLD)


def test_a_release_by_one_dimension_and_the_next_by_another_are_set_side_by_side() -> None:
    age, status = example()
    assert not attack_releases([Release("first", [age], HIERARCHIES)], THRESHOLD).findings
    both = attack_releases([Release("first", [age], HIERARCHIES), Release("second", [status], HIERARCHIES)], THRESHOLD)
    assert any(dict(f.codes) == {"age": "young", "year": "1"} and f.high == 3 for f in both.findings)


def test_a_code_set_aside_has_no_children_and_a_table_has_it_in_one_dimension() -> None:
    with pytest.raises(HierarchyError, match="set aside"):
        dimension("age", "young", aside=("total",))
    square = CountTable("t", "cases", {name: HIERARCHIES[name].codes for name in NAMES}, np.zeros((4, 4), dtype=int))
    with pytest.raises(TableError, match="set aside in several dimensions"):
        build_system([square], HIERARCHIES)
