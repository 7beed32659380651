"""How a table is cut into pages: each page shows the codes of one dimension down and periods across.

A table of one dimension and few codes is one page; of many codes, a page per code that has others below it, in every
hierarchy. A table of two dimensions has a page for each code of either, or of the shorter one alone where the other is very long. Which periods a page shows, in which blocks, is decided
here too. What a page looks like belongs in `markup` and the templates.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vawg_opendata.charts.cells import Cells, root

MOST_ROWS = 60
MOST_COLUMNS = 30
MOST_CELLS = 150_000
"""Larger tables show single months of the last two years on their pages; all of them are in Explore and in the files."""
RECENT_MONTHS = 24
MOST_PAGES = 400
"""A dimension with more codes has no page for each of them where another dimension has pages that show them all."""

LEVEL_TITLES = {
    "year": "Calendar years",
    "financial_year": "Financial years",
    "quarter": "Quarters",
    "month": "Months",
    "pooled_5": "Blocks of five years",
}


@dataclass(frozen=True)
class Slice:
    """One page of a table: `fixed` holds the other dimensions still, `rows` are codes of `dimension`.

    `subject` is the code that the page is about and its dimension, `slug` the name of the page; both are empty for a table
    that is one page.
    """

    dimension: str
    rows: tuple[str, ...]
    fixed: Mapping[str, str]
    subject: tuple[str, str]
    slug: str


@dataclass(frozen=True)
class Block:
    """Periods shown side by side, newest first; `shut` blocks are opened by the reader."""

    title: str
    periods: tuple[str, ...]
    shut: bool = False


def overview(cells: Cells) -> Slice:
    """What the table's own page shows: its first dimension at the upper levels, the others in total."""
    if not cells.others:
        return Slice("", (), {}, ("", ""), "")
    first, *others = cells.others
    fixed = {name: root(cells, name) for name in others}
    codes = cells.axes[first]
    if len(codes) > MOST_ROWS:
        codes = _upper(cells, first)
    return Slice(first, tuple(codes), fixed, ("", ""), "")


def _upper(cells: Cells, dimension: str) -> tuple[str, ...]:
    """The root and as many whole steps of the first hierarchy below it as fit on a page."""
    below = cells.lists[dimension].children("parent")
    here = set(cells.axes[dimension])
    kept, step = {root(cells, dimension)}, [root(cells, dimension)]
    while step:
        step = [child for code in step for child in below.get(code, ()) if child in here]
        if len(kept) + len(step) > MOST_ROWS:
            break
        kept.update(step)
    return tuple(code for code in cells.axes[dimension] if code in kept)


def slices(cells: Cells) -> list[Slice]:
    """The further pages of a table, in the order of its codes; none where the overview shows all of it."""
    others = cells.others
    if len(others) == 1:
        if len(cells.axes[others[0]]) <= MOST_ROWS:
            return []
        found = list(_by_parent(cells, others[0]))
    elif len(others) == 2:
        shortest = min(len(cells.axes[name]) for name in others)
        pairs = (others, others[::-1])
        found = [one for dimension, across in pairs if len(cells.axes[dimension]) <= max(MOST_PAGES, shortest) for one in _by_code(cells, dimension, across)]
    else:
        found = [
            Slice(name, cells.axes[name][:MOST_ROWS], {other: root(cells, other) for other in others if other != name}, (name, ""), name)
            for name in others
        ]
    return _named(found)


def _by_parent(cells: Cells, dimension: str) -> Iterator[Slice]:
    codes = cells.lists[dimension]
    here = set(cells.axes[dimension])
    for column in codes.parents:
        for parent, children in codes.children(column).items():
            rows = tuple(child for child in children if child in here)
            if rows and parent in here:
                further = column.removeprefix("parent").removeprefix("_")
                yield Slice(dimension, (parent, *rows), {}, (dimension, parent), f"{parent}-by-{further}" if further else parent)


def _by_code(cells: Cells, dimension: str, across: str) -> Iterator[Slice]:
    for code in cells.axes[dimension]:
        yield Slice(across, cells.axes[across], {dimension: code}, (dimension, code), f"{dimension}-{code}")


def _named(found: Sequence[Slice]) -> list[Slice]:
    """The slices with slugs that are names of files on every system, no two alike."""
    taken: set[str] = {"index"}
    named = []
    for one in found:
        base = re.sub("[^a-z0-9]+", "-", one.slug.lower()).strip("-") or "page"
        slug, number = base, 1
        while slug in taken:
            number += 1
            slug = f"{base}-{number}"
        taken.add(slug)
        named.append(Slice(one.dimension, one.rows, one.fixed, one.subject, slug))
    return named


def blocks(cells: Cells) -> list[Block]:
    """The periods of a table in blocks: years first, single months last and year by year."""
    if not cells.period:
        return [Block("", ("",))]
    codes = cells.lists[cells.period]
    shown = cells.axes[cells.period]
    total = [code for code in shown if codes.levels[code] == "total"]
    by_level: dict[str, list[str]] = {}
    for code in shown:
        if codes.levels[code] != "total":
            by_level.setdefault(codes.levels[code], []).append(code)
    found = []
    for level in sorted(by_level, key=lambda level: level == "month"):
        periods = by_level[level]
        title = LEVEL_TITLES.get(level, level.replace("_", " ").capitalize())
        if len(periods) <= MOST_COLUMNS:
            found.append(Block(title, tuple(reversed(periods)) + (tuple(total) if not found else ())))
            continue
        if level == "month" and cells.size > MOST_CELLS:
            periods = periods[-RECENT_MONTHS:]
        years: dict[str, list[str]] = {}
        for code in periods:
            years.setdefault(codes.parents["parent"].get(code, ""), []).append(code)
        found += [Block(f"{title} of {year}", tuple(reversed(years[year])), shut=True) for year in reversed(years)]
    return found


def left_out(cells: Cells) -> bool:
    """Whether pages of this table leave older months to the files."""
    shown = {period for block in blocks(cells) for period in block.periods}
    return bool(cells.period) and len(shown) < len(cells.axes[cells.period])
