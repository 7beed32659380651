"""What a reader knows of each count who works with bounds: rounded and withheld cells in all tables at once.

Belongs here: the attack on tables whose values are near the counts, and its verdict.  Does not belong here: the attack
on tables of counts (``intruder``), whose arithmetic this uses.

Each published value says that the count lies within so much of it, each withheld one what the rule says; true counts
add up.  What follows for one cell from all others is found by interval propagation and then by linear programs, the
smallest and the largest value of each count that matters (the attacker's problem; Salazar-Gonzalez 2006, Controlled
rounding and cell perturbation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from anonymisation.errors import TableError, TooLargeError
from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder.programs import Program
from anonymisation.intruder.propagation import propagate
from anonymisation.perturbation.application import PerturbedTable
from anonymisation.perturbation.policies import PerturbationPolicy, ThresholdRounding
from anonymisation.system import System, build_system

LARGEST = 3_000
"""Cells of the largest measure that is attacked: two programs are solved for each of its uncertain cells, and every one
is over all cells, since beside rounded counts none is known."""

FAR = 1_000_000
"""More than any count can be narrowed from above by: the bound of a cell that nothing bounds."""


@dataclass(frozen=True)
class Known:
    """The verdict on ``uncertain`` cells: those withheld, or published so low that the count may be 0.

    ``narrowed``: how many a reader knows better than by their own status or value alone; ``computed``: how many
    exactly.  ``disclosed``: how many against what the policy promises: where it completes its rule by partners, those
    whose possible values include one below its threshold and lie less than the threshold apart, largest minus
    smallest; otherwise the narrowed ones.

    ``widths``: by number of possible values, how many uncertain cells have so many (counted up to what the policy says).
    """

    cells: int
    uncertain: int
    narrowed: int
    computed: int
    disclosed: int
    widths: Mapping[int, int]


def known_intervals(
    tables: Sequence[PerturbedTable],
    hierarchies: Mapping[str, Hierarchy],
    policy: PerturbationPolicy,
    distance: int,
) -> Known:
    """Attack all ``tables`` together, measure by measure, as a reader who knows ``policy`` and its ``distance``.

    Raises ``InconsistentTablesError`` where published values contradict the policy, ``TooLargeError`` where a measure
    has more than ``LARGEST`` cells: a verdict on some of the cells, or by less than all the sums, would be none.
    """
    cells = uncertain = narrowed = computed = disclosed = 0
    widths: dict[int, int] = {}
    for measure in dict.fromkeys(table.measure for table in tables):
        linked = [table for table in tables if table.measure == measure]
        system = build_system(linked, hierarchies)
        if system.size > LARGEST:
            raise TooLargeError(
                f"measure {measure!r} has {system.size} cells, and {LARGEST} are the most whose intervals are found; give"
                " fewer tables, or codes, at once, which tells less than a reader of all of them has"
            )
        low, high, wanted = _told(system, linked, policy, distance)
        least, most = _concluded(system, low, high, wanted)
        said, left = high[wanted] - low[wanted], most[wanted] - least[wanted]
        cells, uncertain = cells + system.size, uncertain + int(wanted.sum())
        narrowed, computed = narrowed + int((left < said).sum()), computed + int((left == 0).sum())
        if isinstance(policy, ThresholdRounding) and policy.secondary == "contract":
            disclosed += int(((least[wanted] < policy.threshold) & (left < policy.threshold)).sum())
        else:
            disclosed += int((left < said).sum())
        for width in np.minimum(left, FAR).astype(int).tolist():
            widths[width + 1] = widths.get(width + 1, 0) + 1
    return Known(cells, uncertain, narrowed, computed, disclosed, dict(sorted(widths.items())))


def _told(
    system: System, tables: Sequence[PerturbedTable], policy: PerturbationPolicy, distance: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By cell: the bounds that its value and the policy give, and whether the count is uncertain and may be small."""
    low, high = np.zeros(system.size), np.full(system.size, float(FAR))
    wanted = np.zeros(system.size, dtype=bool)
    for table in tables:
        ids, values = system.cell_ids[table.name], table.values
        if isinstance(policy, ThresholdRounding):
            here_low = np.where(values == 0, 0, np.maximum(values - distance, policy.threshold))
            here_high = np.where(values == 0, 0, values + distance)
            here_low = np.where(table.published, here_low, 1)
            most = policy.threshold - 1 if policy.secondary == "none" else FAR
            here_high = np.where(table.published, here_high, most)
            here_wanted = ~table.published
        else:
            if not table.published.all():
                raise TableError(f"table {table.name!r}: the policy withholds nothing, but a cell is withheld")
            here_low, here_high = np.maximum(values - distance, 0), values + distance
            here_wanted = values <= distance
        low[ids], high[ids], wanted[ids] = here_low, here_high, here_wanted
    return low, high, wanted


def _concluded(
    system: System, low: np.ndarray, high: np.ndarray, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    sums = sp.csr_array(system.sums.astype(np.int64))
    lower = np.zeros(sums.shape[0])
    upper = np.where(system.incomplete, np.inf, 0.0)
    least, most = propagate(sums, lower, upper, low, high)
    if not wanted.any():
        return least, most
    program = Program(sums, lower, upper, least, most)
    width = int((most - least)[wanted].max())
    program.sweep(min(width, FAR), wanted)
    for cell in np.flatnonzero(wanted).tolist():
        alone = np.zeros(system.size, dtype=bool)
        alone[cell] = True
        program.settle(int(most[cell] - least[cell]), alone)
        least[cell], most[cell] = program.bounds(cell)
    return least, most
