"""The dashboard data: the real files to the last offence and victim, in both their forms, and wrong ones."""

import io
from collections import Counter

import duckdb
import openpyxl
import pytest

from tests.paths import shared
from tests.sources.samples import blocking, discover, only, put, read_all, rows_of
from vawg_opendata.reference import fold, load_codelist
from vawg_opendata.schemas import validate_parquet
from vawg_opendata.schemas.dashboard import TABLES
from vawg_opendata.sources import mps_vawg_dashboard
from vawg_opendata.sources.mps_vawg_dashboard import SHEETS

TOTALS = {"offences": 1_612_003, "victims": 1_527_047}
FILES = {"offences": "vawg-offences.parquet", "victims": "vawg-victims.parquet"}
RECENT = "2025-12-01"


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    return read_all(mps_vawg_dashboard, shared("data", "mps_vawg_dashboard"), tmp_path_factory.mktemp("work"))


def raw(query: str) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()


def test_every_table_has_the_publishers_total(real):
    tables, accounting = real
    assert set(tables) == {schema.name for schema in TABLES}
    for name, path in tables.items():
        assert sum(count for (count,) in rows_of(path, "count")) == TOTALS[name.split("_")[1]]
    assert {(account.part, account.counts_accepted, account.counts_quarantined, account.vintage) for account in accounting.files} == {
        (sheet, TOTALS[measure], 0, "2026-02") for sheet, (measure, _, _) in SHEETS.items()
    }


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_month_has_the_publishers_count(real, sheet):
    measure, _, schema = SHEETS[sheet]
    path = shared("data", "mps_vawg_dashboard", FILES[measure])
    for column, published in (("recorded_month", "recorded_date_months"), ("committed_month", "date_committed_from_date_months")):
        expected = dict(raw(f"SELECT strftime({published}, '%Y-%m'), sum(count) FROM '{path}' WHERE sheet = '{sheet}' GROUP BY 1"))
        got = Counter()
        for month, count in rows_of(real[0][schema.name], column, "count"):
            got[month] += count
        assert got == expected and len(expected) >= 146


@pytest.mark.parametrize(("measure", "sheet"), [("offences", "Offence count location"), ("victims", "Victim count by location")])
def test_every_ward_has_the_publishers_count(real, measure, sheet):
    """Wards by their labels and parents: 13 names are shared by several boroughs."""
    areas = load_codelist("area")
    expected = raw(
        f"""SELECT bcu_location, borough_name, coalesce(ward_name_clean_2, 'Ward unknown'), sum(count)
        FROM '{shared("data", "mps_vawg_dashboard", FILES[measure])}' WHERE sheet = '{sheet}' GROUP BY ALL"""
    )
    got = Counter()
    for code, count in rows_of(real[0][f"dashboard_{measure}_by_area"], "area", "count"):
        got[tuple(fold(areas.labels[area]) for area in areas.ancestors(code)[2::-1])] += count
    by_name = Counter()
    for unit, borough, ward, count in expected:
        by_name[fold(unit), fold(borough), fold(ward)] += count
    assert got == by_name and (len(expected), len(by_name)) == (729, 725)  # four wards of Saint are written in two ways


def test_every_offence_has_the_publishers_count(real):
    """437 labels fold to 399; with class and VAWG offence they make 406 codes, and nothing is lost on the way."""
    offences = load_codelist("offence")
    expected = Counter()
    published = raw(
        f"""SELECT crimsec_group, crimseccodeexpansion, vawg_offence, crimsec_offences, sum(count)
        FROM '{shared("data", "mps_vawg_dashboard", "vawg-offences.parquet")}' WHERE crimsec_offences IS NOT NULL GROUP BY ALL"""
    )
    for *path, count in published:
        expected[tuple(map(fold, path))] += count
    assert len({row[3] for row in published}) == 437 and len({path[3] for path in expected}) == 399 and len(expected) == 406
    got = Counter()
    for code, count in rows_of(real[0]["dashboard_offences_by_offence"], "offence", "count"):
        got[code] += count
    assert sorted(got.values()) == sorted(expected.values()) and set(got) == set(offences.leaves)
    for level, place in (("group", 0), ("class", 1), ("vawg_offence", 2)):
        hierarchy = "parent_vawg_offence" if level == "vawg_offence" else "parent"
        by_code, by_label = Counter(), Counter()
        for code, count in got.items():
            above = next(area for area in offences.ancestors(code, hierarchy) if offences.level[area] == level)
            by_code[fold(offences.labels[above])] += count
        for path, count in expected.items():
            by_label[path[place]] += count
        assert by_code == by_label
    branches = Counter()
    for code, count in got.items():
        branches[offences.ancestors(code)[-2]] += count
    assert branches == {"vawg": 1_612_003 - 339_847, "other-flagged": 339_847}


