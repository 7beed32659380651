"""Verdicts on connected components: what is disclosed in each, found once however often it comes again.

Belongs here: asking the intruder about sums over unknowns, each component in one order of its unknowns and sums however it came about.
Does not belong here: where the sums come from (``joint``), or how an interval is found (``intruder``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from anonymisation.intruder.attack import CHECKED
from anonymisation.intruder.intervals import Reckoning, narrower
from anonymisation.intruder.unknowns import Unknowns
from anonymisation.releases.joint import Merged, sum_marks
from anonymisation.releases.memory import asked_once


@dataclass(frozen=True)
class _Verdict:
    """The disclosed unknowns of a component, by place in its order, with their intervals; and how all were decided."""

    narrow: dict[int, tuple[int, int]]
    checked: dict[str, int]


class Verdicts:
    """What was found about components; ``checked`` is told how their cells were decided, of components that come again once."""

    def __init__(self, threshold: int, checked: dict[str, int]) -> None:
        self._threshold, self._checked = threshold, checked
        self._seen: set[bytes] = set()

    def narrow(self, merged: Merged, names: np.ndarray) -> dict[int, tuple[int, int]]:
        """The unknowns that are disclosed, with their intervals; ``names`` recognises each.

        Raises ``InconsistentTablesError`` where no counts satisfy the sums.
        """
        if not merged.sums.shape[0]:
            return {}
        rows_of = merged.rows_of()
        keys = self._keys(merged, names, rows_of)
        count = len(keys)
        columns = np.lexsort((names, merged.component))
        column_starts = np.searchsorted(merged.component[columns], np.arange(count + 1))
        place = np.empty(len(columns), dtype=np.int64)
        place[columns] = np.arange(len(columns)) - column_starts[merged.component[columns]]
        marks = sum_marks(merged.sums, place, merged.lower, merged.upper)
        rows = np.lexsort((marks[:, 1], marks[:, 0], rows_of))
        row_starts = np.searchsorted(rows_of[rows], np.arange(count + 1))
        sums = sp.csr_array(merged.sums[rows][:, columns])
        sums.sort_indices()
        lower, upper, least = merged.lower[rows], merged.upper[rows], merged.least[columns]
        narrow = {}
        for component, key in keys.items():
            first, last = column_starts[component], column_starts[component + 1]
            here = slice(row_starts[component], row_starts[component + 1])
            verdict = self._verdict(sums, here, (first, last), lower[here], upper[here], least[first:last])
            narrow |= {int(columns[first + at]): interval for at, interval in verdict.narrow.items()}
            self._checked["components"] += 1
            self._checked["components_known"] += key in self._seen
            for name, number in verdict.checked.items() if key not in self._seen else ():
                self._checked[name] += number
            self._seen.add(key)
        return dict(sorted(narrow.items()))

    def _verdict(
        self, sums: sp.csr_array, rows: slice, columns: tuple[int, int], lower: np.ndarray, upper: np.ndarray, least: np.ndarray
    ) -> _Verdict:
        """The verdict on one component, whose rows and columns follow each other in ``sums``."""
        if rows.start == rows.stop:  # an unknown that no sum has can be anything
            return _Verdict({}, {"witness": columns[1] - columns[0]})
        start, end = sums.indptr[rows.start], sums.indptr[rows.stop]
        indptr, indices, data = sums.indptr[rows.start : rows.stop + 1] - start, sums.indices[start:end] - columns[0], sums.data[start:end]

        def judged() -> _Verdict:
            size = columns[1] - columns[0]
            unknowns = Unknowns(np.arange(size), sp.csr_array((data, indices, indptr), shape=(len(lower), size)), lower, upper)
            checked = dict.fromkeys(CHECKED, 0)
            return _Verdict(_disclosed(unknowns, least, self._threshold, checked), checked)

        return asked_once(f"disclosed {self._threshold}", (indptr, indices, data, lower, upper, least), judged)

    def _keys(self, merged: Merged, names: np.ndarray, rows_of: np.ndarray) -> dict[int, bytes]:
        """By component, a key of its unknowns, what is known of each, and its sums with their bounds."""
        marks = sum_marks(merged.sums, 2 * names + merged.least, merged.lower, merged.upper)
        count = int(merged.component.max()) + 1
        totals = np.zeros((count, marks.shape[1] + 1), dtype=np.uint64)
        with np.errstate(over="ignore"):
            np.add.at(totals[:, :-1], rows_of, marks)
        totals[:, -1] = np.bincount(merged.component, minlength=count)
        return {component: totals[component].tobytes() for component in range(count)}


def _disclosed(unknowns: Unknowns, least: np.ndarray, threshold: int, checked: dict[str, int]) -> dict[int, tuple[int, int]]:
    """The unknowns, by place, that are known too closely, each with its interval, for a reader who knows each to be ``least`` or more.

    What is too large to be small only for who uses that, is judged again for who does not.
    """
    lowest, highest = unknowns.bounds(0)
    judged = lowest < threshold
    reckoning = Reckoning(len(judged))
    reckoning.decided(~judged, "propagation")
    determined = unknowns.determined()

    def narrow(minimum: int | np.ndarray, wanted: np.ndarray) -> dict[int, tuple[int, int]]:
        return narrower(unknowns, minimum, threshold, wanted, determined, reckoning, (threshold, lowest, highest))

    first = narrow(least, judged)
    found = {i: ends for i, ends in first.items() if ends[0] < threshold}
    again = np.zeros_like(judged)
    again[[i for i in first if i not in found]] = True
    if again.any():
        found |= {i: ends for i, ends in narrow(0, again).items() if ends[0] < threshold}
    reckoning.add_to(checked)
    return found
