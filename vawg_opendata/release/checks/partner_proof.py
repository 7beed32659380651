"""The proof that the packages of partners hold what their access profile is given, of the rows of the version, and nothing else.

Which fields a profile is given is read from the version's own field catalogue. Making the packages belongs in `package.partners`.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from vawg_opendata.release.checks.linked_audit import relation
from vawg_opendata.release.files import wrong_sums
from vawg_opendata.release.package.field_catalogue import NAME as FIELDS
from vawg_opendata.schemas.rules import quoted
from vawg_opendata.schemas.vawg_records import POOL_KEYS

_ALIKE = ("version", "audience", "synthetic", "licenses", "caveats", "corrections")
_KEYS = ("case_key", *POOL_KEYS)
_TABLE = ":table"


def wrong_partners(folder: Path, descriptor: Mapping) -> list[str]:
    """How the packages of partners differ from what they may hold of a version; empty when they do not."""
    problems = []
    whole = {resource["name"]: resource for resource in descriptor["resources"] if "records" in resource}
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        fields = next(resource for resource in descriptor["resources"] if resource["name"] == FIELDS)
        for name, resource in whole.items():
            _load(connection, f"whole_{name}", folder, resource)
        given: dict[str, set[tuple[str, str]]] = {}
        for table, name, profiles in connection.execute(f"SELECT table_name, name, access_profile FROM {relation(folder, fields)}").fetchall():
            for profile in profiles.split("|"):
                given.setdefault(profile, set()).add((table, name))
        for entry in descriptor["partners"]:
            path = folder / entry["path"]
            if not path.is_file():
                problems.append(f"{entry['path']} is missing")
                continue
            partner = json.loads(path.read_text(encoding="utf-8"))
            found = wrong_sums(path.parent) + [f"{key} is not that of {descriptor['name']}" for key in _ALIKE if partner.get(key) != descriptor.get(key)]
            records = {resource["name"]: resource for resource in partner["resources"] if "records" in resource}
            shown = {(name, field["name"]) for name, resource in records.items() for field in resource["schema"]["fields"] if field["name"] not in _KEYS}
            wanted = {(table, name) for table, name in given[entry["profile"]] if name not in _KEYS}
            found += [f"{table}.{name} is not for this partner" for table, name in sorted(shown - wanted)]
            found += [f"{table}.{name} is missing" for table, name in sorted(wanted - shown)]
            if not found:
                found = [problem for resource in records.values() for problem in _wrong_rows(connection, path.parent, resource)]
            problems += [f"{entry['profile']}: {problem}" for problem in found]
    return problems


def _load(connection: duckdb.DuckDBPyConnection, name: str, folder: Path, resource: Mapping) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS FROM {relation(folder, resource)}")


def _wrong_rows(connection: duckdb.DuckDBPyConnection, home: Path, resource: Mapping) -> list[str]:
    """Whether a table has the rows of the version's, keys apart, of pools in any order of each field within them; and no key of it."""
    names, whole = [field["name"] for field in resource["schema"]["fields"]], quoted(f"whole_{resource['name']}")
    _load(connection, "here", home, resource)
    values = [quoted(name) for name in names if name not in _KEYS]
    made = f"SELECT {', '.join(values)} FROM {_TABLE}" if "case_key" in names else _of_pools(names[0], values)
    ours, theirs = made.replace(_TABLE, "here"), made.replace(_TABLE, whole)
    lost = connection.execute(f"SELECT count(*) FROM (({ours} EXCEPT ALL {theirs}) UNION ALL ({theirs} EXCEPT ALL {ours}))").fetchall()[0][0]
    what = "rows" if "case_key" in names else "pools"
    problems = [f"{resource['name']}: {lost} {what} are not those of the version"] if lost else []
    for key in set(_KEYS) & set(names):
        same = connection.execute(f"SELECT count(*) FROM (SELECT {key} FROM here INTERSECT SELECT {key} FROM {whole})").fetchall()[0][0]
        if same:
            problems.append(f"{resource['name']}: {same} values of {key} are those of the version, by which packages could be linked")
    return problems


def _of_pools(key: str, values: Sequence[str]) -> str:
    """The pools of a table with what each field has in them, in whatever order of its own, as a query with a place for the table."""
    return f"SELECT count(*), {', '.join(f'sum(hash({name}))' for name in values)} FROM {_TABLE} GROUP BY {key}"
