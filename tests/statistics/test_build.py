"""Statistics of whole products: which source and vintage count, what is covered, what is refused."""

import duckdb
import numpy as np
import pytest

from anonymisation import Hierarchy, protect
from tests.paths import shared
from tests.statistics.records import dashboard, write
from vawg_opendata.products import PRODUCTS
from vawg_opendata.reference import load_codelist
from vawg_opendata.statistics import ProductStatistics, StatisticsError, build

VAWG, HOMICIDE, STREET = PRODUCTS["vawg-offences"], PRODUCTS["female-homicide"], PRODUCTS["violence-and-sexual-offences"]
WARD, OTHER_WARD = "E05009367", "E09000012-UNK"
OFFENCE, OTHER_OFFENCE = load_codelist("offence").leaves[:2]


def cell(statistics: ProductStatistics, table: str, **codes: str) -> int:
    """The count of one cell; dimensions not given are at their total."""
    counts = statistics.counts[table]
    where = tuple(axis.index(codes.get(name, statistics.outline.codelists[name].total)) for name, axis in counts.axes.items())
    return int(counts.counts[where])


def add_dashboard(records, by_area, by_offence, vintage="2024-03"):
    write(records, "dashboard_offences_by_area", dashboard("area", by_area, vintage=vintage))
    write(records, "dashboard_offences_by_offence", dashboard("offence", by_offence, vintage=vintage))


AREAS = [(WARD, "2024-01", 6), (OTHER_WARD, "2024-02", 3), (WARD, "2024-03", 1)]
OFFENCES = [(OFFENCE, "2024-01", 6), (OTHER_OFFENCE, "2024-02", 3), (OFFENCE, "2024-03", 1)]


def test_views_of_one_total_are_counted_apart_and_never_added(tmp_path):
    add_dashboard(tmp_path / "records", AREAS, OFFENCES)
    statistics = build(VAWG, tmp_path / "records", tmp_path / "work")
    for table in ("offences_by_area", "offences_by_offence"):
        assert cell(statistics, table) == 10
        assert cell(statistics, table, month="2023/24") == 10
        assert cell(statistics, table, month="2024-02") == 3
    assert cell(statistics, "offences_by_area", area="E09000012") == 10
    assert cell(statistics, "offences_by_area", area=OTHER_WARD) == 3
    assert cell(statistics, "offences_by_area", area="E09000030") == 0
    assert "offences_by_borough_and_class" in statistics.outline.left_out
    assert statistics.outline.sources == {"offences": "mps_vawg_dashboard"}


def test_nothing_at_hand_gives_no_product(tmp_path):
    (tmp_path / "records").mkdir()
    assert build(VAWG, tmp_path / "records", tmp_path / "work") is None


def extract(records, rows, vintage="2024-03", **given):
    given = {"location_type": "street", "domestic_abuse": False} | given
    write(
        records,
        "extract_offences",
        [{"area": area, "offence": offence, "recorded_month": month, "count": 1, "vintage": vintage} | given for area, offence, month in rows],
    )


def test_the_extract_gives_the_whole_measure_and_the_dashboard_is_compared_with_it(tmp_path):
    records = tmp_path / "records"
    add_dashboard(records, AREAS, OFFENCES)
    extract(records, [(WARD, OFFENCE, "2024-01")] * 6 + [(OTHER_WARD, OFFENCE, "2024-02")] * 2)
    statistics = build(VAWG, records, tmp_path / "work")
    assert {table.source for table in statistics.outline.tables} == {"crime_extract"}
    assert cell(statistics, "offences_by_borough_and_class", area="E09000012", offence="class-manslaughter", month="2024-01") == 6
    assert statistics.outline.months == ("2024-01", "2024-02", "2024-03")  # the vintage's month is covered, though nothing was recorded in it
    (comparison,) = statistics.comparisons
    assert (comparison.kind, comparison.published, comparison.other) == ("reconciliation", "crime_extract", "mps_vawg_dashboard")
    assert (comparison.periods, comparison.differences) == (3, (("2024-02", 2, 3), ("2024-03", 0, 1)))
    assert comparison.summary.endswith("3 periods compared, 2 differ")  # and no count, so that it can be logged


