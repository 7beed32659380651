"""Suppression: which cells of a set of linked tables are withheld.

Belongs here: what a cell costs, what the search begins with, and in which order the steps come.  Does not belong here:
rules that make a cell sensitive (``primary``), how a cell is protected (``search``), the intruder who checks the result.

The search gives each cell that needs it a proof, so that the guarantee holds by construction.  On systems small enough a linear
program over all sums guides the search (``cover``); what proves redundant in the end is published (``reduction``).
Large tables of many dimensions are covered by hypercubes (``cube_cover``), and the search is for what these leave.
"""

from __future__ import annotations

import numpy as np

from anonymisation.cover import covering
from anonymisation.cube_cover import check_cubes, cube_cover
from anonymisation.policy import Policy
from anonymisation.primary import Demand, GroupDisclosure, Singletons, group_demands, persons, singleton_demands
from anonymisation.search import Search
from anonymisation.system import System

GUIDANCE = 0.9
"""How much cheaper a cell is for the search that the covering relaxation withholds wholly."""

TRACE = 1e-6
"""Fraction from which the relaxation is said to withhold a cell at all."""

STARTS, START_WORK, NOISE = 8, 4_500, 0.5
"""How often the search starts again from other prices, at most; the work spent on it, in cells times width; and how
far the prices differ."""

SURE, SURE_OF_WIDTH = 0.99, 0.4
"""Fraction beyond which what the relaxation withholds is withheld from the start: under ``exact``, and under the other
guarantees, whose width mostly takes several partners together.  Which ones, the relaxation sees better than a search
that goes from cell to cell; what was not needed is taken back."""

LARGE = 300_000
"""Cells times the corners that a hypercube has at least, beyond which a table is covered by hypercubes."""


