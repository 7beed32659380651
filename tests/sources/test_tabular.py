"""Files as they come: every cell as it was written, every row with its number, every kind of damage found."""

import csv
import io
import tempfile
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.paths import shared
from tests.sources.samples import VICTIM, VICTIMS, csv_bytes, only, put
from vawg_opendata.problems import Problem
from vawg_opendata.reference import fold
from vawg_opendata.sources.files import LandingFile, Layout
from vawg_opendata.sources.recognise import recognise
from vawg_opendata.sources.tabular import connect, examine, identifier, match, stage, walk

LAYOUT = Layout("a table", "table", ("First", "Second One", "Third/3"))
OTHER = Layout("another table", "other", ("First", "Fourth", "Fifth", "Sixth"))
# Any text a cell of a CSV file can hold. A lone carriage return ends a line for some programs and is no part of any file here.
CELL = st.text(st.characters(exclude_characters="\0\r", exclude_categories=("Cs",)), max_size=12)
ROWS = st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=30)


def staged(folder: Path, *files: LandingFile, columns=LAYOUT.columns) -> tuple[list[tuple], list[tuple], list[Problem]]:
    """The rows of `staged` and of `malformed`, and the problems."""
    with connect() as connection:
        problems = stage(connection, files, columns)
        names = ", ".join(identifier(column) for column in columns)
        rows = connection.execute(f"SELECT source_file, source_row, {names} FROM staged ORDER BY ALL").fetchall()
        return rows, connection.execute("SELECT source_file, source_row FROM malformed ORDER BY ALL").fetchall(), problems


def found(folder: Path, *layouts: Layout) -> tuple[tuple[LandingFile, ...], tuple[Problem, ...]]:
    discovery = recognise(folder, "source", layouts or (LAYOUT, OTHER), {"csv", "parquet", "xlsx"})
    return discovery.files, discovery.problems


@settings(deadline=None, max_examples=60)
@given(rows=ROWS, newline=st.sampled_from(["\n", "\r\n"]), bom=st.booleans(), order=st.permutations(range(3)))
def test_every_cell_is_read_as_written(rows, newline, bom, order):
    header = [LAYOUT.columns[place] for place in order]
    with tempfile.TemporaryDirectory() as folder:
        content = csv_bytes(header, [[row[place] for place in order] for row in rows], newline)
        put(Path(folder), "a.csv", (b"\xef\xbb\xbf" if bom else b"") + content)
        files, problems = found(Path(folder))
        assert not problems
        got, malformed, problems = staged(Path(folder), *files)
        assert not malformed and not problems
        assert got == [("a.csv", number, *(cell or None for cell in row)) for number, row in enumerate(rows, start=1)]


