"""A chart as a page shows it: the drawing in two sizes, the key to its marks, and the numbers as a table beside it."""

from collections.abc import Mapping, Sequence
from html import escape

from vawg_opendata.charts.cells import Cells, totals
from vawg_opendata.charts.drawing import WITHHELD
from vawg_opendata.charts.headline import breaks_of, points, summary
from vawg_opendata.charts.series import NARROW, WIDE, Point, chart
from vawg_opendata.site.markup import cell

_KEY_WITHHELD = (
    f'<li><svg viewBox="0 0 28 20" aria-hidden="true"><path d="M0 20L20 0M8 20L28 0M-8 20L12 0M16 20L36 0" stroke="{WITHHELD}" stroke-width="3"/></svg>withheld</li>'
)
_KEY_MISSING = '<li><svg viewBox="0 0 28 20" aria-hidden="true"><rect width="28" height="20" fill="#ededf2"/></svg>not available</li>'
_KEY_BREAK = (
    '<li><svg viewBox="0 0 28 20" aria-hidden="true"><path d="M14 0V20" stroke="#595668" stroke-width="3" stroke-dasharray="5 4"/></svg>'
    "the series breaks: {}</li>"
)


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
    label = f"Chart: {caption}. {summary(drawn, words)}"
    described = f"{name}-numbers" if numbers else ""
    if small:
        return f"<figure>{chart(drawn, words, (), NARROW).svg(label)}<figcaption>{escape(caption)}</figcaption></figure>"
    narrow = chart(drawn, words, places, NARROW)
    wide = chart(drawn, words, places, WIDE)
    keys = [_KEY_WITHHELD] if any(point.status == "c" for point in drawn) else []
    keys += [_KEY_MISSING] if any(point.status not in ("", "c") for point in drawn) else []
    keys += [_KEY_BREAK.format("; ".join(f"{place.number} {escape(breaks[place.number - 1]['title'])}" for place in places))] if places else []
    key = f'<ul class="chart-keys">{"".join(keys)}</ul>' if keys else ""
    table = _numbers(cells, drawn, caption, described) if numbers else ""
    return (
        f"<figure><figcaption>{escape(caption)}</figcaption>"
        f'{wide.svg(label, described, "wide")}{narrow.svg(label, described, "narrow")}{key}{table}</figure>'
    )


def _numbers(cells: Cells, drawn: Sequence[Point], caption: str, name: str) -> str:
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


