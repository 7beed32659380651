"""Tests a Parquet file against a table's declaration, in one DuckDB query, whatever the size of the file.

Pandera judges frames in memory (`frames`); this is the same judgement for files too large for that, and a test holds
the two to the same verdict and the same counts. Results carry names and counts and never a value, so that they may be
logged and shown. What a rule means in SQL is stated in `rules`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from vawg_opendata.problems import confine
from vawg_opendata.schemas.fields import ForeignKey, TableSchema
from vawg_opendata.schemas.render import duckdb_columns
from vawg_opendata.schemas.rules import RowRule, literal, quoted, row_rules


@dataclass(frozen=True)
class CheckResult:
    """One check of one column, or of the columns of a key joined by commas, and the number of rows that fail it.

    For the checks of structure (`present`, `type`, `unexpected`) the number is 1 where the column fails.
    """

    check: str
    column: str
    failures: int


def validate_parquet(schema: TableSchema, path: Path, references: Mapping[str, Path] | None = None) -> list[CheckResult]:
    """All checks of a table, passed ones included, on a Parquet file.

    `references` maps the names of linked tables to their Parquet files; a foreign key to a table that is not among them
    is not checked. A column that is absent or of another type is reported as such and its values are not judged. Every
    row of a group that shares a primary key fails `primary_key`. duckdb.Error when the file is not Parquet.
    """
    references = references or {}
    with duckdb.connect() as connection:
        confine(connection, path.parent)
        source = f"read_parquet({literal(str(path))})"
        found = {row[0]: row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        structure = structural_results(schema, found, duckdb_columns(schema))
        rules, keyed, links = judgeable(schema, structure, references)
        counts = ["count(*)"]  # makes an aggregate of the query, one row, even when only keys are judged
        counts += [f"count(*) FILTER (WHERE {rule.broken})" for rule in rules]
        if keyed:
            counts.append(_duplicates(schema.primary_key, source))
        counts += [_orphans(key, source, f"read_parquet({literal(str(references[key.table]))})") for key in links]
        failures = connection.execute(f"SELECT {', '.join(counts)} FROM {source}").fetchall()[0][1:]
    return [*structure, *named_results(schema, rules, keyed, links, failures)]


def structural_results(schema: TableSchema, found: Mapping[str, object], expected: Mapping[str, object]) -> list[CheckResult]:
    """`present` and `type` for each field and `unexpected` for each other column, given types by column name."""
    results = []
    for name in schema.names:
        results.append(CheckResult("present", name, int(name not in found)))
        if name in found:
            results.append(CheckResult("type", name, int(found[name] != expected[name])))
    return results + [CheckResult("unexpected", name, 1) for name in found if name not in expected]


def judgeable(
    schema: TableSchema, structure: list[CheckResult], references: Collection[str]
) -> tuple[list[RowRule], bool, list[ForeignKey]]:
    """The row rules, whether the primary key, and the foreign keys that can be judged, given the checks of structure."""
    sound = set(schema.names) - {result.column for result in structure if result.failures}
    rules = [
        rule
        for rule in row_rules(schema)
        if rule.column in sound and (rule.check != "not_after" or sound.issuperset(schema.field(rule.column).not_after))
    ]
    keyed = bool(schema.primary_key) and sound.issuperset(schema.primary_key)
    links = [key for key in schema.foreign_keys if key.table in references and sound.issuperset(key.fields)]
    return rules, keyed, links


def named_results(
    schema: TableSchema, rules: list[RowRule], keyed: bool, links: list[ForeignKey], failures: Collection[int]
) -> list[CheckResult]:
    """The results of the rules and keys that `judgeable` returns, in that order, with their counts."""
    names = [(rule.check, rule.column) for rule in rules]
    names += [("primary_key", ",".join(schema.primary_key))] if keyed else []
    names += [("foreign_key", ",".join(key.fields)) for key in links]
    return [CheckResult(check, column, count) for (check, column), count in zip(names, failures, strict=True)]


def _duplicates(key: tuple[str, ...], source: str) -> str:
    """SQL: the number of rows that share their key with another row.

    Keys are compared by hash first and in full only where hashes agree, which takes a third of the time of a GROUP BY.
    """
    columns = ", ".join(quoted(name) for name in key)
    return f"""(
        SELECT coalesce(sum(size), 0)::BIGINT FROM (
            SELECT count(*) AS size FROM {source}
            WHERE hash({columns}) IN (SELECT hash({columns}) FROM {source} GROUP BY 1 HAVING count(*) > 1)
            GROUP BY {columns} HAVING count(*) > 1
        )
    )"""


def _orphans(key: ForeignKey, source: str, reference: str) -> str:
    """SQL: the number of rows whose foreign key is complete and points nowhere."""
    complete = " AND ".join(f"child.{quoted(name)} IS NOT NULL" for name in key.fields)
    same = " AND ".join(
        f"parent.{quoted(there)} = child.{quoted(here)}" for here, there in zip(key.fields, key.reference_fields, strict=True)
    )
    return f"(SELECT count(*) FROM {source} AS child WHERE {complete} AND NOT EXISTS (FROM {reference} AS parent WHERE {same}))"
