"""The audit: the intruder's attack on published packages, as a reader of one audience could mount it.

Packages are read from their files alone. What is attacked together, measure by measure:

- for the datastore: the newest version at hand of every datastore product;
- for safestats: the same of both audiences, because its readers hold the public packages as well;
- each older version, by itself and together with the newest versions. Where two versions publish different values for a
  cell, because the period grew or a count was revised, they are not one system of cells, and the report says that they
  were attacked apart.

The statistics key of a resource says what was protected and from which threshold on; where packages of one system differ,
the smallest threshold counts, which is the one its readers may see.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anonymisation import AnonymisationError, Hierarchy, InconsistentTablesError, PublishedTable, attack
from vawg_opendata.release.integrity import check
from vawg_opendata.release.loading import LoadedPackage, find_packages, load_package, newest_first

MOST_FINDINGS = 20  # named in a report; their number is always told


@dataclass(frozen=True)
class MeasureAudit:
    """The attack on all tables of one measure in one set of packages. `disclosed` cells break the guarantee."""

    measure: str
    threshold: int
    packages: tuple[str, ...]
    tables: int
    cells: int
    withheld: int
    disclosed: int
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One line."""
        return (
            f"{self.measure} in {', '.join(self.packages)}: {self.tables} tables, {self.cells} cells, {self.withheld} withheld, "
            f"{self.disclosed} disclosed (threshold {self.threshold})"
        )


