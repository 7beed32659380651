"""The one DuckDB file of everything that an audience may have: `published/<audience>/vawg.duckdb`.

It has a schema per product (its name with underscores) with the tables of the product's latest version, code lists with primary and
foreign keys, views and macros, and in `main` the tables that describe all of it, `_changes` and `_revisions` with every version. It is made from the
published packages and replaced in one step; where nothing changed it is left as it is. Readers of the partners' file find the
public products in it as well, because they have those too. Rates are in it where residents are known (`rates`).
"""

import csv
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from vawg_opendata.products.declaration import AUDIENCES
from vawg_opendata.release.changes.revisions import NAME as NAME_OF_REVISIONS
from vawg_opendata.release.checks.loading import DEFAULT_AUDIENCE
from vawg_opendata.release.database.file import BLOCK_SIZE, STORAGE_VERSION, content_digest
from vawg_opendata.release.database.queries import describing_tables, shared_macros, views_and_macros
from vawg_opendata.release.database.rates import population_table, rate_views
from vawg_opendata.release.files import sync
from vawg_opendata.release.lifecycle.states import RELEASED
from vawg_opendata.release.lifecycle.store import COMBINED, DESCRIPTOR
from vawg_opendata.release.lifecycle.versions import latest, listed
from vawg_opendata.release.package.formats import DUCKDB_TYPES
from vawg_opendata.schemas.relation import csv_relation
from vawg_opendata.schemas.rules import literal, quoted


def write_combined(published: Path, staging: Path) -> list[Path]:
    """Write the file of each audience that has a released product, and return those files.

    `staging` is an empty folder on the same file system; the caller keeps other publishers away meanwhile.
    """
    written = []
    for audience in AUDIENCES:
        packages = _packages(published, audience)
        if not any(package["audience"] == audience for _, package, _ in packages):
            continue
        fresh, target = staging / COMBINED, published / audience / COMBINED
        _write(packages, fresh, published)
        if target.is_file() and _offered(target) == _offers(fresh):
            fresh.unlink()
        else:
            fresh.chmod(0o644)
            sync(fresh)
            os.replace(fresh, target)
            sync(target.parent)
        written.append(target)
    return written


def schema_of(product: str) -> str:
    """The name of a product's schema in the file."""
    return product.replace("-", "_")


def _offered(path: Path) -> tuple[str, list] | None:
    """What a reader finds in a file; None where DuckDB cannot read it, because a disk has damaged it: it is written again."""
    try:
        return _offers(path)
    except duckdb.Error:
        return None


def _offers(path: Path) -> tuple[str, list]:
    """What a reader finds in a file: the digest of its tables, and its views and macros as SQL."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {literal(str(path))} AS looked_at (READ_ONLY)")
        queries = connection.execute(
            "SELECT sql FROM duckdb_views() WHERE database_name = 'looked_at' AND NOT internal "
            "UNION ALL SELECT concat_ws(' ', schema_name, function_name, parameters, macro_definition) FROM duckdb_functions() "
            "WHERE database_name = 'looked_at' AND NOT internal ORDER BY 1"
        ).fetchall()
    return content_digest(path), queries


def _packages(published: Path, audience: str) -> list[tuple[Path, dict, list[dict]]]:
    """Folder and descriptor of the latest version of each product that an audience has, and the changes of all its versions."""
    found = []
    for listing in sorted(path for name in dict.fromkeys((DEFAULT_AUDIENCE, audience)) for path in (published / name).glob("*/versions.json")):
        home = listing.parent
        released = [entry["version"] for entry in listed(home) if entry["status"] == RELEASED and (home / entry["version"] / DESCRIPTOR).is_file()]
        if not released:
            continue
        named = latest(home)
        folder = home / (named if named in released else released[0])
        changes = [json.loads((home / version / "changes.json").read_text(encoding="utf-8")) for version in released]
        package = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
        if "partners" not in package:  # whose readers are given different fields of it, and all of them this file
            found.append((folder, package, changes))
    return found


def _write(packages: Sequence[tuple[Path, Mapping, Sequence[Mapping]]], path: Path, published: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        connection.execute(f"ATTACH {literal(str(path))} AS combined (STORAGE_VERSION {literal(STORAGE_VERSION)}, BLOCK_SIZE {BLOCK_SIZE})")
        connection.execute("USE combined")
        rated = population_table(connection, published)
        for folder, package, _ in packages:
            schema = quoted(schema_of(package["name"]))
            connection.execute(f"CREATE SCHEMA {schema}")
            tables = [resource for resource in package["resources"] if resource.get("type") == "table"]
            for resource in sorted(tables, key=lambda resource: not resource["path"].startswith("codelists/")):  # keys need their lists first
                _table(connection, folder, resource, schema)
            views_and_macros(connection, package, schema)
            if rated:
                rate_views(connection, package, schema)
        revisions = [(package["name"], _revisions(folder.parent / NAME_OF_REVISIONS)) for folder, package, _ in packages]
        shared_macros(connection)
        describing_tables(connection, [(package, changes) for _, package, changes in packages], revisions)
        connection.execute("USE memory")
        connection.execute("DETACH combined")


def _revisions(path: Path) -> list[tuple]:
    """The rows of a product's table of revisions, as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def _table(connection: duckdb.DuckDBPyConnection, folder: Path, resource: Mapping, schema: str) -> None:
    fields, name = resource["schema"]["fields"], f"{schema}.{quoted(resource['name'])}"
    columns = {field["name"]: DUCKDB_TYPES[field["type"]] for field in fields}
    parts = [f"{quoted(column)} {kind}" for column, kind in columns.items()]
    if resource["path"].startswith("codelists/"):
        parts.append('PRIMARY KEY ("code")')
    else:
        for key in resource["schema"].get("foreignKeys", []):
            target = quoted(key["reference"].get("resource", resource["name"]))
            here, there = (", ".join(map(quoted, names)) for names in (key["fields"], key["reference"]["fields"]))
            if target != quoted(resource["name"]):
                parts.append(f"FOREIGN KEY ({here}) REFERENCES {schema}.{target} ({there})")
    connection.execute(f"CREATE TABLE {name} ({', '.join(parts)})")
    order = ", ".join(map(quoted, columns))
    connection.execute(f"INSERT INTO {name} SELECT {order} FROM {csv_relation(folder / resource['path'], columns)}")
    told = f"{resource['title']}. {resource['description']}"
    connection.execute(f"COMMENT ON TABLE {name} IS {literal(told)}")
    for field in fields:
        words = f"{field.get('title', field['name'])}. {field.get('description', '')}".strip()
        connection.execute(f"COMMENT ON COLUMN {name}.{quoted(field['name'])} IS {literal(words)}")
