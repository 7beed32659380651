"""Charts of one series over time: a line over many periods, columns over few.

A chart starts at zero. A withheld period is hatched over the whole height and a period that is not available is grey: neither is
ever a point, and no line is drawn across it. Breaks of the series are dashed and numbered. How shapes become SVG or PNG belongs in
`drawing`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vawg_opendata.charts.drawing import Drawing

MOST_COLUMNS = 40  # more periods than this are a line
MOST_DOTS = 60
NOTE_LINE = 16  # pixels
WIDE, NARROW = (760, 330), (360, 280)


@dataclass(frozen=True)
class Point:
    """One period: its code, its label, its value (None unless published) and its status."""

    code: str
    label: str
    value: float | None
    status: str

    def words(self, shown: str) -> str:
        """What the point tells when pointed at."""
        return f"{self.label}: {shown}"


@dataclass(frozen=True)
class Break:
    """A break of the series: the position among the points where it falls, and its number in the list beside the chart."""

    before: float
    number: int


def nice_ticks(top: float, most: int = 5) -> list[float]:
    """Round values from 0 to at least `top`, at most `most` steps of 1, 2 or 5 times a power of ten."""
    if top <= 0:
        return [0, 1]
    raw = top / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    return [step * index for index in range(math.ceil(top / step - 1e-9) + 1)]


def chart(points: Sequence[Point], shown: Sequence[str], breaks: Sequence[Break] = (), size: tuple[int, int] = WIDE, title: str = "", notes: Sequence[str] = ()) -> Drawing:
    """The drawing of a series. `shown` is the text of each point; `title` and below it the lines of `notes` are drawn only where the chart
    stands alone, which makes it that much taller."""
    ticks = nice_ticks(max((point.value for point in points if point.value is not None), default=0), 5 if size[1] > 300 else 4)
    head = 36 + NOTE_LINE * len(notes) if title else 0
    width, height = size[0], size[1] + head
    drawing = Drawing(width, height)
    names = [f"{tick:,.0f}" if ticks[1] >= 1 else f"{tick:g}" for tick in ticks]
    left, right, top, bottom = 14 + 7.4 * max(map(len, names)), width - 22, head + (18 if breaks else 8), height - 30
    if title:
        drawing.rectangle("paper", 0, 0, width, height)
        drawing.text("title", 10, 24, title)
        for at, note in enumerate(notes, start=1):
            drawing.text("small", 10, 26 + NOTE_LINE * at, note)

    def y(value: float) -> float:
        return bottom - (bottom - top) * value / ticks[-1]

    slot = (right - left) / max(len(points), 1)
    middle = [left + slot * (index + 0.5) for index in range(len(points))]
    for tick in ticks[1:]:
        drawing.line("grid", [(left, y(tick)), (right, y(tick))])
    for index, point in enumerate(points):
        if point.status == "c":
            _hatch(drawing, middle[index] - slot / 2, middle[index] + slot / 2, top, bottom)
        elif point.status:
            drawing.rectangle("missing", middle[index] - slot / 2, top, slot, bottom - top)
    for tick, name in zip(ticks, names, strict=True):
        drawing.text("small", left - 7, y(tick) + 4, name, "end")
    for entry in breaks:
        x = left + slot * entry.before
        drawing.line("break", [(x, top), (x, bottom)])
        drawing.text("small", x, top - 5, str(entry.number), "middle")
    if len(points) <= MOST_COLUMNS:
        _columns(drawing, points, shown, middle, slot, y, bottom)
    else:
        _line(drawing, points, shown, middle, y)
    drawing.line("axis", [(left, bottom), (right, bottom)])
    _periods(drawing, points, middle, bottom, right - left)
    return drawing


def _columns(drawing, points, shown, middle, slot, y, bottom) -> None:
    breadth = min(slot * 0.7, 60)
    for point, words, x in zip(points, shown, middle, strict=True):
        if point.value is not None:
            drawing.rectangle("bar", x - breadth / 2, y(point.value), breadth, bottom - y(point.value), point.words(words))


def _line(drawing, points, shown, middle, y) -> None:
    run: list[tuple[float, float]] = []
    alone: list[int] = []
    for index, point in enumerate([*points, None]):
        if point is not None and point.value is not None:
            run.append((middle[index], y(point.value)))
            continue
        if len(run) > 1:
            drawing.line("series", run)
        elif run:
            alone.append(index - 1)
        run = []
    dotted = range(len(points)) if len(points) <= MOST_DOTS else alone
    for index in dotted:
        if points[index].value is not None:
            drawing.dot("dot", middle[index], y(points[index].value), points[index].words(shown[index]))


def _hatch(drawing, x0: float, x1: float, top: float, bottom: float) -> None:
    """Slanted lines over a column, cut at its edges."""
    gap, rise = 7.0, 7.0
    lines, start = [], top - (x1 - x0)
    while start < bottom:
        begin, end = start, start + (x1 - x0) * rise / gap
        a, b = max(begin, top), min(end, bottom)
        if b > a:
            lines.append([(x0 + (b - begin) * gap / rise, top + bottom - b), (x0 + (a - begin) * gap / rise, top + bottom - a)])
        start += gap
    for line in lines:
        drawing.line("hatch", line)


def _periods(drawing, points, middle, bottom, width) -> None:
    """Names under the axis: January of every so many years for months, else every so many codes."""
    months = bool(points) and all(len(point.code) == 7 and point.code[4] == "-" for point in points)
    if months and len(points) > 24:
        named = [(index, point.code[:4]) for index, point in enumerate(points) if point.code.endswith("-01")]
    elif months:
        named = [(index, f"{point.label[:3]} {point.code[:4]}") for index, point in enumerate(points)]
    else:
        named = [(index, point.code) for index, point in enumerate(points)]
    if not named:
        return
    room = 7.6 * max(len(name) for _, name in named) + 12
    each = max(1, math.ceil(len(named) * room / width))
    for index, name in named[::-1][::each] if not (months and len(points) > 24) else named[::each]:
        drawing.line("axis", [(middle[index], bottom), (middle[index], bottom + 5)])
        drawing.text("small", middle[index], bottom + 20, name, "middle")
