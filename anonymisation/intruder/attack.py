"""The attack on all published tables of one measure or several, and its verdict.

Belongs here: what is unknown, what a disclosure is, and what was checked.  Does not belong here: the arithmetic
(``propagation``) and the solver (``programs``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from anonymisation.errors import InconsistentTablesError
from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder.neighbourhoods import grow
from anonymisation.intruder.programs import TOLERANCE, Program
from anonymisation.intruder.propagation import propagate
from anonymisation.system import System, build_system
from anonymisation.tables import PublishedTable


@dataclass(frozen=True)
class Finding:
    """A cell about which the reader learns too much: its count lies between ``low`` and ``high``."""

    measure: str
    codes: Mapping[str, str]
    low: int
    high: int
    published: bool

    def __str__(self) -> str:
        where = ", ".join(f"{dimension}={code}" for dimension, code in self.codes.items()) or "grand total"
        if self.published:
            return f"{self.measure} at {where}: a count below the threshold is published"
        exact = "can be computed" if self.low == self.high else f"lies between {self.low} and {self.high}"
        return f"{self.measure} at {where}: the withheld count {exact}"


@dataclass(frozen=True)
class Attack:
    """The verdict: how many cells there are, how many are withheld, how each was decided, and what was found."""

    cells: int
    withheld: int
    findings: tuple[Finding, ...]
    checked: Mapping[str, int] = field(default_factory=dict)

    @property
    def disclosed(self) -> int:
        """How many cells a reader learns too much about."""
        return len(self.findings)


def attack(tables: Sequence[PublishedTable], hierarchies: Mapping[str, Hierarchy], threshold: int) -> Attack:
    """Attack all ``tables`` together, measure by measure.

    A finding is a published count from 1 to ``threshold - 1``, or a withheld cell whose smallest possible count is
    below ``threshold`` while its interval, largest minus smallest, is narrower than ``threshold``.

    Raises ``InconsistentTablesError`` where published values contradict each other.
    """
    findings: list[Finding] = []
    cells = withheld = 0
    checked: dict[str, int] = {}
    for measure in dict.fromkeys(table.measure for table in tables):
        verdict = _attack_measure(measure, [t for t in tables if t.measure == measure], hierarchies, threshold)
        cells, withheld = cells + verdict.cells, withheld + verdict.withheld
        findings.extend(verdict.findings)
        for how, count in verdict.checked.items():
            checked[how] = checked.get(how, 0) + count
    return Attack(cells, withheld, tuple(findings), checked)


@dataclass(frozen=True)
class Unknowns:
    """The withheld cells (by cell number) and the sums among them: ``lower <= sums @ x <= upper``."""

    cells: np.ndarray
    sums: sp.csr_array
    lower: np.ndarray
    upper: np.ndarray


def _attack_measure(
    measure: str, tables: Sequence[PublishedTable], hierarchies: Mapping[str, Hierarchy], threshold: int
) -> Attack:
    system = build_system(tables, hierarchies)
    values, known = read_published(system, tables)
    unknowns = _unknowns(system, values, known)
    small = np.flatnonzero(known & (values > 0) & (values < threshold))
    findings = [_finding(system, measure, cell, values[cell], values[cell], True) for cell in small]
    checked = dict.fromkeys(WAYS, 0)
    if len(unknowns.cells):
        found = disclosed(unknowns, threshold, checked)
        findings += [
            _finding(system, measure, unknowns.cells[i], low, high, False) for i, (low, high) in found.items()
        ]
    return Attack(system.size, len(unknowns.cells), tuple(findings), checked)


def disclosed(unknowns: Unknowns, threshold: int, checked: dict[str, int]) -> dict[int, tuple[int, int]]:
    """The unknowns, by their place in ``unknowns``, about which the reader learns too much, each with its interval.

    ``checked`` is counted up.  Raises ``InconsistentTablesError`` where no counts satisfy the sums.
    """
    # What cannot be small for a reader who allows zeros cannot be small for any.
    count = len(unknowns.cells)
    least, most = propagate(
        unknowns.sums, unknowns.lower, unknowns.upper, np.zeros(count), np.full(count, np.inf)
    )
    wanted = least < threshold
    checked["propagation"] += int((~wanted).sum())
    # A reader who knows that zeros are published gives a withheld cell at least 1; where that cannot be, zeros
    # were withheld too and she gives it at least 0.  What is wide under the first is wide under the second.
    try:
        narrow = _narrow(unknowns, 1, threshold, wanted, (least, most), checked)
        found = {i: interval for i, interval in narrow.items() if interval[0] < threshold}
        again = np.zeros(count, dtype=bool)
        again[[i for i in narrow if i not in found]] = True
    except InconsistentTablesError:
        found, again = {}, wanted
    if again.any():
        for i, interval in _narrow(unknowns, 0, threshold, again, (least, most), checked).items():
            if interval[0] < threshold:
                found[i] = interval
    return dict(sorted(found.items()))


def _finding(system: System, measure: str, cell: int, low: int, high: int, published: bool) -> Finding:
    return Finding(measure, system.locate(int(cell)), int(low), int(high), published)


def read_published(system: System, tables: Sequence[PublishedTable]) -> tuple[np.ndarray, np.ndarray]:
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


def _unknowns(system: System, values: np.ndarray, known: np.ndarray) -> Unknowns:
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
    return Unknowns(cells, sp.csr_array(among[involved]), lower, upper)


def _narrow(
    unknowns: Unknowns,
    minimum: int,
    threshold: int,
    wanted: np.ndarray,
    outer: tuple[np.ndarray, np.ndarray],
    checked: dict[str, int],
) -> dict[int, tuple[int, int]]:
    """The wanted unknowns whose interval is narrower than ``threshold``, with it.

    Every other one is proven wide, or proven not to be small for a reader who allows zeros.  ``outer`` are intervals
    that hold for that reader.
    """
    count = len(unknowns.cells)
    low, high = propagate(
        unknowns.sums, unknowns.lower, unknowns.upper, np.full(count, float(minimum)), np.full(count, np.inf)
    )
    narrow: dict[int, tuple[int, int]] = {}
    tight = wanted & (high - low < threshold)
    checked["propagation"] += int(tight.sum())
    component = components(unknowns.sums)
    order = np.argsort(component, kind="stable")
    ends = np.flatnonzero(np.diff(component[order], append=-1))
    row_component = component[unknowns.sums.indices[unknowns.sums.indptr[:-1]]]
    start = 0
    row_order = np.argsort(row_component, kind="stable")
    row_starts = np.searchsorted(row_component[row_order], np.arange(component.max() + 2))
    for end in ends:
        members = np.sort(order[start : end + 1])
        start = end + 1
        open_cells = wanted[members]
        if not open_cells.any():
            continue
        number = component[members[0]]
        rows = np.sort(row_order[row_starts[number] : row_starts[number + 1]])
        if not len(rows):
            checked["witness"] += int(open_cells.sum())
            continue
        # An unknown that nothing bounds from above still needs a bound for the solver: one beyond any proof.
        ceiling = np.where(np.isfinite(high[members]), high[members], low[members] + _FAR * threshold)
        part = sp.csr_array(unknowns.sums[rows][:, members])
        bounds = (unknowns.lower[rows], unknowns.upper[rows], low[members], ceiling)
        # What propagation shows to be narrow has no witness of width; a program says just how narrow.
        program = _prove(part, *bounds, threshold, open_cells & ~tight[members])
        left = open_cells & (program.proven_width() < threshold)
        if len(members) > LARGE_COMPONENT:
            ceilings = np.where(np.isfinite(outer[1][members]), outer[1][members], _FAR * threshold)
            excluded = _cannot_be_small(part, *bounds[:2], outer[0][members], ceilings, threshold, left)
            checked["neighbourhood"] += int(excluded.sum())
            open_cells, left = open_cells & ~excluded, left & ~excluded
        program.settle(threshold, left)
        width = program.proven_width()
        for i in np.flatnonzero(open_cells & (width < threshold)):
            narrow[int(members[i])] = program.bounds(int(i))
        checked["witness"] += int((open_cells & ~left).sum())
        checked["program"] += int(left.sum())
        checked["programs_solved"] += program.solved
    return narrow


def _prove(
    sums: sp.csr_array,
    lower: np.ndarray,
    upper: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    threshold: int,
    wanted: np.ndarray,
) -> Program:
    """The program of a component, after as many of the wanted unknowns as possible are proven wide by witnesses."""
    large = sums.shape[1] > LARGE_COMPONENT
    program = Program(sums, lower, upper, low, high, interior=large)
    if not large:
        program.sweep(threshold, wanted)
        return program
    program.sweep(threshold, wanted, most_steps=sums.shape[1])
    point = np.clip(program.centre, low, high)
    columns = sp.csc_array(sums)
    for largest in NEIGHBOURHOODS:
        entered = np.zeros(len(wanted), dtype=bool)
        for seed in np.flatnonzero(wanted & (program.proven_width() < threshold)):
            if entered[seed] or program.proven_width(np.array([seed]))[0] >= threshold:
                continue
            inside = grow(sums, columns, int(seed), largest)
            entered[inside] = True
            rows = np.unique(columns[:, inside].indices)
            near = sp.csr_array(sums[rows][:, inside])
            outside = sums[rows] @ point - near @ point[inside]
            here = near @ point[inside]
            # The point holds only to the solver's tolerance; its own sums are allowed, so the program has a solution.
            local = Program(
                near,
                np.minimum(lower[rows] - outside, here),
                np.maximum(upper[rows] - outside, here),
                low[inside],
                high[inside],
            )
            local.sweep(threshold, wanted[inside] & (program.proven_width(inside) < threshold))
            program.learn(inside, local.lowest, local.highest)
            program.solved += local.solved
    return program


def _cannot_be_small(
    sums: sp.csr_array,
    lower: np.ndarray,
    upper: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    threshold: int,
    wanted: np.ndarray,
) -> np.ndarray:
    """Which of the wanted unknowns are at least ``threshold`` by the sums of a neighbourhood alone.

    Leaving sums out gives the reader less, so what follows from some of them follows from all.
    """
    columns = sp.csc_array(sums)
    length = np.diff(sums.indptr)
    excluded = np.zeros(len(wanted), dtype=bool)
    for seed in np.flatnonzero(wanted):
        if excluded[seed]:
            continue
        inside = grow(sums, columns, int(seed), NEIGHBOURHOODS[0])
        rows, within = np.unique(columns[:, inside].indices, return_counts=True)
        rows = rows[within == length[rows]]
        if not len(rows):
            continue
        local = Program(sp.csr_array(sums[rows][:, inside]), lower[rows], upper[rows], low[inside], high[inside])
        order = np.flatnonzero(wanted[inside] & ~excluded[inside])
        for place in sorted(order.tolist(), key=lambda place: inside[place] != seed):
            if local.lowest[place] < threshold - TOLERANCE:
                continue
            excluded[inside[place]] = local.least(place) >= threshold - TOLERANCE
    return excluded


LARGE_COMPONENT = 1500
"""Unknowns of a component beyond which witnesses are looked for in neighbourhoods first."""

NEIGHBOURHOODS = (150, 600)
"""Sizes of the neighbourhoods, tried one after the other."""

_FAR = 1_000_000

WAYS = ("propagation", "witness", "neighbourhood", "program", "programs_solved")
"""How a cell was decided, and how many programs were solved."""


def components(sums: sp.csr_array) -> np.ndarray:
    """The connected component of each unknown: two unknowns of one sum are connected."""
    pattern = abs(sums)
    graph = sp.block_array([[None, pattern], [pattern.T, None]])
    _, labels = connected_components(graph, directed=False)
    return np.unique(labels[sums.shape[0] :], return_inverse=True)[1]
