"""Small files in the publishers' formats, for tests to damage. The real files are read through `tests.paths.shared`."""

import csv
import io
from pathlib import Path

from vawg_opendata.problems import Accounting, Problem, Quarantine
from vawg_opendata.sources.files import Discovery
from vawg_opendata.sources.tabular import connect

VICTIMS = "Count of Victims,Age Group,Sex,Method of Killing,Domestic Abuse,Recorded Date,Homicide Offence Type,Solved Status,Borough,Officer Observed Ethnicity".split(
    ","
)
VICTIM = dict(zip(VICTIMS, ["1", "25 to 34", "Female", "Shooting", "No", "Jan 2003", "Murder", "Solved", "Camden", "White"], strict=True))
ACCUSED = "Count of PPA,Borough,Gender,Age Group,Self Classified Ethnicity,Offence Type,Charged/Summonsed,Proceedings Date".split(",")
ACCUSED_PERSON = dict(
    zip(ACCUSED, ["1", "Camden", "Male", "20 to 24", "White ", "Murder", "Charge or Summons", "Febraury 2021"], strict=True)
)
STREET = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context".split(
    ","
)
CITY = "City of London Police"
CRIME = dict(
    zip(
        STREET,
        [
            "ab12",
            "2023-01",
            CITY,
            CITY,
            "-0.1",
            "51.5",
            "On or near B500",
            "E01000001",
            "City of London 001A",
            "Violence and sexual offences",
            "",
            "",
        ],
        strict=True,
    )
)


def csv_bytes(header: list[str], rows: list[list[str]] | list[dict[str, str]], newline: str = "\n") -> bytes:
    """A CSV file; rows are lists of cells, or dicts by column."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=newline)
    writer.writerow(header)
    writer.writerows([row[column] for column in header] if isinstance(row, dict) else row for row in rows)
    return text.getvalue().encode()


def put(folder: Path, name: str, content: bytes) -> Path:
    """Writes a file, its folders included."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def only(problems, kind: str) -> Problem:
    """The one problem among these; it must be of that kind."""
    assert [problem.kind for problem in problems] == [kind], [str(problem) for problem in problems]
    return problems[0]


def discover(source, folder: Path) -> Discovery:
    """What a source module finds in a folder."""
    with connect() as connection:
        return source.discover(folder, connection)


def blocking(source, folder: Path) -> list[Problem]:
    """The problems of a folder that stop a run."""
    return [problem for problem in discover(source, folder).problems if problem.blocking]


def read_all(source, folder: Path, work: Path) -> tuple[dict[str, Path], Accounting]:
    """What a source module makes of a folder without blocking problems."""
    with connect() as connection:
        found = source.discover(folder, connection)
        assert not [str(problem) for problem in found.problems if problem.blocking]
        accounting = Accounting()
        return source.read(found.files, connection, work, Quarantine(work / "quarantine"), accounting), accounting


def rows_of(path: Path, *columns: str) -> list[tuple]:
    """Some columns of a Parquet file, in the order of its rows."""
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path, columns=list(columns))
    return list(zip(*(table[column].to_pylist() for column in columns), strict=True))
