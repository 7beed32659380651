"""The attack on statistical tables by a reader who also has the records one by one.

Belongs here: what lists of records tell about the cells of tables that count the same people.  Does not belong here: what
a list reveals of single people (``measures``), the attack on tables alone (``attack``), the sums (``placement``).

That no more is known than is found holds where it does for the tables themselves: where they form a decomposable model (see ``system``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from anonymisation.errors import InconsistentTablesError, TableError
from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder.attack import CHECKED, Attack, Finding
from anonymisation.intruder.intervals import Reckoning, narrower
from anonymisation.intruder.placement import Counted, RecordList, extent, place
from anonymisation.intruder.unknowns import Unknowns, read, unknowns_of
from anonymisation.system import System, build_system
from anonymisation.tables import PublishedTable

MOST_TOGETHER = 4_000
"""Unknowns up to which tables are attacked together with the lists; beyond, each table by itself.  At 2,000 unknowns the attack takes
seconds, at 7,000 minutes."""

MOST_APART = 20_000
"""Unknowns beyond which a table is not attacked."""


def attack_beside_lists(
    tables: Sequence[PublishedTable],
    hierarchies: Mapping[str, Hierarchy],
    lists: Sequence[RecordList],
    threshold: int,
) -> Attack:
    """Attack the withheld cells of ``tables`` with all that the tables and the ``lists`` tell together.

    A finding is, as in ``attack`` under ``contract``, a withheld cell whose smallest possible count is below ``threshold`` and whose
    interval is narrower than it; what the tables publish is not judged.  Cells that tables alone give away are found again.

    ``checked`` tells how many tables were attacked ``together`` and how many ``apart``: a list with very many different records makes
    more unknowns than can be settled (``MOST_TOGETHER``), and then each table is attacked by itself, beside the whole of the lists.

    Raises ``TableError`` where a list does not fit the hierarchies, tables do not fit each other, or one of them has too many
    unknowns by itself; ``InconsistentTablesError`` where lists and tables cannot be of the same people.
    """
    findings: list[Finding] = []
    checked = dict.fromkeys((*CHECKED, "together", "apart"), 0)
    cells = withheld = 0
    for measure in dict.fromkeys(table.measure for table in tables):
        linked = [table for table in tables if table.measure == measure]
        ours = [one for one in lists if one.measure == measure]
        system = build_system(linked, hierarchies)
        check_lists_fit(system, ours)
        values, known = read(system, linked)
        whole = _Part(system, values, known, ours)
        if whole.extent() <= MOST_TOGETHER:
            parts = [whole]
            checked["together"] += len(linked)
        else:
            parts = [_part(table, hierarchies, ours) for table in linked]
            checked["apart"] += len(linked)
        found: dict[tuple[tuple[str, str], ...], Finding] = {}
        for part in parts:
            for finding in part.findings(measure, threshold, checked):
                where = tuple(sorted(finding.codes.items()))
                if where not in found or finding.high - finding.low < found[where].high - found[where].low:
                    found[where] = finding
        findings += found.values()
        cells, withheld = cells + system.size, withheld + int((~known).sum())
    return Attack(cells, withheld, tuple(findings), checked)


def check_lists_fit(system: System, lists: Iterable[RecordList]) -> None:
    """Raise ``TableError`` where a list does not fit the hierarchies of a system, or the system has sums with parts missing."""
    if system.incomplete.any():
        raise TableError("a table holds some but not all children of a code; hold all of them or none")
    for one in lists:
        for dimension, codes in one.codes.items():
            if len(codes) != len(one):
                raise TableError(f"list {one.name!r}: {dimension!r} has {len(codes)} codes for {len(one)} records")
        for dimension, codes in (*one.codes.items(), *((d, [code]) for d, code in one.within.items())):
            if dimension not in system.hierarchies:
                raise TableError(f"list {one.name!r}: there is no hierarchy for {dimension!r}")
            told = {code for several in set(codes) - {None} for code in ([several] if isinstance(several, str) else several)}
            strange = told - set(system.hierarchies[dimension].codes)
            if strange:
                raise TableError(f"list {one.name!r}: {dimension!r} has the code {sorted(strange)[0]!r}, which is not in its hierarchy")


class _Part:
    """Tables that are attacked together, with the lists."""

    def __init__(self, system: System, values: np.ndarray, known: np.ndarray, lists: Sequence[RecordList]) -> None:
        self._alone = (system, values, known)
        self._own = np.flatnonzero(~known)
        unknown = np.full(system.size, -1, dtype=np.int64)
        unknown[self._own] = np.arange(len(self._own))
        self._counted = Counted(system, unknown, values, lists)

    def extent(self) -> int:
        """How many unknowns there are at most."""
        return len(self._own) + extent(self._counted)

    def findings(self, measure: str, threshold: int, checked: dict[str, int]) -> list[Finding]:
        """What is known too closely, in the order of the cells."""
        system = self._counted.system
        if self.extent() > MOST_APART:
            names = ", ".join(system.axes)
            raise TableError(f"{measure}: {names} cannot be attacked beside lists of so many different records; coarsen the lists or the table")
        try:
            found = disclosed(place(unknowns_of(*self._alone), [self._counted]), len(self._own), threshold, checked)
        except InconsistentTablesError as error:
            raise contradiction(measure, self._counted.lists, error) from None
        where = system.locations(self._own[sorted(found)])
        return [
            Finding(measure, where[int(self._own[i])], low, high, "exact" if low == high else "narrow") for i, (low, high) in sorted(found.items())
        ]


def _part(table: PublishedTable, hierarchies: Mapping[str, Hierarchy], lists: Sequence[RecordList]) -> _Part:
    system = build_system([table], hierarchies)
    return _Part(system, *read(system, [table]), lists)


def contradiction(measure: str, lists: Iterable[RecordList], error: InconsistentTablesError) -> InconsistentTablesError:
    """The error of lists and tables that cannot be of the same people."""
    names = ", ".join(one.name for one in lists)
    return InconsistentTablesError(
        f"{measure}: the tables and the lists of records ({names}) contradict each other; do they count the same people? {error}"
    )


def disclosed(unknowns: Unknowns, own: int, threshold: int, checked: dict[str, int]) -> dict[int, tuple[int, int]]:
    """Which of the first ``own`` unknowns are known too closely, with their intervals.

    The reader gives a withheld cell at least 1, and 0 where that cannot explain what is published, as in ``attack``.
    """
    size = unknowns.sums.shape[1]
    ours = np.arange(size) < own
    # Without a withheld cell there is nothing to find, but still something that may contradict itself.
    lowest, highest = unknowns.bounds(0)
    if not own:
        return {}
    judged = ours & (lowest < threshold)
    reckoning = Reckoning(size)
    reckoning.decided(ours & ~judged, "propagation")
    determined = unknowns.determined()

    def narrow(least: np.ndarray, wanted: np.ndarray) -> dict[int, tuple[int, int]]:
        return narrower(unknowns, least, threshold, wanted, determined, reckoning, (threshold, lowest, highest))

    found: dict[int, tuple[int, int]] = {}
    again = judged
    try:
        first = narrow(ours.astype(float), judged)
    except InconsistentTablesError:
        first = None
    if first is not None:
        found = {i: ends for i, ends in first.items() if ends[0] < threshold}
        again = np.zeros_like(judged)
        again[[i for i in first if i not in found]] = True
    if again.any():
        found |= {i: ends for i, ends in narrow(np.zeros(size), again).items() if ends[0] < threshold}
    reckoning.add_to(checked)
    return found
