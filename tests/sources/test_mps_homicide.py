"""The homicide files: the real ones to the last victim, and what must happen to wrong ones."""

import csv
import datetime
import io
import json
from collections import Counter

import openpyxl
import pytest

from tests.paths import shared
from tests.sources.samples import VICTIM, VICTIMS, blocking, csv_bytes, discover, only, put, read_all, rows_of
from vawg_opendata.reference import fold, load_codelist
from vawg_opendata.sources import mps_homicide


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    return read_all(mps_homicide, shared("data", "mps_homicide"), tmp_path_factory.mktemp("work"))


def test_female_victims_of_both_editions(real):
    tables, _ = real
    counts = Counter()
    for vintage, sex, count in rows_of(tables["homicide_victims"], "vintage", "sex", "count"):
        counts[vintage, sex] += count
    assert counts == {
        ("2020-12", "female"): 611, ("2020-12", "male"): 1931, ("2020-12", "unknown"): 2,
        ("2021-12", "female"): 642, ("2021-12", "male"): 2042, ("2021-12", "unknown"): 2,
    }  # fmt: skip


def test_each_victim_is_the_publishers_row(real):
    """Read again with nothing but the csv module: the dates parsed by Python, boroughs by their own labels."""
    tables, _ = real
    labels = load_codelist("area").labels
    columns = ("source_file", "source_row", "month", "year", "age_group", "sex", "area", "count")
    found = {(file, row): rest for file, row, *rest in rows_of(tables["homicide_victims"], *columns)}
    expected = {}
    for name, form in (("to_2020-12/homicide_victims.csv", "%b %Y"), ("to_2021-12/LDS Homicide Victims 2003-2021.csv", "%b-%y")):
        with shared("data", "mps_homicide", *name.split("/")).open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=1):
                month = datetime.datetime.strptime(row["Recorded Date"], form).strftime("%Y-%m")
                expected[name, number] = (month, int(month[:4]), row["Age Group"], row["Sex"], row["Borough"], int(row["Count of Victims"]))
    assert found.keys() == expected.keys()
    words = {"Female": "female", "Male": "male", "Unrecorded": "unknown"}
    for key, (month, year, age, sex, borough, count) in expected.items():
        got_month, got_year, got_age, got_sex, got_area, got_count = found[key]
        assert (got_month, got_year, got_sex, got_count) == (month, year, words[sex], count)
        assert got_age == age.replace(" to ", "-").replace(" ", "-")
        assert fold(labels[got_area]) == fold(borough)


def test_words_of_both_editions_have_one_meaning(real):
    tables, _ = real
    counts = Counter(rows_of(tables["homicide_victims"], "vintage", "domestic_abuse"))
    assert counts["2020-12", "domestic"] == 437 and counts["2021-12", "domestic"] == 463
    methods = Counter(rows_of(tables["homicide_victims"], "vintage", "method"))
    assert methods["2020-12", "physical-assault-no-weapon"] == 266 and methods["2021-12", "physical-assault-no-weapon"] == 276
    assert Counter(rows_of(tables["homicide_victims"], "status", "vintage"))["unsolved", "2021-12"] == 310
    assert Counter(rows_of(tables["homicide_victims"], "ethnicity", "vintage"))["Unknown", "2021-12"] == 25


def test_persons_proceeded_against(real):
    tables, accounting = real
    rows = rows_of(tables["homicide_accused"], "month", "ethnicity", "charged_summonsed", "vintage", "count")
    assert sum(row[-1] for row in rows) == 3894
    assert Counter(row[0] for row in rows)["2021-02"] == 5  # one of them in `Febraury 2021`
    assert Counter(row[1] for row in rows)["White"] == 1208  # seven of them without the space after the word
    assert Counter(row[2] for row in rows)["accused-dead"] == 41
    assert {row[3] for row in rows} == {"2021-03"}
    assert {(account.file, account.rows_read, account.rows_quarantined) for account in accounting.files} == {
        ("to_2020-12/homicide_ppa.csv", 3894, 0),
        ("to_2020-12/homicide_victims.csv", 2544, 0),
        ("to_2021-12/LDS Homicide Victims 2003-2021.csv", 2686, 0),
    }


