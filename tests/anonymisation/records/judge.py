"""An independent judge of published records, in plain Python: it shares nothing with the library but the names of the models.

Works on lists of rows (dicts).  Distances are solved as transport problems, so that no formula is taken over.
"""

import math
from collections import Counter, defaultdict

import numpy as np
from scipy.optimize import linprog

from anonymisation.records import DistinctLDiversity, EntropyLDiversity, RecursiveLDiversity, TCloseness


def classes_of(rows, known):
    """Rows by what is published of them; a blank is a value of its own."""
    found = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in known)].append(row)
    return found


def transported(ours, whole, cost):
    """The earth mover's distance, by its definition."""
    size = len(ours)
    if size == 1:
        return 0.0
    equal = np.zeros((2 * size, size * size))
    for i in range(size):
        equal[i, i * size : (i + 1) * size] = 1
        equal[size + i, i::size] = 1
    solved = linprog(np.array(cost).ravel(), A_eq=equal, b_eq=np.concatenate([ours, whole]), bounds=(0, None))
    assert solved.success
    return solved.fun


def ground_distance(model, values):
    """Between all pairs of values: equal, by places in an order, or by the level at which they meet."""
    if model.order is not None:
        place = {value: i for i, value in enumerate(model.order)}
        return [[abs(place[a] - place[b]) / max(len(place) - 1, 1) for b in values] for a in values]
    if model.hierarchy is not None:
        chain = {
            value: [model.hierarchy.labels[level[leaf]] for level in model.hierarchy.nodes]
            for leaf, value in enumerate(model.hierarchy.values)
        }
        height = max(len(model.hierarchy.nodes) - 1, 1)

        def meet(a, b):
            return next(level for level, (x, y) in enumerate(zip(chain[a], chain[b], strict=True)) if x == y) / height

        return [[meet(a, b) for b in values] for a in values]
    return [[float(a != b) for b in values] for a in values]


def distance(model, group, rows, column):
    values = sorted({row[column] for row in rows}, key=str)
    ours, whole = Counter(row[column] for row in group), Counter(row[column] for row in rows)
    return transported([ours[v] / len(group) for v in values], [whole[v] / len(rows) for v in values], ground_distance(model, values))


def keeps(model, group, rows, column):
    """Whether a class keeps a model; ``rows`` are all records as they were before anything was left out."""
    counts = sorted(Counter(row[column] for row in group).values(), reverse=True)
    match model:
        case DistinctLDiversity(l):
            return len(counts) >= l
        case EntropyLDiversity(l):
            return -sum(c / len(group) * math.log(c / len(group)) for c in counts) >= math.log(l) - 1e-9
        case RecursiveLDiversity(c, l):
            return counts[0] < c * sum(counts[l - 1 :])
        case TCloseness():
            return distance(model, group, rows, column) <= model.t + 1e-7
    raise AssertionError(model)


def broken(published, original, policy):
    """The first class that breaks the policy, or None."""
    for key, group in classes_of(published, policy.quasi_identifiers).items():
        if len(group) < policy.k:
            return key, "k"
        for column, models in policy.sensitive.items():
            for model in models:
                if not keeps(model, group, original, column):
                    return key, model
    return None
