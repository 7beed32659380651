"""Stage anonymisation: what of each measure and of each list of records may be published, for each audience.

All tables of a measure are protected together, because they share cells. Metadata tell how many cells were withheld,
not which, and not how many of them are small in themselves: that would help to undo the protection.
"""

import dagster as dg

from vawg_opendata import flow
from vawg_opendata.assets import statistics
from vawg_opendata.assets.metadata import ROW_COUNT, rows, sparkline
from vawg_opendata.assets.resources import OWNERS, RunSettings
from vawg_opendata.products import PRODUCTS, Product
from vawg_opendata.settings import Settings

GROUP = "anonymisation"


def key_of(product: Product, measure: str) -> dg.AssetKey:
    """The key of a measure as it may be published to the audience of a product."""
    return dg.AssetKey(["protected", product.audience, measure])


def _protected(product: Product, measure: str, title: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=key_of(product, measure),
        deps=[statistics.KEYS[product.name], *(key_of(other, measure) for other in flow.before(product, measure))],
        description=f"{title}, as they may be published to the audience {product.audience} (threshold {product.policy.threshold}).",
        group_name=GROUP,
        owners=OWNERS,
        kinds={"numpy"},
    )
    def protect(settings: RunSettings) -> dg.MaterializeResult:
        summary = flow.protect_measure(settings.settings, product, measure)
        if summary is None:
            return dg.MaterializeResult(metadata={"counted": False})
        cells = sum(table["cells"] for table in summary.values())
        withheld = {name: table["primary"] + table["secondary"] for name, table in summary.items()}
        return dg.MaterializeResult(
            metadata={
                "counted": True,
                ROW_COUNT: cells,
                "withheld": sum(withheld.values()),
                "series": dg.MetadataValue.md(_chart(settings.settings, product, measure)),
                "share_withheld": round(sum(withheld.values()) / cells, 4),
                "by_table": rows(("table", "cells", "withheld"), [(name, table["cells"], withheld[name]) for name, table in summary.items()]),
            }
        )

    return protect


def _chart(settings: Settings, product: Product, measure: str) -> str:
    """The series of a measure over all that is told apart, as it may be published: a line of bars for each level of its periods."""
    counted = flow.counted(settings, product)
    table = next(one for one in counted.outline.tables if one.measure == measure)
    shown = flow.protected(settings, product, counted, measure)[table.name]
    codelist = counted.outline.codelists[table.period]
    lines = ["| periods | from | to | |", "|---|---|---|---|"]
    for level in dict.fromkeys(row["level"] for row in codelist.rows if row["level"] != "total"):
        codes = [row["code"] for row in codelist.rows if row["level"] == level and row["code"] in shown.axes[table.period]]
        if not codes:
            continue
        cells = [
            tuple(axis.index(code if name == table.period else counted.outline.codelists[name].total) for name, axis in shown.axes.items()) for code in codes
        ]
        series = [int(shown.values[cell]) if shown.published[cell] else None for cell in cells]
        lines.append(f"| {level} | {codes[0]} | {codes[-1]} | {sparkline(series)} |")
    return "\n".join(lines)


def records_key(product: Product) -> dg.AssetKey:
    """The key of the records of a product as they may be published one by one."""
    return dg.AssetKey(["protected", product.audience, product.name])


def _protected_records(product: Product) -> dg.AssetsDefinition:
    titles = " and ".join(declared.title for declared in product.records) or product.title
    beside = flow.counted_beside(product)

    @dg.asset(
        key=records_key(product),
        deps=[
            statistics.KEYS[product.name],
            *(key_of(product, measure.name) for measure in product.measures),
            *(key_of(other, measure) for other, measure in beside),
        ],
        description=f"{titles}, one by one, as they may be published to the audience {product.audience}.",
        group_name=GROUP,
        owners=OWNERS,
        kinds={"parquet"},
    )
    def protect(settings: RunSettings) -> dg.MaterializeResult:
        summary = flow.protect_records(settings.settings, product)
        if summary is None:
            return dg.MaterializeResult(metadata={"at_hand": False})
        return dg.MaterializeResult(metadata={"at_hand": True, "lists": dg.MetadataValue.json(dict(summary))})

    return protect


PROTECTED = [
    *(_protected(product, measure.name, measure.title) for product in PRODUCTS.values() for measure in product.measures),
    *(_protected_records(product) for product in PRODUCTS.values() if product.records or product.linked),
]
