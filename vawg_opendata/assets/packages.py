"""Stage packages: each product as a published version, and what is checked of it once it is there.

A version was attacked, validated and compared with itself before it was moved into the published folder; the checks here
look at the result again, from the published files alone, as a reader could.
"""

from collections.abc import Callable
from pathlib import Path

import dagster as dg

from vawg_opendata import flow
from vawg_opendata.assets import anonymisation
from vawg_opendata.assets.metadata import rows
from vawg_opendata.assets.resources import OWNERS, RunSettings
from vawg_opendata.products import PRODUCTS, Product

GROUP = "packages"

KEYS = {name: dg.AssetKey(["packages", product.audience, name]) for name, product in PRODUCTS.items()}
AUDIENCE_KEYS = {audience: dg.AssetKey(["packages", audience]) for audience in dict.fromkeys(product.audience for product in PRODUCTS.values())}
DISCLOSURE_CHECK, DESCRIPTOR_CHECK, FORMATS_CHECK = "disclosure", "descriptor", "equal_formats"


def _package(product: Product) -> dg.AssetsDefinition:
    @dg.asset(
        key=KEYS[product.name],
        deps=[anonymisation.key_of(product, measure.name) for measure in product.measures]
        + ([anonymisation.records_key(product)] if product.records else [])
        + [KEYS[name] for name in dict.fromkeys(one.name for measure in product.measures for one in flow.before(product, measure.name))],
        description=f"{product.title}. {product.description}",
        group_name=GROUP,
        owners=OWNERS,
        kinds={"csv", "parquet", "duckdb"},
    )
    def publish(settings: RunSettings) -> dg.MaterializeResult:
        version = flow.publish_product(settings.settings, product)
        if version is None:
            return dg.MaterializeResult(metadata={"published": False})
        return dg.MaterializeResult(
            metadata={
                "published": True,
                "state": version.state,
                "version": version.version,
                "is_new": version.is_new,
                "folder": dg.MetadataValue.path(str(version.folder)),
                "cells": sum(measure.cells for measure in version.audit.measures),
                "withheld": sum(measure.withheld for measure in version.audit.measures),
                "audited": rows(
                    ("measure", "tables", "cells", "withheld", "disclosed"),
                    [(one.measure, one.tables, one.cells, one.withheld, one.disclosed) for one in version.audit.measures],
                ),
            },
            data_version=dg.DataVersion(version.version),
        )

    return publish


def _checks(product: Product) -> list[dg.AssetChecksDefinition]:
    key = KEYS[product.name]

    @dg.asset_check(asset=key, name=DESCRIPTOR_CHECK, blocking=True, description="frictionless: descriptor, sizes, hashes, types, constraints and keys.")
    def descriptor(settings: RunSettings) -> dg.AssetCheckResult:
        from vawg_opendata.release import validate

        return _verdict(flow.latest_folder(settings.settings, product), validate, "frictionless validate {}/datapackage.json")

    @dg.asset_check(
        asset=key, name=FORMATS_CHECK, blocking=True, description="Hashes as stated; CSV, Parquet and DuckDB hold equal rows; every code is in its list."
    )
    def equal_formats(settings: RunSettings) -> dg.AssetCheckResult:
        from vawg_opendata.release import check

        return _verdict(flow.latest_folder(settings.settings, product), check, "vawg audit {}")

    return [descriptor, equal_formats]


def _verdict(folder: Path | None, judge: Callable[[Path], list[str]], command: str) -> dg.AssetCheckResult:
    """What a check says of a package: the number of its problems. Their words can quote cells; `command` is how to read them."""
    if folder is None:
        return dg.AssetCheckResult(passed=True, description="Nothing is published.", metadata={"problems": 0})
    problems = judge(folder)
    told = f" To read them: {command.format(folder)}" if problems else ""
    return dg.AssetCheckResult(passed=not problems, description=f"{len(problems)} problems.{told}", metadata={"problems": len(problems)})


def _audience(audience: str) -> tuple[dg.AssetsDefinition, dg.AssetChecksDefinition]:
    key = AUDIENCE_KEYS[audience]

    @dg.asset(
        key=key,
        deps=[KEYS[name] for name, product in PRODUCTS.items() if product.audience == audience],
        description=f"All that is published to the audience {audience}: every product, every version.",
        group_name=GROUP,
        owners=OWNERS,
        kinds={"file"},
    )
    def published(settings: RunSettings) -> dg.MaterializeResult:
        versions = flow.published_versions(settings.settings, audience)
        return dg.MaterializeResult(
            metadata={
                "products": len({product for product, _ in versions}),
                "versions": len(versions),
                "folder": dg.MetadataValue.path(str(settings.settings.published / audience)),
            }
        )

    @dg.asset_check(
        asset=key,
        name=DISCLOSURE_CHECK,
        blocking=True,
        description="The intruder, on all published versions together: no withheld count can be told to be small.",
    )
    def disclosure(settings: RunSettings) -> dg.AssetCheckResult:
        from vawg_opendata.release import audit

        if not flow.published_versions(settings.settings, audience):
            return dg.AssetCheckResult(passed=True, description="Nothing is published.", metadata={"disclosed": 0, "problems": 0})
        report = audit([settings.settings.published / audience])
        columns = ("measure", "packages", "tables", "cells", "withheld", "disclosed")
        shown = [(one.measure, ", ".join(one.packages), one.tables, one.cells, one.withheld, one.disclosed) for one in report.measures]
        return dg.AssetCheckResult(
            passed=report.ok,
            description=f"{report.disclosed} cells disclosed, {len(report.problems)} problems. To read them: vawg audit {settings.settings.published}",
            metadata={"disclosed": report.disclosed, "problems": len(report.problems), "attacked": rows(columns, shown)},
        )

    return published, disclosure


_AUDIENCES = [_audience(audience) for audience in AUDIENCE_KEYS]

PACKAGES = [*(_package(product) for product in PRODUCTS.values()), *(asset for asset, _ in _AUDIENCES)]
CHECKS = [*(check for product in PRODUCTS.values() for check in _checks(product)), *(check for _, check in _AUDIENCES)]
