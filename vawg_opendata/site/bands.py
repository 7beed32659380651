"""The classes of a map: few, with round limits, each with a label in words.

A map tells classes and no more. Limits are round numbers near the fifths of what is published, so that each class has about as many
areas; nothing that is withheld has any part in them. Colours belong in `drawing`.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from vawg_opendata.site.markup import number

MOST_CLASSES = 5


@dataclass(frozen=True)
class Bands:
    """The lower limits of the classes from the second on, and the unit of what is classed, in words."""

    limits: tuple[float, ...]
    unit: str

    @property
    def numbers(self) -> range:
        """The classes, the least first."""
        return range(1, len(self.limits) + 2)

    def of(self, value: float) -> int:
        """The class of a value above zero."""
        return bisect_right(self.limits, value) + 1

    def label(self, band: int) -> str:
        """A class in words."""
        low, high = ("", *map(_text, self.limits))[band - 1], (*map(_text, self.limits), "")[band - 1]
        if not low and not high:
            return f"more than 0 {self.unit}"
        if not low:
            return f"under {high} {self.unit}"
        return f"{low} to under {high} {self.unit}" if high else f"{low} or more {self.unit}"


def bands(values: Sequence[float], unit: str) -> Bands:
    """The classes for published values; zeros, which are shown apart, may be among them."""
    known = sorted(value for value in values if value > 0)
    fifths = [known[len(known) * step // MOST_CLASSES] for step in range(1, MOST_CLASSES)] if len(known) >= MOST_CLASSES else []
    limits = sorted({_round(value) for value in fifths})
    return Bands(tuple(limit for limit in limits if known[0] < limit <= known[-1]), unit)


def _round(value: float) -> float:
    """The value to two significant digits."""
    return float(f"{value:.2g}") if value else 0.0


def _text(limit: float) -> str:
    return number(limit, integer=limit >= 1 and math.isclose(limit, round(limit)))
