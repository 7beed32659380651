"""Insiders: what the one person counted in a cell of 1 can compute, who knows that count.

Belongs here: singletons.  Does not belong here: readers who are not in the tables (``intervals``).

A person knows every cell in which she alone is counted, and subtracts herself (the "singletons" of tau-ARGUS and of
GaussSuppression).  That she cannot compute a cell is shown by two witnesses in which her own cells are
1 and that one differs.  Witnesses in which many persons' cells are 1 at once show it for all of them, so persons are
tested in groups, first all together, then at random (group testing; Dorfman 1943), and only pairs that no group
clears are tried one by one.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from anonymisation.intruder import intervals
from anonymisation.intruder.intervals import WHOLE
from anonymisation.intruder.programs import Program
from anonymisation.intruder.unknowns import FAR, Component, Unknowns
from anonymisation.intruder.vast_insiders import learned_in_vast
from anonymisation.system import System

MOST_GROUPS = 24
"""Random groups of persons tried in a component."""


def people(system: System, alone: np.ndarray) -> np.ndarray:
    """By cell, the number of the person that it alone counts, -1 elsewhere.

    A cell of 1 in a sum of 1 counts the same person; otherwise cells of 1 are taken to be different persons.
    """
    sums = sp.coo_array(system.sums)
    ones = np.bincount(sums.row, alone[sums.col] & (sums.data < 0), system.sums.shape[0])
    parent = np.zeros(system.sums.shape[0], dtype=np.int64)
    parent[sums.row[sums.data > 0]] = sums.col[sums.data > 0]
    same = (sums.data < 0) & alone[sums.col] & alone[parent[sums.row]] & (ones[sums.row] == 1)
    links = sp.coo_array(
        (np.ones(int(same.sum())), (parent[sums.row[same]], sums.col[same])), shape=(system.size, system.size)
    )
    labels = connected_components(links, directed=False)[1]
    return np.where(alone, labels, -1)


def learned(
    unknowns: Unknowns, person: np.ndarray, judged: np.ndarray, minimum: int, checked: dict[str, int]
) -> list[tuple[int, int, int]]:
    """``(unknown, person, its count)`` wherever a person can compute a judged unknown in which she is not alone.

    ``person`` has the number of a person, or -1, per unknown.
    """
    found: list[tuple[int, int, int]] = []
    low, high = unknowns.bounds(minimum)
    for component in unknowns.components(judged & (np.isin(person, -1, invert=True).any())):
        members = component.members
        who = person[members]
        if not len(component.lower) or not (who >= 0).any():
            continue
        if len(members) > intervals.VAST and unknowns.system is not None:
            learnt, undecided = learned_in_vast(unknowns, component, who, judged[members], low[members], high[members])
            found += [(int(members[i]), one, value) for i, one, value in learnt]
            checked["undecided"] += undecided
            continue
        ceiling = np.where(np.isfinite(high[members]), high[members], low[members] + FAR)
        program = Program(component.sums, component.lower, component.upper, low[members], ceiling)
        open_pairs = _pairs(program, component, who, judged[members], low[members], ceiling)
        program.restrict(low[members], ceiling)
        for one, victims in open_pairs.items():
            checked["pairs"] += int(victims.sum())
            values = program.moving(who == one, 1.0, victims, len(members) <= WHOLE)
            found += [(int(members[i]), one, value) for i, value in values.items()]
        checked["programs_solved"] += program.solved
    return sorted(found)


def _pairs(
    program: Program, component: Component, who: np.ndarray, judged: np.ndarray, low: np.ndarray, high: np.ndarray
) -> dict[int, np.ndarray]:
    """By person, the judged unknowns that no group test has shown to be beyond her."""
    persons = np.unique(who[who >= 0])
    if len(component.members) <= WHOLE:
        # Here pairs are also settled in whole numbers, which groups do not show.
        return {int(one): judged & (who != one) for one in persons}
    random = np.random.default_rng(1)
    tests: list[tuple[np.ndarray, np.ndarray]] = []
    share = 1.0
    for number in range(MOST_GROUPS):
        group = persons[random.random(len(persons)) < share]
        still = np.isin(who, group)
        program.restrict(np.where(still, 1.0, low), np.where(still, 1.0, high))
        program.sweep(1, judged & ~still)
        moved = judged & (program.proven_width() >= 1)
        tests.append((np.isin(persons, group), moved))
        share = (0.5, 0.5, 0.25)[number % 3]
    open_pairs: dict[int, np.ndarray] = {}
    inside = np.array([test for test, _ in tests])
    moved = np.array([moves for _, moves in tests])
    for place, one in enumerate(persons.tolist()):
        left = judged & (who != one) & ~moved[inside[:, place]].any(axis=0)
        if left.any():
            open_pairs[one] = left
    return open_pairs
