"""Cases beside tables of counts: whatever the withheld counts may be, they leave room for every case that is told.

Judged by enumeration, which knows nothing of how cases are chosen: every set of counts that fits the published cells is gone through, and the
cases are matched to its places one by one.
"""

import itertools

import numpy as np
import pyarrow
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from anonymisation import ProtectedTable
from vawg_opendata.microdata.cases import COUNTED
from vawg_opendata.microdata.standing import OFFENCE_LEVELS, StandingError, TableBeside, standing
from vawg_opendata.reference import load_codelist
from vawg_opendata.statistics.periods import month_codelist

AREAS, OFFENCES, MONTHS = load_codelist("area"), load_codelist("offence"), month_codelist(["2024-01"])
BOROUGHS = [code for code in AREAS.codes if AREAS.level[code] == "borough"][:2]
CLASSES = ["class-harassment-offences", *[code for code in OFFENCES.codes if OFFENCES.level[code] == "class" and OFFENCES.ancestors(code)[1] == "rape"][:2]]
LEAVES = [next(code for code in OFFENCES.leaves if one in OFFENCES.ancestors(code)) for one in CLASSES]
PLACES = list(itertools.product(range(2), range(3)))
"""The cells whose counts make all others: two boroughs by three classes."""
AXES = {"area": (AREAS.total, *BOROUGHS), "offence": tuple(dict.fromkeys(up for one in CLASSES for up in reversed(OFFENCES.ancestors(one)))), "month": ("2024-01",)}


def inside(area: str, offence: str) -> list[int]:
    """The places below a cell."""
    return [
        place
        for place, (borough, kind) in enumerate(PLACES)
        if area in AREAS.ancestors(BOROUGHS[borough]) and offence in OFFENCES.ancestors(CLASSES[kind])
    ]


CELLS = [inside(area, offence) for area in AXES["area"] for offence in AXES["offence"]]


def cases_of(counts):
    """As many cases as the counts have, as they are read of the extract."""
    rows = [place for place, count in enumerate(counts) for _ in range(count)]
    columns = {f"counted_{name}": pyarrow.array([None] * len(rows), pyarrow.string()) for name in COUNTED}
    columns["counted_area"] = pyarrow.array([BOROUGHS[PLACES[row][0]] for row in rows], pyarrow.string())
    columns["counted_offence"] = pyarrow.array([LEAVES[PLACES[row][1]] for row in rows], pyarrow.string())
    columns["counted_month"] = pyarrow.array(["2024-01"] * len(rows), pyarrow.string())
    orders = pyarrow.array([None] * len(rows), pyarrow.list_(pyarrow.string()))
    return rows, pyarrow.table(columns | {"is_counted": pyarrow.array([False] * len(rows)), "order_types": orders})


def beside(values, published):
    shape = tuple(map(len, AXES.values()))
    table = ProtectedTable("offences", "offences", AXES, np.where(published, values, 0).reshape(shape), np.array(published).reshape(shape))
    return TableBeside(table, {"area": AREAS, "offence": OFFENCES, "month": MONTHS})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=6, max_size=6), st.lists(st.booleans(), min_size=len(CELLS), max_size=len(CELLS)))
def test_every_count_that_fits_the_tables_has_room_for_every_case(counts, published):
    rows, cases = cases_of(counts)
    assume(rows)
    values = np.array([sum(counts[place] for place in cell) for cell in CELLS])
    levels = standing(cases, [beside(values, published)])
    told = []
    for row, level in zip(rows, levels.tolist(), strict=True):
        if level >= 0:
            borough, kind = PLACES[row]
            code = next((up for up in OFFENCES.ancestors(CLASSES[kind]) if OFFENCES.level[up] == OFFENCE_LEVELS[level]), OFFENCES.total)
            told.append(inside(BOROUGHS[borough], code))
    assume(told)
    shown = [(cell, value) for cell, value, here in zip(CELLS, values, published, strict=True) if here]
    for world in itertools.product(range(4), repeat=6):
        if all(sum(world[place] for place in cell) == value for cell, value in shown):
            seats = [place for place, count in enumerate(world) for _ in range(count)]
            room = np.array([[seat in one for seat in seats] for one in told], dtype=int).reshape(len(told), len(seats))
            assert (maximum_bipartite_matching(csr_array(room), perm_type="column") >= 0).all(), (world, told)


