"""`disclosure.json`: what was done to protect the package and what the intruder found, giving nothing away.

It tells the policy, the guarantee and the share of cells withheld per table; not which cells were small in themselves
and which only protect others, which would help to undo the protection.
"""

from collections.abc import Sequence

from anonymisation.appetite import name_of
from anonymisation.disclosure import describe
from vawg_opendata.products.declaration import Product
from vawg_opendata.release.checks.audit import AuditReport
from vawg_opendata.release.package.tables import NOT_AVAILABLE, SUPPRESSED, PackageTable

def disclosure(product: Product, version: str, tables: Sequence[PackageTable], report: AuditReport) -> dict:
    """The content of `disclosure.json`."""
    told = {
        "product": product.name,
        "version": version,
        "audience": product.audience,
        "policy": name_of(product.policy),
        "threshold": product.policy.threshold,
        **describe(product.policy),
        "tables": [_shares(table) for table in tables if table.kind == "statistics"],
        "intruder": [
            {
                "measure": measure.measure,
                "packages": list(measure.packages),
                "tables": measure.tables,
                "cells": measure.cells,
                "withheld": measure.withheld,
                "disclosed": measure.disclosed,
                "proven_by_linear_reasoning_only": measure.fractional,
            }
            for measure in report.measures
        ],
    }
    if report.records:
        claims = {table.name: table.claim for table in tables if table.kind == "records"}
        told["records"] = [
            {"table": one.table, "records": one.records, "smallest_class": one.k, "broken_claims": len(one.findings), **claims.get(one.table, {})}
            for one in report.records
        ]
    return told


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
