"""Vast components: what a reader can be shown to know, and not to know, where a program per cell would take days.

Belongs here: the means for a component too large for the programs of ``intervals``, and their order.  Does not belong here: elementary changes
(``elementary``), linear programs (``programs``), or what is a disclosure.

Every answer is a proof.  That an interval is wide is proven by solutions: one to begin with, told or found by a program over all of it; those
near it by elementary changes, from the middle of what these allow as well; and those in which a neighbourhood changes while all else stays.
That it is narrow, or cannot be small, is proven by sums: whatever follows from some of them, by propagation or from those of a neighbourhood,
follows from all.  What neither proves is *undecided*, and is said to be.  Limits are numbers of steps and no clock, so that the same
input has the same verdict everywhere; each step is of a size that does not grow with the component, except for the first solution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from anonymisation.errors import InconsistentTablesError
from anonymisation.intruder.elementary import CHOICES, Reach, centred, widen
from anonymisation.intruder.neighbourhoods import grow
from anonymisation.intruder.programs import NODES, TOLERANCE, Program, some_solution
from anonymisation.intruder.unknowns import FAR, Component, Unknowns

CENTRES = 4
"""Solutions, each in the middle of what was found so far, near which others are looked for after the first."""

SIZES = (60, 250)
"""Unknowns of the neighbourhoods in which programs are solved, one after the other."""

SWEEPS = 16
"""Solutions of the whole component in which as many unknowns as can be are larger, or smaller, than before."""

MOST_BROKEN = 300
"""Fractions in the first solution up to which a whole one is looked for beside it."""

SHORT = 2
"""How far a change must go to lead to such a middle."""

MOST_PROGRAMS = 2_000
"""Neighbourhoods of a component that are tried at most, of each size and for either purpose."""


@dataclass(frozen=True)
class Question:
    """What is asked of a component; all arrays have an entry per unknown of it.

    ``low``, ``high``: bounds that propagation gives, infinite where it gives none; ``wanted``: who is judged; ``determined``: who follows from
    equations alone.  ``threshold``: those not in ``always`` matter only if they can be below it, for a reader who gives unknowns ``least``
    to ``most``.
    """

    low: np.ndarray
    high: np.ndarray
    width: int
    wanted: np.ndarray
    determined: np.ndarray
    always: np.ndarray
    threshold: int
    least: np.ndarray
    most: np.ndarray


@dataclass(frozen=True)
class Answer:
    """By unknown: ``narrow`` ones with bounds of their interval; ``wide``, and which of them in ``whole`` numbers only solutions prove;
    ``excluded``: cannot be small; ``undecided``: neither.  ``local``: which were settled in a neighbourhood."""

    narrow: dict[int, tuple[int, int]]
    wide: np.ndarray
    whole: bool
    excluded: np.ndarray
    undecided: np.ndarray
    local: np.ndarray
    programs: int


def judge_vast(unknowns: Unknowns, component: Component, ask: Question) -> Answer:
    """Judge the wanted unknowns of a component.

    Raises ``InconsistentTablesError`` where the first program shows that there is no solution.
    """
    tight = ask.wanted & ((ask.high - ask.low < ask.width) | ask.determined)
    point, programs = told_solution(unknowns, component, ask.low), 0
    if point is None:
        point, programs = some_solution(component.sums, component.lower, component.upper, ask.low, ask.high), 1
        point = point if point is None else _rounded(component, point, ask)
    nobody = np.zeros_like(ask.wanted)
    if point is None:
        return Answer({}, nobody, False, nobody, ask.wanted.copy(), nobody, programs)
    part = Unknowns(unknowns.cells[component.members], component.sums, component.lower, component.upper)
    reach, point = _spread(unknowns, part, point, ask, ask.wanted & ~tight)
    if reach.whole:
        programs += _swept(component, reach, ask, ask.wanted & ~tight)
    open_cells = ask.wanted & ~tight & (reach.width() < ask.width)
    before = open_cells.copy()
    solved = _near(component, point, reach, ask, open_cells)
    wide = ask.wanted & (reach.width() >= ask.width)
    excluded, narrow, more = _bounded(component, reach, ask, ask.wanted & ~wide & ~tight)
    # A value that equations determine is in every solution; bounds of propagation hold as they are.
    for place in np.flatnonzero(tight).tolist():
        ends = ask.low[place], ask.high[place]
        if ask.determined[place]:
            ends = (np.rint(point[place]),) * 2
        narrow[place] = int(ends[0]), int(ends[1])
    # A narrow interval is told of a cell only if it is known to matter.
    matters = ask.always | (reach.lowest < ask.threshold - TOLERANCE)
    undecided = ask.wanted & ~wide & ~excluded
    undecided[[place for place in narrow if matters[place]]] = False
    narrow = {place: ends for place, ends in sorted(narrow.items()) if matters[place]}
    return Answer(narrow, wide, reach.whole, excluded, undecided, before & (wide | excluded), programs + solved + more)


def told_solution(unknowns: Unknowns, component: Component, low: np.ndarray) -> np.ndarray | None:
    """The solution of a component that somebody has told, if it is one."""
    if unknowns.solution is None:
        return None
    told = unknowns.solution[component.members]
    reached = component.sums.astype(np.int64) @ told
    good = (told >= low).all() and (reached >= component.lower).all() and (reached <= component.upper).all()
    return told.astype(np.float64) if good else None


def _rounded(component: Component, point: np.ndarray, ask: Question) -> np.ndarray:
    """A solution in whole numbers beside one that is almost: what is not whole changes with its neighbourhood.  The same where none is found."""
    broken = np.flatnonzero(np.abs(point - np.rint(point)) > TOLERANCE)
    if not 0 < len(broken) <= MOST_BROKEN:
        return point
    sums, columns, start = component.sums, sp.csc_array(component.sums), np.rint(point)
    for size in SIZES:
        inside = np.unique(np.concatenate([grow(sums, columns, seed, size) for seed in broken.tolist()]))
        rows = np.unique(columns[:, inside].indices)
        within = sp.csr_array(sums[rows][:, inside])
        outside = sums[rows] @ start - within @ start[inside]
        high = np.where(np.isfinite(ask.high[inside]), ask.high[inside], start[inside] + FAR)
        try:
            local = Program(within, component.lower[rows] - outside, component.upper[rows] - outside, ask.low[inside], high)
            found = local.whole_solution(NODES)
        except InconsistentTablesError:
            # There is none in this neighbourhood, which says nothing about the whole.
            continue
        if found is not None:
            start[inside] = found
            return start
    return point


def _spread(unknowns: Unknowns, part: Unknowns, point: np.ndarray, ask: Question, wanted: np.ndarray) -> tuple[Reach, np.ndarray]:
    """What elementary changes prove from a solution and from others in the middle of what they allow; and the last of these."""
    first, then = CHOICES
    reach = widen(unknowns.system, part, point, ask.low, ask.width, wanted, [first])
    for _ in range(CENTRES):
        left = wanted & (reach.width() < ask.width)
        if not left.any():
            return reach, point
        # A solution at its bounds leaves nothing room; short steps lead to its middle.
        short = widen(unknowns.system, part, point, ask.low, ask.width, left, [first], SHORT)
        point = centred(point, ask.low, [*reach.changes, *short.changes], reach.whole)
        reach = reach.joined(short).joined(widen(unknowns.system, part, point, ask.low, ask.width, left, [first]))
    return reach.joined(widen(unknowns.system, part, point, ask.low, ask.width, wanted & (reach.width() < ask.width), [then])), point


def _swept(component: Component, reach: Reach, ask: Question, wanted: np.ndarray) -> int:
    """Widen ``reach`` by whole solutions in which what is left is as large, or as small, as can be; how many programs were solved.

    The first program that does not end within its limit is the last.
    """
    random = np.random.default_rng(1)
    for number in range(SWEEPS):
        left = wanted & (reach.width() < ask.width)
        if not left.any():
            return number
        up = number % 2 == 0
        low, high = ask.low.copy(), ask.high.copy()
        cost = np.where(left, random.uniform(0.5, 1.5, len(left)), 0.0) * (-1.0 if up else 1.0)
        # None need go further than the width, and all that could would.
        if up:
            high[left] = np.minimum(high, reach.lowest + ask.width)[left]
        else:
            low[left] = np.maximum(low, reach.highest - ask.width)[left]
        point = some_solution(component.sums, component.lower, component.upper, low, high, cost)
        if point is None:
            return number + 1
        point = _rounded(component, point, ask)
        if (point == np.rint(point)).all():
            np.minimum(reach.lowest, point, out=reach.lowest)
            np.maximum(reach.highest, point, out=reach.highest)
    return SWEEPS


def _near(component: Component, point: np.ndarray, reach: Reach, ask: Question, wanted: np.ndarray) -> int:
    """Widen ``reach`` by solutions in which a neighbourhood changes; how many programs were solved.

    Where the point is whole only whole solutions count, so that the reach stays whole.
    """
    sums, columns, solved = component.sums, sp.csc_array(component.sums), 0
    for size in SIZES:
        left = np.flatnonzero(wanted & (reach.width() < ask.width))
        for seed in left[:MOST_PROGRAMS].tolist():
            if reach.width(np.array([seed]))[0] >= ask.width:
                continue
            inside = grow(sums, columns, seed, size)
            rows = np.unique(columns[:, inside].indices)
            within = sp.csr_array(sums[rows][:, inside])
            here = within @ point[inside]
            outside = sums[rows] @ point - here
            # A point that is not whole misses its sums by a little.
            bottom, top = np.minimum(component.lower[rows] - outside, here), np.maximum(component.upper[rows] - outside, here)
            high = np.where(np.isfinite(ask.high[inside]), ask.high[inside], point[inside] + 2 * ask.width)
            local = Program(within, bottom, top, ask.low[inside], np.maximum(high, point[inside]))
            local.learn(point[inside])
            mine = wanted[inside] & (reach.width(inside) < ask.width)
            local.sweep(ask.width, mine, whole=reach.whole, most=2)
            if not reach.whole:
                local.settle(ask.width, inside == seed)
            solved += local.solved
            found = (local.whole_lowest, local.whole_highest) if reach.whole else (local.lowest, local.highest)
            reach.lowest[inside] = np.minimum(reach.lowest[inside], found[0])
            reach.highest[inside] = np.maximum(reach.highest[inside], found[1])
    return solved


def _bounded(component: Component, reach: Reach, ask: Question, wanted: np.ndarray) -> tuple[np.ndarray, dict[int, tuple[int, int]], int]:
    """Which of the wanted unknowns cannot be below the threshold by the sums of a neighbourhood alone, and which have a narrow interval by
    them, with its bounds."""
    sums, lower, upper = component.sums, component.lower, component.upper
    columns, length = sp.csc_array(sums), np.diff(sums.indptr)
    excluded, narrow, solved = np.zeros_like(wanted), {}, 0
    for seed in np.flatnonzero(wanted)[:MOST_PROGRAMS].tolist():
        inside = grow(sums, columns, seed, SIZES[-1])
        rows, within = np.unique(columns[:, inside].indices, return_counts=True)
        rows = rows[within == length[rows]]
        if not len(rows):
            continue
        place = int(np.searchsorted(inside, seed))
        part = sp.csr_array(sums[rows][:, inside]), lower[rows], upper[rows]
        if not ask.always[seed]:
            local = Program(*part, ask.least[inside], _finite(ask.most[inside], reach.highest[inside]))
            excluded[seed] = local.least(place) >= ask.threshold - TOLERANCE
            solved += local.solved
            if excluded[seed]:
                continue
        local = Program(*part, ask.low[inside], _finite(ask.high[inside], reach.highest[inside]))
        low, high = int(np.ceil(local.least(place) - TOLERANCE)), int(np.floor(local.most(place) + TOLERANCE))
        solved += local.solved
        if high < low:
            raise InconsistentTablesError("no whole number lies between what the sums say of a withheld cell: published values contradict")
        if high - low < ask.width:
            narrow[seed] = (low, high)
    return excluded, narrow, solved


def _finite(high: np.ndarray, reached: np.ndarray) -> np.ndarray:
    """Upper bounds for a solver: where there is none, one beyond any proof."""
    return np.where(np.isfinite(high), high, reached + FAR)
