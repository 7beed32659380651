"""Intervals: which withheld cells are known more closely than they may be.

Belongs here: the order of the means, from the cheapest to the one that settles it, and how many cells each decided.
Does not belong here: the means themselves (``propagation``, ``recovery``, ``programs``), or what is a disclosure.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from anonymisation.intruder.certificates import certify
from anonymisation.intruder.elementary import Reach, widen
from anonymisation.intruder.neighbourhoods import grow
from anonymisation.intruder.programs import TOLERANCE, Program
from anonymisation.intruder.unknowns import FAR, Component, Unknowns
from anonymisation.intruder.vast import Question, judge_vast, told_solution

WHOLE = 300
"""Unknowns up to which integer programs settle each cell that fractions leave open; in larger components pairs of
whole-number solutions are looked for (``certificates``).

Linear bounds are those of whole numbers in tables of two dimensions (networks); in others they may be wider.
"""

LARGE_COMPONENT = 1500
"""Unknowns beyond which a solution that somebody has told is looked around for others."""

SCREENED, NEIGHBOURHOOD = 5000, 150
"""Unknowns beyond which, and among which, a cell is first shown to be large by the sums around it alone.  In smaller components a
program of all sums, begun where the last one ended, costs a twentieth of that."""

VAST = 20_000
"""Unknowns beyond which a program over all of them takes minutes, so that a component is judged by other means (``vast``)."""

Interval = tuple[int, int]

MEANS = ("propagation", "equations", "witness", "neighbourhood", "program", "undecided")
WHOLENESS = ("integer", "fractional")


class Reckoning:
    """What decided each unknown, whoever asked last: a cell that is judged twice counts once.

    ``means`` and ``wholeness``: by unknown, a place in ``MEANS`` and in ``WHOLENESS``, or -1.  ``programs``: how many
    were solved.
    """

    def __init__(self, size: int) -> None:
        self.means, self.wholeness = np.full(size, -1), np.full(size, -1)
        self.programs = 0

    def decided(self, unknowns: np.ndarray, means: str) -> None:
        """Enter what decided some unknowns."""
        self.means[unknowns] = MEANS.index(means)

    def add_to(self, checked: dict[str, int]) -> None:
        """Add the numbers to those of other systems."""
        for names, places in ((MEANS, self.means), (WHOLENESS, self.wholeness)):
            for place, name in enumerate(names):
                checked[name] += int((places == place).sum())
        checked["programs_solved"] += self.programs


def narrower(
    unknowns: Unknowns,
    minimum: int | np.ndarray,
    width: int,
    wanted: np.ndarray,
    determined: np.ndarray,
    reckoning: Reckoning,
    small: tuple[int, np.ndarray, np.ndarray] | None = None,
    always: np.ndarray | None = None,
    *,
    whole: bool = True,
) -> dict[int, Interval]:
    """The wanted unknowns whose interval is narrower than ``width``, with it, for a reader who knows the ``minimum``.

    ``determined``: unknowns that equations alone determine.  ``reckoning`` is told what decided each wanted unknown.
    ``small`` (a threshold, and bounds that hold for a reader who allows zeros): leave out cells that cannot be below the threshold even
    for that reader, save those of ``always``.  Without ``whole`` nothing is found that only follows from counts being whole.

    In a component of more than ``VAST`` unknowns an interval is one that holds the cell's, and what neither solutions nor sums settle is left
    out: ``reckoning`` has it as undecided.
    """
    low, high = unknowns.bounds(minimum)
    narrow: dict[int, Interval] = {}
    # What propagation or rank shows to be narrow has no witness of width; a program says just how narrow.
    tight = wanted & ((high - low < width) | determined)
    reckoning.means[wanted] = reckoning.wholeness[wanted] = -1
    reckoning.decided(wanted & determined, "equations")
    reckoning.decided(wanted & (high - low < width), "propagation")
    for component in unknowns.components(wanted):
        members = component.members
        open_cells = wanted[members]
        if not len(component.lower):
            reckoning.decided(members[open_cells], "witness")
            continue
        ceiling = np.where(np.isfinite(high[members]), high[members], low[members] + FAR * width)
        if len(members) > VAST and unknowns.system is not None:
            narrow |= _vast(unknowns, component, minimum, width, wanted, determined, reckoning, (low, high), small, always)
            continue
        reach = _near(unknowns, component, low[members], width, open_cells & ~tight[members])
        if reach is not None and (reach.width() >= width)[open_cells].all():
            reckoning.decided(members[open_cells], "witness")
            continue
        program = Program(component.sums, component.lower, component.upper, low[members], ceiling)
        if reach is not None:
            program.extend(reach.lowest, reach.highest, reach.whole)
        program.sweep(width, open_cells & ~tight[members])
        left = open_cells & (program.proven_width() < width)
        if len(members) > SCREENED:
            # Their one value is in every witness.
            left &= ~determined[members]
            if small is not None:
                threshold, least, most = small
                most = np.where(np.isfinite(most[members]), most[members], FAR * width)
                free = left if always is None else left & ~always[members]
                excluded = _cannot_be_small(component, least[members], most, threshold, free)
                reckoning.decided(members[excluded], "neighbourhood")
                open_cells, left = open_cells & ~excluded, left & ~excluded
        program.settle(width, left)
        short = open_cells & (program.proven_width() < width)
        narrow |= {int(members[i]): program.bounds(i) for i in np.flatnonzero(short).tolist()}
        unsure = open_cells & (program.whole_width() < np.where(short, program.proven_width(), width))
        if not whole:
            certain, settled = np.zeros_like(unsure), {}
        elif len(members) <= WHOLE:
            settled = program.settle_whole(unsure)
            certain = unsure
        else:
            certain, settled = certify(component, program, low[members], ceiling, width, unsure & ~short)
            certain[list(settled)] = True
        narrow |= {int(members[i]): ends for i, ends in settled.items() if ends[1] - ends[0] < width}
        reckoning.wholeness[members[unsure & ~short]] = WHOLENESS.index("fractional")
        reckoning.wholeness[members[certain]] = WHOLENESS.index("integer")
        reckoning.decided(members[open_cells & ~left & ~tight[members]], "witness")
        reckoning.decided(members[left & ~tight[members]], "program")
        reckoning.programs += program.solved
    return narrow


def _near(unknowns: Unknowns, component: Component, low: np.ndarray, width: int, wanted: np.ndarray) -> Reach | None:
    """What the solutions near one that somebody has told prove in a large component, in whole numbers."""
    if len(component.members) <= LARGE_COMPONENT or unknowns.system is None:
        return None
    point = told_solution(unknowns, component, low)
    if point is None:
        return None
    part = Unknowns(unknowns.cells[component.members], component.sums, component.lower, component.upper)
    return widen(unknowns.system, part, point, low, width, wanted)


def _vast(
    unknowns: Unknowns,
    component: Component,
    minimum: int,
    width: int,
    wanted: np.ndarray,
    determined: np.ndarray,
    reckoning: Reckoning,
    bounds: tuple[np.ndarray, np.ndarray],
    small: tuple[int, np.ndarray, np.ndarray] | None,
    always: np.ndarray | None,
) -> dict[int, Interval]:
    """As ``narrower``, for one vast component."""
    members = component.members
    # Without a threshold every unknown matters whatever it can be.
    threshold, least, most = small or (0, *bounds)
    matters = np.full(len(members), small is None) if always is None else always[members] | (small is None)
    low, high = (bound[members] for bound in bounds)
    answer = judge_vast(
        unknowns,
        component,
        Question(low, high, width, wanted[members], determined[members], matters, threshold, least[members], most[members]),
    )
    open_cells = wanted[members] & ~determined[members] & (high - low >= width)
    for decided, means in (
        (answer.wide & ~answer.local, "witness"),
        (answer.local | answer.excluded, "neighbourhood"),
        (answer.undecided, "undecided"),
    ):
        reckoning.decided(members[decided], means)
    told = np.isin(np.arange(len(members)), list(answer.narrow))
    reckoning.decided(members[told & open_cells], "neighbourhood")
    if not answer.whole:
        reckoning.wholeness[members[answer.wide]] = WHOLENESS.index("fractional")
    reckoning.programs += answer.programs
    return {int(members[i]): ends for i, ends in answer.narrow.items()}


def _cannot_be_small(
    component: Component, low: np.ndarray, high: np.ndarray, threshold: int, wanted: np.ndarray
) -> np.ndarray:
    """Which of the wanted unknowns are at least ``threshold`` by the sums of a neighbourhood alone.

    Leaving sums out gives the reader less, so what follows from some of them follows from all.
    """
    sums, lower, upper = component.sums, component.lower, component.upper
    columns = sp.csc_array(sums)
    length = np.diff(sums.indptr)
    excluded = np.zeros(len(wanted), dtype=bool)
    for seed in np.flatnonzero(wanted):
        if excluded[seed]:
            continue
        inside = grow(sums, columns, int(seed), NEIGHBOURHOOD)
        rows, within = np.unique(columns[:, inside].indices, return_counts=True)
        rows = rows[within == length[rows]]
        if not len(rows):
            continue
        local = Program(sp.csr_array(sums[rows][:, inside]), lower[rows], upper[rows], low[inside], high[inside])
        order = np.flatnonzero(wanted[inside] & ~excluded[inside])
        for place in sorted(order.tolist(), key=lambda place: inside[place] != seed):
            if local.lowest[place] < threshold - TOLERANCE:
                continue
            excluded[inside[place]] = local.least(place) >= threshold - TOLERANCE
    return excluded
