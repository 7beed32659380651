"""Record tables for tests: a few rows given as dictionaries, written as the sources write them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def write(folder: Path, name: str, rows: list[dict]) -> Path:
    """Write rows, all with the same keys, as the record table `name`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def dashboard(view: str, rows: list[tuple], measure: str = "offences", vintage: str = "2024-03") -> list[dict]:
    """Rows (code, month, count) of a sheet of the dashboard."""
    return [{view: code, "recorded_month": month, "count": count, "vintage": vintage} for code, month, count in rows]
