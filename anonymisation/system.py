"""The cell model: all linked tables of one measure as one system of cells and sums.

Belongs here: which cells of different tables are the same cell, and which sums hold among them.  Shared by the
suppressor and the intruder, who share nothing else.  Does not belong here: policies, values, suppression patterns.

Two cells are the same cell if they have the same measure and, leaving out every dimension at its total, the same
codes: the total row of a table by area and month is the total row of a table by offence and month.  A code that hierarchies set aside
counts the same people whichever dimension it is in, so that its cells are the same as well.  Cells are
numbered from 0 over all tables.  A *margin class* is a set of dimensions that are not at their total.

A table whose axis leaves out the total of a dimension has no cells in the margin classes without that dimension.

The sums are those along each hierarchy in each margin class, over all tables that show it.  That these are all the constraints there are holds
where the tables form a decomposable model (every pair of tables overlaps in a common margin, as a star around time
does; Dobra and Fienberg 2000): then any solution extends to non-negative records.  For other sets the records may
constrain more than the tables say.
"""

from __future__ import annotations

import itertools
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
                hierarchy = self.hierarchies[dimension]
                below = dict.fromkeys(codes, 0)
                for code in finest(hierarchy, codes):
                    for above in hierarchy.ancestors[code]:
                        if above in below:
                            below[above] += 1
                leaves = np.log2(list(below.values()))
                here += leaves.reshape([-1 if i == axis else 1 for i in range(ids.ndim)])
            np.maximum.at(breadth, ids.ravel(), here.ravel())
        return breadth

    def showings(self) -> np.ndarray:
        """By cell, how many tables show it."""
        showings = np.zeros(self.size, dtype=np.int64)
        for ids in self.cell_ids.values():
            np.add.at(showings, ids.ravel(), 1)
        return showings

    def sums_along(self, dimension: str) -> np.ndarray:
        """The rows of ``sums`` that add up along one dimension."""
        code = np.zeros(self.size, dtype=np.int64)
        for grid in self.grids.values():
            if dimension in grid.dimensions:
                axis = grid.dimensions.index(dimension)
                hierarchy = self.hierarchies[dimension]
                # A code set aside is in the sums of other dimensions, too; every sum along this one has other codes besides.
                place = [0 if c in hierarchy.aside else hierarchy.codes.index(c) + 1 for c in grid.codes[axis]]
                shape = [-1 if i == axis else 1 for i in range(grid.ids.ndim)]
                there = grid.ids >= 0
                code[grid.ids[there]] = np.broadcast_to(np.reshape(place, shape), grid.ids.shape)[there]
        # A parent and its children differ in the dimension of their sum and in no other.
        entries = sp.coo_array(self.sums)
        parent = np.zeros(self.sums.shape[0], dtype=np.int64)
        parent[entries.row[entries.data > 0]] = entries.col[entries.data > 0]
        return np.unique(entries.row[code[entries.col] != code[parent[entries.row]]])

    def ids(self, axes: Mapping[str, Sequence[str]]) -> np.ndarray:
        """The cell numbers along some axes, -1 where no table shows such a cell."""
        ids = np.full([len(codes) for codes in axes.values()], -1, dtype=np.int64)
        names = list(axes)
        totals = {d: self.hierarchies[d].total for d in names if d in self.hierarchies}
        for grid in self.grids.values():
            if not set(grid.dimensions) <= set(names):
                continue
            here, there = [], []
            for d in names:
                if d in grid.dimensions:
                    place = {code: i for i, code in enumerate(grid.codes[grid.dimensions.index(d)])}
                    kept = [i for i, code in enumerate(axes[d]) if code in place]
                    there.append([place[axes[d][i]] for i in kept])
                else:
                    kept = [i for i, code in enumerate(axes[d]) if code == totals.get(d)]
                here.append(kept)
            if not all(here):
                continue
            picked = [there[[n for n in names if n in grid.dimensions].index(d)] for d in grid.dimensions]
            block = grid.ids[np.ix_(*picked)] if picked else grid.ids
            inner = [d for d in names if d in grid.dimensions]
            block = np.transpose(block, [grid.dimensions.index(d) for d in inner]) if inner else block
            ids[np.ix_(*here)] = block.reshape([len(here[i]) if d in inner else 1 for i, d in enumerate(names)])
        return ids

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
    sums, incomplete = _sums(grids, hierarchies, size)
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
        overlap = _overlap(hierarchy, codes)
        if overlap:
            raise TableError(
                f"table {table.name!r}: {overlap[0]!r} and {overlap[1]!r} of {dimension!r} count some of the same, but"
                " the axis has no codes that say what; add the codes below them"
            )


