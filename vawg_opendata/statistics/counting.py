"""Counting: records to partial counts, partial counts to complete tables with all their totals, in DuckDB.

Partial counts are grouped by the codes the records hold and kept as Parquet; counts of different months can be kept in
different files and are merged all the same. The merge joins the closure of each code list, so that a record counts in
every code above its own in any hierarchy, once. Which facts are counted is declared in `facts`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import duckdb
import numpy as np

from vawg_opendata.problems import confine
from vawg_opendata.products.declaration import YEAR
from vawg_opendata.record_files import record_files
from vawg_opendata.reference import CodeList
from vawg_opendata.schemas.months import months_between
from vawg_opendata.statistics.facts import Fact


_ANSWERS: WeakKeyDictionary[duckdb.DuckDBPyConnection, dict[str, list[tuple]]] = WeakKeyDictionary()
"""By connection, what `_once` was told by each query."""


class StatisticsError(ValueError):
    """Records that cannot be counted as declared; the message names the table, the dimension and what to do."""


@dataclass(frozen=True)
class Axis:
    """One axis of a table: all codes that records may hold, and the part of the list that the table shows."""

    dimension: str
    full: CodeList
    kept: CodeList


def connect(records: Path, wanted: Collection[str], periods: Collection[str] = ()) -> duckdb.DuckDBPyConnection:
    """A connection with a view of each wanted record table that the folder has: a Parquet file, or a folder of them, one per month; with `periods`,
    of those months and years alone where there are such files of them."""
    connection = duckdb.connect()
    confine(connection, records)
    for name, files in record_files(records).items():
        if name in wanted:  # a view of a file per month costs as much as a small query
            within = [path for path in files if path.parent != records and not {path.stem, path.stem[:4]}.isdisjoint(periods)]
            listed = ", ".join(literal(path) for path in within or files)
            connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM read_parquet([{listed}])')
    return connection


def vintages(connection: duckdb.DuckDBPyConnection, fact: Fact) -> list[str]:
    """The vintages of a fact's series, newest first; empty when it is not kept in vintages."""
    if not fact.vintages:
        return []
    return [row[0] for row in _once(connection, f"SELECT DISTINCT vintage FROM {fact.records[0]} ORDER BY vintage DESC")]


def relation(connection: duckdb.DuckDBPyConnection, fact: Fact, vintage: str | None = None) -> str:
    """The rows of a fact as a FROM and WHERE clause: of one vintage, by default the newest."""
    conditions = [f"({fact.where})"]
    known = vintages(connection, fact)
    if known:
        conditions.append(f"vintage = {literal(vintage or known[0])}")
    return f"{fact.from_clause} WHERE {' AND '.join(conditions)}"


def write_partial(
    connection: duckdb.DuckDBPyConnection, fact: Fact, dimensions: Sequence[str], path: Path, covered: Mapping[str, Collection[str]] | None = None
) -> None:
    """Count a fact by the codes of some of its dimensions; a row of `path` per combination that occurs, and its `count`.

    `covered` restricts a dimension to some codes: rows of a period that is not covered are not counted.
    """
    conditions = "".join(
        f" AND CAST({fact.dimensions[name]} AS VARCHAR) IN ({', '.join(literal(code) for code in sorted(codes)) or 'NULL'})"
        for name, codes in (covered or {}).items()
    )
    columns = ", ".join(f'CAST({fact.dimensions[name]} AS VARCHAR) AS "{name}"' for name in dimensions)
    connection.execute(
        f"COPY (SELECT {columns}, CAST(sum({fact.weight}) AS BIGINT) AS count FROM {relation(connection, fact)}{conditions} "
        f"GROUP BY ALL HAVING sum({fact.weight}) <> 0 ORDER BY ALL) TO {literal(path)} (FORMAT parquet, COMPRESSION zstd)"
    )


def write_unknown(connection: duckdb.DuckDBPyConnection, fact: Fact, period: str, missing: Mapping[str, int], path: Path) -> None:
    """Partial counts of what is known in total only: `missing` by period, with the fact's codes for what is not known."""
    codes = ", ".join(f'{literal(code)} AS "{name}"' for name, code in fact.unknown.items())
    rows = ", ".join(f"({literal(code)}, {count})" for code, count in sorted(missing.items()))
    connection.execute(
        f'COPY (SELECT {codes}, period AS "{period}", CAST(count AS BIGINT) AS count FROM (VALUES {rows}) AS missing(period, count) ORDER BY period) '
        f"TO {literal(path)} (FORMAT parquet, COMPRESSION zstd)"
    )


