"""Equivalence classes: records that look alike at given levels, counted once and rolled up from finer to coarser.

Belongs here: the frequency table of the records, and the classes at any combination of levels computed from those at a finer one.
Does not belong here: which levels are chosen (``search``), what must hold of a class (``models``).

Roll-up: LeFevre, DeWitt, Ramakrishnan, "Incognito", SIGMOD 2005, section 3 (rollup property).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from anonymisation.records.encoding import Encoded
from anonymisation.records.hierarchy import RecordHierarchy
from anonymisation.records.models import Pairs, Sensitive

WIDEST = 2**62
"""Combined codes stay below this, so that they are whole numbers of 64 bits."""


class Ladder:
    """The levels of one hierarchy, each with its nodes numbered from 0, and the steps between them."""

    def __init__(self, hierarchy: RecordHierarchy) -> None:
        self.hierarchy = hierarchy
        self.nodes = [np.unique(level) for level in hierarchy.nodes]
        self.sizes = [len(nodes) for nodes in self.nodes]
        self._leaf = [np.searchsorted(nodes, level) for nodes, level in zip(self.nodes, hierarchy.nodes, strict=True)]
        self._first = [np.unique(places, return_index=True)[1] for places in self._leaf]

    def finest(self, leaves: np.ndarray) -> np.ndarray:
        """The places at level 0 of the records' leaves, in as few bytes as they come in."""
        return self._leaf[0].astype(leaves.dtype)[leaves]

    def step(self, start: int, end: int) -> np.ndarray:
        """Per node of level ``start``, its place at the coarser level ``end``."""
        return self._leaf[end][self._first[start]]


@dataclass(frozen=True)
class Classes:
    """The classes at ``levels``: per quasi-identifier the place of the class's node at its level, records per class, people of
    the population per class (where there is one), and the sensitive values of each.

    Where there is a population, classes without a record are there as well."""

    levels: tuple[int, ...]
    columns: tuple[np.ndarray, ...]
    counts: np.ndarray
    population: np.ndarray | None
    pairs: Mapping[str, Pairs]

    @property
    def size(self) -> int:
        return self.counts.size


@dataclass(frozen=True)
class Frequencies:
    """All records, counted: the classes at level 0, the class of each record, and what the whole table holds."""

    ladders: tuple[Ladder, ...]
    classes: Classes
    class_of: np.ndarray
    whole: Mapping[str, Sensitive]

    @property
    def records(self) -> int:
        return self.class_of.size


def count(encoded: Encoded, population: Encoded | None = None) -> Frequencies:
    """Count the records, and the population by the same hierarchies."""
    ladders = tuple(Ladder(hierarchy) for hierarchy in encoded.hierarchies)
    sizes = [ladder.sizes[0] for ladder in ladders]
    columns = [ladder.finest(leaves) for ladder, leaves in zip(ladders, encoded.leaves, strict=True)]
    if population is not None:
        columns = [
            np.concatenate([mine, ladder.finest(theirs)])
            for ladder, mine, theirs in zip(ladders, columns, population.leaves, strict=True)
        ]
    ids, first = group(columns, sizes)
    records = encoded.records
    counts = np.bincount(ids[:records], minlength=first.size)
    people = None if population is None else np.bincount(ids[records:], minlength=first.size)
    class_of = ids[:records].astype(np.int32 if first.size < 2**31 else np.int64)
    pairs, whole = {}, {}
    for name, codes in encoded.sensitive.items():
        values = len(encoded.values[name])
        pairs[name] = _paired(class_of, codes, np.ones(records, dtype=np.int64), values)
        whole[name] = Sensitive(encoded.values[name], np.bincount(codes, minlength=values) / records)
    finest = Classes((0,) * len(ladders), tuple(column[first] for column in columns), counts, people, pairs)
    return Frequencies(ladders, finest, class_of, whole)


def roll_up(classes: Classes, ladders: Sequence[Ladder], levels: Sequence[int]) -> Classes:
    """The classes at coarser ``levels``."""
    sizes = [ladder.sizes[level] for ladder, level in zip(ladders, levels, strict=True)]
    columns = [
        column if start == end else ladder.step(start, end).astype(column.dtype)[column]
        for ladder, column, start, end in zip(ladders, classes.columns, classes.levels, levels, strict=True)
    ]
    space = float(np.prod([float(size) for size in sizes]))
    if space <= 4 * classes.size + 65536 and not classes.pairs:
        key = combine(columns, sizes)
        present = np.zeros(int(space), dtype=bool)
        present[key] = True
        found = np.flatnonzero(present)
        split = []
        rest = found
        for size, column in zip(reversed(sizes), reversed(columns), strict=True):
            rest, digit = np.divmod(rest, size)
            split.append(digit.astype(column.dtype))
        counted = [_whole(np.bincount(key, weights=amount, minlength=int(space))[found]) for amount in (classes.counts, classes.population) if amount is not None]
        return Classes(tuple(levels), tuple(reversed(split)), counted[0], counted[1] if len(counted) > 1 else None, {})
    ids, first = group(columns, sizes)
    counts = _whole(np.bincount(ids, weights=classes.counts, minlength=first.size))
    people = None if classes.population is None else _whole(np.bincount(ids, weights=classes.population, minlength=first.size))
    pairs = {name: _paired(ids[one.row], one.value, one.count, int(one.value.max()) + 1) for name, one in classes.pairs.items()}
    return Classes(tuple(levels), tuple(column[first] for column in columns), counts, people, pairs)


def group(columns: Sequence[np.ndarray], sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Number the different combinations in their order: the number of each row's, and a row where each occurs."""
    key = combine(columns, sizes)
    order = np.argsort(key)
    new = np.empty(key.size, dtype=bool)
    new[:1] = True
    ranked = key[order]
    np.not_equal(ranked[1:], ranked[:-1], out=new[1:])
    del ranked
    ids = key  # its memory is used again
    ids[order] = np.cumsum(new) - 1
    return ids, order[new]


def combine(columns: Sequence[np.ndarray], sizes: Sequence[int]) -> np.ndarray:
    """One number per row that is the same exactly where all columns are, and that sorts as they do."""
    key, space = columns[0].astype(np.int64), int(sizes[0])
    for column, size in zip(columns[1:], sizes[1:], strict=True):
        if space * int(size) >= WIDEST:
            found, key = np.unique(key, return_inverse=True)
            space = found.size
        key *= int(size)
        key += column
        space *= int(size)
    return key


def _paired(row: np.ndarray, value: np.ndarray, amount: np.ndarray, values: int) -> Pairs:
    key = row.astype(np.int64) * values + value
    found, place = np.unique(key, return_inverse=True)
    counts = _whole(np.bincount(place, weights=amount, minlength=found.size))
    return Pairs(found // values, found % values, counts)


def _whole(amounts: np.ndarray) -> np.ndarray:
    return np.rint(amounts).astype(np.int64)
