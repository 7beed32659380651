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


def test_a_table_of_which_nothing_is_known_is_refused():
    cases = cases_of([1, 0, 0, 0, 0, 0])[1]
    table = ProtectedTable("calls", "calls", {"area": (BOROUGHS[0],)}, np.array([7]), np.array([True]))
    with pytest.raises(StandingError, match="table calls: say in .*standing whether cases count in 'calls'"):
        standing(cases, [TableBeside(table, {"area": AREAS})])
    by_weather = ProtectedTable("wet", "offences", {"weather": ("rain",)}, np.array([7]), np.array([True]))
    with pytest.raises(StandingError, match="table wet: cases are not read by 'weather'"):
        standing(cases, [TableBeside(by_weather, {"weather": AREAS})])
