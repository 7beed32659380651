"""The hierarchies of a folder: one ``hier_<dimension>.csv`` per dimension, and further ones of the same dimension.

Belongs here: that format, and that what several files say of one dimension fits together.  Does not belong here: counts
(``case``, ``pattern``).

``hier_<dimension>.csv`` has the columns ``levels`` (as many '@' as the code is deep, one for the total) and ``codes``,
depth first: the form of sdcTable and GaussSuppression.  ``hier_<dimension>.<name>.csv`` beside it is a further hierarchy of
the same dimension (months in quarters and calendar years, and months in financial years), in the same form.  It has the
same total, and codes of its own between the total and what the files have in common; a code of one file only is no part
of the other.  Whatever is counted in a code by one file is counted in it by each that has the code, so no file may leave
out one of the finest codes: what is in no financial year stands right below the total.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

from anonymisation.command.files import InputError, Rows, read_rows
from anonymisation.hierarchy import Hierarchy


def read_hierarchies(folder: Path, inner: str) -> dict[str, Hierarchy]:
    """The hierarchies of a folder by dimension, in the order of their names; ``inner`` is the file they belong to.

    The hierarchies of one dimension are named after their files.  Raises ``InputError`` naming the file, line and code that
    is wrong, or that another file contradicts.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; it should hold {inner} and a hier_<dimension>.csv per dimension")
    paths = {path.stem.removeprefix("hier_"): path for path in folder.glob("hier_*.csv")}
    if not paths:
        other = sorted(folder.glob("*hier_*.csv"))
        named = f", and {other[0].name} is not one; rename it" if other else ""
        raise InputError(f"{folder}: there is no hier_<dimension>.csv{named}; add one for each dimension of {inner}")
    trees: dict[str, list[_Tree]] = {}
    for name in sorted(paths):
        # What a name begins with sorts before it.
        dimension = next((known for known in trees if name.startswith(f"{known}.")), name)
        trees.setdefault(dimension, []).append(_read_tree(paths[name]))
    return {dimension: _joined(dimension, several) for dimension, several in trees.items()}


def files_of(hierarchy: Hierarchy) -> str:
    """The files that a hierarchy was read from, in words."""
    return " or ".join(hierarchy.parents)


@dataclass(frozen=True)
class _Tree:
    """One file: the line of each of its codes, the total first, and the parents of all others."""

    file: Rows
    lines: Mapping[str, int]
    parents: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.file.path.name

    @property
    def total(self) -> str:
        return next(iter(self.lines))

    def children(self) -> dict[str, list[str]]:
        """By code that has some, in the order of the file."""
        found: dict[str, list[str]] = {}
        for code, parent in self.parents.items():
            found.setdefault(parent, []).append(code)
        return found


def _read_tree(path: Path) -> _Tree:
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
    return _Tree(file, lines, parents)


def _joined(dimension: str, trees: Sequence[_Tree]) -> Hierarchy:
    """One hierarchy of all files of a dimension.  Raises ``InputError`` where two of them contradict each other."""
    first = trees[0]
    for tree in trees[1:]:
        if tree.total != first.total:
            problem = f"the total is {tree.total!r}, and {first.name} has {first.total!r}; give both the same"
            raise tree.file.problem(tree.lines[tree.total], problem)
    below = _leaves_below(trees)
    for tree in trees:
        for parent, children in tree.children().items():
            counted = {leaf for child in children for leaf in below[child]}
            for leaf in below[parent]:
                if leaf not in counted:
                    other, child = next(
                        (one, child)
                        for one in trees
                        for child, code in one.parents.items()
                        if code == parent and leaf in below[child]
                    )
                    problem = (
                        f"{parent!r} leaves out {leaf!r}, which {other.name} counts in it (line {other.lines[child]}, {child!r});"
                        f" put it under {parent!r} here, or under a code below it"
                    )
                    raise tree.file.problem(tree.lines[parent], problem)
    for tree in trees:
        for parent, children in tree.children().items():
            by: dict[str, str] = {}
            for child in children:
                for leaf in below[child]:
                    if leaf in by:
                        problem = f"{parent!r} counts {leaf!r} by {by[leaf]!r} and again by {child!r}; take one of them out"
                        raise tree.file.problem(tree.lines[child], problem)
                    by[leaf] = child
    codes = dict.fromkeys(code for tree in trees for code in tree.lines)
    return Hierarchy(dimension, codes, first.total, {tree.name: tree.parents for tree in trees})


def _leaves_below(trees: Sequence[_Tree]) -> dict[str, dict[str, None]]:
    """By code, what is counted in it by any of the files and has no parts in any: sets in the order of the files."""
    children: dict[str, dict[str, None]] = {code: {} for tree in trees for code in tree.lines}
    for tree in trees:
        for code, parent in tree.parents.items():
            children[parent][code] = None
    below: dict[str, dict[str, None]] = {}
    try:
        for code in TopologicalSorter(children).static_order():
            below[code] = {leaf: None for child in children[code] for leaf in below[child]} or {code: None}
    except CycleError as error:
        # A file alone has no circle, so the last one that is part of it contradicts another.
        links = set(pairwise(error.args[1]))
        tree, code = next((tree, code) for tree in reversed(trees) for code in tree.parents if (code, tree.parents[code]) in links)
        parent = tree.parents[code]
        problem = f"{code!r} is under {parent!r}, which is under {code!r} by another hierarchy of {trees[0].name}; turn one round"
        raise tree.file.problem(tree.lines[code], problem) from None
    return below
