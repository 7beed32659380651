"""Primary rules: which cells are sensitive in themselves, and what else no reader may find out.

Belongs here: one module per rule, each from counts to a mask of cells to withhold, or to demands.  Does not belong here:
what protects a sensitive cell (``suppression``), and the intruder, who judges by code of his own.

    below_threshold(counts, threshold)          minimum frequency, zeros published or sensitive
    GroupDisclosure(dimension)                  no margin may fall in one category of the dimension
    Singletons()                                nobody may subtract herself and compute another cell
    Dominance(n, k), PPercent(p, q)             for measures with contributors
"""

from anonymisation.primary.demands import Demand
from anonymisation.primary.frequency import below_threshold
from anonymisation.primary.groups import GroupDisclosure, group_demands
from anonymisation.primary.magnitude import Contributions, Dominance, PPercent, sensitive_sums
from anonymisation.primary.singletons import Singletons, persons, singleton_demands

__all__ = [
    "Contributions",
    "Demand",
    "Dominance",
    "GroupDisclosure",
    "PPercent",
    "Singletons",
    "below_threshold",
    "group_demands",
    "persons",
    "sensitive_sums",
    "singleton_demands",
]