def test_the_class_is_told_where_its_cell_is_published_and_no_more_than_the_group_where_it_is_not():
    rows, cases = cases_of([5, 5, 1, 5, 5, 5])
    values = np.array([sum([5, 5, 1, 5, 5, 5][place] for place in cell) for cell in CELLS])
    shown = np.array([cell not in ([2], [1]) for cell in CELLS])
    levels = standing(cases, [beside(values, shown)])
    assert [OFFENCE_LEVELS[level] for level in levels] == ["class"] * 5 + ["group"] * 6 + ["class"] * 15
    assert set(rows) == set(range(6))


def test_a_month_of_a_year_that_is_not_shown_stands_where_all_other_years_are_shown():
    """Of the total, what the other years leave is as known as they are."""
    months = month_codelist(["2024-01", "2024-04", "2024-05"])
    cases = cases_of([1, 0, 0, 0, 0, 0])[1].set_column(2, "counted_month", pyarrow.array(["2024-01"]))
    axes = {"area": (BOROUGHS[0],), "month": ("total", "2024/25")}
    for shown, stands in (((True, True), True), ((True, False), False), ((False, True), False)):
        table = ProtectedTable("by_area", "offences", axes, np.array([[7, 6]]), np.array([shown]))
        assert (standing(cases, [TableBeside(table, {"area": AREAS, "month": months})]) >= 0).all() == stands


@pytest.mark.parametrize(("month", "shown", "stands"), [("2024-01", False, True), ("2024-04", False, False), ("2024-04", True, True)])
def test_a_table_of_whole_years_tells_nothing_of_cases_in_others(month, shown, stands):
    months = month_codelist(["2024-01", "2024-04", "2024-05"])
    cases = cases_of([1, 0, 0, 0, 0, 0])[1].set_column(2, "counted_month", pyarrow.array([month]))
    table = ProtectedTable("by_year", "offences", {"area": (BOROUGHS[0],), "month": ("2024/25",)}, np.array([[7]]), np.array([[shown]]))
    assert (standing(cases, [TableBeside(table, {"area": AREAS, "month": months})]) >= 0).all() == stands


def test_a_table_of_which_nothing_is_known_is_refused():
    cases = cases_of([1, 0, 0, 0, 0, 0])[1]
    table = ProtectedTable("calls", "calls", {"area": (BOROUGHS[0],)}, np.array([7]), np.array([True]))
    with pytest.raises(StandingError, match="table calls: say in .*standing whether cases count in 'calls'"):
        standing(cases, [TableBeside(table, {"area": AREAS})])
    by_weather = ProtectedTable("wet", "offences", {"weather": ("rain",)}, np.array([7]), np.array([True]))
    with pytest.raises(StandingError, match="table wet: cases are not read by 'weather'"):
        standing(cases, [TableBeside(by_weather, {"weather": AREAS})])


OUTCOMES, AGES = load_codelist("current_outcome"), load_codelist("age_group")
GROUPS, BANDS = ["charged", "none-yet"], ["10-19", "20-29"]
KINDS = list(itertools.product(range(2), range(3), range(2), range(2)))
"""Kinds of people: borough, class of the offence, outcome and age."""
SHAPES = {
    "by_offence": ("offences", {"area": (0, AREAS, BOROUGHS), "offence": (1, OFFENCES, LEAVES)}, {"area": AXES["area"], "offence": AXES["offence"]}),
    "by_outcome": ("offences", {"area": (0, AREAS, BOROUGHS), "outcome": (2, OUTCOMES, GROUPS)}, {"area": AXES["area"], "outcome": (OUTCOMES.total, *GROUPS)}),
    "by_age": ("victims", {"area": (0, AREAS, BOROUGHS), "age_group": (3, AGES, BANDS)}, {"area": AXES["area"], "age_group": (AGES.total, *BANDS)}),
}
"""Tables of the same people: measure, what each dimension is of a kind, and axes."""


def holding(name):
    """Per cell of a table, which kinds of people it counts."""
    _, dimensions, axes = SHAPES[name]
    cells = itertools.product(*axes.values())
    under = [(place, codes, leaves) for place, codes, leaves in dimensions.values()]
    return np.array([[all(code in codes.ancestors(leaves[kind[place]]) for code, (place, codes, leaves) in zip(cell, under, strict=True)) for kind in KINDS] for cell in cells])


