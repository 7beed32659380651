"""The vocabulary in which linked tables of records are declared: the policy, and who is given which field.

The tables themselves are in `vawg_opendata.schemas.vawg_records`; how they are made belongs in `microdata`.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anonymisation.records import RecordPolicy
from vawg_opendata.schemas.vawg_records import CASE_TABLES, POOL_TABLES, Part

AUDIENCE = "safestats"
"""Linked tables are for partners under an agreement, never for the public."""

FIELDS = tuple(field.name for table in (*CASE_TABLES, *POOL_TABLES) for field in table.fields if field.part != Part.KEY)


@dataclass(frozen=True, kw_only=True)
class PoolRule:
    """`size`: cases of a pool, at least. `applying`: cases of it to which a field applies, at least, if there are any. `most_alike`: the share of
    those that may have one of the bound values, at most."""

    size: int
    applying: int
    most_alike: float


@dataclass(frozen=True, kw_only=True)
class LinkedRecords:
    """Linked tables of records of a product.

    `policy` is what the join of the tables of cases is protected by. `share`: how many of the cases that could be told are, 0 to 1, at random.
    `pools` is the rule of the pools of which everything else is told.
    `whole_for` is the access profile that is given the whole package; `access` is the file that says which fields each profile is given.
    """

    policy: RecordPolicy
    share: float
    pools: PoolRule
    whole_for: str
    access: Path

    @functools.cached_property
    def given(self) -> Mapping[str, tuple[str, ...]]:
        """By field, the profiles that are given it. AccessProfileError where the file does not say it of every field."""
        from vawg_opendata.products.access import load_field_access  # which knows all audiences, and these are declared with the products

        return load_field_access(self.access, FIELDS, AUDIENCE)

    @property
    def partners(self) -> tuple[str, ...]:
        """The profiles that are given a package of their own, with some of the fields."""
        return tuple(dict.fromkeys(name for names in self.given.values() for name in names if name != self.whole_for))

    def fields_of(self, profile: str) -> tuple[str, ...]:
        """The fields that a profile is given, keys apart."""
        return tuple(name for name, profiles in self.given.items() if profile in profiles)
