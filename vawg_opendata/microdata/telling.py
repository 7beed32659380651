"""Which fields of linked records tell by what tables count the same people, as data: the descriptor says it, so that anybody can attack both together.

Belongs here: the fields, and the codes of tables that their values stand for. The attack belongs in `release.checks.linked_beside`; that it finds nothing
is the business of `standing`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from vawg_opendata.reference import TOTAL, load_codelist


@dataclass(frozen=True, kw_only=True)
class Telling:
    """A dimension of the tables of a measure, and the fields that tell it. `codes`: by value, the codes one of which it stands for, where these are not the
    value itself; other values then tell nothing. `required`: only a case of which the dimension is told is known to be counted at all."""

    measure: str
    dimension: str
    fields: tuple[str, ...]
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required: bool = False

    def described(self, names: Collection[str]) -> dict[str, object]:
        """As the descriptor of a table with these fields says it."""
        told: dict[str, object] = {"measure": self.measure, "dimension": self.dimension, "fields": [name for name in self.fields if name in names]}
        told |= {"codes": {value: list(codes) for value, codes in self.codes.items()}} if self.codes else {}
        return told | ({"required": True} if self.required else {})


def _same(codelist: str) -> dict[str, tuple[str, ...]]:
    return {code: (code,) for code in load_codelist(codelist).leaves}


_AGES = ("10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80-and-over")
_BANDS = {"20-39": ("20-29", "30-39"), "40-59": ("40-49", "50-59"), "60-and-over": ("60-69", "70-79", "80-and-over")}
"""Victims are counted from the age of 10 on: who may be younger is not known to be counted."""
_ELSEWHERE = {name: ("elsewhere",) for name in ("private", "online-setting", "unknown-setting", "other-flagged")}
"""Settings, and the branch of offences, of which the tables count none in public space."""

TELLINGS = (
    *(
        telling
        for measure in ("offences", "victims", "protective_orders")
        for telling in (
            Telling(measure=measure, dimension="area", fields=("ward", "borough", "bcu")),
            Telling(measure=measure, dimension="month", fields=("recorded_month", "recorded_financial_year")),
        )
    ),
    Telling(measure="offences", dimension="offence", fields=("offence_class", "offence_group", "offence_branch")),
    Telling(measure="offences", dimension="location_type", fields=("location_type", "location_setting")),
    Telling(measure="offences", dimension="weekday", fields=("weekday", "week_part")),
    Telling(measure="offences", dimension="time_of_day", fields=("time_of_day",)),
    Telling(measure="offences", dimension="public_space", fields=("location_setting", "offence_branch"), codes=_ELSEWHERE),
    Telling(measure="offences", dimension="public_space", fields=("domestic_abuse",), codes={"true": ("elsewhere",)}),
    Telling(measure="offences", dimension="outcome", fields=("outcome_group",)),
    Telling(
        measure="victims", dimension="age_group", fields=("victim_age_group", "victim_age_band"), codes={age: (age,) for age in _AGES} | _BANDS, required=True
    ),
    Telling(measure="victims", dimension="ethnic_appearance", fields=("victim_ethnic_appearance",)),
    Telling(measure="victims", dimension="outcome", fields=("outcome_group",)),
    Telling(measure="victims", dimension="repeat_victim", fields=("repeat_victim",), codes={"true": ("repeat",), "false": ("not-repeat",)}),
    Telling(measure="protective_orders", dimension="order_type", fields=("order_type",), codes=_same("crime_extract/order_type"), required=True),
    Telling(measure="protective_orders", dimension="order_type", fields=("order_applied",), codes={"true": (TOTAL,)}, required=True),
)
"""What the tables of a package tell, by measure and dimension. A dimension that a pooled field tells is told of pools."""


def tellings(fields: Mapping[str, Collection[str]]) -> dict[str, list[dict[str, object]]]:
    """What the descriptor says, by table of a package, given the fields of each: of the measures of which they tell what is required."""
    given = set().union(*fields.values())
    needed = {(one.measure, one.dimension) for one in TELLINGS if one.required}
    have = {(one.measure, one.dimension) for one in TELLINGS if not given.isdisjoint(one.fields)}
    untold = {measure for measure, dimension in needed - have}
    told = [one for one in TELLINGS if one.measure not in untold]
    return {table: [one.described(names) for one in told if not set(names).isdisjoint(one.fields)] for table, names in fields.items()}
