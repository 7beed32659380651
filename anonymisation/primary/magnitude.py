"""Rules for sums of amounts with contributors: dominance and p-percent.

Belongs here: sensitivity of a sum by who contributes how much to it.  Does not belong here: counts of persons or offences, in
which everybody contributes 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class Contributions:
    """Who contributes to each cell: ``contributors`` has the shape of the sums, ``largest`` one axis more.

    ``largest[..., i]`` is the largest contribution but ``i``, 0 where there are not so many.  Contributions are not negative.
    """

    contributors: np.ndarray
    largest: np.ndarray

    def __post_init__(self) -> None:
        if np.shape(self.largest)[:-1] != np.shape(self.contributors):
            raise ValueError("the largest contributions need the shape of the contributors and one axis more")
        if (np.diff(self.largest, axis=-1) > 0).any() or (np.asarray(self.largest) < 0).any():
            raise ValueError("the largest contributions must be in falling order and not negative")


@dataclass(frozen=True)
class Dominance:
    """A sum is sensitive if its ``n`` largest contributions are more than ``k`` per cent of it: the (n, k) rule."""

    n: int = 1
    k: float = 75.0
    source: ClassVar[str] = "Hundepool et al., Statistical Disclosure Control, 2012, chapter 4"

    def __post_init__(self) -> None:
        if self.n < 1 or not 0 < self.k <= 100:
            raise ValueError(f"dominance ({self.n}, {self.k}): n is at least 1, k a percentage above 0")

    def sensitive(self, sums: np.ndarray, contributions: Contributions) -> np.ndarray:
        """Which ``sums`` are sensitive."""
        if contributions.largest.shape[-1] < self.n:
            raise ValueError(f"dominance of {self.n} needs the {self.n} largest contributions of each cell")
        return (sums > 0) & (100.0 * contributions.largest[..., : self.n].sum(axis=-1) > self.k * sums)


@dataclass(frozen=True)
class PPercent:
    """A sum is sensitive if its second contributor can estimate the largest to within ``p`` per cent.

    She subtracts herself; what all others contribute is her error.  With ``q`` below 100 she is taken to know these to
    within ``q`` per cent before: the prior-posterior (p, q) rule.
    """

    p: float = 10.0
    q: float = 100.0
    source: ClassVar[str] = "Hundepool et al., Statistical Disclosure Control, 2012, chapter 4"

    def __post_init__(self) -> None:
        if not 0 < self.p < self.q <= 100:
            raise ValueError(f"p-percent ({self.p}, {self.q}): 0 < p < q <= 100")

    def sensitive(self, sums: np.ndarray, contributions: Contributions) -> np.ndarray:
        """Which ``sums`` are sensitive; one with a single contributor always is."""
        if contributions.largest.shape[-1] < 2:
            raise ValueError("p-percent needs the two largest contributions of each cell")
        first, second = contributions.largest[..., 0], contributions.largest[..., 1]
        return (sums > 0) & (self.q * (sums - first - second) < self.p * first)


def sensitive_sums(
    sums: np.ndarray, contributions: Contributions, rules: Sequence[Dominance | PPercent], threshold: int
) -> np.ndarray:
    """The sums that any of the ``rules`` calls sensitive, and those with 1 to ``threshold - 1`` contributors."""
    found = (contributions.contributors > 0) & (contributions.contributors < threshold)
    for rule in rules:
        found = found | rule.sensitive(sums, contributions)
    return found
