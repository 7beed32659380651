"""Protection of a set of linked count tables: from counts and a policy to tables that may be published.

Belongs here: the order of the steps, and the result, which holds nothing unprotected.  Does not belong here: the rules
(``primary``), the search for partners (``suppression``), the attack (``intruder``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from anonymisation.counts import by_measure
from anonymisation.errors import TableError
from anonymisation.hierarchy import Hierarchy
from anonymisation.policy import Policy
from anonymisation.primary import GroupDisclosure, below_threshold, group_demands
from anonymisation.suppression import suppress
from anonymisation.system import System
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
    withheld: Mapping[str, np.ndarray] | None = None,
    unproven: Mapping[str, np.ndarray] | None = None,
    weights: Mapping[str, np.ndarray] | None = None,
) -> Protection:
    """Protect all ``tables`` together: tables of one measure share cells, and are attacked together.

    By table, in its shape: ``published`` (boolean) marks cells that must stay published, because readers have them
    already; ``withheld`` (boolean) cells that must be withheld whatever their count; ``unproven`` (boolean) those
    of them whose protection the caller proves by other means; ``weights`` (numbers) multiply
    what withholding a cell costs, below 1 for cells rather withheld, infinity for cells never to be withheld as
    partners.  Zeros that the policy publishes are published all the same.

    Raises ``TableError`` where tables are not additive or disagree, ``ProtectionError`` where a sensitive cell cannot
    be protected.
    """
    measures = by_measure(tables, hierarchies)
    for argument, given in (("published", published), ("withheld", withheld), ("unproven", unproven), ("weights", weights)):
        unknown = sorted(set(given or {}) - {table.name for table in tables})
        if unknown:
            raise TableError(f"no table has the name {unknown[0]!r} of ``{argument}``")
    results: dict[str, ProtectedTable] = {}
    summary: dict[str, dict[str, int]] = {}
    for one in measures:
        measure, linked, system, counts = one.measure, one.tables, one.system, one.counts
        fixed = _by_cell("published", published, system, linked, False)
        forced = _by_cell("withheld", withheld, system, linked, False)
        excused = forced & _by_cell("unproven", unproven, system, linked, False)
        weight = _by_cell("weights", weights, system, linked, 1.0)
        primary = below_threshold(counts, policy.threshold, zeros=policy.zeros == "sensitive")
        for rule in policy.rules:
            if isinstance(rule, GroupDisclosure):
                primary[[demand.cell for demand in group_demands(system, counts, rule)]] = True
        suppressed = suppress(system, counts, primary, policy, fixed, forced, weight, excused)
        for table in linked:
            ids = system.cell_ids[table.name]
            shown = ~suppressed[ids]
            results[table.name] = ProtectedTable(table.name, measure, table.axes, table.counts, shown)
            summary[table.name] = {
                "cells": int(ids.size),
                "zero": int((table.counts == 0).sum()),
                "primary": int(primary[ids].sum()),
                "secondary": int((suppressed & ~primary)[ids].sum()),
            }
    return Protection(results, summary)


def _by_cell(
    argument: str,
    given: Mapping[str, np.ndarray] | None,
    system: System,
    tables: Sequence[CountTable],
    default: bool | float,
) -> np.ndarray:
    """What ``protect`` was given by table, by cell; of several tables that show a cell, the largest."""
    found = np.full(system.size, default)
    told = np.zeros(system.size, dtype=bool)
    for table in tables:
        if given is None or table.name not in given:
            continue
        values = np.asarray(given[table.name], dtype=found.dtype)
        if values.shape != table.counts.shape:
            raise TableError(f"table {table.name!r}: ``{argument}`` has another shape than the table")
        if found.dtype == np.float64 and not (values > 0).all():
            raise TableError(f"table {table.name!r}: ``{argument}`` must be numbers above 0")
        ids = system.cell_ids[table.name]
        found[ids] = np.where(told[ids], np.maximum(found[ids], values), values)
        told[ids] = True
    return found

