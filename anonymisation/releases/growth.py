"""Growth: what an earlier release called a total is a part of what a later one calls so.

Belongs here: giving the earlier meaning of a code a code of its own beside the present one.  Does not belong here: what
is withheld (``protection``).

A total over the months to February and a total over the months to March differ by March.  With the earlier total as a
code among the others, that the new month is the difference is a sum like any other, and whoever protects the tables
sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from anonymisation.hierarchy import Hierarchy
from anonymisation.tables import CountTable


@dataclass(frozen=True)
class Extension:
    """One code of one dimension with an earlier meaning: ``code`` counts the ``parts``, of what is now ``now``."""

    dimension: str
    code: str
    now: str
    parts: tuple[str, ...]
    rest: tuple[str, ...]


def extensions(hierarchies: Mapping[str, Hierarchy], earlier: Mapping[str, Hierarchy]) -> list[Extension]:
    """The codes that stood for less in the earlier hierarchies, where all of that is still there."""
    found = []
    for dimension, hierarchy in hierarchies.items():
        old = earlier.get(dimension)
        for code in hierarchy.codes if old is not None else ():
            below = old.leaves_below.get(code, frozenset())
            if not below or code in below or not below < hierarchy.leaves_below[code]:
                continue
            parts = _cover(hierarchy, code, below)
            rest = _cover(hierarchy, code, hierarchy.leaves_below[code] - below)
            if parts is not None and rest is not None:
                found.append(Extension(dimension, f"{code} of the last release", code, parts, rest))
    return found


def extended_hierarchies(
    hierarchies: Mapping[str, Hierarchy], added: Sequence[Extension]
) -> dict[str, Hierarchy]:
    """The hierarchies with the added codes: each adds up from its parts, and with the rest to what it is now."""
    extended = dict(hierarchies)
    for one in added:
        hierarchy = extended[one.dimension]
        links = dict.fromkeys(one.parts, one.code) | {one.code: one.now} | dict.fromkeys(one.rest, one.now)
        extended[one.dimension] = Hierarchy(
            one.dimension, (*hierarchy.codes, one.code), hierarchy.total, {**hierarchy.parents, one.code: links}, hierarchy.aside
        )
    return extended


def extended_table(table: CountTable, added: Sequence[Extension]) -> CountTable:
    """The table with the added codes of which it shows all parts, behind the others of their axes."""
    axes, counts = dict(table.axes), table.counts
    for one in added:
        codes = axes.get(one.dimension, ())
        if not {*one.parts, *one.rest, one.now} <= set(codes):
            continue
        axis = list(axes).index(one.dimension)
        places = [codes.index(part) for part in one.parts]
        more = counts.take(places, axis=axis).sum(axis=axis, keepdims=True)
        axes[one.dimension], counts = (*codes, one.code), np.concatenate([counts, more], axis=axis)
    return CountTable(table.name, table.measure, axes, counts)


def _cover(hierarchy: Hierarchy, code: str, leaves: frozenset[str]) -> tuple[str, ...] | None:
    """The fewest codes below ``code`` that together are ``leaves``, by the first hierarchy that divides each."""
    found: list[str] = []
    for name, parent in hierarchy.sums:
        if parent == code:
            for child in hierarchy.sums[name, parent]:
                below = hierarchy.leaves_below[child]
                if below <= leaves:
                    found.append(child)
                elif below & leaves:
                    deeper = _cover(hierarchy, child, leaves & below)
                    if deeper is None:
                        return None
                    found += deeper
            return tuple(found)
    return None
