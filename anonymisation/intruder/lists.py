"""The attack on statistical tables by a reader who also has the records one by one.

Belongs here: what lists of records tell about the cells of tables that count the same people.  Does not belong here: what
a list reveals of single people (``measures``), the attack on tables alone (``attack``), the sums (``placement``).

That no more is known than is found holds where it does for the tables themselves: where they form a decomposable model (see ``system``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import scipy.sparse as sp

from anonymisation.errors import InconsistentTablesError, TableError
from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder.attack import CHECKED, Attack, Finding
from anonymisation.intruder.intervals import Reckoning, narrower
from anonymisation.intruder.placement import Counted, RecordList, extent, place
from anonymisation.intruder.unknowns import Unknowns, read, unknowns_of
from anonymisation.system import System, build_system
from anonymisation.tables import PublishedTable

MOST_TOGETHER = 2_500
"""Open unknowns up to which tables are attacked together with the lists; beyond, each table by itself.  At 2,000 the attack takes up to a
minute (most of it to prove in whole numbers what fractions prove in a second), at 7,000 several."""

MOST_APART = 6_000
"""Unknowns beyond which a table is not attacked."""

MOST_PLACED = 50_000
"""Unknowns beyond which sums are not even put together, to see how many of them are settled at once."""


def attack_beside_lists(
    tables: Sequence[PublishedTable],
    hierarchies: Mapping[str, Hierarchy],
    lists: Sequence[RecordList],
    threshold: int,
    *,
    whole: bool = True,
) -> Attack:
    """Attack the withheld cells of ``tables`` with all that the tables and the ``lists`` tell together.

    A finding is, as in ``attack`` under ``contract``, a withheld cell whose smallest possible count is below ``threshold`` and whose
    interval is narrower than it; what the tables publish is not judged.  Cells that tables alone give away are found again.

    ``checked`` tells how many tables were attacked ``together`` and how many ``apart``: a list with very many different records makes
    more unknowns than can be settled (``MOST_TOGETHER``), and then each table is attacked by itself, beside the whole of the lists.
    Without ``whole`` nothing is found that only follows from counts being whole, in a fifth of the time.

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
        together = _found(measure, system, values, known, ours, threshold, checked, MOST_TOGETHER, whole)
        checked["together" if together is not None else "apart"] += len(linked)
        findings += _each(measure, linked, hierarchies, ours, threshold, checked, whole) if together is None else together
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


def _each(
    measure: str,
    tables: Sequence[PublishedTable],
    hierarchies: Mapping[str, Hierarchy],
    lists: Sequence[RecordList],
    threshold: int,
    checked: dict[str, int],
    whole: bool,
) -> Iterable[Finding]:
    """What each table by itself gives away; of a cell that several have, the closest."""
    found: dict[tuple[tuple[str, str], ...], Finding] = {}
    for table in tables:
        system = build_system([table], hierarchies)
        findings = _found(measure, system, *read(system, [table]), lists, threshold, checked, MOST_APART, whole)
        if findings is None:
            raise TableError(f"{measure}: {table.name} cannot be attacked beside lists of so many different records; coarsen the lists or the table")
        for finding in findings:
            where = tuple(sorted(finding.codes.items()))
            if where not in found or finding.high - finding.low < found[where].high - found[where].low:
                found[where] = finding
    return found.values()


def _found(
    measure: str,
    system: System,
    values: np.ndarray,
    known: np.ndarray,
    lists: Sequence[RecordList],
    threshold: int,
    checked: dict[str, int],
    most: int,
    whole: bool,
) -> list[Finding] | None:
    """What is known too closely of the tables of a system, in the order of the cells; None with more unknowns than ``most``."""
    own = np.flatnonzero(~known)
    unknown = np.full(system.size, -1, dtype=np.int64)
    unknown[own] = np.arange(len(own))
    counted = Counted(system, unknown, values, lists)
    if extent(counted) > MOST_PLACED:
        return None
    try:
        found = disclosed(place(unknowns_of(system, values, known), [counted]), len(own), threshold, checked, most, whole=whole)
    except InconsistentTablesError as error:
        names = ", ".join(one.name for one in lists)
        raise InconsistentTablesError(
            f"{measure}: the tables and the lists of records ({names}) contradict each other; do they count the same people? {error}"
        ) from None
    if found is None:
        return None
    where = system.locations(own[sorted(found)])
    return [Finding(measure, where[int(own[i])], low, high, "exact" if low == high else "narrow") for i, (low, high) in sorted(found.items())]


def disclosed(
    unknowns: Unknowns, own: int, threshold: int, checked: dict[str, int], most: int, least: np.ndarray | None = None, whole: bool = True
) -> dict[int, tuple[int, int]] | None:
    """Which of the first ``own`` unknowns are known too closely, with their intervals; None where more than ``most`` are open.

    ``least``: what the reader knows each of these to be at least.  Unless given she gives a withheld cell at least 1, and 0 where that
    cannot explain what is published, as in ``attack``.  Raises ``InconsistentTablesError`` where there is no explanation.
    """
    # Without a withheld cell there is nothing to find, but still something that may contradict itself.
    lowest, highest = unknowns.bounds(0)
    if not own:
        return {}
    open_ones = (np.arange(len(lowest)) < own) | (lowest < highest)
    unknowns, lowest, highest = _without(unknowns, ~open_ones, lowest), lowest[open_ones], highest[open_ones]
    size = len(lowest)
    if size > most:
        return None
    ours = np.arange(size) < own
    minimum = ours.astype(float)
    if least is not None:
        minimum[:own] = least
    judged = ours & (lowest < threshold)
    reckoning = Reckoning(size)
    reckoning.decided(ours & ~judged, "propagation")
    determined = unknowns.determined()

    def narrow(at_least: np.ndarray, wanted: np.ndarray) -> dict[int, tuple[int, int]]:
        return narrower(unknowns, at_least, threshold, wanted, determined, reckoning, (threshold, lowest, highest), whole=whole)

    found: dict[int, tuple[int, int]] = {}
    again = judged
    try:
        first = narrow(minimum, judged)
    except InconsistentTablesError:
        if least is not None:
            raise
        first = None
    if first is not None:
        found = {i: ends for i, ends in first.items() if ends[0] < threshold}
        again = np.zeros_like(judged)
        again[[i for i in first if i not in found]] = True
    if again.any():
        found |= {i: ends for i, ends in narrow(np.zeros(size), again).items() if ends[0] < threshold}
    reckoning.add_to(checked)
    return found


def _without(unknowns: Unknowns, settled: np.ndarray, values: np.ndarray) -> Unknowns:
    """The system without the unknowns that are settled at their ``values``."""
    right = unknowns.sums[:, settled] @ values[settled]
    sums = sp.csr_array(unknowns.sums[:, ~settled])
    rows = np.flatnonzero(np.diff(sums.indptr))
    return Unknowns(unknowns.cells[~settled], sp.csr_array(sums[rows]), (unknowns.lower - right)[rows], (unknowns.upper - right)[rows])
