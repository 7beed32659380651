"""Building a package in a folder that nobody sees: its files, what it changes, its number, the attack on it, and every check.

What comes before it is given (`History`): nothing here looks into the published folder, so that a package can be built again as
of then. Whether and when readers get it is decided elsewhere.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from anonymisation import ProtectedTable
from vawg_opendata.microdata import Microdata
from vawg_opendata.products.declaration import Product
from vawg_opendata.release.changes.comparison import Changes, compare, larger
from vawg_opendata.release.changes.text import SCHEMA, SCHEMA_FILE, changes_text, plain
from vawg_opendata.release.checks.audit import AuditReport, audit_new
from vawg_opendata.release.checks.integrity import check
from vawg_opendata.release.checks.validation import validate
from vawg_opendata.release.database.file import complete_duckdb, write_duckdb
from vawg_opendata.release.errors import ReleaseError
from vawg_opendata.release.files import make_durable, write_json, write_sums
from vawg_opendata.release.lifecycle.store import DESCRIPTOR, DISCLOSURE
from vawg_opendata.release.lifecycle.versions import FIRST, bumped
from vawg_opendata.release.package.archive import write_archive
from vawg_opendata.release.package.charts import write_charts
from vawg_opendata.release.package.cuts import cut_listing, write_cuts
from vawg_opendata.release.package.descriptor import InputFile, descriptor, duckdb_resource
from vawg_opendata.release.package.disclosure import disclosure
from vawg_opendata.release.package.field_catalogue import field_catalogue
from vawg_opendata.release.package.formats import write_csv, write_parquet
from vawg_opendata.release.package.partners import partner_listing, write_partners
from vawg_opendata.release.package.readme import readme
from vawg_opendata.release.package.software import reproduction
from vawg_opendata.release.package.tables import package_tables
from vawg_opendata.statistics import Outline


@dataclass(frozen=True)
class Content:
    """What a package is made of. `protected` has a table per table of the outline; `inputs` are the files that the product's
    sources were read from; `synthetic` says that they are not of real crimes; `origin` is how the inputs come to be, for
    whoever builds the package again; `corrections` are the known errors of the inputs that were corrected: name, reason and
    source of each; `microdata` are its records, where it has any; `inputs_digest` is what its readers are told of the input files."""

    product: Product
    outline: Outline
    protected: Mapping[str, ProtectedTable]
    inputs: Sequence[InputFile]
    synthetic: bool
    origin: Mapping[str, object] = field(default_factory=dict)
    corrections: Sequence[Mapping[str, str]] = ()
    microdata: Microdata | None = None
    inputs_digest: str = ""


@dataclass(frozen=True)
class History:
    """What readers have when a package is built: the newest released version of the product, its withdrawn ones (with the
    reason of each), and the packages of all versions of all products, `own` those of this product, newest first. `highest` is the highest number that
    readers have seen."""

    newest: Path | None = None
    withdrawn: tuple[tuple[Path, str], ...] = ()
    highest: str = ""
    held: tuple[Path, ...] = ()
    own: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Built:
    """A package that was built. Without a bump in `changes` and with an older version it equals that one, and is not whole."""

    changes: Changes
    audit: AuditReport
    descriptor: dict

    @property
    def is_new(self) -> bool:
        """Whether it is a version of its own."""
        return bool(self.changes.bump or not self.changes.since)


def build(content: Content, history: History, folder: Path, *, note: str = "", bump: str = "") -> Built:
    """Build a package in a new folder. `note` says why its schema changed; `bump` is the step that a person asks for.

    ReleaseError when the audit, the check of the files or frictionless objects, when the step asked for is smaller than the
    changes, when a changed schema has no note, or when the content is that of a version that was withdrawn.
    """
    product = content.product
    for part in ("data", "codelists"):
        (folder / part).mkdir(parents=True)
    tables = package_tables(product, content.outline, content.protected, content.synthetic, content.microdata)
    tables.append(field_catalogue(product, tables))
    for table in tables:
        write_csv(table, folder / table.folder / f"{table.name}.csv")
        if table.kind != "codelist":
            write_parquet(table, folder / table.folder / f"{table.name}.parquet")
    write_duckdb(tables, folder / f"{product.name}.duckdb")
    described = descriptor(product, content.outline, tables, content.inputs, content.synthetic, folder, FIRST)
    described["corrections"] = [dict(correction) for correction in content.corrections]
    described["reproduction"] = reproduction(product, content.inputs_digest)
    if product.cut:
        described["cuts"] = cut_listing(product, content.outline.codelists)
    if product.linked and content.microdata:
        described["partners"] = partner_listing(product, content.microdata)
    changes = _changes(product, history, folder, described, note, bump)
    described["version"] = changes.version
    complete_duckdb(folder / f"{product.name}.duckdb", described, plain(product, changes))
    described["resources"][-1] = duckdb_resource(product, folder)
    write_json(folder / DESCRIPTOR, described)
    report = audit_new(folder, history.held)
    if not report.ok:
        raise refusal(product, "the audit", report.faults())
    built = Built(changes, report, described)
    if not built.is_new:
        return built
    charts = write_charts(folder, described)
    write_json(folder / DISCLOSURE, disclosure(product, changes.version, tables, report, content.microdata))
    write_json(folder / "changes.json", plain(product, changes))
    (folder / SCHEMA).write_bytes(SCHEMA_FILE.read_bytes())
    (folder / "README.md").write_text(readme(product, content.outline, tables, described, charts), encoding="utf-8", newline="\n")
    (folder / "CHANGES.md").write_text(changes_text(product.title, changes), encoding="utf-8", newline="\n")
    if product.cut:
        write_cuts(product, content.outline.codelists, tables, described, folder)
    if product.linked and content.microdata:
        write_partners(product, content.microdata, content.outline.codelists, tables, described, folder)
    write_sums(folder)
    write_archive(folder, f"{product.name}-{changes.version}")
    for what, problems in (("the check of its files", check(folder)), ("frictionless", validate(folder))):
        if problems:
            raise refusal(product, what, problems)
    make_durable(folder)
    return built


def refusal(product: Product, what: str, faults: Sequence[str]) -> ReleaseError:
    """The error of a package that a check objects to."""
    return ReleaseError(f"{product.name} was not published: {what} found {len(faults)} faults.", faults)


def _changes(product: Product, history: History, folder: Path, described: dict, note: str, asked: str) -> Changes:
    """What the package changes, with the number that follows from it and from all numbers that readers have seen."""
    changes = Changes("", FIRST, "") if history.newest is None else _against(history.newest, folder, described)
    if changes.since and not changes.bump:
        return changes
    step = changes.bump
    for withdrawn, reason in history.withdrawn:
        difference = _against(withdrawn, folder, described)
        if not difference.bump:
            raise ReleaseError(
                f"{product.name} was not published: it says the same as {difference.since}, which was withdrawn ({reason}). "
                "Mend the input or the product first."
            )
        if difference.since == history.highest:
            step = larger(step, difference.bump)
    if asked and history.highest:
        if larger(asked, changes.bump) != asked:
            raise ReleaseError(f"{product.name} was not published: a {asked} version was asked for, and its changes since {changes.since} are {changes.bump}.")
        step = larger(step, asked)
    if changes.schema_changed and not note:
        resources = ", ".join(change.resource for change in changes.schemas if not change.looser)
        raise ReleaseError(f"{product.name} was not published: fields or keys of {resources} changed since {changes.since}. Say why for its readers, with --note.")
    return replace(changes, version=bumped(history.highest, step) if history.highest else FIRST, bump=step if changes.since else "", note=note)


def _against(older: Path, folder: Path, described: dict) -> Changes:
    return compare(older, json.loads((older / DESCRIPTOR).read_text(encoding="utf-8")), folder, described)
