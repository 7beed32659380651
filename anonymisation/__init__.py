"""Statistical disclosure control for tables of counts.

A library of its own: it knows cells, hierarchies and policies, nothing of police data, pipelines or files.

    protect(tables, hierarchies, policy)      the tables that may be published
    attack(published, hierarchies, threshold) what a reader can still compute from published tables
"""

from anonymisation.errors import (
    AnonymisationError,
    HierarchyError,
    InconsistentTablesError,
    ProtectionError,
    TableError,
)
from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder import Attack, Finding, attack
from anonymisation.policy import Policy
from anonymisation.protection import Protection, protect
from anonymisation.tables import CountTable, ProtectedTable, PublishedTable

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
