"""How few secondary cells any pattern can have: a proven lower bound, beside which a pattern that was found can be judged.

`python -m benchmarks.bounds t1k exact rules` prints it as JSON for a case of `cases`.

Belongs here: the bound.  Does not belong here: patterns.

Every pattern satisfies the conditions of single sums (`anonymisation.cover`) and, of each primary cell, all *capacity constraints* (Fischetti
and Salazar-Gonzalez 2001): whatever dual solution the attacker's program has, the withheld cells must make room for the width by it.  The
cheapest fractional solution of some of them bounds all patterns from below.  Constraints that it breaks are looked for primary cell by primary
cell, by the attacker's program under bounds scaled with the fraction to which each cell is withheld, and added, round by round.  With
``--whole`` the fractions are then required to be 0 or 1; the bound is what branch and bound has proven when its time is up.

All cells cost the same.  What is proven for ``interval`` holds for ``contract``, which asks for more.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import highspy
import numpy as np
import scipy.sparse as sp

from anonymisation import Policy
from anonymisation.command.case import read_case
from anonymisation.command.pattern import is_small
from anonymisation.cover import conditions
from anonymisation.neighbours import near
from anonymisation.system import System, build_system
from benchmarks.cases import SYNTHETIC, find_published, make_synthetic
from benchmarks.runs import THRESHOLD

CORE = 0.02
"""Added to every fraction when a constraint is looked for: of many that are broken alike, one that asks few cells for much is found."""

WHOLE, NEAR = 2_000, 60
"""Cells of a system up to which the attacker looks at all sums at once, and else withheld cells whose sums she looks at."""

LEAST_BREAK = 0.02
"""By how much of the width a constraint must be broken to be added."""


def main() -> int:
    """Print the bound of a case."""
    parser = argparse.ArgumentParser(prog="benchmarks.bounds", description=__doc__)
    parser.add_argument("case", help="a published or a synthetic case")
    parser.add_argument("guarantee", choices=("exact", "interval"))
    parser.add_argument("reader", choices=("rules", "non-negative"))
    parser.add_argument("--rounds", type=int, default=30, help="rounds of capacity constraints (0: single sums only; default: 30, or until none is found)")
    parser.add_argument("--whole", type=float, default=0.0, metavar="SECONDS", help="branch and bound for so long (default: not)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vawg-bench-") as name:
        folder = Path(name) / options.case
        made = make_synthetic(options.case, 1, folder) if options.case in SYNTHETIC else find_published(options.case, folder)
        if made is None:
            raise SystemExit(f"{options.case}: the published cases are not at hand; set VAWG_SHARED")
        case = read_case(made)
    policy = Policy(THRESHOLD, options.guarantee, reader=options.reader)
    system = build_system([case.table], case.hierarchies)
    counts = np.zeros(system.size, dtype=np.int64)
    counts[system.cell_ids[case.table.name]] = case.table.counts
    found = bound(system, counts, policy, options.rounds, options.whole)
    print(json.dumps({"case": options.case, "guarantee": options.guarantee, "reader": options.reader, **found}, indent=2))
    return 0


def bound(system: System, counts: np.ndarray, policy: Policy, rounds: int, whole: float) -> dict:
    """Secondary cells that any pattern has at least, by single sums, with capacity constraints, and in whole numbers."""
    started = time.process_time()
    primary = is_small(counts, policy)
    room = np.minimum(np.maximum(counts - policy.least, 0), policy.width).astype(float)
    usable = primary | (counts > 0)
    master = _Master(system, primary, room, policy.width, usable)
    values = [master.solve()]
    attacker, added = _Attacker(system, room, policy.width), 0
    for number in range(rounds):
        fractions = master.fractions()
        cuts = attacker.broken(primary, fractions, usable)
        if not cuts:
            break
        for cut in cuts:
            master.add(*cut, primary)
        added += len(cuts)
        values.append(master.solve())
        print(f"round {number + 1}: {len(cuts)} constraints, {values[-1]:.2f}, {time.process_time() - started:.0f} s", file=sys.stderr)
    found = {"primary": int(primary.sum()), "single_sums": _least(values[0]), "capacity": _least(values[-1]), "constraints": added}
    if whole:
        found["whole"] = _least(master.solve_whole(whole))
    return found | {"processor_seconds": round(time.process_time() - started, 1)}


def _least(value: float) -> int:
    """The whole number that a bound in fractions amounts to."""
    return int(np.ceil(value - 1e-4))


def _quiet() -> highspy.Highs:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    return solver


class _Master:
    """The cheapest fractions to which cells are withheld, under the constraints so far."""

    def __init__(self, system: System, primary: np.ndarray, room: np.ndarray, width: int, usable: np.ndarray) -> None:
        self._cells = system.size
        matrix, lower, extra = conditions(system.sums, primary, room, width, usable) or (sp.csr_array((0, system.size)), np.zeros(0), 0)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = system.size + extra, matrix.shape[0]
        model.col_cost_ = np.concatenate([(~primary).astype(float), np.zeros(extra)])
        model.col_lower_ = np.concatenate([primary.astype(float), np.zeros(extra)])
        model.col_upper_ = np.concatenate([usable.astype(float), np.full(extra, highspy.kHighsInf)])
        model.row_lower_, model.row_upper_ = lower, np.full(len(lower), highspy.kHighsInf)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
        self._solver = _quiet()
        self._solver.passModel(model)

    def solve(self) -> float:
        """What the cheapest fractions cost."""
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise SystemExit(f"the bounding program ended as {self._solver.getModelStatus()}")
        return self._solver.getInfo().objective_function_value

    def fractions(self) -> np.ndarray:
        """By cell, to which fraction it is withheld."""
        return np.clip(np.asarray(self._solver.getSolution().col_value)[: self._cells], 0.0, 1.0)

    def add(self, cells: np.ndarray, weight: np.ndarray, least: float, primary: np.ndarray) -> None:
        """Add a constraint; primary cells are withheld anyway."""
        sure, free = weight[primary[cells]].sum(), ~primary[cells]
        self._solver.addRow(least - sure, highspy.kHighsInf, int(free.sum()), cells[free].astype(np.int32), weight[free])

    def solve_whole(self, seconds: float) -> float:
        """What whole solutions are proven to cost at least after so many seconds."""
        columns = np.arange(self._cells, dtype=np.int32)
        self._solver.changeColsIntegrality(self._cells, columns, np.full(self._cells, highspy.HighsVarType.kInteger))
        # Of two whole costs none lies between.
        self._solver.setOptionValue("mip_abs_gap", 0.999)
        self._solver.setOptionValue("time_limit", seconds + self._solver.getRunTime())
        self._solver.run()
        return self._solver.getInfo().mip_dual_bound


class _Attacker:
    """The attacker's program: how far a cell can rise or fall if each other can as far as it is withheld.

    Of a system of more than ``WHOLE`` cells she looks at the sums near the cell only: what these leave her is more, so the constraint holds.
    """

    def __init__(self, system: System, room: np.ndarray, width: int) -> None:
        self._room, self._width, self._size = room, width, system.size
        self._sums, self._columns = system.sums, sp.csc_array(system.sums)
        self._length = np.diff(system.sums.indptr)
        self._whole = _Sums(sp.csc_array(system.sums, dtype=np.float64)) if system.size <= WHOLE else None

    def broken(self, primary: np.ndarray, fractions: np.ndarray, usable: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, float]]:
        """Constraints that the fractions break: ``weight @ withheld[cells] >= least``."""
        scaled = np.where(usable, np.minimum(fractions + CORE, 1.0), 0.0)
        low, high = -self._room * scaled, self._width * scaled
        found, seen = [], set()
        for cell in np.flatnonzero(primary).tolist():
            if self._whole:
                program, inside = self._whole, np.arange(self._size)
            else:
                near_by = near(self._sums, self._columns, self._length, np.array([cell]), fractions > CORE, NEAR)
                rows = np.unique(self._columns[:, near_by].indices)
                part = self._sums[rows]
                inside = np.unique(part.indices)
                program = _Sums(sp.csc_array(part[:, inside], dtype=np.float64))
            cut = self._constraint(program, inside, cell, low[inside], high[inside])
            if cut is None:
                continue
            weight, least = cut
            kept = np.flatnonzero(weight * usable[inside])
            cells, weight = inside[kept], weight[kept]
            key = cells.tobytes() + weight.tobytes()
            if key not in seen and weight @ fractions[cells] < least - LEAST_BREAK * self._width:
                seen.add(key)
                found.append((cells, weight, least))
        return found

    def _constraint(self, program: "_Sums", inside: np.ndarray, cell: int, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, float] | None:
        """The constraint of the attacker's dual solution for a cell, or None where she cannot tell it to be close.

        By that solution the cell rises and falls by no more than the others, as far as each is withheld, allow: a rising one without limit,
        a falling one by its room.  No cell counts for more than the whole need.
        """
        place, fall = int(np.searchsorted(inside, cell)), self._room[cell]
        low, high = low.copy(), high.copy()
        low[place], high[place] = -fall, self._width
        weight, reached, own = np.zeros(len(inside)), 0.0, 0.0
        for sign in (1.0, -1.0):
            value, price = program.furthest(place, sign, low, high)
            reached += sign * value
            # Of a minimum, what is above 0 rests on a lower bound, and what is below on an upper.
            own += max(price[place], 0.0) * fall + max(-price[place], 0.0) * self._width
            price[place] = 0.0
            weight += np.where(price < -1e-9, np.inf, np.where(price > 1e-9, price * self._room[inside], 0.0))
        least = self._width - own
        if reached >= self._width - 1e-6 or least <= 1e-6:
            return None
        return np.minimum(weight, least), least


class _Sums:
    """Changes of some cells that leave some sums as they are."""

    def __init__(self, matrix: sp.csc_array) -> None:
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = matrix.shape
        model.col_cost_ = np.zeros(matrix.shape[1])
        model.col_lower_, model.col_upper_ = np.zeros(matrix.shape[1]), np.zeros(matrix.shape[1])
        model.row_lower_ = model.row_upper_ = np.zeros(matrix.shape[0])
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
        self._columns = np.arange(matrix.shape[1], dtype=np.int32)
        self._solver = _quiet()
        self._solver.setOptionValue("simplex_strategy", 4)
        self._solver.setOptionValue("presolve", "off")
        self._solver.passModel(model)

    def furthest(self, cell: int, sign: float, low: np.ndarray, high: np.ndarray) -> tuple[float, np.ndarray]:
        """How far a cell can rise (``sign`` 1) or fall (-1) between bounds of all changes, and the reduced costs."""
        self._solver.changeColsBounds(len(low), self._columns, low, high)
        self._solver.changeColCost(cell, -sign)
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise SystemExit(f"the attacker's program ended as {self._solver.getModelStatus()}")
        solution = self._solver.getSolution()
        self._solver.changeColCost(cell, 0.0)
        return solution.col_value[cell], np.asarray(solution.col_dual).copy()


if __name__ == "__main__":
    sys.exit(main())
