"""Partial counts kept by period, so that only the periods whose records have changed are counted again.

Belongs here: what tells the records of a month from any others, which periods of a table are counted already, and
counting the rest into the same file. How rows are counted is `counting`.

    WORK/digests.json                         of each record table, vintage and month, what tells its rows
    WORK/partial/<product>/<table>.parquet    counts by the codes that the records hold, all periods
    WORK/partial/<product>/<table>.json       of what each period was counted

A digest is a 128-bit checksum of a set of rows, in no order (count, sum and exclusive or of DuckDB's 64-bit hashes of them), of all columns but
those that say where a row was delivered: it tells an accidental or a real change of the source, not a forgery. A file that is
updated has the same rows, in the same order, as one that is counted whole.
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from vawg_opendata.code import code_hash
from vawg_opendata.statistics.counting import connect, literal, tables, vintages, write_partial
from vawg_opendata.statistics.facts import Fact

FILE = "digests.json"
PROVENANCE = ("source_file", "source_row", "vintage")
MONTHS = ("recorded_month", "month")
"""The column that says to which month a record belongs: the first of these that its table has."""

Digests = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By record table, vintage ('' where it has none) and month."""


def write_digests(records: Path, wanted: Iterable[str], path: Path) -> None:
    """Keep the digests of the record tables that are wanted and at hand."""
    with connect(records) as connection:
        made = {table: _digests(connection, table) for table in sorted(tables(connection).intersection(wanted))}
    path.write_text(json.dumps(made), encoding="utf-8")


def load_digests(path: Path) -> Digests:
    """What `write_digests` kept."""
    return json.loads(path.read_text(encoding="utf-8"))


def _digests(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, dict[str, str]]:
    columns = [row[0] for row in connection.execute(f'DESCRIBE "{table}"').fetchall()]
    month = next(name for name in MONTHS if name in columns)
    vintage = "vintage" if "vintage" in columns else "''"
    row = f"hash({', '.join(f'{chr(34)}{name}{chr(34)}' for name in columns if name not in PROVENANCE)})"
    made: dict[str, dict[str, str]] = {}
    for edition, code, *numbers in connection.execute(
        f'SELECT {vintage}, "{month}", count(*), sum(row), bit_xor(row) FROM (SELECT *, {row} AS row FROM "{table}") GROUP BY ALL ORDER BY ALL'
    ).fetchall():
        made.setdefault(edition or "", {})[code or ""] = "-".join(map(str, numbers))
    return made


def keys(
    connection: duckdb.DuckDBPyConnection, fact: Fact, dimensions: Sequence[str], months: Mapping[str, Collection[str]], digests: Digests
) -> dict[str, str]:
    """By period, what its count depends on; `months` are the months of each period.

    Rows that a fact joins are of the same month, which all tables of an extract take over from the offence.
    """
    edition = next(iter(vintages(connection, fact)), "")
    common = json.dumps([code_hash(), duckdb.__version__, repr(fact), list(dimensions)])
    made = {}
    for period, covered in months.items():
        told = [[table, month, digests.get(table, {}).get(edition, {}).get(month, "")] for table in fact.records for month in sorted(covered)]
        made[period] = hashlib.sha256((common + json.dumps(told)).encode()).hexdigest()
    return made


def update_partial(
    connection: duckdb.DuckDBPyConnection,
    fact: Fact,
    dimensions: Sequence[str],
    period: str,
    wanted: Mapping[str, str],
    path: Path,
    only: Collection[str] | None = None,
) -> list[str]:
    """Bring the partial counts of a table to what is wanted, a key by period, and return the periods that were counted.

    With `only` no other period is counted or removed. Periods that are not wanted are removed.
    """
    told = path.with_suffix(".json")
    kept: dict[str, str] = json.loads(told.read_text(encoding="utf-8")) if told.is_file() and path.is_file() else {}
    changed = [code for code, key in wanted.items() if kept.get(code) != key and (only is None or code in only)]
    unwanted = [code for code in kept if code not in wanted and only is None]
    if not changed and not unwanted and path.is_file():
        return []
    staying = {code: key for code, key in kept.items() if code not in changed and code not in unwanted}
    fresh = path.with_suffix(".fresh")
    write_partial(connection, fact, dimensions, fresh, {period: changed})
    if staying:
        both = path.with_suffix(".both")
        codes = ", ".join(map(literal, staying))
        connection.execute(
            f'COPY (SELECT * FROM (FROM read_parquet({literal(path)}) WHERE "{period}" IN ({codes}) UNION ALL FROM read_parquet({literal(fresh)})) '
            f"ORDER BY ALL) TO {literal(both)} (FORMAT parquet, COMPRESSION zstd)"
        )
        fresh.unlink()
        fresh = both
    told.unlink(missing_ok=True)  # a run that is killed between the two leaves counts of which nothing is known, to be counted again
    os.replace(fresh, path)
    told.write_text(json.dumps(staying | {code: wanted[code] for code in changed}), encoding="utf-8")
    return changed
