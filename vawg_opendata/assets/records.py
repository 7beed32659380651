"""Stage records: the input files as tidy, coded tables, judged by their declarations, and the accounts of the reading.

One step reads all sources, because a wrong file of any of them stops the run before anything is written. A record table
of which no file is at hand is materialised as absent, so that what depends on it still runs.
"""

from collections.abc import Iterator

import dagster as dg

from vawg_opendata import flow
from vawg_opendata.assets import landing, months
from vawg_opendata.assets.metadata import COLUMN_SCHEMA, ROW_COUNT, column_schema, rows, schema_check
from vawg_opendata.assets.resources import OWNERS, RunSettings

GROUP = "records"
SCHEMA_CHECK = "schema"
ACCOUNTING_CHECK = "nothing_lost"

KEYS = {schema.name: dg.AssetKey(["records", schema.name]) for schemas in flow.RECORD_TABLES.values() for schema in schemas}
ACCOUNTING = dg.AssetKey(["records", "accounting"])


@dg.multi_asset(
    name="read_records",
    specs=[
        dg.AssetSpec(
            KEYS[schema.name],
            deps=[landing.KEYS[source], *([months.READ[source]] if source in months.READ else [])],
            description=f"{schema.title}. {schema.description}",
            group_name=GROUP,
            owners=OWNERS,
            kinds={"duckdb", "parquet"},
            metadata={COLUMN_SCHEMA: column_schema(schema)},
        )
        for source, schemas in flow.RECORD_TABLES.items()
        for schema in schemas
    ]
    + [
        dg.AssetSpec(
            ACCOUNTING,
            deps=list(landing.KEYS.values()),
            description="What became of every row of every file and of the counts it carries: accepted, or quarantined with a reason.",
            group_name=GROUP,
            owners=OWNERS,
            kinds={"json"},
        )
    ],
    check_specs=[
        dg.AssetCheckSpec(
            SCHEMA_CHECK,
            asset=key,
            blocking=True,
            description="Types, codes, ranges, keys and links as declared (Pandera; the same rules in DuckDB for large tables).",
        )
        for key in KEYS.values()
    ]
    + [
        dg.AssetCheckSpec(
            ACCOUNTING_CHECK, asset=ACCOUNTING, blocking=True, description="Per file: read = accepted + quarantined, in rows and in counts."
        )
    ],
)
def read_records(context: dg.AssetExecutionContext, settings: RunSettings) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Read every file of the landing folder, judge the records, account for all rows."""
    report = flow.read_records(settings.settings)
    for source, read in report.read.items():
        months.report(context, months.READ[source], read)
    for name, key in KEYS.items():
        number = flow.row_count(report.tables[name]) if name in report.tables else 0
        yield dg.MaterializeResult(asset_key=key, metadata={ROW_COUNT: number, "at_hand": name in report.tables})
    results = flow.judge_records(settings.settings)
    for name, key in KEYS.items():
        yield schema_check(key, SCHEMA_CHECK, results.get(name, []))
    yield from _accounts(report)


def _accounts(report: flow.LandingReport) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    accounts = report.accounting.files
    columns = ("source", "file", "part", "rows_read", "rows_accepted", "rows_quarantined")
    metadata: dict[str, object] = {
        "files": len(report.files),
        **{f"rows_{state}": number for state, number in report.accounting.rows().items()},
        "by_file": rows(columns, [tuple(getattr(account, column) for column in columns) for account in accounts]),
    }
    if report.quarantined:
        metadata["quarantined_by_reason"] = rows(("reason", "rows"), report.quarantined.items())
    yield dg.MaterializeResult(asset_key=ACCOUNTING, metadata=metadata)
    unequal = [
        account
        for account in accounts
        if account.rows_read != account.rows_accepted + account.rows_quarantined
        or account.counts_read != account.counts_accepted + account.counts_quarantined
    ]
    yield dg.AssetCheckResult(
        asset_key=ACCOUNTING,
        check_name=ACCOUNTING_CHECK,
        passed=not unequal,
        description=f"{len(unequal)} of {len(accounts)} accounts do not add up: {', '.join(sorted({account.file for account in unequal}))}. Rows were lost or invented between "
        "these files and their records, see accounting.json in the work folder: a fault of this software, to be reported. Nothing is published."
        if unequal
        else f"All {len(accounts)} accounts add up.",
        metadata={"accounts": len(accounts), "unequal": len(unequal)},
    )
