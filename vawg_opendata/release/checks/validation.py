"""Validation of a package by frictionless, the reference implementation of the Data Package standard.

Descriptor, sizes, hashes, types, constraints and keys, row by row on the CSV files. What frictionless does not do,
equality of formats, and keys and codes over all rows of large tables, is in `integrity`.
"""

from pathlib import Path

from vawg_opendata.release.checks.loading import DESCRIPTOR

MOST_CELLS = 200_000
SAMPLED_ROWS = 10_000
"""Of a table of more than `MOST_CELLS` the first `SAMPLED_ROWS` are validated, because frictionless reads some 300,000 cells a
second: whether the rows have the form that the descriptor says shows in the first of them as well as in all, and keys,
codes and fields that must be filled are proven over all rows by `integrity`, which takes DuckDB a fraction of a second."""


def validate(folder: Path) -> list[str]:
    """What frictionless finds wrong with a package, one line each; empty when it is valid."""
    from frictionless import FrictionlessException, Package

    try:
        package = Package.from_descriptor(str(folder / DESCRIPTOR))
        package.to_descriptor(validate=True)
    except FrictionlessException as fault:
        return [error.message for error in fault.to_errors()]
    problems: list[str] = []
    for resource in package.resources:
        path = folder / resource.path
        large = resource.type == "table" and path.is_file() and _lines(path) * len(resource.schema.fields) > MOST_CELLS
        report = resource.validate(limit_rows=SAMPLED_ROWS) if large else resource.validate()
        problems += [error.message for error in report.errors]
        problems += [f"{resource.name}: {error.message}" for task in report.tasks for error in task.errors]
    return problems


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
