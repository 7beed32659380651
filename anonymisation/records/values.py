"""Suppression of single values: quasi-identifiers are withheld where they must be, and never coarsened.

Belongs here: which values of which records become blanks, by either reading of a blank.  Does not belong here: hierarchies, recoding.

A blank is a *value* of its own: records look alike if they are blank in the same places.  That is what is published under, and what
``protect_records`` means by k.  Or it is a *wildcard* that looks like every value, as sdcMicro has it (Templ, Kowarik, Meindl, "Statistical
disclosure control for micro-data using the R package sdcMicro", J. Stat. Software 67(4), 2015).  That reading is here to compare figures, not to
publish under: one record that is blank throughout looks like everybody, and so counts for everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymisation.errors import ProtectionError, RecordError
from anonymisation.records.encoding import as_arrow, batches_of, encode, mask_array, texts
from anonymisation.records.hierarchy import RecordHierarchy
from anonymisation.records.policy import RecordPolicy
from anonymisation.records.protection import recode

Blanks = Literal["value", "wildcard"]

MOST_COLUMNS = 12
"""Quasi-identifiers with wildcards: every set of them is weighed."""

MOST_COMPARISONS = 200_000_000
"""Pairs of records that are compared with wildcards: those that look like too few others, beside all."""


@dataclass(frozen=True)
class SuppressedValues:
    """``table``: the input with blanks (nulls) in its quasi-identifiers, in the order of the input.  ``blanks``: how many were made, by
    column.  ``smallest``: how many records each record looks like at least, itself included, by the reading asked for."""

    table: pa.Table = field(repr=False)
    blanks: Mapping[str, int]
    smallest: int


def suppress_values(
    table: object,
    quasi_identifiers: Sequence[str],
    k: int,
    *,
    importance: Mapping[str, float] | None = None,
    blanks: Blanks = "value",
) -> SuppressedValues:
    """Make blanks until every record looks like ``k`` records, itself included; the fewer, the less important the column.

    ``importance``: what a blank in a column counts, 1 where not given.  Raises ``RecordError`` where a column is missing or, with wildcards,
    the table is too large, ``ProtectionError`` where there are fewer than ``k`` records, ``ValueError`` for a wrong policy.
    """
    if blanks not in get_args(Blanks):
        raise ValueError(f"blanks {blanks!r}: give one of {', '.join(get_args(Blanks))}")
    policy = RecordPolicy(tuple(quasi_identifiers), k, recoding="local", max_suppressed=1.0, importance=importance or {})
    records = as_arrow(table)
    columns = [pa.chunked_array([batch.column(name) for batch in batches_of(records, [name])], records.schema.field(name).type) for name in quasi_identifiers]
    if records.num_rows < k:
        raise ProtectionError(f"there are {records.num_rows} records, fewer than k, {k}; no suppression can protect them")
    hierarchies = [RecordHierarchy.flat(name, texts(column.unique())[0]) for name, column in zip(quasi_identifiers, columns, strict=True)]
    if blanks == "value":
        # A blank costs what its column is worth, however many values the column has.
        worth = {one.name: policy.weight(one.name) * len(one.values) / max(len(one.values) - 1, 1) for one in hierarchies}
        policy = RecordPolicy(policy.quasi_identifiers, k, recoding="local", max_suppressed=1.0, importance=worth)
        recoding = recode(batches_of(records, quasi_identifiers), hierarchies, policy)
        gone = [(nodes == one.top)[recoding.frequencies.class_of] for nodes, one in zip(recoding.nodes, recoding.hierarchies, strict=True)]
        smallest = int(recoding.summary["risk"]["smallest_class"])
    else:
        encoded = encode(batches_of(records, quasi_identifiers), hierarchies)
        codes = np.stack([leaves.astype(np.int32) for leaves in encoded.leaves], axis=1)
        codes[codes == [len(one.values) for one in hierarchies]] = -1
        wild = _Wildcards(codes, k, np.array([policy.weight(name) for name in quasi_identifiers]))
        wild.run()
        gone, smallest = list(wild.codes.T < 0), int(wild.alike.min())
    made = {}
    for name, column, mask in zip(quasi_identifiers, columns, gone, strict=True):
        blanked = pc.if_else(mask_array(mask), pa.scalar(None, column.type), column)
        made[name] = blanked.null_count - column.null_count
        records = records.set_column(records.schema.get_field_index(name), name, blanked)
    return SuppressedValues(records, made, smallest)


class _Wildcards:
    """Greedy: of all sets of values of one record, blank the one that brings records nearest to ``k`` at the least cost, until all are
    there; then take back every blank that is not needed.

    ``codes``: shape (records, columns), -1 a blank.  ``alike``: per record, how many it looks like.
    """

    def __init__(self, codes: np.ndarray, k: int, weights: np.ndarray) -> None:
        records, columns = codes.shape
        if columns > MOST_COLUMNS:
            raise RecordError(f"{columns} quasi-identifiers, and with wildcards at most {MOST_COLUMNS}; read a blank as a value")
        self.codes, self.k = codes.copy(), k
        self.bits = 1 << np.arange(columns)
        self.sets = 1 << columns
        self.cost = ((np.arange(self.sets)[:, None] & self.bits) > 0) @ weights
        self.cost[0] = np.inf
        self.original = codes
        combinations, place, counts = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
        matches = [int(counts[self._differ(one, combinations) == 0].sum()) for one in combinations]
        self.alike = np.array(matches)[place.ravel()]
        self.few = np.flatnonzero(self.alike < k)
        if self.few.size * records > MOST_COMPARISONS:
            raise RecordError(f"{self.few.size} of {records} records look like too few others to weigh wildcards; read a blank as a value")
        self.differ = np.array([self._differ(codes[one], codes) for one in self.few], dtype=np.uint16).reshape(self.few.size, records)
        self.number = np.array([np.bincount(row, minlength=self.sets) for row in self.differ]).reshape(self.few.size, self.sets)

    def run(self) -> None:
        made = list(self._blank())
        for record, column in reversed(made):
            self._take_back(record, column)

    def _differ(self, one: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Per record, the set of columns in which it does not look like ``one``, as bits."""
        return ((others != one) & (others >= 0) & (one >= 0)) @ self.bits

    def _within(self, numbers: np.ndarray) -> np.ndarray:
        """Per row and set of columns, the sum of the numbers of all its subsets."""
        total = numbers.copy()
        for bit in self.bits:
            halves = total.reshape(len(total), -1, 2, int(bit))
            halves[:, :, 1, :] += halves[:, :, 0, :]
        return total

    def _blank(self) -> Iterator[tuple[int, int]]:
        few = self.few
        while (lacking := self.alike[few] < self.k).any():
            own = np.minimum(self._within(self.number), self.k) - np.minimum(self.alike[few], self.k)[:, None]
            others = np.array([np.bincount(row, minlength=self.sets) for row in self.differ[:, few[lacking]]])
            others[:, 0] = 0  # they look alike as it is
            worth = np.round((own + self._within(others)) / self.cost, 9)
            row, chosen = np.unravel_index(int(np.argmax(worth)), worth.shape)
            record = int(few[row])
            for column in np.flatnonzero(self.bits & chosen).tolist():
                if self.codes[record, column] >= 0:
                    self.codes[record, column] = -1
                    yield record, column
            self._changed(record, int(row))

    def _changed(self, record: int, row: int) -> None:
        before, after = self.differ[row].copy(), self._differ(self.codes[record], self.codes)
        self.alike += (before != 0) & (after == 0)
        self.alike[record] = (after == 0).sum()
        self.differ[row], self.number[row] = after, np.bincount(after, minlength=self.sets)
        rows = np.arange(self.few.size)
        others = rows != row
        np.subtract.at(self.number, (rows[others], self.differ[others, record]), 1)
        self.differ[others, record] = after[self.few[others]]
        np.add.at(self.number, (rows[others], self.differ[others, record]), 1)

    def _take_back(self, record: int, column: int) -> None:
        before = self._differ(self.codes[record], self.codes) == 0
        self.codes[record, column] = self.original[record, column]
        lost = before & (self._differ(self.codes[record], self.codes) != 0)
        if self.alike[record] - lost.sum() < self.k or (self.alike[lost] <= self.k).any():
            self.codes[record, column] = -1
            return
        self.alike[lost] -= 1
        self.alike[record] -= lost.sum()
