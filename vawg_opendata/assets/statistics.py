"""Stage statistics: the counts of each product with all their totals, and what other sources and vintages say of them.

Counts are unprotected here: they stay in the work folder, and metadata tell numbers of cells and never a count.
"""

import re
from collections.abc import Sequence

import dagster as dg

from vawg_opendata import flow
from vawg_opendata.assets import months, records
from vawg_opendata.assets.metadata import COLUMN_LINEAGE, COLUMN_SCHEMA, ROW_COUNT, rows
from vawg_opendata.assets.resources import OWNERS, RunSettings
from vawg_opendata.microdata.cases import TABLES
from vawg_opendata.products import PRODUCTS, Product
from vawg_opendata.statistics import FACTS, Outline, review

GROUP = "statistics"
RECONCILIATION_CHECK = "reconciliation"

REVIEWS = {
    "magnitude": (review.magnitude, "The newest period of each measure is of the size of those before."),
    "category_drift": (review.drift, "The newest period is spread over the categories as those before."),
    "completeness": (review.completeness, "No period is missing in the series, no measure ends before the others, and no borough falls silent."),
}
"""The checks whose findings only a person can judge, each with what finds them."""

ASK = "Ask whoever delivered the files whether that is so, before readers have it; the counts are in statistics/ of the work folder."
KNOW = "Know why before readers have it: the counts are in statistics/ of the work folder, and what vintages revised in the publisher's notes."

KEYS = {name: dg.AssetKey(["statistics", name]) for name in PRODUCTS}
_COLUMNS = {schema.name: schema.names for schemas in flow.RECORD_TABLES.values() for schema in schemas}


def _needed(product: Product) -> list[dg.AssetKey]:
    """What a product may be counted from: record tables and counts by period; of linked records, the record tables that cases are read from."""
    if product.linked:
        return [records.ACCOUNTING, *(records.KEYS[f"extract_{table}"] for table in TABLES)]
    measures = {measure.name for measure in product.measures}
    tables = dict.fromkeys(table for fact in FACTS if fact.measure in measures for table in fact.records)
    return [records.ACCOUNTING, *(records.KEYS[table] for table in tables), months.KEYS[product.name]]


def _statistics(product: Product) -> dg.AssetsDefinition:
    key = KEYS[product.name]

    @dg.multi_asset(
        name=f"count_{product.name.replace('-', '_')}",
        specs=[
            dg.AssetSpec(
                key,
                deps=_needed(product),
                description=f"Counts for {product.name}: {', '.join(table.name for table in product.tables)}. Unprotected."
                if product.tables
                else f"The source and the months of {product.name}, of which nothing is counted.",
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
            ),
            *(dg.AssetCheckSpec(name, asset=key, description=description) for name, (_, description) in REVIEWS.items()),
        ],
    )
    def count(context: dg.AssetExecutionContext, settings: RunSettings):
        statistics = flow.count(settings.settings, product)
        if statistics is None:
            context.log.info(f"{product.name}: not asked for, or no source at hand gives it.")
            yield dg.MaterializeResult(asset_key=key, metadata={"counted": False})
            yield _reconciliation(key, ())
            yield from (_reviewed(key, name, []) for name in REVIEWS)
            return
        if product.tables:
            months.report(context, months.KEYS[product.name], statistics.counted)
        outline = statistics.outline
        metadata = {
            "counted": True,
            ROW_COUNT: sum(table.counts.size for table in statistics.counts.values()),
            "cells": rows(("table", "cells"), [(name, table.counts.size) for name, table in statistics.counts.items()]),
            "sources": rows(("measure", "source"), outline.sources.items()),
            "months": f"{outline.months[0]} to {outline.months[-1]}",
            "periods_counted": len(statistics.counted),
            COLUMN_SCHEMA: _columns(outline),
            COLUMN_LINEAGE: _lineage(outline),
        }
        if outline.left_out:
            metadata["left_out"] = rows(("table", "reason"), outline.left_out.items())
        yield dg.MaterializeResult(asset_key=key, metadata=metadata)
        yield _reconciliation(key, statistics.comparisons)
        yield from (_reviewed(key, name, judge(statistics)) for name, (judge, _) in REVIEWS.items())

    return count


def _reviewed(key: dg.AssetKey, name: str, findings: Sequence[str]) -> dg.AssetCheckResult:
    """A warning with what a person should look at; the findings name periods and codes and no count."""
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=not findings,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{'; '.join(findings)}. {ASK}" if findings else "Nothing to look at.",
        metadata={"findings": len(findings)},
    )


def _columns(outline: Outline) -> dg.TableSchema:
    """The columns of the product's tables, each as `table.column`."""
    columns = []
    for table in outline.tables:
        columns += [dg.TableColumn(f"{table.name}.{axis}", type="string", description=f"Codes of the code list {axis}.") for axis in table.axes]
        columns.append(dg.TableColumn(f"{table.name}.{table.measure}", type="integer", description="Counts, unprotected."))
    return dg.TableSchema(columns)


def _lineage(outline: Outline) -> dg.TableColumnLineage:
    """From which columns of which records each column of the product's tables comes: those that its fact's expressions name."""
    of_source = {}
    for fact in FACTS:
        of_source.setdefault((fact.source, fact.measure), []).append(fact)
    columns: dict[str, list[dg.TableColumnDep]] = {}
    for table in outline.tables:
        fact = min(
            (one for one in of_source[table.source, table.measure] if set(table.axes) <= set(one.dimensions)), key=lambda one: len(one.dimensions)
        )
        for name, expression in {**{axis: fact.dimensions[axis] for axis in table.axes}, table.measure: fact.weight}.items():
            words = set(re.findall(r"[a-z_]+", expression))
            columns[f"{table.name}.{name}"] = [
                dg.TableColumnDep(records.KEYS[record], column) for record in fact.records for column in _COLUMNS[record] if column in words
            ]
    return dg.TableColumnLineage({name: deps for name, deps in columns.items() if deps})


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
        description="; ".join(comparison.summary for comparison in comparisons) + (f". {KNOW}" if differing else "") or "There is nothing to compare with.",
        metadata=metadata,
    )


STATISTICS = [_statistics(product) for product in PRODUCTS.values()]
