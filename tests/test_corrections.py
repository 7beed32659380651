"""Corrections of known errors of the sources: made where they are declared, and no longer once the source is mended."""

import duckdb
import pytest

from tests.statistics.records import dashboard, write
from vawg_opendata.corrections import Correction, CorrectionError, apply_corrections, load_corrections

from vawg_opendata.schemas.dashboard import TABLES

TABLE = "dashboard_offences_by_area"
KNOWN = Correction(
    name="camden-2024-03",
    table=TABLE,
    rows={"area": "E09000007", "recorded_month": "2024-03"},
    column="count",
    wrong=3971,
    right=3973,
    matches=1,
    reason="Counted twice.",
    source="the publisher's notice",
)


@pytest.fixture
def records(tmp_path):
    rows = dashboard("area", [("E09000007", "2024-02", 3971), ("E09000007", "2024-03", 3971), ("E09000001", "2024-03", 3971)])
    write(tmp_path, TABLE, rows)
    return tmp_path


def counts(folder):
    return duckdb.sql(f"SELECT area, recorded_month, count FROM '{folder}/{TABLE}.parquet'").fetchall()


def test_only_the_record_at_fault_is_corrected(records):
    types = duckdb.sql(f"DESCRIBE FROM '{records}/{TABLE}.parquet'").fetchall()
    assert apply_corrections([KNOWN], records) == [KNOWN]
    assert counts(records) == [("E09000007", "2024-02", 3971), ("E09000007", "2024-03", 3973), ("E09000001", "2024-03", 3971)]
    assert duckdb.sql(f"DESCRIBE FROM '{records}/{TABLE}.parquet'").fetchall() == types
    assert [path.name for path in records.iterdir()] == [f"{TABLE}.parquet"]


def test_records_of_an_edition_by_month_are_told_by_the_name_of_their_folder(tmp_path):
    folder = tmp_path / "extract_orders" / "vintage=2026-02"
    folder.mkdir(parents=True)
    for month in ("2026-01", "2026-02"):
        duckdb.sql(f"COPY (SELECT 'x' AS order_type, '{month}' AS recorded_month) TO '{folder}/{month}.parquet'")
    known = {"table": "extract_orders", "column": "order_type", "wrong": "x", "right": "y"}
    told = [Correction(**{**vars(KNOWN), **known, "rows": {"recorded_month": "2026-01", "vintage": vintage}}) for vintage in ("2025-12", "2026-02")]
    assert apply_corrections(told, tmp_path) == told[1:]
    rows = "SELECT * FROM read_parquet('{}/*.parquet', hive_partitioning = {}) ORDER BY recorded_month"
    assert duckdb.sql(rows.format(folder, "false")).fetchall() == [("y", "2026-01"), ("x", "2026-02")]
    assert duckdb.sql(rows.format(folder, "true")).fetchall() == [("y", "2026-01", "2026-02"), ("x", "2026-02", "2026-02")]


def test_a_correction_fails_once_the_source_is_mended(records):
    apply_corrections([KNOWN], records)
    before = counts(records)
    with pytest.raises(CorrectionError, match="camden-2024-03: 0 records .* mended"):
        apply_corrections([KNOWN], records)
    assert counts(records) == before


def test_a_correction_whose_records_are_not_at_hand_does_nothing(records):
    for elsewhere in ({"table": "homicide_victims"}, {"rows": {"area": "E09000007", "recorded_month": "2019-01"}}):
        assert apply_corrections([Correction(**{**vars(KNOWN), **elsewhere})], records) == []
    assert {count for _, _, count in counts(records)} == {3971}


def test_more_records_than_declared_are_not_corrected(records):
    with pytest.raises(CorrectionError, match="2 records"):
        apply_corrections([Correction(**{**vars(KNOWN), "rows": {"area": "E09000007"}})], records)
    assert {count for _, _, count in counts(records)} == {3971}


def test_a_field_that_is_not_there_is_named(records):
    with pytest.raises(CorrectionError, match="has no field 'borough'"):
        apply_corrections([Correction(**{**vars(KNOWN), "rows": {"borough": "Camden"}})], records)


ENTRY = "{name: a, table: t, rows: {x: 1}, column: c, wrong: 1, right: 2, matches: 1, reason: r, source: s}"


@pytest.mark.parametrize(
    ("text", "words"),
    [("[{name: a}]", "correction 1: must have"), (f"[{ENTRY}, {ENTRY}]", "two corrections are called 'a'"), (f"[{ENTRY.replace('reason: r', 'reason: ')}]", "each with a value")],
)
def test_a_malformed_file_is_refused(tmp_path, text, words):
    (tmp_path / "corrections.yaml").write_text(text.replace("reason: ,", "reason: '',"), encoding="utf-8")
    with pytest.raises(CorrectionError, match=words):
        load_corrections(tmp_path / "corrections.yaml")


def test_the_projects_own_corrections_name_tables_and_fields_that_there_are():
    assert TABLE in {schema.name for schema in TABLES}
    load_corrections()
