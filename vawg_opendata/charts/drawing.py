"""A drawing as a list of shapes, and the same drawing as SVG or as PNG.

Shapes have a style by name; the styles are here, so that a chart looks the same in a page, in a file and in a picture. What is
drawn belongs in `charts` and `maps`. The same drawing gives the same bytes.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

INK, MUTED, PALE, PAPER, SERIES, WITHHELD = "#1d1b26", "#595668", "#d8d5e2", "#ffffff", "#5b2a86", "#b8b3c6"
CLASSES = ("#efe6f7", "#d3b9e8", "#ac82cf", "#7d49a8", "#4b1f70")
"""Colours of the classes of a map, least first."""
LIGHT_FROM = 4
"""The class from which on text is white."""


@dataclass(frozen=True)
class Style:
    """How shapes look: colours, width and dashes of the line in pixels, size and weight of text, hatching of an area; `halo` is the colour
    around text that keeps lines off it."""

    fill: str = "none"
    stroke: str = "none"
    width: float = 1
    dash: tuple[float, ...] = ()
    size: float = 13
    bold: bool = False
    hatched: bool = False
    halo: str = ""


STYLES = {
    "grid": Style(stroke=PALE),
    "axis": Style(stroke=MUTED),
    "series": Style(stroke=SERIES, width=2.5),
    "dot": Style(fill=SERIES),
    "bar": Style(fill=SERIES),
    "break": Style(stroke=MUTED, width=1.5, dash=(5, 4)),
    "hatch": Style(stroke=WITHHELD, width=2),
    "missing": Style(fill="#ededf2"),
    "text": Style(fill=INK),
    "small": Style(fill=MUTED, size=12),
    "title": Style(fill=INK, size=16, bold=True),
    "paper": Style(fill=PAPER),
    **{f"class-{number}": Style(fill=colour, stroke=MUTED, width=0.6) for number, colour in enumerate(CLASSES, start=1)},
    "area-none": Style(fill=PAPER, stroke=MUTED, width=0.6),
    "area-withheld": Style(fill=PAPER, stroke=MUTED, width=0.6, hatched=True),
    "area-missing": Style(fill="#ededf2", stroke=WITHHELD, width=0.6),
    "casing": Style(stroke=PAPER, width=2.6),
    "outline": Style(stroke=INK, width=0.9),
    "name": Style(fill=INK, size=24, bold=True),
    "name-light": Style(fill=PAPER, size=24, bold=True),
    "large": Style(fill=INK, size=22),
    "large-light": Style(fill=PAPER, size=22),
    **{f"mark-{number}": Style(fill=PAPER if number >= LIGHT_FROM else INK, halo=colour) for number, colour in enumerate(CLASSES, start=1)},
}
HATCH = 6  # pixels between the lines of a hatched area
HALO = 2.5  # pixels on each side of a letter


@dataclass
class Drawing:
    """Shapes in the order in which they are painted, in pixels from the upper left corner."""

    width: float
    height: float
    shapes: list[tuple] = field(default_factory=list)

    def line(self, style: str, points: Sequence[tuple[float, float]]) -> None:
        """A line through points."""
        self.shapes.append(("line", style, tuple(points)))

    def rectangle(self, style: str, x: float, y: float, width: float, height: float, words: str = "") -> None:
        """A filled rectangle; `words` is what it tells when pointed at."""
        self.shapes.append(("rectangle", style, (x, y, width, height, words)))

    def area(self, style: str, rings: Sequence[Sequence[tuple[float, float]]], words: str = "") -> None:
        """A filled area with an outline; rings inside others are holes."""
        self.shapes.append(("area", style, (tuple(map(tuple, rings)), words)))

    def dot(self, style: str, x: float, y: float, words: str = "") -> None:
        """A filled circle."""
        self.shapes.append(("dot", style, (x, y, words)))

    def text(self, style: str, x: float, y: float, words: str, anchor: str = "start") -> None:
        """A line of text; `anchor` is start, middle or end."""
        self.shapes.append(("text", style, (x, y, words, anchor)))

    def svg(self, label: str, described_by: str = "", css: str = "") -> str:
        """The drawing as an SVG element that says what it shows.

        `label` is its name for those who cannot see it, `described_by` the id of an element with the same numbers in words.
        """
        described = f' aria-describedby="{described_by}"' if described_by else ""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(self.width)} {_n(self.height)}" role="img" aria-label="{escape(label)}"'
        parts = [f'{head}{described}{f" class={chr(34)}{css}{chr(34)}" if css else ""} font-family="system-ui, sans-serif">']
        if any(STYLES[style].hatched for _, style, _ in self.shapes):
            parts.append(
                f'<defs><pattern id="hatch" width="{HATCH}" height="{HATCH}" patternUnits="userSpaceOnUse"><rect width="{HATCH}" height="{HATCH}" fill="{PAPER}"/>'
                f'<path d="M0 {HATCH}L{HATCH} 0M-1 1L1 -1M{HATCH - 1} {HATCH + 1}L{HATCH + 1} {HATCH - 1}" stroke="{MUTED}" stroke-width="1.5"/></pattern></defs>'
            )
        at = 0
        while at < len(self.shapes):
            style = self.shapes[at][1]
            until = at
            while until < len(self.shapes) and self.shapes[until][1] == style:
                until += 1
            parts.append(f"<g {_attributes(STYLES[style])}>{''.join(map(_element, self.shapes[at:until]))}</g>")
            at = until
        return "".join([*parts, "</svg>"])

    def png(self, scale: int = 2) -> bytes:
        """The drawing as a PNG, `scale` times as many pixels."""
        from PIL import Image, ImageDraw, ImageFont

        fine = 2 * scale  # drawn at twice the size and reduced: Pillow's lines have hard edges
        image = Image.new("RGB", (round(self.width * fine), round(self.height * fine)), PAPER)
        pen = ImageDraw.Draw(image)
        fonts = {size: ImageFont.load_default(size * fine) for size in {style.size for style in STYLES.values()}}
        for kind, name, shape in self.shapes:
            if kind == "area":
                _fill(image, STYLES[name], shape[0], fine)
            else:
                _paint(pen, kind, STYLES[name], shape, fine, fonts)
        image = image.resize((round(self.width * scale), round(self.height * scale)), Image.Resampling.BOX)
        file = io.BytesIO()
        image.save(file, "PNG", optimize=True)
        return file.getvalue()


def _attributes(style: Style) -> str:
    parts = [f'fill="{"url(#hatch)" if style.hatched else style.fill}"']
    if style.stroke != "none":
        parts.append(f'stroke="{style.stroke}" stroke-width="{_n(style.width)}" stroke-linejoin="round"')
    if style.dash:
        parts.append(f'stroke-dasharray="{" ".join(map(_n, style.dash))}"')
    if style.halo:
        parts.append(f'stroke="{style.halo}" stroke-width="{_n(2 * HALO)}" stroke-linejoin="round" paint-order="stroke"')
    if style.stroke == "none":
        parts.append(f'font-size="{_n(style.size)}"' + (' font-weight="700"' if style.bold else ""))
    return " ".join(parts)


def _element(shape: tuple) -> str:
    kind, _, what = shape
    if kind == "line":
        return f'<path d="M{" ".join(f"{_n(x)} {_n(y)}" for x, y in what)}"/>'
    if kind == "text":
        x, y, words, anchor = what
        placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
        return f'<text x="{_n(x)}" y="{_n(y)}"{placed}>{escape(words)}</text>'
    words = what[-1]
    if kind == "area":
        path = "".join(f"M{' '.join(f'{_n(x)} {_n(y)}' for x, y in ring)}Z" for ring in what[0])
        return f'<path fill-rule="evenodd" d="{path}">{f"<title>{escape(words)}</title>" if words else ""}</path>'
    title = f"<title>{escape(words)}</title>" if words else ""
    if kind == "dot":
        return f'<circle cx="{_n(what[0])}" cy="{_n(what[1])}" r="3.5">{title}</circle>'
    x, y, width, height, _ = what
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}">{title}</rect>'


def _paint(pen, kind: str, style: Style, shape: tuple, scale: int, fonts: dict) -> None:
    if kind == "line":
        points = [(x * scale, y * scale) for x, y in shape]
        if style.dash:
            for start, end in _dashes(shape, style.dash):
                pen.line([(start[0] * scale, start[1] * scale), (end[0] * scale, end[1] * scale)], fill=style.stroke, width=round(style.width * scale))
        else:
            pen.line(points, fill=style.stroke, width=round(style.width * scale), joint="curve")
    elif kind == "text":
        x, y, words, anchor = shape
        font = fonts[style.size]
        around = style.halo or style.fill
        stroke = HALO * scale if style.halo else style.size * scale * 0.02 if style.bold else 0  # the font has one weight
        place = {"start": "ls", "middle": "ms", "end": "rs"}[anchor]
        pen.text((x * scale, y * scale), words, fill=style.fill, font=font, anchor=place, stroke_width=round(stroke), stroke_fill=around)
    elif kind == "dot":
        pen.circle((shape[0] * scale, shape[1] * scale), 3.5 * scale, fill=style.fill)
    else:
        x, y, width, height, _ = shape
        if min(width, height) * scale < 1:
            return  # nothing to see: the column of a zero
        pen.rectangle([x * scale, y * scale, (x + width) * scale - 1, (y + height) * scale - 1], fill=style.fill)


def _fill(image, style: Style, rings: Sequence[Sequence[tuple[float, float]]], scale: int) -> None:
    """Paint an area and its outline. Where rings overlap an even number of times nothing is painted, as in the SVG."""
    from PIL import Image, ImageChops, ImageDraw

    scaled = [[(round(x * scale), round(y * scale)) for x, y in ring] for ring in rings]
    left, top = (min(point[axis] for ring in scaled for point in ring) for axis in (0, 1))
    right, bottom = (max(point[axis] for ring in scaled for point in ring) + 1 for axis in (0, 1))
    inside = Image.new("1", (right - left, bottom - top))
    for ring in scaled:
        one = Image.new("1", inside.size)
        ImageDraw.Draw(one).polygon([(x - left, y - top) for x, y in ring], fill=1)
        inside = ImageChops.logical_xor(inside, one)
    colours = Image.new("RGB", inside.size, style.fill)
    if style.hatched:
        pen, gap = ImageDraw.Draw(colours), HATCH * scale
        for start in range(-(left + top) % gap, inside.width + inside.height, gap):
            pen.line([(start, 0), (start - inside.height, inside.height)], fill=MUTED, width=round(1.5 * scale))
    image.paste(colours, (left, top), inside)
    pen = ImageDraw.Draw(image)
    for ring in scaled:
        pen.line([*ring, ring[0]], fill=style.stroke, width=max(1, round(style.width * scale)), joint="curve")


def _dashes(points: Sequence[tuple[float, float]], pattern: tuple[float, ...]):
    """The dashes of a straight line; only straight lines are dashed."""
    (x0, y0), (x1, y1) = points[0], points[-1]
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    at = 0.0
    while at < length:
        end = min(at + pattern[0], length)
        yield tuple((x0 + (x1 - x0) * d / length, y0 + (y1 - y0) * d / length) for d in (at, end))
        at += sum(pattern)


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
