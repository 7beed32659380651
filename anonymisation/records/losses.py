"""How much a release loses: the measures by which recodings are chosen and reported.

Belongs here: the definitions, on records counted by original and published value.  Does not belong here: the choice.

- ``granularity``: Iyengar, "Transforming data to satisfy privacy constraints", KDD 2002, as ARX reports it.  The loss of a cell is the share of
  its column's leaves that the published node stands for, 1 where suppressed; the loss of the table is the mean over columns and records, scaled
  so that the original data have 0 and a table of tops 1.  A column so weighs 1 - 1/leaves, times its importance.  What is reported is
  1 minus the loss, as ARX does: 1 is best.
- ``entropy``: de Waal and Willenborg, "Information loss through global recoding and local suppression", Netherlands Official Statistics 14,
  1999 (non-uniform entropy): bits needed to tell a record's value from its published node, by the frequencies of the original values,
  as a share of the bits if all is at the top.  0 is best.
- ``discernibility``: Bayardo and Agrawal, "Data privacy through optimal k-anonymization", ICDE 2005: each record costs the size of its class, a
  suppressed one the size of the table; as a share of the square of the number of records.  0 is best.
- ``class-size``: LeFevre, DeWitt, Ramakrishnan, "Mondrian", ICDE 2006: records per class, all suppressed ones being one class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from anonymisation.records.hierarchy import RecordHierarchy
from anonymisation.records.rollup import Ladder


def node_costs(loss: str, hierarchy: RecordHierarchy, leaf_counts: np.ndarray) -> np.ndarray:
    """Per node, what a record costs that is published as it, for the losses that add up over cells.

    ``leaf_counts``: records per leaf.  Only differences between a node and a leaf below it have a meaning.
    """
    if loss == "granularity":
        return hierarchy.shares
    frequency = np.zeros(len(hierarchy.labels))
    for level in range(hierarchy.height, -1, -1):
        found = np.unique(hierarchy.nodes[level])
        frequency[found] = np.bincount(hierarchy.nodes[level], weights=leaf_counts, minlength=len(hierarchy.labels))[found]
    return np.log2(np.maximum(frequency, 1))


class AdditiveLoss:
    """A loss that adds up over cells (``granularity``, ``entropy``), with its scale.

    ``node``: per column and node, what a record published as it adds to ``total``, weighted and scaled; a table in which all is at the
    top has a ``total`` of ``highest``, the original table ``lowest``; the loss is ``total - lowest``.
    """

    def __init__(
        self, loss: str, ladders: Sequence[Ladder], leaf_counts: Sequence[np.ndarray], weights: Sequence[float]
    ) -> None:
        hierarchies = [ladder.hierarchy for ladder in ladders]
        self.node = [weight * node_costs(loss, *pair) for weight, *pair in zip(weights, hierarchies, leaf_counts, strict=True)]
        lowest = sum(float(counts @ cost[h.nodes[0]]) for counts, cost, h in zip(leaf_counts, self.node, hierarchies, strict=True))
        records = float(leaf_counts[0].sum())
        highest = sum(records * float(cost[h.top]) for cost, h in zip(self.node, hierarchies, strict=True))
        scale = highest - lowest if highest > lowest else 1.0
        self.node = [cost / scale for cost in self.node]
        self.top = sum(float(cost[h.top]) for cost, h in zip(self.node, hierarchies, strict=True))
        """What a suppressed record adds."""
        self.lowest = lowest / scale


def class_losses(sizes: np.ndarray, suppressed: int) -> Mapping[str, float]:
    """``discernibility`` and ``class-size`` of a table with classes of ``sizes`` and so many suppressed records."""
    records = int(sizes.sum()) + suppressed
    squares = float((sizes.astype(np.float64) ** 2).sum()) + float(suppressed) * records
    classes = sizes.size + (suppressed > 0)
    return {"discernibility": squares / records**2, "class-size": records / classes}
