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

CANDIDATES = 20_000
"""Classes, the smallest ones, that what is left at the end may join."""

WORTHWHILE = 0.01
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
        self.levels = np.empty((0, order.shape[1]), dtype=order.dtype)

    def run(self) -> None:
        """Give every combination that occurs a class.  Raises ``ProtectionError`` where not even one class of all keeps the policy."""
        rest = np.flatnonzero(self.finest.counts > 0)
        formed = [self.levels]
        # The last combination is the top, where records are suppressed: what is left rather joins a class, if it can.
        for levels in self.order[:-1]:
            if not rest.size:
                break
            if rest.size > 2 * SAMPLE and self._expected(rest, levels) < WORTHWHILE:
                continue
            rest = self._step(rest, levels, formed)
        self.levels = np.concatenate(formed)
        if rest.size:
            self._absorb(rest)

    def _step(self, rest: np.ndarray, levels: np.ndarray, formed: list[np.ndarray]) -> np.ndarray:
        """Make classes of the groups among ``rest`` that keep the policy at ``levels``, and return what is left."""
        ids, _ = self._grouped(rest, levels)
        classes = self._classes(rest, ids, levels)
        kept = self.rules.kept(classes)
        if not kept.any():
            return rest
        number = np.cumsum(kept) - 1 + sum(map(len, formed))
        inside = kept[ids]
        self.owner[rest[inside]] = number[ids[inside]]
        formed.append(np.repeat(levels[None], int(kept.sum()), axis=0))
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
        classes = len(self.levels)
        members = np.flatnonzero(self.owner >= 0)
        sizes = np.rint(np.bincount(self.owner[members], weights=self.finest.counts[members], minlength=classes)).astype(np.int64)
        example = np.empty(classes, dtype=np.int64)
        example[self.owner[members]] = members
        near = np.sort(np.argsort(sizes, kind="stable")[:CANDIDATES])
        for levels in self.order if classes else ():
            if not rest.size:
                return
            able = near[(self.levels[near] <= levels).all(axis=1)]
            ids, _ = self._grouped(np.concatenate([rest, example[able]]), levels)
            mine, theirs = ids[: rest.size], ids[rest.size :]
            wanted = np.isin(theirs, mine)
            able, theirs = able[wanted], theirs[wanted]
            # The smallest class of each group.
            ranked = np.lexsort((able, sizes[able], theirs))
            cells, first = np.unique(theirs[ranked], return_index=True)
            if not cells.size:
                continue
            chosen = able[ranked[first]]
            joins = np.full(int(ids.max()) + 1, -1, dtype=np.int64)
            joins[cells] = np.arange(cells.size)
            with_class = np.full(classes, -1, dtype=np.int64)
            with_class[chosen] = np.arange(cells.size)
            taken = members[with_class[self.owner[members]] >= 0]
            coming = joins[mine] >= 0
            together = np.concatenate([rest[coming], taken])
            place = np.concatenate([joins[mine[coming]], with_class[self.owner[taken]]])
            kept = self.rules.kept(self._classes(together, place, levels))
            self.levels[chosen[kept]] = levels
            coming[coming] = kept[joins[mine[coming]]]
            new = rest[coming]
            self.owner[new] = chosen[joins[mine[coming]]]
            sizes += np.rint(np.bincount(self.owner[new], weights=self.finest.counts[new], minlength=classes)).astype(np.int64)
            members = np.concatenate([members, new])
            rest = rest[~coming]
        if rest.size:
            self._join_all(rest)

    def _join_all(self, rest: np.ndarray) -> None:
        """Put what is left into one class at the top, with the smallest classes, twice as many at each try, until it keeps the policy."""
        top = np.array([len(ladder.sizes) - 1 for ladder in self.frequencies.ladders])
        number = len(self.levels)
        self.levels = np.concatenate([self.levels, top[None].astype(self.levels.dtype)])
        members = np.flatnonzero(self.owner >= 0)
        sizes = np.bincount(self.owner[members], weights=self.finest.counts[members], minlength=number)
        self.owner[rest] = number
        order, taken, more = np.argsort(sizes, kind="stable"), 0, 0
        while True:
            inside = np.flatnonzero(self.owner == number)
            if self.rules.kept(self._classes(inside, np.zeros(inside.size, dtype=np.int64), top))[0]:
                return
            if taken == number:
                break
            more = max(1, 2 * more)
            joining = np.isin(self.owner, order[taken : taken + more])
            self.owner[joining] = number
            taken = min(taken + more, number)
        raise ProtectionError("the policy does not hold of all records taken together, so no recoding can keep it; ask for less")

    def published(self) -> list[np.ndarray]:
        """Per quasi-identifier, the node that each combination is published as."""
        levels = self.levels if self.rules.policy.k_map is not None else self._tightened()
        shown = []
        for place, (ladder, column) in enumerate(zip(self.frequencies.ladders, self.finest.columns, strict=True)):
            table = np.stack([ladder.nodes[level][ladder.step(0, level)] for level in range(len(ladder.sizes))])
            level = np.where(self.owner >= 0, levels[np.maximum(self.owner, 0), place], len(ladder.sizes) - 1)
            shown.append(table[level, column])
        return shown

    def _tightened(self) -> np.ndarray:
        """The lowest levels at which the members of each class look alike."""
        members = np.flatnonzero(self.owner >= 0)
        owner = self.owner[members]
        lowest, floor = self.levels.copy(), self.order.min(axis=0).tolist()
        for place, (ladder, column) in enumerate(zip(self.frequencies.ladders, self.finest.columns, strict=True)):
            values = column[members]
            for level in range(len(ladder.sizes) - 2, floor[place] - 1, -1):
                nodes = ladder.step(0, level)[values]
                some = np.empty(len(lowest), dtype=np.int64)
                some[owner] = nodes
                differ = np.zeros(len(lowest), dtype=bool)
                differ[owner[some[owner] != nodes]] = True
                lowest[~differ & (lowest[:, place] > level), place] = level
        return lowest
