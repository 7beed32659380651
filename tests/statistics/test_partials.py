"""Counts kept by period: only what has changed is counted again, and the file has the rows of one that is counted whole."""

import duckdb
import numpy as np
import pytest

from tests.statistics.records import dashboard, write
from tests.statistics.test_build import AREAS, HOMICIDE, OFFENCE, OFFENCES, VAWG, WARD, add_dashboard
from vawg_opendata.statistics import build, count_periods, load_digests, write_digests

TABLES = ("dashboard_offences_by_area", "dashboard_offences_by_offence", "extract_homicides")


def digests(records):
    path = records.parent / "digests.json"
    write_digests(records, TABLES, path)
    return load_digests(path)


def same(work, other):
    files = sorted(path.relative_to(work) for path in work.rglob("*.parquet"))
    assert files and files == sorted(path.relative_to(other) for path in other.rglob("*.parquet"))
    return all(duckdb.execute(f"FROM '{work / path}'").fetchall() == duckdb.execute(f"FROM '{other / path}'").fetchall() for path in files)


def counted(records, work, product=VAWG):
    statistics = build(product, records, work, digests=digests(records))
    whole = build(product, records, work.with_name("whole"))
    assert all(np.array_equal(statistics.counts[name].counts, table.counts) for name, table in whole.counts.items())
    assert same(work, work.with_name("whole"))
    return statistics.counted


def test_a_new_edition_of_one_file_for_all_months_is_counted_where_it_differs(tmp_path):
    records, work = tmp_path / "records", tmp_path / "work"
    add_dashboard(records, AREAS, OFFENCES)
    assert counted(records, work) == ("2024-01", "2024-02", "2024-03")
    assert counted(records, work) == ()
    more = [(WARD, "2024-04", 2)], [(OFFENCE, "2024-04", 2)]
    add_dashboard(records, AREAS + more[0], OFFENCES + more[1], vintage="2024-04")
    assert counted(records, work) == ("2024-04",)
    revised = [(WARD, "2024-01", 7), *AREAS[1:]], [(OFFENCE, "2024-01", 7), *OFFENCES[1:]]
    add_dashboard(records, revised[0] + more[0], revised[1] + more[1], vintage="2024-04")
    assert counted(records, work) == ("2024-01",)


def test_the_order_of_rows_changes_nothing_and_their_number_does(tmp_path):
    records, work = tmp_path / "records", tmp_path / "work"
    rows = [(WARD, "2024-01", 3), (WARD, "2024-01", 3), (WARD, "2024-03", 1)]
    add_dashboard(records, rows, [(OFFENCE, "2024-01", 6), (OFFENCE, "2024-03", 1)])
    counted(records, work)
    add_dashboard(records, rows[::-1], [(OFFENCE, "2024-01", 6), (OFFENCE, "2024-03", 1)])
    assert counted(records, work) == ()
    add_dashboard(records, [(WARD, "2024-01", 3)] * 4 + rows[2:], [(OFFENCE, "2024-01", 12), (OFFENCE, "2024-03", 1)])
    assert counted(records, work) == ("2024-01",)


def test_a_series_that_becomes_shorter_loses_its_last_months(tmp_path):
    records, work = tmp_path / "records", tmp_path / "work"
    add_dashboard(records, AREAS, OFFENCES)
    counted(records, work)
    add_dashboard(records, AREAS[:2], OFFENCES[:2], vintage="2024-02")
    assert counted(records, work) == ()


def homicides(records, *found, vintage="2024-12"):
    codes = {"method_group": "Stabbing", "age_group": "25-34", "ethnicity": "White", "domestic": "No", "status": "Solved"}
    more = {"offence_type": "Murder", "relationship_group": "Stranger", "suspect_ethnicity": "White", "sex": "female", "legal_hold": False}
    rows = [codes | more | {"year": int(month[:4]), "month": month, "count": 1, "vintage": vintage} for month in found]
    return write(records, "extract_homicides", rows)


def test_some_periods_can_be_counted_alone_and_homicides_are_counted_by_year(tmp_path):
    records, work = tmp_path / "records", tmp_path / "work"
    homicides(records, "2022-03", "2023-05", "2024-12")
    assert count_periods(HOMICIDE, records, work, digests(records), ["2023", "2031"]) == {"2023": True}
    assert count_periods(HOMICIDE, records, work, digests(records), ["2022", "2023"]) == {"2022": True, "2023": False}
    homicides(records, "2022-03", "2023-05", "2023-06", "2024-12")
    assert count_periods(HOMICIDE, records, work, digests(records), ["2022", "2023", "2024"]) == {"2022": False, "2023": True, "2024": True}


@pytest.mark.parametrize("lost", ["counts", "what they are of"])
def test_counts_of_which_nothing_is_known_are_counted_again(tmp_path, lost):
    records, work = tmp_path / "records", tmp_path / "work"
    write(records, "dashboard_offences_by_area", dashboard("area", AREAS))
    counted(records, work)
    (work / "partial" / VAWG.name / f"offences_by_area.{'parquet' if lost == 'counts' else 'json'}").unlink()
    assert counted(records, work) == ("2024-01", "2024-02", "2024-03")
