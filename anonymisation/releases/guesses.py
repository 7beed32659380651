"""The guesses that a reader keeps: what did not visibly change did not change, as far as the releases allow it.

Belongs here: which guesses are given up because published values contradict them.  Does not belong here: making the
guesses (``release``), or what follows from those that are kept (``attack``).

Where all guesses of a part of the system can be true at once she keeps them all.  Where they cannot, some withheld cell
was revised, and she looks for the smallest revision that explains what is published: the fewest records added to or
taken from finest cells.  That withheld cells are 1 at least where zeros are published is as certain as what is published:
a guess that makes one 0 there is wrong, and known to be.  Every cell that is revised in some smallest explanation is a
guess that she gives up; the others she keeps.  This is a linear program; a solution in the interior of its optimal face,
as interior-point methods end in without crossover, has every such cell in it (Guler and Ye 1993), so no arbitrary choice
is made among equals.
"""

from __future__ import annotations

import highspy
import numpy as np
import scipy.sparse as sp

from anonymisation.errors import AnonymisationError, InconsistentTablesError
from anonymisation.intruder.programs import INTERIOR_STEPS, Program
from anonymisation.releases.joint import Joint, Merged, merge
from anonymisation.releases.memory import asked_once

REVISED = 1e-5
"""Records by which a cell is revised in a solution, beyond the solver's tolerance."""

MOST_EXPLANATIONS = 3
"""Explanations looked for in one part; after them all guesses of the part are given up, which is always possible."""


def kept(joint: Joint) -> tuple[np.ndarray, Merged]:
    """Which of ``joint.links`` the reader keeps, and the system under these.

    Raises ``InconsistentTablesError`` where one release contradicts itself.
    """
    held = np.ones(joint.links.shape[1], dtype=bool)
    merged = merge(joint, held)
    if not held.size:
        return held, merged
    parts = joint.parts()
    ends = np.where(joint.known[joint.links[0]], joint.links[1], joint.links[0])
    link_parts = parts[ends]
    for number in range(MOST_EXPLANATIONS + 1):
        wrong = _contradicted(joint, merged, parts)
        if not wrong.size:
            break
        if number == MOST_EXPLANATIONS:
            held &= ~np.isin(link_parts, wrong)
        for part in wrong.tolist() if number < MOST_EXPLANATIONS else ():
            here = np.flatnonzero(held & (link_parts == part))
            held[here[_revised(joint, np.flatnonzero(parts == part), here)]] = False
        merged = merge(joint, held)
    return held, merged


def _contradicted(joint: Joint, merged: Merged, parts: np.ndarray) -> np.ndarray:
    """The parts in which the guesses cannot all be true."""
    wrong = set(parts[merged.at_odds].tolist())
    count = merged.sums.shape[1]
    part_of = np.full(count, -1, dtype=np.int64)
    shown = merged.unknown >= 0
    part_of[merged.unknown[shown]] = parts[shown]
    row_component = merged.rows_of()
    number = int(merged.component.max(initial=-1)) + 1
    # What one release has by itself is possible, since the release is.
    alone = np.zeros(number, dtype=bool)
    for release in range(merged.releases.shape[1]):
        own = np.full(count, -1, dtype=np.int64)
        here = np.flatnonzero(shown & (joint.release == release))
        np.maximum.at(own, merged.unknown[here], joint.least[here])
        lacking = np.bincount(row_component[~merged.releases[:, release]], minlength=number)
        lacking += np.bincount(merged.component[own < merged.least], minlength=number)
        alone |= lacking == 0
    columns_by = np.argsort(merged.component, kind="stable")
    column_starts = np.searchsorted(merged.component[columns_by], np.arange(number + 1))
    rows_by = np.argsort(row_component, kind="stable")
    row_starts = np.searchsorted(row_component[rows_by], np.arange(number + 1))
    for component in np.flatnonzero(~alone).tolist():
        members = columns_by[column_starts[component] : column_starts[component + 1]]
        part = int(part_of[members[0]])
        if part in wrong:
            continue
        rows = rows_by[row_starts[component] : row_starts[component + 1]]
        if not _possible(sp.csr_array(merged.sums[rows][:, members]), merged.lower[rows], merged.upper[rows], merged.least[members]):
            wrong.add(part)
    return np.array(sorted(wrong), dtype=np.int64)


