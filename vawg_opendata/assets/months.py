"""The parts of the flow that come in periods: records of a month, and counts of a month or a year, each kept until it changes.

Belongs here: the partitions, the assets that have them, and telling Dagster which partitions the job `publish` has made on its
way. Nothing has to be run here before a release: `publish` makes what is missing. It is for looking at a month before
the rest has arrived, and for making many months again, in one run or in several.
"""

import warnings
from collections.abc import Iterable, Iterator

import dagster as dg

from vawg_opendata import flow
from vawg_opendata.assets import landing
from vawg_opendata.assets.metadata import COLUMN_SCHEMA, ROW_COUNT, column_schema, schema_check
from vawg_opendata.assets.resources import OWNERS, RunSettings
from vawg_opendata.problems import RunError
from vawg_opendata.products import PRODUCTS, Product
from vawg_opendata.products.declaration import MONTH
from vawg_opendata.schemas import TableSchema
from vawg_opendata.schemas.crime_extract import RECORDS as EXTRACT
from vawg_opendata.schemas.street import STREET_CRIMES
from vawg_opendata.sources import crime_extract, police_uk
from vawg_opendata.statistics import FACTS

warnings.filterwarnings("ignore", message=".*backfill_policy.*", category=dg.BetaWarning)  # the policy is what one run of many periods needs

MONTHS = dg.MonthlyPartitionsDefinition(start_date="2010-12", fmt="%Y-%m", timezone="Europe/London")
"""From the first month of data.police.uk on; the newest is the last month that is over."""
YEARS = dg.TimeWindowPartitionsDefinition(start="2003", fmt="%Y", cron_schedule="0 0 1 1 *", timezone="Europe/London")
"""From the first year of the homicide series on."""

READ = {police_uk.NAME: dg.AssetKey(["months", "street_crimes"]), crime_extract.NAME: dg.AssetKey(["months", "crime_extract"])}
"""By source that may be delivered by month, the asset of its records by month."""
SCHEMA_CHECK = "schema"


def _partitions(product: Product) -> dg.PartitionsDefinition:
    """Months, or years where no table of a product has months."""
    return MONTHS if MONTH in {product.period(table).codelist for table in product.tables} else YEARS


KEYS = {name: dg.AssetKey(["months" if _partitions(product) is MONTHS else "years", name]) for name, product in PRODUCTS.items() if product.tables}
"""By product that counts, the asset of its counts by period."""


def _read(source: str, description: str, main: TableSchema) -> dg.AssetsDefinition:
    """The records of a source by month, of which `main` is the table that others hang on."""
    key, tables = READ[source], [schema.name for schema in flow.MONTHLY[source].BY_MONTH]

    @dg.asset(
        key=key,
        deps=[landing.KEYS[source]],
        partitions_def=MONTHS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        description=f"{description} Read again only when they, or the code, have changed.",
        group_name="records",
        owners=OWNERS,
        kinds={"duckdb", "parquet"},
        metadata={COLUMN_SCHEMA: column_schema(main)},
        check_specs=[
            dg.AssetCheckSpec(SCHEMA_CHECK, asset=key, blocking=True, description="Types, codes, ranges, keys and links as declared, in every month of the run.")
        ],
    )
    def read(context: dg.AssetExecutionContext, settings: RunSettings) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        if not flow.landing_folder(settings.settings).is_dir():
            raise RunError("There is no landing folder. Give one (VAWG_LANDING), or materialise the assets of the group landing first, for the sample.")
        kept, read = flow.read_months(settings.settings, source, context.partition_keys)
        failures: dict[tuple[str, str], int] = {}
        for month in context.partition_keys:
            metadata: dict[str, object] = {"at_hand": month in read}
            if month in read:
                accounts = kept.accounts(month)
                metadata |= {
                    ROW_COUNT: sum(account.rows_accepted for account in accounts),
                    "rows_quarantined": sum(account.rows_quarantined for account in accounts),
                    "read": read[month],
                }
                for table in tables:
                    for result in kept.checks(month, table):
                        place = (result.check, f"{table}.{result.column}")
                        failures[place] = failures.get(place, 0) + result.failures
            context.add_asset_metadata(metadata, asset_key=key, partition_key=month)
        yield dg.MaterializeResult(asset_key=key, metadata={"months": len(read), "months_read": sum(read.values())})
        yield schema_check(key, SCHEMA_CHECK, [flow.CheckResult(check, column, number) for (check, column), number in failures.items()])

    return read


def _counts(product: Product) -> dg.AssetsDefinition:
    measures = {measure.name for measure in product.measures}
    tables = dict.fromkeys(table for fact in FACTS if fact.measure in measures for table in fact.records)
    key, partitions = KEYS[product.name], _partitions(product)
    period = "month" if partitions is MONTHS else "year"

    @dg.asset(
        key=key,
        deps=[dg.AssetKey(["records", table]) for table in tables],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        description=f"Counts for {product.name} of a {period}, by the codes that the records hold. Unprotected. Counted again only when its records have changed.",
        group_name="statistics",
        owners=OWNERS,
        kinds={"duckdb", "parquet"},
    )
    def count(context: dg.AssetExecutionContext, settings: RunSettings) -> dg.MaterializeResult:
        counted = flow.count_some(settings.settings, product, context.partition_keys)
        for code in context.partition_keys:
            metadata = {"covered": code in counted, "counted": counted.get(code, False)}
            context.add_asset_metadata(metadata, asset_key=key, partition_key=code)
        return dg.MaterializeResult(metadata={"periods": len(counted), "periods_counted": sum(counted.values())})

    return count


def report(context: dg.AssetExecutionContext, key: dg.AssetKey, periods: Iterable[str]) -> None:
    """Tell Dagster of periods that a step of the job `publish` has made, so that it shows them as made."""
    partitions = MONTHS if key.path[0] == "months" else YEARS
    known = set(partitions.get_partition_keys())
    for period in periods:
        if period in known:
            context.log_event(dg.AssetMaterialization(key, partition=period, metadata={"made_by": context.job_name}))


RECORDS = (
    _read(police_uk.NAME, "Street-level crimes of a month as records: of the files of that month alone.", STREET_CRIMES),
    _read(
        crime_extract.NAME,
        "Offences of the extract that were recorded in a month, and what hangs on them, as records: of the files of that month alone, where the extract is delivered by month.",
        EXTRACT["offences"],
    ),
)
PARTITIONED = [*RECORDS, *(_counts(PRODUCTS[name]) for name in KEYS)]
