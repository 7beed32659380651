"""Words planted in the records of a landing folder, and the search for them in every byte of what a run left elsewhere.

A planted word has a mark that nothing else has. A field that takes any text has it as it is; of one that takes a code or a number it
makes a row unusable, or a file; an identifier keeps its form and is made distinctive. A search looks into archives, Parquet and
DuckDB files as well as at the bytes themselves.
"""

import csv
import io
import os
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

MARK = "Zqxjk"
"""What every planted word has in it. Five letters in an order that no text has by chance."""

IDENTIFIERS = {"crime_ref": "01/7077077/24", "victim_id": "V707707707", "suspect_id": "S707707707", "assessment_id": "R707707707", "order_id": "O707707707"}
STREET = {"Crime ID": "7077077" * 9 + "7", "Location": f"On or near {MARK} Street", "Longitude": "-0.170770", "Latitude": "51.570770"}
DAY = "1931-03-29"
"""A day on which an offence of the extract began. No published table knows a day."""

CLOSED = {
    "police_uk": {"LSOA code", "Crime type"},
    "mps_homicide": {"Age Group", "Sex", "Gender", "Method of Killing", "Domestic Abuse", "Homicide Offence Type", "Offence Type", "Solved Status",
                     "Charged/Summonsed", "Borough", "Officer Observed Ethnicity", "Self Classified Ethnicity"},
}  # fmt: skip
"""Columns of published files in which an unknown word makes the whole file unusable; in others it does, at most, a row."""

LABELS = ("met_group", "met_class", "met_offence", "vawg_offence")
"""Fields of the extract that are codes together and not each by itself."""

WORDS = (MARK, *IDENTIFIERS.values(), STREET["Crime ID"], STREET["Longitude"], STREET["Latitude"], DAY)


def word(table: str, column: str) -> str:
    """The word of a field."""
    return f"{MARK} {table} {column}"


def plant(landing: Path, open_codes: bool = False) -> set[tuple[str, str]]:
    """Put words into the files of a landing folder; gives the fields that have one.

    `open_codes` puts them where an unknown word makes the whole file unusable as well.
    """
    planted, chosen = set(), _chosen(landing)
    for path in sorted((landing / "crime_extract").glob("*.csv")):
        rows = _read(path)
        columns = rows[0]
        for place, column in enumerate(columns):
            if open_codes or not _stops(path.stem, column):
                rows[1 + (10 + place) % (len(rows) - 1)][place] = word(path.stem, column)
                planted.add((path.stem, column))
        for column in set(columns) & set(IDENTIFIERS):
            place = columns.index(column)
            for row in rows[1:]:
                row[place] = IDENTIFIERS[column] if row[place] == chosen[column] else row[place]
        if path.stem == "offences":
            for row in rows[1:]:
                if row[columns.index("crime_ref")] == IDENTIFIERS["crime_ref"]:
                    row[columns.index("committed_from_date")], row[columns.index("committed_to_date")] = DAY, ""
        _write(path, rows)
    for path in sorted([*landing.glob("police_uk/*/*metropolitan-street.csv"), *landing.glob("mps_homicide/*.csv")]):
        source, rows = path.relative_to(landing).parts[0], _read(path)
        for place, column in enumerate(rows[0]):
            if open_codes or column not in CLOSED[source]:
                rows[10 + place][place] = word(source, column)
                planted.add((path.stem, column))
            if source == "police_uk" and column in STREET:
                rows[3][place] = STREET[column]
        rows += [[MARK] * (len(rows[0]) + 1), [MARK]]  # of a wrong length
        _write(path, rows)
    return planted


def _stops(table: str, column: str) -> bool:
    """Whether an unknown word in a field makes the file unusable: codes are closed lists."""
    from vawg_opendata.schemas.crime_extract import RECORDS

    field = next(field for field in RECORDS[table].fields if field.name == column)
    return bool(field.codes) or column in LABELS


def _chosen(landing: Path) -> dict[str, str]:
    """The identifiers that become distinctive: of one crime and its people, from the end of the file, where no word is planted."""
    rows = _read(landing / "crime_extract" / "relationships.csv")
    columns = rows[0]
    crime = next(dict(zip(columns, row, strict=True)) for row in reversed(rows) if row[columns.index("crime_ref")].startswith("01/"))
    chosen = {column: crime[column] for column in columns if column in IDENTIFIERS}
    for table, column in (("risk_assessments", "assessment_id"), ("orders", "order_id")):
        rows = _read(landing / "crime_extract" / f"{table}.csv")
        chosen[column] = rows[-1][rows[0].index(column)]
    return chosen


def _read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def _write(path: Path, rows: Iterable[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


@contextmanager
def output_to(path: Path) -> Iterator[None]:
    """All that this process and its libraries print goes to a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with path.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, descriptor in enumerate(kept, start=1):
                os.dup2(descriptor, number)
                os.close(descriptor)


def found(root: Path, copied: Path | None = None) -> dict[str, list[str]]:
    """The planted words in all files below a folder, by file; what is compressed is read as well. Files that still are as they were
    copied from the folder `copied` are left out: that one was searched itself."""
    seen = {}
    for path in sorted(root.rglob("*") if root.is_dir() else [root]):
        if path.is_file() and not (copied and _same(path, copied / path.relative_to(root))):
            words = words_in(path)
            if words:
                seen[str(path.relative_to(root))] = words
            assert MARK not in path.name
    return seen


def _same(path: Path, other: Path) -> bool:
    return other.is_file() and (path.stat().st_size, path.stat().st_mtime_ns) == (other.stat().st_size, other.stat().st_mtime_ns)


def words_in(path: Path) -> list[str]:
    """The planted words in a file."""
    texts = [path.read_bytes()]
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            texts += [archive.read(name) for name in archive.namelist()]
            texts += [_parquet(io.BytesIO(archive.read(name))) for name in archive.namelist() if name.endswith(".parquet")]
    elif path.suffix == ".parquet":
        texts.append(_parquet(path))
    elif path.suffix == ".duckdb":
        texts.append(_database(path))
    folded = [text.lower() for text in texts]
    return [one for one in WORDS if any(one.lower().encode() in text or one.lower().encode("utf-16-le") in text for text in folded)]


def _parquet(source: Path | io.BytesIO) -> bytes:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(source)
    return "\n".join(str(value) for column in table.columns for value in column.unique().to_pylist()).encode() + str(table.schema).encode()


def _database(path: Path) -> bytes:
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        texts = [connection.execute(f'SELECT list(DISTINCT COLUMNS(*)::VARCHAR) FROM "{schema}"."{table}"').fetchall() for schema, table in tables]
        texts.append(connection.execute("SELECT sql, comment FROM duckdb_tables() UNION ALL SELECT sql, comment FROM duckdb_views()").fetchall())
    return str(texts).encode()
