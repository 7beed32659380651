"""Writing the DuckDB file of a package, and the digest of what such a file holds.

The file has a table per table of the package under the same name, with comments on tables and columns; code lists have
their code as primary key. Foreign keys are in the descriptor, in the file's own table `_fields`, and proven by the validation; as
constraints their indexes would make the file about three times as large. What else it offers readers is made in `queries`;
the file of all products of an audience in `combined`. It is stored in the format that DuckDB 1.1 and all later versions read. DuckDB
does not promise the same bytes for the same content, so the content has a digest of its own.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from vawg_opendata.release.changes.revisions import revision_rows
from vawg_opendata.release.database.queries import describing_tables, shared_macros, views_and_macros
from vawg_opendata.release.package.formats import arrow_table
from vawg_opendata.release.package.tables import PackageTable
from vawg_opendata.schemas import duckdb_columns, duckdb_comments
from vawg_opendata.schemas.rules import literal, quoted

STORAGE_VERSION = "v1.0.0"
BLOCK_SIZE = 16384
"""Bytes; the smallest that DuckDB has. Every column takes a block of its own, so that a package of small tables would be ten
times as large with DuckDB's default."""

DIGEST_METHOD = (
    "For each table by name, one line: name (after its schema and a dot, unless that is main), tab, columns as name:type joined by commas in their order, tab, the SHA-256 of its rows. "
    "Rows are texts of their values joined by U+001F, with U+0000 for a missing one, sorted bytewise and joined by U+001E. "
    "The digest is the SHA-256 of these lines, each ended by a line feed."
)


def write_duckdb(tables: Sequence[PackageTable], path: Path) -> None:
    """Write the tables to a new file, rows in the order of the tables."""
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        connection.execute(f"ATTACH {literal(str(path))} AS package (STORAGE_VERSION {literal(STORAGE_VERSION)}, BLOCK_SIZE {BLOCK_SIZE})")
        connection.execute("USE package")
        for table in tables:
            connection.execute(_create(table))
            rows = arrow_table(table)
            connection.register("incoming", rows.append_column("row number", [range(table.rows)]))
            columns = ", ".join(quoted(name) for name in table.schema.names)
            connection.execute(f'INSERT INTO {quoted(table.name)} SELECT {columns} FROM incoming ORDER BY "row number"')
            connection.unregister("incoming")
            for statement in duckdb_comments(table.schema):
                connection.execute(statement)
        connection.execute("USE memory")
        connection.execute("DETACH package")


def complete_duckdb(path: Path, package: Mapping, changes: Mapping) -> None:
    """Add what can be added once the version is known: the tables that describe the file, views and macros.

    `package` is the descriptor of the version, `changes` what its `changes.json` says.
    """
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        connection.execute(f"ATTACH {literal(str(path))} AS package (STORAGE_VERSION {literal(STORAGE_VERSION)})")
        connection.execute("USE package")
        shared_macros(connection)
        describing_tables(connection, [(package, [changes])], [(package["name"], revision_rows(changes))])
        views_and_macros(connection, package, "main")
        connection.execute("USE memory")
        connection.execute("DETACH package")


def content_digest(path: Path) -> str:
    """The SHA-256 of what a DuckDB file holds: names, types and rows of its tables, by `DIGEST_METHOD`."""
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SET enable_progress_bar=false")
        names = connection.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY schema_name, table_name").fetchall()
        lines = [_digest_line(connection, schema, name) for schema, name in names]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _create(table: PackageTable) -> str:
    required = {field.name for field in table.schema.fields if field.required}
    parts = [f"{quoted(name)} {kind}{' NOT NULL' if name in required else ''}" for name, kind in duckdb_columns(table.schema).items()]
    if table.kind == "codelist":
        parts.append('PRIMARY KEY ("code")')
    return f"CREATE TABLE {quoted(table.name)} ({', '.join(parts)})"


def _digest_line(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> str:
    table = f"{quoted(schema)}.{quoted(name)}"
    columns = [(row[0], row[1]) for row in connection.execute(f"DESCRIBE {table}").fetchall()]
    texts = ", ".join(f"coalesce(CAST({quoted(column)} AS VARCHAR), chr(0))" for column, _ in columns)
    rows = connection.execute(
        f"SELECT sha256(coalesce(string_agg(line, chr(30) ORDER BY line), '')) FROM (SELECT concat_ws(chr(31), {texts}) AS line FROM {table})"
    ).fetchall()[0][0]
    whole = name if schema == "main" else f"{schema}.{name}"
    return f"{whole}\t{','.join(f'{column}:{kind}' for column, kind in columns)}\t{rows}\n"