def finest(hierarchy: Hierarchy, codes: Sequence[str]) -> list[str]:
    """The codes of an axis that have no other code of it below them."""
    above = {up for code in codes for up in hierarchy.ancestors[code] if up != code}
    return [code for code in codes if code not in above]


def _overlap(hierarchy: Hierarchy, codes: Sequence[str]) -> tuple[str, str] | None:
    """Two finest codes of an axis that share a leaf, if there are such: how they add up cannot be told then."""
    owner: dict[str, str] = {}
    for code in finest(hierarchy, codes):
        for leaf in hierarchy.leaves_below[code]:
            if owner.setdefault(leaf, code) != code:
                return owner[leaf], code
    return None


def _number_cells(tables: Sequence[Axed], hierarchies: Mapping[str, Hierarchy]) -> dict[MarginClass, Grid]:
    """A dense numbering per margin class over the union of the codes that its tables use."""
    codes: dict[MarginClass, dict[str, dict[str, None]]] = {}
    for table in tables:
        for chosen in _margin_classes(table, hierarchies):
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
    for _, cells in aside_cells(grids, hierarchies):
        for grid, place in cells[1:]:
            grid.ids[place] = cells[0][0].ids[cells[0][1]]
    return grids


def _margin_classes(table: Axed, hierarchies: Mapping[str, Hierarchy]) -> list[list[str]]:
    """The margin classes that a table has cells of, each with its dimensions in the table's order."""
    names = list(table.axes)
    always = {name for name in names if hierarchies[name].total not in table.axes[name]}
    subsets = ([name for i, name in enumerate(names) if subset >> i & 1] for subset in range(1 << len(names)))
    return [chosen for chosen in subsets if always.issubset(chosen)]


def aside_cells(
    grids: Mapping[MarginClass, Grid], hierarchies: Mapping[str, Hierarchy]
) -> list[tuple[tuple, list[tuple[Grid, tuple[int, ...]]]]]:
    """The cells of codes that are set aside: a name for each, the same in all systems, with the places that are this one cell.

    Raises ``TableError`` where one table has such codes in two dimensions.
    """
    found: dict[tuple, list[tuple[Grid, tuple[int, ...]]]] = {}
    for grid in grids.values():
        kept = [[i for i, code in enumerate(codes) if code in hierarchies[d].aside] for d, codes in zip(grid.dimensions, grid.codes, strict=True)]
        axes = [axis for axis, places in enumerate(kept) if places]
        if len(axes) > 1:
            raise TableError(f"a table has codes that are set aside in several dimensions ({', '.join(grid.dimensions)}); it may have them in one")
        for axis in axes:
            for place in itertools.product(*(kept[axis] if i == axis else range(len(codes)) for i, codes in enumerate(grid.codes))):
                others = tuple((d, grid.codes[i][place[i]]) for i, d in enumerate(grid.dimensions) if i != axis)
                found.setdefault((grid.codes[axis][place[axis]], others), []).append((grid, place))
    return list(found.items())


def _renumbered(ids: np.ndarray, renumber: np.ndarray) -> np.ndarray:
    fits = ids < len(renumber)
    return np.where(fits, renumber[np.where(fits, ids, 0)], -1) if len(renumber) else np.full_like(ids, -1)


