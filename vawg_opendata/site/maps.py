"""Drawing a map: areas filled by class, hatched where withheld, white where nothing was counted, grey where there is no number.

Nothing on a map is a point, and a colour never stands alone: each area tells its name and class when pointed at, large ones carry the
number of their class, and the key and the table beside the map give the same in words. What is mapped belongs in `map_pages`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from vawg_opendata.charts.drawing import CLASSES, LIGHT_FROM, MUTED, PAPER, Drawing
from vawg_opendata.charts.headline import WORDS
from vawg_opendata.site.bands import Bands
from vawg_opendata.site.geography import Shape

WIDTH = 760
MARGIN = 6
ROOM_FOR_NUMBER, ROOM_FOR_NAME = 24, 60
FINE = 0.7
"""Pixels, as the ones above: what a boundary may be off by."""


@dataclass(frozen=True)
class Area:
    """An area as a map has it: code, name, the published count (None unless published), its status, and what is classed."""

    code: str
    label: str
    count: float | None
    status: str
    value: float | None

    def words(self, bands: Bands) -> str:
        """The class, or why there is none."""
        if self.status:
            return WORDS[self.status]
        return f"Class {bands.of(self.value)}: {bands.label(bands.of(self.value))}" if self.value else "none recorded"

    def style(self, bands: Bands) -> str:
        """How the area is filled."""
        if self.status == "c":
            return "area-withheld"
        if self.value is None:
            return "area-missing"
        return f"class-{bands.of(self.value)}" if self.value else "area-none"


def draw(areas: Sequence[Area], shapes: Mapping[str, Shape], bands: Bands, outlines: Mapping[str, Shape], title: str = "", note: str = "") -> Drawing:
    """The drawing of a map. Shapes without an area are grey; `outlines` are drawn over all; `title` and `note` only where it stands alone."""
    places = [place for shape in (*shapes.values(), *outlines.values()) for ring in shape.rings for place in ring]
    left, top = (min(place[axis] for place in places) for axis in (0, 1))
    right, bottom = (max(place[axis] for place in places) for axis in (0, 1))
    scale, above = (WIDTH - 2 * MARGIN) / (right - left), 54 if title else 0
    drawing = Drawing(WIDTH, round((bottom - top) * scale + 2 * MARGIN + above))

    def put(place: tuple[float, float]) -> tuple[float, float]:
        return (place[0] - left) * scale + MARGIN, (place[1] - top) * scale + MARGIN + above

    if title:
        drawing.rectangle("paper", 0, 0, drawing.width, drawing.height)
        drawing.text("title", 10, 24, title)
        drawing.text("small", 10, 42, note)
    by_code = {area.code: area for area in areas}
    drawn = sorted(shapes, key=lambda code: (by_code[code].style(bands) if code in by_code else "", code))
    for code in drawn:
        area = by_code.get(code)
        style, words = (area.style(bands), f"{area.label}: {area.words(bands)}") if area else ("area-missing", "")
        rings = [_plain(map(put, ring)) for ring in shapes[code].rings]
        drawing.area(style, [ring for ring in rings if len(ring) > 2], words)  # islands smaller than a pixel are not seen
    borders = [_plain(map(put, [*ring, ring[0]])) for shape in outlines.values() for ring in shape.rings]
    for style in ("casing", "outline"):  # white on both sides of the black line, which would not be seen on dark areas
        for border in borders:
            if len(border) > 1:
                drawing.line(style, border)
    for code in drawn:
        _letter(drawing, by_code.get(code), shapes[code], bands, put, scale)
    return drawing


def key(areas: Sequence[Area], bands: Bands) -> str:
    """The key of a map as HTML: the classes, and whatever else is on it."""
    fills = [(colour, f"Class {band}: {bands.label(band)}") for band, colour in zip(bands.numbers, CLASSES, strict=False)]
    swatches = [f'<rect width="28" height="20" fill="{colour}" stroke="{MUTED}"/>' for colour, _ in fills]
    words = [label for _, label in fills]
    for found, swatch, label in (
        (any(area.value == 0 and not area.status for area in areas), f'<rect width="28" height="20" fill="{PAPER}" stroke="{MUTED}"/>', "none recorded"),
        (
            any(area.status == "c" for area in areas),
            f'<rect width="28" height="20" fill="{PAPER}" stroke="{MUTED}"/><path d="M0 20L20 0M8 20L28 0M0 8L8 0M20 20L28 12" stroke="{MUTED}" stroke-width="2"/>',
            "withheld to protect people",
        ),
        (any(area.value is None and area.status != "c" for area in areas), f'<rect width="28" height="20" fill="#ededf2" stroke="{MUTED}"/>', "no number"),
    ):
        if found:
            swatches.append(swatch)
            words.append(label)
    items = "".join(f'<li><svg viewBox="0 0 28 20" aria-hidden="true">{swatch}</svg>{escape(label)}</li>' for swatch, label in zip(swatches, words, strict=True))
    return f'<ul class="chart-keys map-keys">{items}</ul>'


def _plain(points) -> list[tuple[float, float]]:
    """The points of a ring to half a pixel, without those that bend it by less than a pixel (Douglas and Peucker 1973)."""
    places = [(round(2 * x) / 2, round(2 * y) / 2) for x, y in points]
    places = [place for index, place in enumerate(places) if place != places[index - 1]]
    kept, open_ends = {0, len(places) - 1}, [(0, len(places) - 1)]
    while open_ends:
        start, end = open_ends.pop()
        farthest, index = max(((_distance(places[at], places[start], places[end]), at) for at in range(start + 1, end)), default=(0, 0))
        if farthest > FINE:
            kept.add(index)
            open_ends += [(start, index), (index, end)]
    return [place for index, place in enumerate(places) if index in kept]


def _distance(place: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    """How far a place is from the line between two others."""
    along, across = end[0] - start[0], end[1] - start[1]
    length = math.hypot(along, across)
    if not length:
        return math.dist(place, start)
    return abs(along * (start[1] - place[1]) - across * (start[0] - place[0])) / length


def _letter(drawing: Drawing, area: Area | None, shape: Shape, bands: Bands, put, scale: float) -> None:
    """Name and class, where there is room."""
    west, north, east, south = shape.box
    breadth = min(east - west, south - north) * scale
    if breadth < ROOM_FOR_NUMBER:
        return
    x, y = put(shape.middle)
    band = bands.of(area.value) if area and not area.status and area.value else 0
    tone = "-light" if band >= LIGHT_FROM else ""
    if shape.short and breadth >= ROOM_FOR_NAME:
        if area and area.status == "c":
            drawing.rectangle("paper", x - 32, y - 24, 64, 30)
        drawing.text(f"name{tone}", x, y, shape.short, "middle")
        if band:
            drawing.text(f"large{tone}", x, y + 28, str(band), "middle")
    elif band:
        drawing.text(f"mark-{band}", x, y + 4, str(band), "middle")  # outlines of boroughs run through hexagons
