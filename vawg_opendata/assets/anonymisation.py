"""Stage anonymisation: what of each measure and of each list of records may be published, for each audience.

All tables of a measure are protected together, because they share cells. Metadata tell how many cells were withheld,
not which, and not how many of them are small in themselves: that would help to undo the protection.
"""

import dagster as dg

from vawg_opendata import flow
from vawg_opendata.assets import statistics
from vawg_opendata.assets.metadata import ROW_COUNT, rows
from vawg_opendata.assets.resources import OWNERS, RunSettings
from vawg_opendata.products import PRODUCTS, Product

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
                "share_withheld": round(sum(withheld.values()) / cells, 4),
                "by_table": rows(("table", "cells", "withheld"), [(name, table["cells"], withheld[name]) for name, table in summary.items()]),
            }
        )

    return protect


def records_key(product: Product) -> dg.AssetKey:
    """The key of the records of a product as they may be published one by one."""
    return dg.AssetKey(["protected", product.audience, product.name])


def _protected_records(product: Product) -> dg.AssetsDefinition:
    titles = " and ".join(declared.title for declared in product.records)

    @dg.asset(
        key=records_key(product),
        deps=[statistics.KEYS[product.name], *(key_of(product, measure.name) for measure in product.measures)],
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
    *(_protected_records(product) for product in PRODUCTS.values() if product.records),
]
