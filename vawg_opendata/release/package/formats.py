"""Writing a table as CSV and as Parquet. The same table gives the same bytes.

CSV is RFC 4180 in UTF-8 without a byte order mark: comma, CRLF, quotes only where needed, nothing where there is no
value. Parquet holds the same rows in the same order, with titles and descriptions as field metadata. The DuckDB file is
written in `database`. How DuckDB reads such a CSV back is here too.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

from vawg_opendata.release.package.tables import PackageTable
from vawg_opendata.schemas import arrow_schema
from vawg_opendata.schemas.rules import literal

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


def csv_relation(path: Path, columns: Mapping[str, str]) -> str:
    """SQL that reads a CSV of a package, given the DuckDB type of each of its columns; nothing is sniffed.

    ValueError when the file is missing or its header does not name these columns.
    """
    return f"read_csv({literal(str(path))}, {csv_columns(path, columns)})"


def csv_columns(path: Path, columns: Mapping[str, str]) -> str:
    """The options of `read_csv` that read a CSV with the header of this one. ValueError as in `csv_relation`."""
    if not path.is_file():
        raise ValueError(f"{path.name} is missing")
    with path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file), [])
    if sorted(header) != sorted(columns):
        raise ValueError(f"{path.name} has the columns {', '.join(header)} and not {', '.join(columns)}")
    types = ", ".join(f"{literal(name)}: {literal(columns[name])}" for name in header)  # DuckDB goes by position
    return f"columns={{{types}}}, header=true, auto_detect=false, nullstr='', delim=',', quote='\"', escape='\"'"
