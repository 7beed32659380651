"""Tables and lists of records of one audience, against enumeration of all that could be behind them."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymisation import Hierarchy, InconsistentTablesError, PublishedTable, TableError
from anonymisation.intruder import RecordList, attack, attack_beside_lists
from anonymisation.releases import ReleaseRefusedError, check_lists
from tests.anonymisation.systems import flat, table

AREA = Hierarchy("area", ["total", "A", "B", "a", "b"], "total", {"parent": {"A": "total", "B": "total", "a": "A", "b": "A"}})
YEAR = Hierarchy("year", ["total", "1-2", "1", "2", "3"], "total", {"parent": {"1-2": "total", "1": "1-2", "2": "1-2", "3": "total"}})
HIERARCHIES = {"area": AREA, "sex": flat("sex", "f", "m"), "year": YEAR}
LEAVES = {d: h.leaves for d, h in HIERARCHIES.items()}
THRESHOLD = 3


def axes(*dimensions):
    return {d: HIERARCHIES[d].codes for d in dimensions}


BLOCKS = {"year": ("total", "1-2", "3")}
TABLES = (
    {"t": axes("area", "sex")},
    {"t": axes("area", "year"), "u": axes("year", "sex")},
    {"t": axes("area", "year"), "u": axes("sex") | BLOCKS},
    {"t": axes("area") | BLOCKS, "u": axes("sex") | BLOCKS},
    {"t": axes("area")},
    {"t": axes("area", "year"), "u": axes("sex") | {"year": ("1", "2")}},
    {"t": axes("area", "year"), "u": axes("area", "sex") | {"year": ("3",)}},
)


@st.composite
def audiences(draw):
    """People, tables of them with cells withheld, and a list of them with codes raised one by one, or one of several told.

    Of the list: all are in it; all of a year are; some are.
    """
    shapes = draw(st.sampled_from(TABLES))
    person = st.tuples(*(st.sampled_from(LEAVES[d]) for d in HIERARCHIES))
    people = [dict(zip(HIERARCHIES, one, strict=True)) for one in draw(st.lists(person, min_size=1, max_size=4))]
    tables = []
    for name, one in shapes.items():
        whole = table(name, HIERARCHIES, one, people)
        kept = draw(st.lists(st.booleans(), min_size=whole.counts.size, max_size=whole.counts.size))
        shown = np.array(kept).reshape(whole.counts.shape) | (whole.counts == 0)
        shown.flat[0] = True
        tables.append(PublishedTable(name, "people", one, whole.counts, shown))
    extent = draw(st.sampled_from(["all", "year", "some"]))
    within = {"year": "1"} if extent == "year" else {}
    listed = [one for one in people if one["year"] == "1"] if within else people[: draw(st.integers(0, len(people)))] if extent == "some" else people
    dimensions = draw(st.sampled_from([("area",), ("area", "sex"), ("area", "sex", "year")]))
    told = {leaf: [*HIERARCHIES[d].ancestors[leaf], None, *(frozenset({leaf, other}) for other in LEAVES[d])] for d in dimensions for leaf in LEAVES[d]}
    codes = {d: [draw(st.sampled_from(told[one[d]])) for one in listed] for d in dimensions}
    return tables, RecordList("list", "people", codes, within, extent != "some"), len(people)


def worlds(tables, one, size):
    """By world that is possible, the counts of all cells: every way to give the records, and people beyond them, true values."""
    everywhere = list(itertools.product(*LEAVES.values()))
    inside = [p for p in everywhere if all(p[list(HIERARCHIES).index(d)] in HIERARCHIES[d].leaves_below[c] for d, c in one.within.items())]
    own = []
    for i in range(len(one)):
        codes = {d: one.codes[d][i] or "total" for d in one.codes}
        told = {d: code if isinstance(code, frozenset) else HIERARCHIES[d].leaves_below[code] for d, code in codes.items()}
        own.append([p for p in inside if all(p[j] in told[d] for j, d in enumerate(HIERARCHIES) if d in told)])
    outside = everywhere if not one.complete else [p for p in everywhere if p not in inside]
    others = itertools.combinations_with_replacement(outside, size - len(one))
    listed = {tuple(sorted(choice)) for choice in itertools.product(*own)}
    for choice, rest in itertools.product(listed, list(others)):
        people = [dict(zip(HIERARCHIES, p, strict=True)) for p in (*choice, *rest)]
        counts = [table(t.name, HIERARCHIES, t.axes, people).counts for t in tables]
        if all((c[t.published] == t.values[t.published]).all() for c, t in zip(counts, tables, strict=True)):
            yield counts


def known(tables, found):
    """Intervals of the withheld cells of all worlds, as ``attack`` names cells: by codes that are not totals."""
    intervals = {}
    for counts in found:
        for one, values in zip(tables, counts, strict=True):
            for place in np.argwhere(~one.published).tolist():
                codes = {d: c[i] for (d, c), i in zip(one.axes.items(), place, strict=True)}
                key = tuple(sorted((d, c) for d, c in codes.items() if c != "total"))
                low, high = intervals.get(key, (10**9, -1))
                value = int(values[tuple(place)])
                intervals[key] = (min(low, value), max(high, value))
    return intervals


@settings(max_examples=60, deadline=None)
@given(audiences())
def test_what_is_found_is_what_enumeration_finds(audience):
    tables, one, size = audience
    shown = {
        tuple(sorted((d, c[i]) for (d, c), i in zip(t.axes.items(), place, strict=True) if c[i] != "total"))
        for t in tables
        for place in np.argwhere(t.published).tolist()
    }
    possible = list(worlds(tables, one, size))
    positive = [every for every in possible if all((c[~t.published] > 0).all() for c, t in zip(every, tables, strict=True))]
    # As in the attack on tables: what a reader who excludes withheld zeros sees to be large is judged for one who does not.
    expected, careful = {}, known(tables, possible)
    for key, ends in known(tables, positive).items():
        if key not in shown and ends[1] - ends[0] < THRESHOLD:
            ends = ends if ends[0] < THRESHOLD else careful[key]
            if ends[0] < THRESHOLD and ends[1] - ends[0] < THRESHOLD:
                expected[key] = ends
    found = attack_beside_lists(tables, HIERARCHIES, [one], THRESHOLD)
    assert {tuple(sorted(f.codes.items())): (f.low, f.high) for f in found.findings} == expected


def test_a_table_that_tells_no_total_is_attacked_beside_a_list_of_some():
    people = [{"area": "a", "sex": "f", "year": "1"}] * 3 + [{"area": "b", "sex": "m", "year": "2"}] * 4
    whole = table("t", HIERARCHIES, axes("sex") | {"year": ("1",)}, people)
    some = RecordList("l", "people", {"sex": ["f", "f"], "year": ["1", "1"]}, {}, False)
    found = attack_beside_lists([PublishedTable("t", "people", whole.axes, whole.counts, whole.counts > 4)], HIERARCHIES, [some], 5)
    assert found.withheld == 3 and not found.findings  # at least two, and nobody knows how many


def homicides(shown=()):
    """A table of 24 people by area and sex in which the intruder of tables finds nothing, and the people."""
    people = [
        {"area": area, "sex": sex, "year": year}
        for area, sex, year, number in (("a", "f", "1", 4), ("a", "m", "1", 4), ("b", "f", "2", 4), ("b", "m", "2", 4), ("B", "f", "1", 4), ("B", "m", "2", 4))
        for _ in range(number)
    ]
    whole = table("t", HIERARCHIES, axes("area", "sex"), people)
    published = np.zeros_like(whole.counts, dtype=bool)
    published[0] = True
    for place in shown:
        published[place] = True
    return people, PublishedTable("t", "people", whole.axes, whole.counts, published)


def test_a_list_of_exact_codes_gives_every_withheld_cell_and_is_refused():
    people, published = homicides()
    assert attack([published], HIERARCHIES, 5).disclosed == 0
    fine = RecordList("case list", "people", {d: [one[d] for one in people] for d in ("area", "sex")})
    found = attack_beside_lists([published], HIERARCHIES, [fine], 5).findings
    # Areas of 8 are not small; each of their parts by sex is 4.
    assert {(f.codes["area"], f.codes["sex"], f.low, f.high) for f in found} == {(a, s, 4, 4) for a in "abB" for s in "fm"}
    with pytest.raises(ReleaseRefusedError, match=r"case list give away 6 cells") as refused:
        check_lists([published], HIERARCHIES, [fine], 5)
    assert ("people", {"area": "a", "sex": "f"}) in refused.value.cells
    assert "4" not in str(refused.value)


def test_a_list_that_tells_no_more_than_the_tables_is_allowed():
    people, published = homicides()
    coarse = RecordList("case list", "people", {"sex": [one["sex"] for one in people], "area": [None] * len(people)})
    check_lists([published], HIERARCHIES, [coarse], 5)
    # A list of another measure counts other people.
    check_lists([published], HIERARCHIES, [RecordList("x", "suspects", {"area": ["a"]})], 5)


def test_two_lists_tell_together_what_neither_tells_alone():
    people, published = homicides()
    areas = [one["area"] for one in people]
    # Of each, the areas of one sex are told, and these of the other are left blank.
    halves = [
        RecordList(sex, "people", {"sex": [one["sex"] for one in people], "area": [a if p["sex"] == sex else None for a, p in zip(areas, people, strict=True)]})
        for sex in "fm"
    ]
    wide = {sex: attack_beside_lists([published], HIERARCHIES, [half], 5).findings for sex, half in zip("fm", halves, strict=True)}
    assert all({f.codes["sex"] for f in found} == {sex} for sex, found in wide.items())
    assert {f.codes["sex"] for f in attack_beside_lists([published], HIERARCHIES, halves, 5).findings} == {"f", "m"}


def test_lists_that_do_not_fit_are_refused_with_the_reason():
    people, published = homicides()
    for codes, within, words in (
        ({"area": ["q"]}, {}, "'q', which is not in its hierarchy"),
        ({"town": ["a"]}, {}, "no hierarchy for 'town'"),
        ({"area": ["a"], "sex": ["f", "m"]}, {}, "2 codes for 1 records"),
        ({"area": ["a"]}, {"area": "B"}, "outside what the list is of"),
    ):
        with pytest.raises(TableError, match=words):
            attack_beside_lists([published], HIERARCHIES, [RecordList("l", "people", codes, within)], 5)
    with pytest.raises(InconsistentTablesError, match="do they count the same people"):
        attack_beside_lists([published], HIERARCHIES, [RecordList("l", "people", {"area": ["a"] * 3})], 5)


def test_a_complete_list_tells_counts_and_one_that_may_lack_people_the_least_that_they_can_be():
    people = [{"area": area, "sex": "f", "year": year} for year, number in (("1", 2), ("2", 20), ("3", 20)) for area in "abB" for _ in range(number)]
    whole = table("t", HIERARCHIES, axes("area", "year"), people)
    published = np.zeros_like(whole.counts, dtype=bool)
    published[0, 0] = True
    of_year_1 = PublishedTable("t", "people", whole.axes, whole.counts, published)
    codes = {"area": [one["area"] for one in people if one["year"] == "1"]}
    everybody = attack_beside_lists([of_year_1], HIERARCHIES, [RecordList("l", "people", codes, {"year": "1"})], 3).findings
    assert {(f.codes["area"], f.low, f.high) for f in everybody} == {(area, 2, 2) for area in "abB"} and all(f.codes["year"] == "1" for f in everybody)
    some = RecordList("l", "people", codes, {"year": "1"}, complete=False)
    assert not attack_beside_lists([of_year_1], HIERARCHIES, [some], 3).findings
    # The least counts of the parts leave no room once the total of the year is published.
    published[0, 2] = True
    assert whole.axes["year"][2] == "1" and whole.counts[0, 2] == 6
    told = attack_beside_lists([PublishedTable("t", "people", whole.axes, whole.counts, published)], HIERARCHIES, [some], 3).findings
    assert {(f.codes["area"], f.low, f.high) for f in told if f.codes.get("year") == "1" and f.codes.get("area") in tuple("abB")} == {(area, 2, 2) for area in "abB"}


def test_what_two_tables_tell_of_one_list_is_put_together():
    """Four women of one area are in the list with a block of two years; the table by area says in which year all of them are.

    So does the other table then, in which the years of women are withheld: all but one or two of six.
    """
    groups = (("B", "f", "1", 4), ("a", "f", "1", 1), ("a", "f", "2", 1), ("a", "m", "1", 6), ("a", "m", "2", 6), ("b", "m", "1", 5), ("b", "m", "2", 5))
    people = [{"area": area, "sex": sex, "year": year} for area, sex, year, number in groups for _ in range(number)]
    by_sex = table("by sex", HIERARCHIES, axes("sex", "year"), people)
    shown = np.ones_like(by_sex.counts, dtype=bool)
    shown[np.ix_([1, 2], [2, 3])] = False
    withheld = PublishedTable("by sex", "people", by_sex.axes, by_sex.counts, shown)

    def by_area(years):
        whole = table("by area", HIERARCHIES, axes("area") | years, people)
        return PublishedTable("by area", "people", whole.axes, whole.counts, np.ones_like(whole.counts, dtype=bool))

    listed = RecordList("l", "people", {"area": [one["area"] for one in people], "sex": [one["sex"] for one in people], "year": ["1-2"] * len(people)})
    found = attack_beside_lists([by_area(axes("year")), withheld], HIERARCHIES, [listed], 3)
    assert found.checked["together"] == 2
    assert {(f.codes["sex"], f.codes["year"], f.low, f.high) for f in found.findings} == {("f", "2", 1, 2)}
    # Neither table by itself gives it away, nor do both where one of them tells no single years, nor without the list's areas.
    for tables, dimensions in (([withheld], ("area", "sex", "year")), ([by_area(BLOCKS), withheld], ("area", "sex", "year")), ([by_area(axes("year")), withheld], ("sex", "year"))):
        less = RecordList("l", "people", {d: listed.codes[d] for d in dimensions})
        assert not attack_beside_lists(tables, HIERARCHIES, [less], 3).findings
    assert not attack_beside_lists([by_area(axes("year"))], HIERARCHIES, [listed], 3).findings
