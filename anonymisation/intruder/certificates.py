"""Certificates in whole numbers: pairs of whole-number solutions that prove an interval to be wide.

Belongs here: finding such pairs in components too large for one integer program per cell.  Does not belong here: linear
programs (``programs``), or what is a disclosure.

Counts are whole.  The interval that linear programs give holds the one of whole numbers and may be wider, so that a
width proven by fractions alone is not proven for counts (Fischetti and Salazar-Gonzalez 2001 state the attacker's
problem in whole numbers for that reason).  Two whole-number solutions that differ in a cell by the width prove it.

Most are found for many cells at once: a vertex of the linear program is mostly whole, and where it is not an integer
program that may end far from the best is close by.  For a cell that is left open, its neighbourhood may move while all
else stays at one solution: whatever solves its sums is a solution of the whole again, and its programs are small.  What
no neighbourhood settles is minimised and maximised over the whole component, as far as a fixed number of nodes goes:
that number, and no clock, so that the same input has the same verdict everywhere.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from anonymisation.intruder.neighbourhoods import grow
from anonymisation.intruder.programs import NODES, Program
from anonymisation.intruder.unknowns import Component

SIZES = (120, 400)
"""Unknowns of the neighbourhoods that are tried, one after the other."""


def certify(
    component: Component, program: Program, low: np.ndarray, high: np.ndarray, width: int, wanted: np.ndarray
) -> tuple[np.ndarray, dict[int, tuple[int, int]]]:
    """Which of the wanted unknowns have ``width`` in whole numbers, and the intervals of those that have not.

    ``program`` is the component's, ``low`` and ``high`` its bounds.  Unknowns in neither answer were not settled.
    """
    start = program.whole_solution(NODES)
    if start is None:
        return wanted & (program.whole_width() >= width), {}
    program.sweep(width, wanted, whole=True)
    lowest, highest = np.minimum(program.whole_lowest, start), np.maximum(program.whole_highest, start)
    sums, columns = component.sums, sp.csc_array(component.sums)
    for size in SIZES:
        for seed in np.flatnonzero(wanted & (highest - lowest < width)).tolist():
            if highest[seed] - lowest[seed] >= width:
                continue
            inside = grow(sums, columns, seed, size)
            rows = np.unique(columns[:, inside].indices)
            near = sums[rows]
            within = sp.csr_array(near[:, inside])
            outside = near @ start - within @ start[inside]
            local = Program(
                within, component.lower[rows] - outside, component.upper[rows] - outside, low[inside], high[inside]
            )
            local.learn(start[inside])
            local.sweep(width, wanted[inside] & (highest[inside] - lowest[inside] < width), whole=True)
            if local.whole_width()[inside == seed][0] < width:
                local.settle_whole(inside == seed, NODES)
            program.solved += local.solved
            lowest[inside] = np.minimum(lowest[inside], local.whole_lowest)
            highest[inside] = np.maximum(highest[inside], local.whole_highest)
    narrow = {
        cell: ends
        for cell, ends in program.settle_whole(wanted & (highest - lowest < width), NODES).items()
        if ends[1] - ends[0] < width
    }
    wide = (highest - lowest >= width) | (program.whole_width() >= width)
    return wanted & wide, narrow
