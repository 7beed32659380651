"""Reduction: withheld cells that the guarantee does not need are published after all.

Belongs here: the attempt to publish one withheld cell while every protected cell keeps a proof.  Does not belong here:
how the pattern was found (``suppression``), the intruder.

A proof of a protected cell is a set of *witnesses*: changes of withheld counts that leave every sum as it is.
Publishing a cell takes away the witnesses that change it.  Cells that lose their proof with it are given new ones,
looked for in the neighbourhood; where there are none, the cell stays withheld.  Cells are tried in order of what
withholding them costs, as the greedy elimination of Kelly, Golden and Assad (1992) does.

A cell for which no proof is needed when the reduction begins needs none later: with more published a reader excludes
more, so a count that cannot be small now cannot be small then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import highspy
import numpy as np
import scipy.sparse as sp

from anonymisation.alternatives import PRIMAL_SIMPLEX, TOLERANCE
from anonymisation.errors import AnonymisationError
from anonymisation.neighbours import near

EFFORTS = ((1_000, 1_000), (6_000, 60), (None, 12))
"""What is spent on one attempt, by how many cells are withheld at most: the cells that may lose their proof by it; if
more do, the cell stays withheld."""


def _sizes(withheld: int, width: int, least: int) -> tuple[int, ...]:
    """Among how many cells new witnesses are looked for, one size after the other.

    Counts that can fall to 0 mostly make up for each other close by.  Those of 1 that cannot fall do so over longer ways,
    and an attempt that is too close is lost time; a width of 1 is found soonest, so that it may look furthest.
    """
    if withheld <= 1_000:
        return (1_000,)
    if withheld > 6_000:
        return (120,)
    if least == 0:
        return (120, 480)
    return (800,) if width == 1 else (300,)


@dataclass
class _Witness:
    """A change and its reverse: how low and how high they take each cell, and the cells whose proof rests on them."""

    cells: np.ndarray
    low: np.ndarray
    high: np.ndarray
    proven: set[int]


class Reduction:
    """The withheld cells of one system, their witnesses, and what is still withheld.

    Cells are numbered among those withheld at the start; ``cells[i]`` is the number in the system.
    """

    def __init__(
        self, sums: sp.csr_array, withheld: np.ndarray, protected: np.ndarray, room: np.ndarray, width: int, least: int
    ) -> None:
        """``protected``: the cells that must keep an interval of ``width``; ``room``: how far each count can fall, to
        ``least``."""
        self.cells = np.flatnonzero(withheld)
        part = sp.csr_array(sums[:, self.cells])
        part = sp.csr_array(part[np.diff(part.indptr) > 0])
        self._rows, self._columns = part, sp.csc_array(part)
        self._in_row = np.diff(part.indptr)
        self._room = room[self.cells].astype(np.float64)
        self._width = width
        self.open = np.ones(len(self.cells), dtype=bool)
        self.protected = protected[self.cells].copy()
        self._low, self._high = np.zeros(len(self.cells)), np.zeros(len(self.cells))
        self._most_lacking = next(most for limit, most in EFFORTS if limit is None or len(self.cells) <= limit)
        self._sizes = _sizes(len(self.cells), width, least)
        self._witnesses: dict[int, _Witness] = {}
        self._made = 0
        # By cell: the witnesses that change it, and those that its proof rests on.
        self._changing: list[set[int]] = [set() for _ in self.cells]
        self._lowest_of = np.full(len(self.cells), -1)
        self._highest_of = np.full(len(self.cells), -1)

    def learn(self, changes: Iterable[tuple[np.ndarray, np.ndarray]]) -> None:
        """Take up known witnesses: cells (numbers in the system, increasing) and how each changes."""
        for cells, change in changes:
            order = np.argsort(cells)
            self._add([(np.searchsorted(self.cells, cells[order]), np.asarray(change, dtype=np.float64)[order])])

    def unproven(self) -> np.ndarray:
        """The protected cells (numbers in the system) for which no proof is known."""
        return self.cells[self.protected & self.open & (self._proven() < self._width)]

    def held_by(self, cells: np.ndarray) -> np.ndarray:
        """The protected cells that cannot be shown to change at all while ``cells`` keep their counts.

        Both are numbers in the system.
        """
        held = np.searchsorted(self.cells, cells)
        lost = set().union(*(self._changing[cell] for cell in held.tolist()))
        touched = set().union(*(self._witnesses[number].proven for number in lost)) - set(held.tolist())
        near_by = np.array(sorted(touched), dtype=int)
        before = [array[near_by].copy() for array in self._proofs()]
        for other in touched:
            self._restate(other, lost)
        lacking = near_by[self._proven(near_by) < 1]
        self.open[held] = False
        for most in self._sizes:
            if not len(lacking):
                break
            inside = near(self._rows, self._columns, self._in_row, np.append(lacking, held), self.open, most)
            proven = [self._search(inside, np.array([cell]), stop=True, width=1)[1] for cell in lacking.tolist()]
            lacking = lacking[~np.array(proven)]
        self.open[held] = True
        for array, values in zip(self._proofs(), before, strict=True):
            array[near_by] = values
        return self.cells[lacking]

    def publish(self, cells: Iterable[int]) -> None:
        """Try to publish the given cells (numbers here) one after the other."""
        for cell in cells:
            if self.open[cell] and not self._isolates(cell):
                self._try(cell)

    def _proven(self, cells: np.ndarray | slice = slice(None)) -> np.ndarray:
        return np.floor(self._high[cells] + TOLERANCE) - np.ceil(self._low[cells] - TOLERANCE)

    def _isolates(self, cell: int) -> bool:
        """Whether a protected cell would be alone in a sum."""
        rows = self._columns.indices[self._columns.indptr[cell] : self._columns.indptr[cell + 1]]
        for row in rows[self._in_row[rows] == 2]:
            others = self._rows.indices[self._rows.indptr[row] : self._rows.indptr[row + 1]]
            if (self.protected[others] & self.open[others] & (others != cell)).any():
                return True
        return False

    def _try(self, cell: int) -> None:
        lost = self._changing[cell].copy()
        touched = np.array(sorted(set().union(*(self._witnesses[number].proven for number in lost)) - {cell}), dtype=int)
        touched = touched[self.open[touched]]
        before = [array[touched].copy() for array in self._proofs()]
        self.open[cell] = False
        for other in touched.tolist():
            self._restate(other, lost)
        lacking = touched[self._proven(touched) < self._width]
        found: list[tuple[np.ndarray, np.ndarray]] = []
        if len(lacking):
            for most in self._sizes if len(lacking) <= self._most_lacking else ():
                inside = near(self._rows, self._columns, self._in_row, np.append(lacking, cell), self.open, most)
                found, complete = self._search(inside, lacking, stop=True, width=self._width)
                if complete:
                    break
            else:
                self.open[cell] = True
                for array, values in zip(self._proofs(), before, strict=True):
                    array[touched] = values
                return
        for other in touched.tolist():
            for number in (self._lowest_of[other], self._highest_of[other]):
                if number >= 0:
                    self._witnesses[number].proven.add(other)
        for number in lost:
            self._forget(number)
        rows = self._columns.indices[self._columns.indptr[cell] : self._columns.indptr[cell + 1]]
        self._in_row[rows] -= 1
        self._add(found)

    def _proofs(self) -> tuple[np.ndarray, ...]:
        return self._low, self._high, self._lowest_of, self._highest_of

    def _restate(self, cell: int, without: set[int]) -> None:
        """What is proven of a cell when some witnesses are left out."""
        self._low[cell] = self._high[cell] = 0.0
        self._lowest_of[cell] = self._highest_of[cell] = -1
        for number in sorted(self._changing[cell] - without):
            witness = self._witnesses[number]
            at = int(np.searchsorted(witness.cells, cell))
            if witness.low[at] < self._low[cell] - TOLERANCE:
                self._low[cell], self._lowest_of[cell] = witness.low[at], number
            if witness.high[at] > self._high[cell] + TOLERANCE:
                self._high[cell], self._highest_of[cell] = witness.high[at], number

    def _forget(self, number: int) -> None:
        for cell in self._witnesses.pop(number).cells.tolist():
            self._changing[cell].discard(number)

    def _add(self, found: list[tuple[np.ndarray, np.ndarray]]) -> None:
        """Take up witnesses that prove more of a protected cell than was proven."""
        for cells, change in found:
            low, high = _both_ways(change, self._room[cells], self._width)
            protected = self.protected[cells]
            lower = protected & (low < self._low[cells] - TOLERANCE)
            higher = protected & (high > self._high[cells] + TOLERANCE)
            if not (lower | higher).any():
                continue
            number = self._made
            self._made += 1
            self._witnesses[number] = _Witness(cells, low, high, set(cells[lower | higher].tolist()))
            for cell in cells.tolist():
                self._changing[cell].add(number)
            for better, bound, values, holder in (
                (lower, self._low, low, self._lowest_of),
                (higher, self._high, high, self._highest_of),
            ):
                improved = cells[better]
                bound[improved] = values[better]
                released = np.unique(holder[improved])
                holder[improved] = number
                for old in released[released >= 0].tolist():
                    self._release(old, improved)

    def _release(self, number: int, cells: np.ndarray) -> None:
        """Some cells no longer rest on a witness; one on which none rests is forgotten."""
        witness = self._witnesses[number]
        for cell in cells.tolist():
            if self._lowest_of[cell] != number and self._highest_of[cell] != number:
                witness.proven.discard(cell)
        if not witness.proven:
            self._forget(number)

    def _search(
        self, inside: np.ndarray, asked: np.ndarray, stop: bool, width: int
    ) -> tuple[list[tuple[np.ndarray, np.ndarray]], bool]:
        """Witnesses inside a neighbourhood for the ``asked`` cells, and whether all are proven to be ``width`` wide with them.

        ``stop``: end with the first that is not.
        """
        program = _Program(self._columns, inside, np.where(self.open[inside], self._room[inside], 0.0), self.open[inside])
        place = np.searchsorted(inside, asked)
        low, high = self._low[asked].copy(), self._high[asked].copy()
        found: list[tuple[np.ndarray, np.ndarray]] = []

        def lacking() -> np.ndarray:
            return np.floor(high + TOLERANCE) - np.ceil(low - TOLERANCE) < width

        def ask(places: np.ndarray, sign: float) -> None:
            nonlocal low, high
            change = program.move(places, sign, width)
            moved = np.flatnonzero(np.abs(change) > TOLERANCE)
            if not len(moved):
                return
            found.append((inside[moved], change[moved]))
            reached = np.zeros((2, len(change)))
            reached[:, moved] = _both_ways(change[moved], self._room[inside[moved]], width)
            low, high = np.minimum(low, reached[0, place]), np.maximum(high, reached[1, place])

        if len(asked) > 2:
            for sign in (1.0, -1.0):
                if lacking().any():
                    ask(place[lacking()], sign)
        for i in range(len(asked)):
            for sign in (1.0, -1.0):
                if lacking()[i]:
                    ask(place[i : i + 1], sign)
            if stop and lacking()[i]:
                return found, False
        return found, not lacking().any()


class _Program:
    """Changes of some cells, all others staying: ``-room <= change``, every sum as it is."""

    def __init__(self, columns: sp.csc_array, inside: np.ndarray, room: np.ndarray, is_open: np.ndarray) -> None:
        starts, ends = columns.indptr[inside], columns.indptr[inside + 1]
        lengths = ends - starts
        entries = np.repeat(starts - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(lengths.sum())
        rows, compact = np.unique(columns.indices[entries], return_inverse=True)
        n = self._n = len(inside)
        self._low, self._high = -room, np.where(is_open, highspy.kHighsInf, 0.0)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = n, len(rows)
        model.col_cost_ = np.zeros(n)
        model.col_lower_, model.col_upper_ = self._low, self._high
        model.row_lower_ = model.row_upper_ = np.zeros(len(rows))
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(lengths)])
        model.a_matrix_.index_ = compact
        model.a_matrix_.value_ = columns.data[entries].astype(np.float64)
        self._solver = highspy.Highs()
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 1)
        self._solver.setOptionValue("presolve", "off")
        # No change at all is a solution, from which the primal simplex starts.
        self._solver.setOptionValue("simplex_strategy", PRIMAL_SIMPLEX)
        self._solver.passModel(model)
        self._columns = np.arange(n, dtype=np.int32)

    def move(self, places: np.ndarray, sign: float, width: int) -> np.ndarray:
        """A change in which the cells at ``places`` rise (``sign`` 1) or fall (-1) as far as they can, up to ``width``."""
        cost = np.zeros(self._n)
        cost[places] = -sign
        low, high = self._low.copy(), self._high.copy()
        if sign > 0:
            high[places] = np.minimum(high[places], width)
        else:
            low[places] = np.maximum(low[places], -width)
        self._solver.changeColsBounds(self._n, self._columns, low, high)
        self._solver.changeColsCost(self._n, self._columns, cost)
        self._solver.run()
        status = self._solver.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            # No change at all is a solution and what is asked for is bounded, so this is a basis that has become
            # ill-conditioned: the same program from the start.
            self._solver.clearSolver()
            self._solver.run()
            status = self._solver.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise AnonymisationError(f"a program for taking back suppressions ended as {status}")
        return np.asarray(self._solver.getSolution().col_value)


def _both_ways(change: np.ndarray, room: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """How low and how high a change and its reverse take each cell; more than ``width`` proves nothing more."""
    rising = change > 0
    # What rises here falls in the reverse of the change, as far as counts allow.
    back = (room[rising] / change[rising]).min() if rising.any() else 0.0
    ends = change, -back * change
    return np.maximum(np.minimum(*ends), -width), np.minimum(np.maximum(*ends), width)
