"""Releases: what a reader holds of one moment, and which cells of several releases stand for the same.

Belongs here: naming cells across releases whose axes and hierarchies differ, and the guesses a reader makes from one
release to the next.  Does not belong here: what follows from the guesses (``joint``), or what a disclosure is
(``attack``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from anonymisation.errors import InconsistentTablesError, TableError
from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder.placement import RecordList
from anonymisation.intruder.unknowns import read
from anonymisation.system import System, aside_cells, build_system
from anonymisation.tables import PublishedTable


@dataclass(frozen=True)
class Release:
    """All tables that a reader has of one moment, of one measure or several, with the code lists they came with.

    ``name`` is what findings call it: a version, say.  ``lists``: records that came with the tables, one by one, of the people
    whom these count; ``neighbours``: such as came with the release before or after.

    ``least``: by name of a table, what readers know a withheld count of it to be at least: 0 where zeros may be withheld; 1, which is
    taken where nothing is said, where zeros are published (``Policy.least``).
    """

    name: str
    tables: Sequence[PublishedTable]
    hierarchies: Mapping[str, Hierarchy]
    lists: Sequence[RecordList] = ()
    neighbours: Sequence[RecordList] = ()
    least: Mapping[str, int] = field(default_factory=dict)

    def of(self, measure: str) -> list[PublishedTable]:
        """The tables of one measure."""
        return [table for table in self.tables if table.measure == measure]


@dataclass(frozen=True)
class Snapshot:
    """One measure of one release as a system: what is published of each cell, and which cells are finest.

    A cell is finest if no table of the release tells all its parts.  ``least``: by cell, what readers know it to be at least, if withheld.
    """

    name: str
    system: System
    values: np.ndarray
    known: np.ndarray
    finest: np.ndarray
    least: np.ndarray

    @cached_property
    def open_sums(self) -> tuple[sp.csr_array, np.ndarray]:
        """The sums with a withheld cell, and how far the parts of each may stay below it.

        Raises ``InconsistentTablesError`` where the published parts of another sum do not add up.
        """
        sums, incomplete = sp.csr_array(self.system.sums.astype(np.int64)), self.system.incomplete
        involved = abs(sums) @ (~self.known).astype(np.int64) > 0
        difference = sums @ np.where(self.known, self.values, 0)
        wrong = np.flatnonzero(~involved & np.where(incomplete, difference < 0, difference != 0))
        if wrong.size:
            row = sums[[int(wrong[0])]]
            parent = self.system.locate(int(row.indices[row.data > 0][0]))
            raise InconsistentTablesError(
                f"{self.name}: the published parts of {parent or 'the total'} do not add up to it ({wrong.size} such sums)"
            )
        return sums[np.flatnonzero(involved)], np.where(incomplete[involved], np.inf, 0.0)


def snapshots(releases: Sequence[Release], measure: str) -> list[Snapshot]:
    """The releases that publish ``measure``, in their order.  Raises ``TableError`` where two have one name."""
    names = [release.name for release in releases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableError(f"two releases have the name {twice[0]!r}")
    found = []
    for release in releases:
        tables = release.of(measure)
        if tables:
            found.append(snapshot(release.name, build_system(tables, release.hierarchies), tables, release.least))
    return found


def snapshot(name: str, system: System, tables: Sequence[PublishedTable], least: Mapping[str, int]) -> Snapshot:
    """One measure of a release whose ``system`` is there already; ``least``: as ``Release`` has it."""
    values, known = read(system, tables)
    lowest = np.zeros(system.size, dtype=np.int64)
    for table in tables:
        withheld = system.cell_ids[table.name][~table.published]
        lowest[withheld] = np.maximum(lowest[withheld], least.get(table.name, 1))
    return Snapshot(name, system, values, known, _finest(system), lowest)


def cell_names(systems: Sequence[System]) -> list[np.ndarray]:
    """By system, a number for each cell; cells of different systems have one number if they have the same codes."""
    codes: dict[frozenset[str], dict[str, dict[str, int]]] = {}
    for system in systems:
        for key, grid in system.grids.items():
            by_dimension = codes.setdefault(key, {d: {} for d in grid.dimensions})
            for dimension, here in zip(grid.dimensions, grid.codes, strict=True):
                for code in here:
                    by_dimension[dimension].setdefault(code, len(by_dimension[dimension]))
    start, size = {}, 0
    aside: dict[tuple, int] = {}
    for key in sorted(codes, key=lambda key: (len(key), sorted(key))):
        start[key] = size
        size += int(np.prod([len(places) for places in codes[key].values()], dtype=np.int64))
    names = []
    for system in systems:
        numbers = np.full(system.size, -1, dtype=np.int64)
        for key, grid in system.grids.items():
            place = np.zeros((1,) * len(grid.dimensions), dtype=np.int64)
            for axis, (dimension, here) in enumerate(zip(grid.dimensions, grid.codes, strict=True)):
                known = codes[key][dimension]
                along = np.array([known[code] for code in here], dtype=np.int64)
                place = place * len(known) + along.reshape([len(here) if i == axis else 1 for i in range(len(grid.dimensions))])
            shown = grid.ids >= 0
            numbers[grid.ids[shown]] = np.broadcast_to(start[key] + place, grid.ids.shape)[shown]
        # One system may have such a cell in other dimensions than the next.
        for name, cells in aside_cells(system.grids, system.hierarchies):
            numbers[[id_ for grid, place in cells if (id_ := int(grid.ids[place])) >= 0]] = size + aside.setdefault(name, len(aside))
        names.append(numbers)
    return names


def changed_extent(cells: System, other: System) -> np.ndarray:
    """Which cells of one system have a code that stands for more, or for less, in the other.

    What a code stands for are the leaves below it: a year of which more months are known by now is another year.  A
    code below which each list has leaves that the other lacks was divided anew, and still stands for the same; so does
    a code that is a leaf in one of the lists.  A total that grew counts where both systems show what it is made of.
    """
    changed = np.zeros(cells.size, dtype=bool)
    moved = {
        dimension: {code for code in hierarchy.codes if _grew(hierarchy, other.hierarchies.get(dimension), code)}
        for dimension, hierarchy in cells.hierarchies.items()
    }
    totals = {d for d, hierarchy in cells.hierarchies.items() if hierarchy.total in moved[d]}
    for key, grid in cells.grids.items():
        if any(key | {d} in cells.grids and key | {d} in other.grids for d in totals - key):
            changed[grid.ids[grid.ids >= 0]] = True
        for axis, (dimension, codes) in enumerate(zip(grid.dimensions, grid.codes, strict=True)):
            places = [i for i, code in enumerate(codes) if code in moved[dimension]]
            ids = grid.ids.take(places, axis=axis)
            changed[ids[ids >= 0]] = True
    return changed


def links(snapshots: Sequence[Snapshot], names: Sequence[np.ndarray]) -> np.ndarray:
    """The guesses: pairs of cells, each with the next release that has it, of which at least one is withheld.

    A row for the first release, its cell, the second release, its cell.  ``names``: as ``cell_names`` gives them.  Only finest cells are
    guessed to be unchanged: what follows for the others follows from the sums.  A cell withheld once and published as
    zero another time has changed where zeros are not withheld.
    """
    withheld = np.zeros(max((int(own.max(initial=-1)) for own in names), default=-1) + 1, dtype=bool)
    for snapshot, own in zip(snapshots, names, strict=True):
        withheld[own[~snapshot.known]] = True
    cells = [np.flatnonzero(withheld[own]) for own in names]
    release = np.repeat(np.arange(len(snapshots)), [len(here) for here in cells])
    known, values, finest, least = (
        np.concatenate([getattr(snapshot, part)[here] for snapshot, here in zip(snapshots, cells, strict=True)])
        for part in ("known", "values", "finest", "least")
    )
    named = np.concatenate([own[here] for own, here in zip(names, cells, strict=True)])
    cell = np.concatenate(cells)
    order = np.lexsort((release, named))
    follows = named[order[:-1]] == named[order[1:]]
    first, second = order[:-1][follows], order[1:][follows]
    sensible = (finest[first] | finest[second]) & ~(known[first] & known[second])
    for one, other in ((first, second), (second, first)):
        sensible &= ~(known[one] & (values[one] < least[other]))
    for old, new in np.unique(np.stack([release[first], release[second]]), axis=1).T.tolist():
        grown = changed_extent(snapshots[old].system, snapshots[new].system)
        if grown.any():
            here = (release[first] == old) & (release[second] == new)
            sensible[here] &= ~grown[cell[first[here]]]
    first, second = first[sensible], second[sensible]
    return np.stack([release[first], cell[first], release[second], cell[second]])


def _grew(hierarchy: Hierarchy, other: Hierarchy | None, code: str) -> bool:
    if other is None or code not in other.leaves_below:
        return False
    here, there = hierarchy.leaves_below[code], other.leaves_below[code]
    is_leaf = here == {code} or there == {code}
    return here != there and not is_leaf and (here <= there or there <= here)


def _finest(system: System) -> np.ndarray:
    whole = sp.csr_array(system.sums)[np.flatnonzero(~system.incomplete)]
    finest = np.ones(system.size, dtype=bool)
    finest[whole.indices[whole.data > 0]] = False
    return finest
