"""Hierarchies of common kinds, as rows from fine to coarse: code lists (geography), intervals of numbers, parts of dates.

Belongs here: the rows of such hierarchies, for ``RecordHierarchy.from_rows``.  Does not belong here: what makes rows a hierarchy
(``hierarchy``), reading files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

from anonymisation.errors import HierarchyError
from anonymisation.records.hierarchy import ALL


def code_list_rows(name: str, rows: Iterable[Mapping[str, object]], code: str = "code", parent: str = "parent") -> list[tuple[str, ...]]:
    """A row per leaf of a code list: itself, and its ancestors up to the root, which is the code without a parent.

    Where some leaves lie deeper than others, a shallow one stands for itself until the others have come up to it.
    Raises ``HierarchyError`` where there is not exactly one root, a parent is not a code, or parents run in a circle.
    """
    parents: dict[str, str | None] = {}
    for row in rows:
        child, above = str(row[code]), row.get(parent)
        if child in parents:
            raise HierarchyError(f"hierarchy {name!r}: the code {child!r} is there twice; give each code one row")
        parents[child] = None if above in (None, "") else str(above)
    roots = [child for child, above in parents.items() if above is None]
    if len(roots) != 1:
        raise HierarchyError(f"hierarchy {name!r}: {len(roots)} codes have no parent ({roots[:3]}); exactly one, the total, must have none")
    inner = set(parents.values())
    for child, above in parents.items():
        if above is not None and above not in parents:
            raise HierarchyError(f"hierarchy {name!r}: {child!r} has the parent {above!r}, which is not a code; add it or correct the parent")
    chains = []
    for leaf in (child for child in parents if child not in inner):
        chain = [leaf]
        while (above := parents[chain[-1]]) is not None:
            chain.append(above)
        chains.append(chain)
    # What no chain from a leaf reaches hangs in a circle.
    adrift = sorted(set(parents).difference(*chains))
    if adrift:
        raise HierarchyError(f"hierarchy {name!r}: the parents of {adrift[0]!r} run in a circle")
    depth = max(len(chain) for chain in chains)
    return [(chain[0],) * (depth - len(chain)) + tuple(chain) for chain in chains]


def interval_rows(name: str, low: int, high: int, widths: Sequence[int]) -> list[tuple[str, ...]]:
    """A row per whole number from ``low`` to ``high``: itself, its interval of each of ``widths``, and ``*``.

    Intervals start at ``low`` and are written ``15-19``; the last one may be shorter.  Raises ``HierarchyError`` where a width
    is not a multiple of the one before.
    """
    if high < low:
        raise HierarchyError(f"hierarchy {name!r}: the highest value {high} is below the lowest, {low}")
    for finer, coarser in zip((1, *widths), widths, strict=False):
        if coarser <= finer or coarser % finer:
            raise HierarchyError(f"hierarchy {name!r}: width {coarser} is not a multiple of {finer}; intervals must fit into the next coarser ones")
    rows = []
    for value in range(low, high + 1):
        row = [str(value)]
        for width in widths:
            first = low + (value - low) // width * width
            last = min(first + width - 1, high)
            row.append(f"{first}-{last}" if last > first else str(first))
        rows.append((*row, ALL))
    return rows


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def _financial_year(day: date) -> str:
    start = day.year if day.month >= 4 else day.year - 1
    return f"{start}/{(start + 1) % 100:02}"


DATE_PARTS: Mapping[str, Callable[[date], str]] = {
    "week": _week,
    "month": lambda day: f"{day.year}-{day.month:02}",
    "quarter": lambda day: f"{day.year}-Q{(day.month - 1) // 3 + 1}",
    "year": lambda day: str(day.year),
    "financial-year": _financial_year,
}
"""What a day becomes: its ISO 8601 week (``2026-W07``), month, calendar quarter, calendar year, or year from April."""


def date_rows(name: str, first: date, last: date, levels: Sequence[str] = ("month", "quarter", "year")) -> list[tuple[str, ...]]:
    """A row per day from ``first`` to ``last``: its ISO date, what it becomes at each of ``levels``, and ``*``.

    Raises ``HierarchyError`` where a level is none of ``DATE_PARTS``.  That levels nest is for ``RecordHierarchy`` to check: a
    week lies in two months.
    """
    if last < first:
        raise HierarchyError(f"hierarchy {name!r}: the last day {last} is before the first, {first}")
    for level in levels:
        if level not in DATE_PARTS:
            raise HierarchyError(f"hierarchy {name!r}: {level!r} is no part of a date; give some of {', '.join(DATE_PARTS)}")
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [(day.isoformat(), *(DATE_PARTS[level](day) for level in levels), ALL) for day in days]