def test_identical_rows_are_different_people(tmp_path):
    put(tmp_path / "in", "victims.csv", csv_bytes(VICTIMS, [VICTIM] * 3))
    tables, accounting = read_all(mps_homicide, tmp_path / "in", tmp_path / "work")
    assert len(rows_of(tables["homicide_victims"], "count")) == 3
    assert accounting.files[0].notes == {"rows identical to another": 2}


def test_a_workbook_reads_as_the_csv(tmp_path):
    source = shared("data", "mps_homicide", "to_2021-12", "LDS Homicide Victims 2003-2021.csv")
    book = openpyxl.Workbook()
    book.active.title = "Victims"
    with source.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file)):
            if number:  # as the publisher's program would: numbers as numbers, months as dates
                row = [int(row[0]), *row[1:5], datetime.datetime.strptime(row[5], "%b-%y"), *row[6:]]
            book.active.append(row)
    (tmp_path / "xlsx").mkdir()
    book.save(tmp_path / "xlsx" / "victims.xlsx")
    put(tmp_path / "csv", "victims.csv", source.read_bytes())
    columns = (
        "year",
        "month",
        "age_group",
        "sex",
        "method",
        "domestic_abuse",
        "offence_type",
        "status",
        "area",
        "ethnicity",
        "count",
        "vintage",
        "source_row",
    )
    as_csv, as_xlsx = (
        rows_of(read_all(mps_homicide, tmp_path / form, tmp_path / f"work-{form}")[0]["homicide_victims"], *columns)
        for form in ("csv", "xlsx")
    )
    assert as_csv == as_xlsx and len(as_csv) == 2686


@pytest.mark.parametrize(
    ("column", "word"),
    [
        ("Sex", "Femail"), ("Sex", ""), ("Method of Killing", "Drowning"), ("Domestic Abuse", "Perhaps"), ("Borough", "City of London"),
        ("Borough", "Other"), ("Age Group", "25 to 44"), ("Officer Observed Ethnicity", "Mixed"), ("Solved Status", "Un solved?!x"),
    ],
)  # fmt: skip
def test_an_unknown_category_names_file_row_and_value_and_nothing_else(tmp_path, column, word):
    put(tmp_path, "sub/victims.csv", csv_bytes(VICTIMS, [VICTIM, VICTIM | {column: word, "Homicide Offence Type": "Manslaughter"}, VICTIM]))
    problem = only(discover(mps_homicide, tmp_path).problems, "unknown-category")
    assert problem.blocking and (problem.row, problem.rows, problem.column) == (2, 1, column)
    assert problem.file == "mps_homicide/sub/victims.csv" and problem.value == (word or "(blank)")
    assert "Manslaughter" not in str(problem)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("Recorded Date", "Feb 2x03"), ("Recorded Date", "Smarch 2003"), ("Recorded Date", ""), ("Recorded Date", "2003-02-30"), ("Recorded Date", "Jan 2999"),
        ("Count of Victims", "-1"), ("Count of Victims", ""), ("Count of Victims", "one"), ("Count of Victims", "1.5"), ("Count of Victims", "9" * 30),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_quarantined_with_its_reason(tmp_path, column, text):
    rows = [VICTIM, VICTIM, VICTIM | {column: text}, VICTIM]
    put(tmp_path / "in", "victims.csv", csv_bytes(VICTIMS, rows))
    problem = only(discover(mps_homicide, tmp_path / "in").problems, "unusable-row")
    assert not problem.blocking and (problem.row, problem.rows, problem.value) == (3, 1, text or None)
    tables, accounting = read_all(mps_homicide, tmp_path / "in", tmp_path / "work")
    account = accounting.files[0]
    assert (account.rows_read, account.rows_accepted, account.rows_quarantined) == (4, 3, 1)
    assert account.counts_read == account.counts_accepted + account.counts_quarantined == (4 if column == "Recorded Date" else 3)
    assert [row for (row,) in rows_of(tables["homicide_victims"], "source_row")] == [1, 2, 4]
    kept = rows_of(tmp_path / "work" / "quarantine" / "mps_homicide.parquet", "file", "row", "reason", "record")
    assert [row[:2] for row in kept] == [("victims.csv", 3)] and json.loads(kept[0][3])["borough"] == "Camden"


