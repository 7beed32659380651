"""Stage statistics: the counts of each product with all their totals, and what other sources and vintages say of them.

Counts are unprotected here: they stay in the work folder, and metadata tell numbers of cells and never a count.
"""

import dagster as dg

from vawg_opendata import flow
from vawg_opendata.assets import records
from vawg_opendata.assets.metadata import ROW_COUNT, rows
from vawg_opendata.assets.resources import OWNERS, RunSettings
from vawg_opendata.products import PRODUCTS, Product
from vawg_opendata.statistics import FACTS

GROUP = "statistics"
RECONCILIATION_CHECK = "reconciliation"

KEYS = {name: dg.AssetKey(["statistics", name]) for name in PRODUCTS}


def _needed(product: Product) -> list[dg.AssetKey]:
    """The record tables from which a product may be counted."""
    measures = {measure.name for measure in product.measures}
    tables = dict.fromkeys(table for fact in FACTS if fact.measure in measures for table in fact.records)
    return [records.ACCOUNTING, *(records.KEYS[table] for table in tables)]


def _statistics(product: Product) -> dg.AssetsDefinition:
    key = KEYS[product.name]

    @dg.multi_asset(
        name=f"count_{product.name.replace('-', '_')}",
        specs=[
            dg.AssetSpec(
                key,
                deps=_needed(product),
                description=f"Counts for {product.name}: {', '.join(table.name for table in product.tables)}. Unprotected.",
                group_name=GROUP,
                owners=OWNERS,
                kinds={"duckdb"},
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                RECONCILIATION_CHECK,
                asset=key,
                description="Totals per period agree with the other sources of the measure, and with the vintage before.",
            )
        ],
    )
    def count(context: dg.AssetExecutionContext, settings: RunSettings):
        statistics = flow.count(settings.settings, product)
        if statistics is None:
            context.log.info(f"{product.name}: not asked for, or no source at hand gives it.")
            yield dg.MaterializeResult(asset_key=key, metadata={"counted": False})
            yield _reconciliation(key, ())
            return
        outline = statistics.outline
        metadata = {
            "counted": True,
            ROW_COUNT: sum(table.counts.size for table in statistics.counts.values()),
            "cells": rows(("table", "cells"), [(name, table.counts.size) for name, table in statistics.counts.items()]),
            "sources": rows(("measure", "source"), outline.sources.items()),
            "months": f"{outline.months[0]} to {outline.months[-1]}",
        }
        if outline.left_out:
            metadata["left_out"] = rows(("table", "reason"), outline.left_out.items())
        yield dg.MaterializeResult(asset_key=key, metadata=metadata)
        yield _reconciliation(key, statistics.comparisons)

    return count


def _reconciliation(key: dg.AssetKey, comparisons) -> dg.AssetCheckResult:
    """A warning where totals differ: a person must know, and nothing is wrong with the records for it."""
    differing = [comparison for comparison in comparisons if comparison.differences]
    metadata: dict[str, object] = {"comparisons": len(comparisons), "differing": len(differing)}
    if comparisons:
        columns = ("kind", "measure", "published", "other", "periods")
        shown = [(*(getattr(one, column) for column in columns), len(one.differences)) for one in comparisons]
        metadata["compared"] = rows((*columns, "differing"), shown)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=RECONCILIATION_CHECK,
        passed=not differing,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(comparison.summary for comparison in comparisons) or "There is nothing to compare with.",
        metadata=metadata,
    )


STATISTICS = [_statistics(product) for product in PRODUCTS.values()]
