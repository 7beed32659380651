"""The record tables that sources can give, and their judgement by their declarations once they are read.

What a table declares is in `schemas`; how one is tested, too. Here is which tables there are and how those of a work folder are
tested: in memory or by a query, whole or month by month.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from vawg_opendata.record_files import record_files
from vawg_opendata.schemas import CheckResult, TableSchema, read_frame, validate_frame, validate_parquet
from vawg_opendata.schemas.crime_extract import RECORDS as EXTRACT_RECORDS
from vawg_opendata.schemas.dashboard import TABLES as DASHBOARD_RECORDS
from vawg_opendata.schemas.homicide import HOMICIDE_ACCUSED, HOMICIDE_VICTIMS
from vawg_opendata.schemas.street import STREET_COVERAGE, STREET_CRIMES
from vawg_opendata.sources.landing import MONTHLY as MONTHLY_SOURCES
from vawg_opendata.sources.months import Months

RECORD_TABLES: Mapping[str, tuple[TableSchema, ...]] = {
    "crime_extract": tuple(EXTRACT_RECORDS.values()),
    "mps_vawg_dashboard": DASHBOARD_RECORDS,
    "mps_homicide": (HOMICIDE_VICTIMS, HOMICIDE_ACCUSED),
    "police_uk": (STREET_CRIMES, STREET_COVERAGE),
}
"""The record tables that each source can give; which of them a run has depends on its files."""

MONTHLY = {source.NAME: source for source in MONTHLY_SOURCES}
"""The sources that may be delivered by month: what was read of a month is then kept, and read again only when it has changed."""

PANDERA_ROWS = 100_000
"""Up to so many rows a record table is judged by Pandera in memory; beyond, by the same rules compiled to a DuckDB query,
which gives the same verdict (a test holds the two together) in bounded memory."""


def judge(work: Path) -> dict[str, list[CheckResult]]:
    """The checks of every record table that the run has, by the name of the table: names and counts, never a row."""
    results = {}
    files = record_files(work / "records")
    for source, schemas in RECORD_TABLES.items():
        by_month = [schema for schema in schemas if schema.name in files and files[schema.name][0].parent != work / "records"]
        if by_month:
            kept = Months(work, MONTHLY[source])
            results |= {schema.name: _judged_by_month(kept, schema, files) for schema in by_month}
        present = {schema.name: files[schema.name][0] for schema in schemas if schema.name in files and schema not in by_month}
        frames = {name: read_frame(path) for name, path in present.items() if row_count(path) <= PANDERA_ROWS}
        for schema in schemas:
            if schema.name not in present:
                continue
            linked = {key.table for key in schema.foreign_keys} & set(present)
            if {schema.name, *linked} <= set(frames):
                results[schema.name] = validate_frame(schema, frames[schema.name], {name: frames[name] for name in linked})
            else:
                results[schema.name] = validate_parquet(schema, present[schema.name], {name: present[name] for name in linked})
    return results


def _judged_by_month(kept: Months, schema: TableSchema, files: Mapping[str, Sequence[Path]]) -> list[CheckResult]:
    """The checks of a table of which each month was judged when it was read; again, where the table has since been corrected in that month."""
    failures: dict[tuple[str, str], int] = {}
    for path in files[schema.name]:
        linked = {key.table: one for key in schema.foreign_keys for one in files.get(key.table, ()) if one.stem == path.stem}
        for result in kept.checks(path.stem, schema.name) if kept.is_as_read(path, schema.name) else validate_parquet(schema, path, linked):
            failures[result.check, result.column] = failures.get((result.check, result.column), 0) + result.failures
    return [CheckResult(check, column, number) for (check, column), number in failures.items()]


def row_count(path: Path) -> int:
    """Number of rows of a Parquet file, read from its footer; of all files that a pattern in its name stands for."""
    import pyarrow.parquet

    return sum(pyarrow.parquet.read_metadata(one).num_rows for one in (path.parent.glob(path.name) if "*" in path.name else [path]))