@dataclass(frozen=True)
class AuditReport:
    """What was attacked and found. `problems` are packages that contradict themselves; `notes` say what was not checked."""

    packages: tuple[str, ...]
    measures: tuple[MeasureAudit, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def disclosed(self) -> int:
        """Number of cells that break the guarantee, over all sets."""
        return sum(measure.disclosed for measure in self.measures)

    @property
    def ok(self) -> bool:
        """Whether nothing is disclosed and no package contradicts itself."""
        return not self.disclosed and not self.problems

    def faults(self) -> list[str]:
        """What is disclosed and what contradicts itself, as text: published codes and what can be concluded about them."""
        lines = [f"disclosed: {finding}" for measure in self.measures for finding in measure.findings]
        lines += [
            f"disclosed: {measure.disclosed - len(measure.findings)} more cells of {measure.measure}"
            for measure in self.measures
            if measure.disclosed > len(measure.findings)
        ]
        return lines + [f"problem: {problem}" for problem in self.problems]

    def lines(self) -> list[str]:
        """The whole report as text."""
        return [*(measure.summary for measure in self.measures), *self.faults(), *(f"note: {note}" for note in self.notes)]


def audit(paths: Iterable[Path]) -> AuditReport:
    """Audit packages: package folders, or folders above them up to a whole `published/`.

    FileNotFoundError where a path holds no package; ValueError where a descriptor cannot be read.
    """
    packages = [load_package(folder) for folder in find_packages(paths)]
    problems = [f"{package.title}: {problem}" for package in packages for problem in (*package.problems, *check(package.folder))]
    current, older = _split(packages)
    measures, notes, faults = _attack_all(current, older, alone=True)
    return AuditReport(tuple(package.title for package in packages), tuple(measures), (*problems, *faults), tuple(notes))


def audit_new(package: Path, published: Sequence[Path]) -> AuditReport:
    """Audit a package that is about to be published, with all packages that are.

    `published` are folders of the other products' newest versions and of all earlier versions of this one. Only sets with
    the new package are attacked: the others were when they were published.
    """
    new = load_package(package)
    others = [load_package(folder) for folder in published]
    current = [new, *(other for other in _split(others)[0] if (other.audience, other.name) != (new.audience, new.name))]
    older = [other for other in others if (other.audience, other.name) == (new.audience, new.name) and other.version != new.version]
    measures, notes, faults = _attack_all(current, older, alone=False, involving=new)
    return AuditReport((new.title,), tuple(measures), (*new.problems, *faults), tuple(notes))


def _split(packages: Iterable[LoadedPackage]) -> tuple[list[LoadedPackage], list[LoadedPackage]]:
    """The newest version of each product, and the others."""
    current: dict[tuple[str, str], LoadedPackage] = {}
    older = []
    for package in newest_first(packages):
        if (package.audience, package.name) in current:
            older.append(package)
        else:
            current[package.audience, package.name] = package
    return list(current.values()), older


def _attack_all(
    current: Sequence[LoadedPackage], older: Sequence[LoadedPackage], alone: bool, involving: LoadedPackage | None = None
) -> tuple[list[MeasureAudit], list[str], list[str]]:
    """Audits, notes and contradictions over all systems of audiences; with `involving`, only of measures that it publishes."""
    wanted = None if involving is None else {loaded.table.measure for loaded in involving.tables}
    measures: list[MeasureAudit] = []
    notes: list[str] = []
    faults: list[str] = []
    done: set[tuple[str, tuple[Path, ...]]] = set()

    def run(measure: str, together: Sequence[LoadedPackage], required: bool) -> None:
        with_it = [package for package in together if any(loaded.table.measure == measure for loaded in package.tables)]
        key = (measure, tuple(sorted(package.folder for package in with_it)))
        if not with_it or key in done:
            return
        done.add(key)
        titles = ", ".join(package.title for package in with_it)
        try:
            measures.append(_attack(measure, with_it))
        except InconsistentTablesError as error:
            if required:
                faults.append(f"{measure} in {titles}: {error}")
            else:
                notes.append(f"{measure} in {titles}: not attacked together, their counts differ where they overlap")
        except AnonymisationError as error:
            faults.append(f"{measure} in {titles}: {error}")

    for audience in ("datastore", "safestats"):
        system = [package for package in current if package.audience == "datastore" or package.audience == audience]
        if audience == "safestats" and len(system) == sum(package.audience == "datastore" for package in system):
            continue
        for measure in sorted({loaded.table.measure for package in system for loaded in package.tables}):
            if wanted is not None and measure not in wanted:
                continue
            run(measure, system, required=True)
            for old in older:
                if old.audience == "datastore" or old.audience == audience:
                    if alone:
                        run(measure, [old], required=True)
                    if any(loaded.table.measure == measure for loaded in old.tables):
                        run(measure, [*system, old], required=False)
    return measures, notes, faults


def _attack(measure: str, packages: Sequence[LoadedPackage]) -> MeasureAudit:
    tables, thresholds = [], []
    for package in packages:
        for loaded in package.tables:
            if loaded.table.measure == measure:
                name = f"{package.audience}/{package.title}/{loaded.table.name}"
                tables.append(PublishedTable(name, measure, loaded.table.axes, loaded.table.values, loaded.table.published))
                thresholds.append(loaded.threshold)
    dimensions = {dimension for table in tables for dimension in table.axes}
    hierarchies = {dimension: _united(dimension, [p.hierarchies[dimension] for p in packages if dimension in p.hierarchies]) for dimension in dimensions}
    verdict = attack(tables, hierarchies, min(thresholds))
    return MeasureAudit(
        measure,
        min(thresholds),
        tuple(package.title for package in packages),
        len(tables),
        verdict.cells,
        verdict.withheld,
        verdict.disclosed,
        tuple(str(finding) for finding in verdict.findings[:MOST_FINDINGS]),
    )


def _united(dimension: str, hierarchies: Sequence[Hierarchy]) -> Hierarchy:
    """One hierarchy with the codes of all. InconsistentTablesError where a code has two parents: then codes mean two things."""
    first = hierarchies[0]
    codes: dict[str, None] = {}
    parents: dict[str, dict[str, str]] = {}
    for hierarchy in hierarchies:
        if hierarchy.total != first.total:
            raise InconsistentTablesError(f"the code lists of {dimension} have different roots")
        codes.update(dict.fromkeys(hierarchy.codes))
        for name, links in hierarchy.parents.items():
            known = parents.setdefault(name, {})
            for code, parent in links.items():
                if known.setdefault(code, parent) != parent:
                    raise InconsistentTablesError(f"the code lists of {dimension} give {code!r} different parents")
    return Hierarchy(dimension, codes, first.total, parents)
