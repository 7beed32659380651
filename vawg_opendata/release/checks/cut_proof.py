"""The proof that packages cut from a version publish what it publishes: the same rows of the codes they name, and nothing else.

All packages of a version are compared with it at once, in one query per table and format. Cutting is in `package.cuts`.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import duckdb

from vawg_opendata.release.files import sha256, wrong_sums
from vawg_opendata.release.package.formats import DUCKDB_TYPES
from vawg_opendata.schemas.relation import csv_columns
from vawg_opendata.schemas.rules import literal, quoted

_ALIKE = ("version", "audience", "synthetic", "licenses", "caveats", "corrections")


def wrong_cuts(folder: Path, descriptor: Mapping) -> list[str]:
    """How the packages cut from a version differ from it; empty when they do not."""
    dimension, problems, cuts = descriptor["cuts"]["dimension"], [], {}
    for entry in descriptor["cuts"]["packages"]:
        path = folder / entry["path"]
        if not path.is_file():
            problems.append(f"{entry['path']} is missing")
            continue
        cut = json.loads(path.read_text(encoding="utf-8"))
        wrong = wrong_sums(path.parent) + _differences(path.parent, cut, descriptor)
        problems += [f"{entry['code']}: {problem}" for problem in wrong]
        cuts[path.parent] = cut
    if problems or not cuts:
        return problems  # rows of damaged files would fail as well
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        connection.execute("CREATE TEMP TABLE plan (package VARCHAR, code VARCHAR)")
        plan = [(home.name, code) for home, cut in cuts.items() for code in cut["cutFrom"]["codes"]]
        values = ", ".join(f"({literal(package)}, {literal(code)})" for package, code in plan)
        connection.execute(f"INSERT INTO plan VALUES {values}")
        for resource in descriptor["resources"]:
            if "statistics" in resource:
                problems += _wrong_rows(connection, folder, list(cuts), resource, dimension)
    return problems


def wrong_codes(connection: duckdb.DuckDBPyConnection, name: str, cut_from: Mapping) -> list[str]:
    """How the codes in table `published` of a cut package differ from those that its descriptor says it shows."""
    found = {row[0] for row in connection.execute(f"SELECT DISTINCT {quoted(cut_from['dimension'])} FROM published").fetchall()}
    if found == set(cut_from["codes"]):
        return []
    return [f"{name}: shows {len(found)} codes of {cut_from['dimension']}, which are not the {len(cut_from['codes'])} that cutFrom says"]


def _differences(home: Path, cut: Mapping, descriptor: Mapping) -> list[str]:
    """How the descriptor of a cut package differs from that of the version, and from its own files."""
    problems = [f"{key} is not that of {descriptor['name']}" for key in _ALIKE if cut.get(key) != descriptor.get(key)]
    stated = cut.get("cutFrom", {})
    if (stated.get("name"), stated.get("version"), stated.get("dimension")) != (descriptor["name"], descriptor["version"], descriptor["cuts"]["dimension"]):
        problems.append("cutFrom does not name the version it lies in")
    whole = {resource["name"]: resource for resource in descriptor["resources"] if resource["format"] != "duckdb"}
    if [resource["name"] for resource in cut["resources"]] != list(whole):
        return [*problems, f"its resources are not those of {descriptor['name']}"]
    tables = {name for name, resource in whole.items() if "statistics" in resource}
    for resource in cut["resources"]:
        other, rows = whole[resource["name"]], resource["name"].removesuffix(".parquet") in tables
        varying = ("bytes", "hash") if rows else ()
        if any(resource.get(key) != other.get(key) for key in {*resource, *other} - {*varying}):
            problems.append(f"{resource['name']}: is not described as in {descriptor['name']}")
        path = home / resource["path"]
        if not path.is_file() or resource["hash"] != f"sha256:{sha256(path)}" or resource["bytes"] != path.stat().st_size:
            problems.append(f"{resource['name']}: {resource['path']} is not the file that the descriptor says")
    return problems


def _wrong_rows(connection: duckdb.DuckDBPyConnection, folder: Path, homes: list[Path], resource: Mapping, dimension: str) -> list[str]:
    """What the packages say of a table and the version does not say of their codes, or the other way round, in each format."""
    problems = []
    types = csv_columns(folder / resource["path"], {field["name"]: DUCKDB_TYPES[field["type"]] for field in resource["schema"]["fields"]})
    parquet = resource["path"].removesuffix(".csv") + ".parquet"
    for form, path, reader, options in (("CSV", resource["path"], "read_csv", f"{types}, "), ("Parquet", parquet, "read_parquet", "")):
        cut, whole = (
            f"{reader}([{', '.join(literal(str(home / path)) for home in found)}], {options}filename=true)" for found in (homes, [folder])
        )
        depth = len(Path(path).parts) + 1  # from the end of a file's path to the folder of its package
        rows = connection.execute(
            f"WITH cut AS (SELECT string_split(filename, '/')[-{depth}] AS package, * EXCLUDE (filename) FROM {cut}), "
            f"wanted AS (SELECT plan.package, whole.* EXCLUDE (filename) FROM {whole} AS whole "
            f"JOIN plan ON whole.{quoted(dimension)} = plan.code), "
            "different AS ((FROM cut EXCEPT ALL FROM wanted) UNION ALL (FROM wanted EXCEPT ALL FROM cut)) "
            "SELECT package, count(*) FROM different GROUP BY package ORDER BY package"
        ).fetchall()
        problems += [f"{package}: {number} rows of {resource['name']} ({form}) are not those of the whole package" for package, number in rows]
    return problems
