"""What tells the rows of a record table from any others, by vintage and month.

A digest is a 128-bit checksum of a set of rows, in no order (count, sum and exclusive or of DuckDB's 64-bit hashes of them), of all columns but
those that say where a row was delivered: it tells an accidental or a real change of the source, not a forgery. What is done about
months that have changed does not belong here.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from vawg_opendata.schemas.rules import literal, quoted

PROVENANCE = ("source_file", "source_row", "vintage")
MONTHS = ("recorded_month", "month")
"""The column that says to which month a record belongs: the first of these that its table has."""

Digest = Mapping[str, Mapping[str, str]]
"""Of one record table, by vintage ('' where it has none) and month."""


def digest(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> Digest:
    """The digests of a record table that lies in these Parquet files, in one pass over them."""
    relation = f"read_parquet([{', '.join(literal(str(path)) for path in paths)}])"
    columns = [row[0] for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall()]
    month = next(name for name in MONTHS if name in columns)
    vintage = "vintage" if "vintage" in columns else "''"
    row = f"hash({', '.join(quoted(name) for name in columns if name not in PROVENANCE)})"
    made: dict[str, dict[str, str]] = {}
    for edition, code, *numbers in connection.execute(
        f"SELECT {vintage}, {quoted(month)}, count(*), sum(row), bit_xor(row) FROM (SELECT *, {row} AS row FROM {relation}) GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        made.setdefault(edition or "", {})[code or ""] = "-".join(map(str, numbers))
    return made
