"""The privacy models as measures: for a table and a sensitive column, the parameter that each model holds with.

Belongs here: formulas on the frequencies of sensitive values by class.  Does not belong here: how these are counted
(``classes``), risk of re-identification (``risk``).

All are defined as pycanon 1.3.5 defines them (Sáinz-Pardo Díaz and López García, "A Python library to check the level of anonymity of
a dataset", Scientific Data 9, 2022), so that our figures can be compared with other people's.  In three places that differs
from the literature, and each is named at its field.  p is the share of a value in the whole table, q its share in a class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anonymisation.measures.classes import Classes, Values


@dataclass(frozen=True)
class Diversity:
    """What a table reveals of one sensitive column, or of several (the worst of them).

    ``l``: distinct values in the class that has fewest (Machanavajjhala et al., "l-Diversity", ACM TKDD 1(1), 2007).

    ``effective_l``: exp of the smallest entropy of a class; the table is entropy l-diverse for l up to it (ibid.).
    ``entropy_l``: the same cut to a whole number as pycanon does it, in floating point: seven values of equal share are 6.

    ``alpha``: the largest share of one value in a class (Wong et al., "(alpha, k)-anonymity", KDD 2006).

    ``c``: pycanon's c of recursive (c, l)-diversity at ``l``, not a number where ``l`` is 1.  It takes the frequencies in
    ascending order, where the definition takes them in descending order; ``recursive_c`` is the definition.

    ``basic_beta``: largest (q - p) / p; ``enhanced_beta``: the largest over values of the smaller of that and -ln p
    (Cao and Karras, "Publishing microdata with a robust privacy guarantee", PVLDB 5(11), 2012).

    ``delta``: largest abs(ln(q / p)) over values that occur in the class (Brickell and Shmatikov, "The cost of privacy", KDD 2008,
    whose definition is infinite where a value of the table is missing in a class).

    ``t``: largest distance of a class from the table (Li, Li and Venkatasubramanian, "t-Closeness", ICDE 2007): for numbers the ordered
    distance, for all else the equal distance.  The type of the column decides, so categories coded in digits count as
    numbers in a CSV.  Numbers with blanks take the equal distance, which is never less than the ordered one wherever a
    blank is put.
    """

    l: int  # noqa: E741
    entropy_l: int
    effective_l: float
    alpha: float
    c: float
    basic_beta: float
    enhanced_beta: float
    delta: float
    t: float


def diversity(classes: Classes, sensitive: str) -> Diversity:
    """All measures of one sensitive column."""
    values = classes.sensitive[sensitive]
    starts = _starts(values)
    q = values.counts / values.sizes[values.classes]
    p = np.bincount(values.values, weights=values.counts) / values.sizes.sum()
    ratio = q / p[values.values]
    smallest = float(np.exp(-np.add.reduceat(q * np.log(q), starts)).min())
    distinct = distinct_values(classes, sensitive)
    # A value that a class lacks has q = 0 and (q - p) / p = -1; it is never the largest.
    beta = float((ratio - 1).max())
    return Diversity(
        l=distinct,
        entropy_l=_cut(smallest),
        effective_l=smallest,
        alpha=float(q.max()),
        c=_ascending_c(classes, [sensitive], distinct),
        basic_beta=beta,
        enhanced_beta=float(np.minimum(beta, -np.log(p)).max()),
        delta=float(np.abs(np.log(ratio)).max()),
        t=_ordered_distance(values, q, p) if values.ordered else _equal_distance(values, q, p, starts),
    )


def worst(classes: Classes, each: Sequence[Diversity]) -> Diversity:
    """The worst over all sensitive columns of ``classes``, of which ``each`` holds the measures, as pycanon takes it."""
    least = min(one.l for one in each)
    return Diversity(
        l=least,
        entropy_l=min(one.entropy_l for one in each),
        effective_l=min(one.effective_l for one in each),
        alpha=max(one.alpha for one in each),
        c=_ascending_c(classes, list(classes.sensitive), least),
        basic_beta=max(one.basic_beta for one in each),
        enhanced_beta=max(one.enhanced_beta for one in each),
        delta=max(one.delta for one in each),
        t=max(one.t for one in each),
    )


def distinct_values(classes: Classes, sensitive: str) -> int:
    """The number of distinct values in the class that has fewest."""
    return int(np.bincount(classes.sensitive[sensitive].classes).min())


def recursive_c(classes: Classes, sensitive: str, l: int) -> float:  # noqa: E741
    """The c above which the table is recursive (c, l)-diverse in a column; infinite where a class has fewer than ``l`` values.

    With the frequencies of a class in descending order, r1 < c (rl + ... + rm) (Machanavajjhala et al. 2007); this is
    the largest r1 / (rl + ... + rm).
    """
    if l < 1:
        raise ValueError(f"l is {l}; diversity is at least 1")
    values = classes.sensitive[sensitive]
    counts, place = _ranked(values, descending=True)
    first = counts[place == 0]
    tail = np.bincount(values.classes, weights=np.where(place >= l - 1, counts, 0))
    with np.errstate(divide="ignore"):
        return float((first / tail).max())


def _ascending_c(classes: Classes, sensitive: Sequence[str], l: int) -> float:  # noqa: E741
    if l < 2:
        return math.nan
    largest = 0.0
    for name in sensitive:
        values = classes.sensitive[name]
        counts, place = _ranked(values, descending=False)
        tail = np.bincount(values.classes, weights=np.where(place >= l - 1, counts, 0))
        largest = max(largest, float(np.floor(counts[place == 0] / tail + 1).max()))
    return largest


def _ranked(values: Values, *, descending: bool) -> tuple[np.ndarray, np.ndarray]:
    """The counts of ``values`` sorted within each class, and by entry its place in its class."""
    order = np.lexsort((-values.counts if descending else values.counts, values.classes))
    return values.counts[order], np.arange(len(order)) - _starts(values)[values.classes]


def _starts(values: Values) -> np.ndarray:
    """By class, its first entry; every class has one."""
    return np.searchsorted(values.classes, np.arange(len(values.sizes)))


def _cut(effective: float) -> int:
    """The whole number that pycanon makes of exp(entropy): cut off after computing it in floating point.

    That matters only near a whole number n, where the class has n values of equal share, and there it depends on n alone.
    """
    whole = round(effective)
    if abs(effective - whole) > 1e-9:
        return math.floor(effective)
    p = np.full(whole, 1 / whole)
    return int(np.exp(1) ** -np.sum(p * np.log(p)))


def _equal_distance(values: Values, q: np.ndarray, p: np.ndarray, starts: np.ndarray) -> float:
    here = p[values.values]
    # Values that the class lacks differ by p each: all of p less that of the values it has.
    return float(0.5 * (np.add.reduceat(np.abs(q - here), starts) + np.maximum(1 - np.add.reduceat(here, starts), 0)).max())


def _ordered_distance(values: Values, q: np.ndarray, p: np.ndarray) -> float:
    """Sum over values of abs(cumulated q - cumulated p), divided by the number of values less one.

    Between two values of a class the cumulated q stays, so only the values that occur are gone through: with P the
    cumulated p, the sum of abs(a - P) over a stretch follows from sums of P, split where P passes a.
    """
    m = len(p)
    if m == 1:
        return 0.0
    total = np.cumsum(p)
    summed = np.concatenate([[0.0], np.cumsum(total)])
    starts = _starts(values)
    running = np.cumsum(q)
    held = running - np.concatenate([[0.0], running])[starts][values.classes]
    last = np.append(values.classes[1:] != values.classes[:-1], True)
    until = np.where(last, m, np.append(values.values[1:], m))

    def stretch(low: np.ndarray, high: np.ndarray, level: np.ndarray) -> np.ndarray:
        middle = np.clip(np.searchsorted(total, level), low, high)
        below = level * (middle - low) - (summed[middle] - summed[low])
        above = (summed[high] - summed[middle]) - level * (high - middle)
        return below + above

    distances = np.add.reduceat(stretch(values.values, until, held), starts)
    first = values.values[starts]
    return float((distances + stretch(np.zeros_like(first), first, np.zeros(len(starts)))).max() / (m - 1))