def _possible(sums: sp.csr_array, lower: np.ndarray, upper: np.ndarray, least: np.ndarray) -> bool:
    """Whether some counts, each its ``least`` and more, satisfy the sums."""

    def answer() -> bool:
        try:
            Program(sums, lower, upper, least, np.full(sums.shape[1], np.inf))
        except InconsistentTablesError:
            return False
        return True

    return asked_once("possible", (sums.indptr, sums.indices, sums.data, lower, upper, least), answer)


def _revised(joint: Joint, cells: np.ndarray, links: np.ndarray) -> np.ndarray:
    """Which of some links of one part a smallest explanation may revise."""
    place = np.full(len(joint.known), -1, dtype=np.int64)
    place[cells] = np.arange(len(cells))
    inside = joint.sums[:, cells]
    rows = np.flatnonzero(np.diff(inside.indptr))
    right = 0.0 - joint.sums[rows] @ np.where(joint.known, joint.values, 0)
    # A guess is a row: the first cell less the second, whichever of them are unknown, is what was revised.
    first, second = joint.links[:, links]
    entries, columns, at = [], [], []
    for cell, sign in ((first, 1.0), (second, -1.0)):
        unknown = place[cell] >= 0
        at.append(np.flatnonzero(unknown))
        columns.append(place[cell[unknown]])
        entries.append(np.full(int(unknown.sum()), sign))
    guesses = sp.csr_array(
        (np.concatenate(entries), (np.concatenate(at), np.concatenate(columns))), shape=(len(links), len(cells))
    )
    both = np.where(joint.known, joint.values, 0).astype(float)
    same = both[second] - both[first]
    revision = sp.eye_array(len(links), format="csr")
    matrix = sp.csc_array(sp.block_array([[inside[rows].astype(float), None, None], [guesses, -revision, revision]]))
    lower, upper = np.concatenate([right, same]), np.concatenate([right + joint.upper[rows], same])
    cost = np.concatenate([np.zeros(len(cells)), np.ones(2 * len(links))])
    low = np.concatenate([joint.least[cells].astype(float), np.zeros(2 * len(links))])

    def answer() -> np.ndarray:
        # The first solution is a corner and exact; the second has every revision of every smallest explanation.
        corner = _minimum(matrix, lower, upper, low, cost, "simplex")
        if corner is None:
            raise InconsistentTablesError("no counts satisfy the published values of each release: one contradicts itself")
        found = corner
        middle = _minimum(matrix, lower, upper, low, cost, "ipm")
        if middle is not None:
            found = np.maximum(corner, middle)
        more, less = found[len(cells) :].reshape(2, len(links))
        return np.maximum(more, less) > REVISED

    return asked_once("revised", (matrix.indptr, matrix.indices, matrix.data, lower, upper, low, cost), answer)


def _minimum(
    matrix: sp.csc_array, lower: np.ndarray, upper: np.ndarray, low: np.ndarray, cost: np.ndarray, method: str
) -> np.ndarray | None:
    """A solution of least cost, or None where there is none, or where the interior-point method found none."""
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, low, np.full(len(cost), np.inf)
    model.row_lower_, model.row_upper_ = lower, upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    solver = highspy.Highs()
    for option, setting in (("output_flag", False), ("threads", 1), ("random_seed", 1), ("solver", method)):
        solver.setOptionValue(option, setting)
    if method == "ipm":
        # Presolve and crossover would move the solution to a corner.
        solver.setOptionValue("presolve", "off")
        solver.setOptionValue("run_crossover", "off")
        solver.setOptionValue("ipm_iteration_limit", INTERIOR_STEPS)
    solver.passModel(model)
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kOptimal:
        return np.asarray(solver.getSolution().col_value)
    if method == "ipm" or status == highspy.HighsModelStatus.kInfeasible:
        return None
    raise AnonymisationError(f"the linear program ended as {status}; it cannot be told what was revised")
