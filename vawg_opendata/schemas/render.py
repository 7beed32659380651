"""What a declaration looks like elsewhere: Arrow, DuckDB, Table Schema, data dictionary.

Each function takes a `TableSchema` and returns a description of it; none reads or judges data.
"""

from vawg_opendata.schemas.fields import BOOLEAN, DATE, INTEGER, MONTH, MONTH_PATTERN, NUMBER, STRING, Field, TableSchema
from vawg_opendata.schemas.rules import literal, quoted

_DUCKDB = {STRING: "VARCHAR", INTEGER: "BIGINT", NUMBER: "DOUBLE", BOOLEAN: "BOOLEAN", DATE: "DATE", MONTH: "VARCHAR"}
_TABLE_SCHEMA = {STRING: "string", INTEGER: "integer", NUMBER: "number", BOOLEAN: "boolean", DATE: "date", MONTH: "string"}


def arrow_schema(schema: TableSchema):
    """The table as a `pyarrow.Schema`, with the name, title and description of each field as its metadata."""
    import pyarrow

    types = {
        STRING: pyarrow.string(),
        INTEGER: pyarrow.int64(),
        NUMBER: pyarrow.float64(),
        BOOLEAN: pyarrow.bool_(),
        DATE: pyarrow.date32(),
        MONTH: pyarrow.string(),
    }
    return pyarrow.schema(
        [
            pyarrow.field(field.name, types[field.type], metadata={"title": field.title, "description": field.description})
            for field in schema.fields
        ]
    )


def duckdb_columns(schema: TableSchema) -> dict[str, str]:
    """DuckDB type by column, in the order of the columns: what `CREATE TABLE` and `read_csv(columns=...)` take."""
    return {field.name: _DUCKDB[field.type] for field in schema.fields}


def duckdb_comments(schema: TableSchema, table: str | None = None) -> list[str]:
    """The statements that write title and description as comments on a table (default: of the schema's name) and its columns."""
    target = quoted(table or schema.name)
    statements = [f"COMMENT ON TABLE {target} IS {literal(f'{schema.title}. {schema.description}')}"]
    return statements + [
        f"COMMENT ON COLUMN {target}.{quoted(field.name)} IS {literal(f'{field.title}. {field.description}')}" for field in schema.fields
    ]


def table_schema(schema: TableSchema, resources: dict[str, str] | None = None) -> dict:
    """The table as a Table Schema (Data Package v2) for a CSV whose empty cells are missing values.

    Codes appear twice: as `categories` with their labels, which version 2 defines, and as `constraints.enum`, which is
    what tools enforce. `resources` maps names of linked tables to names of resources; links to others are left out.
    """
    descriptor: dict = {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [_descriptor(field) for field in schema.fields],
        "missingValues": [""],
    }
    if schema.primary_key:
        descriptor["primaryKey"] = list(schema.primary_key)
    links = [
        {
            "fields": list(key.fields),
            "reference": {"resource": resources[key.table], "fields": list(key.reference_fields)},
        }
        for key in schema.foreign_keys
        if resources and key.table in resources
    ]
    if links:
        descriptor["foreignKeys"] = links
    return descriptor


def dictionary_rows(schema: TableSchema) -> list[dict[str, str]]:
    """The data dictionary: one line of text per field, the same columns for every table."""
    return [
        {
            "table": schema.name,
            "name": field.name,
            "title": field.title,
            "description": field.description,
            "type": field.type,
            "unit": field.unit or "",
            "codes": "" if field.codes is None else field.codes if isinstance(field.codes, str) else "|".join(field.codes),
            "source_standard": field.source_standard or "",
            "sensitivity": str(field.sensitivity),
            "required": "yes" if field.required else "no",
        }
        for field in schema.fields
    ]


def _descriptor(field: Field) -> dict:
    descriptor: dict = {
        "name": field.name,
        "type": _TABLE_SCHEMA[field.type],
        "title": field.title,
        "description": field.description,
    }
    if field.type == DATE:
        descriptor["format"] = "default"
    if field.unit:
        descriptor["unit"] = field.unit
    if field.source_standard:
        descriptor["sourceStandard"] = field.source_standard
    constraints: dict = {}
    if field.required:
        constraints["required"] = True
    for bound in ("minimum", "maximum"):
        value = getattr(field, bound)
        if value is not None and field.type != MONTH:  # Table Schema orders numbers and dates, not text
            constraints[bound] = value.isoformat() if field.type == DATE else value
    pattern = field.pattern or (MONTH_PATTERN if field.type == MONTH and field.codes is None else None)
    if pattern is not None:
        constraints["pattern"] = pattern
    allowed = field.allowed()
    if allowed is not None:
        descriptor["categories"] = [{"value": code, "label": label} for code, label in allowed.items()]
        constraints["enum"] = list(allowed)
    if constraints:
        descriptor["constraints"] = constraints
    return descriptor
