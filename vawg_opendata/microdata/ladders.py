"""How coarse each thing that somebody may know of a case can be told, and which fields it then fills.

A ladder is a quasi-identifier of `vawg_opendata.schemas.vawg_records` with its levels, each of which is a field. A value told at a level
fills the field of that level and of all coarser ones; finer ones stay empty.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vawg_opendata.reference import CodeList, load_codelist
from vawg_opendata.statistics.periods import financial_year

if TYPE_CHECKING:
    from anonymisation.records import RecordHierarchy

NOT_TOLD = "*"


def _week(leaf: str) -> tuple[str, ...]:
    month, year = leaf[:7], financial_year(leaf[:7])
    return leaf, month, f"{year} Q{(int(month[5:]) - 4) % 12 // 3 + 1}", year


def _coded(codelist: str, *levels: str) -> Callable[[str], tuple[str, ...]]:
    """By code, the code above it at each level; where it has none, which is nearer to the root, the one of the level below."""
    codes: CodeList = load_codelist(codelist)

    def ladder(leaf: str) -> tuple[str, ...]:
        at = {codes.level[code]: code for code in codes.ancestors(leaf)}
        return tuple(at.get(level, leaf) for level in levels)

    return ladder


def _twenty_years(leaf: str) -> tuple[str, ...]:
    if leaf == "not-known":
        return leaf, leaf
    start = int(leaf.partition("-")[0]) // 20 * 20
    return leaf, "60-and-over" if start >= 60 else f"{start}-{start + 19}"


def _time(leaf: str) -> tuple[str, ...]:
    hours, _, day = leaf.partition(" ")
    return *_coded("weekday", "weekday", "week_part")(day), hours


def _suspect(leaf: str) -> tuple[str, ...]:
    if leaf == "no-suspect":
        return (leaf, leaf, leaf, "no")
    sex, _, age = leaf.partition(" ")
    return *_twenty_years(age), sex, "yes"


LADDERS: Mapping[str, tuple[tuple[str, ...], Callable[[str], tuple[str, ...]]]] = {
    "week": (("recorded_week", "recorded_month", "recorded_quarter", "recorded_financial_year"), _week),
    "place": (("ward", "borough", "bcu"), _coded("area", "ward", "borough", "bcu")),
    "location": (("location_type", "location_setting"), _coded("crime_extract/location_type", "location_type", "location_setting")),
    "time": (("weekday", "week_part", "time_of_day"), _time),
    "victim_age": (("victim_age_group", "victim_age_band"), _twenty_years),
    "victim_ethnicity": (("victim_ethnic_appearance",), lambda leaf: (leaf,)),
    "suspect": (("suspect_age_group", "suspect_age_band", "suspect_sex", "suspect_identified"), _suspect),
}
"""By quasi-identifier its fields, fine to coarse, and what each of its finest values becomes in them."""


@dataclass(frozen=True)
class Ladder:
    """The ladder of one quasi-identifier over the values that occur. `rows`: by value, what it becomes in each field."""

    name: str
    names: tuple[str, ...]
    rows: Mapping[str, tuple[str, ...]] = field(repr=False)

    @classmethod
    def of(cls, name: str, leaves: Sequence[str]) -> "Ladder":
        """The ladder over these values."""
        names, become = LADDERS[name]
        return cls(name, names, {leaf: become(leaf) for leaf in sorted(leaves)})

    @property
    def hierarchy(self) -> "RecordHierarchy":
        """The same for `anonymisation.records`: a value told at a level is all that the fields of that level and above then say."""
        from anonymisation.records import RecordHierarchy

        levels = range(len(self.names))
        return RecordHierarchy.from_rows(self.name, [(leaf, *(_label(row, level) for level in levels if level), NOT_TOLD) for leaf, row in self.rows.items()])

    def fields(self, shown: np.ndarray) -> dict[str, np.ndarray]:
        """The values of the fields where the quasi-identifier is told as `shown`; None where it is not told so finely."""
        told: dict[str, tuple[str | None, ...]] = {NOT_TOLD: (None,) * len(self.names)}
        for row in self.rows.values():
            for level in range(1, len(row)):
                told[_label(row, level)] = (*(None,) * level, *row[level:])
        told |= self.rows
        values, places = np.unique(shown.astype(str), return_inverse=True)
        return {name: np.array([told[value][place] for value in values], dtype=object)[places] for place, name in enumerate(self.names)}


def _label(row: tuple[str, ...], level: int) -> str:
    return f"{level}:" + "|".join(row[level:])
