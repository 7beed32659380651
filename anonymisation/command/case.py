"""A folder of table files: ``inner.csv`` and a ``hier_<dimension>.csv`` for each of its dimensions.

Belongs here: that format, and the totals that follow from it.  Does not belong here: patterns of suppression
(``pattern``).

``inner.csv`` has a column per dimension and ``freq``.  Rows with the same codes are added, and combinations that are
not there count 0; all codes are finest ones.  ``hier_<dimension>.csv`` has the columns ``levels`` (as many '@' as the
code is deep, one for the total) and ``codes``, depth first: the form of sdcTable and GaussSuppression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anonymisation.command.files import LARGEST, InputError, Rows, read_rows, whole_number
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
    hierarchies = read_hierarchies(folder)
    file = read_rows(folder / INNER)
    if COUNT not in file.columns:
        raise file.problem(1, f"there is no column {COUNT!r}; name the column of counts so")
    dimensions = [name for name in file.columns if name != COUNT]
    for name in dimensions:
        if name in RESERVED:
            raise file.problem(1, f"a dimension cannot be named {name!r}; rename the column and its hierarchy")
        if name not in hierarchies:
            raise file.problem(1, f"the dimension {name!r} has no hierarchy; add {folder / f'hier_{name}.csv'}")
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


def read_hierarchies(folder: Path) -> dict[str, Hierarchy]:
    """The hierarchies of a folder by dimension, in the order of their names."""
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; it should hold {INNER} and a hier_<dimension>.csv per dimension")
    paths = sorted(folder.glob("hier_*.csv"))
    if not paths:
        other = sorted(folder.glob("*hier_*.csv"))
        named = f", and {other[0].name} is not one; rename it" if other else ""
        raise InputError(f"{folder}: there is no hier_<dimension>.csv{named}; add one for each dimension of {INNER}")
    return {path.stem.removeprefix("hier_"): _read_hierarchy(path) for path in paths}


def check_size(folder: Path, hierarchies: Mapping[str, Hierarchy]) -> None:
    """Raise ``InputError`` where the table would have more than ``MOST_CELLS`` cells."""
    cells = 1
    for hierarchy in hierarchies.values():
        cells *= len(hierarchy.codes)
    if cells > MOST_CELLS:
        raise InputError(f"{folder}: the table has {cells} cells with its totals, and {MOST_CELLS} are the most; coarsen a dimension")


def _read_hierarchy(path: Path) -> Hierarchy:
    dimension = path.stem.removeprefix("hier_")
    file = read_rows(path)
    if file.columns != ("levels", "codes"):
        raise file.problem(1, f"the columns are {', '.join(map(repr, file.columns))}; they must be 'levels' and 'codes'")
    trail: list[str] = []
    parents: dict[str, str] = {}
    lines: dict[str, int] = {}
    for line, (level, code) in file.rows:
        depth = len(level)
        if not depth or level.strip("@"):
            raise file.problem(line, f"the level is {level!r}; write as many '@' as the code is deep, one for the total")
        if not code:
            raise file.problem(line, "the code is empty; every level needs a code")
        if code in lines:
            raise file.problem(line, f"the code {code!r} is on line {lines[code]} already; give each code once")
        if depth > len(trail) + 1:
            raise file.problem(line, f"{code!r} has level {level!r} after level {'@' * len(trail)!r}; a level may be one deeper, no more")
        if depth == 1 and trail:
            raise file.problem(line, f"{code!r} is a second total beside {trail[0]!r}; put all codes under one")
        trail = [*trail[: depth - 1], code]
        lines[code] = line
        if depth > 1:
            parents[code] = trail[-2]
    if not lines:
        raise InputError(f"{path}: there is no code; the first row is the total, with level '@'")
    codes = tuple(lines)
    return Hierarchy(dimension, codes, codes[0], {"parent": parents})


def _finest(file: Rows, hierarchies: Mapping[str, Hierarchy]) -> np.ndarray:
    """The counts of ``inner.csv`` at the places of their codes; 0 at all totals."""
    places: list[np.ndarray] = []
    for name, hierarchy in hierarchies.items():
        place = {code: i for i, code in enumerate(hierarchy.codes)}
        leaves = set(hierarchy.leaves)
        picked = []
        for line, code in file.column(name):
            if code not in leaves:
                raise file.problem(line, _wrong_code(name, code, code in place))
            picked.append(place[code])
        places.append(np.array(picked, dtype=np.int64))
    counts = [whole_number(file, line, COUNT, text) for line, text in file.column(COUNT)]
    if sum(counts) > LARGEST:
        raise InputError(f"{file.path}: the counts add up to {sum(counts)}; beyond {LARGEST} they cannot be held exactly")
    table = np.zeros([len(hierarchy.codes) for hierarchy in hierarchies.values()], dtype=np.int64)
    np.add.at(table, tuple(places), np.array(counts, dtype=np.int64))
    return table


def _wrong_code(dimension: str, code: str, known: bool) -> str:
    if known:
        return f"{dimension} is {code!r}, which is a sum of other codes; give the finest codes only, the sums are made from them"
    return f"{dimension} is {code!r}, which is not a code of hier_{dimension}.csv; add it there or correct the row"


def _with_totals(counts: np.ndarray, hierarchies: Mapping[str, Hierarchy]) -> np.ndarray:
    """Add every count to all codes above its own, one dimension after the other."""
    for axis, hierarchy in enumerate(hierarchies.values()):
        along = np.moveaxis(counts, axis, 0)
        place = {code: i for i, code in enumerate(hierarchy.codes)}
        # Depth first, so read backwards each code is complete before it is added to its parent.
        for code, parent in reversed(hierarchy.parents["parent"].items()):
            along[place[parent]] += along[place[code]]
    return counts


def name_cell(axes: Mapping[str, Sequence[str]], flat: int) -> str:
    """The codes of a cell given by its place in a table of these axes, in words."""
    where = np.unravel_index(flat, [len(codes) for codes in axes.values()])
    return ", ".join(f"{name}={codes[int(i)]}" for (name, codes), i in zip(axes.items(), where, strict=True))
