"""Successive releases of records: who compares two versions must not single out those who were added, or who have gone.

Belongs here: the check of versions that one audience holds, and a new version made beside the last one.  Does not belong here: how the records that
are new are recoded (``protection``), versions of tables of counts (``anonymisation.releases``).

A version may be safe by itself and not beside the last one: if a class grows from 7 records to 8, the one that was added is known (Xiao and Tao,
"m-invariance", SIGMOD 2007; Byun et al., "Secure anonymization for incremental datasets", SDM 2006).  So what is published once stays as it was
published, the records that are new keep the policy by themselves, and those for whom that is not possible wait for a later version.  Where records
leave, they leave in groups of at least ``k`` as well.

Versions are compared one after the other: who holds all of them sees each step, and nothing more between the first and the last.

Somebody who knows a person finds her class in each version, and she has one of the sensitive values of both: where a version recodes anew who was told
of before, few values may be left though each version is diverse (the same sources).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from anonymisation.errors import ProtectionError, RecordError
from anonymisation.records.encoding import as_arrow, batches_of, check_columns, encode, mask_array, texts
from anonymisation.records.hierarchy import RecordHierarchy
from anonymisation.records.models import Pairs, Sensitive, hold
from anonymisation.records.policy import RecordPolicy
from anonymisation.records.protection import in_order, protect_records
from anonymisation.records.rollup import group

PAIRS = 4_000_000
"""Pairs of classes compared at once."""


@dataclass(frozen=True)
class StepFinding:
    """What a step from one version to the next gives away: classes, or groups of classes that overlap (``region``), whose number of records
    changed by less than ``k``; or pairs of classes of the two that can hold the same person and have too few sensitive values in common
    (``narrowed``).  ``step``: the number of the later version, the first being 0; ``classes``: how many there are;
    ``smallest``: the smallest change, or the smallest number of values."""

    kind: Literal["added", "removed", "region", "narrowed"]
    step: int
    classes: int
    smallest: int


@dataclass(frozen=True)
class RecordRelease:
    """A version that may be published beside those before it.

    ``table``: its records, without the key: first those of the last version in its order, then the new ones in the order of the input.
    ``ledger``: the key and what is published of the quasi-identifiers, row by row of ``table``; for the publisher alone, who gives it to the next
    call.  ``added``, ``removed``: records, against the last version.  ``held``: records that are not in this version because too few
    others like them are new or have gone; they may come in with a later one.
    """

    table: pa.Table
    ledger: pa.Table = field(repr=False)
    added: int
    removed: int
    held: int


def audit_releases(
    versions: Sequence[object],
    hierarchies: Iterable[RecordHierarchy],
    quasi_identifiers: Sequence[str],
    k: int,
    sensitive: Mapping[str, int] | None = None,
) -> tuple[StepFinding, ...]:
    """What comparing each version with the one before gives away; empty where nothing.

    ``versions``: published tables, oldest first, their quasi-identifiers as labels of the hierarchies.  Classes that are the same in both
    are taken to hold the same records.  ``sensitive``: by column, how many different values must remain possible for whoever is in both
    versions.  Raises ``RecordError`` where a label is in no hierarchy or a column is missing.
    """
    ordered = [one.with_blank() for one in in_order(hierarchies, quasi_identifiers)]
    nodes = [_published(as_arrow(version), ordered) for version in versions]
    findings = []
    for step in range(1, len(nodes)):
        both = [np.concatenate(pair) for pair in zip(nodes[step - 1], nodes[step], strict=True)]
        compared = _Step(both, len(nodes[step - 1][0]), ordered)
        findings += compared.findings(k, step)
        for column, least in (sensitive or {}).items():
            values = [_texts(as_arrow(version), column) for version in versions[step - 1 : step + 1]]
            findings += compared.narrowed(np.concatenate(values), least, step)
    return tuple(findings)


def protect_release(
    table: object, ledger: object | None, hierarchies: Iterable[RecordHierarchy], policy: RecordPolicy, *, key: str
) -> RecordRelease:
    """A version of the records as they are now, beside the last one, whose ``ledger`` it was given (``None``: there is none).

    ``key``: a column that tells whose record it is in all versions; it is not published.  A record whose values no longer are what was published of
    it leaves and comes anew.  Raises ``RecordError`` as ``protect_records`` and where a key is missing or there twice; ``ProtectionError`` where a
    first version is not possible.
    """
    records = as_arrow(table)
    ordered = [one.with_blank() for one in in_order(hierarchies, policy.quasi_identifiers)]
    if policy.k_map is not None:
        raise RecordError("k_map: releases are protected among themselves; give a policy without it")
    now = _keys(records, key)
    if ledger is None:
        first = _plain(protect_records(records, ordered, policy).table, policy.quasi_identifiers)
        return _release(first, key, policy.quasi_identifiers, first.num_rows, 0, records.num_rows - first.num_rows)
    last = as_arrow(ledger)
    published = _published(last, ordered)
    place = pc.index_in(_keys(last, key), value_set=now).to_numpy(zero_copy_only=False)
    stays = ~np.isnan(place.astype(float))
    where = np.where(stays, np.nan_to_num(place.astype(float)), 0).astype(np.int64)
    encoded = encode(batches_of(records, policy.quasi_identifiers), ordered)
    for hierarchy, leaves, nodes in zip(ordered, encoded.leaves, published, strict=True):
        stays &= (hierarchy.nodes[:, leaves[where]] == nodes).any(axis=0)
    fits = stays.copy()
    stays &= _may_stay(published, ordered, fits, records.take(where), policy, last[key])
    new = np.ones(records.num_rows, dtype=bool)
    new[where[fits]] = False
    old = _restored(records.take(where[stays]), last.filter(mask_array(stays)), policy.quasi_identifiers)
    added = _additions(records.filter(mask_array(new)), ordered, policy)
    while added.num_rows:
        joined = [np.concatenate([before, after]) for before, after in zip(published, _published(pa.concat_tables([old, added]), ordered), strict=True)]
        bad = _Step(joined, last.num_rows, ordered).too_small(policy.k)[last.num_rows + old.num_rows :]
        if not bad.any():
            break
        added = added.filter(mask_array(~bad))
    held = records.num_rows - old.num_rows - added.num_rows
    return _release(pa.concat_tables([old, added]), key, policy.quasi_identifiers, added.num_rows, last.num_rows - old.num_rows, held)


def _texts(table: pa.Table, column: str) -> np.ndarray:
    """A column as texts, a blank as one of its own."""
    check_columns(table.schema, [column])
    values, index = texts(pa.concat_arrays(table[column].chunks) if table.num_rows else pa.array([], pa.string()))
    return np.array(["" if value is None else f"={value}" for value in values], dtype=object)[index]


def _keys(table: pa.Table, key: str) -> pa.ChunkedArray:
    """The keys.  Raises ``RecordError`` where one is missing or there twice."""
    check_columns(table.schema, [key])
    keys = table[key]
    if keys.null_count:
        raise RecordError(f"column {key!r}: {keys.null_count} records have no key; give each one")
    twice = len(keys) - pc.count_distinct(keys).as_py()
    if twice:
        raise RecordError(f"column {key!r}: {twice} records have the key of another; give each its own")
    return keys


def _published(table: pa.Table, hierarchies: Sequence[RecordHierarchy]) -> list[np.ndarray]:
    """Per quasi-identifier, the node that each record is published as."""
    check_columns(table.schema, [one.name for one in hierarchies])
    found = []
    for hierarchy in hierarchies:
        # Where the top is a blank, a blank is the top.
        node_of = {label: node for node, label in enumerate(hierarchy.labels)}
        values, index = texts(pa.concat_arrays(table[hierarchy.name].chunks) if table.num_rows else pa.array([], pa.string()))
        wrong = [value for value in values if value not in node_of]
        if wrong:
            raise RecordError(f"column {hierarchy.name!r}: {wrong[0]!r} is published and no label of the hierarchy; give that which it was made with")
        found.append(np.array([node_of[value] for value in values], dtype=np.int64)[index])
    return found


def _may_stay(
    published: Sequence[np.ndarray],
    hierarchies: Sequence[RecordHierarchy],
    fits: np.ndarray,
    now: pa.Table,
    policy: RecordPolicy,
    keys: pa.ChunkedArray,
) -> np.ndarray:
    """Which records of the last version may be in this one: of a class that loses some, so few that at least ``k`` leave together.

    ``fits``: those that are there still and have not changed; ``now``: what they are now.
    """
    if not fits.size:
        return fits
    ids, _ = group(list(published), [len(one.labels) for one in hierarchies])
    size, rest = np.bincount(ids), np.bincount(ids, weights=fits).astype(np.int64)
    allowed = np.where(rest == size, size, np.minimum(rest, size - policy.k))
    allowed[allowed < policy.k] = 0
    encoded = encode(batches_of(now, list(policy.sensitive)), [], list(policy.sensitive)) if policy.sensitive else None
    # Those with the greatest keys stay, as good a rule as any, and the same on every run.
    order = np.lexsort((pc.rank(keys, tiebreaker="first").to_numpy(), ~fits, ids))
    rank = np.empty(ids.size, dtype=np.int64)
    rank[order] = np.arange(ids.size) - np.concatenate([[0], np.cumsum(size)])[ids[order]]
    stays = fits & (rank < allowed[ids])
    if encoded is not None:
        pairs, whole = {}, {}
        for name, codes in encoded.sensitive.items():
            values = len(encoded.values[name])
            found, counts = np.unique(ids[stays] * values + codes[stays], return_counts=True)
            pairs[name] = Pairs(found // values, found % values, counts)
            whole[name] = Sensitive(encoded.values[name], np.bincount(codes, minlength=values) / codes.size)
        kept = hold(policy.sensitive, np.maximum(allowed, 1), pairs, whole)
        stays &= kept[ids]
    return stays


def _additions(records: pa.Table, hierarchies: Sequence[RecordHierarchy], policy: RecordPolicy) -> pa.Table:
    """The new records, recoded by themselves; none where that is not possible."""
    if records.num_rows:
        try:
            return _plain(protect_records(records, hierarchies, policy).table, policy.quasi_identifiers)
        except ProtectionError:
            pass  # they wait
    return _plain(records.slice(0, 0), policy.quasi_identifiers)


def _restored(now: pa.Table, ledger: pa.Table, quasi_identifiers: Sequence[str]) -> pa.Table:
    """Records that stay, with their quasi-identifiers as they were published."""
    for name in quasi_identifiers:
        now = now.set_column(now.schema.get_field_index(name), name, ledger[name])
    return _plain(now, quasi_identifiers)


def _plain(table: pa.Table, quasi_identifiers: Sequence[str]) -> pa.Table:
    """The quasi-identifiers as plain text."""
    for name in quasi_identifiers:
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(pa.string()))
    return table


def _release(table: pa.Table, key: str, quasi_identifiers: Sequence[str], added: int, removed: int, held: int) -> RecordRelease:
    return RecordRelease(table.drop_columns([key]), table.select([key, *quasi_identifiers]), added, removed, held)


class _Step:
    """Two versions, the first ``before`` rows being the earlier one, by class: what was published, and how its number of records changed."""

    def __init__(self, nodes: Sequence[np.ndarray], before: int, hierarchies: Sequence[RecordHierarchy]) -> None:
        self.ids, first = group(list(nodes), [len(one.labels) for one in hierarchies])
        self.change = np.bincount(self.ids, weights=np.where(np.arange(self.ids.size) < before, -1, 1), minlength=first.size).astype(np.int64)
        self.changed = np.flatnonzero(self.change)
        self._before, self._hierarchies, self._nodes = before, hierarchies, [one[first] for one in nodes]
        self.region = self._regions([one[first[self.changed]] for one in nodes], hierarchies)

    def _regions(self, nodes: Sequence[np.ndarray], hierarchies: Sequence[RecordHierarchy]) -> np.ndarray:
        """Per changed class, a number that is the same for those that overlap, directly or by others.

        Only a class that grew and one that shrank can hold the same records in turn.
        """
        grew, shrank = (np.flatnonzero(self.change[self.changed] * sign > 0) for sign in (1, -1))
        pairs = [np.empty((2, 0), dtype=np.int64), *_overlapping(nodes, hierarchies, grew, shrank)]
        row, column = np.concatenate(pairs, axis=1)
        size = self.changed.size
        return connected_components(coo_array((np.ones(row.size), (row, column)), shape=(size, size)), directed=False)[1]

    def narrowed(self, values: np.ndarray, least: int, step: int) -> list[StepFinding]:
        """Pairs of classes, one of each version, that can hold the same person and have fewer than ``least`` of ``values`` (of each record) in common.

        A class that both versions have, with enough in common, leaves these to everybody who fits it.
        """
        number = np.unique(values, return_inverse=True)[1]
        has = np.zeros((2, self.change.size, int(number.max(initial=0)) + 1), dtype=np.float32)
        has[(np.arange(self.ids.size) >= self._before).astype(int), self.ids, number] = 1
        stays = (has[0] * has[1]).sum(axis=1) >= least
        old, new = (np.flatnonzero(one.any(axis=1) & ~stays) for one in has)
        found = [(has[0][one] * has[1][other]).sum(axis=1) for one, other in _overlapping(self._nodes, self._hierarchies, old, new)]
        common = np.concatenate([np.empty(0), *found])
        few = common[common < least]
        return [StepFinding("narrowed", step, int(few.size), int(few.min()))] if few.size else []

    def _net(self) -> np.ndarray:
        return np.bincount(self.region, weights=self.change[self.changed]).astype(np.int64)

    def too_small(self, k: int) -> np.ndarray:
        """Per record, whether its class or region changed by less than ``k`` records, but changed."""
        bad = np.zeros(self.change.size, dtype=bool)
        net = self._net()
        small = (np.abs(self.change[self.changed]) < k) | ((net != 0) & (np.abs(net) < k))[self.region]
        bad[self.changed[small]] = True
        return bad[self.ids]

    def findings(self, k: int, step: int) -> list[StepFinding]:
        """What the step gives away."""
        found = []
        grown, gone, net = self.change[self.change > 0], -self.change[self.change < 0], np.abs(self._net())
        for kind, sizes in (("added", grown), ("removed", gone), ("region", net[net > 0])):
            small = sizes[sizes < k]
            if small.size:
                found.append(StepFinding(kind, step, int(small.size), int(small.min())))
        return found


def _overlapping(
    nodes: Sequence[np.ndarray], hierarchies: Sequence[RecordHierarchy], some: np.ndarray, others: np.ndarray
) -> Iterator[np.ndarray]:
    """Pairs of classes that can hold the same record, one of ``some`` and one of ``others``, in parts.  ``nodes``: of all classes, per column."""
    meets = []
    for hierarchy in hierarchies:
        below = np.zeros((len(hierarchy.labels), len(hierarchy.values)), dtype=bool)
        for level in hierarchy.nodes:
            below[level, np.arange(len(hierarchy.values))] = True
        meets.append((below.astype(np.float32) @ below.T.astype(np.float32)) > 0)
    step = max(1, PAIRS // max(others.size, 1))
    for start in range(0, some.size if others.size else 0, step):
        part = some[start : start + step]
        meet = np.ones((part.size, others.size), dtype=bool)
        for column, table in zip(nodes, meets, strict=True):
            meet &= table[np.ix_(column[part], column[others])]
        one, other = np.nonzero(meet)
        yield np.stack([part[one], others[other]])
