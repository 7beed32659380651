"""Where the record tables of a run lie in its work folder. What is in them is declared in `schemas`; who writes them is `sources`."""

from pathlib import Path


def record_files(records: Path) -> dict[str, list[Path]]:
    """The Parquet files of each record table of a folder, by the table's name: one, or one per month in a folder of that name, in order.

    Months of one edition lie in a folder `vintage=2026-02` below, which DuckDB reads as a column of theirs.
    """
    whole = {path.stem: [path] for path in sorted(records.glob("*.parquet"))}
    by_month = {folder.name: sorted(folder.rglob("*.parquet")) for folder in sorted(records.iterdir()) if folder.is_dir()} if records.is_dir() else {}
    return whole | {name: files for name, files in by_month.items() if files}
