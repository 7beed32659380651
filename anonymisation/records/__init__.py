"""Disclosure control for records that are published one by one: k-anonymity and its relatives by recoding and suppression.

    protect_records(table, hierarchies, policy)     the records that may be published

Belongs here: hierarchies of values, the search of recodings, the recoded table.  Does not belong here: measuring a table that somebody
else made, tables of counts.
"""

from anonymisation.records.hierarchy import RecordHierarchy
from anonymisation.records.models import DistinctLDiversity, EntropyLDiversity, RecursiveLDiversity, TCloseness
from anonymisation.records.policy import RecordPolicy
from anonymisation.records.protection import ProtectedRecords, protect_records

__all__ = [
    "DistinctLDiversity",
    "EntropyLDiversity",
    "ProtectedRecords",
    "RecordHierarchy",
    "RecordPolicy",
    "RecursiveLDiversity",
    "TCloseness",
    "protect_records",
]
