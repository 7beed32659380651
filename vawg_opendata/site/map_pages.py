"""The pages of hotspot maps: offences in public space by borough, by hexagon and, where boundaries are given, by ward, each period.

Everything on them is a released cell of the table that counts public space, or a class of it: the maps tell nothing that the files
do not. Offences in private places and domestic abuse are on none of them. How a map looks belongs in `maps`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from vawg_opendata.charts.cells import Cells
from vawg_opendata.site import maps
from vawg_opendata.site.bands import Bands, bands
from vawg_opendata.site.geography import HEXAGON, Shape, hexagons, square_kilometres, tiles
from vawg_opendata.site.markup import cell
from vawg_opendata.site.released import Version
from vawg_opendata.sources.population import Residents

DIMENSION, PUBLIC = "public_space", "public-space"
YEAR_LEVELS = ("financial_year", "year")
LEVELS = {"boroughs": "borough", "hexagons": "hexagon", "wards": "ward"}
TITLES = {"boroughs": "by borough", "hexagons": "by hexagon", "wards": "by ward"}
PER = 1_000


@dataclass(frozen=True)
class MapPage:
    """A page to be rendered, and the map of it as files: the path of the page, the values of its template, SVG and PNG by suffix."""

    path: str
    values: Mapping
    files: Mapping[str, str | bytes]


def mapped(tables: Sequence[Cells]) -> Cells | None:
    """The table that maps are made from; None where no source tells places."""
    return next((cells for cells in tables if set(cells.others) == {"area", DIMENSION} and cells.period and PUBLIC in cells.axes[DIMENSION]), None)


def periods(cells: Cells) -> list[str]:
    """The periods that are mapped, newest first: years, or all that is covered where there is none."""
    levels = cells.lists[cells.period].levels
    years = [code for code in cells.axes[cells.period] if levels[code] in YEAR_LEVELS]
    return sorted(years, reverse=True) or [cells.lists[cells.period].total]


def map_pages(version: Version, cells: Cells, boundaries: Mapping[str, Mapping[str, Shape]], population: Mapping[tuple[str, int], Residents]) -> Iterator[MapPage]:
    """All pages of maps, the first being that of the newest period by borough.

    `boundaries` has shapes by code for the levels `borough` and `ward`, as far as they were supplied; `population` the residents
    by area and year.
    """
    shown = periods(cells)
    kinds = [kind for kind in LEVELS if kind != "wards" or "ward" in boundaries]
    addresses = {(kind, period): _address(kind, period, shown) for period in shown for kind in kinds}
    for period in shown:
        for kind in kinds:
            yield _page(version, cells, kind, period, boundaries, population, addresses)


def merged(cells: Cells, period: str) -> list[str]:
    """The hexagons that are drawn: small ones where the counts of all of them are published, else the larger one that holds them.

    Together they hold each ward that has a hexagon once. Where the larger one is withheld as well, the small ones stay, hatched where
    they are.
    """
    codes = cells.lists["area"]
    below = codes.children("parent_hexagon")

    def drawn(code: str) -> list[str]:
        parts = [part for child in below.get(code, ()) if child.startswith(HEXAGON) for part in drawn(child)]
        merge = any(_status(cells, part, period) for part in parts) and not _status(cells, code, period)
        return [code] if merge or not parts else parts

    top = [code for code in below.get(codes.total, ()) if code.startswith(HEXAGON) and code in below and below[code][0].startswith(HEXAGON)]
    return [part for code in top for part in drawn(code)]


def _page(version, cells, kind, period, boundaries, population, addresses) -> MapPage:
    rated = kind != "hexagons" and _rated(cells, LEVELS[kind], period, population)
    areas, classes = _classed(cells, kind, period, population if rated else {})
    shapes = _shapes(kind, areas, boundaries)
    outlines = boundaries.get("borough", {}) if kind != "boroughs" else {}
    label = cells.lists[cells.period].labels[period]
    title = f"Offences in public space {TITLES[kind]}, {label}"
    known = sum(not area.status for area in areas)
    words = f"Map: {title}. {known} of {len(areas)} areas have a published number; the table beside the map has them all."
    drawing = maps.draw(areas, shapes, classes, outlines)
    path = addresses[kind, period]
    root = "../" if "/" in path else ""
    warning = " Synthetic data: these are not real crimes." if version.descriptor.get("synthetic") else ""
    alone = maps.draw(areas, shapes, classes, outlines, title, f"Version {version.number}. {classes.unit[:1].upper()}{classes.unit[1:]}, in classes.{warning}")
    stem = path.removesuffix(".html")
    values = {
        "title": f"Hotspot map {TITLES[kind]}, {label}",
        "heading": "Hotspot maps" if root == "" else f"Hotspot map {TITLES[kind]}",
        "summary": title,
        "kind": kind,
        "tiled": kind == "boroughs" and "borough" not in boundaries,
        "residents": _told(population, areas, period) if rated else "",
        "caption": title,
        "figure": drawing.svg(words, "map-table") + maps.key(areas, classes),
        "table": _table(cells, kind, period, areas, classes, title),
        "whole": _whole(cells, period),
        "period": label,
        "others": [
            (f"{TITLES[other].capitalize()}, {cells.lists[cells.period].labels[when]}", root + address)
            for (other, when), address in addresses.items()
            if address != path
        ],
        "synthetic": version.descriptor.get("synthetic", False),
        "table_page": f"{root}{version.product}/{cells.name}/index.html",
        "product_page": f"{root}{version.product}/index.html",
        "product_title": version.descriptor["title"],
        "version": version.number,
        "files": [("SVG", f"{root}{stem}.svg"), ("PNG", f"{root}{stem}.png")],
    }
    return MapPage(path, values, {f"{stem}.svg": alone.svg(words), f"{stem}.png": alone.png()})


def _classed(cells: Cells, kind: str, period: str, population: Mapping[tuple[str, int], Residents]) -> tuple[list[maps.Area], Bands]:
    """The areas of a map in the order of the code list, and their classes: rates where a population is given."""
    codes = cells.lists["area"]
    if kind == "hexagons":
        chosen, unit = merged(cells, period), "offences per square kilometre"
        size = {code: square_kilometres(code) for code in chosen}
    else:
        chosen = _placed(cells, LEVELS[kind])
        size = {code: population[code, int(period[:4])].number / PER if population else 1.0 for code in chosen}
        unit = f"offences per {PER:,} residents" if population else "offences"
    areas = []
    for code in chosen:
        place = _place(cells, code, period)
        status = str(cells.status[place])
        count = None if status else float(cells.values[place])
        value = None if count is None else count / size[code]
        areas.append(maps.Area(code, codes.labels[code], count, status, value))
    return areas, bands([area.value for area in areas if area.value is not None], unit)


def _placed(cells: Cells, level: str) -> list[str]:
    """The areas of a level that have a place on a map: Heathrow and the like have none."""
    return [code for code in cells.axes["area"] if cells.lists["area"].levels[code] == level and code[:1] == "E" and "-" not in code]


def _whole(cells: Cells, period: str) -> bool:
    return cells.lists[cells.period].levels[period] in YEAR_LEVELS and "only" not in cells.lists[cells.period].labels[period]


def _rated(cells: Cells, level: str, period: str, population: Mapping[tuple[str, int], Residents]) -> bool:
    """Whether the period is a whole year and the residents of all areas of the level are known for the year in which it begins."""
    return _whole(cells, period) and all((code, int(period[:4])) in population for code in _placed(cells, level))


def _told(population: Mapping[tuple[str, int], Residents], areas: Sequence[maps.Area], period: str) -> str:
    """Of which year the residents are, and where their numbers are from."""
    year = int(period[:4])
    return f"{year} ({'; '.join(sorted({population[area.code, year].source for area in areas}))})"


def _shapes(kind: str, areas: Sequence[maps.Area], boundaries: Mapping[str, Mapping[str, Shape]]) -> Mapping[str, Shape]:
    if kind == "hexagons":
        return hexagons(area.code for area in areas)
    return boundaries.get(LEVELS[kind]) or tiles()


def _table(cells: Cells, kind: str, period: str, areas: Sequence[maps.Area], classes: Bands, caption: str) -> str:
    """The numbers of a map, and beside them those of the codes that have no place on it."""
    codes = cells.lists["area"]
    level = LEVELS[kind]
    placeless = [code for code in cells.axes["area"] if code not in {area.code for area in areas} and _beside(codes.levels[code], code, level)]
    rows = []
    for area in areas:
        rows.append((area.code, area.label, cell(area.count, area.status, cells.integer), area.words(classes) if not area.status else ""))
    for code in placeless:
        place = _place(cells, code, period)
        rows.append((code, codes.labels[code], cell(float(cells.values[place]), str(cells.status[place]), cells.integer), "not on the map"))
    parents = codes.parents["parent"]
    body = "".join(
        f'<tr><th scope="row" data-code="{escape(code)}">{escape(label)}</th>'
        f'{f"""<td class="words">{escape(codes.labels[parents[code]])}</td>""" if kind == "wards" else ""}{number}<td class="words">{escape(words)}</td></tr>'
        for code, label, number, words in rows
    )
    within = '<th scope="col" class="words">Borough</th>' if kind == "wards" else ""
    return (
        '<div class="scroll tall" role="region" aria-labelledby="map-caption" tabindex="0">'
        f'<table class="cells" id="map-table" data-map="{cells.name}" data-fixed="{DIMENSION}={PUBLIC};{cells.period}={escape(period)}">'
        f'<caption id="map-caption">{escape(caption)}</caption><thead><tr><th scope="col">Area</th>{within}'
        f'<th scope="col">{escape(cells.measure_title)}</th><th scope="col" class="words">Class on the map</th></tr></thead><tbody>{body}</tbody></table></div>'
    )


def _beside(level: str, code: str, wanted: str) -> bool:
    """Whether a code counts what a map of a level cannot place: then the rows of its table add up to London."""
    return code == f"{HEXAGON}none" if wanted == "hexagon" else level == wanted


def _place(cells: Cells, area: str, period: str) -> tuple[int, ...]:
    fixed = {"area": area, DIMENSION: PUBLIC, cells.period: period}
    return tuple(cells.at(name, fixed[name]) for name in cells.axes)


def _status(cells: Cells, area: str, period: str) -> str:
    return str(cells.status[_place(cells, area, period)])


def _address(kind: str, period: str, shown: Sequence[str]) -> str:
    if kind == "boroughs" and period == shown[0]:
        return "maps.html"
    return f"maps/{kind}-{period.replace('/', '-')}.html"