@settings(deadline=None, max_examples=60)
@given(rows=st.lists(st.one_of(st.just(None), st.just(""), st.tuples(CELL, CELL, CELL)), min_size=1, max_size=40))
def test_rows_of_the_wrong_length_are_set_aside_and_the_others_keep_their_numbers(rows):
    cells = [["too", "few"] if row is None else ["a", "b", "c", "too many"] if row == "" else list(row) for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        put(Path(folder), "a.csv", csv_bytes(list(LAYOUT.columns), cells))
        files, problems = found(Path(folder))
        got, malformed, _ = staged(Path(folder), *files)
        assert not problems
        assert [row[1] for row in malformed] == [number for number, row in enumerate(rows, start=1) if not row]
        assert got == [("a.csv", number, *(cell or None for cell in row)) for number, row in enumerate(rows, start=1) if row]


@settings(deadline=None, max_examples=80)
@given(cut=st.integers(0, 10_000), newline=st.sampled_from(["\n", "\r\n"]))
def test_a_file_cut_off_anywhere_inside_a_line_is_found(cut, newline):
    rows = [VICTIM | {"Method of Killing": 'Blunt "Implement", é', "Borough": f"Camden {number}"} for number in range(20)]
    content = csv_bytes(VICTIMS, rows, newline)
    cut %= len(content)
    with tempfile.TemporaryDirectory() as folder:
        path = put(Path(folder), "a.csv", content[:cut])
        fault = examine(path).fault
        whole_lines = content[:cut].endswith(newline.encode())
        bare_header = content[:cut].endswith(b"\r") and b"\n" not in content[:cut]  # found as empty when its rows are sought
        assert (fault is None) == (whole_lines or bare_header)
        if fault and cut:
            assert fault[0] == "truncated"


@settings(deadline=None, max_examples=60)
@given(line=st.integers(0, 19), byte=st.sampled_from([0x80, 0x93, 0xA3, 0xC3, 0xE9, 0xFF, 0x00]))
def test_broken_encoding_is_found_with_its_row(line, byte):
    content = csv_bytes(VICTIMS, [VICTIM] * 19).split(b"\n")
    content[line] = content[line][:3] + bytes([byte]) + content[line][3:]
    with tempfile.TemporaryDirectory() as folder:
        put(Path(folder), "a.csv", b"\n".join(content))
        _, problems = found(Path(folder))
        problem = only(problems, "encoding")
        assert problem.blocking and problem.row == (line or None)


@settings(deadline=None, max_examples=100)
@given(columns=st.permutations(LAYOUT.columns), data=st.data())
def test_a_header_is_known_in_any_order_and_writing(columns, data):
    written = [
        data.draw(st.sampled_from([str.upper, str.lower, lambda text: f" {text} ", lambda text: text.replace(" ", "_")]))(column)
        for column in columns
    ]
    assert match(written, (OTHER, LAYOUT)) is LAYOUT


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (["First", "Second One"], ["nearest is that of a table", "missing: Third/3"]),
        (["First", "Second One", "Third/3", "New"], ["nearest is that of a table", "unexpected: New"]),
        (["First", "Second One", "Third/3", "first"], ["nearest is that of a table", "more than once: First, first"]),
        (["First", "Fourth", "Fifth"], ["nearest is that of another table", "missing: Sixth"]),
        ([""], ["unexpected: (blank)"]),
    ],
)
def test_a_wrong_header_names_the_nearest_known_one_and_the_difference(header, words):
    message = match(header, (LAYOUT, OTHER))
    assert all(word in message for word in words), message


def workbook(**cells) -> bytes:
    book = openpyxl.Workbook()
    for row in cells.get("rows", [LAYOUT.columns, ("1", "2", "3")]):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"\xef\xbb\xbf\r\n", "empty"),
        ("a.csv", b"First,Second One,Third/3\n1,2,3", "truncated"),
        ("a.csv", b'First,Second One,Third/3\n1,"2,3\n4,5,6\n', "truncated"),
        ("a.csv", "First,Second One,Third/3\n".encode("utf-16"), "encoding"),
        ("a.csv", b"PK\x03\x04 and so on\n", "format"),
        ("a.csv", b"<!DOCTYPE html>\n<html></html>\n", "format"),
        ("a.parquet", b"", "empty"),
        ("a.parquet", b"First,Second One,Third/3\n", "format"),
        ("a.parquet", b"PAR1 and no more", "truncated"),
        ("a.parquet", b"PAR1 nonsense PAR1", "damaged"),
        ("a.xlsx", b"", "empty"),
        ("a.xlsx", b"First,Second One,Third/3\n", "format"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0 old", "format"),
        ("a.xlsx", workbook()[:-200], "truncated"),
        ("a.xlsx", workbook(rows=[]), "empty"),
        ("a.xlsx", workbook(rows=[("First",)]), "header"),
        ("a.zip", b"PK but not really", "format"),
        ("a.xls", b"\xd0\xcf\x11\xe0", "format"),
        ("a.csv.gz", b"\x1f\x8b", "format"),
    ],
)
def test_what_is_not_what_its_name_says_is_found(tmp_path, name, content, kind):
    put(tmp_path, name, content)
    files, problems = found(tmp_path)
    assert not files and only(problems, kind).blocking


