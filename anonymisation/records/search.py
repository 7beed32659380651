"""The search of the lattice of levels for the recoding of whole columns that loses least.

Belongs here: which combinations of levels are looked at, in which order, and why the others need not be.  Does not belong here: how
classes are counted (``rollup``), what is lost (``losses``), what must hold (``models``).

Every combination is decided: looked at, proven to suppress too much because a coarser one does (suppression only falls as classes are
joined), or proven to lose more than the best by a bound.  Paths through the lattice are bisected: Kohlmayer et al., "Flash: efficient, stable and
optimal k-anonymity", PASSAT 2012; El Emam et al., "A globally optimal k-anonymity method", JAMIA 16(5), 2009.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from anonymisation.errors import ProtectionError
from anonymisation.records.losses import AdditiveLoss, class_losses
from anonymisation.records.models import Pairs, distinct_values, hold
from anonymisation.records.policy import RecordPolicy
from anonymisation.records.rollup import Classes, Frequencies, roll_up

MOST_COMBINATIONS = 5_000_000
"""Combinations of levels that are held at once; beyond it, the hierarchies must be made flatter."""

TIE = 1e-12
"""Losses that differ by less are the same; then fewer suppressed records decide, then the lower levels."""


@dataclass(frozen=True)
class Choice:
    """Levels, the classes there, which of them are suppressed, and what that loses by the policy's loss."""

    classes: Classes
    suppressed: np.ndarray
    loss: float
    checked: int = 0
    combinations: int = 0


class Rules:
    """What a policy asks of classes."""

    def __init__(self, policy: RecordPolicy, frequencies: Frequencies) -> None:
        self.policy = policy
        self.records = frequencies.records
        self.whole = frequencies.whole
        self.limit = int(np.floor(policy.max_suppressed * self.records + 1e-9))
        self.distinct = {name: max((distinct_values(model) for model in models), default=1) for name, models in policy.sensitive.items()}

    def lasting(self, classes: Classes) -> np.ndarray:
        """Per class, whether it keeps what joined classes keep as well if one of them does."""
        fine = classes.counts >= self.policy.k
        if self.policy.k_map is not None:
            fine &= classes.population >= self.policy.k_map
        for name, least in self.distinct.items():
            if least > 1:
                fine &= np.bincount(classes.pairs[name].row, minlength=classes.size) >= least
        return fine

    def kept(self, classes: Classes) -> np.ndarray:
        """Per class, whether the whole policy holds of it."""
        fine = self.lasting(classes)
        if any(self.policy.sensitive.values()):
            fine &= hold(self.policy.sensitive, np.maximum(classes.counts, 1), classes.pairs, self.whole)
        return fine

    def settle(self, classes: Classes) -> np.ndarray | None:
        """Which classes are suppressed, a class without records never; ``None`` where more would have to be than may.

        Where suppressed records stay, they are a class and must keep the policy themselves: the smallest classes join them
        until they do.
        """
        suppressed = ~self.kept(classes) & (classes.counts > 0)
        lost = int(classes.counts[suppressed].sum())
        if self.policy.suppressed != "top" or not lost:
            return suppressed if lost <= self.limit else None
        order = np.argsort(classes.counts, kind="stable")
        others = order[~suppressed[order] & (classes.counts[order] > 0)]
        # The pairs of a class are beside each other.
        bounds = {name: np.searchsorted(one.row, np.arange(classes.size + 1)) for name, one in classes.pairs.items()}
        found = {name: _totals(one, suppressed, len(self.whole[name].values)) for name, one in classes.pairs.items()}
        for place in (-1, *others.tolist()):
            if place >= 0:
                suppressed[place] = True
                lost += int(classes.counts[place])
                for name, one in classes.pairs.items():
                    mine = slice(bounds[name][place], bounds[name][place + 1])
                    found[name][one.value[mine]] += one.count[mine]
            if lost > self.limit:
                return None
            if self._as_one(classes, lost, found):
                return suppressed
        return None

    def _as_one(self, classes: Classes, lost: int, found: Mapping[str, np.ndarray]) -> bool:
        """Whether so many records with these sensitive values keep the policy as a class at the top."""
        # At the top the whole population looks alike.
        population = None if classes.population is None else np.array([classes.population.sum()])
        pairs = {}
        for name, total in found.items():
            values = np.flatnonzero(total)
            pairs[name] = Pairs(np.zeros(values.size, dtype=np.int64), values, total[values])
        return bool(self.kept(Classes(classes.levels, (), np.array([lost]), population, pairs))[0])