def merge(connection: duckdb.DuckDBPyConnection, partials: Iterable[Path], axes: Sequence[Axis]) -> np.ndarray:
    """The counts of a complete table: int64, an axis per entry of `axes` over all codes of its kept list, totals included.

    Axes are closed one after the other, so that the rows in between never outgrow the table by much. StatisticsError
    when the partial counts hold a code that its list lacks, or one that the table would have to divide.
    """
    files = ", ".join(literal(path) for path in partials)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE merging AS SELECT * FROM read_parquet([{files}], union_by_name=true)")
    for number, axis in enumerate(axes):
        _close(connection, number, axis)
        others = ", ".join(f'"{other.dimension}"' for other in axes if other is not axis)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE merging AS "
            f'SELECT {others}{", " if others else ""}above.position AS "{axis.dimension}", CAST(sum(count) AS BIGINT) AS count '
            f'FROM merging JOIN closure_{number} AS above ON above.code = merging."{axis.dimension}" GROUP BY ALL'
        )
    shape = tuple(len(axis.kept.codes) for axis in axes)
    names = [axis.dimension for axis in axes]
    columns = ", ".join(f'"{name}"' for name in names)
    cells = connection.execute(f"SELECT {columns}, count FROM merging").fetchnumpy()
    counts = np.zeros(shape, dtype=np.int64)
    counts[tuple(cells[name] for name in names)] = cells["count"]
    for number in range(len(axes)):
        connection.execute(f"DROP TABLE closure_{number}")
    connection.execute("DROP TABLE merging")
    return counts


def period_totals(connection: duckdb.DuckDBPyConnection, fact: Fact, period: str, vintage: str | None = None) -> dict[str, int]:
    """The count of a fact by the codes of its period, nothing else told apart."""
    rows = _once(
        connection,
        f"SELECT CAST({fact.dimensions[period]} AS VARCHAR) AS period, CAST(sum({fact.weight}) AS BIGINT) "
        f"FROM {relation(connection, fact, vintage)} GROUP BY ALL ORDER BY ALL",
    )
    return dict(rows)


def partial_totals(connection: duckdb.DuckDBPyConnection, path: Path, period: str) -> dict[str, int]:
    """The same from partial counts, of the periods that they have."""
    return dict(connection.execute(f'SELECT "{period}", CAST(sum(count) AS BIGINT) FROM read_parquet({literal(path)}) GROUP BY ALL ORDER BY ALL').fetchall())


def covered_months(connection: duckdb.DuckDBPyConnection, fact: Fact) -> list[str]:
    """The months that a fact covers, in order: of the newest vintage where there are several.

    A fact by year covers whole years only, and begins with a January: a year that has begun is not a year's count, and
    the few cases of its first months would have to be withheld, and with them the totals from which they could be told.
    """
    table = fact.coverage or fact.records[0]
    newest = f"AND vintage = (SELECT max(vintage) FROM {table})" if fact.vintages else ""
    found = _once(connection, f"SELECT DISTINCT {fact.month} FROM {table} WHERE ({fact.coverage_where}) {newest} ORDER BY 1")
    months = [row[0] for row in found]
    if fact.gaps or not months:
        return months
    first, last = months[0], max([*months, *vintages(connection, fact)])
    if YEAR in fact.dimensions:
        first, last = f"{first[:4]}-01", last if last.endswith("-12") else f"{int(last[:4]) - 1}-12"
    return list(months_between(first, last))


def _once(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    """The answer to a query about the records, which stay as they are under a connection: a pass over the files of all months, made once."""
    answers = _ANSWERS.setdefault(connection, {})
    if query not in answers:
        answers[query] = connection.execute(query).fetchall()
    return answers[query]


def _close(connection: duckdb.DuckDBPyConnection, number: int, axis: Axis) -> None:
    """Make table `closure_<number>`: each code of the full list with the position of each kept code it counts towards."""
    position = {code: index for index, code in enumerate(axis.kept.codes)}
    pairs = [(code, above) for code, above in axis.full.closure if above in position]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE closure_{number} (code VARCHAR, position INTEGER, leaf BOOLEAN)")
    leaves = set(axis.kept.leaves)
    columns = {
        "code": np.array([code for code, _ in pairs], dtype=object),
        "position": np.array([position[above] for _, above in pairs], dtype=np.int32),
        "leaf": np.array([above in leaves for _, above in pairs], dtype=bool),
    }
    connection.execute(f"INSERT INTO closure_{number} SELECT * FROM columns")
    lost = connection.execute(
        f'SELECT DISTINCT "{axis.dimension}" AS code FROM merging '
        f"WHERE code IS NULL OR code NOT IN (SELECT code FROM closure_{number} WHERE leaf) ORDER BY ALL LIMIT 1"
    ).fetchall()
    if lost:
        code = lost[0][0]
        known = "is not a code of the list" if code not in axis.full.level else "is not as fine as the table and would be lost from its rows"
        raise StatisticsError(
            f"Dimension {axis.dimension}: the records hold {code!r}, which {known} ({axis.full.name}). "
            f"Map it to a finer code in the source, or leave its level out of the table."
        )


def literal(value: object) -> str:
    """A value as an SQL literal of text."""
    return "'" + str(value).replace("'", "''") + "'"
