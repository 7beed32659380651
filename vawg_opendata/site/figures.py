"""A chart as a page shows it: the drawing in two sizes, the key to its marks, and the numbers as a table beside it."""

from collections.abc import Mapping, Sequence
from html import escape

from vawg_opendata.site import charts
from vawg_opendata.site.drawing import WITHHELD
from vawg_opendata.site.markup import cell, series, shown
from vawg_opendata.site.released import Cells
from vawg_opendata.site.slices import finest, root

_KEY_WITHHELD = (
    f'<li><svg viewBox="0 0 28 20" aria-hidden="true"><path d="M0 20L20 0M8 20L28 0M-8 20L12 0M16 20L36 0" stroke="{WITHHELD}" stroke-width="3"/></svg>withheld</li>'
)
_KEY_MISSING = '<li><svg viewBox="0 0 28 20" aria-hidden="true"><rect width="28" height="20" fill="#ededf2"/></svg>not available</li>'
_KEY_BREAK = (
    '<li><svg viewBox="0 0 28 20" aria-hidden="true"><path d="M14 0V20" stroke="#595668" stroke-width="3" stroke-dasharray="5 4"/></svg>'
    "the series breaks: {}</li>"
)


def totals(cells: Cells) -> dict[str, str]:
    """The code of each dimension but time that stands for all of it."""
    return {name: root(cells, name) for name in cells.others}


def points(cells: Cells, fixed: Mapping[str, str]) -> tuple[list[charts.Point], list[str]]:
    """The series of one cell over the shortest periods there are, and the text of each point."""
    periods = finest(cells)
    values, status = series(cells, fixed, periods)
    labels = cells.lists[cells.period].labels
    found = [
        charts.Point(code, labels[code], None if state else value, state)
        for code, value, state in zip(periods, values.tolist(), status.tolist(), strict=True)
    ]
    return found, [shown(value, state, cells.integer) for value, state in zip(values.tolist(), status.tolist(), strict=True)]


def breaks_of(points: Sequence[charts.Point], rows: Sequence[Mapping[str, str]]) -> list[charts.Break]:
    """Where breaks of the series fall among points; `rows` are those of `series_breaks`, numbered in their order."""
    position = {point.code: index for index, point in enumerate(points)}
    found = []
    for number, row in enumerate(rows, start=1):
        year, month, day = (*map(int, row["date"].split("-")), 1, 1)[:3]
        exact, whole = f"{year}-{month:02}", str(year)
        if exact in position:
            place = position[exact] + (day - 1) / 31
        elif whole in position:
            place = position[whole] + (month - 1) / 12
        else:
            continue
        if place > 0:
            found.append(charts.Break(place, number))
    return found


def figure(
    cells: Cells, fixed: Mapping[str, str], caption: str, breaks: Sequence[Mapping[str, str]], name: str, *, numbers: bool = True, small: bool = False
) -> str:
    """A chart of one series as HTML. `name` is an id; without `numbers` its table is elsewhere on the page.

    A small figure is only the narrow drawing, without breaks: they have no room for words there. Empty where the table has no time or a single period.
    """
    if not cells.period:
        return ""
    drawn, words = points(cells, fixed)
    if len(drawn) < 2:
        return ""
    places = breaks_of(drawn, breaks)
    label = f"Chart: {caption}. {_summary(drawn, words)}"
    described = f"{name}-numbers" if numbers else ""
    if small:
        return f"<figure>{charts.chart(drawn, words, (), charts.NARROW).svg(label)}<figcaption>{escape(caption)}</figcaption></figure>"
    narrow = charts.chart(drawn, words, places, charts.NARROW)
    wide = charts.chart(drawn, words, places, charts.WIDE)
    keys = [_KEY_WITHHELD] if any(point.status == "c" for point in drawn) else []
    keys += [_KEY_MISSING] if any(point.status not in ("", "c") for point in drawn) else []
    keys += [_KEY_BREAK.format("; ".join(f"{place.number} {escape(breaks[place.number - 1]['title'])}" for place in places))] if places else []
    key = f'<ul class="chart-keys">{"".join(keys)}</ul>' if keys else ""
    table = _numbers(cells, drawn, caption, described) if numbers else ""
    return (
        f"<figure><figcaption>{escape(caption)}</figcaption>"
        f'{wide.svg(label, described, "wide")}{narrow.svg(label, described, "narrow")}{key}{table}</figure>'
    )


def standalone(cells: Cells, caption: str, note: str, breaks: Sequence[Mapping[str, str]]) -> tuple[str, bytes] | None:
    """The chart of a table's total as an SVG file and a PNG file, with `caption` and `note` drawn in; None where there is no chart."""
    if not cells.period:
        return None
    drawn, words = points(cells, totals(cells))
    if len(drawn) < 2:
        return None
    drawing = charts.chart(drawn, words, breaks_of(drawn, breaks), (charts.WIDE[0], charts.WIDE[1] + 54), caption, note)
    return drawing.svg(f"Chart: {caption}. {note}. {_summary(drawn, words)}"), drawing.png()


def _summary(drawn: Sequence[charts.Point], words: Sequence[str]) -> str:
    """The chart in a sentence for those who cannot see it."""
    known = [index for index, point in enumerate(drawn) if point.value is not None]
    if not known:
        return "No period is published."
    low, high = min(known, key=lambda index: drawn[index].value), max(known, key=lambda index: drawn[index].value)
    withheld = sum(point.status == "c" for point in drawn)
    return (
        f"From {drawn[0].label} to {drawn[-1].label}. Highest {words[high]} in {drawn[high].label}, lowest {words[low]} in {drawn[low].label}, "
        f"last published {words[known[-1]]} in {drawn[known[-1]].label}." + (f" {withheld} periods are withheld." if withheld else "")
    )


def _numbers(cells: Cells, drawn: Sequence[charts.Point], caption: str, name: str) -> str:
    head = escape(cells.lists[cells.period].title)
    rows = "".join(
        f'<tr><th scope="row" data-code="{escape(point.code)}">{escape(point.label)}</th>{cell(point.value, point.status, cells.integer)}</tr>'
        for point in reversed(drawn)
    )
    fixed = ";".join(f"{name}={code}" for name, code in totals(cells).items())
    return (
        f'<details id="{name}"><summary>The numbers of this chart</summary>'
        f'<div class="scroll" role="region" aria-labelledby="{name}-caption" tabindex="0">'
        f'<table class="cells" data-table="{cells.name}" data-rows="{cells.period}" data-fixed="{escape(fixed)}">'
        f'<caption id="{name}-caption">{escape(caption)}</caption>'
        f'<thead><tr><th scope="col">{head}</th><th scope="col">{escape(cells.measure_title)}</th></tr></thead><tbody>{rows}</tbody></table></div></details>'
    )


