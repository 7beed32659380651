"""Reading the record-level extract: every row accounted for, every fault of a file named, every link kept."""

import json
import re
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.sources.samples import blocking, discover, read_all
from vawg_opendata.sample import generate
from vawg_opendata.schemas import Sensitivity, validate_parquet
from vawg_opendata.schemas.crime_extract import DELIVERED, RECORDS
from vawg_opendata.sources import crime_extract

REASON = {  # what the reader says of each defect that the sample puts in
    "impossible recorded date": "no possible date of the form 2024-02-28",
    "no recorded date": "missing",
    "malformed reference": "not of the form it must have",
    "ward in another borough": "the ward is not in the borough",
    "committed after the record": "later than committed_to_date or recorded_date",
    "impossible age": "more than 120",
    "age in words": "no whole number",
    "no sex": "missing",
    "repeated row": "a repeat of an earlier row",
    "conflicting rows": "the key is used by rows that differ",
    "neither yes nor no": "neither Y nor N",
    "impossible date": "no possible date of the form 2024-02-28",
}


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory):
    """A sample with a defect in every 20th row or so."""
    folder = tmp_path_factory.mktemp("spoilt") / "landing"
    return folder, generate(8000, 7, folder, defect_rate=0.05, street_months=0)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A small sample without defects."""
    folder = tmp_path_factory.mktemp("clean") / "landing"
    generate(600, 3, folder, first="2024-01", last="2024-06", homicides_from="2024-01", defect_rate=0, street_months=0)
    return folder / "crime_extract"


@pytest.fixture
def extract(clean, tmp_path):
    """A copy of the clean sample to be harmed."""
    return Path(shutil.copytree(clean, tmp_path / "crime_extract"))


def read(folder, work):
    paths, accounting = read_all(crime_extract, folder, work)
    return discover(crime_extract, folder), paths, accounting


def edit(path, old, new, count=1):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def set_rows(folder, table, rows):
    """Makes the manifest promise as many rows as there are."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["tables"][table]["rows"] = rows
    (folder / "manifest.json").write_text(json.dumps(manifest))


def set_cell(folder, table, row, column, value):
    """Puts a value into a cell (rows counted from 1) and returns the row's first cell."""
    path = folder / f"{table}.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[row].split(",")
    header = lines[0].replace('"', "").split(",")
    # Fields with commas come before none of the columns that the tests set.
    position = header.index(column) - len(header)
    cells[position] = value
    lines[row] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return cells[0]


def rows_of(path, query="*"):
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {query} FROM read_parquet('{path}')").fetchall()


@pytest.fixture(scope="module")
def result(spoilt, tmp_path_factory):
    work = tmp_path_factory.mktemp("work")
    return (*read(spoilt[0] / "crime_extract", work), work)


def test_every_row_is_accounted_for_to_the_last_one(spoilt, result):
    _, sample = spoilt
    accounts = {account.table: account for account in result[2].files}
    assert set(accounts) == {f"extract_{name}" for name in sample.rows}
    for name, rows in sample.rows.items():
        account = accounts[f"extract_{name}"]
        expected = sum(sample.quarantined.get(name, {}).values())
        assert (account.rows_read, account.rows_quarantined, account.rows_accepted) == (rows, expected, rows - expected)
    assert sum(account.rows_quarantined for account in result[2].files) > 1000


def test_every_defect_is_quarantined_for_its_own_reason(spoilt, result):
    accounts = {account.table.removeprefix("extract_"): account for account in result[2].files}
    for name, defects in spoilt[1].quarantined.items():
        expected = {}
        for defect, rows in defects.items():
            reason = REASON.get(defect, "linked")
            expected[reason] = expected.get(reason, 0) + rows
        found = {}
        for reason, rows in accounts[name].quarantined_by_reason.items():
            reason = "linked" if reason.startswith("no usable row of") else reason
            found[reason] = found.get(reason, 0) + rows
        assert found == {reason: rows for reason, rows in expected.items() if rows}


def test_nothing_is_lost_between_the_file_the_records_and_the_quarantine(spoilt, result):
    _, paths, _, work = result
    quarantined = rows_of(work / "quarantine" / "crime_extract.parquet", 'file, "row", record')
    for table in DELIVERED:
        accepted = {row for (row,) in rows_of(paths[f"extract_{table.name}"], "source_row")}
        aside = {row for file, row, _ in quarantined if file == f"{table.name}.csv"}
        assert not accepted & aside
        assert accepted | aside == set(range(1, spoilt[1].rows[table.name] + 1))
    lines = (spoilt[0] / "crime_extract" / "outcomes.csv").read_text().splitlines()
    for file, row, record in quarantined:
        if file == "outcomes.csv":
            assert [json.loads(record)[name] or "" for name in ("crime_ref", "outcome_date")] == [
                lines[row].split(",")[0],
                lines[row].split(",")[4],
            ]


