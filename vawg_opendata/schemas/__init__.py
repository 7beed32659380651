"""What every table holds, declared once, and what follows from the declarations.

`fields` is the vocabulary; `rules` lists what a declaration demands of the data; `checks` tests a Parquet file against
them in DuckDB; `frames` tests a pandas frame against them with Pandera; `render` gives Arrow and DuckDB types, comments,
Table Schema and data dictionary. The declarations themselves are the other modules, one per source or product. Reading
files and repairing values do not belong here.
"""

from vawg_opendata.schemas.checks import CheckResult, validate_parquet
from vawg_opendata.schemas.fields import (
    BOOLEAN,
    DATE,
    INTEGER,
    MONTH,
    NUMBER,
    STRING,
    Field,
    ForeignKey,
    SchemaError,
    Sensitivity,
    TableSchema,
)
from vawg_opendata.schemas.frames import pandera_schema, read_frame, validate_frame
from vawg_opendata.schemas.render import (
    arrow_schema,
    dictionary_rows,
    duckdb_columns,
    duckdb_comments,
    table_schema,
)

__all__ = [
    "BOOLEAN",
    "DATE",
    "INTEGER",
    "MONTH",
    "NUMBER",
    "STRING",
    "CheckResult",
    "Field",
    "ForeignKey",
    "SchemaError",
    "Sensitivity",
    "TableSchema",
    "arrow_schema",
    "dictionary_rows",
    "duckdb_columns",
    "duckdb_comments",
    "pandera_schema",
    "read_frame",
    "table_schema",
    "validate_frame",
    "validate_parquet",
]
