"""Verdicts on connected components: what is disclosed in each, found once however often it comes again.

Belongs here: asking the intruder about sums over unknowns, and remembering the answers.  Does not belong here: where
the sums come from (``joint``), or how an interval is found (``intruder``).
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from anonymisation.intruder.intervals import Reckoning, narrower
from anonymisation.intruder.unknowns import Unknowns
from anonymisation.releases.joint import Merged, sum_marks


class Verdicts:
    """What was found about components, so that one that comes again costs nothing.

    ``whole``: find what follows from counts being whole, too; without it a verdict costs less, and misses that.
    """

    def __init__(self, threshold: int, checked: dict[str, int], whole: bool = True) -> None:
        self._threshold, self._whole = threshold, whole
        self._checked = checked
        self._known: dict[bytes, dict[int, tuple[int, int]]] = {}

    def narrow(self, merged: Merged, names: np.ndarray) -> dict[int, tuple[int, int]]:
        """The unknowns that are disclosed, with their intervals; ``names`` recognises each."""
        if not merged.sums.shape[0]:
            return {}
        rows_of = merged.rows_of()
        keys = self._keys(merged, names, rows_of)
        unseen = np.array([keys[component] not in self._known for component in range(len(keys))])
        self._checked["components"] += len(keys)
        self._checked["components_known"] += int((~unseen).sum())
        column_unseen, row_unseen = unseen[merged.component], unseen[rows_of]
        if row_unseen.any():
            columns = np.flatnonzero(column_unseen)
            sums = sp.csr_array(merged.sums[np.flatnonzero(row_unseen)][:, columns])
            unknowns = Unknowns(columns, sums, merged.lower[row_unseen], merged.upper[row_unseen])
            found = _disclosed(unknowns, merged.least[columns], self._threshold, self._checked, self._whole)
            for component in np.flatnonzero(unseen).tolist():
                self._known[keys[component]] = {}
            for place, interval in found.items():
                column = int(columns[place])
                self._known[keys[int(merged.component[column])]][int(names[column])] = interval
        narrow = {}
        told = {component for component, key in keys.items() if self._known.get(key)}
        for column in np.flatnonzero(np.isin(merged.component, list(told))).tolist():
            interval = self._known[keys[int(merged.component[column])]].get(int(names[column]))
            if interval is not None:
                narrow[column] = interval
        return narrow

    def _keys(self, merged: Merged, names: np.ndarray, rows_of: np.ndarray) -> dict[int, bytes]:
        """By component, a key of its unknowns, what is known of each, and its sums with their bounds."""
        marks = sum_marks(merged.sums, 2 * names + merged.least, merged.lower, merged.upper)
        count = int(merged.component.max()) + 1
        totals = np.zeros((count, marks.shape[1] + 1), dtype=np.uint64)
        with np.errstate(over="ignore"):
            np.add.at(totals[:, :-1], rows_of, marks)
        totals[:, -1] = np.bincount(merged.component, minlength=count)
        return {component: totals[component].tobytes() for component in range(count)}


def _disclosed(
    unknowns: Unknowns, least: np.ndarray, threshold: int, checked: dict[str, int], whole: bool
) -> dict[int, tuple[int, int]]:
    """The unknowns, by place, that are known too closely, each with its interval, for a reader who knows each to be ``least`` or more.

    What is too large to be small only for who uses that, is judged again for who does not.
    """
    lowest, highest = unknowns.bounds(0)
    judged = lowest < threshold
    reckoning = Reckoning(len(judged))
    reckoning.decided(~judged, "propagation")
    determined = unknowns.determined()

    def narrow(minimum: int | np.ndarray, wanted: np.ndarray) -> dict[int, tuple[int, int]]:
        return narrower(unknowns, minimum, threshold, wanted, determined, reckoning, (threshold, lowest, highest), whole=whole)

    first = narrow(least, judged)
    found = {i: ends for i, ends in first.items() if ends[0] < threshold}
    again = np.zeros_like(judged)
    again[[i for i in first if i not in found]] = True
    if again.any():
        found |= {i: ends for i, ends in narrow(0, again).items() if ends[0] < threshold}
    reckoning.add_to(checked)
    return found
