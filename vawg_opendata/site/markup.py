"""Cells as text and as HTML tables: the one place that says how published, zero, withheld and missing look and read.

A published count is a number and zero is 0. A withheld one is `[c] withheld`, one that is not available `[x] not available`, one
that is not applicable `[z] not applicable`: the letter is seen, the words are read out, the cell has a class of its own.
"""

from collections.abc import Callable
from html import escape

import numpy as np

from vawg_opendata.charts.cells import Cells, Codes
from vawg_opendata.charts.headline import WORDS, number
from vawg_opendata.site.slices import Block, Slice

LONG_LABEL = 16  # letters; a longer heading has a wider column


def cell(value: float, status: str, integer: bool) -> str:
    """A cell of an HTML table."""
    if status:
        return f'<td class="{status}">[{status}]<i> {WORDS[status]}</i></td>'
    return f"<td>{number(value, integer)}</td>"


def depth(codes: Codes, code: str) -> int:
    """How many steps a code is below the root of its first hierarchy; at most 4, as far as the pages indent."""
    steps, parents = 0, codes.parents.get("parent", {})
    while code in parents and steps < 4:
        code, steps = parents[code], steps + 1
    return steps


def grid(cells: Cells, part: Slice, block: Block, name: str, caption: str, link: Callable[[str], str]) -> str:
    """One block of a page as an HTML table in a region that scrolls by itself.

    `name` is an id that no other table of the page has; `link` gives the address of the page about a code, or nothing.
    """
    rows = part.rows or ("",)
    place = []
    for dimension in cells.axes:
        if dimension == cells.period:
            place.append([cells.at(dimension, code) for code in block.periods])
        elif dimension == part.dimension:
            place.append([cells.at(dimension, code) for code in rows])
        else:
            place.append([cells.at(dimension, part.fixed[dimension])])
    order = list(cells.axes)
    values, status = cells.values[np.ix_(*place)], cells.status[np.ix_(*place)]
    axes = [order.index(dimension) for dimension in (part.dimension, cells.period) if dimension]
    rest = tuple(axis for axis in range(len(order)) if axis not in axes)
    values, status = (np.transpose(array, (*axes, *rest)).reshape(len(rows), len(block.periods)) for array in (values, status))
    head = cells.lists[part.dimension].title if part.dimension else "Measure"
    periods = cells.lists[cells.period].labels if cells.period else {"": cells.measure_title}
    columns = "".join(_heading(code, periods[code]) for code in block.periods)
    top = min((depth(cells.lists[part.dimension], code) for code in rows), default=0) if part.dimension else 0
    lines = []
    for index, code in enumerate(rows):
        label = escape(cells.lists[part.dimension].labels[code]) if part.dimension else escape(cells.measure_title)
        address = link(code)
        label = f'<a href="{address}">{label}</a>' if address else label
        indent = depth(cells.lists[part.dimension], code) - top if part.dimension else 0
        body = "".join(cell(value, state, cells.integer) for value, state in zip(values[index].tolist(), status[index].tolist(), strict=True))
        lines.append(f'<tr><th scope="row" class="d{indent}" data-code="{escape(code)}">{label}</th>{body}</tr>')
    fixed = escape(";".join(f"{dimension}={code}" for dimension, code in part.fixed.items()))
    return (
        f'<div class="scroll" role="region" aria-labelledby="{name}" tabindex="0">'
        f'<table class="cells" data-table="{cells.name}" data-rows="{part.dimension}" data-fixed="{fixed}">'
        f'<caption id="{name}">{escape(caption)}</caption>'
        f'<thead><tr><th scope="col">{escape(head)}</th>{columns}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
    )


def _heading(code: str, label: str) -> str:
    wide = ' class="long"' if len(label) > LONG_LABEL else ""
    return f'<th scope="col"{wide} data-code="{escape(code)}">{escape(label)}</th>'
