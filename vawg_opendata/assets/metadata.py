"""The forms in which declarations and results are shown in Dagster.

Belongs here: turning a declared table into a column schema, and lists of numbers into a table that Dagster renders. Does
not belong here: computing any of it.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import dagster as dg

from vawg_opendata.schemas import CheckResult, TableSchema

COLUMN_SCHEMA = "dagster/column_schema"
COLUMN_LINEAGE = "dagster/column_lineage"
ROW_COUNT = "dagster/row_count"
MOST_ROWS = 500
"""Rows of a table in metadata: what a person reads; the rest is in the work folder."""


def column_schema(schema: TableSchema) -> dg.TableSchema:
    """A declared table as Dagster shows it: type, description, and what is demanded of each column."""
    columns = []
    for field in schema.fields:
        demands = [f"sensitivity: {field.sensitivity}"]
        if isinstance(field.codes, str):
            demands.append(f"code list: {field.codes}")
        if field.pattern is not None:
            demands.append(f"pattern: {field.pattern}")
        demands += [f"{name}: {bound}" for name, bound in (("minimum", field.minimum), ("maximum", field.maximum)) if bound is not None]
        constraints = dg.TableColumnConstraints(nullable=not field.required, unique=schema.primary_key == (field.name,), other=demands)
        columns.append(dg.TableColumn(field.name, type=field.type, description=f"{field.title}. {field.description}", constraints=constraints))
    keys = [f"primary key: {', '.join(schema.primary_key)}"] if schema.primary_key else []
    keys += [f"foreign key: {', '.join(key.fields)} of {key.table}" for key in schema.foreign_keys]
    return dg.TableSchema(columns, dg.TableConstraints(keys))


def published_columns(folder: Path, counted: dg.AssetKey) -> dict[str, dg.TableSchema | dg.TableColumnLineage]:
    """The columns of the tables of a package, each as `table.column`, as its descriptor declares them, and of which column of the unprotected
    counts each is; code lists and notes are left out."""
    descriptor = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    columns, origins = [], {}
    for table in descriptor["resources"]:
        if not ("statistics" in table or "records" in table):
            continue
        of_status = {one["status"]: one["measure"] for one in table.get("statistics", ())}
        for field in table["schema"]["fields"]:
            columns.append(dg.TableColumn(f"{table['name']}.{field['name']}", type=field["type"], description=field["title"]))
            if of_status:
                origins[columns[-1].name] = [dg.TableColumnDep(counted, f"{table['name']}.{of_status.get(field['name'], field['name'])}")]
    return {COLUMN_SCHEMA: dg.TableSchema(columns), COLUMN_LINEAGE: dg.TableColumnLineage(origins)}


def rows(names: Sequence[str], values: Iterable[Sequence[object]]) -> dg.MetadataValue:
    """A table of names and numbers, cut at MOST_ROWS rows."""
    shown = [dg.TableRecord(dict(zip(names, row, strict=True))) for row in values][:MOST_ROWS]
    kinds = {name: "integer" if shown and isinstance(shown[0].data[name], int) else "string" for name in names}
    return dg.MetadataValue.table(shown, dg.TableSchema([dg.TableColumn(name, type=kind) for name, kind in kinds.items()]))


NAMED = 5
"""Broken rules that a check names in its sentence; the table beside it has all."""


def schema_check(asset_key: dg.AssetKey, name: str, results: Sequence[CheckResult]) -> dg.AssetCheckResult:
    """The checks of a table's declaration as one result: numbers, and the names of the checks and columns that fail."""
    failed = [result for result in results if result.failures]
    told = f"All {len(results)} rules of columns and keys are kept."
    if failed:
        named = "; ".join(f"{result.column} ({result.check}) in {result.failures} rows" for result in failed[:NAMED])
        rest = f"; and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        told = (
            f"{len(failed)} of {len(results)} rules of columns and keys are broken: {named}{rest}. The rows were accepted from the files and are in records/ of the work "
            "folder. Correct the files, or the declaration of the table in vawg_opendata/schemas/, and run the job publish again; until then nothing is published."
        )
    metadata: dict[str, object] = {"checks": len(results), "failed_checks": len(failed)}
    if failed:
        metadata["failures"] = rows(("check", "column", "rows"), [(result.check, result.column, result.failures) for result in failed])
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=told,
        metadata=metadata,
    )


BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[int | None]) -> str:
    """A series as a line of bars, from 0 to its largest; what is withheld is a gap."""
    largest = max((value for value in values if value is not None), default=0) or 1
    return "".join("·" if value is None else BARS[(len(BARS) - 1) * value // largest] for value in values)
