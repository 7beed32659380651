"""Hierarchies: the codes of one dimension and how they add up.

Belongs here: what a hierarchy is, and questions about its codes (ancestors, leaves, children).  Does not belong here:
cells, counts, policies, or reading code lists from files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from anonymisation.errors import HierarchyError


@dataclass(frozen=True, init=False)
class Hierarchy:
    """One dimension: its codes, its root, and one or more ways in which children add up to parents.

    ``parents`` maps the name of a hierarchy (``"parent"``, ``"parent_financial_year"``) to ``{child: parent}``.
    Several hierarchies may share codes: months add up to calendar years by one and to financial years by another, and
    both kinds of year add up to the root.  A code outside a hierarchy has no entry in it.

    ``aside``: codes without children whose people are counted under the same code in every dimension that has it, such as those of whom
    nothing is told but that they are counted.  Tables by different dimensions so have one count of them.

    Raises ``HierarchyError`` where a parent is not a code, a chain of parents runs in a circle, the children of
    some parent do not partition the leaves below it, or a code set aside has children.
    """

    dimension: str
    codes: tuple[str, ...]
    total: str
    parents: Mapping[str, Mapping[str, str]]
    aside: frozenset[str]
    _children: dict[tuple[str, str], tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __init__(
        self, dimension: str, codes: Iterable[str], total: str, parents: Mapping[str, Mapping[str, str]], aside: Iterable[str] = ()
    ) -> None:
        object.__setattr__(self, "dimension", dimension)
        object.__setattr__(self, "codes", tuple(codes))
        object.__setattr__(self, "total", total)
        object.__setattr__(
            self, "parents", {name: {c: p for c, p in links.items() if p} for name, links in parents.items()}
        )
        object.__setattr__(self, "aside", frozenset(aside))
        known = set(self.codes)
        if len(known) != len(self.codes):
            twice = sorted({code for code in self.codes if self.codes.count(code) > 1})
            raise HierarchyError(f"dimension {dimension!r}: codes occur twice: {twice[:5]}")
        if total not in known:
            raise HierarchyError(f"dimension {dimension!r}: the total {total!r} is not among its codes")
        children: dict[tuple[str, str], list[str]] = {}
        for name, links in self.parents.items():
            for code in self.codes:
                parent = links.get(code)
                if parent is None:
                    continue
                if parent not in known:
                    raise HierarchyError(f"dimension {dimension!r}, {name}: {code!r} has unknown parent {parent!r}")
                children.setdefault((name, parent), []).append(code)
            unknown = sorted(set(links) - known)
            if unknown:
                raise HierarchyError(f"dimension {dimension!r}, {name}: parents given for unknown codes {unknown[:5]}")
        linked = {self.total}.union(*self.parents.values())
        adrift = [code for code in self.codes if code not in linked]
        if adrift:
            raise HierarchyError(
                f"dimension {dimension!r}: {adrift[0]!r} has no parent in any hierarchy ({len(adrift)} such codes)"
            )
        object.__setattr__(self, "_children", {key: tuple(value) for key, value in children.items()})
        self._check_partition()
        wrong = sorted(self.aside.difference(self.leaves))
        if wrong:
            raise HierarchyError(f"dimension {dimension!r}: {wrong[0]!r} is set aside, and is not a code without children")

    @property
    def sums(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """``{(hierarchy name, parent): children}`` for every parent that has children in that hierarchy."""
        return self._children

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """Codes without children in any hierarchy, in the order of ``codes``."""
        above = {parent for _, parent in self._children}
        return tuple(code for code in self.codes if code not in above)

    @cached_property
    def ancestors(self) -> Mapping[str, tuple[str, ...]]:
        """For every code: itself and all codes above it in any hierarchy, the root included."""
        found: dict[str, tuple[str, ...]] = {}

        def climb(code: str, trail: tuple[str, ...]) -> tuple[str, ...]:
            if code in trail:
                raise HierarchyError(f"dimension {self.dimension!r}: {code!r} is its own ancestor")
            if code not in found:
                seen = dict.fromkeys([code])
                for links in self.parents.values():
                    parent = links.get(code)
                    if parent is not None:
                        seen.update(dict.fromkeys(climb(parent, (*trail, code))))
                found[code] = tuple(seen)
            return found[code]

        for code in self.codes:
            climb(code, ())
        return found

    @cached_property
    def leaves_below(self) -> Mapping[str, frozenset[str]]:
        """For every code: the leaves that are counted in it (a leaf counts in itself)."""
        below: dict[str, set[str]] = {code: set() for code in self.codes}
        for leaf in self.leaves:
            for code in self.ancestors[leaf]:
                below[code].add(leaf)
        return {code: frozenset(leaves) for code, leaves in below.items()}

    def _check_partition(self) -> None:
        for (name, parent), children in self._children.items():
            counted: set[str] = set()
            for child in children:
                twice = counted & self.leaves_below[child]
                if twice:
                    raise HierarchyError(
                        f"dimension {self.dimension!r}, {name}: {sorted(twice)[0]!r} is counted twice in {parent!r}"
                    )
                counted |= self.leaves_below[child]
            missing = self.leaves_below[parent] - counted
            if missing:
                raise HierarchyError(
                    f"dimension {self.dimension!r}, {name}: the children of {parent!r} leave out "
                    f"{sorted(missing)[0]!r} and {len(missing) - 1} more leaves; children must add up to their parent"
                )