def _table_ids(
    table: Axed, hierarchies: Mapping[str, Hierarchy], grids: Mapping[MarginClass, Grid]
) -> np.ndarray:
    names = list(table.axes)
    ids = np.full(tuple(len(c) for c in table.axes.values()), -1, dtype=np.int64)
    inner = {n: np.array([c != hierarchies[n].total for c in table.axes[n]], dtype=bool) for n in names}
    for chosen in _margin_classes(table, hierarchies):
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
    grids: Mapping[MarginClass, Grid], hierarchies: Mapping[str, Hierarchy], size: int
) -> tuple[sp.csr_array, np.ndarray]:
    """Every sum along one dimension of one margin class, over the cells of all tables that show the class.

    A child that no table shows at some place is replaced by its own children there, and so on down.
    """
    rows: list[np.ndarray] = []
    columns: list[np.ndarray] = []
    signs: list[np.ndarray] = []
    incomplete: list[np.ndarray] = []
    count = 0
    for key, grid in grids.items():
        # A table that shows nothing of a dimension but its total has no cells in the classes with that dimension.
        for axis, dimension in enumerate(grid.dimensions if grid.ids.size else ()):
            hierarchy = hierarchies[dimension]
            codes = grid.codes[axis]
            cells = np.moveaxis(grid.ids, axis, 0).reshape(len(codes), -1)
            by_code = dict(zip(codes, cells, strict=True))
            by_code[hierarchy.total] = _margin(grid, dimension, grids.get(key - {dimension}))
            for (name, parent), children in hierarchy.sums.items():
                places = np.flatnonzero(by_code[parent] >= 0) if parent in by_code else np.zeros(0, dtype=np.int64)
                for at, members, whole in _shown(hierarchy, name, children, by_code, places):
                    block = np.stack([by_code[code][at] for code in (parent, *members)])
                    rows.append(np.broadcast_to(np.arange(count, count + len(at)), block.shape).ravel())
                    columns.append(block.ravel())
                    signs.append(np.repeat([1, *[-1] * len(members)], len(at)))
                    incomplete.append(np.full(len(at), not whole))
                    count += len(at)
    if not rows:
        return sp.csr_array((0, size), dtype=np.int8), np.zeros(0, dtype=bool)
    matrix = sp.coo_array(
        (np.concatenate(signs).astype(np.int8), (np.concatenate(rows), np.concatenate(columns))),
        shape=(count, size),
    )
    return sp.csr_array(matrix), np.concatenate(incomplete)


def _margin(grid: Grid, dimension: str, margin: Grid | None) -> np.ndarray:
    """The cells of ``margin`` at the codes of ``grid``, which has one dimension more; -1 where no table shows them."""
    wanted = [codes for d, codes in zip(grid.dimensions, grid.codes, strict=True) if d != dimension]
    cells = np.full([len(codes) for codes in wanted], -1, dtype=np.int64)
    if margin is None:
        return cells.reshape(-1)
    here, there = [], []
    for codes, shown in zip(wanted, margin.codes, strict=True):
        place = {code: i for i, code in enumerate(shown)}
        here.append([i for i, code in enumerate(codes) if code in place])
        there.append([place[code] for code in codes if code in place])
    cells[np.ix_(*here)] = margin.ids[np.ix_(*there)]
    return cells.reshape(-1)


def _shown(
    hierarchy: Hierarchy,
    name: str,
    children: tuple[str, ...],
    by_code: Mapping[str, np.ndarray],
    places: np.ndarray,
) -> list[tuple[np.ndarray, tuple[str, ...], bool]]:
    """The nearest shown descendants of a parent: ``(places, codes, all of the parent)``, by what is shown there."""
    here = np.array([by_code[c][places] >= 0 if c in by_code else np.zeros(len(places), bool) for c in children])
    found = []
    if len(places) and (here == here[:, :1]).all():  # at nearly all places the same is shown, and sorting them is what costs most here
        patterns, which = here[:, :1], np.zeros(len(places), dtype=np.int64)
    else:
        patterns, which = np.unique(here, axis=1, return_inverse=True) if len(places) else (here, here[0])
    for number in range(patterns.shape[1] if len(places) else 0):
        groups = [(places[which.ravel() == number], (), True)]
        for child, shown in zip(children, patterns[:, number], strict=True):
            grown = []
            for at, codes, whole in groups:
                below = hierarchy.sums.get((name, child))
                if shown:
                    grown.append((at, (*codes, child), whole))
                elif below is None:
                    grown.append((at, codes, False))
                else:
                    parts = _shown(hierarchy, name, below, by_code, at)
                    grown += [(a, (*codes, *more), whole and all_of) for a, more, all_of in parts]
                    left = np.setdiff1d(at, np.concatenate([a for a, _, _ in parts])) if parts else at
                    if len(left):
                        grown.append((left, codes, False))
            groups = grown
        found += [(at, codes, whole) for at, codes, whole in groups if codes and len(at)]
    return found
