"""How DuckDB reads a CSV of a package back, with the types that its descriptor gives. What the rows say belongs elsewhere."""

import csv
from collections.abc import Mapping
from pathlib import Path

from vawg_opendata.schemas.rules import literal


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
