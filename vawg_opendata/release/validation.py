"""Validation of a package by frictionless, the reference implementation of the Data Package standard.

Descriptor, sizes, hashes, types, constraints and keys, row by row on the CSV files. What frictionless does not do,
equality of formats and keys over all rows of large tables, is in `integrity`.
"""

from pathlib import Path

from vawg_opendata.release.loading import DESCRIPTOR

MOST_ROWS = 100_000
"""Rows of one table that are validated. frictionless reads some 50,000 rows a second and Parquet a tenth of that; beyond
the limit the rules are proven over all rows by `integrity`, which takes DuckDB a fraction of a second."""


def validate(folder: Path) -> list[str]:
    """What frictionless finds wrong with a package, one line each; empty when it is valid."""
    import frictionless

    report = frictionless.validate(str(folder / DESCRIPTOR), type="package", limit_rows=MOST_ROWS)
    problems = [error.message for error in report.errors]
    return problems + [f"{task.name}: {error.message}" for task in report.tasks for error in task.errors]
