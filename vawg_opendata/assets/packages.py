"""Stage packages: each product as a published version, and what is checked of it once it is there.

A version was attacked, validated and compared with itself before it was moved into the published folder; the checks here
look at the result again, from the published files alone, as a reader could.
"""

from collections.abc import Callable
from pathlib import Path

import dagster as dg

from vawg_opendata import flow
from vawg_opendata.assets import anonymisation, statistics
from vawg_opendata.assets.metadata import published_columns, rows
from vawg_opendata.assets.resources import OWNERS, RunSettings
from vawg_opendata.products import PRODUCTS, Product
from vawg_opendata.published import audit_audience, judge_package, readers_wait
from vawg_opendata.release import PublishedVersion
from vawg_opendata.settings import Settings
from vawg_opendata.steps import StepError

GROUP = "packages"

KEYS = {name: dg.AssetKey(["packages", product.audience, name]) for name, product in PRODUCTS.items()}
AUDIENCE_KEYS = {audience: dg.AssetKey(["packages", audience]) for audience in dict.fromkeys(product.audience for product in PRODUCTS.values())}
DISCLOSURE_CHECK, DESCRIPTOR_CHECK, FORMATS_CHECK, STALENESS_CHECK = "disclosure", "descriptor", "equal_formats", "as_new_as_it_should_be"


def _package(product: Product) -> dg.AssetsDefinition:
    @dg.asset(
        key=KEYS[product.name],
        deps=[anonymisation.key_of(one, measure) for one, measure in flow.sharing(product)]
        + ([anonymisation.records_key(product)] if product.records or product.linked else [])
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
                **published_columns(version.folder, statistics.KEYS[product.name]),
                "state": version.state,
                "version": version.version,
                "is_new": version.is_new,
                "folder": dg.MetadataValue.path(str(version.folder)),
                "descriptor": dg.MetadataValue.url((version.folder.resolve() / "datapackage.json").as_uri()),
                "report": dg.MetadataValue.md(_report(version)),
                "cells": sum(measure.cells for measure in version.audit.measures),
                "withheld": sum(measure.withheld for measure in version.audit.measures),
                "records": max((one.records for one in version.audit.records), default=0),
                "audited": rows(
                    ("measure", "tables", "cells", "withheld", "disclosed"),
                    [(one.measure, one.tables, one.cells, one.withheld, one.disclosed) for one in version.audit.measures],
                ),
            },
            data_version=dg.DataVersion(version.version),
        )

    return publish


TAKE_BACK = "The published version was altered or damaged: withdraw it (vawg withdraw), and publish again."
"""What to do about a package that was sound when it was published and is not any more."""

LONGEST_REPORT = 6000
"""Characters of a report in metadata: what a person reads in a window; the files have the rest."""


def _report(version: PublishedVersion) -> str:
    """What was made, as the package itself tells it to its readers: what was withheld and what the attack found, and what has changed."""
    lines = [f"# {version.product} {version.version}", "", f"{'New' if version.is_new else 'Unchanged'}; {version.state}.", ""]
    if version.audit.measures:
        lines += ["| measure | tables | cells | withheld | share | disclosed |", "|---|--:|--:|--:|--:|--:|"]
    lines += [
        f"| {one.measure} | {one.tables} | {one.cells:,} | {one.withheld:,} | {one.withheld / one.cells:.1%} | {one.disclosed} |"
        for one in version.audit.measures
    ]
    if version.audit.records:
        lines += ["", "| records | number | alike, at least | claims broken |", "|---|--:|--:|--:|"]
    lines += [f"| {one.table} | {one.records:,} | {one.k} | {len(one.findings)} |" for one in version.audit.records]
    _, _, changes = (version.folder / "CHANGES.md").read_text(encoding="utf-8").partition("\n")  # without its title, which stands above
    text = "\n".join([*lines, changes])
    return text if len(text) <= LONGEST_REPORT else text[:LONGEST_REPORT] + "\n\n(The rest is in CHANGES.md of the package.)"


