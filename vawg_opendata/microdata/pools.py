"""Pools of cases: as small as they can be while no value that could hurt somebody is had by too many of a pool.

Belongs here: which classes of cases that look alike form a pool. Classes stay whole, and neighbours in the order given are put together, so that
pools are of one place and time where that is possible. The rule is that of (alpha, k)-anonymity (Wong, Li, Fu and Wang, "(alpha, k)-anonymity: an
enhanced k-anonymity model for privacy preserving data publishing", KDD 2006), held also against a reader who can tell which cases of a pool do not count:

- a field that applies to some cases only, such as a question that is asked of some victims, would tell all about the one whom everybody knows
  to have been asked. So it applies to none of a pool or to enough, and the share is one of the cases to which it applies;
- a value that what is told of a case rules out, such as domestic abuse where nobody is suspected, belongs to the other cases of the pool. So the
  share is one of the cases that may have it (attacks on pools by their correlations: Kifer, "Attacks on privacy and deFinetti's theorem", SIGMOD 2009).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from anonymisation import ProtectionError
from vawg_opendata.products.linked import PoolRule

EXPECTED, SELDOM = 5.0, 0.1
"""A fact that is told rules a value out where so many cases, at least, would have both if one had nothing to do with the other, and less than this share
of them do: what is merely less likely is not ruled out, and a slip in a few records hides no rule."""


@dataclass(frozen=True)
class Answers:
    """A field of cases: per case the number of its value, from 0, or -1 where the field does not apply; `bound`: per value whether only a share of a
    pool may have it; `able`: per case and value whether the case may have it for all that is told of it."""

    name: str
    codes: np.ndarray
    bound: np.ndarray
    able: np.ndarray


def able(codes: np.ndarray, values: int, facts: Sequence[np.ndarray]) -> np.ndarray:
    """Per case and value whether no fact told of the case rules the value out. `codes` as in `Answers`; `facts`: numbers from 0, one per case."""
    having = codes >= 0
    share = np.bincount(codes[having], minlength=values) / codes.size
    possible = np.ones((codes.size, values), dtype=bool)
    for fact in facts:
        both = np.bincount(fact[having] * values + codes[having], minlength=(int(fact.max()) + 1) * values).reshape(-1, values)
        expected = np.bincount(fact)[:, None] * share
        possible &= ((both >= SELDOM * expected) | (expected < EXPECTED))[fact]
    return possible


def untellable(answers: Sequence[Answers], rule: PoolRule) -> list[str]:
    """The fields that not even all cases together can hide: too many of them have one value, or the field applies to too few."""
    one = np.zeros(answers[0].codes.size if answers else 0, dtype=np.int64)
    return [field.name for field in answers if _breaks(*_by_class(one, [field]), rule).any()]


def pool(classes: np.ndarray, answers: Sequence[Answers], rule: PoolRule) -> np.ndarray:
    """The pool of each case, numbered from 0 in the order of the classes.

    `classes`: per case the number of its class, counted from 0 in the order in which neighbours may be put together. ProtectionError where there are
    fewer cases than a pool needs, or where a field is `untellable`.
    """
    sizes, columns = np.bincount(classes), _by_class(classes, answers)
    if sizes.sum() < rule.size:
        raise ProtectionError(f"there are {sizes.sum()} cases, fewer than a pool of {rule.size}")
    lost: Collection[str] = untellable(answers, rule)
    if lost:
        raise ProtectionError(f"not even all cases together can hide {', '.join(lost)}; leave it out")
    number = _by_size(sizes, rule.size)
    sizes, columns = _sums(sizes, number), tuple(_sums(column, number) for column in columns)
    while True:
        bad = (sizes < rule.size) | _breaks(*columns, rule).any(axis=1)
        if not bad.any():
            return number[classes]
        joined = _joined(bad)
        sizes, columns = _sums(sizes, joined), tuple(_sums(column, joined) for column in columns)
        number = joined[number]


def _by_class(classes: np.ndarray, answers: Sequence[Answers]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Per class and value of all fields, as columns: the cases that have it, that may have it, and to which the field applies; and whether it is bound."""
    number = int(classes.max()) + 1 if classes.size else 0
    having, may, applying, bound = [], [], [], []
    order = np.argsort(classes, kind="stable")
    starts = np.searchsorted(classes[order], np.arange(number))
    for field in answers:
        values, applies = field.bound.size, field.codes >= 0
        having.append(np.bincount(classes[applies] * values + field.codes[applies], minlength=number * values).reshape(number, values))
        may.append(np.add.reduceat(field.able[order], starts, axis=0, dtype=np.int64) if number else np.zeros((0, values), dtype=np.int64))
        applying.append(np.repeat(np.bincount(classes[applies], minlength=number)[:, None], values, axis=1))
        bound.append(np.broadcast_to(field.bound, (number, values)))
    return tuple(np.concatenate(columns, axis=1) for columns in (having, may, applying, bound)) if answers else (np.zeros((number, 0), dtype=np.int64),) * 4


def _breaks(having: np.ndarray, may: np.ndarray, applying: np.ndarray, bound: np.ndarray, rule: PoolRule) -> np.ndarray:
    """Per pool and value, whether the rule is broken."""
    return ((applying > 0) & (applying < rule.applying)) | ((bound > 0) & (having > rule.most_alike * np.minimum(applying, may)))


def _sums(column: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Sums over rows that get the same number; the numbers never fall from row to row."""
    return np.add.reduceat(column, np.searchsorted(number, np.arange(number[-1] + 1)), axis=0)


def _by_size(counts: np.ndarray, size: int) -> np.ndarray:
    """The pool of each class: classes in their order, a new pool as soon as one is large enough; what is left at the end joins the last."""
    number, pools, inside = np.empty(counts.size, dtype=np.int64), 0, 0
    for place, count in enumerate(counts.tolist()):
        number[place] = pools
        inside += count
        if inside >= size:
            pools, inside = pools + 1, 0
    if inside and pools:
        number[number == pools] = pools - 1
    return number


def _joined(bad: np.ndarray) -> np.ndarray:
    """The new number of each pool: one that breaks the rule joins the next, the last one the one before it."""
    joins = bad.copy()
    # Of a run of bad pools every second one joins its neighbour: the rule may hold again before all of them are one.
    starts = np.flatnonzero(bad & ~np.concatenate([[False], bad[:-1]]))
    run = np.arange(bad.size) - starts[np.searchsorted(starts, np.arange(bad.size), side="right") - 1] if starts.size else np.zeros(bad.size, dtype=int)
    joins &= run % 2 == 0
    after = np.concatenate([[False], joins[:-1]])
    if joins[-1]:
        after[-1] = True
        joins[-1] = False
    return np.cumsum(~after) - 1
