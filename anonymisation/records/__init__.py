"""Disclosure control for records that are published one by one: k-anonymity and its relatives by recoding and suppression.

    protect_records(table, hierarchies, policy)              the records that may be published
    protect_file(source, target, hierarchies, policy)        the same for files that are too large to be held
    suppress_values(table, quasi_identifiers, k)             values withheld where they must be, none coarsened
    protect_release(table, ledger, hierarchies, policy, key=...)   a version that does not single out who came or went
    audit_releases(versions, hierarchies, columns, k)        what comparing published versions gives away

Belongs here: hierarchies of values, the search of recodings, the recoded table.  Does not belong here: measuring a table that somebody
else made, tables of counts.

What needs Arrow is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from anonymisation.records.hierarchy import RecordHierarchy
from anonymisation.records.models import DistinctLDiversity, EntropyLDiversity, RecursiveLDiversity, TCloseness
from anonymisation.records.policy import RecordPolicy

if TYPE_CHECKING:
    from anonymisation.records.protection import ProtectedRecords, protect_records
    from anonymisation.records.releases import RecordRelease, audit_releases, protect_release
    from anonymisation.records.streams import protect_file
    from anonymisation.records.values import suppress_values

_IMPORTED_WHEN_ASKED = {
    "ProtectedRecords": "anonymisation.records.protection",
    "protect_records": "anonymisation.records.protection",
    "RecordRelease": "anonymisation.records.releases",
    "audit_releases": "anonymisation.records.releases",
    "protect_release": "anonymisation.records.releases",
    "suppress_values": "anonymisation.records.values",
    "protect_file": "anonymisation.records.streams",
}

__all__ = [
    "DistinctLDiversity",
    "EntropyLDiversity",
    "ProtectedRecords",
    "RecordRelease",
    "RecordHierarchy",
    "RecordPolicy",
    "RecursiveLDiversity",
    "TCloseness",
    "audit_releases",
    "protect_file",
    "protect_records",
    "protect_release",
    "suppress_values",
]


def __getattr__(name: str) -> object:
    if name not in _IMPORTED_WHEN_ASKED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_IMPORTED_WHEN_ASKED[name]), name)