def _totals(pairs: Pairs, chosen: np.ndarray, values: int) -> np.ndarray:
    return np.rint(np.bincount(pairs.value, weights=np.where(chosen[pairs.row], pairs.count, 0), minlength=values)).astype(np.int64)


class _Lattice:
    """All combinations of levels, with what is known of each."""

    def __init__(self, heights: list[int]) -> None:
        shape = [height + 1 for height in heights]
        size = int(np.prod([float(levels) for levels in shape]))
        if size > MOST_COMBINATIONS:
            raise ProtectionError(
                f"the hierarchies have {size} combinations of levels, more than {MOST_COMBINATIONS}; leave out levels, or recode locally"
            )
        self.levels = np.indices(shape).reshape(len(shape), -1).T.astype(np.int16)
        self.shape = shape
        self.fits = np.zeros(size, dtype=np.int8)
        """-1: suppresses too much; 1: may not; 0: not known."""
        self.done = np.zeros(size, dtype=bool)
        self.bound = np.zeros(size)

    def index(self, levels: tuple[int, ...]) -> int:
        return int(np.ravel_multi_index(levels, self.shape))

    def above(self, levels: tuple[int, ...]) -> np.ndarray:
        return (self.levels >= levels).all(axis=1)

    def below(self, levels: tuple[int, ...]) -> np.ndarray:
        return (self.levels <= levels).all(axis=1)


def _unsuppressed(frequencies: Frequencies, loss: AdditiveLoss, combinations: np.ndarray) -> np.ndarray:
    """What each combination of levels loses if nothing is suppressed: no class need be counted for that."""
    total = np.full(len(combinations), -loss.lowest)
    for place, (ladder, column, cost) in enumerate(zip(frequencies.ladders, frequencies.classes.columns, loss.node, strict=True)):
        counts = np.bincount(column, weights=frequencies.classes.counts, minlength=ladder.sizes[0])
        levels = range(len(ladder.sizes))
        total += np.array([float(counts @ cost[ladder.nodes[level]][ladder.step(0, level)]) for level in levels])[combinations[:, place]]
    return total


def by_loss(frequencies: Frequencies, loss: AdditiveLoss) -> np.ndarray:
    """All combinations of levels, a row each, from the one that loses least."""
    combinations = _Lattice([len(ladder.sizes) - 1 for ladder in frequencies.ladders]).levels
    return combinations[np.argsort(_unsuppressed(frequencies, loss, combinations), kind="stable")]


