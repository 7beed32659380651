"""Local recoding: each combination of values is coarsened no more than it takes to find others like it.

Belongs here: which combinations are put together and at which levels.  Does not belong here: the recoding of whole columns (``search``),
how a loss is defined (``losses``).

The combinations of levels are gone through from the one that loses least; at each, the combinations of values that are still
alone are grouped, and every group that keeps the policy is a class.  So the rare ones are coarsened and the frequent ones are not.
A class is then published at the lowest levels at which its members look alike.  What is left at the end joins the class
that it coarsens least.  Records with the same values are always treated alike: the recoding is a function of what a record was.

This is iterated recoding as in ARX (Prasser et al., "Flexible data anonymization using ARX", Software: Practice and Experience 50(7), 2020),
with a step per combination of levels instead of one per optimum of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from anonymisation.errors import ProtectionError
from anonymisation.records.models import Pairs
from anonymisation.records.rollup import Classes, Frequencies, combine, group
from anonymisation.records.search import Rules

SAMPLE = 20_000
"""Combinations of values that are looked at to judge whether a step would find classes, where there are more."""

WORTHWHILE = 0.003
"""Share of what is left that a step must be expected to bring into classes, while more than a sample is left."""


class LocalRecoding:
    """Puts combinations of values into classes; ``owner`` is the class of each, -1 while it has none.

    ``levels``: per class, those at which it was formed.  ``order``: the combinations of levels, from the one that loses least, as an array of
    one row each.
    """

    def __init__(self, frequencies: Frequencies, rules: Rules, order: np.ndarray) -> None:
        self.frequencies, self.rules, self.order = frequencies, rules, order
        self.finest = frequencies.classes
        self.owner = np.full(self.finest.size, -1, dtype=np.int64)
        self.levels: list[tuple[int, ...]] = []

    def run(self) -> None:
        """Give every combination that occurs a class.  Raises ``ProtectionError`` where not even one class of all keeps the policy."""
        rest = np.flatnonzero(self.finest.counts > 0)
        for levels in self.order:
            if not rest.size:
                return
            if rest.size > 2 * SAMPLE and self._expected(rest, levels) < WORTHWHILE:
                continue
            rest = self._step(rest, levels)
        if rest.size:
            self._absorb(rest)

    def _step(self, rest: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Make classes of the groups among ``rest`` that keep the policy at ``levels``, and return what is left."""
        ids, _ = self._grouped(rest, levels)
        classes = self._classes(rest, ids, levels)
        kept = self.rules.kept(classes)
        if not kept.any():
            return rest
        number = np.cumsum(kept) - 1 + len(self.levels)
        inside = kept[ids]
        self.owner[rest[inside]] = number[ids[inside]]
        self.levels += [tuple(levels.tolist())] * int(kept.sum())
        return rest[~inside]

    def _expected(self, rest: np.ndarray, levels: np.ndarray) -> float:
        """An estimate of the share of ``rest`` in groups of at least ``k`` records, by pairs of a sample that look alike."""
        picked = rest[:: max(1, rest.size // SAMPLE)]
        key = np.sort(self._key(picked, levels))
        same = np.diff(np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1], [True]])))
        others = float((same * (same - 1)).sum()) / picked.size**2 * float(self.finest.counts[rest].sum())
        return others / self.rules.policy.k

    def _key(self, rows: np.ndarray, levels: np.ndarray) -> np.ndarray:
        return combine(*self._at(rows, levels))

    def _grouped(self, rows: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return group(*self._at(rows, levels))

    def _at(self, rows: np.ndarray, levels: np.ndarray) -> tuple[list[np.ndarray], list[int]]:
        ladders = self.frequencies.ladders
        columns = [
            ladder.step(0, level).astype(column.dtype)[column[rows]]
            for ladder, column, level in zip(ladders, self.finest.columns, levels.tolist(), strict=True)
        ]
        return columns, [ladder.sizes[level] for ladder, level in zip(ladders, levels.tolist(), strict=True)]

    def _classes(self, rows: np.ndarray, ids: np.ndarray, levels: np.ndarray) -> Classes:
        """The groups ``ids`` of the combinations ``rows`` as classes at ``levels``."""
        size = int(ids.max()) + 1
        counts = np.rint(np.bincount(ids, weights=self.finest.counts[rows], minlength=size)).astype(np.int64)
        population = None
        if self.finest.population is not None:
            # Who could be meant is everyone in the population who looks like the class, whatever class they would be in.
            keys = self._key(rows, levels)
            everyone = self._key(np.arange(self.finest.size), levels)
            found, place = np.unique(everyone, return_inverse=True)
            people = np.bincount(place, weights=self.finest.population)
            population = np.zeros(size, dtype=np.int64)
            population[ids] = np.rint(people[np.searchsorted(found, keys)]).astype(np.int64)
        return Classes(tuple(levels.tolist()), (), counts, population, self._pairs(rows, ids))

    def _pairs(self, rows: np.ndarray, ids: np.ndarray) -> Mapping[str, Pairs]:
        found = {}
        if self.finest.pairs:
            place = np.full(self.finest.size, -1, dtype=np.int64)
            place[rows] = ids
        for name, one in self.finest.pairs.items():
            row = place[one.row]
            inside = row >= 0
            values = int(one.value.max()) + 1
            key, index = np.unique(row[inside] * values + one.value[inside], return_inverse=True)
            counts = np.rint(np.bincount(index, weights=one.count[inside], minlength=key.size)).astype(np.int64)
            found[name] = Pairs(key // values, key % values, counts)
        return found

    def _absorb(self, rest: np.ndarray) -> None:
        """Let what is left join classes: at each combination of levels, the smallest one there that keeps the policy with it."""
        for levels in self.order:
            if not rest.size:
                return
            formed = np.array(self.levels, dtype=np.int64).reshape(-1, len(levels))
            able = (formed <= levels).all(axis=1)
            members = np.flatnonzero(self.owner >= 0)
            members = members[able[self.owner[members]]]
            if not members.size:
                continue
            rows = np.concatenate([rest, members])
            ids, _ = self._grouped(rows, levels)
            mine, theirs = ids[: rest.size], ids[rest.size :]
            owners, index = np.unique(self.owner[members], return_inverse=True)
            sizes = np.bincount(index, weights=self.finest.counts[members])
            cell = np.empty(owners.size, dtype=np.int64)
            cell[index] = theirs
            ranked = np.lexsort((owners, sizes, cell))
            ranked = ranked[np.isin(cell[ranked], mine)]
            first = np.unique(cell[ranked], return_index=True)[1]
            chosen = ranked[first]  # the smallest class of each cell
            if not chosen.size:
                continue
            joins = np.full(int(ids.max()) + 1, -1, dtype=np.int64)
            joins[cell[chosen]] = owners[chosen]
            taken = joins[theirs] == self.owner[members]
            together = np.concatenate([rest[joins[mine] >= 0], members[taken]])
            found, place = np.unique(np.concatenate([mine[joins[mine] >= 0], theirs[taken]]), return_inverse=True)
            kept = self.rules.kept(self._classes(together, place, levels))
            for cell_id in found[kept].tolist():
                self.levels[joins[cell_id]] = tuple(levels.tolist())
            accepted = np.zeros(int(ids.max()) + 1, dtype=bool)
            accepted[found[kept]] = True
            self.owner[rest[accepted[mine]]] = joins[mine[accepted[mine]]]
            rest = rest[~accepted[mine]]
        if rest.size:
            self._join_all(rest)

    def _join_all(self, rest: np.ndarray) -> None:
        """Put what is left into one class at the top, with as many of the smallest classes as it takes."""
        top = np.array([len(ladder.sizes) - 1 for ladder in self.frequencies.ladders])
        number = len(self.levels)
        self.levels.append(tuple(top.tolist()))
        members = np.flatnonzero(self.owner >= 0)
        sizes = np.bincount(self.owner[members], weights=self.finest.counts[members], minlength=number)
        self.owner[rest] = number
        for one in (-1, *np.argsort(sizes, kind="stable").tolist()):
            if one >= 0:
                self.owner[self.owner == one] = number
            inside = np.flatnonzero(self.owner == number)
            if self.rules.kept(self._classes(inside, np.zeros(inside.size, dtype=np.int64), top))[0]:
                return
        raise ProtectionError("the policy does not hold of all records taken together, so no recoding can keep it; ask for less")

    def published(self) -> list[np.ndarray]:
        """Per quasi-identifier, the node that each combination is published as."""
        levels = np.array(self.levels, dtype=np.int64).reshape(-1, len(self.frequencies.ladders))
        if self.rules.policy.k_map is None:
            levels = self._tightened(levels)
        shown = []
        for place, (ladder, column) in enumerate(zip(self.frequencies.ladders, self.finest.columns, strict=True)):
            table = np.stack([ladder.nodes[level][ladder.step(0, level)] for level in range(len(ladder.sizes))])
            level = np.where(self.owner >= 0, levels[np.maximum(self.owner, 0), place], len(ladder.sizes) - 1)
            shown.append(table[level, column])
        return shown

    def _tightened(self, levels: np.ndarray) -> np.ndarray:
        """The lowest levels at which the members of each class look alike."""
        members = np.flatnonzero(self.owner >= 0)
        owner = self.owner[members]
        lowest = levels.copy()
        for place, (ladder, column) in enumerate(zip(self.frequencies.ladders, self.finest.columns, strict=True)):
            values = column[members]
            for level in range(len(ladder.sizes) - 2, -1, -1):
                nodes = ladder.step(0, level)[values]
                some = np.empty(len(levels), dtype=np.int64)
                some[owner] = nodes
                differ = np.zeros(len(levels), dtype=bool)
                differ[owner[some[owner] != nodes]] = True
                lowest[~differ & (lowest[:, place] > level), place] = level
        return lowest
