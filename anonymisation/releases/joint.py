"""The joint system: all releases of one measure as one system of sums, under a reader's guesses.

Belongs here: the sums of all releases over common unknowns, and the parts into which they fall.  Does not belong here:
which guesses a reader gives up (``guesses``), or what a disclosure is (``attack``).

A guess says that a withheld cell has the same count in two releases.  Cells tied by guesses are one unknown, or one
known number where a release publishes one of them, and so are totals that follow from such cells alone; all other cells
are separate by release.  Each release brings its own sums, so a total over more months than before is another cell with
another sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from anonymisation.errors import InconsistentTablesError
from anonymisation.intruder.unknowns import Unknowns
from anonymisation.releases.release import Release, Snapshot, cell_names, links, snapshots


@dataclass(frozen=True)
class Joint:
    """All releases side by side, as far as something withheld is concerned: withheld cells, those in a sum with one, and those guessed
    to be the same as one.  ``release`` and ``cell`` say which cell of which release each is.

    ``sums``: ``lower <= sums @ counts <= upper``, each with the release it is of.  ``links`` are the pairs of cells guessed to be
    the same, ``names`` the numbers by which cells are recognised from one release to the next.  ``least``: what readers know a
    withheld cell to be at least.  ``all_names``: by release, the numbers of all its cells.
    """

    snapshots: Sequence[Snapshot]
    all_names: Sequence[np.ndarray]
    release: np.ndarray
    cell: np.ndarray
    names: np.ndarray
    known: np.ndarray
    values: np.ndarray
    least: np.ndarray
    sums: sp.csr_array
    upper: np.ndarray
    sum_release: np.ndarray
    links: np.ndarray

    def of(self, *numbers: int) -> Joint:
        """One release by itself, or some of them."""
        return join([self.snapshots[number] for number in numbers], [self.all_names[number] for number in numbers])

    def parts(self) -> np.ndarray:
        """By cell, the part of the system it is in: cells are in one part if a sum or a guess ties them.

        Known cells are in no part, -1.
        """
        unknown = np.flatnonzero(~self.known)
        place = np.full(len(self.known), -1, dtype=np.int64)
        place[unknown] = np.arange(len(unknown))
        among = abs(self.sums[:, unknown])
        both = self.links[:, ~self.known[self.links].any(axis=0)]
        edges = sp.csr_array((np.ones(both.shape[1]), place[both]), shape=(len(unknown), len(unknown)))
        graph = sp.block_array([[None, among], [among.T, edges]])
        _, labels = connected_components(graph, directed=False)
        parts = np.full(len(self.known), -1, dtype=np.int64)
        parts[unknown] = np.unique(labels[among.shape[0] :], return_inverse=True)[1]
        return parts


def of_one_moment(release: Release) -> bool:
    """Whether the tables of a release can all be true at once, as far as values, sums and bounds of cells tell."""
    for measure in dict.fromkeys(table.measure for table in release.tables):
        try:
            merged = merge(join(snapshots([release], measure)), np.zeros(0, dtype=bool))
            unknowns = Unknowns(np.arange(merged.sums.shape[1]), merged.sums, merged.lower, merged.upper)
            unknowns.bounds(0)
        except InconsistentTablesError:
            return False
    return True


def join(snapshots: Sequence[Snapshot], names: Sequence[np.ndarray] | None = None) -> Joint:
    """The releases side by side; ``names``: by release, what ``cell_names`` gives for them and for others that come beside them.

    Raises ``InconsistentTablesError`` where the published parts of a sum of one release do not add up.
    """
    names = cell_names([snapshot.system for snapshot in snapshots]) if names is None else names
    first, first_cell, second, second_cell = links(snapshots, names)
    cells, sums = [], []
    for number, snapshot in enumerate(snapshots):
        concerned = ~snapshot.known
        rows, _ = snapshot.open_sums
        concerned[rows.indices] = True
        concerned[first_cell[first == number]] = concerned[second_cell[second == number]] = True
        cells.append(np.flatnonzero(concerned))
        sums.append(sp.csr_array(rows[:, cells[-1]]))
    sizes = [len(here) for here in cells]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    pairs = np.zeros((2, len(first)), dtype=np.int64)
    for number, here in enumerate(cells):
        place = np.searchsorted(here, np.stack([first_cell, second_cell])) + starts[number]
        pairs = np.where(np.stack([first, second]) == number, place, pairs)

    def all_of(part: str) -> np.ndarray:
        return np.concatenate([getattr(snapshot, part)[here] for snapshot, here in zip(snapshots, cells, strict=True)])

    return Joint(
        snapshots,
        names,
        np.repeat(np.arange(len(snapshots)), sizes),
        np.concatenate(cells),
        np.concatenate([own[here] for own, here in zip(names, cells, strict=True)]),
        all_of("known"),
        all_of("values"),
        all_of("least"),
        sp.csr_array(sp.block_diag(sums, format="csr")),
        np.concatenate([snapshot.open_sums[1] for snapshot in snapshots]),
        np.repeat(np.arange(len(snapshots)), [rows.shape[0] for rows in sums]),
        pairs,
    )


@dataclass(frozen=True)
class Merged:
    """The joint system under guesses: ``lower <= sums @ x <= upper`` over the unknowns, each sum once, and ``x >= least``.

    ``unknown``: by cell, its unknown, or -1 where it is known; ``value``: by cell, its count where it is known, guessed
    to be a known one or the sum of such, else -1.  ``at_odds``: cells whose guesses contradict what is published already.
    ``releases``: by sum and release, whether the release has that sum by itself, with no number that is guessed.
    """

    unknown: np.ndarray
    least: np.ndarray
    value: np.ndarray
    at_odds: np.ndarray
    sums: sp.csr_array
    lower: np.ndarray
    upper: np.ndarray
    releases: np.ndarray
    component: np.ndarray

    def rows_of(self) -> np.ndarray:
        """By sum, the component it is in."""
        return self.component[self.sums.indices[self.sums.indptr[:-1]]]


def merge(joint: Joint, held: np.ndarray) -> Merged:
    """The joint system under the guesses of ``joint.links`` that are ``held``."""
    size = len(joint.known)
    group, value, at_odds = _groups(joint, joint.links[:, held])
    unknown = np.full(size, -1, dtype=np.int64)
    unknown[value < 0] = np.unique(group[value < 0], return_inverse=True)[1]
    columns = np.flatnonzero(value < 0)
    into = sp.csr_array(
        (np.ones(len(columns), dtype=np.int64), (columns, unknown[columns])),
        shape=(size, int(unknown.max(initial=-1)) + 1),
    )
    least = np.zeros(into.shape[1], dtype=np.int64)
    np.maximum.at(least, unknown[columns], joint.least[columns])
    at_odds |= (value >= 0) & (value < joint.least)
    # A cell with a published value keeps it, whatever it is tied to.
    numbers = np.where(joint.known, joint.values, np.maximum(value, 0))
    lower = 0.0 - (joint.sums @ numbers)
    upper = lower + joint.upper
    sums = sp.csr_array(joint.sums @ into)
    sums.sum_duplicates()
    empty = np.diff(sums.indptr) == 0
    broken = empty & ((lower > 0) | (upper < 0))
    if broken.any():
        at_odds[joint.sums[np.flatnonzero(broken)].indices] = True
    own = abs(joint.sums) @ ((value >= 0) & ~joint.known).astype(np.int64) == 0
    rows = np.flatnonzero(~empty)
    first, which = _each_once(sums, lower, upper, rows)
    releases = np.zeros((len(first), len(joint.snapshots)), dtype=bool)
    releases[which[own[rows]], joint.sum_release[rows[own[rows]]]] = True
    sums = sp.csr_array(sums[first])
    component = _components(sums)
    return Merged(
        unknown, least, value, at_odds & ~joint.known, sums, lower[first], upper[first], releases, component
    )


def _groups(joint: Joint, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By cell, its group, the one count that all cells of the group have (-1: unknown), and whether they contradict it.

    Cells are in one group if a guess of ``pairs`` ties them, or if they are one total in several releases and sum up
    the same unknowns.  A total of which every part has a count has their sum.

    Both follow from the sums and the guesses, so nothing is claimed that the programs would not find.  They follow from
    those of one part of the system alone: totals with a common unknown part are in the part that it is in, and of a
    total whose parts all have a count it is not said which others equal it.  Where two counts contradict each other
    nothing follows, so that what is contradicted stays where its cause is.
    """
    size = len(joint.known)
    entries = sp.coo_array(joint.sums)
    above, exact = entries.data > 0, joint.upper == 0
    parent = np.full(joint.sums.shape[0], -1, dtype=np.int64)
    parent[entries.row[above]] = entries.col[above]
    row, part = entries.row[~above], entries.col[~above]
    total = np.where(joint.known, joint.values, -1)
    while True:
        _, group = connected_components(
            sp.csr_array((np.ones(pairs.shape[1]), pairs), shape=(size, size)), directed=False
        )
        number = int(group.max(initial=-1)) + 1
        least, most = np.full(number, np.iinfo(np.int64).max), np.full(number, -1)
        told = total >= 0
        np.minimum.at(least, group[told], total[told])
        np.maximum.at(most, group[told], total[told])
        at_odds = (least < most)[group]
        value = most[group]
        unclear = (value < 0) | (at_odds & ~joint.known)
        counts = np.where(unclear, 0, np.where(joint.known, joint.values, value))
        unclear_parts, sums = np.zeros((2, len(parent)), dtype=np.int64)
        np.add.at(unclear_parts, row, unclear[part])
        np.add.at(sums, row, counts[part])
        settled = np.flatnonzero(exact & (unclear_parts == 0) & (total[parent] < 0))
        if settled.size:
            total[parent[settled]] = sums[settled]
            continue
        again = _same_parts(joint, parent, row, part, np.where(at_odds, size + np.arange(size), group), unclear, sums)
        again = again[:, group[again[0]] != group[again[1]]]
        if not again.size:
            return group, value, at_odds
        pairs = np.concatenate([pairs, again], axis=1)


