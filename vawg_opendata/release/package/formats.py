"""Writing a table as CSV and as Parquet. The same table gives the same bytes.

CSV is RFC 4180 in UTF-8 without a byte order mark: comma, CRLF, quotes only where needed, nothing where there is no
value. Parquet holds the same rows in the same order, with titles and descriptions as field metadata. The DuckDB file is
written in `database`. How DuckDB reads such a CSV back belongs in `schemas.relation`.
"""

import csv
from pathlib import Path

from vawg_opendata.release.package.tables import PackageTable
from vawg_opendata.schemas import arrow_schema

DUCKDB_TYPES = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE"}
"""The type that DuckDB gives a column, by its type in the Table Schema."""


def write_csv(table: PackageTable, path: Path) -> None:
    """Write a table as CSV; the header is the names of its fields."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.schema.names)
        writer.writerows(zip(*table.columns, strict=True))


def arrow_table(table: PackageTable):
    """The table as a `pyarrow.Table`."""
    import pyarrow

    schema = arrow_schema(table.schema)
    return pyarrow.table([pyarrow.array(column, type=field.type) for column, field in zip(table.columns, schema, strict=True)], schema=schema)


def write_parquet(table: PackageTable, path: Path) -> None:
    """Write a table as Parquet (Zstandard)."""
    import pyarrow.parquet

    pyarrow.parquet.write_table(arrow_table(table), path, compression="zstd")
