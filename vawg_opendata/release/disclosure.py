"""`disclosure.json`: what was done to protect the package and what the intruder found, giving nothing away.

It tells the policy, the guarantee and the share of cells withheld per table; not which cells were small in themselves
and which only protect others, which would help to undo the protection.
"""

from collections.abc import Sequence

from vawg_opendata.products.declaration import Product
from vawg_opendata.release.audit import AuditReport
from vawg_opendata.release.tables import NOT_AVAILABLE, SUPPRESSED, PackageTable

GUARANTEE = (
    "No count from 1 to {last} is published. Given everything published to this audience, a withheld count that could be below "
    "{threshold} has possible values at least {threshold} apart, largest minus smallest: nobody can prove that it is small."
)
METHOD = (
    "Counts below the threshold are withheld, and further counts until the guarantee holds over all tables of a measure together. "
    "Then an intruder, a separate program that reads only the published files, derives the interval of possible values of each "
    "withheld count from all published ones (interval propagation, then linear programs). The package is published only if no "
    "interval breaks the guarantee."
)


def disclosure(product: Product, version: str, tables: Sequence[PackageTable], report: AuditReport) -> dict:
    """The content of `disclosure.json`."""
    threshold = product.policy.threshold
    return {
        "product": product.name,
        "version": version,
        "audience": product.audience,
        "threshold": threshold,
        "guarantee": GUARANTEE.format(threshold=threshold, last=threshold - 1),
        "method": METHOD,
        "tables": [_shares(table) for table in tables if table.kind == "statistics"],
        "intruder": [
            {
                "measure": measure.measure,
                "packages": list(measure.packages),
                "tables": measure.tables,
                "cells": measure.cells,
                "withheld": measure.withheld,
                "disclosed": measure.disclosed,
            }
            for measure in report.measures
        ],
    }


def _shares(table: PackageTable) -> dict:
    status = table.columns[-1]
    withheld, unavailable = status.count(SUPPRESSED), status.count(NOT_AVAILABLE)
    available = table.rows - unavailable
    return {
        "table": table.name,
        "measure": table.measure,
        "cells": table.rows,
        "not_available": unavailable,
        "withheld": withheld,
        "share_withheld": round(withheld / available, 4) if available else 0.0,
    }
