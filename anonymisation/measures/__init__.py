"""The independent judge of tables of records: what any such table reveals, whoever made it and however.

Belongs here: privacy measures (``models``), re-identification risk (``risk``) and the linkage attack (``linkage``), each computed from
the table as it is published.  Does not belong here: the making of protected tables (``records``), with which this
shares nothing, so that neither can repeat the other's error.

    measure(table, quasi_identifiers, sensitive, population=None)      all measures at once
    link(table, people, quasi_identifiers, sensitive, hierarchies)     what an intruder who knows people learns
"""

from anonymisation.measures.classes import Classes, MeasureError, classes_of
from anonymisation.measures.linkage import Linkage, link
from anonymisation.measures.models import Diversity, recursive_c
from anonymisation.measures.report import Measures, measure
from anonymisation.measures.risk import Risk, journalist_risk, marketer_risk, prosecutor_risk

__all__ = [
    "Classes",
    "Diversity",
    "Linkage",
    "MeasureError",
    "Measures",
    "Risk",
    "classes_of",
    "journalist_risk",
    "link",
    "marketer_risk",
    "measure",
    "prosecutor_risk",
    "recursive_c",
]
