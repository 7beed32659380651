"""What differs between the rows of one table in two versions: rows added and removed, values revised, cells newly suppressed
or released.

Rows are matched by primary key and compared in the columns that both versions have, in DuckDB. The codes of each cell that
changed are listed, with its count before and now where both are published; of a cell that is withheld now, never a count. Rows
of a table without a key, records published one by one, are counted and never listed.

A year that is not over counts more with every month. Where a code of time covers other months than it did, its count has grown, and
nobody can tell how much of that is a revision: it is not called one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from vawg_opendata.schemas.relation import csv_relation
from vawg_opendata.schemas.rules import literal, quoted

REVISED, GROWN, SUPPRESSED, RELEASED, RESTATED = "revised", "grown", "suppressed", "released", "restated"
"""What can become of a cell: another count of the same months, or of other months; withheld now; published now; another status otherwise,
such as not available."""


@dataclass(frozen=True)
class TableChange:
    """What changed in the rows of one table or code list.

    `added`, `removed`, `revised`, `grown`, `newly_suppressed`, `newly_published`, `restated` are numbers of rows. `cells` has a row per
    cell of a statistical table that changed: its codes in the order of `dimensions`, the measure, what became of it, the
    count before and the count now. `codes` has (code, change, column, old, new) for the codes of a code list. `regrouped` says
    that a code has another level, or another parent that does not merely stand between it and the one it had; `keyed` that rows can be told apart by a key.
    """

    name: str
    added: int = 0
    removed: int = 0
    revised: int = 0
    grown: int = 0
    newly_suppressed: int = 0
    newly_published: int = 0
    restated: int = 0
    dimensions: tuple[str, ...] = ()
    cells: tuple[tuple, ...] = ()
    codes: tuple[tuple, ...] = ()
    regrouped: bool = False
    keyed: bool = True

    @property
    def values_changed(self) -> bool:
        """Whether a row that both versions have differs; without keys, whether any row is not in the other version."""
        return bool(self.revised or self.grown or self.newly_suppressed or self.newly_published or self.restated or (not self.keyed and self.removed))

    @property
    def taken_away(self) -> bool:
        """Whether readers miss rows that they had. Records without keys come and go with each version."""
        return self.keyed and self.removed > 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.added or self.removed or self.values_changed)


def regrown(before: dict, old: Path, after: dict, new: Path) -> frozenset[str]:
    """The codes of a code list of time that cover other months in one version than in the other, given its resources and its files.

    A code says in its label which months are covered, where that is not all of them (`statistics.periods`).
    """
    lists = [csv_relation(path, {field["name"]: "VARCHAR" for field in one["schema"]["fields"]}) for one, path in ((before, old), (after, new))]
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        rows = connection.execute(f"SELECT code FROM {lists[0]} AS old JOIN {lists[1]} AS new USING (code) WHERE old.label <> new.label").fetchall()
    return frozenset(code for (code,) in rows)


def compare_rows(before: dict, old: Path, after: dict, new: Path, grown: Mapping[str, frozenset[str]]) -> TableChange:
    """Compare two CSV files, given their resources in the descriptors. ValueError where a file is not as its schema says.

    `grown`: by column, the codes that cover other months than before.
    """
    name = after["name"]
    was, now = ([field["name"] for field in resource["schema"]["fields"]] for resource in (before, after))
    shared = [column for column in now if column in was]
    keys = after["schema"].get("primaryKey")
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        connection.execute(f"CREATE TABLE old AS SELECT {_list(shared)} FROM {csv_relation(old, dict.fromkeys(was, 'VARCHAR'))}")
        connection.execute(f"CREATE TABLE new AS SELECT {_list(shared)} FROM {csv_relation(new, dict.fromkeys(now, 'VARCHAR'))}")
        if not keys or keys != before["schema"].get("primaryKey"):
            return _unkeyed(connection, name)
        others = [column for column in shared if column not in keys]
        added, removed = _only(connection, keys, "new", "old"), _only(connection, keys, "old", "new")
        if after.get("statistics"):
            types = {field["name"]: "DOUBLE" if field["type"] == "number" else "BIGINT" for field in after["schema"]["fields"]}
            return _cells(connection, name, keys, after["statistics"], types, others, (added, removed), grown)
        if after["path"].startswith("codelists/"):
            return _codes(connection, name, keys[0], others, added, removed)
        revised = connection.execute(f"SELECT count(*) FROM old JOIN new USING ({_list(keys)}) WHERE {_differs(others)}").fetchall()[0][0]
        return TableChange(name, added, removed, revised)


def _list(columns: list[str]) -> str:
    return ", ".join(quoted(column) for column in columns)


def _differs(columns: list[str]) -> str:
    return " OR ".join(f"old.{quoted(column)} IS DISTINCT FROM new.{quoted(column)}" for column in columns) or "false"


def _only(connection: duckdb.DuckDBPyConnection, keys: list[str], here: str, there: str) -> int:
    return connection.execute(f"SELECT count(*) FROM {here} ANTI JOIN {there} USING ({_list(keys)})").fetchall()[0][0]


def _unkeyed(connection: duckdb.DuckDBPyConnection, name: str) -> TableChange:
    """Rows as often as they occur: how many of each version have no like in the other."""
    added, removed = (
        connection.execute(f"SELECT count(*) FROM (FROM {here} EXCEPT ALL FROM {there})").fetchall()[0][0] for here, there in (("new", "old"), ("old", "new"))
    )
    return TableChange(name, added, removed, keyed=False)


def _cells(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    keys: list[str],
    statistics: list[dict],
    types: dict[str, str],
    others: list[str],
    rows: tuple[int, int],
    grown: Mapping[str, frozenset[str]],
) -> TableChange:
    """The cells of a statistical table, measure by measure; `rows`: how many were added and removed."""
    cells: list[tuple] = []
    other_months = " OR ".join(f"new.{quoted(column)} IN ({', '.join(map(literal, sorted(codes)))})" for column, codes in grown.items() if codes) or "false"
    for statistic in statistics:
        measure, status = statistic["measure"], statistic["status"]
        if measure not in others or status not in others:
            continue  # a measure that the older version does not have; the schema's change tells it
        was, now, state, states = f"old.{quoted(measure)}", f"new.{quoted(measure)}", f"old.{quoted(status)}", f"new.{quoted(status)}"
        change = (
            f"CASE WHEN {states} = 'c' THEN '{SUPPRESSED}' WHEN {state} = 'c' AND {states} IS NULL THEN '{RELEASED}' "
            f"WHEN {state} IS NULL AND {states} IS NULL THEN CASE WHEN {other_months} THEN '{GROWN}' ELSE '{REVISED}' END ELSE '{RESTATED}' END"
        )
        codes = ", ".join(f"new.{quoted(key)}" for key in keys)
        cells += connection.execute(
            f"SELECT {codes}, {literal(measure)}, {change} AS change, "
            f"CASE WHEN {states} IS NULL THEN CAST({was} AS {types[measure]}) END, CAST({now} AS {types[measure]}) "
            f"FROM old JOIN new USING ({_list(keys)}) WHERE {_differs([measure, status])} ORDER BY ALL"
        ).fetchall()
    numbers = [sum(cell[len(keys) + 1] == kind for cell in cells) for kind in (REVISED, GROWN, SUPPRESSED, RELEASED, RESTATED)]
    return TableChange(name, *rows, *numbers, dimensions=tuple(keys), cells=tuple(cells))


def _codes(connection: duckdb.DuckDBPyConnection, name: str, key: str, others: list[str], added: int, removed: int) -> TableChange:
    """The codes of a code list: those added and removed with their labels, and every column of a code that changed."""
    label = quoted("label") if "label" in others else "NULL"
    codes: list[tuple] = []
    for kind, here, there in (("added", "new", "old"), ("removed", "old", "new")):
        columns = f"NULL, {label}" if kind == "added" else f"{label}, NULL"
        codes += connection.execute(
            f"SELECT {quoted(key)}, '{kind}', 'label', {columns} FROM {here} ANTI JOIN {there} USING ({quoted(key)}) ORDER BY ALL"
        ).fetchall()
    steady = [column for column in others if column != "sort_order"]  # follows from the codes added and removed
    for column in steady:
        codes += connection.execute(
            f"SELECT new.{quoted(key)}, 'changed', {literal(column)}, old.{quoted(column)}, new.{quoted(column)} "
            f"FROM old JOIN new USING ({quoted(key)}) WHERE {_differs([column])} ORDER BY ALL"
        ).fetchall()
    revised = connection.execute(f"SELECT count(*) FROM old JOIN new USING ({quoted(key)}) WHERE {_differs(others)}").fetchall()[0][0]
    return TableChange(name, added, removed, revised, codes=tuple(codes), regrouped=_regrouped(connection, key, codes))


def _regrouped(connection: duckdb.DuckDBPyConnection, key: str, codes: list[tuple]) -> bool:
    """Whether a code counts towards others than it did. A parent that is new and itself below the one before only divides that."""
    known = {code for (code,) in connection.execute(f"SELECT {quoted(key)} FROM old").fetchall()}
    above: dict[str, dict[str, str | None]] = {}
    for _, change, column, was, now in codes:
        if change != "changed" or not (column == "level" or column.startswith("parent")):
            continue
        if column == "level":
            return True
        if column not in above:
            above[column] = dict(connection.execute(f"SELECT {quoted(key)}, {quoted(column)} FROM new").fetchall())
        up = now
        while up is not None and up not in known:
            up = above[column].get(up)
        if up is None or up != was:
            return True
    return False
