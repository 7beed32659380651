"""Rounding and noise: policies beside suppression.

Belongs here: policies that publish changed counts, how they are applied, and what a reader can make of the result.
Does not belong here: suppression (``protection``), the risk appetite that names policies (``appetite``).

    apply(tables, hierarchies, policy)        the tables that may be published under a policy
    Rounding, TenFive, Nhs, CellKey           the policies
    keyed_table(records, ...)                 counts and cell keys of records, in one pass
    known_intervals(tables, hierarchies, ...) what a reader knows who works with bounds

Suppression leaves what is published as counted; these policies do not, so their tables are never mixed with it in
one attack.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from anonymisation.perturbation.policies import CellKey, Nhs, PerturbationPolicy, Rounding, TenFive

if TYPE_CHECKING:
    from anonymisation.perturbation.application import Perturbation, PerturbedTable, apply
    from anonymisation.perturbation.cell_key import KeyedTable, keyed_table
    from anonymisation.perturbation.intervals import known_intervals

_IMPORTED_WHEN_ASKED = {
    "KeyedTable": "cell_key",
    "Perturbation": "application",
    "PerturbedTable": "application",
    "apply": "application",
    "keyed_table": "cell_key",
    "known_intervals": "intervals",
}

__all__ = [
    "CellKey",
    "KeyedTable",
    "Nhs",
    "Perturbation",
    "PerturbationPolicy",
    "PerturbedTable",
    "Rounding",
    "TenFive",
    "apply",
    "keyed_table",
    "known_intervals",
]


def __getattr__(name: str) -> object:
    if name not in _IMPORTED_WHEN_ASKED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_IMPORTED_WHEN_ASKED[name]}"), name)
