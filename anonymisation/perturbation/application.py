"""Applying a policy that changes counts: from counts to tables that may be published.

Belongs here: the way from tables to a result, per kind of policy, and the result, which holds nothing unprotected.
Does not belong here: how counts are rounded together (``controlled``) or get noise (``cell_key``), what a reader can
make of the result (``intervals``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from anonymisation.counts import by_measure
from anonymisation.errors import TableError
from anonymisation.hierarchy import Hierarchy
from anonymisation.perturbation.cell_key import add_noise
from anonymisation.perturbation.controlled import round_controlled
from anonymisation.perturbation.policies import CellKey, PerturbationPolicy, Rounding, ThresholdRounding
from anonymisation.policy import Policy
from anonymisation.protection import protect
from anonymisation.tables import CountTable, ShownTable

if TYPE_CHECKING:
    import pandas as pd

NEAR = "e"
"""Status of a value that is near the count but need not be it (GSS symbol ``[e]``, estimated)."""


class PerturbedTable(ShownTable):
    """A table that may be published: ``values`` near the counts, nothing where ``published`` is false.

    It is no ``PublishedTable``: an attack that takes its values for counts would find contradictions.
    """

    def frame(self) -> pd.DataFrame:
        """As ``ProtectedTable.frame``, with status ``e`` where a value is published."""
        return self._frame(NEAR)


@dataclass(frozen=True)
class Perturbation:
    """Tables by name, and by table what may be logged and published of how they came about.

    ``summary``: numbers of ``cells``, ``withheld`` ones, and ``beyond`` their neighbouring multiples (controlled
    rounding where these do not add up).  ``additive``: whether published values add up.  ``distance``: how far a
    published value can be from its count at most.
    """

    tables: Mapping[str, PerturbedTable]
    summary: Mapping[str, Mapping[str, int]]
    additive: bool
    distance: int


def apply(
    tables: Sequence[CountTable],
    hierarchies: Mapping[str, Hierarchy],
    policy: PerturbationPolicy,
    *,
    keys: Mapping[str, np.ndarray] | None = None,
) -> Perturbation:
    """Apply ``policy`` to all ``tables``: tables of one measure share cells, and a cell has one value in all of them.

    ``keys``: for cell-key perturbation, the cell keys of every table in its shape (``cell_key.KeyedTable``).  Raises
    ``TableError`` where tables are not additive, disagree, or lack keys, ``NoiseError`` where no noise fits the
    policy, ``ProtectionError`` where a policy cannot be met.
    """
    if isinstance(policy, CellKey):
        return _with_noise(tables, hierarchies, policy, keys or {})
    if keys:
        raise TableError("``keys`` are for cell-key perturbation; leave them out")
    if isinstance(policy, ThresholdRounding):
        return _withheld_and_rounded(tables, hierarchies, policy)
    return _rounded(tables, hierarchies, policy)


def _rounded(
    tables: Sequence[CountTable], hierarchies: Mapping[str, Hierarchy], policy: Rounding
) -> Perturbation:
    results, summary, most = {}, {}, 0
    for one in by_measure(tables, hierarchies):
        rounded = round_controlled(one.system, one.counts, policy.base, policy.seed)
        most = max(most, int(rounded.excess.max(initial=0)))
        for table in one.tables:
            ids = one.system.cell_ids[table.name]
            everything = np.ones(ids.shape, dtype=bool)
            results[table.name] = PerturbedTable(
                table.name, table.measure, table.axes, rounded.values[ids], everything
            )
            summary[table.name] = _summary(everything, int((rounded.excess[ids] > 0).sum()))
    return Perturbation(results, summary, additive=True, distance=policy.base * (1 + most) - 1)


def _withheld_and_rounded(
    tables: Sequence[CountTable], hierarchies: Mapping[str, Hierarchy], policy: ThresholdRounding
) -> Perturbation:
    # Both ways check that tables fit together.
    if policy.secondary == "contract":
        protection = protect(tables, hierarchies, Policy(threshold=policy.threshold, guarantee="contract"))
        shown = {name: table.published for name, table in protection.tables.items()}
    else:
        by_measure(tables, hierarchies)
        shown = {table.name: (table.counts == 0) | (table.counts >= policy.threshold) for table in tables}
    results, summary = {}, {}
    for table in tables:
        nearest = (table.counts + policy.base // 2) // policy.base * policy.base
        results[table.name] = PerturbedTable(table.name, table.measure, table.axes, nearest, shown[table.name])
        summary[table.name] = _summary(shown[table.name])
    return Perturbation(results, summary, additive=False, distance=policy.base // 2)


def _with_noise(
    tables: Sequence[CountTable],
    hierarchies: Mapping[str, Hierarchy],
    policy: CellKey,
    keys: Mapping[str, np.ndarray],
) -> Perturbation:
    results, summary = {}, {}
    for one in by_measure(tables, hierarchies):
        by_cell = np.zeros(one.system.size, dtype=np.uint32)
        told = np.zeros(one.system.size, dtype=bool)
        for table in one.tables:
            ids = one.system.cell_ids[table.name]
            if table.name not in keys or np.shape(keys[table.name]) != table.counts.shape:
                raise TableError(f"table {table.name!r}: cell-key perturbation needs a key for every cell")
            given = np.asarray(keys[table.name]).astype(np.uint32)
            if (told[ids] & (by_cell[ids] != given)).any():
                raise TableError(
                    f"table {table.name!r}: keys of cells that other tables have too differ from theirs; sum the same"
                    " record keys for all"
                )
            by_cell[ids], told[ids] = given, True
        values = add_noise(one.counts, by_cell, policy)
        for table in one.tables:
            ids = one.system.cell_ids[table.name]
            everything = np.ones(ids.shape, dtype=bool)
            results[table.name] = PerturbedTable(table.name, table.measure, table.axes, values[ids], everything)
            summary[table.name] = _summary(everything)
    return Perturbation(results, summary, additive=False, distance=policy.maximum)


def _summary(shown: np.ndarray, beyond: int = 0) -> dict[str, int]:
    return {"cells": int(shown.size), "withheld": int((~shown).sum()), "beyond": beyond}

