"""Protection of a set of linked count tables: from counts and a policy to tables that may be published.

Belongs here: the order of the steps, and the result, which holds nothing unprotected.  Does not belong here: the rules
(``primary``), the search for partners (``suppression``), the attack (``intruder``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from anonymisation.errors import TableError
from anonymisation.hierarchy import Hierarchy
from anonymisation.policy import Policy
from anonymisation.primary import below_threshold
from anonymisation.suppression import suppress
from anonymisation.system import System, build_system
from anonymisation.tables import CountTable, ProtectedTable


@dataclass(frozen=True)
class Protection:
    """Protected tables by name, and a summary that may be logged: numbers of cells, never a count in one."""

    tables: Mapping[str, ProtectedTable]
    summary: Mapping[str, Mapping[str, int]]


def protect(
    tables: Sequence[CountTable],
    hierarchies: Mapping[str, Hierarchy],
    policy: Policy,
    *,
    published: Mapping[str, np.ndarray] | None = None,
) -> Protection:
    """Protect all ``tables`` together: tables of one measure share cells, and are attacked together.

    ``published``: by table, a boolean array in its shape that marks cells that must stay published, because readers
    have them already.  Raises ``TableError`` where tables are not additive or disagree, ``ProtectionError`` where a
    sensitive cell cannot be protected.
    """
    names = [table.name for table in tables]
    twice = sorted({name for name in names if names.count(name) > 1})
    unknown = sorted(set(published or {}) - set(names))
    if twice or unknown:
        raise TableError(
            f"two tables have the name {twice[0]!r}" if twice else f"no table has the name {unknown[0]!r} of ``published``"
        )
    results: dict[str, ProtectedTable] = {}
    summary: dict[str, dict[str, int]] = {}
    for measure in dict.fromkeys(table.measure for table in tables):
        linked = [table for table in tables if table.measure == measure]
        system = build_system(linked, hierarchies)
        if system.incomplete.any():
            raise TableError(
                f"measure {measure!r}: an axis holds some but not all children of a code; hold all of them or none"
            )
        counts = _counts(system, linked)
        fixed = np.zeros(system.size, dtype=bool)
        for table in linked:
            if published is not None and table.name in published:
                if np.shape(published[table.name]) != table.counts.shape:
                    raise TableError(f"table {table.name!r}: ``published`` has another shape than the table")
                fixed[system.cell_ids[table.name][np.asarray(published[table.name], dtype=bool)]] = True
        primary = below_threshold(counts, policy.threshold)
        withheld = suppress(system, counts, primary, policy.threshold, fixed)
        for table in linked:
            ids = system.cell_ids[table.name]
            shown = ~withheld[ids]
            results[table.name] = ProtectedTable(table.name, measure, table.axes, table.counts, shown)
            summary[table.name] = {
                "cells": int(ids.size),
                "zero": int((table.counts == 0).sum()),
                "primary": int(primary[ids].sum()),
                "secondary": int((withheld & ~primary)[ids].sum()),
            }
    return Protection(results, summary)


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