def test_a_zip_that_is_no_workbook_and_a_zip_that_is_none(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("hello.csv", "hello")
    put(tmp_path, "c.zip", b"hello")
    _, problems = found(tmp_path)
    assert ["workbook" in problems[0].message, "Unpack it" in problems[1].message, "not a zip" in problems[2].message] == [True] * 3


def test_a_folder_where_a_file_should_be(tmp_path):
    (tmp_path / "a.csv").mkdir()
    put(tmp_path, "a.csv/hidden.csv", b"First,Second One,Third/3\n1,2,3\n")
    assert only(found(tmp_path)[1], "folder").blocking


def test_what_is_no_data_is_named_and_stops_nothing(tmp_path):
    for name in ("README.md", "sub/licence.txt", ".DS_Store", "~$a.xlsx", ".hidden/a.csv"):
        put(tmp_path, name, b"hello")
    problems = found(tmp_path)[1]
    assert [(problem.file, problem.blocking) for problem in problems] == [("source/README.md", False), ("source/sub/licence.txt", False)]


def test_a_workbook_damaged_inside_is_found_wherever_it_is(tmp_path):
    import zipfile

    sound = workbook(rows=[LAYOUT.columns, *[("1", "2", "3")] * 500])
    for cut in (50, 5_000):
        with zipfile.ZipFile(io.BytesIO(sound)) as source, zipfile.ZipFile(tmp_path / f"{cut}.xlsx", "w") as target:
            for name in source.namelist():
                content = source.read(name)
                target.writestr(name, content[:cut] if "sheet1" in name else content)
    files, problems = found(tmp_path)
    problems = (*problems, *staged(tmp_path, *files)[2])
    assert {(problem.file, problem.kind) for problem in problems} == {("source/50.xlsx", "damaged"), ("source/5000.xlsx", "damaged")}


def test_a_pipe_is_not_waited_for(tmp_path):
    import os

    os.mkfifo(tmp_path / "a.csv")
    assert only(found(tmp_path)[1], "format").blocking


def test_a_link_that_leads_nowhere(tmp_path):
    (tmp_path / "a.csv").symlink_to(tmp_path / "nowhere")
    assert only(found(tmp_path)[1], "unreadable").blocking


def test_links_that_run_in_a_circle_end(tmp_path):
    put(tmp_path, "sub/a.csv", b"First,Second One,Third/3\n1,2,3\n")
    (tmp_path / "sub" / "again").symlink_to(tmp_path, target_is_directory=True)
    assert len([entry for entry in walk(tmp_path, "source")]) == 1


def test_names_that_look_like_patterns(tmp_path):
    content = csv_bytes(list(LAYOUT.columns), [["1", "2", "3"]])
    for name in ("a[1].csv", "a*.csv", "it's.csv", "a1.csv", "ü ?.csv"):
        put(tmp_path, name, content)
    files, problems = found(tmp_path)
    rows, _, staging = staged(tmp_path, *files)
    assert (
        not problems and not staging and sorted(row[0] for row in rows) == sorted(["a[1].csv", "a*.csv", "it's.csv", "a1.csv", "ü ?.csv"])
    )


def test_a_parquet_file_damaged_inside_is_found_before_it_is_used(tmp_path):
    content = bytearray(shared("data", "mps_vawg_dashboard", "vawg-victims.parquet").read_bytes())
    content[1000:400_000] = bytes(399_000)
    put(tmp_path, "a.parquet", bytes(content))
    layout = Layout("victims", "victims", ("sheet", "count", "bcu_location", "borough_name", "ward_name_clean_2", "recorded_date_months",
        "date_committed_from_date_months", "age_group", "ethnic_appearance_group_group"))  # fmt: skip
    files, problems = found(tmp_path, layout)
    assert [problem.kind for problem in problems] + [problem.kind for problem in staged(tmp_path, *files, columns=layout.columns)[2]] == [
        "damaged"
    ]


@pytest.mark.parametrize(
    ("lines", "row"),
    [
        (b'1,2,3\n4,"secret"x"y,6\n7,8,9"\n', 2),
        (b'1,2,3\n"secret"b,2,3\n4,5,6\n', 2),
        (b"1,2,secret\r\n4,5,6\n", None),
        (b'1,"2\r3",3\n4,5\rsecret,6\n', None),
    ],
)
def test_a_csv_that_cannot_be_parsed_is_a_problem_without_its_content(tmp_path, lines, row):
    put(tmp_path, "a.csv", b"First,Second One,Third/3\n" + lines)
    files, problems = found(tmp_path)
    assert not problems
    rows, malformed, problems = staged(tmp_path, *files)
    problem = only(problems, "csv")
    assert not rows and not malformed and problem.blocking and problem.row == row and "secret" not in str(problem)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_name_of_a_folder_is_no_column(tmp_path, kind):
    put(tmp_path, "first=9/a.csv", b"First,Second One,Third/3\n1,2,3\n")
    if kind == "parquet":
        duckdb.execute(f"COPY (FROM read_csv('{tmp_path}/first=9/a.csv', hive_partitioning=false)) TO '{tmp_path}/first=9/a.parquet'")
        (tmp_path / "first=9/a.csv").unlink()
    rows, _, problems = staged(tmp_path, *found(tmp_path)[0])
    assert not problems and "9" not in map(str, rows[0])


def test_a_file_that_cannot_be_parsed_is_the_only_one_that_is_blamed(tmp_path):
    put(tmp_path, "a.csv", b'First,Second One,Third/3\n1,2,3\n"secret"b,2,3\n')
    put(tmp_path, "b.csv", b"First,Second One,Third/3\n1,2,3\n")
    rows, malformed, problems = staged(tmp_path, *found(tmp_path)[0])
    assert only(problems, "csv").file == "source/a.csv"
    assert len(rows) == 1 and not malformed


def test_a_header_without_rows_is_an_empty_file(tmp_path):
    put(tmp_path, "a.csv", b"First,Second One,Third/3\n")
    put(tmp_path, "b.xlsx", workbook(rows=[LAYOUT.columns]))
    files, problems = found(tmp_path)
    assert not problems and [problem.kind for problem in staged(tmp_path, *files)[2]] == ["empty", "empty"]


def test_cells_of_a_workbook_become_the_text_of_a_csv(tmp_path):
    import datetime

    rows = [
        LAYOUT.columns,
        (1, 2.0, datetime.datetime(2021, 2, 1)),
        (None, None, None),
        (2.5, "text", datetime.date(2021, 2, 1)),
        ("", 0, None),
    ]
    put(tmp_path, "a.xlsx", workbook(rows=rows))
    files, _ = found(tmp_path)
    rows, _, _ = staged(tmp_path, *files)
    assert [row[1:] for row in rows] == [(1, "1", "2", "2021-02-01"), (3, "2.5", "text", "2021-02-01"), (4, None, "0", None)]


def test_a_row_far_into_a_large_file_has_its_number(tmp_path):
    lines = [f'{number},"x\ny",z\n' if number % 1000 == 0 else f"{number},x,z\n" for number in range(1, 300_001)]
    lines[249_999] = "short\n"
    put(tmp_path, "a.csv", ("First,Second One,Third/3\n" + "".join(lines)).encode())
    files, _ = found(tmp_path)
    with connect() as connection:
        stage(connection, files, LAYOUT.columns)
        wrong = connection.execute("SELECT count(*) FROM staged WHERE source_row <> first::BIGINT").fetchall()
        assert wrong == [(0,)] and connection.execute("SELECT source_row FROM malformed").fetchall() == [(250_000,)]


def test_columns_have_names_that_need_no_quoting():
    assert [identifier(column) for column in ("Charged/Summonsed", "Ethnic Appearance Group (group)")] == [
        "charged_summonsed",
        "ethnic_appearance_group_group",
    ]
    assert fold("Ethnic Appearance Group (group)") == fold("ethnic_appearance_group_group")


def test_the_csv_module_and_duckdb_read_the_real_files_alike():
    for path in sorted(shared("data", "mps_homicide").rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            expected = list(csv.reader(file))
        layout = Layout("as it is", "any", tuple(expected[0]))
        form = examine(path)
        file = LandingFile(path=path, source="s", name="n", format="csv", layout=layout, bytes=form.bytes, sha256=form.sha256)
        got = staged(path.parent, file, columns=layout.columns)[0]
        assert [list(row[2:]) for row in got] == [[cell or None for cell in row] for row in expected[1:]]
