"""The attack on all published tables of one measure or several, and its verdict.

Belongs here: what a disclosure is under each guarantee, and the order of the checks.  Does not belong here: the
arithmetic (``propagation``, ``recovery``), the solver (``programs``), what is unknown (``unknowns``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from anonymisation.errors import InconsistentTablesError
from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder.groups import lone_categories
from anonymisation.intruder.insiders import learned, people
from anonymisation.intruder.intervals import MEANS, WHOLENESS, Reckoning, narrower
from anonymisation.intruder.unknowns import Unknowns, marked, read, told, unknowns_of
from anonymisation.system import System, build_system
from anonymisation.tables import PublishedTable

Guarantee = Literal["exact", "interval", "contract"]
Kind = Literal["published", "exact", "narrow", "singleton", "group"]

CHECKED = (*MEANS, *WHOLENESS, "pairs", "groups", "programs_solved")


@dataclass(frozen=True)
class Finding:
    """A cell about which the reader learns too much: its count lies between ``low`` and ``high``.

    ``kind``: it is ``published``; it can be computed (``exact``); its interval is too narrow (``narrow``); the one
    person counted in the cell ``other`` can compute it (``singleton``); it holds all that are counted in ``other``
    (``group``).
    """

    measure: str
    codes: Mapping[str, str]
    low: int
    high: int
    kind: Kind
    other: Mapping[str, str] | None = None

    @property
    def published(self) -> bool:
        """Whether the count is there for all to read."""
        return self.kind == "published"

    def __str__(self) -> str:
        where = f"{self.measure} at {_place(self.codes)}"
        if self.kind == "published":
            return f"{where}: a sensitive count is published"
        if self.kind == "group":
            return f"{where}: all that are counted in {_place(self.other or {})} are known to be in this category"
        if self.kind == "singleton":
            return f"{where}: the one person counted in {_place(self.other or {})} can compute the withheld count"
        exact = "can be computed" if self.low == self.high else f"lies between {self.low} and {self.high}"
        return f"{where}: the withheld count {exact}"


@dataclass(frozen=True)
class Attack:
    """The verdict: how many cells there are, how many are withheld, what was found, and how cells were decided.

    ``checked`` counts judged cells, each once, by what decided them: ``propagation`` (one sum at a time), ``equations``
    (rank), ``witness`` (counts far enough apart that satisfy all that is published), ``neighbourhood`` (programs of a few
    sums around it), ``program`` (minimised and maximised one by one), ``undecided`` (see there).  Of those, ``integer`` were
    settled in whole numbers where the linear witnesses are not: by integer programs, or by a pair of whole-number solutions.
    What is left are ``fractional`` ones, for which no such pair was found within the limits of ``certificates``: proven for
    them is only that linear reasoning, however far it goes, does not narrow them.  ``pairs``: singletons and cells settled
    one pair at a time; ``groups``: margins judged; ``programs_solved``: all programs.
    """

    cells: int
    withheld: int
    findings: tuple[Finding, ...]
    checked: Mapping[str, int] = field(default_factory=dict)

    @property
    def disclosed(self) -> int:
        """How many cells a reader learns too much about."""
        return len(self.findings)

    @property
    def undecided(self) -> int:
        """How many judged cells, in connected parts too large for a program each, were proven neither safe nor disclosed."""
        return self.checked.get("undecided", 0)


def attack(
    tables: Sequence[PublishedTable],
    hierarchies: Mapping[str, Hierarchy],
    threshold: int,
    *,
    guarantee: Guarantee = "contract",
    least: Literal[0, 1] | None = None,
    primary: Mapping[str, np.ndarray] | None = None,
    singletons: Mapping[str, np.ndarray] | None = None,
    groups: Sequence[str] = (),
    solution: Mapping[str, np.ndarray] | None = None,
) -> Attack:
    """Attack all ``tables`` together, measure by measure.

    A finding is a published count from 1 to ``threshold - 1``, or a withheld cell that is known too closely: under
    ``exact`` one that can be computed, under ``interval`` and ``contract`` one whose interval, largest minus smallest,
    is narrower than ``threshold``.  Judged is every withheld cell whose smallest possible count is below
    ``threshold``.  ``primary`` (by table, a mask in its shape) says which cells are sensitive: under ``exact`` and
    ``interval`` these alone are judged, under ``contract`` these as well.

    ``least``: what the reader knows a withheld count to be at least, 1 where zeros are published, 0 where they may be
    withheld.  Unless given, the reader tries 1 first, and 0 for what that cannot explain.

    ``singletons`` (masks too): cells that count one person, who knows it.  No judged cell may be computed with that
    knowledge.  ``groups``: dimensions in which no margin may be known to fall in one category.

    ``solution``: counts by table that explain all that is published, from whoever has such, true or not.  In vast
    tables it saves a program of minutes, and lets whole numbers be proven.  It is checked against everything that is
    published, and passed over if it does not satisfy it: a proof rests on its being a solution and on nothing else.

    Raises ``InconsistentTablesError`` where published values contradict each other.
    """
    if guarantee not in ("exact", "interval", "contract"):
        raise ValueError(f"guarantee {guarantee!r}: give exact, interval or contract")
    findings: list[Finding] = []
    cells = withheld = 0
    checked = dict.fromkeys(CHECKED, 0)
    for measure in dict.fromkeys(table.measure for table in tables):
        linked = [table for table in tables if table.measure == measure]
        system = build_system(linked, hierarchies)
        values, known = read(system, linked)
        sensitive = None if primary is None else marked(system, primary, "primary")
        counts = None if solution is None else told(system, solution)
        one = _Reader(measure, unknowns_of(system, values, known, counts), values, known, threshold, guarantee, sensitive, checked)
        findings += one.intervals(least)
        if singletons is not None:
            findings += one.singletons(marked(system, singletons, "singletons"))
        for dimension in groups:
            findings += one.groups(dimension)
        cells, withheld = cells + system.size, withheld + len(one.unknowns.cells)
    return Attack(cells, withheld, tuple(findings), checked)


class _Reader:
    """One measure and what a reader learns of it."""

    def __init__(
        self,
        measure: str,
        unknowns: Unknowns,
        values: np.ndarray,
        known: np.ndarray,
        threshold: int,
        guarantee: Guarantee,
        sensitive: np.ndarray | None,
        checked: dict[str, int],
    ) -> None:
        self.unknowns, self._system = unknowns, unknowns.system
        self._measure, self._values, self._known = measure, values, known
        self._threshold, self._guarantee, self._sensitive, self._checked = threshold, guarantee, sensitive, checked
        self._minimum = 1

    def intervals(self, least: int | None) -> list[Finding]:
        """Published and withheld cells that are known too closely."""
        values, threshold = self._values, self._threshold
        small = self._known & (values > 0) & (values < threshold)
        if self._sensitive is not None:
            only = self._guarantee != "contract"
            small = self._known & self._sensitive | (small & (not only))
        found = [self._finding(c, values[c], values[c], "published") for c in np.flatnonzero(small)]
        unknowns, width = self.unknowns, 1 if self._guarantee == "exact" else threshold
        self._judged = np.zeros(len(unknowns.cells), dtype=bool)
        self._exact, self._always = self._judged.copy(), self._judged.copy()
        if not len(unknowns.cells):
            return found
        reckoning = Reckoning(len(unknowns.cells))
        # What cannot be small for a reader who allows zeros cannot be small for any.
        lowest, highest = unknowns.bounds(0)
        possibly_small = lowest < threshold
        sensitive = np.zeros_like(possibly_small) if self._sensitive is None else self._sensitive[unknowns.cells]
        always = self._always = sensitive.copy()
        if self._sensitive is None or self._guarantee == "contract":
            self._judged = possibly_small | sensitive
            reckoning.decided(~self._judged, "propagation")
            bounds = (threshold, lowest, highest)
        else:
            self._judged, bounds = always, None
        determined = unknowns.determined()

        def narrow(minimum: int, wanted: np.ndarray) -> dict[int, tuple[int, int]]:
            return narrower(unknowns, minimum, width, wanted, determined, reckoning, bounds, always)

        # A reader who knows that zeros are published gives a withheld cell at least 1; where that cannot be, zeros
        # were withheld too and she gives it at least 0.  What is wide under the first is wide under the second.
        intervals: dict[int, tuple[int, int]] = {}
        again = self._judged
        self._minimum = 0
        if least != 0:
            try:
                first = narrow(1, self._judged)
            except InconsistentTablesError:
                if least == 1:
                    raise
            else:
                self._minimum = 1
                intervals = {i: ends for i, ends in first.items() if ends[0] < threshold or always[i]}
                again = np.zeros_like(self._judged)
                again[[i for i in first if i not in intervals]] = least is None
        if again.any():
            second = narrow(0, again)
            intervals |= {i: ends for i, ends in second.items() if ends[0] < threshold or always[i]}
        reckoning.add_to(self._checked)
        for i, (low, high) in sorted(intervals.items()):
            self._exact[i] = low == high
            found.append(self._finding(unknowns.cells[i], low, high, "exact" if low == high else "narrow"))
        return found

    def singletons(self, alone: np.ndarray) -> list[Finding]:
        """Judged cells that the one person counted in some cell can compute."""
        cells = self.unknowns.cells
        person = people(self._system, alone)[cells]
        seen = {int(who): int(cells[i]) for i, who in reversed(list(enumerate(person))) if who >= 0}
        return [
            self._finding(cells[i], value, value, "singleton", seen[who])
            for i, who, value in learned(
                self.unknowns, person, self._judged & ~self._exact, self._minimum, self._checked
            )
            if value < self._threshold or self._always[i]
        ]

    def groups(self, dimension: str) -> list[Finding]:
        """Margins known to fall in one category of a dimension."""
        return [
            self._finding(category, low, high, "group", margin)
            for margin, category, low, high in lone_categories(
                self._system, dimension, self._values, self._known, self.unknowns, self._minimum, self._checked
            )
        ]

    def _finding(self, cell: int, low: float, high: float, kind: Kind, other: int | None = None) -> Finding:
        codes = self._system.locate(int(cell))
        return Finding(
            self._measure, codes, int(low), int(high), kind, None if other is None else self._system.locate(other)
        )


def _place(codes: Mapping[str, str]) -> str:
    return ", ".join(f"{dimension}={code}" for dimension, code in codes.items()) or "grand total"