@pytest.mark.parametrize(
    ("offence", "place", "domestic", "expected"),
    [
        (OFFENCE, "street", False, "public-space"),
        (OFFENCE, "licensed", False, "public-space"),
        (OFFENCE, "street", True, "elsewhere"),
        (OFFENCE, "dwelling-other", False, "elsewhere"),
        (OFFENCE, "online", False, "elsewhere"),
        (OFFENCE, "not-known", False, "elsewhere"),
        ("offence-non-vawg-crime-non-vawg-classification", "street", False, "elsewhere"),
    ],
)
def test_public_space_is_neither_private_nor_domestic_nor_what_only_a_flag_brings_in(tmp_path, offence, place, domestic, expected):
    records = tmp_path / "records"
    extract(records, [(WARD, offence, "2023-04")] * 6, location_type=place, domestic_abuse=domestic)
    statistics = build(VAWG, records, tmp_path / "work")
    found = {code: cell(statistics, "offences_by_public_space", area=WARD, public_space=code, month="2023/24") for code in ("total", "public-space", "elsewhere")}
    assert found == {"total": 6, "public-space": 0, "elsewhere": 0} | {expected: 6}


def test_a_victim_counts_once_under_the_outcome_that_stands_for_the_offence(tmp_path):
    records = tmp_path / "records"
    extract(records, [(WARD, OFFENCE, "2023-04")] * 3)
    victim = {"area": WARD, "age_group": "20-29", "recorded_month": "2023-04", "count": 1, "vintage": "2024-03", "repeat_victim": False}
    people = [("a", "Black", True), ("a", "White", True), ("b", "Black", True), ("c", "Black", True), ("c", "White", False)]
    write(records, "extract_victims", [victim | {"crime_ref": ref, "ethnic_appearance": seen, "counted": counted} for ref, seen, counted in people])
    outcomes = [("a", 1, "18", False), ("a", 2, "1", True), ("b", 1, "18", True), ("b", 2, "16", True)]  # of several that stand the last one counts
    write(
        records,
        "extract_outcomes",
        [{"crime_ref": ref, "vintage": "2024-03", "outcome_number": number, "outcome_code": code, "current": current} for ref, number, code, current in outcomes],
    )
    statistics = build(VAWG, records, tmp_path / "work")
    name, groups = "victims_by_ethnic_appearance_and_outcome", ("charged", "evidential-not-supports", "none-yet", "no-suspect", "total")
    found = {seen: [cell(statistics, name, ethnic_appearance=seen, outcome=group, month="2023/24") for group in groups] for seen in ("Black", "White", "total")}
    assert found == {"Black": [1, 1, 1, 0, 3], "White": [1, 0, 0, 0, 1], "total": [2, 1, 1, 0, 4]}


def test_wards_add_up_to_hexagons_and_hexagons_to_london(tmp_path):
    records = tmp_path / "records"
    extract(records, [(WARD, OFFENCE, "2023-04")] * 6 + [(OTHER_WARD, OFFENCE, "2024-01")] * 3 + [("Unknown-UNK", OFFENCE, "2024-01")])
    statistics = build(VAWG, records, tmp_path / "work")
    areas = statistics.outline.codelists["area"]
    for ward, levels, count in ((WARD, ["hexagon_7", "hexagon_6", "hexagon_5"], 6), (OTHER_WARD, ["hexagon_5"], 4)):
        above = areas.ancestors(ward, "parent_hexagon")[1:-1]
        assert [areas.level[code] for code in above] == levels
        assert {cell(statistics, "offences_by_public_space", area=code, public_space="public-space", month="2023/24") for code in above} == {count}
    at = {level: [code for code in areas.codes if areas.level[code] == level] for level in ("hexagon_5", "hexagon_6", "hexagon_7")}
    sums = {level: sum(cell(statistics, "offences_by_public_space", area=code, public_space="public-space", month="2023/24") for code in codes) for level, codes in at.items()}
    assert sums == {"hexagon_5": 10, "hexagon_6": 6, "hexagon_7": 6}


