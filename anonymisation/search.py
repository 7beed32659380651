"""The search: which further cells are withheld so that each protected cell has a proof.

Belongs here: the order in which cells are protected, and where an alternative is looked for.  Does not belong here: which
cells need protection and what the search begins with (``suppression``), how an alternative is found (``alternatives``,
``exchanges``), what is taken back (``reduction``).

Every primary cell is given alternatives that prove an interval of the policy's width, and, under the guarantee
``contract``, so is every partner whose count a reader could not exclude to be small.  Withholding more cells only adds
alternatives, so a proof once found stays.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

from anonymisation.alternatives import TOLERANCE, Alternative, BlockProgram, Proof, possibly_below
from anonymisation.blocks import Block, Blocks, openings
from anonymisation.errors import ProtectionError
from anonymisation.exchanges import ExchangeSearch
from anonymisation.hypercubes import Hypercube
from anonymisation.neighbours import near
from anonymisation.policy import Policy
from anonymisation.primary import Demand
from anonymisation.reduction import Reduction
from anonymisation.system import System

SMALLEST_REACH, LARGEST_REACH, WORK = 700, 6000, 40_000_000
"""Cells of the largest block for which a program is solved, between the first two numbers; beyond it an exchange is
looked for, which costs more cells and less time.  ``WORK`` over the number of cells in all is tried in between: the
smaller the system, the further its programs may reach."""

WHOLE = 2_000
"""Cells of a system up to which one program over all of them is solved for each cell."""

NEAR = 2_000
"""In larger systems, cells of the program over what the covering relaxation withholds near a cell."""

GROWTH = 1.5
"""A block is tried only if it has that many times the cells of the last one that held no alternative."""

MOST_ASKED = 2_000
"""Partners up to which it is asked which of them can be small, before suppressions are taken back."""

KEPT_PROGRAMS = 400
"""Programs kept for the next cell of the same block: a bound on memory."""


class Search:
    """A pattern that grows: ``withheld`` says by cell what it withholds so far."""

    def __init__(
        self,
        system: System,
        counts: np.ndarray,
        primary: np.ndarray,
        policy: Policy,
        price: np.ndarray,
        hinted: np.ndarray,
        excused: np.ndarray,
        certain: bool = True,
    ) -> None:
        """``price``: by cell, what withholding it costs the search; ``excused``: of which cells no proof is looked for;
        ``certain``: find out which cells cannot be small, rather than take all for small."""
        self.withheld = primary.copy()
        self._primary = primary
        self._policy = policy
        self._system = system
        self._reach = min(max(WORK // system.size, SMALLEST_REACH), LARGEST_REACH)
        self._width = policy.width
        self._price = price
        self._proof = Proof(counts, policy.least)
        self._blocks = Blocks(system, counts)
        self._exchanges = ExchangeSearch(system, counts, minimum=policy.least)
        self._columns = sp.csc_array(system.sums)
        self._length = np.diff(system.sums.indptr)
        self._hinted = hinted
        self._hints = bool((hinted & ~primary).any())
        self._whole: BlockProgram | None = None
        self._programs: OrderedDict[Block, BlockProgram] = OrderedDict()
        self._where: dict[int, dict[str, str]] = {}
        self._excused = excused
        self._certain = certain

    def take_cube(self, cube: Hypercube) -> None:
        """Withhold the corners of a hypercube, and record what it proves."""
        self.withheld[cube.cells] = True
        self._proof.add(cube.cells, cube.signs, cube.rise, cube.fall)

    def run(self) -> None:
        """Protect the primary cells, then the partners that this needed, and theirs, until nothing lacks a proof.

        A partner is protected only if its count could be small for a reader.  Most are too large for that, and
        protecting them as well would double the loss.
        """
        self._protect_all(np.flatnonzero(self._primary), free=False)
        while self._policy.guarantee == "contract":
            partners = self._protect_all(np.flatnonzero(self.withheld & ~self._excused), free=True)
            if len(partners):
                partners = partners[self._small(partners)]
            if not len(partners):
                return
            self._protect_all(partners, free=False)

    def meet(self, demand: Demand) -> None:
        """Withhold what it takes that a cell can change while others keep their counts.

        Raises ``ProtectionError`` where it cannot.
        """
        cell = demand.cell
        self._where[cell] = self._system.locate(cell)
        for program in self._programs_for(cell):
            if cell not in program:
                continue
            found = [
                program.cheapest(cell, step, self.withheld, free=False, still=demand.still)
                for step in (float(demand.width), -float(demand.width))
            ]
            possible = [alternative for alternative in found if alternative is not None]
            if possible:
                self._take(program, min(possible, key=lambda alternative: alternative.cost))
                return
        raise ProtectionError(
            f"the cell {self._where[cell]} cannot be kept from a reader who knows {len(demand.still)} others"
        )

    def reduction(self, system: System, counts: np.ndarray, policy: Policy) -> Reduction:
        """The pattern found and its proofs, ready for suppressions to be taken back."""
        room = np.maximum(counts - policy.least, 0)
        reduction = Reduction(system.sums, self.withheld, self._protected(), room, policy.width, policy.least)
        reduction.learn(self._proof.alternatives)
        unproven = reduction.unproven()
        if len(unproven):
            raise ProtectionError(f"{len(unproven)} cells have a proof that does not hold; please report this")
        return reduction

    def _protected(self) -> np.ndarray:
        """By cell, whether the guarantee is about it.

        Once the search is done, a partner without a proof is one that cannot be small.
        """
        protected = self._primary.copy()
        if self._policy.guarantee == "contract":
            partners = np.flatnonzero(self.withheld & ~self._primary & ~self._excused)
            partners = partners[self._proof.width(partners) >= self._width]
            # Whether a cell can be small is a program each; on a large system all with a proof are taken for small.
            protected[partners if len(partners) > MOST_ASKED else partners[self._small(partners)]] = True
        return protected

    def _small(self, partners: np.ndarray) -> np.ndarray:
        """Which of some withheld cells a reader cannot exclude to be below the threshold."""
        if not len(partners) or not self._certain:
            return np.ones(len(partners), dtype=bool)
        return possibly_below(self._columns, self._proof.counts, self.withheld, partners, self._policy.threshold)

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
        return cells[self._proof.width(cells) < self._width]

    def _program(self, block: Block) -> BlockProgram:
        if block not in self._programs:
            if len(self._programs) == KEPT_PROGRAMS:
                self._programs.popitem(last=False)
            self._programs[block] = BlockProgram(
                self._columns, self._blocks.cells(block), self._proof, self._price, self._width
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
        proof = self._proof
        rise = self._width - (proof.counts[cell] - np.ceil(proof.lowest[cell] - TOLERANCE))
        fall = self._width - (np.floor(proof.highest[cell] + TOLERANCE) - proof.counts[cell])
        for program in self._programs_for(cell):
            if cell not in program:
                continue
            found = [program.cheapest(cell, step, self.withheld, free) for step in (rise, -fall)]
            possible = [alternative for alternative in found if alternative is not None]
            if possible:
                self._take(program, min(possible, key=lambda alternative: alternative.cost))
                return True
        if free:
            return False
        cost = np.where(self.withheld, 0.0, self._price)
        exchange = self._exchanges.cheapest(self._where[cell], cost, self._width)
        if exchange is None:
            return self._stretch(cell)
        self.withheld[exchange.cells] = True
        self._proof.add(exchange.cells, exchange.signs, exchange.rise, exchange.fall)
        return True

    def _take(self, program: BlockProgram, alternative: Alternative) -> None:
        self.withheld[alternative.cells] = True
        program.take(alternative)

    def _programs_for(self, cell: int) -> Iterator[BlockProgram]:
        """The programs in which an alternative is looked for: among cells that the covering relaxation withholds, near
        the cell; then in blocks, from the closest siblings to the largest within reach."""
        if self._system.size <= WHOLE:
            yield self._whole_program()
            return
        if self._hints:
            candidate = self._hinted | self.withheld
            inside = near(self._system.sums, self._columns, self._length, np.array([cell]), candidate, NEAR)
            yield BlockProgram(self._columns, inside, self._proof, self._price, self._width)
        tried: dict[int, int] = {}
        for block in self._blocks.ladder(self._where[cell]):
            size = self._blocks.size(block)
            if size <= self._reach and size >= GROWTH * tried.get(openings(block), 0):
                tried[openings(block)] = size
                yield self._program(block)

    def _whole_program(self) -> BlockProgram:
        if self._whole is None:
            cells = np.arange(self._system.size)
            self._whole = BlockProgram(self._columns, cells, self._proof, self._price, self._width)
        return self._whole

    def _stretch(self, cell: int) -> bool:
        """The last resort: the whole system, and a rise as far as it goes with a fall for the rest."""
        program = self._whole_program()
        lacking = self._width - float(self._proof.width(np.array([cell]))[0])
        for sign in (1.0, -1.0):
            if cell not in program or lacking <= 0:
                break
            reached = (self._proof.highest if sign > 0 else self._proof.lowest)[cell]
            target = sign * (reached - self._proof.counts[cell]) + lacking
            step = program.furthest(cell, sign, target)
            if step > 0:
                alternative = program.cheapest(cell, sign * step, self.withheld, free=False)
                if alternative is not None:
                    self._take(program, alternative)
            lacking = self._width - float(self._proof.width(np.array([cell]))[0])
        return lacking <= 0
