"""Persons counted alone, in a vast component: who of them can compute another count.

Belongs here: pairs of a person and a cell where a program per pair would take days.  Does not belong here: smaller components (``insiders``),
what is a disclosure.

That a person cannot compute a count is proven by two solutions that differ in it and not in her own cells.  An elementary change of a solution
(``elementary``) that moves the count is such a pair for all persons of whom it moves no cell, and so for nearly all; changes from which random
halves of the persons are kept out leave next to none.  That she can is proven by the sums of a neighbourhood in which her cells are 1.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from anonymisation.intruder.elementary import CHOICES, widen
from anonymisation.intruder.neighbourhoods import grow
from anonymisation.intruder.programs import TOLERANCE, Program, some_solution
from anonymisation.intruder.unknowns import FAR, Component, Unknowns

ROUNDS = 8
"""Random halves of the persons that are kept out of changes, besides nobody and everybody."""

NEIGHBOURHOOD, MOST_PROGRAMS = 60, 2_000
"""Unknowns among which a person is shown to compute a count, and pairs of which that is asked at most."""


def learned_in_vast(
    unknowns: Unknowns, component: Component, who: np.ndarray, judged: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[list[tuple[int, int, int]], int]:
    """``(unknown, person, its count)`` wherever a person is shown to compute a judged unknown, and for how many judged unknowns some person was
    shown neither to nor not to.

    Unknowns are numbered in the component; ``who`` has the number of a person, or -1, for each; ``low`` and ``high`` bound them.
    """
    one = who >= 0
    point = _point(unknowns, component, one, low, high)
    if point is None:
        return [], int(judged.sum())
    persons = np.unique(who[one])
    random = np.random.default_rng(1)
    # By judged unknown, the persons who may compute it yet; None: all of them.
    left: dict[int, set[int] | None] = dict.fromkeys(np.flatnonzero(judged).tolist())
    for number in range(ROUNDS + 2):
        share = (0.0, 1.0)[number] if number < 2 else 0.5
        out = np.isin(who, persons[random.random(len(persons)) < share])
        kept = np.flatnonzero(~out)
        asked = np.isin(kept, [i for i, some in left.items() if some is None or some])
        if not asked.any():
            break
        part = Unknowns(unknowns.cells[component.members[kept]], sp.csr_array(component.sums[:, kept]), component.lower, component.upper)
        for choice in CHOICES[: 1 if number else 2]:
            reach = widen(unknowns.system, part, point[kept], low[kept], 1, asked, [choice])
            for cells, _ in reach.changes:
                cells = kept[cells]
                moved = {int(person) for person in who[cells] if person >= 0}
                for i in cells[judged[cells]].tolist():
                    others = moved - {int(who[i])}
                    left[i] = others if left[i] is None else left[i] & others
    return _computed(component, who, low, high, left)


def _point(unknowns: Unknowns, component: Component, one: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray | None:
    """A whole solution in which all that count one person are 1."""
    if unknowns.solution is not None:
        told = unknowns.solution[component.members]
        reached = component.sums.astype(np.int64) @ told
        if (told >= low).all() and (told[one] == 1).all() and (reached >= component.lower).all() and (reached <= component.upper).all():
            return told.astype(np.float64)
    bounds = np.where(one, 1.0, low), np.where(one, 1.0, high)
    found = some_solution(component.sums, component.lower, component.upper, *bounds)
    return found if found is not None and (found == np.rint(found)).all() else None


def _computed(
    component: Component, who: np.ndarray, low: np.ndarray, high: np.ndarray, left: dict[int, set[int] | None]
) -> tuple[list[tuple[int, int, int]], int]:
    """Of the pairs that are left, those where the sums of a neighbourhood settle the count, and how many unknowns have others."""
    sums, columns, length = component.sums, sp.csc_array(component.sums), np.diff(component.sums.indptr)
    found, undecided, asked = [], 0, 0
    for i, persons in left.items():
        if persons is not None and not persons:
            continue
        inside = grow(sums, columns, i, NEIGHBOURHOOD)
        rows, within = np.unique(columns[:, inside].indices, return_counts=True)
        rows = rows[within == length[rows]]
        near_by = set(who[inside][who[inside] >= 0].tolist()) - {int(who[i])}
        settled = 0
        for person in sorted(near_by if persons is None else near_by & persons) if len(rows) else ():
            if asked == MOST_PROGRAMS:
                break
            asked += 1
            hers = who[inside] == person
            bottom, top = np.where(hers, 1.0, low[inside]), np.where(hers, 1.0, high[inside])
            local = Program(sp.csr_array(sums[rows][:, inside]), component.lower[rows], component.upper[rows], bottom, np.where(np.isfinite(top), top, FAR))
            place = int(np.searchsorted(inside, i))
            ends = np.ceil(local.least(place) - TOLERANCE), np.floor(local.most(place) + TOLERANCE)
            if ends[0] == ends[1]:
                found.append((i, person, int(ends[0])))
                settled += 1
        undecided += persons is None or settled < len(persons)
    return found, undecided
