"""Policies that change or coarsen counts instead of only withholding them, as data.

Belongs here: what each policy says, and what its parameters may be.  Does not belong here: applying one (``apply`` in
``perturbation.application``), and the policy of suppression, which is ``anonymisation.policy.Policy``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

Secondary = Literal["contract", "none"]
"""Whether a rule of withholding and rounding is completed by partners.

``contract``: further cells are withheld until no reader could prove a withheld count small even if all others were
published as counted.  What is published is rounded, and so tells less: the guarantee holds a fortiori.  ``none``: the
rule as its authors have it, which relies on rounding alone; ``perturbation.intervals`` says what that leaves open.
"""


@dataclass(frozen=True)
class Rounding:
    """Controlled rounding: every count goes to a multiple of ``base``, and the published tables still add up.

    Zero-restricted where that is possible: a count goes to one of its two neighbouring multiples, and a multiple stays
    (Cox and Ernst 1982, Controlled rounding), and further where it is not, as in the enlarged windows of Fischetti and
    Salazar-Gonzalez (Experiments with controlled rounding for statistical disclosure control in tabular data with linear
    constraints, Journal of Official Statistics 14(4), 1998).  ``seed`` decides between roundings that are equally near;
    the same tables and seed give the same result.
    """

    base: Literal[3, 5] = 5
    seed: int = 1

    def __post_init__(self) -> None:
        if self.base not in (3, 5):
            raise ValueError(f"base {self.base}: give 3 or 5")
        if not 0 <= self.seed < 2**31:
            raise ValueError("seed: give a whole number from 0 to 2147483647")


@dataclass(frozen=True)
class ThresholdRounding:
    """Counts from 1 to ``threshold - 1`` are withheld, the others rounded to the nearest multiple of ``base``.

    Zeros are published as 0, and a published 0 is one.  The kinds are the two national rules below.
    """

    secondary: Secondary = "contract"

    threshold: ClassVar[int]
    base: ClassVar[int] = 5

    def __post_init__(self) -> None:
        if self.secondary not in get_args(Secondary):
            raise ValueError(f"secondary {self.secondary!r}: give one of {', '.join(get_args(Secondary))}")


@dataclass(frozen=True)
class TenFive(ThresholdRounding):
    """The "10-5 rule": "suppressing counts below ten and rounding counts above 10 to the nearest five" (Office for
    National Statistics, Comparison of post-tabular statistical disclosure control methods, 2023, section 1)."""

    threshold: ClassVar[int] = 10


@dataclass(frozen=True)
class Nhs(ThresholdRounding):
    """Counts of 1 to 7 withheld (shown there as ``*``), all others rounded to the nearest 5 (NHS Digital, Disclosure
    control methodology for Hospital Episode Statistics and Emergency Care Data Set, in use from September 2018; there
    for figures below national level)."""

    threshold: ClassVar[int] = 8


@dataclass(frozen=True)
class CellKey:
    """Cell-key perturbation: noise drawn by a key that the records of a cell have in common wherever it is shown.

    Fraser and Wooton 2005 (A proposed method for confidentialising tabular output to protect against differencing);
    the method of the Australian Bureau of Statistics and of the census of England and Wales 2021.  Noise has mean 0
    and variance ``variance``, is never larger than ``maximum`` either way, leaves zeros alone, and never gives a count
    from 1 to ``smallest`` (``js`` in the literature).
    """

    maximum: int = 5
    variance: float = 3.0
    smallest: int = 2

    def __post_init__(self) -> None:
        if self.maximum < 1:
            raise ValueError(f"maximum {self.maximum}: noise needs a maximum of at least 1")
        if self.smallest < 0 or self.smallest >= self.maximum:
            raise ValueError(f"smallest {self.smallest}: give a number from 0 to {self.maximum - 1}, below the maximum")
        if not self.variance > 0:
            raise ValueError(f"variance {self.variance}: give a number above 0")


PerturbationPolicy = Rounding | TenFive | Nhs | CellKey
"""Every policy of this package."""
