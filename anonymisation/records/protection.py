"""Protection of records: from a table, hierarchies and a policy to a table that may be published.

Belongs here: the order of the steps, and the result, which holds nothing unprotected of the quasi-identifiers.  Does not belong here: the
search (``search``, ``local``), the rules (``policy``, ``models``), files (``streams``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from anonymisation.errors import ProtectionError, RecordError
from anonymisation.records.encoding import as_arrow, batches_of, encode, index_array, mask_array, text_array
from anonymisation.records.hierarchy import RecordHierarchy
from anonymisation.records.local import LocalRecoding
from anonymisation.records.losses import AdditiveLoss, class_losses
from anonymisation.records.policy import RecordPolicy
from anonymisation.records.rollup import Frequencies, count, group
from anonymisation.records.search import Choice, Rules, Search, by_loss

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ProtectedRecords:
    """Records that may be published, and what that cost.

    ``table``: the input with its quasi-identifiers recoded, in the order of the input, all other columns as they were; a recoded column is
    dictionary-encoded text, null where a blank is published.  Where order tells something, sort before publishing.  ``levels``: with global recoding,
    the level of each quasi-identifier; ``records_by_level``: per quasi-identifier, records by level of its hierarchy.  ``losses``: see ``losses``; ``granularity`` as 1 minus the loss.
    ``risk``: of re-identification (0 to 1) against an intruder who knows that a person is in the table (prosecutor), is in the
    population (journalist; only with a population), or seeks many (marketer), and the smallest class.  ``suppressed``: records all of whose
    quasi-identifiers are at the top, or that were removed.
    """

    table: pa.Table
    levels: Mapping[str, int]
    records_by_level: Mapping[str, Mapping[int, int]]
    losses: Mapping[str, float]
    risk: Mapping[str, float]
    suppressed: int
    summary: Mapping[str, Any]
    """All but the table, in plain values: numbers of records by level and measures, safe to log."""

    def to_pandas(self) -> pd.DataFrame:
        """The table as a pandas frame; recoded columns are categorical."""
        return self.table.to_pandas()


def protect_records(
    table: object,
    hierarchies: Iterable[RecordHierarchy],
    policy: RecordPolicy,
    *,
    population: object | None = None,
) -> ProtectedRecords:
    """Protect a table of records: an Arrow table, a pandas frame or a DuckDB relation, a row per record.

    ``hierarchies``: one per quasi-identifier.  ``population``: a table with the quasi-identifiers of everybody who could be meant, for
    ``k_map``.  Raises ``RecordError`` where columns, values, hierarchies and policy do not fit, ``ProtectionError`` where no recoding
    keeps the policy.
    """
    records = as_arrow(table)
    recoding = recode(batches_of(records, columns_of(policy)), hierarchies, policy, population=population)
    return recoding.result(recoding.apply(records, 0))


def columns_of(policy: RecordPolicy) -> list[str]:
    """The columns that a policy looks at."""
    return [*policy.quasi_identifiers, *policy.sensitive]


@dataclass(frozen=True)
class Recoding:
    """What every record becomes: ``class_of`` each record's combination of values, ``nodes`` per quasi-identifier the node that each
    combination is published as, ``suppressed`` the combinations that lose all of them."""

    policy: RecordPolicy
    frequencies: Frequencies
    nodes: Sequence[np.ndarray]
    suppressed: np.ndarray
    summary: Mapping[str, Any]

    @property
    def removed(self) -> np.ndarray:
        """The combinations whose records are left out."""
        return self.suppressed & (self.policy.suppressed == "removed")

    @property
    def hierarchies(self) -> list[RecordHierarchy]:
        return [ladder.hierarchy for ladder in self.frequencies.ladders]

    def apply(self, records: pa.Table, start: int) -> pa.Table:
        """Recode some records: those from the ``start``-th on."""
        class_of = self.frequencies.class_of[start : start + records.num_rows]
        removed = self.removed
        stay = ~removed[class_of]
        if not stay.all():
            records, class_of = records.filter(mask_array(stay)), class_of[stay]
        for hierarchy, nodes in zip(self.hierarchies, self.nodes, strict=True):
            shown = np.flatnonzero(np.bincount(nodes[~removed], minlength=len(hierarchy.labels)))
            labels = [hierarchy.labels[node] for node in shown]
            # A blank is a null of the index, not a value of the dictionary.
            real = [place for place, label in enumerate(labels) if label is not None]
            kind = np.int8 if len(shown) < 127 else np.int16 if len(shown) < 32767 else np.int32
            index = np.full(len(hierarchy.labels), -1, dtype=kind)
            index[shown[real]] = np.arange(len(real))
            column = pa.DictionaryArray.from_arrays(index_array(index[nodes][class_of]), text_array([labels[place] for place in real]))
            place = records.schema.get_field_index(hierarchy.name)
            records = records.set_column(place, hierarchy.name, column)
        return records

    def result(self, table: pa.Table) -> ProtectedRecords:
        """The result with the table that ``apply`` made."""
        summary = self.summary
        return ProtectedRecords(table, summary["levels"], summary["records_by_level"], summary["losses"], summary["risk"], summary["suppressed"], summary)


def recode(
    batches: Iterable[pa.RecordBatch],
    hierarchies: Iterable[RecordHierarchy],
    policy: RecordPolicy,
    *,
    population: object | None = None,
) -> Recoding:
    """Decide what every record becomes, from one pass over the columns of the policy.  Raises as ``protect_records``."""
    ordered = in_order(hierarchies, policy.quasi_identifiers)
    if (population is None) != (policy.k_map is None):
        raise RecordError("k_map needs a population table, and a population table needs k_map; give both or none")
    encoded = encode(batches, ordered, list(policy.sensitive))
    people = None
    if population is not None:
        everybody = as_arrow(population)
        people = encode(batches_of(everybody, policy.quasi_identifiers), encoded.hierarchies)
        # A blank that only the population has.
        encoded = type(encoded)(people.hierarchies, encoded.leaves, encoded.sensitive, encoded.values)
    frequencies = count(encoded, people)
    del encoded, people
    rules = Rules(policy, frequencies)
    weights = [policy.weight(name) for name in policy.quasi_identifiers]
    chosen: Mapping[str, int] = {}
    if policy.recoding == "global":
        choice = Search(frequencies, rules, _loss(policy.loss, frequencies, weights)).run()
        chosen = dict(zip(policy.quasi_identifiers, choice.classes.levels, strict=True))
        nodes, suppressed = _recoded(frequencies, choice)
    if policy.recoding == "local" or policy.suppressed == "recoded":
        order = by_loss(frequencies, _loss("granularity", frequencies, weights))
        order = order[(order >= [chosen.get(name, 0) for name in policy.quasi_identifiers]).all(axis=1)]
        local = LocalRecoding(frequencies, rules, order)
        local.run()
        nodes = local.published()
        suppressed = np.logical_and.reduce([one == ladder.hierarchy.top for one, ladder in zip(nodes, frequencies.ladders, strict=True)])
        lost = int(frequencies.classes.counts[suppressed].sum())
        if lost > rules.limit:
            raise ProtectionError(
                f"{lost} of {frequencies.records} records would lose every quasi-identifier, and the policy allows {rules.limit}; allow more,"
                " a smaller k, or weaker models"
            )
    return Recoding(policy, frequencies, nodes, suppressed, _summary(policy, frequencies, nodes, suppressed, chosen))


def in_order(hierarchies: Iterable[RecordHierarchy], quasi_identifiers: Sequence[str]) -> list[RecordHierarchy]:
    """The hierarchies in the order of the quasi-identifiers.  Raises ``RecordError`` where a column has none, or two."""
    by_name: dict[str, RecordHierarchy] = {}
    for hierarchy in hierarchies:
        if hierarchy.name in by_name:
            raise RecordError(f"column {hierarchy.name!r} has two hierarchies; give one")
        by_name[hierarchy.name] = hierarchy
    missing = [name for name in quasi_identifiers if name not in by_name]
    if missing:
        raise RecordError(f"column {missing[0]!r} is a quasi-identifier and has no hierarchy; give one")
    return [by_name[name] for name in quasi_identifiers]


def _loss(name: str, frequencies: Frequencies, weights: Sequence[float]) -> AdditiveLoss:
    """The loss ``name`` of these records, or granularity where it does not add up over cells."""
    leaf_counts = []
    for ladder, column in zip(frequencies.ladders, frequencies.classes.columns, strict=True):
        leaf_counts.append(np.bincount(column, weights=frequencies.classes.counts, minlength=ladder.sizes[0]))
    return AdditiveLoss(name if name == "entropy" else "granularity", frequencies.ladders, leaf_counts, weights)


def _recoded(frequencies: Frequencies, choice: Choice) -> tuple[list[np.ndarray], np.ndarray]:
    """Per quasi-identifier, the node each combination is published as; and which combinations are suppressed."""
    finest, levels, ladders = frequencies.classes, choice.classes.levels, frequencies.ladders
    sizes = [ladder.sizes[level] for ladder, level in zip(ladders, levels, strict=True)]
    columns = [ladder.step(0, level)[column] for ladder, level, column in zip(ladders, levels, finest.columns, strict=True)]
    both = [np.concatenate([one, ours]) for one, ours in zip(choice.classes.columns, columns, strict=True)]
    ids, _ = group(both, sizes)
    of_class = np.zeros(int(ids.max()) + 1, dtype=bool)
    of_class[ids[: choice.classes.size]] = choice.suppressed
    suppressed = of_class[ids[choice.classes.size :]]
    nodes = [
        np.where(suppressed, ladder.hierarchy.top, ladder.nodes[level][column])
        for ladder, level, column in zip(ladders, levels, columns, strict=True)
    ]
    return nodes, suppressed


def _summary(
    policy: RecordPolicy, frequencies: Frequencies, nodes: Sequence[np.ndarray], suppressed: np.ndarray, chosen: Mapping[str, int]
) -> dict[str, Any]:
    """What may be said of a recoding: numbers of records by level, losses and risks."""
    counts, ladders = frequencies.classes.counts, frequencies.ladders
    occurs = counts > 0
    lost = int(counts[suppressed].sum())
    removed = suppressed & (policy.suppressed == "removed")
    shown = np.flatnonzero(occurs & ~removed)
    ids, _ = group([one[shown] for one in nodes], [len(ladder.hierarchy.labels) for ladder in ladders])
    sizes = np.bincount(ids, weights=counts[shown]).astype(np.int64) if shown.size else np.zeros(0, dtype=np.int64)
    kept_ids = ids[~suppressed[shown]]
    kept_sizes = sizes[np.unique(kept_ids)] if kept_ids.size else np.zeros(0, dtype=np.int64)
    losses = {}
    for name in ("granularity", "entropy"):
        loss = _loss(name, frequencies, [1.0] * len(ladders))
        total = sum(float(counts @ cost[one]) for cost, one in zip(loss.node, nodes, strict=True)) - loss.lowest
        losses[name] = 1 - total if name == "granularity" else total
    losses |= class_losses(kept_sizes, lost)
    published = int(counts[shown].sum())
    smallest = int(sizes.min()) if sizes.size else 0
    risk = {
        "smallest_class": smallest,
        "prosecutor": 1 / smallest if smallest else 0.0,
        "marketer": sizes.size / published if published else 0.0,
    }
    levels = {}
    for ladder, one in zip(ladders, nodes, strict=True):
        found = np.bincount(ladder.hierarchy.level_of[one[shown]], weights=counts[shown], minlength=ladder.hierarchy.height + 1)
        levels[ladder.hierarchy.name] = {level: int(amount) for level, amount in enumerate(found) if amount}
    return {
        "records": frequencies.records,
        "published": published,
        "suppressed": lost,
        "classes": int(sizes.size),
        "recoding": policy.recoding,
        "levels": dict(chosen),
        "records_by_level": levels,
        "losses": losses,
        "risk": risk,
    }