def test_records_keep_their_declaration(real):
    for schema in TABLES:
        assert not [result for result in validate_parquet(schema, real[0][schema.name]) if result.failures]


def recent(measure: str, change: str = "") -> str:
    """SQL: the publisher's last months of a measure; `change` replaces columns."""
    path = shared("data", "mps_vawg_dashboard", FILES[measure])
    return f"SELECT * {change} FROM read_parquet('{path}', file_row_number = true) WHERE recorded_date_months >= DATE '{RECENT}'"


def parquet(folder, query: str, name: str = "a.parquet"):
    folder.mkdir(parents=True, exist_ok=True)
    raw(f"COPY (SELECT * EXCLUDE file_row_number FROM ({query}) ORDER BY file_row_number) TO '{folder / name}' (FORMAT parquet)")
    return folder


def workbook(measure: str, header=str, drop: str = "", rename: str = "") -> bytes:
    """The publisher's last months as a workbook, one sheet per view, dates as dates, blanks as blanks."""
    book = openpyxl.Workbook()
    book.active.title = "Read me"
    book.active.append(["About this data"])
    for sheet, (of, columns, _) in SHEETS.items():
        if of == measure and sheet != drop:
            names = [*columns, "recorded_date_months", "date_committed_from_date_months", "count"]
            page = book.create_sheet(rename or sheet)
            page.append([header(name) for name in names])
            rows = raw(f"SELECT {', '.join(names)} FROM ({recent(measure)}) WHERE sheet = '{sheet}' ORDER BY file_row_number")
            for row in rows:
                page.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize("measure", FILES)
def test_a_workbook_reads_as_the_parquet(tmp_path, measure):
    parquet(tmp_path / "parquet", recent(measure))
    put(tmp_path / "xlsx", "Dashboard.xlsx", workbook(measure, lambda name: name.replace("_", " ").title()))
    found = {}
    for form in ("parquet", "xlsx"):
        tables, _ = read_all(mps_vawg_dashboard, tmp_path / form, tmp_path / f"work-{form}")
        found[form] = {
            name: rows_of(path, *[field for field in schema_of(name) if field not in ("source_file", "source_row")])
            for name, path in tables.items()
        }
    assert found["parquet"] == found["xlsx"] and len(found["xlsx"]) == len([sheet for sheet in SHEETS.values() if sheet[0] == measure])


def schema_of(name: str) -> tuple[str, ...]:
    return next(schema.names for schema in TABLES if schema.name == name)


def test_a_title_page_is_named_and_stops_nothing(tmp_path):
    put(tmp_path, "a.xlsx", workbook("victims"))
    problem = only(discover(mps_vawg_dashboard, tmp_path).problems, "not-read")
    assert not problem.blocking and (problem.part, problem.value) == ("", "Read me")


def test_both_forms_of_one_edition_would_count_twice(tmp_path):
    parquet(tmp_path, recent("victims"))
    put(tmp_path, "b.xlsx", workbook("victims"))
    assert [problem.kind for problem in blocking(mps_vawg_dashboard, tmp_path)] == ["twice"]


def test_two_editions_are_told_apart(tmp_path):
    parquet(tmp_path / "in", recent("victims"), "new.parquet")
    parquet(tmp_path / "in", recent("victims") + " AND recorded_date_months < DATE '2026-02-01'", "old.parquet")
    tables, accounting = read_all(mps_vawg_dashboard, tmp_path / "in", tmp_path / "work")
    editions = Counter(rows_of(tables["dashboard_victims_by_area"], "source_file", "vintage"))
    assert set(editions) == {("new.parquet", "2026-02"), ("old.parquet", "2026-01")}
    assert all(account.rows_read == account.rows_accepted for account in accounting.files)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (lambda: workbook("victims", drop="Victim count by age group"), "sheet"),
        (lambda: workbook("victims", header=lambda name: name.replace("borough", "district")), "header"),
        (lambda: workbook("victims", drop="Victim count by age group", rename="My sheet"), "sheet"),
    ],
)
def test_a_workbook_with_wrong_sheets(tmp_path, content, kind):
    put(tmp_path, "a.xlsx", content())
    assert {problem.kind for problem in blocking(mps_vawg_dashboard, tmp_path)} == {kind}


