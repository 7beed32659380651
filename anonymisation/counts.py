"""The counts of linked tables: one number per cell of the system that they make up.

Belongs here: bringing the tables of a measure together, after checking that they agree and add up.  Does not belong
here: the cell model itself (``system``), and anything done to counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from anonymisation.errors import TableError
from anonymisation.hierarchy import Hierarchy
from anonymisation.system import System, build_system
from anonymisation.tables import CountTable


@dataclass(frozen=True)
class Counted:
    """All tables of one measure: their system, and its ``counts`` by cell."""

    measure: str
    tables: Sequence[CountTable]
    system: System
    counts: np.ndarray


def by_measure(tables: Sequence[CountTable], hierarchies: Mapping[str, Hierarchy]) -> list[Counted]:
    """The tables by measure, in the order in which the measures come first.

    Raises ``TableError`` where two tables have one name, or those of a measure are not additive or disagree.
    """
    names = [table.name for table in tables]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableError(f"two tables have the name {twice[0]!r}")
    found = []
    for measure in dict.fromkeys(table.measure for table in tables):
        linked = [table for table in tables if table.measure == measure]
        system = build_system(linked, hierarchies)
        if system.incomplete.any():
            raise TableError(
                f"measure {measure!r}: an axis holds some but not all children of a code; hold all of them or none"
            )
        found.append(Counted(measure, linked, system, _counts(system, linked)))
    return found


def _counts(system: System, tables: Sequence[CountTable]) -> np.ndarray:
    counts = np.full(system.size, -1, dtype=np.int64)
    for table in tables:
        ids = system.cell_ids[table.name]
        if ((counts[ids] >= 0) & (counts[ids] != table.counts)).any():
            raise TableError(f"table {table.name!r} disagrees with another table of {table.measure!r} on a common cell")
        counts[ids] = table.counts
    wrong = np.flatnonzero(system.sums.astype(np.int64) @ counts)
    if wrong.size:
        row = system.sums[[int(wrong[0])]]
        parent = system.locate(int(row.indices[row.data > 0][0]))
        raise TableError(f"the parts of {parent or 'the total'} do not add up to it ({wrong.size} such sums)")
    return counts