def test_harmless_defects_are_seen_through_and_noted(spoilt, result):
    _, sample = spoilt
    accounts = {account.table: account for account in result[2].files}
    for name in ("offences", "victims"):
        assert sample.harmless[name]["spaces around a value"] > 100
        assert accounts[f"extract_{name}"].notes["with spaces around a value"] == sample.harmless[name]["spaces around a value"]
    assert sample.harmless["offences"]["another spelling of a label"] > 500
    spellings = rows_of(result[1]["extract_offences"], "count(DISTINCT met_offence), count(DISTINCT offence)")[0]
    assert spellings[0] > spellings[1]


def test_records_are_what_their_schema_declares(result):
    for schema in RECORDS.values():
        checks = validate_parquet(schema, result[1][schema.name], result[1])
        assert [check for check in checks if check.failures] == []
        assert any(check.check == "primary_key" for check in checks)
    links = [check for check in validate_parquet(RECORDS["orders"], result[1]["extract_orders"], result[1]) if check.check == "foreign_key"]
    assert len(links) == 2


def test_the_same_files_give_the_same_bytes(spoilt, result, tmp_path):
    _, again, _ = read(spoilt[0] / "crime_extract", tmp_path)
    for name, path in result[1].items():
        assert path.read_bytes() == again[name].read_bytes()
        rows = [row for (row,) in rows_of(path, "source_row")]
        assert rows == sorted(rows)
    assert not [path.name for path in tmp_path.iterdir() if path.name not in ("records", "quarantine")]


