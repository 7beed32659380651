"""Suppression: which cells of a set of linked tables are withheld.

Belongs here: the order in which cells are protected, and where an alternative is looked for.  Does not belong here:
rules that make a cell sensitive (``primary``), how an alternative is found (``alternatives``, ``exchanges``), the
intruder who checks the result.

Every primary cell is given alternatives that prove an interval of the policy's threshold, and so is every partner
whose count a reader could not exclude to be small.  Withholding more cells only adds alternatives, so a proof once
found stays, and the guarantee holds for all withheld cells by construction.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import scipy.sparse as sp

from anonymisation.alternatives import TOLERANCE, BlockProgram, Proof, possibly_below
from anonymisation.blocks import Block, Blocks, openings
from anonymisation.errors import ProtectionError
from anonymisation.exchanges import ExchangeSearch
from anonymisation.system import System

SMALLEST_REACH, LARGEST_REACH, WORK = 700, 6000, 40_000_000
"""Cells of the largest block for which a program is solved, between the first two numbers; beyond it an exchange is
looked for, which costs more cells and less time.  ``WORK`` over the number of cells in all is tried in between: the
smaller the system, the further its programs may reach."""

GROWTH = 1.5
"""A block is tried only if it has that many times the cells of the last one that held no alternative."""

KEPT_PROGRAMS = 400
"""Programs kept for the next cell of the same block: a bound on memory."""


def suppress(system: System, counts: np.ndarray, primary: np.ndarray, threshold: int, fixed: np.ndarray) -> np.ndarray:
    """The cells to withhold: all ``primary`` ones that are not ``fixed``, and the partners that protect them.

    ``counts``, ``primary`` and ``fixed`` have an entry per cell of ``system``; ``fixed`` cells stay published.  Zeros
    are published, so a withheld count is known to be at least 1 and every alternative keeps it there.

    Raises ``ProtectionError`` where a cell cannot be protected without withholding a fixed one.
    """
    search = _Search(system, counts, primary & ~fixed, threshold, fixed)
    search.run()
    return search.withheld


class _Search:
    def __init__(
        self, system: System, counts: np.ndarray, primary: np.ndarray, threshold: int, fixed: np.ndarray
    ) -> None:
        self.withheld = primary.copy()
        self._system = system
        self._reach = min(max(WORK // system.size, SMALLEST_REACH), LARGEST_REACH)
        self._threshold = threshold
        # One for each cell withheld, more for one that sums up many, and a little more for a large count: readers
        # miss these more.
        price = 1.0 + system.breadth() + np.log2(1.0 + counts) / 16.0
        self._price = np.where((counts == 0) | fixed, np.inf, price)
        self._proof = Proof(counts)
        self._blocks = Blocks(system, counts)
        self._exchanges = ExchangeSearch(system, counts, minimum=1)
        self._columns = sp.csc_array(system.sums)
        self._programs: OrderedDict[Block, BlockProgram] = OrderedDict()
        self._where: dict[int, dict[str, str]] = {}

    def run(self) -> None:
        """Protect the primary cells, then the partners that this needed, and theirs, until nothing lacks a proof.

        A partner is protected only if its count could be small for a reader.  Most are too large for that, and
        protecting them as well would double the loss.
        """
        self._protect_all(np.flatnonzero(self.withheld), free=False)
        while True:
            partners = self._protect_all(np.flatnonzero(self.withheld), free=True)
            if len(partners):
                small = possibly_below(self._columns, self._proof.counts, self.withheld, partners, self._threshold)
                partners = partners[small]
            if not len(partners):
                return
            self._protect_all(partners, free=False)

    def _protect_all(self, cells: np.ndarray, free: bool) -> np.ndarray:
        """Find alternatives for all ``cells`` that lack one; those that still do are returned.

        ``free``: withhold nothing more for it.
        """
        pending = self._lacking(cells)
        self._where = self._system.locations(pending)
        first = {cell: self._blocks.first(self._where[cell]) for cell in pending.tolist()}
        group: dict[Block, int] = {}
        for cell in sorted(first):
            group.setdefault(first[cell], len(group))
        # Margins first: their alternatives run through the cells below, which then lack less.
        done: set[Block] = set()
        for cell in sorted(first, key=lambda cell: (len(self._where[cell]), group[first[cell]], cell)):
            if first[cell] not in done:
                done.add(first[cell])
                self._spread(first[cell])
            if len(self._lacking(np.array([cell]))) and not self._find(cell, free) and not free:
                raise ProtectionError(
                    f"the cell {self._where[cell]} cannot be protected: too much must stay published"
                )
        return self._lacking(pending)

    def _lacking(self, cells: np.ndarray) -> np.ndarray:
        return cells[self._proof.width(cells) < self._threshold]

    def _program(self, block: Block) -> BlockProgram:
        if block not in self._programs:
            if len(self._programs) == KEPT_PROGRAMS:
                self._programs.popitem(last=False)
            self._programs[block] = BlockProgram(
                self._columns, self._blocks.cells(block), self._proof, self._price, self._threshold
            )
        return self._programs[block]

    def _spread(self, block: Block) -> None:
        """Prove what the cells withheld already prove for each other, at no cost."""
        if self._blocks.size(block) > self._reach:
            return
        program = self._program(block)
        for rising in (True, False, True, False):
            inside = program.cells[self.withheld[program.cells]]
            lacking = self._lacking(inside)
            if not len(lacking):
                return
            program.spread(self.withheld, lacking, rising)

    def _find(self, cell: int, free: bool) -> bool:
        """Withhold what an alternative for ``cell`` needs, and say whether there is one."""
        lowest = np.ceil(self._proof.lowest[cell] - TOLERANCE)
        rise = self._threshold - (self._proof.counts[cell] - lowest)
        tried: dict[int, int] = {}
        for block in self._blocks.ladder(self._where[cell]):
            size = self._blocks.size(block)
            if size > self._reach or size < GROWTH * tried.get(openings(block), 0):
                continue
            program = self._program(block)
            if cell not in program:
                continue
            partners = program.cheapest(cell, rise, self.withheld, free)
            if partners is not None:
                self.withheld[partners] = True
                return True
            tried[openings(block)] = size
        if free:
            return False
        cost = np.where(self.withheld, 0.0, self._price)
        exchange = self._exchanges.cheapest(self._where[cell], cost, self._threshold)
        if exchange is None:
            return self._stretch(cell)
        self.withheld[exchange.cells] = True
        self._proof.add(exchange.cells, exchange.signs, exchange.rise, exchange.fall)
        return True

    def _stretch(self, cell: int) -> bool:
        """The last resort: the whole system, and a rise as far as it goes with a fall for the rest."""
        *_, block = self._blocks.ladder(self._where[cell])
        program = self._program(block)
        lacking = self._threshold - float(self._proof.width(np.array([cell]))[0])
        for sign in (1.0, -1.0):
            if cell not in program or lacking <= 0:
                break
            reached = (self._proof.highest if sign > 0 else self._proof.lowest)[cell]
            target = sign * (reached - self._proof.counts[cell]) + lacking
            step = program.furthest(cell, sign, target)
            if step > 0:
                partners = program.cheapest(cell, sign * step, self.withheld, free=False)
                if partners is not None:
                    self.withheld[partners] = True
            lacking = self._threshold - float(self._proof.width(np.array([cell]))[0])
        return lacking <= 0