def test_the_same_edition_twice_stops_the_run(tmp_path):
    for name in ("a.csv", "b.csv"):
        put(tmp_path, name, csv_bytes(VICTIMS, [VICTIM]))
    problem = only(discover(mps_homicide, tmp_path).problems, "twice")
    assert problem.blocking and problem.file.endswith("b.csv") and "a.csv" in problem.message


def test_parts_of_a_series_are_no_editions_of_it(tmp_path):
    """Only the newest edition is published: what an older one has before it would be missing."""
    put(tmp_path, "a.csv", csv_bytes(VICTIMS, [VICTIM, VICTIM | {"Recorded Date": "Dec 2010"}]))
    put(tmp_path, "b.csv", csv_bytes(VICTIMS, [VICTIM | {"Recorded Date": date} for date in ("Jan 2011", "Dec 2012")]))
    problem = only(blocking(mps_homicide, tmp_path), "part")
    assert problem.file == "mps_homicide/b.csv" and "begins with 2011-01; a.csv begins with 2003-01" in problem.message
    put(tmp_path, "b.csv", csv_bytes(VICTIMS, [VICTIM, VICTIM | {"Recorded Date": "Dec 2012"}]))
    assert not blocking(mps_homicide, tmp_path)


def test_counts_beyond_all_sense_are_no_counts(tmp_path):
    """Their sum would not fit, and the run end in an error that no one could read."""
    rows = [VICTIM | {"Count of Victims": count} for count in ("9223372036854775807", "9223372036854775807", "1000000000", "0999999999", "1", "1", "1")]
    put(tmp_path / "in", "victims.csv", csv_bytes(VICTIMS, rows))
    _, accounting = read_all(mps_homicide, tmp_path / "in", tmp_path / "work")
    assert (accounting.files[0].rows_quarantined, accounting.files[0].counts_accepted) == (3, 1_000_000_002)


def test_a_row_of_a_workbook_that_is_too_long_is_set_aside(tmp_path):
    """Its cells may stand one column further right than the header says."""
    book = openpyxl.Workbook()
    for row in (VICTIMS, VICTIM.values(), [*VICTIM.values(), "and more"], VICTIM.values()):
        book.active.append(list(row))
    content = io.BytesIO()
    book.save(content)
    put(tmp_path / "in", "victims.xlsx", content.getvalue())
    problem = only(discover(mps_homicide, tmp_path / "in").problems, "unusable-row")
    assert (problem.part, problem.row, problem.blocking) == ("Sheet", 2, False) and "more" not in str(problem)
    tables, accounting = read_all(mps_homicide, tmp_path / "in", tmp_path / "work")
    (account,) = accounting.files
    assert (account.part, account.rows_read, account.rows_accepted, account.rows_quarantined) == ("Sheet", 3, 2, 1)
    assert [row for (row,) in rows_of(tables["homicide_victims"], "source_row")] == [1, 3]
    kept = rows_of(tmp_path / "work" / "quarantine" / "mps_homicide.parquet", "part", "row", "record")
    assert [row[:2] for row in kept] == [("Sheet", 2)] and json.loads(kept[0][2]).endswith("Camden,White,and more")


def test_a_file_of_useless_rows_stops_the_run(tmp_path):
    put(tmp_path, "victims.csv", csv_bytes(VICTIMS, [VICTIM | {"Recorded Date": "1/2/2003"}] * 4 + [VICTIM]))
    assert [problem.kind for problem in blocking(mps_homicide, tmp_path)] == ["mostly-unusable"]


