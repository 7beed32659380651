"""Suppression: which cells of a set of linked tables are withheld.

Belongs here: covering every sensitive cell with an exchange, and taking back what proves redundant.  Does not belong
here: rules that make a cell sensitive (``primary``), the intruder who checks the result (``intruder``).

Every suppressed cell lies on at least one exchange (``exchanges``) whose whole support is suppressed and which proves
an interval of the policy's threshold.  So the guarantee holds for all suppressed cells, primary or not, at every
moment of the search, and taking an exchange away whose primaries others cover keeps it.
"""

from __future__ import annotations

import numpy as np

from anonymisation.errors import ProtectionError
from anonymisation.exchanges import Exchange, ExchangeSearch
from anonymisation.system import System


def suppress(system: System, counts: np.ndarray, primary: np.ndarray, threshold: int, fixed: np.ndarray) -> np.ndarray:
    """The cells to withhold: all ``primary`` ones and the partners that protect them.

    ``counts``, ``primary`` and ``fixed`` have an entry per cell of ``system``; ``fixed`` cells stay published.  Zeros
    are published, so a suppressed count is known to be at least 1 and every exchange keeps it there.

    Raises ``ProtectionError`` where a primary cell cannot be protected without withholding a fixed one.
    """
    search = ExchangeSearch(system, counts, minimum=1)
    price = np.where((counts == 0) | fixed, np.inf, 1.0 + np.log2(1.0 + counts) / 16.0)
    where = locations(system, np.flatnonzero(primary))
    cost = np.where(primary & ~fixed, 0.0, price)
    covered = np.zeros(system.size, dtype=bool)
    chosen: list[Exchange] = []
    # Margins first: their exchanges pass through cells below, which then need none of their own.
    order = sorted(where, key=lambda cell: (len(where[cell]), -counts[cell], cell))
    for cell in order:
        if covered[cell]:
            continue
        exchange = search.cheapest(where[cell], cost, threshold)
        if exchange is None:
            raise ProtectionError(f"the cell {where[cell]} cannot be protected: too much must stay published")
        chosen.append(exchange)
        covered[exchange.cells] = True
        cost[exchange.cells] = 0.0
    return _without_redundant(system, primary, chosen, price)
    

def _without_redundant(system, primary, chosen, price):
    times = np.zeros(system.size, dtype=np.int64)
    for e in chosen:
        times[e.cells] += 1
    keep = []
    for e in sorted(chosen, key=lambda e: -price[e.cells[~primary[e.cells]]].sum()):
        own = e.cells[primary[e.cells]]
        if (times[own] > 1).all():
            times[e.cells] -= 1
        else:
            keep.append(e)
    return times > 0


def locations(system: System, cells: np.ndarray) -> dict[int, dict[str, str]]:
    """The codes of many cells: cell number to ``{dimension: code}``, dimensions at their total left out."""
    wanted = np.zeros(system.size, dtype=bool)
    wanted[cells] = True
    found: dict[int, dict[str, str]] = {}
    for grid in system.grids.values():
        hit = (grid.ids >= 0) & wanted[np.maximum(grid.ids, 0)]
        for position in np.argwhere(hit):
            found[int(grid.ids[tuple(position)])] = {
                d: codes[i] for d, codes, i in zip(grid.dimensions, grid.codes, position, strict=True)
            }
    return found
