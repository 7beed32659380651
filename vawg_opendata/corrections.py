"""Corrections: known errors of the publishers' files, declared with a reason in `corrections.yaml` and corrected until they are mended.

They are made in the record tables, after reading and before counting, and every package that they touch tells them. What a
source writes in several ways belongs in `reference`; a row that cannot be used is quarantined by `sources`. Synthetic records
have no known errors and are left alone.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import duckdb

from vawg_opendata.problems import RunError, confine
from vawg_opendata.record_files import record_files
from vawg_opendata.schemas.rules import literal, quoted

FILE = Path(__file__).with_name("corrections.yaml")


class CorrectionError(RunError):
    """A correction that is malformed, or that does not find what it corrects; the message names it and what to do."""


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One known error: in the records of `table` where the columns of `rows` have these values, `column` says `wrong` and should say
    `right`; `matches` records do."""

    name: str
    table: str
    rows: Mapping[str, object]
    column: str
    wrong: object
    right: object
    matches: int
    reason: str
    source: str


def load_corrections(path: Path = FILE) -> list[Correction]:
    """The corrections of a YAML file. CorrectionError for an entry that is not whole or a name that is there twice."""
    import yaml

    wanted = {field.name for field in fields(Correction)}
    corrections = []
    for number, entry in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")) or [], start=1):
        if not isinstance(entry, dict) or set(entry) != wanted or not all(str(value).strip() for value in entry.values()) or not entry["rows"]:
            raise CorrectionError(f"{path}, correction {number}: must have {', '.join(sorted(wanted))}, each with a value, and nothing else.")
        corrections.append(Correction(**entry))
    names = [correction.name for correction in corrections]
    for name in names:
        if names.count(name) > 1:
            raise CorrectionError(f"{path}: two corrections are called {name!r}.")
    return corrections


def apply_corrections(corrections: Iterable[Correction], records: Path) -> list[Correction]:
    """Correct the record tables of a folder (a Parquet file by their name, or a folder of them) in place, and return the corrections made.

    One whose table or rows are not at hand does nothing. CorrectionError, with all tables so far corrected and this one untouched,
    where its rows are there and another number of them than declared says what is wrong.
    """
    made = []
    tables = record_files(records)
    for correction in corrections:
        if correction.table in tables and _correct(correction, tables[correction.table]):
            made.append(correction)
    return made


def _correct(correction: Correction, paths: Sequence[Path]) -> bool:
    """Correct one table, of one file or of several; whether its rows were there."""
    here = " AND ".join(f"CAST({quoted(column)} AS VARCHAR) = {literal(str(value))}" for column, value in correction.rows.items())
    wrong = f"{here} AND CAST({quoted(correction.column)} AS VARCHAR) = {literal(str(correction.wrong))}"
    relation = f"read_parquet([{', '.join(literal(str(path)) for path in paths)}])"
    with duckdb.connect() as connection:
        confine(connection, paths[0].parent)
        columns = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall()}
        stored = [row[0] for row in connection.execute(f"DESCRIBE FROM read_parquet({literal(str(paths[0]))}, hive_partitioning = false)").fetchall()]
        unknown = [column for column in correction.rows if column not in columns] + [column for column in (correction.column,) if column not in stored]
        if unknown:
            raise CorrectionError(f"Correction {correction.name}: {correction.table} has no field {unknown[0]!r}.")
        rows, found = connection.execute(f"SELECT count(*) FILTER ({here}), count(*) FILTER ({wrong}) FROM {relation}").fetchall()[0]
        if not rows:
            return False
        if found != correction.matches:
            raise CorrectionError(
                f"Correction {correction.name}: {found} records of {correction.table} say what it corrects, and {correction.matches} should. "
                "The source has mended them or delivers them otherwise: look at them, then remove or mend the correction."
            )
        right = f"CAST({literal(str(correction.right))} AS {columns[correction.column]})"
        for path in paths:
            fresh = path.with_suffix(".corrected")
            connection.execute(
                f"COPY (SELECT {', '.join(map(quoted, stored))} FROM ("  # what the folder's name says may tell the rows, and stays there
                f"SELECT * REPLACE (CASE WHEN {wrong} THEN {right} ELSE {quoted(correction.column)} END AS {quoted(correction.column)}) "
                f"FROM read_parquet({literal(str(path))}))) TO {literal(str(fresh))} (FORMAT parquet)"
            )
            os.replace(fresh, path)  # what is kept of a month is another name of the same file, and stays as it was read
    return True
