"""Any damage whatever: a source says what is wrong or reads the file with balanced accounts; it never fails another way."""

import functools
import io
import tempfile
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.samples import ACCUSED, ACCUSED_PERSON, CRIME, STREET, VICTIM, VICTIMS, csv_bytes, discover, put, read_all
from vawg_opendata.sources import mps_homicide, mps_vawg_dashboard, police_uk

PLACE = {"bcu_location": "Central North", "borough_name": "Camden", "ward_name_clean_2": "Bloomsbury"}
AGE, ETHNIC = {"age_group": "Aged 80+"}, {"ethnic_appearance_group_group": "White"}


@functools.cache
def parquet() -> bytes:
    """The dashboard's victims of two months, 3 in each, in all three views."""
    views = (("Victim count by location", PLACE), ("Victim count by age group", AGE), ("Victim count by ethnic group", ETHNIC))
    empty = dict.fromkeys([*PLACE, *AGE, *ETHNIC])
    rows = [{**empty, **view, "sheet": sheet, "month": month} for sheet, view in views for month in ("2026-01-01", "2026-02-01")]
    columns = ", ".join(f"unnest(?::VARCHAR[]) AS {column}" for column in rows[0])
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "a.parquet"
        connection.execute(
            f"""COPY (SELECT * EXCLUDE month, month::TIMESTAMP AS recorded_date_months, month::TIMESTAMP AS date_committed_from_date_months,
                3 AS count FROM (SELECT {columns})) TO '{path}' (FORMAT parquet)""",
            [[row[column] for row in rows] for column in rows[0]],
        )
        return path.read_bytes()


@functools.cache
def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(VICTIMS)
    for number in range(40):
        book.active.append([int(VICTIM["Count of Victims"]), *list(VICTIM.values())[1:-1], "White" if number % 2 else "Black"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


CASES = {
    "victims": (mps_homicide, "victims.csv", lambda: csv_bytes(VICTIMS, [VICTIM] * 12)),
    "accused": (mps_homicide, "accused.csv", lambda: csv_bytes(ACCUSED, [ACCUSED_PERSON] * 12, "\r\n")),
    "workbook": (mps_homicide, "victims.xlsx", workbook),
    "street": (police_uk, "2023-01/2023-01-city-of-london-street.csv", lambda: csv_bytes(STREET, [CRIME] * 12)),
    "dashboard": (mps_vawg_dashboard, "a.parquet", parquet),
}
EDIT = st.one_of(
    st.tuples(st.just("replace"), st.integers(0, 10**6), st.binary(min_size=1, max_size=3)),
    st.tuples(st.just("insert"), st.integers(0, 10**6), st.sampled_from([b'"', b",", b"\n", b"\r", b"\r\n", b"\0", b'""', b"\xff", b"\n\n", b"x"])),
    st.tuples(st.just("delete"), st.integers(0, 10**6), st.integers(1, 60)),
    st.tuples(st.just("repeat"), st.integers(0, 10**6), st.integers(1, 200)),
    st.tuples(st.just("cut"), st.integers(0, 10**6), st.none()),
)


def edited(content: bytes, edits: list[tuple]) -> bytes:
    for what, place, how in edits:
        place %= len(content) or 1
        if what == "replace":
            content = content[:place] + how + content[place + len(how) :]
        elif what == "insert":
            content = content[:place] + how + content[place:]
        elif what == "delete":
            content = content[:place] + content[place + how :]
        elif what == "repeat":
            content = content[:place] + content[place : place + how] * 2 + content[place + how :]
        else:
            content = content[:place]
    return content


def outcome(source, folder: Path) -> tuple[bool, int]:
    """Whether the folder was read, and how many rows were accepted."""
    found = discover(source, folder / "in")
    assert all(str(problem) for problem in found.problems)
    if any(problem.blocking for problem in found.problems):
        return False, 0
    _, accounting = read_all(source, folder / "in", folder / "work")
    for account in accounting.files:
        assert account.rows_read == account.rows_accepted + account.rows_quarantined
        assert account.counts_read == account.counts_accepted + account.counts_quarantined
    return True, accounting.rows()["accepted"]


@pytest.mark.parametrize("case", CASES)
def test_the_sound_files_are_read(case, tmp_path):
    source, name, content = CASES[case]
    put(tmp_path / "in", name, content())
    assert outcome(source, tmp_path) == (True, {"workbook": 40, "dashboard": 6}.get(case, 12))


@pytest.mark.parametrize("case", CASES)
@settings(deadline=None, max_examples=25)
@given(edits=st.lists(EDIT, min_size=1, max_size=4))
def test_any_damage_is_reported_or_accounted_for(case, edits):
    source, name, content = CASES[case]
    with tempfile.TemporaryDirectory() as folder:
        put(Path(folder) / "in", name, edited(content(), edits))
        outcome(source, Path(folder))
