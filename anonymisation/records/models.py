"""Privacy models of equivalence classes: what else than its size must hold of a class of records that look alike.

Belongs here: diversity and closeness of a sensitive attribute, decided for many classes at once.  Does not belong here: how classes
come about (``rollup``, ``local``), what a table as published attains.

Sources: Machanavajjhala et al., "l-diversity", ACM TKDD 1(1), 2007, definitions 4.1 (entropy), 4.2 (recursive) and the distinct
count that entropy l-diversity implies; Li, Li, Venkatasubramanian, "t-closeness", ICDE 2007, section 4 (equal, ordered and hierarchical
earth mover's distance).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from anonymisation.records.hierarchy import RecordHierarchy

CHUNK = 4_000_000
"""Numbers held at once where a distance needs every class beside every value."""

ROUNDING = 1e-12
"""What arithmetic may add to a distance or take from an entropy."""


@dataclass(frozen=True)
class Pairs:
    """How often each sensitive value occurs in each class: ``count[i]`` times value ``value[i]`` in class ``row[i]``.

    A pair is there once, and only where it occurs.
    """

    row: np.ndarray
    value: np.ndarray
    count: np.ndarray


@dataclass(frozen=True)
class Sensitive:
    """A sensitive attribute in the whole table: its values as text (``None``: blank) and the share of each."""

    values: tuple[str | None, ...]
    shares: np.ndarray


@dataclass(frozen=True)
class DistinctLDiversity:
    """At least ``l`` different values in each class."""

    l: int  # noqa: E741 - the field's own name

    def __post_init__(self) -> None:
        _at_least("l", self.l, 1)

    def holds(self, sizes: np.ndarray, pairs: Pairs, whole: Sensitive) -> np.ndarray:
        """Per class, whether the model holds; ``sizes`` are records per class."""
        return np.bincount(pairs.row, minlength=sizes.size) >= self.l


@dataclass(frozen=True)
class EntropyLDiversity:
    """The entropy of the values in each class is at least that of ``l`` equally frequent ones."""

    l: float  # noqa: E741

    def __post_init__(self) -> None:
        _at_least("l", self.l, 1)

    def holds(self, sizes: np.ndarray, pairs: Pairs, whole: Sensitive) -> np.ndarray:
        share = pairs.count / sizes[pairs.row]
        entropy = -np.bincount(pairs.row, weights=share * np.log(share), minlength=sizes.size)
        return entropy >= np.log(self.l) - ROUNDING


@dataclass(frozen=True)
class RecursiveLDiversity:
    """(c, l): the most frequent value is rarer than ``c`` times all from the ``l``-th most frequent on together."""

    c: float
    l: int  # noqa: E741

    def __post_init__(self) -> None:
        _at_least("l", self.l, 1)
        if not self.c > 0:
            raise ValueError(f"c {self.c}: give a number above 0")

    def holds(self, sizes: np.ndarray, pairs: Pairs, whole: Sensitive) -> np.ndarray:
        order = np.lexsort((pairs.value, -pairs.count, pairs.row))
        row, count = pairs.row[order], pairs.count[order]
        first = np.searchsorted(row, np.arange(sizes.size))
        rank = np.arange(row.size) - first[row]
        tail = np.bincount(row, weights=np.where(rank >= self.l - 1, count, 0), minlength=sizes.size)
        most = np.bincount(row, weights=np.where(rank == 0, count, 0), minlength=sizes.size)
        return most < self.c * tail


@dataclass(frozen=True)
class TCloseness:
    """The distance of the values in each class from those in the whole table is at most ``t``.

    The earth mover's distance: between equally distant values; with ``order`` (all values in their order), by how many
    places apart they are; with ``hierarchy``, by the level at which they meet.  Give at most one of the two.
    """

    t: float
    order: tuple[str, ...] | None = None
    hierarchy: RecordHierarchy | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.t <= 1:
            raise ValueError(f"t {self.t}: a distance is from 0 to 1")
        if self.order is not None and self.hierarchy is not None:
            raise ValueError("t-closeness is by an order or by a hierarchy; give one of them")

    def holds(self, sizes: np.ndarray, pairs: Pairs, whole: Sensitive) -> np.ndarray:
        return self.distance(sizes, pairs, whole) <= self.t + ROUNDING

    def distance(self, sizes: np.ndarray, pairs: Pairs, whole: Sensitive) -> np.ndarray:
        """The distance of each class from the whole table.  Raises ``ValueError`` where order or hierarchy lack a value."""
        share = pairs.count / sizes[pairs.row]
        if self.order is None and self.hierarchy is None:
            expected = whole.shares[pairs.value]
            inside = np.bincount(pairs.row, weights=np.abs(share - expected), minlength=sizes.size)
            outside = 1 - np.bincount(pairs.row, weights=expected, minlength=sizes.size)
            return (inside + outside) / 2
        values = self.order if self.order is not None else self.hierarchy.values
        place = {value: i for i, value in enumerate(values)}
        missing = [value for value in whole.values if value not in place]
        if missing:
            what = "order" if self.order is not None else "hierarchy"
            raise ValueError(f"t-closeness: the value {missing[0]!r} is not in the {what}; add it")
        column = np.array([place[value] for value in whole.values], dtype=np.int64)
        expected = np.zeros(len(place))
        expected[column] = whole.shares
        found = np.empty(sizes.size)
        step = max(1, CHUNK // len(place))
        order = np.argsort(pairs.row, kind="stable")
        starts = np.searchsorted(pairs.row[order], np.arange(0, sizes.size + step, step))
        for number, first in enumerate(range(0, sizes.size, step)):
            picked = order[starts[number] : starts[number + 1]]
            extra = np.zeros((min(step, sizes.size - first), len(place)))
            extra[pairs.row[picked] - first, column[pairs.value[picked]]] = share[picked]
            extra -= expected
            found[first : first + step] = self._ordered(extra) if self.order is not None else self._hierarchical(extra)
        return found

    def _ordered(self, extra: np.ndarray) -> np.ndarray:
        return np.abs(np.cumsum(extra, axis=1)).sum(axis=1) / max(extra.shape[1] - 1, 1)

    def _hierarchical(self, extra: np.ndarray) -> np.ndarray:
        nodes, height = self.hierarchy.nodes, max(self.hierarchy.height, 1)
        moved = np.zeros(len(extra))
        for level in range(1, len(nodes)):
            children, first = np.unique(nodes[level - 1], return_index=True)
            parents, parent = np.unique(nodes[level][first], return_inverse=True)
            local = np.searchsorted(children, nodes[level - 1])
            amount = np.zeros((len(extra), children.size))
            np.add.at(amount.T, local, extra.T)
            gain, lack = np.zeros((2, len(extra), parents.size))
            np.add.at(gain.T, parent, np.maximum(amount, 0).T)
            np.add.at(lack.T, parent, np.maximum(-amount, 0).T)
            moved += level / height * np.minimum(gain, lack).sum(axis=1)
        return moved


Model = DistinctLDiversity | EntropyLDiversity | RecursiveLDiversity | TCloseness


def distinct_values(model: Model) -> int:
    """How many different values a class needs for ``model`` to hold at all.

    Unlike the model, this is kept when classes are joined; so it bounds from below what must be suppressed.
    """
    match model:
        case DistinctLDiversity(l) | RecursiveLDiversity(_, l):
            return l
        case EntropyLDiversity(l):
            return int(np.ceil(l - 1e-9))
    return 1


def hold(models: Mapping[str, tuple[Model, ...]], sizes: np.ndarray, pairs: Mapping[str, Pairs], whole: Mapping[str, Sensitive]) -> np.ndarray:
    """Per class, whether every model of every sensitive column holds."""
    fine = np.ones(sizes.size, dtype=bool)
    for column, declared in models.items():
        for model in declared:
            fine &= model.holds(sizes, pairs[column], whole[column])
    return fine


def _at_least(name: str, value: float, least: float) -> None:
    if not value >= least:
        raise ValueError(f"{name} {value}: give {least} or more")
