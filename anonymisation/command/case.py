"""A folder of table files: ``inner.csv`` and the hierarchies of its dimensions.

Belongs here: the format of ``inner.csv``, and the totals that follow from it.  Does not belong here: the format of hierarchies
(``hierarchies``), patterns of suppression (``pattern``).

``inner.csv`` has a column per dimension and ``freq``.  Rows with the same codes are added, and combinations that are
not there count 0; all codes are finest ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anonymisation.command.files import LARGEST, InputError, Rows, read_rows, whole_number
from anonymisation.command.hierarchies import files_of, read_hierarchies
from anonymisation.hierarchy import Hierarchy
from anonymisation.tables import CountTable

INNER, COUNT = "inner.csv", "freq"

RESERVED = ("primary", "suppressed")
"""Columns of a pattern file, which no dimension can be named after."""

MOST_CELLS = 20_000_000
"""Cells of the largest table that is tried: larger ones would fill the memory before anything could be said."""


@dataclass(frozen=True)
class Case:
    """A table with all its totals, and the hierarchies of its dimensions in the order of its axes."""

    table: CountTable
    hierarchies: Mapping[str, Hierarchy]


def read_case(folder: Path) -> Case:
    """Read a folder of table files.  Raises ``InputError`` naming the file, line and value that is wrong."""
    hierarchies = read_hierarchies(folder, INNER)
    file = read_rows(folder / INNER)
    if COUNT not in file.columns:
        raise file.problem(1, f"there is no column {COUNT!r}; name the column of counts so")
    dimensions = [name for name in file.columns if name != COUNT]
    for name in dimensions:
        if name in RESERVED:
            raise file.problem(1, f"a dimension cannot be named {name!r}; rename the column and its hierarchy")
        if name not in hierarchies:
            owner = next((known for known in hierarchies if name.startswith(f"{known}.")), None)
            file_name = f"hier_{name}.csv"
            remedy = f"{file_name} is one of {owner!r} by its name; rename the column and the file" if owner else f"add {folder / file_name}"
            raise file.problem(1, f"the dimension {name!r} has no hierarchy; {remedy}")
    unused = [name for name in hierarchies if name not in dimensions]
    if unused:
        raise InputError(
            f"{folder / f'hier_{unused[0]}.csv'}: {INNER} has no column {unused[0]!r}; add the column or take the file away"
        )
    hierarchies = {name: hierarchies[name] for name in dimensions}
    check_size(folder, hierarchies)
    counts = _with_totals(_finest(file, hierarchies), hierarchies)
    axes = {name: hierarchy.codes for name, hierarchy in hierarchies.items()}
    return Case(CountTable(folder.resolve().name or "table", COUNT, axes, counts), hierarchies)


def check_size(folder: Path, hierarchies: Mapping[str, Hierarchy]) -> None:
    """Raise ``InputError`` where the table would have more than ``MOST_CELLS`` cells."""
    cells = 1
    for hierarchy in hierarchies.values():
        cells *= len(hierarchy.codes)
    if cells > MOST_CELLS:
        raise InputError(f"{folder}: the table has {cells} cells with its totals, and {MOST_CELLS} are the most; coarsen a dimension")


def _finest(file: Rows, hierarchies: Mapping[str, Hierarchy]) -> np.ndarray:
    """The counts of ``inner.csv`` at the places of their codes; 0 at all totals."""
    places: list[np.ndarray] = []
    for name, hierarchy in hierarchies.items():
        place = {code: i for i, code in enumerate(hierarchy.codes)}
        leaves = set(hierarchy.leaves)
        picked = []
        for line, code in file.column(name):
            if code not in leaves:
                raise file.problem(line, _wrong_code(hierarchy, code))
            picked.append(place[code])
        places.append(np.array(picked, dtype=np.int64))
    counts = [whole_number(file, line, COUNT, text) for line, text in file.column(COUNT)]
    if sum(counts) > LARGEST:
        raise InputError(f"{file.path}: the counts add up to {sum(counts)}; beyond {LARGEST} they cannot be held exactly")
    table = np.zeros([len(hierarchy.codes) for hierarchy in hierarchies.values()], dtype=np.int64)
    np.add.at(table, tuple(places), np.array(counts, dtype=np.int64))
    return table


def _wrong_code(hierarchy: Hierarchy, code: str) -> str:
    if code in hierarchy.codes:
        return f"{hierarchy.dimension} is {code!r}, which is a sum of other codes; give the finest codes only, the sums are made from them"
    return f"{hierarchy.dimension} is {code!r}, which is not a code of {files_of(hierarchy)}; add it there or correct the row"


def _with_totals(counts: np.ndarray, hierarchies: Mapping[str, Hierarchy]) -> np.ndarray:
    """Add every count to all codes above its own, one dimension after the other."""
    for axis, hierarchy in enumerate(hierarchies.values()):
        along = np.moveaxis(counts, axis, 0)
        place = {code: i for i, code in enumerate(hierarchy.codes)}
        # Where several hierarchies have a code, its parts add up to the same by each.
        parts: dict[str, Sequence[str]] = {}
        for (_, parent), children in hierarchy.sums.items():
            parts.setdefault(parent, children)
        # A code has all codes above its parent above it, and its parent: it comes first, and is complete when it is added.
        for parent in sorted(parts, key=lambda code: -len(hierarchy.ancestors[code])):
            for code in parts[parent]:
                along[place[parent]] += along[place[code]]
    return counts


def name_cell(axes: Mapping[str, Sequence[str]], flat: int) -> str:
    """The codes of a cell given by its place in a table of these axes, in words."""
    where = np.unravel_index(flat, [len(codes) for codes in axes.values()])
    return ", ".join(f"{name}={codes[int(i)]}" for (name, codes), i in zip(axes.items(), where, strict=True))
