"""The audit: the intruder's attack on published packages, as a reader of one audience could mount it.

Packages are read from their files alone. What is attacked together, measure by measure:

- for the datastore: all versions at hand of every datastore product;
- for safestats: the same of both audiences, because its readers hold the public packages as well.

The newest versions are one moment, in which common cells have one count. From version to version a reader takes a withheld
cell to be unchanged unless what is published shows otherwise, and subtracts what she had from what she is given
(`anonymisation.releases`); each version is attacked by itself too, and each pair of versions, because a reader who has two and none
in between does not see what changed there and guesses otherwise. A new version is attacked with each that is there; those that
are there were so attacked with each other when they came, and by `audit` again. Records that are published one by one, of the people whom
the tables count, are attacked together with all of these; in ways that a descriptor does not tell, nothing is known of who
is left out of them. The statistics key of a resource says what was protected
and from which threshold on; where packages of one audience differ, the smallest threshold counts, which is the one its
readers may see.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anonymisation import AnonymisationError
from vawg_opendata.products.declaration import AUDIENCES
from vawg_opendata.release.checks.held import entitled, releases, split
from vawg_opendata.release.checks.integrity import check
from vawg_opendata.release.checks.linked_beside import beside, beside_new
from vawg_opendata.release.checks.loading import LoadedPackage, find_packages, load_package, newest_first
from vawg_opendata.release.checks.record_audit import RecordAudit, audit_records, audit_versions

if TYPE_CHECKING:
    from anonymisation.releases import Release, ReleaseFinding

MOST_FINDINGS = 20  # named in a report; their number is always told


@dataclass(frozen=True)
class MeasureAudit:
    """The attack on all tables of one measure in one set of packages. `disclosed` cells break the guarantee.

    `fractional`: judged cells whose interval was proven wide for fractions, but not for whole numbers. `lists`: tables of records that
    were attacked with the tables; `apart`: how many times a table was so by itself, because all were too many different records together.
    """

    measure: str
    threshold: int
    packages: tuple[str, ...]
    tables: int
    cells: int
    withheld: int
    disclosed: int
    fractional: int
    lists: int
    apart: int
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One line."""
        return (
            f"{self.measure} in {', '.join(self.packages)}: {self.tables} tables, {self.cells} cells, {self.withheld} withheld, "
            f"{self.disclosed} disclosed (threshold {self.threshold})"
            + (f"; for {self.fractional} it is proven only that no linear reasoning comes closer" if self.fractional else "")
            + (f"; attacked with {self.lists} tables of records" if self.lists else "")
            + (f", {self.apart} times a table by itself" if self.apart else "")
        )


@dataclass(frozen=True)
class AuditReport:
    """What was attacked and found. `records` are tables of records; `problems` are packages that contradict themselves."""

    packages: tuple[str, ...]
    measures: tuple[MeasureAudit, ...]
    problems: tuple[str, ...] = ()
    records: tuple[RecordAudit, ...] = ()

    @property
    def disclosed(self) -> int:
        """Number of cells that break the guarantee, over all sets, and of claims about records that do not hold."""
        return sum(measure.disclosed for measure in self.measures) + sum(len(table.findings) for table in self.records)

    @property
    def ok(self) -> bool:
        """Whether nothing is disclosed and no package contradicts itself."""
        return not self.disclosed and not self.problems

    def faults(self) -> list[str]:
        """What is disclosed and what contradicts itself, as text: published codes and what can be concluded about them."""
        lines = [f"disclosed: {finding}" for one in (*self.measures, *self.records) for finding in one.findings]
        lines += [
            f"disclosed: {measure.disclosed - len(measure.findings)} more cells of {measure.measure}"
            for measure in self.measures
            if measure.disclosed > len(measure.findings)
        ]
        return lines + [f"problem: {problem}" for problem in self.problems]

    def lines(self) -> list[str]:
        """The whole report as text."""
        return [*(one.summary for one in (*self.measures, *self.records)), *self.faults()]


def audit(paths: Iterable[Path]) -> AuditReport:
    """Audit packages: package folders, or folders above them up to a whole `published/`.

    FileNotFoundError where a path holds no package; ValueError where a descriptor cannot be read.
    """
    packages = [load_package(folder) for folder in find_packages(paths)]
    problems = [f"{package.title}: {problem}" for package in packages for problem in (*package.problems, *check(package.folder))]
    measures, faults = _attack_all(packages)
    records = tuple(table for package in packages for table in audit_records(package.folder))
    for product in dict.fromkeys(map(_product, packages)):
        versions = [package.folder for package in reversed(newest_first(package for package in packages if _product(package) == product))]
        problems += audit_versions(versions)
    problems += [line for package in packages for line in beside(package, packages)]
    return AuditReport(tuple(package.title for package in packages), tuple(measures), (*problems, *faults), records)


