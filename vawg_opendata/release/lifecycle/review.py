"""The report for those who approve a version: what to look at, in one page, from the package's files.

Per column the smallest value, the smallest above zero, the largest, and how many are suppressed, not available or missing; what
changed; what the intruder found; and the sizes against the last version with the tolerances stated here. A blocker stops an
approval, a warning asks for a look; both have names. Nothing is decided here, and the report is not published: its readers see
what readers of the package will see, before them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from vawg_opendata.release.changes.comparison import Changes
from vawg_opendata.release.changes.text import changes_text
from vawg_opendata.release.checks.audit import AuditReport
from vawg_opendata.release.lifecycle.store import DESCRIPTOR
from vawg_opendata.schemas.relation import csv_relation
from vawg_opendata.schemas.rules import quoted

_TYPES = {"integer": "BIGINT", "number": "DOUBLE"}


@dataclass(frozen=True)
class Tolerances:
    """How far a version may be from the last one before a person is warned, as shares of the last one."""

    rows_lost: float = 0.0
    rows_gained: float = 0.25
    revised: float = 0.05  # of the cells that both have
    withheld: float = 0.02  # more of all cells


TOLERANCES = Tolerances()


def review_report(package: Path, newest: Path | None, changes: Changes, audit: AuditReport, preparation: Mapping[str, object]) -> dict:
    """The report on a prepared package against the newest released version, as plain data."""
    descriptor = json.loads((package / DESCRIPTOR).read_text(encoding="utf-8"))
    tables = _tables(package, descriptor)
    before = {table["table"]: table for table in _tables(newest, json.loads((newest / DESCRIPTOR).read_text(encoding="utf-8")))} if newest else {}
    for table in tables:
        table["rows_before"] = before[table["table"]]["rows"] if table["table"] in before else None
    return {
        "product": descriptor["name"],
        "audience": descriptor["audience"],
        "version": descriptor["version"],
        "since": changes.since,
        "synthetic": descriptor["synthetic"],
        "approvals": preparation["approvals"],
        "note": changes.note,
        "blockers": _blockers(tables, audit),
        "warnings": _warnings(tables, before, changes),
        "tolerances": vars(TOLERANCES),
        "tables": tables,
        "changes": changes_text(descriptor["title"], changes),
        "intruder": audit.lines(),
    }


def _tables(package: Path, descriptor: dict) -> list[dict]:
    """Every table that is no code list, with a summary per column."""
    summaries = []
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        for resource in descriptor["resources"]:
            if resource.get("type") == "table" and not resource["path"].startswith("codelists/"):
                summaries.append(_table(connection, package, resource))
    return summaries


def _table(connection: duckdb.DuckDBPyConnection, package: Path, resource: dict) -> dict:
    fields = resource["schema"]["fields"]
    types = {field["name"]: _TYPES.get(field["type"], "VARCHAR") for field in fields}
    connection.execute(f"CREATE OR REPLACE TEMP TABLE looked_at AS FROM {csv_relation(package / resource['path'], types)}")
    statistics = {entry["measure"]: entry for entry in resource.get("statistics", [])}
    status = {entry["status"] for entry in statistics.values()}  # is told with its count
    columns = [_column(connection, name, kind, statistics.get(name)) for name, kind in types.items() if name not in status]
    return {
        "table": resource["name"],
        "rows": connection.execute("SELECT count(*) FROM looked_at").fetchall()[0][0],
        "thresholds": {measure: entry["threshold"] for measure, entry in statistics.items()},
        "columns": columns,
    }


def _column(connection: duckdb.DuckDBPyConnection, name: str, kind: str, statistic: dict | None) -> dict:
    """The summary of a column. `missing` are values that are absent without a status that says why."""
    column = quoted(name)
    numeric = f"min({column}), min({column}) FILTER ({column} > 0), max({column})" if kind != "VARCHAR" else "NULL, NULL, NULL"
    status = quoted(statistic["status"]) if statistic else "NULL"
    row = connection.execute(
        f"SELECT count(DISTINCT {column}), {numeric}, count(*) FILTER ({status} = 'c'), count(*) FILTER ({status} IN ('x', 'z')), "
        f"count(*) FILTER ({column} IS NULL AND {status} IS NULL) FROM looked_at"
    ).fetchall()[0]
    return {"column": name} | dict(zip(("distinct", "minimum", "minimum_above_zero", "maximum", "suppressed", "not_available", "missing"), row, strict=True))


def _blockers(tables: list[dict], audit: AuditReport) -> list[dict]:
    """What no approval can overrule."""
    found = [{"name": "disclosed", "what": fault} for fault in audit.faults()]
    for table in tables:
        for column in table["columns"]:
            threshold = table["thresholds"].get(column["column"])
            if threshold is None:
                continue
            where = f"{table['table']}.{column['column']}"
            if column["minimum_above_zero"] is not None and column["minimum_above_zero"] < threshold:
                found.append({"name": "small-count", "what": f"{where}: {column['minimum_above_zero']} is published, and the threshold is {threshold}"})
            if column["missing"]:
                found.append({"name": "count-without-status", "what": f"{where}: {column['missing']} counts are absent and no status says why"})
    return found


def _warnings(tables: list[dict], before: Mapping[str, dict], changes: Changes) -> list[dict]:
    """What a person should look at."""
    if not changes.since:
        return [{"name": "first-version", "what": "there is nothing to compare it with"}]
    found = [{"name": "resource-removed", "what": name} for name in changes.resources_removed]
    found += [{"name": "schema-changed", "what": change.resource} for change in changes.schemas]
    found += [{"name": "protection-changed", "what": name} for name in changes.protection_changed]
    found += [{"name": "meaning-changed", "what": name} for name in changes.meaning_changed]
    revised = {change.name: change.revised for change in changes.tables}
    for table in tables:
        old = before.get(table["table"])
        if old is None:
            continue
        rows, past = table["rows"], old["rows"]
        if rows < past * (1 - TOLERANCES.rows_lost):
            found.append({"name": "rows-lost", "what": f"{table['table']}: {past:,} rows before, {rows:,} now"})
        if rows > past * (1 + TOLERANCES.rows_gained):
            found.append({"name": "rows-gained", "what": f"{table['table']}: {past:,} rows before, {rows:,} now"})
        if past and revised.get(table["table"], 0) > past * TOLERANCES.revised:
            found.append({"name": "much-revised", "what": f"{table['table']}: {revised[table['table']]:,} of {past:,} cells"})
        shares = [_withheld(one) for one in (old, table)]
        if shares[1] > shares[0] + TOLERANCES.withheld:
            found.append({"name": "more-withheld", "what": f"{table['table']}: {shares[0]:.1%} of cells before, {shares[1]:.1%} now"})
    return found


def _withheld(table: dict) -> float:
    """The share of a table's rows with a suppressed count."""
    return max((column["suppressed"] for column in table["columns"]), default=0) / table["rows"] if table["rows"] else 0.0


