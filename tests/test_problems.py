"""Problems in words, the quarantine, and accounts that must balance."""

import json

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vawg_opendata.problems import Accounting, AccountingError, FileAccount, LandingError, Problem, Quarantine, confine, printable

ACCOUNT = dict(
    source="s", file="f.csv", table="t", rows_read=5, rows_accepted=3, rows_quarantined=2, counts_read=50, counts_accepted=30, counts_quarantined=20,
    quarantined_by_reason={"late": 2},
)  # fmt: skip


def test_a_problem_names_file_sheet_row_column_and_value():
    problem = Problem(file="s/f.xlsx", kind="k", message="Mend it.", part="One", row=3, rows=4, column="Sex", value="F\n")
    assert str(problem) == "s/f.xlsx, sheet One, row 3 and 3 more, column Sex: 'F\\n': Mend it."
    assert str(Problem(file="s/f.csv", kind="k", message="Mend it.")) == "s/f.csv: Mend it."


@given(st.text())
@example("\u2028")
@example("\u00a0\ud800")
def test_a_value_is_shown_on_one_line_and_not_at_length(text):
    shown = printable(text)
    assert shown.startswith("'") and shown.endswith("'") and len(shown.splitlines()) == 1
    assert shown.isprintable()
    assert len(text) <= 80 or shown.endswith("...'")


def test_a_landing_error_has_all_problems_in_order_and_its_message_no_value():
    problems = [Problem(file=name, kind="k", message="Mend it.", row=row, value="Jane Doe", column="sex") for name, row in (("b", 1), ("a", 9), ("a", 2))]
    error = LandingError(problems)
    assert [(problem.file, problem.row) for problem in error.problems] == [("a", 2), ("a", 9), ("b", 1)]
    assert [line.strip() for line in str(error).splitlines()[1:]] == ["a, column sex: k (2)", "b, column sex: k (1)"]
    assert "3 problems" in str(error) and "Jane" not in str(error)


@pytest.mark.parametrize(
    "field", ["rows_read", "rows_accepted", "rows_quarantined", "counts_read", "counts_accepted", "counts_quarantined"]
)
def test_an_account_that_does_not_balance_is_refused(field):
    Accounting().add(FileAccount(**ACCOUNT))
    with pytest.raises(AccountingError, match="f.csv"):
        Accounting().add(FileAccount(**ACCOUNT | {field: ACCOUNT[field] + 1}))


def test_reasons_must_add_up():
    with pytest.raises(AccountingError, match="reasons"):
        Accounting().add(FileAccount(**ACCOUNT | {"quarantined_by_reason": {"late": 1}}))


def test_accounts_are_the_same_bytes_in_any_order(tmp_path):
    accounts = [FileAccount(**ACCOUNT | {"file": name}) for name in ("b.csv", "a.csv")]
    for name, order in (("one", accounts), ("two", accounts[::-1])):
        accounting = Accounting()
        for account in order:
            accounting.add(account)
        accounting.write(tmp_path / f"{name}.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    written = json.loads((tmp_path / "one.json").read_text())
    assert written["rows"] == {"read": 10, "accepted": 6, "quarantined": 4} and written["quarantined_by_reason"] == {"late": 4}


def test_the_quarantine_keeps_the_row_and_its_reason(tmp_path):
    quarantine = Quarantine(tmp_path / "q")
    with duckdb.connect() as connection:
        query = """SELECT 'f' AS file, '' AS part, n AS "row", 'c' AS "column", 'late' AS reason, NULL AS "count", '{"c": 1}' AS record FROM range(2, 0, -1) t(n)"""
        path = quarantine.write(connection, "s", query)
        kept = connection.execute(f"SELECT * FROM '{path}'").fetchall()
        names = tuple(row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall())
    assert names == Quarantine.COLUMNS
    assert kept == [("f", "", 1, "c", "late", None, '{"c": 1}'), ("f", "", 2, "c", "late", None, '{"c": 1}')]


def test_what_does_not_fit_into_memory_stays_in_the_folder_that_it_is_confined_to(tmp_path, monkeypatch):
    """DuckDB alone would put it into `.tmp` in the working directory, and leave it there when it is killed."""
    (tmp_path / "here").mkdir()
    (tmp_path / "records").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with duckdb.connect() as connection:
        confine(connection, tmp_path / "records")
        connection.execute("SET memory_limit = '40MB'; CREATE TABLE one AS SELECT hash(range) AS word, hash(range + 1) AS other FROM range(6000000)")
        assert list((tmp_path / "records" / ".spill").iterdir())
    assert list((tmp_path / "here").iterdir()) == []
    assert not (tmp_path / "records" / ".spill").exists()