def test_offences_and_victims_are_counted_apart(result):
    paths = result[1]
    with duckdb.connect() as connection:
        offences, victims = (f"read_parquet('{paths[f'extract_{name}']}')" for name in ("offences", "victims"))
        counted = connection.execute(
            f"SELECT counted, sex = 'female' AND age >= 10, count(*), sum(count) FROM {victims} GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        assert all(mark is bool(rule) and rows == total for mark, rule, rows, total in counted)
        assert len(counted) >= 2
        assert connection.execute(f"SELECT count(*) FROM {victims} WHERE counted AND age_group IS NULL").fetchall() == [(0,)]
        several = connection.execute(
            f"SELECT count(*) FROM (SELECT crime_ref FROM {victims} GROUP BY crime_ref HAVING count(*) > 1)"
        ).fetchall()[0][0]
        without = connection.execute(f"SELECT count(*) FROM {offences} ANTI JOIN {victims} USING (crime_ref)").fetchall()[0][0]
    assert several > 0  # an offence with two victims is one offence
    assert without > 0  # an offence stays when its victim's row is quarantined


def test_what_is_derived_follows_from_what_was_delivered(result):
    rows = rows_of(
        result[1]["extract_offences"], "recorded_date, recorded_month, committed_from_date, committed_month, ward_code, borough_code, area"
    )
    for recorded, month, committed, committed_month, ward, borough, area in rows:
        assert month == f"{recorded:%Y-%m}"
        assert committed_month == (f"{committed:%Y-%m}" if committed and committed.year > 1900 else None)
        assert area == (ward or f"{borough}-UNK")
    homicides = rows_of(
        result[1]["extract_homicides"],
        "year, month, recorded_date, method, method_group, domestic, domestic_abuse, suspect_ethnicity, suspect_observed_ethnicity, relationship_group",
    )
    for year, month, recorded, method, method_group, domestic, flag, suspect, observed, relationship in homicides:
        assert (year, month) == (recorded.year, f"{recorded:%Y-%m}")
        assert (domestic == "domestic") is flag
        assert (suspect == "no-suspect") is (observed is None) is (relationship == "no-suspect")
        if method in ("strangulation", "hitting"):
            assert method_group == "physical-assault-no-weapon"


def test_a_clean_extract_has_no_problems(clean):
    assert discover(crime_extract, clean).problems == ()


def test_no_problem_tells_of_a_person(spoilt):
    problems = discover(crime_extract, spoilt[0] / "crime_extract").problems
    assert problems and not any(problem.blocking for problem in problems)
    words = " ".join(map(str, problems))
    assert not re.search(r"[0-9]{7}[/-][0-9]{2}|[VSRO][0-9]{9}|199|forties", words)
    assert all(problem.value is None for problem in problems)


@pytest.mark.parametrize("typed", [False, True])
def test_parquet_gives_the_same_records_as_csv(clean, tmp_path, typed):
    folder = tmp_path / "crime_extract"
    folder.mkdir()
    manifest = json.loads((clean / "manifest.json").read_text())
    with duckdb.connect() as connection:
        for table in DELIVERED:
            text = f"read_csv('{clean / table.name}.csv', header=true, all_varchar=true)"
            kinds = {"boolean": "= 'Y'", "date": "::DATE", "integer": "::INTEGER"}
            cells = [
                f"({field.name} {kinds[field.type]}) AS {field.name}" if typed and field.type in kinds else field.name
                for field in table.fields
            ]
            connection.execute(f"COPY (SELECT {', '.join(reversed(cells))} FROM {text}) TO '{folder / table.name}.parquet'")
            manifest["tables"][table.name]["file"] = f"{table.name}.parquet"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    _, from_csv, _ = read(clean, tmp_path / "csv")
    found, from_parquet, _ = read(folder, tmp_path / "parquet")
    assert found.problems == ()
    for name, path in from_csv.items():
        assert rows_of(path, "* EXCLUDE (source_file)") == rows_of(from_parquet[name], "* EXCLUDE (source_file)")


def test_a_file_cut_off_at_the_end_of_a_line_is_found(extract):
    path = extract / "outcomes.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-5]))
    (problem,) = blocking(crime_extract, extract)
    assert (problem.kind, problem.file) == ("truncated", "crime_extract/outcomes.csv")


def test_a_file_cut_off_within_a_line_is_found(extract):
    path = extract / "victims.csv"
    path.write_bytes(path.read_bytes()[:-20])
    assert [problem.kind for problem in blocking(crime_extract, extract)] == ["truncated"]


def test_an_unknown_category_stops_the_file_and_is_named(extract):
    set_cell(extract, "victims", 4, "victim_support", "shrugs")
    set_cell(extract, "victims", 9, "victim_support", "shrugs")
    (problem,) = blocking(crime_extract, extract)
    assert (problem.kind, problem.column, problem.value, problem.row, problem.rows) == (
        "unknown-category",
        "victim_support",
        "shrugs",
        4,
        2,
    )
    assert "crime_extract/victim_support.csv" in problem.message


def test_relationships_may_be_the_words_or_identifiers_of_the_police_list_and_no_others(extract, tmp_path):
    given = {1: "Ex-co-habiting partner", 2: "ptpr_0095", 3: "RELATIVE - OTHER", 4: "stranger-person", 5: "Niece/Nephew"}
    keys = {row: set_cell(extract, "homicides", row, "relationship", word) for row, word in given.items()}
    _, paths, _ = read(extract, tmp_path / "work")
    read_as = dict(rows_of(paths["extract_homicides"], "crime_ref, relationship || ' ' || relationship_group"))
    assert [read_as[key] for key in keys.values()] == [
        "ex-cohabiting-partner partner-or-ex-partner", "mother parent", "other-relative other-family", "stranger-person stranger", "other-relative other-family",
    ]  # fmt: skip
    set_cell(extract, "homicides", 6, "relationship", "Friend of a friend")
    (problem,) = blocking(crime_extract, extract)
    assert (problem.kind, problem.column, problem.value, problem.row) == ("unknown-category", "relationship", "Friend of a friend", 6)
    assert "reference/relationship.csv, words those of reference/relationship_words.csv" in problem.message


def test_an_offence_that_nobody_has_classified_stops_the_file(extract):
    edit(extract / "offences.csv", "Violence with Injury", "Violence with Ingenuity")
    (problem,) = blocking(crime_extract, extract)
    assert problem.kind == "unknown-category" and "Violence with Ingenuity" in problem.value


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "missing"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "format"),
        (lambda folder: (folder / "manifest.json").write_bytes(b"\xff{}"), "format"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "manifest"),
        (lambda folder: edit(folder / "manifest.json", '"synthetic": true', '"synthetic": "perhaps"'), "manifest"),
        (lambda folder: edit(folder / "manifest.json", '"from": "2024-01"', '"from": "2024-13"'), "manifest"),
        (lambda folder: edit(folder / "manifest.json", '"from": "2024-01"', '"from": "2025-01"'), "manifest"),
        (lambda folder: edit(folder / "manifest.json", '"to": "2024-06"', '"to": "2999-01"'), "manifest"),
        (lambda folder: edit(folder / "manifest.json", '"suspects": {', '"culprits": {'), "manifest"),
        (lambda folder: edit(folder / "manifest.json", '"file": "offences.csv"', '"file": "../offences.csv"'), "manifest"),
        (lambda folder: (folder / "orders.csv").unlink(), "missing"),
        (lambda folder: ((folder / "orders.csv").unlink(), (folder / "orders.csv").mkdir()), "missing"),
        (lambda folder: (folder / "orders.csv").write_text(""), "empty"),
        (
            lambda folder: (folder / "orders.csv").write_bytes((folder / "orders.csv").read_bytes().replace(b"granted", b"gr\xe4nted")),
            "encoding",
        ),
        (lambda folder: (folder / "orders.csv").write_bytes(b"PK\x03\x04 not text"), "format"),
        (lambda folder: edit(folder / "orders.csv", "breach_date", "day_of_breach"), "header"),
        (lambda folder: shutil.copy(folder / "orders.csv", folder / "orders (1).csv"), "not-in-manifest"),
    ],
)
def test_a_wrong_file_is_a_blocking_problem(extract, harm, kind):
    harm(extract)
    problems = blocking(crime_extract, extract)
    assert kind in {problem.kind for problem in problems}
    assert all(problem.file.startswith("crime_extract/") and problem.message for problem in problems)


