"""The chart of one cell over time: its points, where the series breaks, what it shows in a sentence, and the chart as files."""

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np

from vawg_opendata.charts.cells import Cells, finest, totals
from vawg_opendata.charts.series import WIDE, Break, Point, chart

WORDS = {"c": "withheld", "x": "not available", "z": "not applicable"}
MOST_LETTERS = 112
"""Of a line of notes, which fits a chart that stands alone."""


def number(value: float, integer: bool) -> str:
    """A published value as people read it: thousands by commas, no more digits than were published."""
    if integer:
        return f"{int(value):,}"
    whole, point, rest = f"{value!r}".partition(".")
    return f"{int(whole):,}" + (point + rest if rest != "0" else "") if whole.lstrip("-").isdigit() else repr(value)


def shown(value: float, status: str, integer: bool) -> str:
    """A cell as text."""
    return f"[{status}] {WORDS[status]}" if status else number(value, integer)


def series(cells: Cells, fixed: Mapping[str, str], periods: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Values and statuses of one cell over periods; `fixed` has a code for each dimension that is not time."""
    place = tuple(
        [cells.at(name, code) for code in periods] if name == cells.period else cells.at(name, fixed[name]) for name in cells.axes
    )
    return cells.values[place], cells.status[place]


def points(cells: Cells, fixed: Mapping[str, str]) -> tuple[list[Point], list[str]]:
    """The series of one cell over the shortest periods there are, and the text of each point."""
    periods = finest(cells)
    values, status = series(cells, fixed, periods)
    labels = cells.lists[cells.period].labels
    found = [
        Point(code, labels[code], None if state else value, state)
        for code, value, state in zip(periods, values.tolist(), status.tolist(), strict=True)
    ]
    return found, [shown(value, state, cells.integer) for value, state in zip(values.tolist(), status.tolist(), strict=True)]


def breaks_of(points: Sequence[Point], rows: Sequence[Mapping[str, str]]) -> list[Break]:
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
            found.append(Break(place, number))
    return found


def summary(drawn: Sequence[Point], words: Sequence[str]) -> str:
    """The chart in a sentence for those who cannot see it."""
    known = [index for index, point in enumerate(drawn) if point.value is not None]
    if not known:
        return "No period is published."
    low, high = min(known, key=lambda index: drawn[index].value), max(known, key=lambda index: drawn[index].value)
    withheld = sum(point.status == "c" for point in drawn)
    return (
        f"From {drawn[0].label} to {drawn[-1].label}. Highest {words[high]} in {drawn[high].label}, lowest {words[low]} in {drawn[low].label}, "
        f"last published {words[known[-1]]} in {drawn[known[-1]].label}." + (f" Withheld periods: {withheld}." if withheld else "")
    )


def headline_caption(cells: Cells) -> str:
    """What the chart of a table's total shows."""
    return f"{cells.measure_title}, {_by(cells)}"


def _by(cells: Cells) -> str:
    level = cells.lists[cells.period].levels[finest(cells)[-1]] if cells.period else ""
    return f"by {level}" if level else "in total"


def standalone(cells: Cells, caption: str, notes: Sequence[str], breaks: Sequence[Mapping[str, str]]) -> tuple[str, bytes] | None:
    """The chart of a table's total as an SVG file and a PNG file; None where there is no chart.

    `caption`, `notes`, the key to its marks and the breaks of the series are drawn in: a picture is passed on without its page.
    """
    if not cells.period:
        return None
    drawn, words = points(cells, totals(cells))
    if len(drawn) < 2:
        return None
    places = breaks_of(drawn, breaks)
    keys = [f"Hatched: {WORDS['c']} to protect people, not zero." if any(point.status == "c" for point in drawn) else ""]
    keys += [f"Grey: {WORDS['x']}." if any(point.status not in ("", "c") for point in drawn) else ""]
    named = [f"{place.number} {breaks[place.number - 1]['title']}" for place in places]
    keys += [f"The series breaks: {'; '.join(named)}." if named else ""]
    lines = [line for note in [*notes, *keys] for line in textwrap.wrap(note, MOST_LETTERS)]
    drawing = chart(drawn, words, places, WIDE, caption, lines)
    return drawing.svg(f"Chart: {caption}. {' '.join([*notes, *filter(None, keys)])} {summary(drawn, words)}"), drawing.png()
