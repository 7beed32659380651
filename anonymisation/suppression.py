"""Suppression: which cells of a set of linked tables are withheld.

Belongs here: the order in which cells are protected, and where an alternative is looked for.  Does not belong here:
rules that make a cell sensitive (``primary``), how an alternative is found (``alternatives``, ``exchanges``), the
intruder who checks the result.

Every withheld cell, primary or secondary, is given alternatives that prove an interval of the policy's threshold; a
newly withheld partner joins the cells that lack a proof, until none does.  Withholding more cells only adds
alternatives, so a proof once found stays, and the guarantee holds for all withheld cells by construction.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import scipy.sparse as sp

from anonymisation.alternatives import TOLERANCE, BlockProgram, Proof
from anonymisation.blocks import Block, Blocks
from anonymisation.errors import ProtectionError
from anonymisation.exchanges import ExchangeSearch
from anonymisation.system import System

LARGEST_BLOCK = 700
"""Cells of the largest block for which a program is solved; beyond it an exchange is looked for, which costs less."""

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
        pending = self._lacking(np.flatnonzero(self.withheld))
        while len(pending):
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
                if len(self._lacking(np.array([cell]))):
                    self._protect(cell)
            pending = self._lacking(np.flatnonzero(self.withheld))

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
        program = self._program(block)
        if len(program.cells) > LARGEST_BLOCK:
            return
        for rising in (True, False, True, False):
            inside = program.cells[self.withheld[program.cells]]
            lacking = self._lacking(inside)
            if not len(lacking):
                return
            program.spread(self.withheld, lacking, rising)

    def _protect(self, cell: int) -> None:
        lowest = np.ceil(self._proof.lowest[cell] - TOLERANCE)
        rise = self._threshold - (self._proof.counts[cell] - lowest)
        tried = 0
        for block in self._blocks.ladder(self._where[cell]):
            program = self._program(block)
            if len(program.cells) > LARGEST_BLOCK:
                break
            if cell not in program or len(program.cells) < GROWTH * tried:
                continue
            partners = program.cheapest(cell, rise, self.withheld)
            if partners is not None:
                self.withheld[partners] = True
                return
            tried = len(program.cells)
        cost = np.where(self.withheld, 0.0, self._price)
        exchange = self._exchanges.cheapest(self._where[cell], cost, self._threshold)
        if exchange is None:
            raise ProtectionError(f"the cell {self._where[cell]} cannot be protected: too much must stay published")
        self.withheld[exchange.cells] = True
        self._proof.add(exchange.cells, exchange.signs, exchange.rise, exchange.fall)