def audit_new(package: Path, published: Sequence[Path]) -> AuditReport:
    """Audit a package that is about to be published, with all packages that are.

    `published` are the folders of all versions of all products. Only measures of the new package are attacked, and what
    those versions disclose without it was told when they were published: it is not held against this one.
    """
    new = load_package(package)
    others = [load_package(folder) for folder in published]
    measures, faults = _attack_all([new, *others], new)
    faults += beside_new(new, others)
    # Readers compare with the last one that they had, withdrawn or not, and with it only: who holds all of them sees each step.
    before = newest_first(one for one in others if _product(one) == _product(new) and one.version != new.version)
    faults += audit_versions([*(one.folder for one in before[:1]), new.folder])
    return AuditReport((new.title,), tuple(measures), (*new.problems, *faults), tuple(audit_records(package)))


def _attack_all(packages: Sequence[LoadedPackage], new: LoadedPackage | None = None) -> tuple[list[MeasureAudit], list[str]]:
    """Audits and contradictions over all audiences; with `new`, only of its measures and of what it adds to the others."""
    measures: list[MeasureAudit] = []
    faults: list[str] = []
    concerned = packages if new is None else [new]
    for audience in AUDIENCES:
        for measure in sorted({measure for package in concerned for measure in package.measures}):
            held = entitled(packages, audience, measure)
            public = audience != AUDIENCES[0] and all(package.audience == AUDIENCES[0] for package in held)
            counted = any(loaded.table.measure == measure for package in held for loaded in package.tables)
            if not counted or public or (new is not None and new not in held):
                continue
            try:
                measures.append(_attack(measure, held, new))
            except AnonymisationError as error:
                faults.append(f"{measure} in {', '.join(package.title for package in held)}: {error}")
    return measures, faults


def _attack(measure: str, packages: Sequence[LoadedPackage], new: LoadedPackage | None) -> MeasureAudit:
    from anonymisation.releases import attack_releases, attack_releases_beside_lists

    # A version that is published anew, unchanged, has the number of the one it equals.
    others = [package for package in packages if new is None or package is new or _product(package) != _product(new) or package.version != new.version]
    current, older = split(others)
    used = [loaded for package in others for loaded in package.tables if loaded.table.measure == measure]
    threshold = min(loaded.threshold for loaded in used)
    moments = releases(measure, current, older)
    every = [moment.name for moment in moments]
    verdict = attack_releases(moments, threshold, every if new is None else [name for name in every if name == _name_of(new, moments)])
    beside = attack_releases_beside_lists(moments, threshold)
    findings = _findings(verdict.findings, beside.findings)
    if findings and new is not None and len(others) > 1:
        before = releases(measure, *split(package for package in others if package is not new))
        told = {_what(finding) for attack in (attack_releases, attack_releases_beside_lists) for finding in attack(before, threshold).findings}
        findings = {what: words for what, words in findings.items() if what not in told}
    return MeasureAudit(
        measure,
        threshold,
        tuple(package.title for package in [*current, *older]),
        len(used),
        verdict.cells,
        verdict.withheld,
        len(findings),
        verdict.checked["fractional"] + beside.checked["fractional"],
        sum(len(moment.lists) for moment in moments),
        beside.checked["apart"],
        tuple(list(findings.values())[:MOST_FINDINGS]),
    )


def _findings(alone: Sequence["ReleaseFinding"], beside: Sequence["ReleaseFinding"]) -> dict[tuple, str]:
    """What is disclosed by tables alone, then what it takes records to learn, in words."""
    known = {(_where(finding), name) for finding in alone for name in finding.releases}
    found = {_what(finding): str(finding) for finding in alone}
    for finding in beside:
        if not all((_where(finding), name) in known for name in finding.releases):
            found.setdefault(_what(finding), f"{finding}, given the records beside it")
    return found


def _name_of(package: LoadedPackage, held: Sequence["Release"]) -> str | None:
    """The name of the release in which a package has tables."""
    return next((release.name for release in held if any(table.name.startswith(f"{package.audience}/{package.title}/") for table in release.tables)), None)


def _product(package: LoadedPackage) -> tuple[str, str]:
    return package.audience, package.name


def _what(finding: "ReleaseFinding") -> tuple:
    return _where(finding), finding.low, finding.high


def _where(finding: "ReleaseFinding") -> tuple:
    return tuple(sorted(finding.codes.items()))
