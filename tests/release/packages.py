"""Small packages for tests: a product of one table, published from a few counts by the same steps as the real ones."""

import csv
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from anonymisation import ProtectedTable, protect
from anonymisation.releases import protect_release
from tests.statistics.records import dashboard, write
from vawg_opendata.products import PRODUCTS, Product
from vawg_opendata.release import InputFile, PublishedVersion, publish
from vawg_opendata.release.checks.held import published_releases
from vawg_opendata.release.lifecycle.store import published_folders
from vawg_opendata.statistics import ProductStatistics, build

VAWG = PRODUCTS["vawg-offences"]
AGES = ("10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80-and-over")
PRODUCT = replace(VAWG, name="victims-test", tables=(VAWG.table("victims_by_age_group"),), measures=(VAWG.measure("victims"),))
PLACE = (PRODUCT.audience, PRODUCT.name)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
INPUTS = (InputFile("mps_vawg_dashboard", "victims.parquet", 10, "a" * 64),)
LARGE = {(age, month): 20 + 3 * number for number, age in enumerate(AGES) for month in ("2024-01", "2024-02")}
MIXED = LARGE | {("70-79", "2024-01"): 2, ("80-and-over", "2024-02"): 3}
"""Counts of which two must be withheld."""

Counts = dict[tuple[str, str], int]


def count(folder: Path, counts: Counts, product: Product = PRODUCT, vintage: str = "2024-02") -> ProductStatistics:
    """Statistics of counts by (age group, month)."""
    rows = dashboard("age_group", [(age, month, number) for (age, month), number in counts.items()], "victims", vintage)
    write(folder / "records", "dashboard_victims_by_age_group", rows)
    return build(product, folder / "records", folder / "work")


def protected(statistics: ProductStatistics, product: Product = PRODUCT) -> dict[str, ProtectedTable]:
    """The tables as they may be published."""
    tables = list(statistics.counts.values())
    return dict(protect(tables, statistics.outline.hierarchies(tables[0].measure), product.policy).tables)


def release(folder: Path, published: Path, counts: Counts, product: Product = PRODUCT, vintage: str = "2024-02", **more) -> PublishedVersion:
    """Count, protect and publish; `more` goes to publishing."""
    statistics = count(folder, counts, product, vintage)
    return publish(product, statistics.outline, protected(statistics, product), INPUTS, published, **{"synthetic": False} | more)


def release_beside(folder: Path, published: Path, counts: Counts, product: Product = PRODUCT, vintage: str = "2024-02") -> PublishedVersion:
    """Count, protect beside all that is published, and publish: the flow's own steps."""
    statistics = count(folder, counts, product, vintage)
    tables = list(statistics.counts.values())
    measure = tables[0].measure
    held = published_releases(published_folders(published), product.audience, measure)
    protection = protect_release(tables, statistics.outline.hierarchies(measure), product.policy, held)
    return publish(product, statistics.outline, dict(protection.tables), INPUTS, published, synthetic=False)


def rows(package: Path, table: str = "victims_by_age_group") -> list[dict[str, str]]:
    """The rows of a table of a package."""
    with (package / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rewrite(package: Path, table: str, change) -> None:
    """Let `change` alter the rows of a table, and make the descriptor's hash fit, as one would who hides a change.

    The package keeps the CSV alone: the other formats would give the change away.
    """
    lines = [row for row in map(change, rows(package, table)) if row is not None]
    path = package / "data" / f"{table}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, lines[0])
        writer.writeheader()
        writer.writerows(lines)
    descriptor = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))
    descriptor["resources"] = [resource for resource in descriptor["resources"] if resource["format"] == "csv"]
    for resource in descriptor["resources"]:
        if resource["name"] == table:
            resource["bytes"], resource["hash"] = path.stat().st_size, f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    (package / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    (package / "SHA256SUMS").unlink()
