"""The audit of linked tables of records, from the files alone: what their descriptor claims of all tables joined, of pools, and from version to version.

What the descriptor says under `records`: tables with the same `linkedBy` are read as one, joined by that key, because their reader can join them; of
`pools` the rule is measured field by field. Cases beside tables of counts belong in `linked_beside`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from vawg_opendata.schemas.relation import csv_relation
from vawg_opendata.schemas.rules import literal, quoted

_ROUNDING = 1e-9


def is_linked(resource: Mapping) -> bool:
    """Whether a resource is one of several linked tables of records."""
    return "linkedBy" in resource["records"] or "pools" in resource["records"]


def joined(folder: Path, resources: Sequence[Mapping]) -> tuple[str, str, list[str], dict[str, dict]] | None:
    """The tables of cases as their reader joins them: a name, a query, their quasi-identifiers and what is claimed of sensitive columns; None without two."""
    parts = [resource for resource in resources if "linkedBy" in resource["records"]]
    if len(parts) < 2:
        return None
    (key,) = {resource["records"]["linkedBy"] for resource in parts}
    quasi = [name for resource in parts for name in resource["records"]["quasiIdentifiers"]]
    sensitive = {name: models for resource in parts for name, models in resource["records"].get("sensitive", {}).items()}
    query = " JOIN ".join(f"{relation(folder, one)} AS part_{place}" + (f" USING ({quoted(key)})" if place else "") for place, one in enumerate(parts))
    return f"{', '.join(resource['name'] for resource in parts)} joined by {key}", query, quasi, sensitive


def broken_pools(folder: Path, resource: Mapping) -> list[str]:
    """What is claimed of the pools of a table and does not hold, a line per field."""
    rule, names = resource["records"]["pools"], [field["name"] for field in resource["schema"]["fields"]]
    found = []
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        connection.execute(f"CREATE TEMP TABLE told AS FROM {relation(folder, resource)}")
        for name in names[1:]:
            ordinary = rule["ordinary"].get(name)
            alike = "false" if ordinary is None else f"lower(value) NOT IN ({', '.join(map(literal, ordinary))})"
            few, many = connection.execute(
                f"WITH counted AS (SELECT {quoted(names[0])} AS pool, {quoted(name)} AS value, count(*) AS cases FROM told WHERE value IS NOT NULL GROUP BY ALL), "
                f"pools AS (SELECT sum(cases) AS applying, coalesce(max(cases) FILTER ({alike}), 0) AS most FROM counted GROUP BY pool) "
                "SELECT count(*) FILTER (applying < ?), count(*) FILTER (most > ? * applying + ?) FROM pools",
                [rule["applying"], rule["mostAlike"], _ROUNDING],
            ).fetchall()[0]
            if few:
                found.append(f"{resource['name']}: {name} applies to fewer than {rule['applying']} cases of {few} pools, and to some")
            if many:
                found.append(f"{resource['name']}: in {many} pools more than {rule['mostAlike']:.0%} of those to whom {name} applies have one value")
    return found


def changed(older: Path, newer: Path, was: Mapping, now: Mapping) -> list[str]:
    """How the rows of a linked table differ between two versions in more than rows with new keys that came; empty where they do not."""
    names = [field["name"] for field in now["schema"]["fields"]]
    if names != [field["name"] for field in was["schema"]["fields"]]:
        return ["has other fields"]
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        for table, folder, resource in (("before", older, was), ("after", newer, now)):
            connection.execute(f"CREATE TEMP TABLE {table} AS FROM {relation(folder, resource)}")
        gone = connection.execute("SELECT count(*) FROM (FROM before EXCEPT ALL FROM after)").fetchall()[0][0]
        joining = connection.execute(f"SELECT count(*) FROM (FROM after EXCEPT ALL FROM before) SEMI JOIN before USING ({quoted(names[0])})").fetchall()[0][0]
    return [f"{number} rows {what}" for number, what in ((gone, "are gone or changed"), (joining, "have come into what was told before")) if number]


def relation(folder: Path, resource: Mapping) -> str:
    """The rows of a table in DuckDB, all as text."""
    return csv_relation(folder / resource["path"], {field["name"]: "VARCHAR" for field in resource["schema"]["fields"]})
