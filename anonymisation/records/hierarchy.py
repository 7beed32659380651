"""Generalisation hierarchies: how the values of one quasi-identifier are coarsened, level by level.

Belongs here: what such a hierarchy is, its check, and questions about its nodes.  Does not belong here: how one is made from
intervals, dates or code lists (``builders``), records, policies.

A record carries a leaf.  Level 0 is the leaf itself, each further level a coarser value, the top one value for all
(Samarati, "Protecting respondents' identities in microdata release", IEEE TKDE 13(6), 2001).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from anonymisation.errors import HierarchyError

if TYPE_CHECKING:
    import pandas as pd

ALL = "*"
"""The label of the top level where none is given: any value."""


@dataclass(frozen=True, eq=False)
class RecordHierarchy:
    """The hierarchy of one column.

    ``values``: the leaves, as text.  ``labels``: what each node is published as; the first ``len(values)`` nodes are the
    leaves.  ``nodes``: shape (levels, leaves), the node that a leaf becomes at a level.  A label that is the same at two
    levels is one node.  ``None`` is a blank, a value of its own.

    Make one with ``from_rows``, ``from_code_list``, ``intervals``, ``dates`` or ``flat``.
    """

    name: str
    values: tuple[str | None, ...]
    labels: tuple[str | None, ...]
    nodes: np.ndarray

    @classmethod
    def from_rows(cls, name: str, rows: Iterable[Sequence[str | None]]) -> RecordHierarchy:
        """From one row per value: the value, then what it becomes at each coarser level.

        An empty text is a blank.  Where the last level has more than one value, or the only one of the column, ``*`` is
        added above it.  Raises ``HierarchyError`` where a row is short, a value is there twice, a level splits what a finer
        one has joined, or a label stands for different values at two levels.
        """
        table = [tuple(None if cell is None or str(cell) == "" else str(cell) for cell in row) for row in rows]
        if not table or not table[0]:
            raise HierarchyError(f"hierarchy {name!r}: it has no values; give a row for each value of the column")
        for place, row in enumerate(table):
            if len(row) != len(table[0]):
                raise HierarchyError(
                    f"hierarchy {name!r}, row {place + 1} ({row[0]!r}): {len(row)} levels where the first row has {len(table[0])};"
                    " give each value all levels"
                )
        levels = [list(column) for column in zip(*table, strict=True)]
        if len(set(levels[0])) < len(table):
            twice = next(value for value in levels[0] if levels[0].count(value) > 1)
            raise HierarchyError(f"hierarchy {name!r}: the value {twice!r} is there twice; give each value one row")
        if any(cell is None and row[0] is not None for row in table for cell in row[1:-1]):
            raise HierarchyError(f"hierarchy {name!r}: a value becomes a blank below the top; only at the top can it be withheld")
        if len(set(levels[-1])) > 1 or levels[-1][0] in levels[0]:
            levels.append([ALL] * len(table))
        if ALL in levels[0]:
            raise HierarchyError(f"hierarchy {name!r}: {ALL!r} is a value, and the name of the top; rename it in the records")
        return cls(name, tuple(levels[0]), *_nodes(name, levels))

    @classmethod
    def from_code_list(
        cls, name: str, rows: Iterable[Mapping[str, object]], *, code: str = "code", parent: str = "parent"
    ) -> RecordHierarchy:
        """From a code list with a parent per code, one code having none; see ``builders.code_list_rows``.

        This is how geography is declared: wards below boroughs below the whole.
        """
        from anonymisation.records.builders import code_list_rows

        return cls.from_rows(name, code_list_rows(name, rows, code, parent))

    @classmethod
    def intervals(cls, name: str, low: int, high: int, widths: Sequence[int]) -> RecordHierarchy:
        """Whole numbers from ``low`` to ``high``, in intervals of growing ``widths``; see ``builders.interval_rows``."""
        from anonymisation.records.builders import interval_rows

        return cls.from_rows(name, interval_rows(name, low, high, widths))

    @classmethod
    def dates(cls, name: str, first: date, last: date, levels: Sequence[str] = ("month", "quarter", "year")) -> RecordHierarchy:
        """The days from ``first`` to ``last`` in date parts, fine to coarse; see ``builders.date_rows``.

        Where the first of ``levels`` is what the column already holds (months as ``2026-02``), take ``from_rows`` of
        ``builders.date_rows`` without its first cell.
        """
        from anonymisation.records.builders import date_rows

        return cls.from_rows(name, date_rows(name, first, last, levels))

    @classmethod
    def flat(cls, name: str, values: Iterable[str | None]) -> RecordHierarchy:
        """Each value, and above it the blank: for a column whose values are kept or withheld, never coarsened."""
        known = sorted({None if value in (None, "") else str(value) for value in values} - {None})
        if not known:
            raise HierarchyError(f"hierarchy {name!r}: it has no values; give the values of the column")
        count = len(known)
        return cls(name, tuple(known), (*known, None), np.array([range(count), [count] * count], dtype=np.int32))

    @property
    def height(self) -> int:
        """The highest level; level 0 is the value itself."""
        return len(self.nodes) - 1

    @property
    def top(self) -> int:
        """The node of the highest level."""
        return int(self.nodes[-1, 0])

    @cached_property
    def place(self) -> Mapping[str | None, int]:
        """The leaf of each value."""
        return {value: leaf for leaf, value in enumerate(self.values)}

    @cached_property
    def shares(self) -> np.ndarray:
        """Per node: how many of the leaves it stands for, as a share of all."""
        sizes = np.zeros(len(self.labels))
        for level in self.nodes:
            found, counts = np.unique(level, return_counts=True)
            sizes[found] = counts
        return sizes / len(self.values)

    @cached_property
    def level_of(self) -> np.ndarray:
        """Per node: the lowest level at which it occurs."""
        found = np.zeros(len(self.labels), dtype=np.int16)
        for level in range(self.height, -1, -1):
            found[self.nodes[level]] = level
        return found

    def with_blank(self) -> RecordHierarchy:
        """The same with a leaf for the blank, joined with the other values only at the top; itself where it has one.
        Where the top is a blank already (``flat``), a blank is published as the top from level 0 on: no reader can tell
        one from the other.
        """
        if None in self.place:
            return self
        count, top, nodes = len(self.values), self.top, self.nodes
        joined = np.flatnonzero((nodes == top).all(axis=1))[0]
        moved = np.where(nodes < count, nodes, nodes + 1)
        column = np.full((len(nodes), 1), top + 1)
        if self.labels[top] is not None:
            column[:joined] = count
        labels = (*self.labels[:count], None, *self.labels[count:])
        return replace(self, values=(*self.values, None), labels=labels, nodes=np.hstack([moved, column]).astype(np.int32))

    def to_frame(self) -> pd.DataFrame:
        """One row per value, one column per level."""
        import pandas as pd

        return pd.DataFrame({str(level): [self.labels[node] for node in nodes] for level, nodes in enumerate(self.nodes)})


def _nodes(name: str, levels: list[list[str | None]]) -> tuple[tuple[str | None, ...], np.ndarray]:
    """The labels of the nodes and the node of each leaf at each level; raises where that is no hierarchy."""
    labels: list[str | None] = []
    node_of: dict[str | None, int] = {}
    members: dict[int, list[int]] = {}
    nodes = np.empty((len(levels), len(levels[0])), dtype=np.int32)
    for level, column in enumerate(levels):
        below: dict[str | None, list[int]] = {}
        for leaf, label in enumerate(column):
            below.setdefault(label, []).append(leaf)
        for label, leaves in below.items():
            node = node_of.get(label)
            if node is None:
                node = node_of[label] = len(labels)
                labels.append(label)
                members[node] = leaves
            elif members[node] != leaves:
                raise HierarchyError(
                    f"hierarchy {name!r}, level {level}: {label!r} stands for other values than at a finer level; a reader could not"
                    " tell which is meant; name them differently"
                )
            nodes[level, leaves] = node
        if level:
            finer = nodes[level - 1]
            for node in np.unique(finer):
                joined = np.unique(nodes[level, finer == node])
                if joined.size > 1:
                    parents = " and ".join(repr(labels[parent]) for parent in joined[:2])
                    raise HierarchyError(
                        f"hierarchy {name!r}, level {level}: {labels[node]!r} of the level below is in {parents}; a coarser level"
                        " must not split what a finer one has joined"
                    )
    return tuple(labels), nodes