def test_years_are_told_one_by_one_and_when_they_are_whole(tmp_path):
    records = tmp_path / "records"
    extract(records, [(WARD, OFFENCE, "2022-11"), (WARD, OFFENCE, "2023-04"), (WARD, OFFENCE, "2024-03")], vintage="2024-06")
    statistics = build(VAWG, records, tmp_path / "work")
    assert statistics.outline.table("offences_by_public_space").axes["month"] == ("2023/24",)
    assert cell(statistics, "offences_by_public_space", month="2023/24") == 2
    protect([t for t in statistics.counts.values() if t.measure == "offences"], statistics.outline.hierarchies("offences"), VAWG.policy)
    extract(records, [(WARD, OFFENCE, "2023-12"), (WARD, OFFENCE, "2024-03")])
    statistics = build(VAWG, records, tmp_path / "work")
    assert "no whole year" in statistics.outline.left_out["offences_by_public_space"]
    assert statistics.outline.codelists["month"].labels["2023/24"] == "2023/24 (only December 2023 to March 2024)"


def test_the_newest_vintage_counts_and_the_report_says_what_it_revised(tmp_path):
    records = tmp_path / "records"
    older = dashboard("area", [(WARD, "2024-01", 5), (WARD, "2024-02", 3)], vintage="2024-02")
    write(records, "dashboard_offences_by_area", older + dashboard("area", AREAS))
    statistics = build(VAWG, records, tmp_path / "work")
    assert cell(statistics, "offences_by_area") == 10
    (revision,) = statistics.comparisons
    assert (revision.kind, revision.periods, revision.differences) == ("revision", 2, (("2024-01", 6, 5),))


def test_a_row_lost_from_one_view_counts_as_not_known_there(tmp_path):
    areas, offences = [(WARD, "2024-01", 6000), *AREAS[1:]], [(OFFENCE, "2024-01", 6000), *OFFENCES[1:]]
    add_dashboard(tmp_path / "records", areas[:2], offences)
    statistics = build(VAWG, tmp_path / "records", tmp_path / "work")
    assert cell(statistics, "offences_by_area") == cell(statistics, "offences_by_offence") == 6004
    assert cell(statistics, "offences_by_area", area="Unknown-UNK", month="2024-03") == 1
    assert [comparison.kind for comparison in statistics.comparisons] == ["completeness"]


@pytest.mark.parametrize("areas, offences", [(AREAS[:1], OFFENCES), (AREAS, OFFENCES[:2])], ids=["much lost", "no code for what is not known"])
def test_views_that_contradict_each_other_are_refused(tmp_path, areas, offences):
    add_dashboard(tmp_path / "records", areas, offences)
    with pytest.raises(StatisticsError, match="offences_by_area and offences_by_offence.* first in 2024-0"):
        build(VAWG, tmp_path / "records", tmp_path / "work")


def street(records, coverage, crimes):
    columns = ("force", "month", "crime_type", "whole_file")
    write(records, "street_coverage", [dict(zip(columns, row, strict=True)) for row in coverage])
    columns = ("force", "month", "area", "crime_type", "count")
    write(records, "street_crimes", [dict(zip(columns, row, strict=True)) for row in crimes])


def test_only_months_of_a_whole_file_with_the_category_are_covered(tmp_path):
    violence, lsoa = "violence-and-sexual-offences", "E01000001"
    street(
        tmp_path / "records",
        [
            ("metropolitan", "2023-01", violence, True),
            ("metropolitan", "2023-02", "burglary", True),
            ("metropolitan", "2023-03", violence, False),
            ("city-of-london", "2023-02", violence, True),
            ("city-of-london", "2023-03", violence, True),
        ],
        [
            ("metropolitan", "2023-01", lsoa, violence, 1),
            ("metropolitan", "2023-02", lsoa, "burglary", 1),
            ("metropolitan", "2023-03", lsoa, violence, 1),
            ("city-of-london", "2023-03", "Unknown", violence, 1),
        ],
    )
    statistics = build(STREET, tmp_path / "records", tmp_path / "work")
    met, city = statistics.outline.table("metropolitan"), statistics.outline.table("city_of_london")
    assert met.axes["month"] == city.axes["month"] == ("total", "2023", "2023-01", "2023-02", "2023-03", "2022/23")
    assert met.available == ("2023-01",)  # not the year and not the total: months of them are missing
    assert city.available == ("2023-02", "2023-03")
    assert statistics.counts["metropolitan"].axes["month"] == ("total", "2023-01")
    assert cell(statistics, "metropolitan", month="2023-01") == 1
    assert cell(statistics, "city_of_london", month="2023-02") == 0
    for measure in ("violence_and_sexual_offences_metropolitan", "violence_and_sexual_offences_city_of_london"):
        assert all(isinstance(hierarchy, Hierarchy) for hierarchy in statistics.outline.hierarchies(measure).values())