FIRST = "sheet = 'Offence count location' AND borough_name = 'Camden'"


@pytest.mark.parametrize(
    ("column", "value"),
    [("borough_name", "'Camdem'"), ("bcu_location", "'East Area'"), ("ward_name_clean_2", "'No such ward'"), ("borough_name", "NULL")],
)
def test_an_unknown_area_names_its_words_and_no_count(tmp_path, column, value):
    parquet(tmp_path, recent("offences", f"REPLACE (CASE WHEN {FIRST} THEN {value} ELSE {column} END AS {column})"))
    problems = blocking(mps_vawg_dashboard, tmp_path)
    assert {problem.kind for problem in problems} == {"unknown-category"}
    assert all(problem.row and problem.part == "Offence count location" for problem in problems)
    assert value == "NULL" or any(value.strip("'") in problem.value for problem in problems)


@pytest.mark.parametrize("column", ["crimsec_group", "crimseccodeexpansion", "crimsec_offences", "vawg_offence"])
def test_an_offence_is_known_by_its_whole_path(tmp_path, column):
    change = f"REPLACE (CASE WHEN crimsec_offences LIKE 'Exposure%' THEN 'Robbery' ELSE {column} END AS {column})"
    parquet(tmp_path, recent("offences", change))
    problems = blocking(mps_vawg_dashboard, tmp_path)
    assert {problem.kind for problem in problems} == {"unknown-category"} and all("Robbery" in problem.value for problem in problems)


@pytest.mark.parametrize("writing", ["upper({})", "'  ' || {} || '.'", "replace({}, ' ', '  ')", "replace({}, '-', '–')"])
def test_the_writing_of_an_offence_does_not_matter(tmp_path, writing):
    columns = ("crimsec_group", "crimseccodeexpansion", "crimsec_offences", "vawg_offence")
    parquet(tmp_path, recent("offences", f"REPLACE ({', '.join(f'{writing.format(name)} AS {name}' for name in columns)})"))
    assert not blocking(mps_vawg_dashboard, tmp_path)


def test_sheets_that_disagree_stop_the_run_and_name_month_and_sums(tmp_path):
    parquet(
        tmp_path,
        recent("offences", f"REPLACE (CASE WHEN {FIRST} AND ward_name_clean_2 = 'Bloomsbury' THEN count + 1 ELSE count END AS count)"),
    )
    problem = only(blocking(mps_vawg_dashboard, tmp_path), "disagreement")
    assert "(months concerned: 3; first 2025-12, 6)" in problem.message and problem.part == "Offence count classification"
    assert problem.file == "mps_vawg_dashboard/a.parquet"


def test_a_sheet_that_lacks_a_month_disagrees(tmp_path):
    parquet(tmp_path, recent("victims") + " AND NOT (sheet = 'Victim count by age group' AND recorded_date_months = DATE '2026-01-01')")
    assert "(months concerned: 1; first 2026-01, " in only(blocking(mps_vawg_dashboard, tmp_path), "disagreement").message


def added(values: str) -> str:
    """SQL: the last months of victims and one more row, whose columns are given as text."""
    columns = "bcu_location, borough_name, ward_name_clean_2, recorded_date_months, date_committed_from_date_months, count, sheet, age_group, ethnic_appearance_group_group"
    texts = ", ".join(f"{column.strip()}::VARCHAR AS {column.strip()}" for column in columns.split(","))
    return f"SELECT file_row_number, {texts} FROM ({recent('victims')}) UNION ALL BY NAME SELECT 10000000 AS file_row_number, {values}, 'Victim count by age group' AS sheet, 'Aged 80+' AS age_group"


