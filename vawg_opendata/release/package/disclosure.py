"""`disclosure.json`: what was done to protect the package and what the intruder found, giving nothing away.

It tells the policy, the guarantee and the share of cells withheld per table; not which cells were small in themselves
and which only protect others, which would help to undo the protection.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from anonymisation.appetite import name_of
from anonymisation.disclosure import describe, describe_records
from vawg_opendata.microdata import Microdata
from vawg_opendata.products.declaration import Product
from vawg_opendata.products.linked import LinkedRecords
from vawg_opendata.products.records import RecordList
from vawg_opendata.release.checks.audit import AuditReport
from vawg_opendata.release.package.tables import NOT_AVAILABLE, SUPPRESSED, PackageTable

LIST_BESIDE = (
    "The list is attacked together with all tables that count the same people, of all versions that this audience holds, as the tables are by themselves. Where "
    "it would narrow a withheld count too far it does without a column or has more records that are the same, or there is none."
)
LIST_VERSIONS = (
    "A list made anew appears where comparing it with the one before tells of no fewer people than have to be the same that they came, went or changed, and leaves "
    "whoever is in both as many sensitive values as each. Else the list stays as it was, and the cases of later years are added that keep the policy by themselves."
)
CASES_BESIDE = (
    "A case is told only where the tables of offences, victims and orders publish every finest cell that counts it; of the offence no more than the level at "
    "which they do. So cases narrow no withheld count. The audit counts cases and pools beside each of these tables, from the published files."
)
CASES_VERSIONS = (
    "Cases are told once. A version adds the cases of later months, which keep the policy by themselves, and changes none of those that were there."
)
POOLS = (
    "A pool has at least {size} cases, each column in an order of its own. A field applies to none of them or to at least {applying}. Of those to whom it applies, "
    "and of those who may have it for all that is told of them case by case, no more than {most:.0%} have the same value, where it says something of a person."
)
POOL_SOURCES = (
    "Wong, Li, Fu and Wang, (alpha, k)-anonymity: an enhanced k-anonymity model for privacy preserving data publishing, KDD 2006",
    "Li, Li, Zhang and Molloy, Slicing: a new approach for privacy preserving data publishing, IEEE Transactions on Knowledge and Data Engineering 24(3), 2012",
)
_CLAIMED = ("k", "quasiIdentifiers", "sensitive", "counts", "pools")
_TOLD_LOSSES = ("granularity", "discernibility", "class-size")  # entropy is by how often values were there before


def disclosure(product: Product, version: str, tables: Sequence[PackageTable], report: AuditReport, microdata: Microdata | None = None) -> dict:
    """The content of `disclosure.json`. `microdata` are the records that the tables of records are made of."""
    told: dict[str, object] = {"product": product.name, "version": version, "audience": product.audience}
    if product.tables:
        told |= {"policy": name_of(product.policy), "threshold": product.policy.threshold, **describe(product.policy)}
    elif product.linked:
        told |= _of_cases(product.linked)
    told["tables"] = [_shares(table) for table in tables if table.kind == "statistics"]
    told["intruder"] = [
        {
            "measure": measure.measure,
            "packages": list(measure.packages),
            "tables": measure.tables,
            "lists_of_records": measure.lists,
            "cells": measure.cells,
            "withheld": measure.withheld,
            "disclosed": measure.disclosed,
            "proven_by_linear_reasoning_only": measure.fractional,
        }
        for measure in report.measures
    ]
    if report.records:
        claims = {table.name: table.claim for table in tables if table.kind == "records"}
        lists = {declared.name: declared for declared in product.records}
        told["records"] = [
            {"table": one.table, "records": one.records, "smallest_class": one.k, "broken_claims": len(one.findings)}
            | {name: value for name, value in claims.get(one.table, {}).items() if name in _CLAIMED}
            | ({"protection": _of_list(lists[one.table], claims[one.table])} if one.table in lists else {})
            for one in report.records
        ]
        told["losses"] = _losses(product, microdata)
    return told


def _of_list(declared: RecordList, claim: Mapping) -> dict:
    """How a list is protected: its policy as far as it applies to the columns that it has, with the number of records that are the same in it."""
    quasi, kept = claim["quasiIdentifiers"], claim["sensitive"]
    sensitive = {name: models for name, models in declared.policy.sensitive.items() if name in kept}
    importance = {name: weight for name, weight in declared.policy.importance.items() if name in quasi}
    policy = replace(declared.policy, k=claim["k"], quasi_identifiers=quasi, sensitive=sensitive, importance=importance)
    return describe_records(policy) | {"beside_tables": LIST_BESIDE, "versions": LIST_VERSIONS}


def _of_cases(linked: LinkedRecords) -> dict:
    """How linked records are protected: cases over all their tables together, and pools."""
    told, rule = describe_records(linked.policy), linked.pools
    return told | {
        "pools": POOLS.format(size=rule.size, applying=rule.applying, most=rule.most_alike),
        "beside_tables": CASES_BESIDE,
        "versions": CASES_VERSIONS,
        "sources": [*told["sources"], *POOL_SOURCES],
    }


def _losses(product: Product, microdata: Microdata | None) -> dict[str, dict[str, float]]:
    """By list, or of the cases that a version adds, what was lost; nothing where a list or all cases are as they were."""
    summary = microdata.summary if microdata is not None else {}
    by_list = {"added_cases": summary} if product.linked else summary
    return {name: {loss: one["losses"][loss] for loss in _TOLD_LOSSES} for name, one in by_list.items() if "losses" in one}


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