HOLDING = {name: holding(name).astype(int) for name in SHAPES}
CROWDS = [crowd for size in (1, 2, 3) for crowd in itertools.combinations_with_replacement(range(len(KINDS)), size)]
WORLDS = np.array([np.bincount(crowd, minlength=len(KINDS)) for crowd in CROWDS])


def learnt(people, published, beside_which):
    """Whether records of `people`, told with regard to some of the tables, narrow a withheld count of any of them for whoever thinks of all the people who could be."""
    counts = np.bincount(people, minlength=len(KINDS))
    tables = {}
    for name, (measure, dimensions, axes) in SHAPES.items():
        shape, shown = tuple(map(len, axes.values())), np.array(published[name])
        values = np.where(shown, HOLDING[name] @ counts, 0).reshape(shape)
        tables[name] = TableBeside(ProtectedTable(name, measure, axes, values, shown.reshape(shape)), {axis: codes for axis, (_, codes, _) in dimensions.items()})
    columns = {f"counted_{name}": pyarrow.array([None] * len(people), pyarrow.string()) for name in COUNTED}
    for name, (place, leaves) in {"area": (0, BOROUGHS), "offence": (1, LEAVES), "outcome": (2, ["1", "none"]), "age_group": (3, BANDS)}.items():
        columns[f"counted_{name}"] = pyarrow.array([leaves[KINDS[person][place]] for person in people], pyarrow.string())
    cases = pyarrow.table(columns | {"is_counted": pyarrow.array([True] * len(people)), "order_types": pyarrow.array([None] * len(people), pyarrow.list_(pyarrow.string()))})
    told = []
    for person, level in zip(people, standing(cases, [tables[name] for name in beside_which]).tolist(), strict=True):
        if level >= 0:
            borough, kind, outcome, age = KINDS[person]
            code = next((up for up in OFFENCES.ancestors(CLASSES[kind]) if OFFENCES.level[up] == OFFENCE_LEVELS[level]), OFFENCES.total)
            fits = {place for place, (b, k, o, a) in enumerate(KINDS) if (b, o, a) == (borough, outcome, age) and code in OFFENCES.ancestors(CLASSES[k])}
            told.append(fits)
    fitting = np.all([((WORLDS @ HOLDING[name].T)[:, shown] == (HOLDING[name] @ counts)[shown]).all(axis=1) for name, shown in ((name, np.array(published[name])) for name in SHAPES)], axis=0)
    room = [any(all(place in fits for place, fits in zip(chosen, told, strict=True)) for chosen in itertools.permutations(CROWDS[world], len(told))) for world in np.flatnonzero(fitting)]
    for name in SHAPES:
        possible = WORLDS[fitting] @ HOLDING[name][~np.array(published[name])].T
        if any(set(before.tolist()) != set(after.tolist()) for before, after in zip(possible.T, possible[np.array(room)].T, strict=True)):
            return True
    return False


PATTERN = st.fixed_dictionaries({name: st.lists(st.booleans(), min_size=len(cells), max_size=len(cells)) for name, cells in HOLDING.items()})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(KINDS) - 1), min_size=1, max_size=3), PATTERN)
def test_records_narrow_no_withheld_count_of_several_tables_at_once(people, published):
    """Every set of people that fits all tables is gone through: with the records beside them no withheld count has fewer possible values."""
    number = np.flatnonzero(HOLDING["by_offence"].all(axis=1))[0]
    published["by_offence"][number] = True  # how many people there are bounds what must be gone through
    assert not learnt(sorted(people), published, list(SHAPES))


@pytest.mark.parametrize("forgotten", list(SHAPES))
def test_records_told_without_regard_to_a_table_narrow_its_counts(forgotten):
    """Two of three people differ in what the table counts them by, which it withholds; all else is published."""
    people = [KINDS.index(kind) for kind in ((0, 0, 0, 0), (0, 0, 0, 0), (0, 1, 1, 1))]
    published = {name: [name != forgotten or cell.all() for cell in cells] for name, cells in HOLDING.items()}
    assert learnt(people, published, [name for name in SHAPES if name != forgotten])
    assert not learnt(people, published, list(SHAPES))
