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
    quasi = [name for resource in parts for name in resource["records"]["quasiIdentifiers"]]
    sensitive = {name: models for resource in parts for name, models in resource["records"].get("sensitive", {}).items()}
    name = f"{', '.join(resource['name'] for resource in parts)} joined by {parts[0]['records']['linkedBy']}"
    return name, joined_relation(folder, parts), quasi, sensitive


def joined_relation(folder: Path, parts: Sequence[Mapping]) -> str:
    """The rows of tables of cases in DuckDB, joined by the key that links them, all as text. ValueError where they name several keys."""
    (key,) = {one["records"].get("linkedBy", "") for one in parts}
    return " JOIN ".join(f"{relation(folder, one)} AS part_{place}" + (f" USING ({quoted(key)})" if place else "") for place, one in enumerate(parts))


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


def retold(older: Path, newer: Path, was: Mapping[str, Mapping], now: Mapping[str, Mapping]) -> list[str]:
    """What a version tells of cases that another told of before, other than that did: a line per table; resources of records by name.

    Batches that both have must be the same in all fields that both have, and empty in others; batches that only the newer has must be of later months. A
    batch that is gone tells nothing: it has gone whole.
    """
    first = {name: resource for name, resource in now.items() if is_linked(resource) and name in was}
    holder = next((name for name, one in first.items() if {"batch", one["records"].get("linkedBy")} <= set(_names(one)) & set(_names(was[name]))), None)
    if holder is None:
        return ["has no batches, by which its cases could be told apart"] if first else []
    found = []
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        for side, folder, resources in (("before", older, was), ("after", newer, now)):
            connection.execute(f"CREATE TEMP TABLE {side}_cases AS FROM {relation(folder, resources[holder])}")
        both = "(SELECT batch FROM before_cases INTERSECT SELECT batch FROM after_cases)"
        again = connection.execute(
            f"SELECT count(*) FROM after_cases WHERE batch NOT IN {both} AND split_part(batch, '/', 1) <= (SELECT max(split_part(batch, '/', 2)) FROM before_cases)"
        ).fetchall()[0][0]
        if again:
            found.append(f"{holder}: {again} cases are of months that were told of before")
        for name, resource in now.items():
            if is_linked(resource):
                key = _names(resource)[0]
                shared = {side: f"{quoted(key)} IN (SELECT {quoted(key)} FROM {side}_cases WHERE batch IN {both})" for side in ("before", "after")}
                same = [column for column in _names(resource) if name in was and column in _names(was[name])]
                here = f"{relation(newer, resource)} WHERE {shared['after']}"
                if same:
                    columns = ", ".join(map(quoted, same))
                    before = f"SELECT {columns} FROM {relation(older, was[name])} WHERE {shared['before']}"
                    after = f"SELECT {columns} FROM {here}"
                    for what, query in (("gone or changed", f"{before} EXCEPT ALL {after}"), ("new among cases", f"{after} EXCEPT ALL {before}")):
                        rows = connection.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0]
                        found += [f"{name}: {rows} rows are {what} that were told of before"] if rows else []
                for column in sorted(set(_names(resource)) - {*same, key}):
                    told = connection.execute(f"SELECT count({quoted(column)}) FROM {here}").fetchall()[0][0]
                    found += [f"{name}: {column} is told of {told} cases that were told of before without it"] if told else []
    return found


def _names(resource: Mapping) -> list[str]:
    return [field["name"] for field in resource["schema"]["fields"]]


def relation(folder: Path, resource: Mapping) -> str:
    """The rows of a table in DuckDB, all as text."""
    return csv_relation(folder / resource["path"], {field["name"]: "VARCHAR" for field in resource["schema"]["fields"]})