def suppress(
    system: System,
    counts: np.ndarray,
    primary: np.ndarray,
    policy: Policy,
    fixed: np.ndarray,
    forced: np.ndarray,
    weight: np.ndarray,
    excused: np.ndarray | None = None,
    large: int = LARGE,
) -> np.ndarray:
    """The cells to withhold: all ``primary`` and ``forced`` ones that are not ``fixed``, and the partners they need.

    No proof is looked for of ``excused`` cells, which are forced: the caller has one.

    All arrays have an entry per cell of ``system``.  ``fixed`` cells stay published; ``weight`` multiplies what
    withholding a cell costs, and infinity keeps it published too.  ``large``: as ``LARGE``.

    Raises ``ProtectionError`` where a cell cannot be protected without withholding a fixed one.
    """
    excused = np.zeros(system.size, dtype=bool) if excused is None else excused
    primary = primary & ~fixed & ~excused
    price = prices(system, counts, policy, fixed) * weight
    required = primary | (forced & np.isfinite(price))
    room = np.maximum(counts - policy.least, 0)
    dimensions = max(map(len, system.axes.values()))
    if dimensions > 2 and system.size * 2**dimensions > large:
        search = _covered(system, counts, primary, policy, price, required, room, excused)
        return _demanded(system, counts, primary, policy, search)
    share = covering(system.sums, required, room, policy.width, price)
    # A relaxation that says no more than what is asked for gives no hint; to look near it would cost a program per cell.
    hinted = (share > TRACE) & ~required
    guide = price * (1.0 - GUIDANCE * share)
    sure = required | (share > (SURE if policy.guarantee == "exact" else SURE_OF_WIDTH))
    withheld = _pattern(system, counts, primary, policy, price, guide, sure, required, hinted, excused)
    # Which alternative is taken first decides much; on a small system there is time to try several orders.
    random = np.random.default_rng(1)
    for _ in range(min(STARTS, START_WORK // (system.size * policy.width))):
        noisy = guide * random.uniform(1.0 - NOISE, 1.0 + NOISE, system.size)
        start = required | (share > random.uniform(0.2, 1.0))
        other = _pattern(system, counts, primary, policy, price, noisy, start, required, hinted, excused)
        if price[other & ~required].sum() < price[withheld & ~required].sum():
            withheld = other
    if not policy.rules:
        return withheld
    search = Search(system, counts, primary, policy, price, withheld, excused)
    search.withheld |= withheld
    return _demanded(system, counts, primary, policy, search)


def _covered(
    system: System,
    counts: np.ndarray,
    primary: np.ndarray,
    policy: Policy,
    price: np.ndarray,
    required: np.ndarray,
    room: np.ndarray,
    excused: np.ndarray,
) -> Search:
    """A search that begins, and mostly ends, with the hypercubes of a large table."""
    sensitive = required & ~excused if policy.guarantee == "contract" else primary
    cubes = cube_cover(system, counts, sensitive, required, room, policy.width, price)
    check_cubes(system, cubes, room, policy.width)
    search = Search(system, counts, primary, policy, price, required, excused, certain=False)
    search.withheld |= required
    for cube in cubes:
        search.take_cube(cube)
    search.run()
    return search


def _demanded(
    system: System, counts: np.ndarray, primary: np.ndarray, policy: Policy, search: Search
) -> np.ndarray:
    """The pattern of a search with what the policy's further rules demand besides."""
    demands = [d for rule in policy.rules if isinstance(rule, GroupDisclosure) for d in group_demands(system, counts, rule)]
    singletons = any(isinstance(rule, Singletons) for rule in policy.rules)
    if not demands and not singletons:
        return search.withheld
    search.run()
    while True:
        if singletons:
            # The equations give most away, and fast; what bounds give away besides takes programs.
            demands = demands + (
                singleton_demands(system, counts, search.withheld, primary)
                or _bounded(system, counts, primary, search, policy)
            )
        if not demands:
            return search.withheld
        for demand in demands:
            search.meet(demand)
        # The partners of a demand may be small themselves.
        search.run()
        demands = []


def _bounded(
    system: System, counts: np.ndarray, primary: np.ndarray, search: Search, policy: Policy
) -> list[Demand]:
    """A demand for every primary cell that a person counted alone may compute by equations and bounds together."""
    reduction = search.reduction(system, counts, policy)
    alone = np.flatnonzero(search.withheld & (counts == 1))
    person = persons(system, counts == 1)[alone]
    found = []
    for who in np.unique(person):
        own = alone[person == who]
        found += [Demand(int(cell), tuple(own.tolist())) for cell in reduction.held_by(own) if primary[cell]]
    return found


def _pattern(
    system: System,
    counts: np.ndarray,
    primary: np.ndarray,
    policy: Policy,
    price: np.ndarray,
    guide: np.ndarray,
    start: np.ndarray,
    required: np.ndarray,
    hinted: np.ndarray,
    excused: np.ndarray,
) -> np.ndarray:
    """A pattern that holds the guarantee, and nothing found to be redundant.

    ``start``: what is withheld from the beginning; ``guide``: what the search takes a cell to cost; ``hinted``: cells
    that it looks at first.
    """
    search = Search(system, counts, primary, policy, guide, hinted, excused)
    search.withheld |= start
    search.run()
    reduction = search.reduction(system, counts, policy)
    partners = reduction.cells[~required[reduction.cells]]
    order = partners[np.lexsort((partners, -counts[partners], -price[partners]))]
    reduction.publish(np.searchsorted(reduction.cells, order).tolist())
    withheld = np.zeros(system.size, dtype=bool)
    withheld[reduction.cells[reduction.open]] = True
    return withheld


def prices(system: System, counts: np.ndarray, policy: Policy, fixed: np.ndarray) -> np.ndarray:
    """What withholding each cell costs, infinity where it stays published."""
    if policy.cost == "information":
        price = (1.0 + system.breadth() + np.log2(1.0 + counts)) * system.showings()
    elif policy.cost == "cells":
        # Of two cells readers miss the larger one more.
        price = 1.0 + np.log2(1.0 + counts) / 4.0
    else:
        price = np.maximum(counts, 1).astype(np.float64)
    kept = fixed | ((counts == 0) & (policy.zeros == "published"))
    return np.where(kept, np.inf, price)
