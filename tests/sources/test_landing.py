"""A landing folder as a whole: all problems at once, nothing written where a file is wrong, everything accounted for."""

import hashlib
import json
import stat

import duckdb
import pytest

from tests.paths import shared
from tests.sources.samples import ACCUSED, ACCUSED_PERSON, CRIME, STREET, VICTIM, VICTIMS, csv_bytes, put
from vawg_opendata.problems import LandingError
from vawg_opendata.sources import known
from vawg_opendata.sources.landing import SOURCES, read_landing, survey
from vawg_opendata.sources.tabular import connect, require_unchanged

STREET_NAME = "police_uk/2023-01/2023-01-city-of-london-street.csv"


def sound(folder):
    """A small landing folder of two sources without a fault."""
    put(folder, "mps_homicide/victims.csv", csv_bytes(VICTIMS, [VICTIM] * 3))
    put(folder, "mps_homicide/accused.csv", csv_bytes(ACCUSED, [ACCUSED_PERSON] * 2))
    put(folder, STREET_NAME, csv_bytes(STREET, [CRIME] * 4))
    return folder


def tree(folder) -> dict[str, str]:
    """Hashes of all files but the index of the landing folder, which tells times."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != known.FILE
    }


def test_all_the_real_files_at_once(tmp_path):
    report = read_landing(shared("data"), tmp_path / "work")
    assert report.accounting.rows() == {"read": 873_690, "accepted": 873_690, "quarantined": 0}
    assert not [problem for problem in report.problems if problem.blocking]
    with duckdb.connect() as connection:
        rows = sum(
            connection.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchall()[0][0]
            for name, path in report.tables.items()
            if name != "street_coverage"
        )
    assert rows == 873_690


@pytest.mark.parametrize(
    "name",
    [
        "mps_homicide/2026/victims.csv.part",
        "police_uk/2023-02/2023-02-metropolitan-street.csv.filepart",
        "geography/lookup.csv.part",
        "population/population.csv.tmp",
        "boundaries/wards.geojson.part",
    ],
)
def test_a_copy_under_way_stops_whoever_starts_a_run(name, tmp_path):
    """Without it the run would publish what is there as if it were all."""
    landing = sound(tmp_path / "landing")
    put(landing, name, b"half")
    with pytest.raises(LandingError, match="under-way") as caught:
        read_landing(landing, tmp_path / "work")
    assert [(problem.file, problem.kind) for problem in caught.value.problems] == [(name, "under-way")]
    (landing / name).unlink()
    read_landing(landing, tmp_path / "work")


def test_a_source_that_has_only_what_its_months_would_consult_is_one_without_months(tmp_path):
    landing = sound(tmp_path / "landing")
    (landing / STREET_NAME).unlink()
    put(landing, "police_uk/lookup.csv", b"LSOA11CD,LSOA21CD\nE01000001,E01000001\n")
    assert set(read_landing(landing, tmp_path / "work").tables) == {"homicide_victims", "homicide_accused"}


def test_every_problem_is_listed_at_once_and_nothing_is_written(tmp_path):
    landing = sound(tmp_path / "landing")
    put(landing, "mps_homicide/a/header.csv", csv_bytes([*VICTIMS[:-1], "Officer Defined Ethnicity"], [list(VICTIM.values())]))
    put(landing, "mps_homicide/b/category.csv", csv_bytes(VICTIMS, [VICTIM, VICTIM | {"Sex": "F"}]))
    put(
        landing,
        "mps_homicide/c/date.csv",
        csv_bytes(VICTIMS, [VICTIM | {"Recorded Date": "Feb 2004"}, VICTIM | {"Recorded Date": "Feb 30 2004"}, VICTIM]),
    )
    put(landing, "mps_homicide/d/encoding.csv", csv_bytes(VICTIMS, [VICTIM]).replace(b"Camden", b"Camd\xe9n"))
    put(landing, "mps_homicide/e/truncated.csv", csv_bytes(VICTIMS, [VICTIM])[:-9])
    put(landing, "mps_homicide/f/workbook.xlsx", b"no workbook")
    put(landing, "mps_homicide/g/archive.zip", b"no archive")
    put(landing, "mps_homicide/h/empty.csv", b"")
    (landing / "mps_homicide" / "i" / "folder.csv").mkdir(parents=True)
    put(landing, "mps_vawg_dashboard/vawg.parquet", b"PAR1 and so on")
    put(landing, STREET_NAME, csv_bytes(STREET, [CRIME | {"Crime type": "Witchcraft"}]))
    found = survey(landing)
    kinds = {(problem.file.split("/")[-1], problem.kind) for problem in found.problems}
    assert kinds >= {
        ("header.csv", "header"), ("category.csv", "unknown-category"), ("date.csv", "unusable-row"), ("encoding.csv", "encoding"),
        ("truncated.csv", "truncated"), ("workbook.xlsx", "format"), ("archive.zip", "format"), ("empty.csv", "empty"), ("folder.csv", "folder"),
        ("vawg.parquet", "truncated"), ("2023-01-city-of-london-street.csv", "unknown-category"),
    }  # fmt: skip
    header = next(problem for problem in found.problems if problem.kind == "header")
    assert "editions to December 2020 and December 2021" in header.message and "missing: Officer Observed Ethnicity" in header.message
    with pytest.raises(LandingError) as error:
        read_landing(landing, tmp_path / "work")
    assert error.value.problems == tuple(found.blocking) and len(found.blocking) == len(kinds) - 1
    assert all(problem.file in str(error.value) for problem in found.blocking)
    assert not (tmp_path / "work").exists()


def test_a_wrong_row_is_quarantined_and_accounted_for(tmp_path):
    landing = sound(tmp_path / "landing")
    put(
        landing,
        "mps_homicide/victims.csv",
        csv_bytes(VICTIMS, [VICTIM, VICTIM | {"Recorded Date": "never"}, VICTIM, ["1", "too few"], VICTIM]),
    )
    report = read_landing(landing, tmp_path / "work")
    assert report.quarantined == {"the date is missing, impossible or in the future": 1, "the row has too few or too many fields": 1}
    written = json.loads((tmp_path / "work" / "accounting.json").read_text())
    assert written["rows"] == {"read": 11, "accepted": 9, "quarantined": 2}
    for account in written["files"]:
        for what in ("rows", "counts"):
            assert account[f"{what}_read"] == account[f"{what}_accepted"] + account[f"{what}_quarantined"]
    assert [problem.kind for problem in report.problems] == ["unusable-row", "unusable-row"]


def test_folders_whose_names_look_like_patterns(tmp_path):
    report = read_landing(sound(tmp_path / "landing [1]*"), tmp_path / "work [1]?")
    assert report.accounting.rows() == {"read": 9, "accepted": 9, "quarantined": 0}


def test_the_same_landing_folder_gives_the_same_bytes(tmp_path):
    landing = sound(tmp_path / "landing")
    put(landing, "mps_homicide/victims.csv", csv_bytes(VICTIMS, [VICTIM, VICTIM | {"Recorded Date": "never"}, VICTIM]))
    for name in ("one", "two"):
        read_landing(landing, tmp_path / name)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    read_landing(landing, tmp_path / "one")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_the_work_folder_is_private_and_holds_nothing_of_an_earlier_run(tmp_path):
    read_landing(sound(tmp_path / "landing"), tmp_path / "work")
    (tmp_path / "landing" / "mps_homicide" / "accused.csv").unlink()
    read_landing(tmp_path / "landing", tmp_path / "work")
    assert stat.S_IMODE((tmp_path / "work").stat().st_mode) == 0o700
    assert sorted(path.name for path in (tmp_path / "work" / "records").iterdir()) == [
        "homicide_victims.parquet",
        "street_coverage",
        "street_crimes",
    ]
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == ["accounting.json", known.FILE, "months", "quarantine", "records"]


def test_what_belongs_to_no_source_is_named(tmp_path):
    landing = sound(tmp_path / "landing")
    put(landing, "notes.txt", b"hello")
    put(landing, "sample.json", b"{}")  # the sample generator's own
    put(landing, "population/pop.csv", b"a,b\n1,2\n")
    found = survey(landing)
    assert {(problem.file, problem.blocking) for problem in found.problems} == {("notes.txt", False), ("population/pop.csv", False), ("population", False)}
    put(landing, "mps_homicides/pop.csv", b"a,b\n1,2\n")
    assert [(problem.file, problem.kind) for problem in survey(landing).blocking] == [("mps_homicides", "folder")]


def test_a_file_that_changes_after_it_was_checked_is_refused(tmp_path):
    files = survey(sound(tmp_path)).files
    require_unchanged(files)
    put(tmp_path, "mps_homicide/accused.csv", csv_bytes(ACCUSED, [ACCUSED_PERSON | {"Gender": "?"}]))
    (tmp_path / STREET_NAME).unlink()
    with pytest.raises(LandingError) as error:
        require_unchanged(files)
    assert [(problem.file, problem.kind) for problem in error.value.problems] == [("mps_homicide/accused.csv", "changed"), (STREET_NAME, "changed")]


def test_what_does_not_fit_into_memory_is_kept_in_the_work_folder_and_not_for_long(tmp_path):
    with connect(tmp_path) as connection:
        connection.execute("SET memory_limit = '20MB'; CREATE TABLE large AS SELECT hash(range) AS a, hash(range + 1) AS b FROM range(4000000)")
        (folder,) = tmp_path.iterdir()
        assert list(folder.iterdir()) and stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not list(tmp_path.iterdir())
    put(tmp_path, "work/.vawg-of-a-run-that-was-killed/block.tmp", b"rows")
    read_landing(sound(tmp_path / "landing"), tmp_path / "work")
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == ["accounting.json", known.FILE, "months", "quarantine", "records"]


@pytest.mark.parametrize("source", [source.NAME for source in SOURCES])
def test_a_file_where_the_folder_of_a_source_should_be(tmp_path, source):
    put(tmp_path, source, b"hello")
    assert [problem.kind for problem in survey(tmp_path).blocking] == ["folder"]


@pytest.mark.parametrize(
    "make",
    [
        lambda path: None,
        lambda path: path.mkdir(),
        lambda path: path.write_text("x"),
        lambda path: (path / "mps_homicide").mkdir(parents=True),
    ],
)
def test_a_landing_folder_without_any_file_stops_the_run(tmp_path, make):
    make(tmp_path / "landing")
    assert [problem.kind for problem in survey(tmp_path / "landing").blocking] == ["landing"]


def test_only_what_is_at_fault_is_said(tmp_path):
    """A message names one value; no other field of a record may come out with it, whatever is wrong."""
    secret = {"Crime ID": "SECRETID", "Location": "On or near Secret Street", "Longitude": "SECRETLON"}
    wrong = [{"Crime type": "x"}, {"Month": "x"}, {"LSOA code": "x"}, {"Reported by": "x"}]
    put(tmp_path, STREET_NAME, csv_bytes(STREET, [CRIME | secret | change for change in wrong] + [["SECRET", "row"]]))
    found = survey(tmp_path)
    assert len(found.problems) >= 5 and "SECRET" not in " ".join(map(str, found.problems)).upper().replace("SECRETS OF", "")
