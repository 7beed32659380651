"""Findings for people: told where a series breaks, silent where it does not, and never with a count."""

import re

import pytest

from tests.statistics.records import dashboard, write
from tests.statistics.test_build import OFFENCE, OTHER_OFFENCE, VAWG
from vawg_opendata.products import PRODUCTS
from vawg_opendata.reference import load_codelist
from vawg_opendata.statistics import build, review

MONTHS = [f"2023-{month:02}" for month in range(1, 13)] + ["2024-01"]
WARDS = [next(row["code"] for row in load_codelist("area").rows if row["parent"] == borough) for borough in ("E09000012", "E09000030")]


def statistics(tmp_path, counts, last=None, offences=(OFFENCE, OTHER_OFFENCE)):
    """`counts` of each of two boroughs, and of each of two offences, by month; `last` those of the newest."""
    by_area, by_offence = [], []
    for month in MONTHS:
        now = last if last and month == MONTHS[-1] else counts
        by_area += [(code, month, number) for code, number in zip(WARDS, now["area"], strict=True) if number]
        by_offence += [(code, month, number) for code, number in zip(offences, now["offence"], strict=True) if number]
    write(tmp_path / "records", "dashboard_offences_by_area", dashboard("area", by_area, vintage="2024-01"))
    write(tmp_path / "records", "dashboard_offences_by_offence", dashboard("offence", by_offence, vintage="2024-01"))
    return build(VAWG, tmp_path / "records", tmp_path / "work")


USUAL = {"area": (60, 40), "offence": (50, 50)}


@pytest.mark.parametrize(
    ("last", "found"),
    [
        (None, {}),
        ({"area": (66, 46), "offence": (60, 52)}, {}),
        ({"area": (180, 120), "offence": (150, 150)}, {"magnitude": "more than twice"}),
        ({"area": (9, 6), "offence": (8, 7)}, {"magnitude": "less than half"}),
        ({"area": (60, 40), "offence": (100, 0)}, {"drift": "by offence"}),
        ({"area": (100, 0), "offence": (50, 50)}, {"completeness": "E09000030 has none in 2024-01"}),
    ],
)
def test_what_breaks_is_found_and_nothing_else(tmp_path, last, found):
    made = statistics(tmp_path, USUAL, last)
    told = {judge.__name__: judge(made) for judge in (review.magnitude, review.drift, review.completeness)}
    assert {name for name, findings in told.items() if findings} == set(found)
    for name, words in found.items():
        assert words in told[name][0]
        assert not re.search(r"\b(9|6|15|60|100|150|180|300)\b", "; ".join(told[name]))


def test_a_source_that_ends_before_the_others_is_found(tmp_path):
    """Of a month that only one of two files brings: nothing is missing in either series."""
    victims = [(ward, month, 50) for ward in WARDS for month in MONTHS[:-1]]
    write(tmp_path / "records", "dashboard_victims_by_area", dashboard("area", victims, vintage="2023-12"))
    made = statistics(tmp_path, USUAL)
    assert review.completeness(made) == ["victims: ends with 2023-12, and offences with 2024-01"]


def test_small_numbers_are_left_to_chance(tmp_path):
    few = {"area": (2, 1), "offence": (2, 1)}
    made = statistics(tmp_path, few, {"area": (0, 4), "offence": (1, 3)})
    assert [judge(made) for judge in (review.magnitude, review.drift, review.completeness)] == [[], [], []]


def test_what_ripens_is_not_told_of_the_newest_year_and_what_does_not_is(tmp_path):
    """Of homicides of the last year more are unsolved: that changes by itself."""
    case = {"age_group": "25-34", "ethnicity": "White", "domestic_abuse": "domestic", "offence_type": "murder", "sex": "female", "count": 1, "vintage": "2024-01"}
    old = {"status": "solved", "method": "shooting"}
    for newest, found in (({"status": "unsolved"}, []), ({"method": "knife-or-sharp-implement"}, ["method"])):
        rows = [case | old | (newest if year == 2023 else {}) | {"year": year, "month": f"{year}-06"} for year in range(2015, 2024) for _ in range(30)]
        write(tmp_path / "records", "homicide_victims", [*rows, case | old | {"year": 2003, "month": "2003-01"}])
        made = build(PRODUCTS["female-homicide"], tmp_path / "records", tmp_path / "work")
        assert [re.search("by (.*):", finding)[1] for finding in review.drift(made)] == found