def test_a_force_without_a_covered_month_has_no_table(tmp_path):
    street(
        tmp_path / "records",
        [("metropolitan", "2023-02", "burglary", True), ("city-of-london", "2023-02", "violence-and-sexual-offences", True)],
        [("metropolitan", "2023-02", "E01000001", "burglary", 1)],
    )
    statistics = build(STREET, tmp_path / "records", tmp_path / "work")
    assert [table.name for table in statistics.outline.tables] == ["city_of_london"]
    assert list(statistics.outline.left_out) == ["metropolitan"]


def test_statistics_survive_being_saved(tmp_path):
    add_dashboard(tmp_path / "records", AREAS, OFFENCES)
    statistics = build(VAWG, tmp_path / "records", tmp_path / "work")
    statistics.save(tmp_path / "saved")
    again = ProductStatistics.load(tmp_path / "saved")
    assert again.outline == statistics.outline and again.comparisons == statistics.comparisons
    for name, counts in statistics.counts.items():
        assert again.counts[name].axes == counts.axes and np.array_equal(again.counts[name].counts, counts.counts)
    assert (tmp_path / "saved").stat().st_mode & 0o077 == 0


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The record tables of the real dashboard and homicide files."""
    from vawg_opendata.sources.landing import read_landing

    landing, work = tmp_path_factory.mktemp("landing"), tmp_path_factory.mktemp("work")
    for source in ("mps_vawg_dashboard", "mps_homicide"):
        (landing / source).symlink_to(shared("data", source))
    read_landing(landing, work)
    return work / "records"


def test_the_real_totals_are_the_publishers(real, tmp_path):
    statistics = build(VAWG, real, tmp_path)
    source = duckdb.connect()
    for measure, file, total in (("offences", "vawg-offences", 1_612_003), ("victims", "vawg-victims", 1_527_047)):
        path = shared("data", "mps_vawg_dashboard", f"{file}.parquet")
        months = source.execute(
            f"SELECT strftime(recorded_date_months, '%Y-%m'), CAST(sum(count) AS BIGINT) FROM '{path}' GROUP BY sheet, 1"
        ).fetchall()
        for table in statistics.outline.tables:
            if table.measure == measure:
                assert cell(statistics, table.name) == total
                assert {(month, cell(statistics, table.name, month=month)) for month, _ in months} == set(months)
    assert cell(statistics, "offences_by_area", month="2023") == 154_316


def test_the_real_homicides_are_642_and_the_older_file_said_611(real, tmp_path):
    statistics = build(HOMICIDE, real, tmp_path)
    assert {cell(statistics, table.name) for table in statistics.outline.tables} == {642}
    assert statistics.outline.months[0] == "2003-01" and statistics.outline.months[-1] == "2021-12"
    (revision,) = statistics.comparisons
    to_2020 = sum(cell(statistics, "victims_by_method", year=str(year)) for year in range(2003, 2021))
    assert to_2020 - sum(new - old for _, new, old in revision.differences) == 611


def homicides(records, rows, vintage):
    columns = {"method": "shooting", "age_group": "25-34", "ethnicity": "White", "domestic_abuse": "domestic", "status": "solved", "offence_type": "murder"}
    write(records, "homicide_victims", [columns | {"year": int(month[:4]), "month": month, "sex": sex, "count": 1, "vintage": vintage} for month, sex in rows])


def test_a_year_is_counted_when_it_is_complete(tmp_path):
    homicides(tmp_path / "records", [("2003-02", "female"), ("2004-12", "female"), ("2005-01", "female"), ("2005-01", "male")], "2005-06")
    statistics = build(HOMICIDE, tmp_path / "records", tmp_path / "work")
    assert statistics.outline.months[0] == "2003-01" and statistics.outline.months[-1] == "2004-12"
    assert "2005" not in statistics.outline.codelists["year"].codes
    assert cell(statistics, "victims_by_method") == 2
    assert statistics.outline.codelists["year"].labels["2003-2007"] == "2003-2007 (only January 2003 to December 2004)"


def test_a_series_without_a_whole_year_gives_nothing(tmp_path):
    homicides(tmp_path / "records", [("2003-02", "female")], "2003-06")
    assert build(HOMICIDE, tmp_path / "records", tmp_path / "work") is None
