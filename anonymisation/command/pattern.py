"""A pattern file: every cell of a table, totals included, and whether it is primary and suppressed.

Belongs here: writing and reading that file.  Does not belong here: what is decided (the library), what is said about it
(``report``).

The columns are those of the dimensions, ``freq``, ``primary`` and ``suppressed`` (0 or 1).  The file is the
statistician's own: it holds the counts of suppressed cells.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anonymisation.command.case import COUNT, INNER, RESERVED, check_size, name_cell
from anonymisation.command.files import InputError, Rows, read_rows, whole_number
from anonymisation.command.hierarchies import files_of
from anonymisation.hierarchy import Hierarchy
from anonymisation.policy import Policy
from anonymisation.primary import GroupDisclosure, Singletons, below_threshold
from anonymisation.tables import CountTable, PublishedTable

PRIMARY, SUPPRESSED = RESERVED


@dataclass(frozen=True)
class Pattern:
    """What a reader gets, and which cells are primary: all withheld ones where the file does not say.

    ``named`` says whether it does.  ``ones``: cells that count one person, who knows it; empty unless a rule asks.
    ``counts``: all counts, where the file has them.
    """

    table: PublishedTable
    primary: np.ndarray
    named: bool
    ones: np.ndarray
    counts: np.ndarray | None


def is_small(counts: np.ndarray, policy: Policy) -> np.ndarray:
    """Which counts are primary by ``policy``."""
    return below_threshold(counts, policy.threshold, zeros=policy.zeros == "sensitive")


def check_dimensions(folder: Path, hierarchies: Mapping[str, Hierarchy], policy: Policy) -> None:
    """Raise ``InputError`` where a rule of ``policy`` speaks of a dimension that is not there."""
    for rule in policy.rules:
        if isinstance(rule, GroupDisclosure) and rule.dimension not in hierarchies:
            there = ", ".join(map(repr, hierarchies))
            raise InputError(f"{folder}: there is no dimension {rule.dimension!r} for --group-disclosure; give one of {there}")


def check_target(path: Path, folder: Path) -> None:
    """Raise ``InputError`` where no file can be written at ``path``, or an input of ``folder`` would be lost by it."""
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: there is something here that is not a file; give another name")
    if not path.resolve().parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.resolve().parent}; make it first")
    if path.exists() and any(path.samefile(one) for one in (folder / INNER, *folder.glob("hier_*.csv")) if one.exists()):
        raise InputError(f"{path}: this is an input file; give another name")


def write_pattern(path: Path, table: CountTable, primary: np.ndarray, suppressed: np.ndarray) -> None:
    """Write one row per cell in the order of the axes, whole or not at all, readable by its owner only."""
    shape = table.counts.shape
    columns: list[list] = []
    for axis, codes in enumerate(table.axes.values()):
        before, after = int(np.prod(shape[:axis], dtype=np.int64)), int(np.prod(shape[axis + 1 :], dtype=np.int64))
        columns.append([code for code in codes for _ in range(after)] * before)
    columns += [table.counts.ravel().tolist(), *(mask.ravel().astype(int).tolist() for mask in (primary, suppressed))]
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*table.axes, COUNT, PRIMARY, SUPPRESSED])
            writer.writerows(zip(*columns, strict=True))
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def read_pattern(path: Path, folder: Path, hierarchies: Mapping[str, Hierarchy], policy: Policy) -> Pattern:
    """Read anyone's pattern file over the ``hierarchies`` of ``folder``; columns of other names are passed over.

    Where there is no column ``primary``, suppressed cells whose ``freq`` is small are; where ``freq`` is empty for one of
    them as well, all suppressed cells are.  Under the rule of singletons a suppressed cell of 1 is known to the one it
    counts, so that no ``freq`` may be empty.
    """
    file = read_rows(path)
    for name in (*hierarchies, COUNT, SUPPRESSED):
        if name not in file.columns:
            raise file.problem(1, f"there is no column {name!r}; a pattern has a column per hierarchy of {folder}, {COUNT!r} and {SUPPRESSED!r}")
    hierarchies = {name: hierarchies[name] for name in file.columns if name in hierarchies}
    check_size(folder, hierarchies)
    axes = {name: hierarchy.codes for name, hierarchy in hierarchies.items()}
    shape = tuple(len(codes) for codes in axes.values())
    place = _places(file, hierarchies)
    suppressed = _marks(file, SUPPRESSED)
    counts = np.zeros(len(file.rows), dtype=np.int64)
    known = np.ones(len(file.rows), dtype=bool)
    for row, (line, text) in enumerate(file.column(COUNT)):
        if not text and suppressed[row]:
            if Singletons() in policy.rules:
                raise file.problem(line, f"{COUNT} is empty; --singletons needs it of suppressed cells too, to know which count one person")
            known[row] = False
        else:
            counts[row] = whole_number(file, line, COUNT, text)
    named = PRIMARY in file.columns or bool(known.all())
    if PRIMARY in file.columns:
        marked = _marks(file, PRIMARY)
    elif named:
        marked = suppressed & is_small(counts, policy)
    else:
        marked = suppressed.copy()
    # Whatever the file says, a small count that it publishes is one.
    marked |= ~suppressed & is_small(counts, policy)
    values, shown, primary, ones = (np.zeros(shape, dtype=kind) for kind in (np.int64, bool, bool, bool))
    values.flat[place], shown.flat[place], primary.flat[place] = np.where(suppressed, 0, counts), ~suppressed, marked
    if Singletons() in policy.rules:
        ones.flat[place] = counts == 1
    complete = np.zeros(shape, dtype=np.int64)
    complete.flat[place] = counts
    table = PublishedTable(path.name, COUNT, axes, values, shown)
    return Pattern(table, primary, named, ones, complete if known.all() else None)


def _places(file: Rows, hierarchies: Mapping[str, Hierarchy]) -> np.ndarray:
    """The flat place of every row; every cell must be there once."""
    axes = {name: hierarchy.codes for name, hierarchy in hierarchies.items()}
    places = np.zeros(len(file.rows), dtype=np.int64)
    for name, codes in axes.items():
        place = {code: i for i, code in enumerate(codes)}
        picked = []
        for line, code in file.column(name):
            if code not in place:
                raise file.problem(line, f"{name} is {code!r}, which is not a code of {files_of(hierarchies[name])}; add it there or correct the row")
            picked.append(place[code])
        places = places * len(codes) + np.array(picked, dtype=np.int64)
    cells = int(np.prod([len(codes) for codes in axes.values()], dtype=np.int64))
    seen = np.bincount(places, minlength=cells)
    if (seen > 1).any():
        cell = int(np.flatnonzero(seen > 1)[0])
        line = file.rows[int(np.flatnonzero(places == cell)[1])][0]
        raise file.problem(line, f"the cell {name_cell(axes, cell)} is there twice; give each cell once")
    if (seen == 0).any():
        cell = int(np.flatnonzero(seen == 0)[0])
        raise InputError(
            f"{file.path}: the cell {name_cell(axes, cell)} is missing ({int((seen == 0).sum())} such cells); give every cell,"
            " totals and zeros included"
        )
    return places


def _marks(file: Rows, column: str) -> np.ndarray:
    marks = np.zeros(len(file.rows), dtype=bool)
    for row, (line, text) in enumerate(file.column(column)):
        if text not in ("0", "1"):
            raise file.problem(line, f"{column} is {text!r}; write 1 for yes and 0 for no")
        marks[row] = text == "1"
    return marks
