"""Demands: what a pattern has to keep from a reader beyond the width of single cells.

Belongs here: the form in which rules say this to the suppressor.  Does not belong here: the rules.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Demand:
    """``cell`` must be withheld and able to change by ``width`` while all of ``still`` keep their counts.

    Cells are numbers of the system.  A pattern meets the demand if there are alternatives in which ``cell`` takes values
    ``width`` apart (in all, up and down) and every cell of ``still`` its true one.
    """

    cell: int
    still: tuple[int, ...]
    width: int = 1
