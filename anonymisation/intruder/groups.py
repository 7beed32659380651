"""Groups: margins whose whole count is known to fall in one category.

Belongs here: group disclosure, as a reader finds it.  Does not belong here: the rule that prevents it.

Whoever is known to be counted in such a margin is known to be in that category, however many there are (group attribute
disclosure; Hundepool et al. 2012, chapter 5).  The reader needs no count for it, only that every other category is
empty.
"""

from __future__ import annotations

import numpy as np

from anonymisation.intruder.intervals import MEANS, Reckoning, narrower
from anonymisation.intruder.programs import TOLERANCE, Program
from anonymisation.intruder.unknowns import FAR, Unknowns
from anonymisation.system import System


def lone_categories(
    system: System,
    dimension: str,
    values: np.ndarray,
    known: np.ndarray,
    unknowns: Unknowns,
    minimum: int,
    checked: dict[str, int],
) -> list[tuple[int, int, int, int]]:
    """``(margin, category, low, high)``: cells all of whose count falls in one category, and bounds of it.

    A margin that may be empty is not one, nor one of which the tables show a single category or not all.
    """
    rows = system.sums_along(dimension)
    rows = rows[~system.incomplete[rows]]
    low, high = unknowns.bounds(minimum)
    # Values that a cell can take: its own, or between bounds that hold.
    least, most = values.astype(float), values.astype(float)
    least[unknowns.cells], most[unknowns.cells] = low, high
    matrix = system.sums[rows]
    lines = [
        (int(line.indices[line.data > 0][0]), line.indices[line.data < 0])
        for line in (matrix[[i]] for i in range(len(rows)))
    ]
    lines = [(margin, parts) for margin, parts in lines if len(parts) > 1 and most[margin] > 0]
    checked["groups"] += len(lines)
    # Two categories that surely hold someone make a margin safe; otherwise the upper ends of unknown ones decide.
    open_lines = [(margin, parts) for margin, parts in lines if (least[parts] > 0).sum() < 2]
    place = np.full(system.size, -1, dtype=np.int64)
    place[unknowns.cells] = np.arange(len(unknowns.cells))
    wanted = np.zeros(len(unknowns.cells), dtype=bool)
    for margin, parts in open_lines:
        ask = place[[margin, *parts]]
        wanted[ask[ask >= 0]] = True
    wanted &= (low == 0) & (high > 0)
    # A cell that can be 0 or 1 and more holds someone or not; one with a single value is settled by it.
    reckoning = Reckoning(len(wanted))
    single = narrower(unknowns, minimum, 1, wanted, np.zeros(len(wanted), dtype=bool), reckoning)
    checked["programs_solved"] += reckoning.programs
    checked["undecided"] += int((reckoning.means == MEANS.index("undecided")).sum())
    for i, (lowest, highest) in single.items():
        least[unknowns.cells[i]], most[unknowns.cells[i]] = lowest, highest
    found = []
    for margin, parts in open_lines:
        possible = parts[most[parts] >= 1]
        if len(possible) != 1 or most[margin] < 1:
            continue
        category = int(possible[0])
        if max(least[margin], least[category]) >= 1 or _never_empty(unknowns, place[[margin, category]], minimum):
            found.append((margin, category, int(max(least[category], 1)), int(min(most[category], FAR))))
    return found


def _never_empty(unknowns: Unknowns, places: np.ndarray, minimum: int) -> bool:
    """Whether the margin, and so its one category, must hold someone."""
    low, high = unknowns.bounds(minimum)
    for place in places[places >= 0]:
        for component in unknowns.components(np.arange(len(low)) == place):
            members = component.members
            ceiling = np.where(np.isfinite(high[members]), high[members], FAR)
            program = Program(component.sums, component.lower, component.upper, low[members], ceiling)
            if program.least(int(np.searchsorted(members, place))) >= 1 - TOLERANCE:
                return True
    return False