def _checks(product: Product) -> list[dg.AssetChecksDefinition]:
    key = KEYS[product.name]

    @dg.asset_check(asset=key, name=DESCRIPTOR_CHECK, blocking=True, description="frictionless: descriptor, sizes, hashes, types, constraints and keys.")
    def descriptor(settings: RunSettings) -> dg.AssetCheckResult:
        from vawg_opendata.release import validate

        return _verdict(settings.settings, product, validate, "frictionless validate {}/datapackage.json")

    @dg.asset_check(
        asset=key, name=FORMATS_CHECK, blocking=True, description="Hashes as stated; CSV, Parquet and DuckDB hold equal rows; every code is in its list."
    )
    def equal_formats(settings: RunSettings) -> dg.AssetCheckResult:
        from vawg_opendata.release import check

        return _verdict(settings.settings, product, check, "vawg audit {}")

    return [descriptor, equal_formats]


def _staleness(product: Product) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=KEYS[product.name],
        name=STALENESS_CHECK,
        description="Readers have not waited too long for newer periods than those they see. A warning: find out what holds them up.",
    )
    def staleness(settings: RunSettings) -> dg.AssetCheckResult:
        try:
            found = readers_wait(settings.settings, product)
        except StepError as error:
            return _unjudged(error, dg.AssetCheckSeverity.WARN)
        if found is None:
            return dg.AssetCheckResult(passed=True, description="Readers have no version of it.", severity=dg.AssetCheckSeverity.WARN)
        return dg.AssetCheckResult(
            passed=not found.stale,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"Readers of {product.name} have {found.version}, and for {found.days} days nothing newer than {found.end}; at most {found.longest} are expected."
            + (" Look for a run that failed (Runs), or a version that waits for its review (vawg review)." if found.stale else ""),
            metadata={"version": found.version, "newest": found.end, "since": found.since.isoformat(), "days": found.days, "expected_at_most": found.longest},
        )

    return staleness


def _verdict(settings: Settings, product: Product, judge: Callable[[Path], list[str]], command: str) -> dg.AssetCheckResult:
    """What a check says of a package: the number of its problems, and what to do. Their words can quote cells; `command` is how to read them."""
    try:
        problems = judge_package(settings, product, judge)
    except StepError as error:
        return _unjudged(error)
    if problems is None:
        return dg.AssetCheckResult(passed=True, description="Nothing is published.", metadata={"problems": 0})
    told = f" {TAKE_BACK} To read them: {command.format(flow.latest_folder(settings, product))}" if problems else ""
    return dg.AssetCheckResult(passed=not problems, description=f"{len(problems)} problems.{told}", metadata={"problems": len(problems)})


def _unjudged(error: StepError, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR) -> dg.AssetCheckResult:
    """A check that what was to be checked has broken: it fails as one that found something."""
    return dg.AssetCheckResult(passed=False, severity=severity, description=f"It could not be read. {TAKE_BACK} {error}", metadata={"problems": 1})


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
        try:
            report = audit_audience(settings.settings, audience)
        except StepError as error:
            return _unjudged(error)
        if report is None:
            return dg.AssetCheckResult(passed=True, description="Nothing is published.", metadata={"disclosed": 0, "problems": 0})
        columns = ("measure", "packages", "tables", "cells", "withheld", "disclosed")
        shown = [(one.measure, ", ".join(one.packages), one.tables, one.cells, one.withheld, one.disclosed) for one in report.measures]
        return dg.AssetCheckResult(
            passed=report.ok,
            description=f"{report.disclosed} cells disclosed, {len(report.problems)} problems."
            + ("" if report.ok else f" Withdraw the versions that it names at once (vawg withdraw). To read them: vawg audit {settings.settings.published}"),
            metadata={"disclosed": report.disclosed, "problems": len(report.problems), "attacked": rows(columns, shown)},
        )

    return published, disclosure


_AUDIENCES = [_audience(audience) for audience in AUDIENCE_KEYS]

PACKAGES = [*(_package(product) for product in PRODUCTS.values()), *(asset for asset, _ in _AUDIENCES)]
STALENESS = [_staleness(product) for product in PRODUCTS.values()]
CHECKS = [*STALENESS, *(check for product in PRODUCTS.values() for check in _checks(product)), *(check for _, check in _AUDIENCES)]