def test_a_table_is_not_read_without_the_one_it_hangs_on(extract):
    manifest = json.loads((extract / "manifest.json").read_text())
    del manifest["tables"]["victims"]
    (extract / "manifest.json").write_text(json.dumps(manifest))
    assert {"risk_assessments", "orders", "relationships"} <= set(re.findall(r"\w+", " ".join(map(str, blocking(crime_extract, extract)))))


def test_homicides_alone_are_an_extract(clean, tmp_path):
    folder = tmp_path / "crime_extract"
    folder.mkdir()
    shutil.copy(clean / "homicides.csv", folder)
    manifest = json.loads((clean / "manifest.json").read_text())
    manifest["tables"] = {"homicides": manifest["tables"]["homicides"]}
    del manifest["periods"]["offences"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    found, paths, _ = read(folder, tmp_path / "work")
    assert found.problems == () and list(paths) == ["extract_homicides"]
    assert crime_extract.synthetic(found.files)


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("offences", "lsoa_code", "", None),
        ("offences", "bcu_code", "BCU-Other", "the borough is not in the Basic Command Unit"),
        ("offences", "snapped_easting", "12", "less than 500000"),
        ("offences", "snapped_easting", "530000.5", "no whole number"),
        ("victims", "age", "-1", "less than 0"),
        ("victims", "age", "", None),
        ("victims", "age", "1e1", "no whole number"),
        ("victims", "vulnerable", "", "missing"),
        ("victims", "vulnerable", "true", None),
        ("victims", "vulnerable", "yes", "neither Y nor N"),
        ("outcomes", "outcome_date", "01/02/2024", "no possible date of the form 2024-02-28"),
        ("outcomes", "outcome_date", "2024-2-1", "no possible date of the form 2024-02-28"),
        ("homicides", "last_updated_date", "2023-02-29", "no possible date of the form 2024-02-28"),
        ("homicides", "legal_hold", "?", "neither Y nor N"),
    ],
)
def test_a_wrong_cell_sets_its_row_aside_with_the_reason(extract, tmp_path, table, column, value, reason):
    set_cell(extract, table, 3, column, value)
    found, _, accounting = read(extract, tmp_path / "work")
    account = next(account for account in accounting.files if account.table == f"extract_{table}")
    assert account.quarantined_by_reason == ({reason: 1} if reason else {})
    assert [(problem.row, problem.column) for problem in found.problems if problem.file == f"crime_extract/{table}.csv"] == (
        [(3, column)] if reason else []
    )


def test_a_record_outside_the_period_is_set_aside(extract, tmp_path):
    manifest = (extract / "manifest.json").read_text()
    (extract / "manifest.json").write_text(manifest.replace('"from": "2024-01"', '"from": "2024-02"', 1))
    _, paths, accounting = read(extract, tmp_path / "work")
    offences = next(account for account in accounting.files if account.table == "extract_offences")
    assert set(offences.quarantined_by_reason) == {"recorded outside the period that the manifest states"}
    assert rows_of(paths["extract_offences"], "min(recorded_month)") == [("2024-02",)]


def test_a_row_of_the_wrong_length_is_set_aside(extract, tmp_path):
    path = extract / "orders.csv"
    rows = len(path.read_text().splitlines()) - 1
    path.write_text(path.read_text() + "O000000000,too short\n")
    set_rows(extract, "orders", rows + 1)
    _, _, accounting = read(extract, tmp_path / "work")
    account = next(account for account in accounting.files if account.table == "extract_orders")
    assert (account.rows_read, account.rows_accepted, account.rows_quarantined) == (rows + 1, rows, 1)


def test_a_file_that_is_mostly_unusable_stops_the_run(extract):
    path = extract / "orders.csv"
    path.write_text(re.sub(r"^O[0-9]{9}", "X", path.read_text(), flags=re.MULTILINE))
    assert "mostly-unusable" in {problem.kind for problem in blocking(crime_extract, extract)}


def test_identifiers_are_never_published_as_they_are():
    direct = {field.name for table in DELIVERED for field in table.fields if field.sensitivity is Sensitivity.DIRECT}
    assert direct == {"crime_ref", "victim_id", "suspect_id", "assessment_id", "order_id"}