def _same_parts(
    joint: Joint,
    parent: np.ndarray,
    row: np.ndarray,
    part: np.ndarray,
    group: np.ndarray,
    unclear: np.ndarray,
    sums: np.ndarray,
) -> np.ndarray:
    """Pairs of unknown totals of one name whose sums have the same unknown parts, and the same count beside them."""
    open_part = unclear[part]
    useful = (joint.upper == 0) & unclear[parent]
    useful &= np.bincount(row[open_part], minlength=len(parent)) > 0
    marks = []
    for seed in (1, 2):
        mark = np.zeros(len(parent), dtype=np.uint64)
        with np.errstate(over="ignore"):
            np.add.at(mark, row[open_part], _mixed(group[part[open_part]].astype(np.uint64), seed))
        marks.append(mark)
    keys = np.stack([joint.names[parent].astype(np.uint64), *marks, sums.astype(np.uint64)], axis=1)[useful]
    cells = parent[useful]
    _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return np.stack([cells[first[which.ravel()]], cells])


def _components(sums: sp.csr_array) -> np.ndarray:
    """The connected component of each unknown: two unknowns of one sum are connected."""
    pattern = abs(sums)
    _, labels = connected_components(sp.block_array([[None, pattern], [pattern.T, None]]), directed=False)
    return np.unique(labels[sums.shape[0] :], return_inverse=True)[1]