def review_text(report: dict) -> str:
    """The report as a page of text."""
    needed = report["approvals"]
    lines = [f"# Review of {report['product']} {report['version']} ({report['audience']})", ""]
    lines += [f"Compared with {report['since']}." if report["since"] else "The first version."]
    lines += [f"Synthetic: {'yes' if report['synthetic'] else 'no'}. People who must approve it: {needed or 'nobody'}, and never who prepared it.", ""]
    for kind, words in (("blockers", "Nobody can approve it before these are gone"), ("warnings", "Look at these")):
        lines += [f"## {kind.capitalize()}", ""]
        lines += [words + ":", "", *(f"- {one['name']}: {one['what']}" for one in report[kind])] if report[kind] else ["None."]
        lines += [""]
    lines += ["Tolerances, as shares of the last version: " + ", ".join(f"{name} {value:g}" for name, value in report["tolerances"].items()) + ".", ""]
    lines += ["## What the intruder found", "", *(f"- {line}" for line in report["intruder"]), "", "## Columns", ""]
    lines += ["| table | rows | before | column | distinct | min | min > 0 | max | suppressed | not available | missing |", "|" + "---|" * 11]
    for table in report["tables"]:
        before = "" if table["rows_before"] is None else f"{table['rows_before']:,}"
        for column in table["columns"]:
            shown = [column[key] for key in ("minimum", "minimum_above_zero", "maximum")]
            cells = [table["table"], f"{table['rows']:,}", before, column["column"], f"{column['distinct']:,}"]
            cells += ["" if value is None else f"{value:,}" for value in shown]
            lines.append(f"| {' | '.join((*cells, *(f'{column[key]:,}' for key in ('suppressed', 'not_available', 'missing'))))} |")
    return "\n".join([*lines, "", report["changes"]])
