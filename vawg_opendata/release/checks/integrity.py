"""Whether a package is what it says: sizes and hashes, equal rows in all formats, code lists behind every code, and that packages
cut from it have its rows.

Everything is checked over all rows, in DuckDB. What the tables disclose belongs in `audit`, what frictionless thinks of
them in `validation`.
"""

import json
from pathlib import Path

import duckdb

from vawg_opendata.release.checks.cut_proof import wrong_codes, wrong_cuts
from vawg_opendata.release.checks.loading import DESCRIPTOR
from vawg_opendata.release.checks.partner_proof import wrong_partners
from vawg_opendata.release.database.file import content_digest
from vawg_opendata.release.files import SUMS, sha256, wrong_sums
from vawg_opendata.release.package.archive import wrong_archive
from vawg_opendata.release.package.formats import DUCKDB_TYPES
from vawg_opendata.schemas.relation import csv_relation
from vawg_opendata.schemas.rules import literal, quoted


def check(folder: Path) -> list[str]:
    """Every way in which a package contradicts itself; empty when it does not. What is absent is not judged."""
    descriptor = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
    problems = wrong_sums(folder) + wrong_archive(folder) if (folder / SUMS).is_file() else []
    problems += [problem for resource in descriptor["resources"] for problem in _bytes(folder, resource)]
    if problems:
        return problems  # a damaged file would fail every further check as well
    tables = {resource["name"]: resource for resource in descriptor["resources"] if resource.get("type") == "table"}
    paths = {resource["path"] for resource in descriptor["resources"]}
    databases = [resource for resource in descriptor["resources"] if resource.get("format") == "duckdb"]
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        for resource in databases:
            connection.execute(f"ATTACH {literal(str(folder / resource['path']))} AS database (READ_ONLY)")
        for name, resource in tables.items():
            parquet = resource["path"].removesuffix(".csv") + ".parquet"
            others = {"Parquet": f"read_parquet({literal(str(folder / parquet))})"} if parquet in paths else {}
            if databases:
                others["DuckDB"] = f"database.{quoted(name)}"
            try:
                connection.execute(f"CREATE OR REPLACE TEMP TABLE published AS FROM {_csv(folder, resource)}")
                problems += _formats(connection, name, others)
                problems += _keys(connection, folder, resource, tables)
                problems += _constraints(connection, resource)
                if "cutFrom" in descriptor and "statistics" in resource:
                    problems += wrong_codes(connection, name, descriptor["cutFrom"])
            except (duckdb.Error, ValueError) as error:
                problems.append(f"{name}: cannot be read as the descriptor says: {str(error).splitlines()[0]}")
    for resource in databases:
        if "contentDigest" in resource and resource["contentDigest"] != f"sha256:{content_digest(folder / resource['path'])}":
            problems.append(f"{resource['name']}: the content digest does not fit the file")
    problems += wrong_cuts(folder, descriptor) if "cuts" in descriptor else []
    return problems + (wrong_partners(folder, descriptor) if "partners" in descriptor else [])


def _bytes(folder: Path, resource: dict) -> list[str]:
    path = folder / resource["path"]
    if not path.is_file():
        return [f"{resource['name']}: {resource['path']} is missing"]
    if "bytes" in resource and resource["bytes"] != path.stat().st_size:
        return [f"{resource['name']}: {resource['path']} has {path.stat().st_size} bytes, the descriptor says {resource['bytes']}"]
    if "hash" in resource and resource["hash"] != f"sha256:{sha256(path)}":
        return [f"{resource['name']}: {resource['path']} does not have the hash in the descriptor"]
    return []


def _csv(folder: Path, resource: dict) -> str:
    return csv_relation(folder / resource["path"], {field["name"]: DUCKDB_TYPES[field["type"]] for field in resource["schema"]["fields"]})


def _formats(connection: duckdb.DuckDBPyConnection, name: str, others: dict[str, str]) -> list[str]:
    """What does not hold the rows of table `published`, which are those of the CSV."""
    return [f"{name}: the CSV and {form} do not hold the same rows" for form, relation in others.items() if not _equal(connection, relation)]


def _equal(connection: duckdb.DuckDBPyConnection, other: str) -> bool:
    """Whether a relation has the columns of table `published` with the same types, and the same rows as often."""
    described = [connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall() for relation in ("published", other)]
    if [row[:2] for row in described[0]] != [row[:2] for row in described[1]]:
        return False
    # As many rows, and none of them without its like: then neither has a row more often than the other.
    rows, others, lost = connection.execute(
        f"SELECT (SELECT count(*) FROM published), (SELECT count(*) FROM {other}), "
        f"(SELECT count(*) FROM (FROM published EXCEPT ALL FROM {other}))"
    ).fetchall()[0]
    return rows == others and lost == 0


def _keys(connection: duckdb.DuckDBPyConnection, folder: Path, resource: dict, tables: dict[str, dict]) -> list[str]:
    """Whether the primary keys of table `published` are unique and its foreign keys point somewhere, over all rows."""
    problems = []
    name, schema = resource["name"], resource["schema"]
    if "primaryKey" in schema:
        columns = ", ".join(quoted(column) for column in schema["primaryKey"])
        twice = connection.execute(f"SELECT count(*) FROM (SELECT {columns} FROM published GROUP BY ALL HAVING count(*) > 1)").fetchall()[0][0]
        if twice:
            problems.append(f"{name}: {twice} keys occur more than once")
    for key in schema.get("foreignKeys", []):
        here, there = key["fields"][0], key["reference"]["fields"][0]
        target = tables[key["reference"].get("resource", name)]
        lost = connection.execute(
            f"SELECT count(*) FROM published WHERE {quoted(here)} IS NOT NULL AND {quoted(here)} NOT IN (SELECT {quoted(there)} FROM {_csv(folder, target)})"
        ).fetchall()[0][0]
        if lost:
            problems.append(f"{name}: {lost} values of {here} are not in {target['name']}")
    return problems


def _constraints(connection: duckdb.DuckDBPyConnection, resource: dict) -> list[str]:
    """Whether fields of table `published` that must be filled are, and those that are to hold certain codes hold no others, over all rows."""
    rules = {}
    for field in resource["schema"]["fields"]:
        constraints, name = field.get("constraints", {}), quoted(field["name"])
        if constraints.get("required"):
            rules[f"{resource['name']}: {{}} values of {field['name']} are empty"] = f"{name} IS NULL"
        if "enum" in constraints:
            codes = ", ".join(literal(str(code)) for code in constraints["enum"])
            rules[f"{resource['name']}: {{}} values of {field['name']} are none of its codes"] = f"{name}::VARCHAR NOT IN ({codes})"
    if not rules:
        return []
    counts = connection.execute(f"SELECT {', '.join(f'count(*) FILTER ({rule})' for rule in rules.values())} FROM published").fetchall()[0]
    return [line.format(count) for line, count in zip(rules, counts, strict=True) if count]