def _each_once(
    sums: sp.csr_array, lower: np.ndarray, upper: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of some sums the first of those that are equal, in order, and for each sum which of these it equals."""
    marks = sum_marks(sums, np.arange(sums.shape[1]), lower, upper)
    _, first, which = np.unique(marks[rows], axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return rows[first[order]], place[which.ravel()]


def sum_marks(sums: sp.csr_array, names: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """By sum, two numbers that tell it from others: from the names of its unknowns, their signs and its bounds."""
    marks = []
    for seed in (1, 2):
        columns = _mixed(names.astype(np.uint64), seed)
        total = np.zeros(sums.shape[0], dtype=np.uint64)
        rows = np.repeat(np.arange(sums.shape[0]), np.diff(sums.indptr))
        with np.errstate(over="ignore"):
            np.add.at(total, rows, np.where(sums.data > 0, columns[sums.indices], ~columns[sums.indices]))
            for bound in (lower, upper):
                total = _mixed(total ^ _mixed(bound.astype(np.float64).view(np.uint64), seed), seed)
        marks.append(total)
    return np.stack(marks, axis=1)


def _mixed(numbers: np.ndarray, seed: int) -> np.ndarray:
    """Numbers scattered over 64 bits (the finaliser of SplitMix64; Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        x = numbers + np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))
