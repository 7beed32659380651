"""Singletons: a count of 1 is known to the one it counts, who can subtract herself.

Belongs here: which persons a pattern lets compute which cells.  Does not belong here: how that is mended.

A pattern protects against readers outside the tables.  One who is counted alone in a withheld cell knows that cell as
well, and with it the equations may give her another (singleton disclosure, protection standard PS2 of the Handbook
Statistical Disclosure Control, online edition, section 4.3).  She knows every cell in which she alone is counted: 1 within
1 is the same person.

With her cells known a cell is determined if in the solutions of ``sums @ d == 0`` among withheld cells its values are
a combination of those at her cells.  A few random solutions show this for all pairs at once, as linear combinations
survive in them (with probability 1; the test of GaussSuppression's singleton methods, here by sketching instead of
elimination).  This finds what equations give away.  What needs bounds besides is left to the intruder, whose findings
are demands of the same form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp

from anonymisation.primary.demands import Demand
from anonymisation.system import System

SKETCHES = 8
"""Random solutions; a person with as many withheld cells or more is tested by the first of them."""

CLOSE = 1e-6
"""How far normalised rows of sketches may be apart and still be the same."""


@dataclass(frozen=True)
class Singletons:
    """No one who is counted alone in a withheld cell may compute another primary cell."""

    source: ClassVar[str] = "Handbook Statistical Disclosure Control, online edition, section 4.3 (protection against singleton disclosure)"


def singleton_demands(system: System, counts: np.ndarray, withheld: np.ndarray, primary: np.ndarray) -> list[Demand]:
    """A demand for every primary cell that some person can compute by the equations, in order.

    ``counts``, ``withheld`` and ``primary`` have an entry per cell; the pattern must already keep primary cells from
    outsiders.  ``cell`` is that primary cell, ``still`` the withheld cells that count this person alone.
    """
    cells = np.flatnonzero(withheld)
    alone = np.flatnonzero(withheld & (counts == 1))
    victims = np.flatnonzero(withheld & primary)
    if not len(alone) or len(victims) < 2:
        return []
    sketch = np.zeros((system.size, SKETCHES))
    sketch[cells] = _random_solutions(sp.csr_array(system.sums[:, cells], dtype=np.float64))
    person = persons(system, counts == 1)
    own: dict[int, list[int]] = {}
    for cell in alone.tolist():
        own.setdefault(int(person[cell]), []).append(cell)
    # By direction: rows that differ by a factor only are points of a sphere that coincide, up to sign.
    moving = victims[np.abs(sketch[victims]).max(axis=1) > CLOSE]
    rows = _directions(sketch[moving])
    # Imported here: a fifth of a second that no other rule needs.
    from scipy.spatial import cKDTree

    tree = cKDTree(np.vstack([rows, -rows]))
    found: set[Demand] = set()
    for who, theirs in own.items():
        points = _directions(sketch[theirs])
        hit = {int(moving[i % len(moving)]) for near in tree.query_ball_point(points, CLOSE) for i in near}
        if len(theirs) > 1:
            basis = np.linalg.svd(points[: SKETCHES - 1], full_matrices=False)
            basis = basis[2][basis[1] > CLOSE]
            if len(basis) > 1:
                rest = np.linalg.norm(rows - rows @ basis.T @ basis, axis=1)
                hit |= set(moving[rest < CLOSE].tolist())
        found |= {Demand(cell, tuple(theirs)) for cell in hit if person[cell] != who}
    return sorted(found)


def _directions(rows: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1.0)


def _random_solutions(equations: sp.csr_array) -> np.ndarray:
    """Columns of random ``d`` with ``equations @ d == 0``: random vectors less what the equations see of them."""
    from scipy.sparse.linalg import LinearOperator, lsqr

    transposed = sp.csr_array(equations.T)
    operator = LinearOperator(equations.shape, matvec=equations.__matmul__, rmatvec=transposed.__matmul__, dtype=float)
    columns = []
    for seed in range(SKETCHES):
        vector = np.random.default_rng(seed).standard_normal(equations.shape[1])
        seen = lsqr(operator, equations @ vector, atol=1e-13, btol=1e-13, conlim=0, iter_lim=20_000)[0]
        columns.append(vector - seen)
    return np.stack(columns, axis=1)


def persons(system: System, ones: np.ndarray) -> np.ndarray:
    """By cell of 1, a number of the person it counts: a part of 1 in a sum of 1 is the same person."""
    sums = sp.coo_array(system.sums)
    parent = np.zeros(system.sums.shape[0], dtype=np.int64)
    parent[sums.row[sums.data > 0]] = sums.col[sums.data > 0]
    same = (sums.data < 0) & ones[sums.col] & ones[parent[sums.row]]
    links = (np.ones(int(same.sum())), (parent[sums.row[same]], sums.col[same]))
    from scipy.sparse.csgraph import connected_components

    return connected_components(sp.coo_array(links, shape=(system.size, system.size)), directed=False)[1]
