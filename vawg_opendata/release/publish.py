"""Publishing a version of a product: stage, audit, validate, rename. Nothing reaches readers before all of it holds.

The order is the contract's: the package is built in a staging folder; the intruder attacks it together with everything
published to its audience; its formats and its descriptor are checked; then one rename puts the version in its place, and
`versions.json`, the catalogue and, last, `latest.json` point to it. A run that dies leaves at worst a staging folder, or
a whole version that the next run lists.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anonymisation import ProtectedTable
from vawg_opendata.products.declaration import Product
from vawg_opendata.release.archive import write_archive
from vawg_opendata.release.audit import AuditReport, audit_new
from vawg_opendata.release.catalogue import write_catalogue
from vawg_opendata.release.descriptor import InputFile, descriptor
from vawg_opendata.release.disclosure import disclosure
from vawg_opendata.release.duckdb_file import write_duckdb
from vawg_opendata.release.errors import ReleaseError
from vawg_opendata.release.files import make_durable, rename_durably, write_json, write_sums
from vawg_opendata.release.formats import write_csv, write_parquet
from vawg_opendata.release.integrity import check
from vawg_opendata.release.loading import DESCRIPTOR, published_folders
from vawg_opendata.release.readme import changes_text, readme
from vawg_opendata.release.staging import staging
from vawg_opendata.release.tables import package_tables
from vawg_opendata.release.validation import validate
from vawg_opendata.release.versions import FIRST, Changes, compare, complete_lists, latest, list_version, listed, point_latest
from vawg_opendata.statistics import Outline


@dataclass(frozen=True)
class PublishedVersion:
    """What a run published. Without `is_new` the content equals that of `version`, which stays as it is."""

    product: str
    audience: str
    version: str
    folder: Path
    is_new: bool
    changes: Changes
    audit: AuditReport


def publish(
    product: Product,
    outline: Outline,
    protected: Mapping[str, ProtectedTable],
    inputs: Sequence[InputFile],
    published: Path,
    *,
    synthetic: bool,
) -> PublishedVersion:
    """Publish a product's protected tables as its next version below `published`.

    `protected` has a table per table of the outline; `inputs` are the files that the product's sources were read from;
    `synthetic` says that they are not of real crimes. ReleaseError when the audit, the check of the formats or frictionless
    objects, when another run is publishing, or when an earlier version was tampered with.
    """
    home = published / product.audience / product.name
    with staging(published, product.name) as folder:
        complete_lists(home)
        (folder / "data").mkdir()
        (folder / "codelists").mkdir()
        tables = package_tables(product, outline, protected, synthetic)
        for table in tables:
            write_csv(table, folder / table.folder / f"{table.name}.csv")
            if table.kind != "codelist":
                write_parquet(table, folder / table.folder / f"{table.name}.parquet")
        write_duckdb(tables, folder / f"{product.name}.duckdb")
        described = descriptor(product, outline, tables, inputs, synthetic, folder, FIRST)
        changes = _changes(home, folder, described)
        described["version"] = changes.version
        write_json(folder / DESCRIPTOR, described)
        report = audit_new(folder, published_folders(published))
        if not report.ok:
            raise _refusal(product, "the audit", report.faults())
        target = home / changes.version
        if changes.since and not changes.bump:
            write_catalogue(published)  # a run that died after listing this version may not have come to it
            return PublishedVersion(product.name, product.audience, changes.version, target, False, changes, report)
        write_json(folder / "disclosure.json", disclosure(product, changes.version, tables, report))
        write_json(folder / "changes.json", changes.plain())
        (folder / "README.md").write_text(readme(product, outline, tables, described), encoding="utf-8", newline="\n")
        (folder / "CHANGES.md").write_text(changes_text(product, changes), encoding="utf-8", newline="\n")
        write_sums(folder)
        write_archive(folder, f"{product.name}-{changes.version}")
        for what, problems in (("the check of its files", check(folder)), ("frictionless", validate(folder))):
            if problems:
                raise _refusal(product, what, problems)
        make_durable(folder)
        home.mkdir(parents=True, exist_ok=True)
        rename_durably(folder, target)
        list_version(home, changes.version)
        write_catalogue(published)
        point_latest(home)
    return PublishedVersion(product.name, product.audience, changes.version, target, True, changes, report)


def _changes(home: Path, folder: Path, described: dict) -> Changes:
    """What the staged package changes against the newest published version; for a first version, nothing."""
    newest = latest(home)
    if newest is None:
        return Changes("", FIRST, "")
    old = json.loads((home / newest / DESCRIPTOR).read_text(encoding="utf-8"))
    return compare(home / newest, old, folder, described)


def _refusal(product: Product, what: str, faults: Sequence[str]) -> ReleaseError:
    return ReleaseError(f"{product.name} was not published: {what} found {len(faults)} faults.", faults)
