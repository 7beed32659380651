"""Turns the words of a publisher into codes, and finds the words and rows that cannot be turned.

A word is looked up once, however many rows hold it: the distinct words of a column are judged by a Python function and
joined back in DuckDB. Opening files (`tabular`) and deciding what a table holds (the source modules) belong elsewhere.
"""

import datetime
import re
from collections.abc import Callable, Sequence

import duckdb

from vawg_opendata.problems import Problem
from vawg_opendata.reference import fold, load_crosswalk
from vawg_opendata.sources.tabular import ROW

LISTED = 50  # distinct words of one column that are listed one by one; more are summed up

_ISO_MONTH = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2})(?:[ T]00:00:00(?:\.0+)?)?)?")
_WORD_MONTH = re.compile(r"([A-Za-z]+)[ -]+(\d{4}|\d{2})")


def months() -> dict[str, int]:
    """Number of the month by its folded name as the publishers write it, misspellings included."""
    return {fold(row["word"]): int(row["month"]) for row in load_crosswalk("month_words")}


def month(text: str | None, today: datetime.date) -> str | None:
    """The month `YYYY-MM` that a text names, or None when it names none: an impossible date, or one after `today`.

    Read are `2021-02`, `2021-02-01` with or without midnight, `Feb 2021`, `Feb-21` and `February 2021`. Two figures
    are a year of this century: no series here began before 2000.
    """
    cleaned = (text or "").strip()
    if found := _ISO_MONTH.fullmatch(cleaned):
        year, number, day = int(found[1]), int(found[2]), int(found[3] or 1)
    elif found := _WORD_MONTH.fullmatch(cleaned):
        year, number, day = int(found[2]), months().get(fold(found[1]), 0), 1
        year += 2000 if len(found[2]) == 2 else 0
    else:
        return None
    try:
        date = datetime.date(year, number, day)
    except ValueError:
        return None
    return f"{year:04}-{number:02}" if date <= today else None


def count_sql(column: str) -> str:
    """SQL: the count a text column holds, NULL unless it is a whole number from 0 to 999,999,999: more is no count, and sums must fit."""
    return f"CASE WHEN regexp_full_match(trim({column}), '0*[0-9]{{1,9}}([.]0+)?') THEN split_part(trim({column}), '.', 1)::BIGINT END"


def translate(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[str],
    table: str,
    code: Callable[..., str | None],
    where: str = "true",
    relation: str = "staged",
) -> None:
    """Makes the temporary table `table` of the distinct words of some columns and their `code`.

    `code` takes the words (None where blank) and returns a code, or None when there is none. `relation` is `staged` or
    what holds all its words.
    """
    names = ", ".join(columns)
    words = connection.execute(f"SELECT DISTINCT {names} FROM {relation} AS staged WHERE {where} ORDER BY {names}").fetchall()
    tabulate(connection, table, (*columns, "code"), [(*word, code(*word)) for word in words])


def tabulate(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
    """Makes the temporary table `table` of a few rows of text."""
    unnested = ", ".join(f"unnest(?::VARCHAR[]) AS {name}" for name in columns)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {unnested}", [[row[position] for row in rows] for position in range(len(columns))]
    )


def join(columns: Sequence[str], table: str) -> str:
    """SQL: the left join that adds `table.code` to rows of `staged`, blanks matching blanks."""
    return f"LEFT JOIN {table} ON " + " AND ".join(f"staged.{name} IS NOT DISTINCT FROM {table}.{name}" for name in columns)


def unknown(
    connection: duckdb.DuckDBPyConnection, source: str, columns: Sequence[str], table: str, label: str, advice: str, where: str = "true"
) -> list[Problem]:
    """A blocking problem for each file and each word of `translate` without a code; `label` is the published column."""
    if connection.execute(f"SELECT count(*) = 0 FROM {table} WHERE code IS NULL").fetchall()[0][0]:
        return []  # spares a pass over the files
    names = ", ".join(f"staged.{name}" for name in columns)
    found = connection.execute(
        f"""SELECT source_file, staged.part, {names}, min({ROW}), count(*) FROM staged {join(columns, table)}
        WHERE {table}.code IS NULL AND ({where}) GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    message = f"This category is not known. {advice}"
    return _listed(
        source, label, "unknown-category", message, [(file, part, words, row, rows) for file, part, *words, row, rows in found], True
    )


def unusable(connection: duckdb.DuckDBPyConnection, source: str, query: str) -> list[Problem]:
    """Problems that block nothing, for rows that are quarantined, by file, column, reason and value.

    `query` has source_file, part, source_row, column, reason and value (the text of that column, or NULL).
    """
    found = connection.execute(
        f"""SELECT source_file, part, "column", reason, value, min(source_row), count(*) FROM ({query}) GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    grouped: dict[tuple[str, str], list[tuple]] = {}
    for file, part, column, reason, value, row, rows in found:
        grouped.setdefault((column, reason), []).append((file, part, [value], row, rows))
    return [
        problem
        for (column, reason), words in sorted(grouped.items())
        for problem in _listed(source, column, "unusable-row", f"{reason}; the row is quarantined.", words, False)
    ]


def _listed(source: str, column: str, kind: str, message: str, found: list[tuple], blocking: bool) -> list[Problem]:
    """One problem per word, the first `LISTED` of each file; the rest of a file in one."""
    problems, seen = [], {}
    for file, part, words, row, rows in found:
        seen.setdefault((file, part), []).append((words, row, rows))
    for (file, part), entries in seen.items():
        common = {"file": f"{source}/{file}", "part": part, "kind": kind, "column": column, "blocking": blocking}
        for words, row, rows in sorted(entries[:LISTED], key=lambda entry: entry[1]):
            shown = [word for word in words if word is not None]
            value = None if words == [None] and not blocking else " / ".join(shown) if shown else "(blank)"
            problems.append(Problem(**common, message=message, row=row, rows=rows, value=value))
        if len(entries) > LISTED:
            row, rows = min(entry[1] for entry in entries[LISTED:]), sum(entry[2] for entry in entries[LISTED:])
            problems.append(Problem(**common, message=f"{message} ({len(entries) - LISTED} more values like this.)", row=row, rows=rows))
    return problems
