"""What readers of an audience hold of a measure: every version of every product they are shown, as releases in order.

Readers of safestats hold the public packages as well. The newest versions at hand of all products are one moment, the last
release, as far as they agree: a version of one audience that was published since, with revised counts, is a moment of its
own. Every other version is a release of its own, older ones first. Packages cut from a version are of its moment. Attacking
what is held belongs in `audit`, protecting what comes next in `anonymisation.releases`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from anonymisation import Hierarchy, InconsistentTablesError, PublishedTable
from vawg_opendata.release.checks.lists import LoadedList
from vawg_opendata.release.checks.loading import LoadedPackage, load_package, newest_first

if TYPE_CHECKING:
    from anonymisation.releases import Release

PUBLIC = "datastore"


def entitled(packages: Iterable[LoadedPackage], audience: str, measure: str) -> list[LoadedPackage]:
    """The packages with a table of the measure, or records of whom it counts, that readers of the audience hold."""
    return [
        package
        for package in packages
        if package.audience in (PUBLIC, audience) and measure in package.measures
    ]


def split(packages: Iterable[LoadedPackage]) -> tuple[list[LoadedPackage], list[LoadedPackage]]:
    """The newest version of each product, with what is cut from it, and the others, the newest first."""
    newest: dict[tuple[str, str], str] = {}
    current: dict[tuple[str, str], LoadedPackage] = {}
    older = []
    for package in newest_first(packages):
        version = newest.setdefault((package.audience, package.product), package.version)
        if version != package.version or (package.audience, package.name) in current:
            older.append(package)
        else:
            current[package.audience, package.name] = package
    return list(current.values()), older


def releases(measure: str, current: Sequence[LoadedPackage], older: Sequence[LoadedPackage]) -> list[Release]:
    """The measure in the newest versions `current` and in the `older` ones (newest first), as releases, oldest first."""
    moments = [*reversed(_versions(older)), *_moments(measure, current)]
    found = [_release(measure, packages) for packages in moments]
    lists = [[one for package in packages for one in package.lists if one.measure == measure] for packages in moments]
    return [
        replace(release, neighbours=[one.beside(release.hierarchies) for one in _near(lists, number)]) for number, release in enumerate(found)
    ]


def _near(lists: Sequence[Sequence[LoadedList]], number: int) -> list[LoadedList]:
    """The lists of the releases before and after one, but for those that it has in the same form itself."""
    own = [(one.name, one.codes) for one in lists[number]]
    near = [*(lists[number - 1] if number else ()), *(lists[number + 1] if number + 1 < len(lists) else ())]
    return [one for one in near if (one.name, one.codes) not in own]


def _moments(measure: str, packages: Sequence[LoadedPackage]) -> list[list[LoadedPackage]]:
    """The versions, those together of which the counts and the code lists agree; a version is never divided."""
    moments: list[list[LoadedPackage]] = []
    for version in _versions(packages):
        same = next((moment for moment in moments if _agree(measure, [*moment, *version])), None)
        if same is None:
            moments.append(version)
        else:
            same += version
    return moments[::-1]


def _agree(measure: str, packages: Sequence[LoadedPackage]) -> bool:
    from anonymisation.releases import of_one_moment

    try:
        release = _release(measure, packages)
    except InconsistentTablesError:
        return False
    return of_one_moment(release)


def published_releases(folders: Iterable[Path], audience: str, measure: str) -> list[Release]:
    """What readers of an audience hold of a measure, given the folders of all published versions; oldest first."""
    current, older = split(entitled(map(load_package, folders), audience, measure))
    return releases(measure, current, older)


def united(lists: Sequence[Mapping[str, Hierarchy]]) -> dict[str, Hierarchy]:
    """The hierarchies of several products as one, by dimension. InconsistentTablesError where codes mean two things."""
    dimensions = dict.fromkeys(dimension for hierarchies in lists for dimension in hierarchies)
    return {name: _united(name, [hierarchies[name] for hierarchies in lists if name in hierarchies]) for name in dimensions}


def _versions(packages: Sequence[LoadedPackage]) -> list[list[LoadedPackage]]:
    """Packages of one version of a product together, in the order of the first of each; a second copy of one is on its own."""
    versions: list[list[LoadedPackage]] = []
    for package in packages:
        whole = (package.audience, package.product, package.version)
        fitting = [
            version for version in versions
            if (version[0].audience, version[0].product, version[0].version) == whole and package.name not in {one.name for one in version}
        ]
        if fitting:
            fitting[0].append(package)
        else:
            versions.append([package])
    return versions


def _release(measure: str, packages: Sequence[LoadedPackage]) -> Release:
    from anonymisation.releases import Release

    tables = []
    least: dict[str, int] = {}
    known: dict[str, list[Hierarchy]] = {}
    for package in packages:
        own = [loaded.table for loaded in package.tables if loaded.table.measure == measure]
        for table in own:
            name = f"{package.audience}/{package.title}/{table.name}"
            tables.append(PublishedTable(name, measure, table.axes, table.values, table.published))
            least[name] = package.least
        for dimension in dict.fromkeys(dimension for table in own for dimension in table.axes):
            known.setdefault(dimension, []).append(package.hierarchies[dimension])
    shown = {dimension: {code for table in tables for code in table.axes.get(dimension, ())} for dimension in known}
    for package in packages:
        if package.cut_by in known:  # the codes that it does not show are counted in the totals that it does
            shown[package.cut_by].update(package.hierarchies[package.cut_by].codes)
    hierarchies = {dimension: _united(dimension, found) for dimension, found in known.items()}
    for dimension, hierarchy in hierarchies.items():
        if any(_is_shown(table, dimension, hierarchy.total) for table in tables):
            hierarchies[dimension] = _restricted(hierarchy, shown[dimension])
    lists = [one.beside(hierarchies) for package in packages for one in package.lists if one.measure == measure]
    return Release(", ".join(package.title for package in packages), tables, hierarchies, lists, least=least)


def _is_shown(table: PublishedTable, dimension: str, code: str) -> bool:
    """Whether a table publishes any cell of a code: the total of a period that is not covered is no total of what is."""
    if code not in table.axes.get(dimension, ()):
        return False
    return bool(table.published.take(table.axes[dimension].index(code), axis=list(table.axes).index(dimension)).any())


def _restricted(hierarchy: Hierarchy, shown: set[str]) -> Hierarchy:
    """The hierarchy over the codes that are shown: a total then stands for what is counted in it.

    A code whose parent is not shown hangs under the next one above it that is.
    """
    parents = {}
    for name, links in hierarchy.parents.items():
        parents[name] = {}
        for code in links:
            above = links[code]
            while above not in shown:
                above = links[above]
            if code in shown:
                parents[name][code] = above
    codes = [code for code in hierarchy.codes if code in shown]
    return Hierarchy(hierarchy.dimension, codes, hierarchy.total, parents, hierarchy.aside.intersection(codes))


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
    return Hierarchy(dimension, codes, first.total, parents, frozenset().union(*(hierarchy.aside for hierarchy in hierarchies)))