class Search:
    """One search; ``best`` after ``run``.

    ``loss`` weighs the levels before any class is counted; for a policy's loss that does not add up over cells it only orders.
    """

    def __init__(self, frequencies: Frequencies, rules: Rules, loss: AdditiveLoss) -> None:
        self.frequencies, self.rules, self.loss = frequencies, rules, loss
        self.additive = rules.policy.loss in ("granularity", "entropy")
        self.lattice = _Lattice([len(ladder.sizes) - 1 for ladder in frequencies.ladders])
        self.unsuppressed = _unsuppressed(frequencies, loss, self.lattice.levels)
        if self.additive:
            self.lattice.bound[:] = self.unsuppressed
        self.stored = [frequencies.classes]
        self.best: Choice | None = None
        self.checked = 0

    def run(self) -> Choice:
        """The best choice.  Raises ``ProtectionError`` where every combination suppresses more than the policy allows."""
        lattice = self.lattice
        for place in np.argsort(self.unsuppressed, kind="stable").tolist():
            if self.best is not None and lattice.bound[place] > self.best.loss + TIE:
                if self.additive:
                    break
                continue
            if lattice.done[place] or lattice.fits[place] < 0:
                continue
            if lattice.fits[place] == 0:
                self._bisect(place)
            if lattice.fits[place] > 0 and not lattice.done[place]:
                self._look(place)
        if self.best is None:
            raise ProtectionError(
                f"no levels keep the policy with at most {self.rules.limit} of {self.frequencies.records} records suppressed; allow more to be"
                " suppressed, a smaller k, or weaker models"
            )
        best = self.best
        return Choice(best.classes, best.suppressed, best.loss, self.checked, len(lattice.levels))

    def _bisect(self, place: int) -> None:
        """Decide ``place`` and others on a path from it to the top."""
        lattice, path = self.lattice, [place]
        while True:
            here = lattice.levels[path[-1]]
            steps = []
            for column, size in enumerate(lattice.shape):
                if here[column] + 1 < size:
                    after = here.copy()
                    after[column] += 1
                    index = lattice.index(tuple(after))
                    steps.append((lattice.fits[index] > 0, self.unsuppressed[index], index))
            if not steps or min(steps)[0]:
                break
            path.append(min(steps)[2])
        low, high = 0, len(path)
        while low < high:
            middle = (low + high) // 2
            if self._look(path[middle]):
                high = middle
            else:
                low = middle + 1

    def _look(self, place: int) -> bool:
        """Count the classes at a combination, and say whether it may suppress no more than it must not; keep it if it is best."""
        lattice = self.lattice
        levels = tuple(int(level) for level in lattice.levels[place])
        if lattice.done[place]:
            return lattice.fits[place] > 0
        classes = self._classes(levels)
        self.checked += 1
        lattice.done[place] = True
        if not self.additive:
            size = int((classes.counts > 0).sum())
            bound = class_losses(classes.counts, 0)["discernibility"] if self.rules.policy.loss == "discernibility" else self.rules.records / size
            above = lattice.above(levels)
            lattice.bound[above] = np.maximum(lattice.bound[above], bound)
        least = int(classes.counts[~self.rules.lasting(classes)].sum())
        if least > self.rules.limit:
            lattice.fits[lattice.below(levels)] = -1
            return False
        lattice.fits[lattice.above(levels) & (lattice.fits == 0)] = 1
        suppressed = self.rules.settle(classes)
        if suppressed is None:
            return True
        lost = int(classes.counts[suppressed].sum())
        self._offer(Choice(classes, suppressed, self._weigh(classes, suppressed, lost, place)), lost)
        return True

    def _weigh(self, classes: Classes, suppressed: np.ndarray, lost: int, place: int) -> float:
        if not self.additive:
            return class_losses(classes.counts[~suppressed & (classes.counts > 0)], lost)[self.rules.policy.loss]
        saved = 0.0
        if lost:
            counts = classes.counts[suppressed]
            for ladder, level, column, cost in zip(self.frequencies.ladders, classes.levels, classes.columns, self.loss.node, strict=True):
                saved += float(counts @ cost[ladder.nodes[level]][column[suppressed]])
        return float(self.unsuppressed[place]) + lost * self.loss.top - saved

    def _offer(self, choice: Choice, lost: int) -> None:
        best = self.best
        if best is not None:
            rest = int(best.classes.counts[best.suppressed].sum())
            if choice.loss > best.loss + TIE or (choice.loss >= best.loss - TIE and (rest, best.classes.levels) < (lost, choice.classes.levels)):
                return
        self.best = choice

    def _classes(self, levels: tuple[int, ...]) -> Classes:
        """The classes at ``levels``, rolled up from the fewest that are stored and finer."""
        finer = [one for one in self.stored if all(mine <= asked for mine, asked in zip(one.levels, levels, strict=True))]
        source = min(finer, key=lambda one: one.size)
        classes = roll_up(source, self.frequencies.ladders, levels)
        if classes.size <= source.size // 2 and sum(one.size for one in self.stored[1:]) + classes.size <= self.stored[0].size + 1_000_000:
            self.stored.append(classes)
        return classes
