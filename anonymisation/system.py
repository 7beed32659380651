"""The cell model: all linked tables of one measure as one system of cells and sums.

Belongs here: which cells of different tables are the same cell, and which sums hold among them.  Shared by the
suppressor and the intruder, who share nothing else.  Does not belong here: policies, values, suppression patterns.

Two cells are the same cell if they have the same measure and, leaving out every dimension at its total, the same
codes: the total row of a table by area and month is the total row of a table by offence and month.  Cells are
numbered from 0 over all tables.  A *margin class* is a set of dimensions that are not at their total.

The sums are those of each published table along each hierarchy.  That these are all the constraints there are holds
where the tables form a decomposable model (every pair of tables overlaps in a common margin, as a star around time
does; Dobra and Fienberg 2000): then any solution extends to non-negative records.  For other sets the records may
constrain more than the tables say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp

from anonymisation.errors import TableError
from anonymisation.hierarchy import Hierarchy

MarginClass = frozenset[str]


class Axed(Protocol):
    """Anything that looks like a table: a name and codes along named axes."""

    name: str
    axes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Grid:
    """The cells of one margin class: ``ids[i, j, ...]`` is the cell number, -1 where no table has that cell.

    ``dimensions`` are sorted by name; ``codes`` lists the codes along each, the total left out.
    """

    dimensions: tuple[str, ...]
    codes: tuple[tuple[str, ...], ...]
    ids: np.ndarray


@dataclass(frozen=True)
class System:
    """Cells of all linked tables of one measure, and their sums.

    ``axes[table]`` and ``cell_ids[table]``: the axes of that table, and its cell numbers in its shape.  ``sums``: a sparse matrix with a row per sum,
    +1 at the parent and -1 at each child, so that ``sums @ counts == 0``.  ``incomplete``: one entry per row, true
    where the table shows only some children of the parent, so that the row says ``>= 0`` instead.
    """

    hierarchies: Mapping[str, Hierarchy]
    size: int
    axes: Mapping[str, Mapping[str, tuple[str, ...]]]
    cell_ids: Mapping[str, np.ndarray]
    grids: Mapping[MarginClass, Grid]
    sums: sp.csr_array
    incomplete: np.ndarray

    def breadth(self) -> np.ndarray:
        """By cell, the binary logarithm of how many of the finest cells of a table it sums up: 0 for a finest cell.

        Where several tables show a cell, the largest is given.
        """
        breadth = np.zeros(self.size)
        for name, ids in self.cell_ids.items():
            here = np.zeros(ids.shape)
            for axis, (dimension, codes) in enumerate(self.axes[name].items()):
                hierarchy = self.hierarchies[dimension].restricted(codes)
                leaves = np.log2([len(hierarchy.leaves_below[code]) for code in codes])
                here += leaves.reshape([-1 if i == axis else 1 for i in range(ids.ndim)])
            np.maximum.at(breadth, ids.ravel(), here.ravel())
        return breadth

    def locations(self, cells: np.ndarray) -> dict[int, dict[str, str]]:
        """The codes of some cells, ``{cell number: {dimension: code}}``, leaving out dimensions at their total."""
        wanted = np.zeros(self.size + 1, dtype=bool)
        wanted[cells] = True
        found: dict[int, dict[str, str]] = {}
        for grid in self.grids.values():
            # Number -1, "no such cell", reads the last entry, which nobody wants.
            for position in np.argwhere(wanted[grid.ids]):
                found[int(grid.ids[tuple(position)])] = {
                    d: codes[i] for d, codes, i in zip(grid.dimensions, grid.codes, position, strict=True)
                }
        return found

    def locate(self, cell: int) -> dict[str, str]:
        """The codes of one cell, as ``locations`` gives them."""
        return self.locations(np.array([cell]))[int(cell)]


def build_system(tables: Sequence[Axed], hierarchies: Mapping[str, Hierarchy]) -> System:
    """The system of all ``tables``, which must be of one measure.  Costs O(cells), plus O(sums)."""
    for table in tables:
        _check_axes(table, hierarchies)
    grids = _number_cells(tables, hierarchies)
    cell_ids = {table.name: _table_ids(table, hierarchies, grids) for table in tables}
    if len(cell_ids) != len(tables):
        raise TableError("two tables have the same name")
    used = np.unique(np.concatenate([ids.ravel() for ids in cell_ids.values()]))
    size = len(used)
    renumber = np.full(int(used[-1]) + 1 if size else 0, -1, dtype=np.int64)
    renumber[used] = np.arange(size)
    cell_ids = {name: renumber[ids] for name, ids in cell_ids.items()}
    grids = {
        key: Grid(grid.dimensions, grid.codes, _renumbered(grid.ids, renumber)) for key, grid in grids.items()
    }
    sums, incomplete = _sums(tables, hierarchies, cell_ids, size)
    return System(hierarchies, size, {table.name: table.axes for table in tables}, cell_ids, grids, sums, incomplete)


def _check_axes(table: Axed, hierarchies: Mapping[str, Hierarchy]) -> None:
    for dimension, codes in table.axes.items():
        if dimension not in hierarchies:
            raise TableError(f"table {table.name!r}: dimension {dimension!r} has no hierarchy")
        hierarchy = hierarchies[dimension]
        unknown = sorted(set(codes) - set(hierarchy.codes))
        if unknown:
            raise TableError(
                f"table {table.name!r}: {unknown[0]!r} is not a code of dimension {dimension!r}"
                f" ({len(unknown)} such codes); add it to the code list"
            )
        if len(set(codes)) != len(codes):
            raise TableError(f"table {table.name!r}: a code occurs twice on the axis {dimension!r}")
        if hierarchy.total not in codes:
            raise TableError(f"table {table.name!r}: the axis {dimension!r} lacks its total {hierarchy.total!r}")


def _number_cells(tables: Sequence[Axed], hierarchies: Mapping[str, Hierarchy]) -> dict[MarginClass, Grid]:
    """A dense numbering per margin class over the union of the codes that its tables use."""
    codes: dict[MarginClass, dict[str, dict[str, None]]] = {}
    for table in tables:
        names = list(table.axes)
        for subset in range(1 << len(names)):
            chosen = [name for i, name in enumerate(names) if subset >> i & 1]
            by_dimension = codes.setdefault(frozenset(chosen), {name: {} for name in chosen})
            for name in chosen:
                by_dimension[name].update(
                    dict.fromkeys(c for c in table.axes[name] if c != hierarchies[name].total)
                )
    grids: dict[MarginClass, Grid] = {}
    offset = 0
    for key in sorted(codes, key=lambda k: (len(k), sorted(k))):
        dimensions = tuple(sorted(key))
        lists = tuple(tuple(codes[key][d]) for d in dimensions)
        shape = tuple(len(c) for c in lists)
        count = int(np.prod(shape, dtype=np.int64))
        grids[key] = Grid(dimensions, lists, np.arange(offset, offset + count, dtype=np.int64).reshape(shape))
        offset += count
    return grids


def _renumbered(ids: np.ndarray, renumber: np.ndarray) -> np.ndarray:
    fits = ids < len(renumber)
    return np.where(fits, renumber[np.where(fits, ids, 0)], -1) if len(renumber) else np.full_like(ids, -1)


def _table_ids(
    table: Axed, hierarchies: Mapping[str, Hierarchy], grids: Mapping[MarginClass, Grid]
) -> np.ndarray:
    names = list(table.axes)
    ids = np.full(tuple(len(c) for c in table.axes.values()), -1, dtype=np.int64)
    inner = {n: np.array([c != hierarchies[n].total for c in table.axes[n]], dtype=bool) for n in names}
    for subset in range(1 << len(names)):
        chosen = [name for i, name in enumerate(names) if subset >> i & 1]
        grid = grids[frozenset(chosen)]
        picks = []
        for dimension, codes in zip(grid.dimensions, grid.codes, strict=True):
            index = {code: i for i, code in enumerate(codes)}
            total = hierarchies[dimension].total
            picks.append(np.array([index[c] for c in table.axes[dimension] if c != total], dtype=np.int64))
        block = grid.ids[np.ix_(*picks)] if picks else grid.ids
        # The grid orders dimensions by name, the table in its own order.
        block = np.transpose(block, [grid.dimensions.index(name) for name in chosen])
        where = np.ix_(*[np.flatnonzero(inner[n] if n in chosen else ~inner[n]) for n in names])
        ids[where] = block.reshape([block.shape[chosen.index(n)] if n in chosen else 1 for n in names])
    return ids


def _sums(
    tables: Sequence[Axed],
    hierarchies: Mapping[str, Hierarchy],
    cell_ids: Mapping[str, np.ndarray],
    size: int,
) -> tuple[sp.csr_array, np.ndarray]:
    rows: list[np.ndarray] = []
    columns: list[np.ndarray] = []
    signs: list[np.ndarray] = []
    incomplete: list[np.ndarray] = []
    # Two tables that share a margin show the same sum: it is known by its children's codes and its parent cell.
    shown_before: dict[tuple[str, str, tuple[str, ...]], np.ndarray] = {}
    count = 0
    for table in tables:
        for axis, (dimension, codes) in enumerate(table.axes.items()):
            index = {code: i for i, code in enumerate(codes)}
            ids = np.moveaxis(cell_ids[table.name], axis, 0).reshape(len(codes), -1)
            for (_, parent), below in hierarchies[dimension].sums.items():
                shown = tuple(code for code in below if code in index)
                if parent not in index or not shown:
                    continue
                kind = (dimension, parent, shown)
                before = shown_before.get(kind, np.zeros(0, dtype=np.int64))
                fresh = np.flatnonzero(~np.isin(ids[index[parent]], before))
                shown_before[kind] = np.concatenate([before, ids[index[parent]][fresh]])
                members = ids[[index[parent], *(index[code] for code in shown)]][:, fresh]
                rows.append(np.broadcast_to(np.arange(count, count + len(fresh)), members.shape).ravel())
                columns.append(members.ravel())
                signs.append(np.repeat([1, *[-1] * len(shown)], len(fresh)))
                incomplete.append(np.full(len(fresh), len(shown) < len(below)))
                count += len(fresh)
    if not rows:
        return sp.csr_array((0, size), dtype=np.int8), np.zeros(0, dtype=bool)
    matrix = sp.coo_array(
        (np.concatenate(signs).astype(np.int8), (np.concatenate(rows), np.concatenate(columns))),
        shape=(count, size),
    )
    return sp.csr_array(matrix), np.concatenate(incomplete)