@pytest.mark.parametrize(
    ("values", "carried"),
    [
        ("'2026-13-01' AS recorded_date_months, '7' AS count", 7),
        ("'2199-01-01' AS recorded_date_months, '7' AS count", 7),
        ("NULL AS recorded_date_months, '7' AS count", 7),
        ("'2026-01-01' AS recorded_date_months, 'last spring' AS date_committed_from_date_months, '7' AS count", 7),
        ("'2026-01-01' AS recorded_date_months, '-3' AS count", 0),
        ("'2026-01-01' AS recorded_date_months, NULL AS count", 0),
    ],
)
def test_a_row_that_cannot_be_used_is_set_aside_with_what_it_carries(tmp_path, values, carried):
    parquet(tmp_path / "in", added(values))
    tables, accounting = read_all(mps_vawg_dashboard, tmp_path / "in", tmp_path / "work")
    account = next(account for account in accounting.files if account.part == "Victim count by age group")
    assert account.rows_quarantined == 1 and account.counts_quarantined == carried
    assert sum(count for (count,) in rows_of(tables["dashboard_victims_by_age_group"], "count")) == account.counts_accepted
    assert {account.counts_accepted for account in accounting.files} == {account.counts_accepted}


def spoilt(measure: str, sheet: str, change: str = "NULL AS recorded_date_months", rows: int = 1) -> str:
    """SQL: the last months of a measure with the smallest rows of a sheet made useless."""
    which = f"file_row_number IN (SELECT file_row_number FROM ({recent(measure)}) WHERE sheet = '{sheet}' ORDER BY count, file_row_number LIMIT {rows})"
    value, _, column = change.partition(" AS ")
    return recent(measure, f"REPLACE (CASE WHEN {which} THEN {value} ELSE {column} END AS {column})")


@pytest.mark.parametrize(("sheet", "measure"), [(sheet, measure) for sheet, (measure, _, _) in SHEETS.items()])
@pytest.mark.parametrize("change", ["NULL AS recorded_date_months", "-1 AS count"])
def test_a_row_set_aside_is_counted_as_unknown_or_stops_the_run(tmp_path, sheet, measure, change):
    """The other sheets tell how much is missing; only some lists can say that it is not known where it belongs."""
    parquet(tmp_path / "in", spoilt(measure, sheet, change))
    path = shared("data", "mps_vawg_dashboard", FILES[measure])
    expected = raw(
        f"SELECT count, strftime(recorded_date_months, '%Y-%m') FROM ({recent(measure)}) WHERE sheet = '{sheet}' ORDER BY count, file_row_number LIMIT 1"
    )
    count, month = expected[0]
    total = raw(f"SELECT sum(count) FROM '{path}' WHERE sheet = '{sheet}' AND recorded_date_months >= DATE '{RECENT}'")[0][0]
    problem = next(problem for problem in discover(mps_vawg_dashboard, tmp_path / "in").problems if problem.kind == "incomplete")
    assert (problem.file, problem.part) == ("mps_vawg_dashboard/a.parquet", sheet)
    assert f"it lacks {count} of {total} {measure} (months concerned: 1; first {month}, {count})" in problem.message
    if sheet in ("Offence count classification", "Victim count by age group"):
        assert problem.blocking and "Correct the rows" in problem.message
    else:
        assert not problem.blocking and "counted as unknown" in problem.message
        _, accounting = read_all(mps_vawg_dashboard, tmp_path / "in", tmp_path / "work")
        assert {account.part: account.rows_quarantined for account in accounting.files if account.rows_quarantined} == {sheet: 1}


def test_too_many_rows_set_aside_stop_the_run(tmp_path):
    parquet(tmp_path, spoilt("victims", "Victim count by location", rows=200))
    assert "more than one in 1000" in only(blocking(mps_vawg_dashboard, tmp_path), "incomplete").message


def test_rows_set_aside_do_not_excuse_sheets_that_disagree(tmp_path):
    query = spoilt("victims", "Victim count by location")
    raised = "CASE WHEN sheet = 'Victim count by age group' AND age_group = 'Aged 80+' THEN count + 9 ELSE count END"
    parquet(tmp_path, f"SELECT * REPLACE ({raised} AS count) FROM ({query})")
    assert {problem.kind for problem in blocking(mps_vawg_dashboard, tmp_path)} == {"disagreement"}


def test_a_sheet_in_the_wrong_file(tmp_path):
    parquet(tmp_path, recent("victims", "REPLACE (replace(sheet, 'Victim count by location', 'Offence count location') AS sheet)"))
    assert "sheet" in {problem.kind for problem in blocking(mps_vawg_dashboard, tmp_path)}
