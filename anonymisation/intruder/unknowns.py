"""What a reader does not know: the withheld cells, the sums among them, and the connected parts these fall into.

Belongs here: reading published tables as a system of unknowns.  Does not belong here: any conclusion about them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from anonymisation.errors import InconsistentTablesError, TableError
from anonymisation.intruder.propagation import propagate
from anonymisation.intruder.recovery import determined
from anonymisation.system import System
from anonymisation.tables import PublishedTable

FAR = 1_000_000
"""An unknown that nothing bounds from above still needs a bound for the solver: one beyond any proof."""


@dataclass(frozen=True)
class Component:
    """One connected part: ``members`` are positions among the unknowns; ``lower <= sums @ x <= upper``."""

    members: np.ndarray
    sums: sp.csr_array
    lower: np.ndarray
    upper: np.ndarray


@dataclass(frozen=True)
class Unknowns:
    """The withheld cells (by cell number) and the sums among them: ``lower <= sums @ x <= upper``.

    ``system``: where the cells are from, if they are those of one measure; ``solution``: whole numbers that satisfy the
    sums, if somebody has told such.
    """

    cells: np.ndarray
    sums: sp.csr_array
    lower: np.ndarray
    upper: np.ndarray
    system: System | None = None
    solution: np.ndarray | None = None

    def bounds(self, minimum: int | np.ndarray, ones: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """What interval propagation gives a reader who knows each unknown to be at least ``minimum``, of all or by unknown.

        ``ones``: unknowns known to be 1.
        """
        low, high = np.broadcast_to(np.asarray(minimum, dtype=float), len(self.cells)).copy(), np.full(len(self.cells), np.inf)
        if ones is not None:
            low[ones] = high[ones] = 1.0
        return propagate(self.sums, self.lower, self.upper, low, high)

    def determined(self) -> np.ndarray:
        """The unknowns that the equations alone determine."""
        return determined(sp.csr_array(self.sums[np.isfinite(self.upper)]))

    def components(self, wanted: np.ndarray) -> Iterator[Component]:
        """The connected parts (two unknowns of one sum are connected) with a wanted unknown in them."""
        if not wanted.any():
            return
        pattern = abs(self.sums)
        graph = sp.block_array([[None, pattern], [pattern.T, None]])
        labels = connected_components(graph, directed=False)[1][self.sums.shape[0] :]
        component = np.unique(labels, return_inverse=True)[1]
        of_row = component[self.sums.indices[self.sums.indptr[:-1]]]
        order, row_order = np.argsort(component, kind="stable"), np.argsort(of_row, kind="stable")
        numbers = np.arange(component.max() + 2)
        starts, row_starts = np.searchsorted(component[order], numbers), np.searchsorted(of_row[row_order], numbers)
        for number in np.unique(component[wanted]).tolist():
            members = order[starts[number] : starts[number + 1]]
            rows = row_order[row_starts[number] : row_starts[number + 1]]
            part = sp.csr_array(self.sums[rows][:, members])
            yield Component(members, part, self.lower[rows], self.upper[rows])


def read(system: System, tables: Sequence[PublishedTable]) -> tuple[np.ndarray, np.ndarray]:
    """What is published about each cell by any table; a cell withheld in one table and published in another is known."""
    values = np.zeros(system.size, dtype=np.int64)
    known = np.zeros(system.size, dtype=bool)
    for table in tables:
        ids = system.cell_ids[table.name][table.published]
        shown = table.values[table.published]
        clash = known[ids] & (values[ids] != shown)
        if clash.any():
            where = system.locate(int(ids[clash][0]))
            raise InconsistentTablesError(
                f"table {table.name!r}: the cell {where} has another value in another table ({int(clash.sum())} such)"
            )
        values[ids], known[ids] = shown, True
    return values, known


def marked(system: System, marks: Mapping[str, np.ndarray], what: str) -> np.ndarray:
    """The cells marked true in any of the arrays, given by table in its shape."""
    cells = np.zeros(system.size, dtype=bool)
    for name, mark in marks.items():
        if name in system.cell_ids:
            mark = np.asarray(mark, dtype=bool)
            if mark.shape != system.cell_ids[name].shape:
                raise TableError(f"table {name!r}: ``{what}`` has another shape than the table")
            cells[system.cell_ids[name][mark]] = True
    return cells


def told(system: System, solution: Mapping[str, np.ndarray]) -> np.ndarray:
    """Counts by cell, from counts by table in its shape; -1, which solves nothing, where no table has the cell."""
    counts = np.full(system.size, -1)
    for name, values in solution.items():
        if name in system.cell_ids:
            if np.shape(values) != system.cell_ids[name].shape:
                raise TableError(f"table {name!r}: ``solution`` has another shape than the table")
            counts[system.cell_ids[name]] = values
    return counts


def unknowns_of(
    system: System, values: np.ndarray, known: np.ndarray, solution: np.ndarray | None = None
) -> Unknowns:
    """The unknowns, after every sum that is known entirely was checked.  ``solution``: counts by cell, if told."""
    cells = np.flatnonzero(~known)
    sums = system.sums.astype(np.int64)
    right = -(sums @ np.where(known, values, 0)).astype(float)
    among = sums[:, cells]
    involved = np.diff(among.indptr) > 0
    settled = ~involved & np.where(system.incomplete, right > 0, right != 0)
    if settled.any():
        row = sums[[int(np.flatnonzero(settled)[0])]]
        parent = int(row.indices[row.data > 0][0])
        raise InconsistentTablesError(
            f"the published parts of {system.locate(parent) or 'the total'} do not add up to it"
            f" ({int(settled.sum())} such sums)"
        )
    lower = right[involved]
    upper = np.where(system.incomplete[involved], np.inf, lower)
    return Unknowns(
        cells, sp.csr_array(among[involved]), lower, upper, system, None if solution is None else solution[cells]
    )
