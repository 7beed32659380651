"""What is kept of months: read once, read again when and only when something of it changed, and together what one reading gives."""

import json

import duckdb
import pytest

from tests.sources.samples import CITY, CRIME, STREET, csv_bytes, put
from vawg_opendata.problems import LandingError
from vawg_opendata.sources import months as kept_months
from vawg_opendata.sources import police_uk
from vawg_opendata.sources.landing import read_landing, read_months

MONTHS = ("2023-01", "2023-02", "2023-03")


def deliver(landing, month, rows=2, **values):
    crimes = [CRIME | {"Month": month, "Crime ID": f"{month}-{number}"} | values for number in range(rows)]
    put(landing, f"police_uk/{month}/{month}-city-of-london-street.csv", csv_bytes(STREET, crimes))


@pytest.fixture
def landing(tmp_path):
    for month in MONTHS:
        deliver(tmp_path / "landing", month)
    return tmp_path / "landing"


def content(work):
    """The records and accounts of a run, however they are kept in files."""
    tables = {}
    for table in ("street_crimes", "street_coverage"):
        tables[table] = duckdb.execute(f"SELECT * FROM read_parquet('{work}/records/{table}/*.parquet') ORDER BY ALL").fetchall()
    aside = duckdb.execute(f"SELECT * FROM '{work}/quarantine/police_uk.parquet' ORDER BY ALL").fetchall()
    return tables, aside, json.loads((work / "accounting.json").read_text())


def test_only_a_month_that_was_changed_is_read_again_and_all_is_as_if_read_at_once(landing, tmp_path):
    assert read_landing(landing, tmp_path / "work").read["police_uk"] == MONTHS
    assert read_landing(landing, tmp_path / "work").read["police_uk"] == ()
    deliver(landing, "2023-02", rows=3)
    deliver(landing, "2023-04", rows=1)
    assert read_landing(landing, tmp_path / "work").read["police_uk"] == ("2023-02", "2023-04")
    read_landing(landing, tmp_path / "afresh")
    assert content(tmp_path / "work") == content(tmp_path / "afresh")
    assert content(tmp_path / "work")[2]["rows"] == {"read": 8, "accepted": 8, "quarantined": 0}


def test_rows_set_aside_are_kept_and_looked_at_again_in_another_month(landing, tmp_path, monkeypatch):
    put(landing, "police_uk/2023-03/2023-03-city-of-london-street.csv", csv_bytes(STREET, [CRIME | {"Month": "2023-03"}, CRIME]))
    first = read_landing(landing, tmp_path / "work")
    again = read_landing(landing, tmp_path / "work")
    assert again.read["police_uk"] == () and again.problems == first.problems != ()
    assert again.accounting.rows() == {"read": 6, "accepted": 5, "quarantined": 1}
    read_landing(landing, tmp_path / "afresh")
    assert content(tmp_path / "work") == content(tmp_path / "afresh") and len(content(tmp_path / "work")[1]) == 1
    state = tmp_path / "work" / "months" / "police_uk" / "2023-03" / "month.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"read_in": "2024-12"}))  # as if read some time ago
    assert read_landing(landing, tmp_path / "work").read["police_uk"] == ("2023-03",)


@pytest.mark.parametrize("damage", ["other code", "cut off", "no file"])
def test_what_is_kept_counts_only_while_it_is_whole_and_of_the_same_code(landing, tmp_path, monkeypatch, damage):
    read_landing(landing, tmp_path / "work")
    kept = tmp_path / "work" / "months" / "police_uk" / "2023-01" / "street_crimes.parquet"
    if damage == "other code":
        monkeypatch.setattr(kept_months, "code_hash", lambda: "another")
    elif damage == "cut off":
        content_of = kept.read_bytes()
        kept.unlink()
        kept.write_bytes(content_of[:-10])
    else:
        kept.unlink()
    assert read_landing(landing, tmp_path / "work").read["police_uk"] == (MONTHS if damage == "other code" else ("2023-01",))


def test_some_months_are_read_without_opening_the_files_of_others(landing, tmp_path):
    put(landing, "police_uk/2023-02/2023-02-city-of-london-street.csv", b"not a street file\n")
    kept, read = read_months(landing, tmp_path / "work", police_uk, ["2023-01", "2023-03", "2031-01"])
    assert read == {"2023-01": True, "2023-03": True}
    assert read_months(landing, tmp_path / "work", police_uk, ["2023-03"])[1] == {"2023-03": False}
    assert [account.rows_accepted for account in kept.accounts("2023-01")] == [2]
    with pytest.raises(LandingError):
        read_months(landing, tmp_path / "work", police_uk, ["2023-02"])
    assert not (tmp_path / "work" / "records").exists()


def test_a_category_nobody_has_coded_stops_the_month_and_leaves_what_is_kept(landing, tmp_path):
    read_landing(landing, tmp_path / "work")
    before = content(tmp_path / "work")
    deliver(landing, "2023-03", **{"Crime type": "Something new", "Reported by": CITY})
    with pytest.raises(LandingError):
        read_landing(landing, tmp_path / "work")
    assert content(tmp_path / "work") == before
