"""The index of the landing folder: a file at rest is not opened again, and whatever is done to a file is seen."""

import json
import os
import sys

import pytest

from tests.sources.samples import CRIME, STREET, csv_bytes, put
from vawg_opendata.problems import LandingError
from vawg_opendata.sources import known
from vawg_opendata.sources.landing import read_landing

MONTHS = ("2023-01", "2023-02", "2023-03")
OPENED: list[str] = []
WATCHED: list[bool] = []
"""Holds something while files that are opened are noted: a hook is for the life of the process."""
sys.addaudithook(lambda event, told: OPENED.append(str(told[0])) if WATCHED and event == "open" else None)


@pytest.fixture
def landing(tmp_path, monkeypatch):
    """Three months, in files that count as at rest however new they are."""
    monkeypatch.setattr(known, "RESOLUTION", -(10**18))
    for month in MONTHS:
        put(tmp_path, f"landing/police_uk/{month}/{month}-city-of-london-street.csv", crimes(month, "a"))
    return tmp_path / "landing"


def crimes(month, number):
    return csv_bytes(STREET, [CRIME | {"Month": month, "Crime ID": number}])


def file_of(landing, month):
    return landing / "police_uk" / month / f"{month}-city-of-london-street.csv"


def read(landing, work):
    """The months that were read again, and those of which a file was opened."""
    OPENED.clear()
    WATCHED.append(True)
    try:
        again = read_landing(landing, work).read["police_uk"]
    finally:
        WATCHED.clear()
    return again, tuple(month for month in MONTHS if str(file_of(landing, month)) in OPENED)


def test_a_file_that_nobody_touched_is_not_opened(landing, tmp_path):
    assert read(landing, tmp_path / "work") == (MONTHS, MONTHS)
    assert read(landing, tmp_path / "work") == ((), ())
    os.utime(file_of(landing, "2023-02"), (1, 1))
    assert read(landing, tmp_path / "work") == ((), ("2023-02",))
    assert read(landing, tmp_path / "work") == ((), ())
    (tmp_path / "work" / known.FILE).unlink()
    assert read(landing, tmp_path / "work") == ((), MONTHS)


@pytest.mark.parametrize("how", ["written over", "replaced"])
def test_a_change_that_keeps_size_and_time_is_seen(landing, tmp_path, how):
    read(landing, tmp_path / "work")
    path, number = file_of(landing, "2023-02"), 0
    before = path.stat()
    while path.stat().st_ctime_ns == before.st_ctime_ns:  # the clock of the file system has moved on
        number += 1
        place = path if how == "written over" else path.with_suffix(".new")
        place.write_bytes(crimes("2023-02", "bcdefghij"[number % 9]))
        place.replace(path)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert read(landing, tmp_path / "work") == (("2023-02",), ("2023-02",))


def test_a_file_that_changed_a_moment_ago_is_not_trusted_to_be_at_rest(landing, tmp_path, monkeypatch):
    monkeypatch.setattr(known, "RESOLUTION", 10**15)
    read(landing, tmp_path / "work")
    assert read(landing, tmp_path / "work") == ((), MONTHS)


def test_rows_are_not_read_by_a_hash_that_the_file_has_not(landing, tmp_path):
    read(landing, tmp_path / "work")
    index = tmp_path / "work" / known.FILE
    told = json.loads(index.read_text())
    told["files"][str(file_of(landing, "2023-02"))][2] = "0" * 64
    index.write_text(json.dumps(told))
    with pytest.raises(LandingError, match="changed"):
        read(landing, tmp_path / "work")
    assert read(landing, tmp_path / "work") == ((), MONTHS)


def test_the_index_is_of_the_code_that_made_it(landing, tmp_path, monkeypatch):
    read(landing, tmp_path / "work")
    monkeypatch.setattr(known, "code_hash", lambda: "another")
    assert read(landing, tmp_path / "work") == ((), MONTHS)
