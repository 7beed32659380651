"""Statistical disclosure control for tables of counts.

A library of its own: it knows cells, hierarchies and policies, nothing of police data, pipelines or files.

    protect(tables, hierarchies, policy)      the tables that may be published
    attack(published, hierarchies, threshold) what a reader can still compute from published tables

What needs a solver is imported when it is first asked for: half a second that the command does not spend on an answer about
a file it cannot read, and a scheduler not on loading definitions.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from anonymisation.errors import (
    AnonymisationError,
    HierarchyError,
    InconsistentTablesError,
    ProtectionError,
    TableError,
)
from anonymisation.hierarchy import Hierarchy
from anonymisation.policy import Policy
from anonymisation.tables import CountTable, ProtectedTable, PublishedTable

if TYPE_CHECKING:
    from anonymisation.intruder import Attack, Finding, attack
    from anonymisation.protection import Protection, protect

_IMPORTED_WHEN_ASKED = {
    "Attack": "anonymisation.intruder",
    "Finding": "anonymisation.intruder",
    "attack": "anonymisation.intruder",
    "Protection": "anonymisation.protection",
    "protect": "anonymisation.protection",
}

__all__ = [
    "AnonymisationError",
    "Attack",
    "CountTable",
    "Finding",
    "Hierarchy",
    "HierarchyError",
    "InconsistentTablesError",
    "Policy",
    "ProtectedTable",
    "Protection",
    "ProtectionError",
    "PublishedTable",
    "TableError",
    "attack",
    "protect",
]


def __getattr__(name: str) -> object:
    if name not in _IMPORTED_WHEN_ASKED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_IMPORTED_WHEN_ASKED[name]), name)
