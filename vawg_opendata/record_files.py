"""Where the record tables of a run lie in its work folder. What is in them is declared in `schemas`; who writes them is `sources`."""

from pathlib import Path


def record_files(records: Path) -> dict[str, list[Path]]:
    """The Parquet files of each record table of a folder, by the table's name: one, or one per month in a folder of that name, in order."""
    whole = {path.stem: [path] for path in sorted(records.glob("*.parquet"))}
    return whole | {path.parent.name: sorted(path.parent.glob("*.parquet")) for path in sorted(records.glob("*/*.parquet"))}
