"""The shapes of areas in a map: tiles of boroughs, hexagons of H3, and boundaries where the publisher was given them.

Tiles and hexagons need no file of boundaries. All shapes of a map are in the same plane, x to the east and y to the south. What is
said about the areas belongs in `maps` and `map_pages`; reading and judging boundary files that are supplied in `sources.boundaries`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vawg_opendata.reference import load_crosswalk

HEXAGON = "H3-"
"""How codes of hexagons begin; the index of the cell follows."""
FINEST = 7
"""The resolution of the smallest hexagons of the code list."""
_NARROWING = math.cos(math.radians(51.5))  # a degree of longitude in London, in degrees of latitude

Ring = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Shape:
    """Where an area lies: its rings (those inside others are holes), and a short name where there is room for one."""

    rings: Sequence[Ring]
    short: str = ""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, north, east and south of the largest ring."""
        boxes = [(min(x for x, _ in ring), min(y for _, y in ring), max(x for x, _ in ring), max(y for _, y in ring)) for ring in self.rings]
        return max(boxes, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))


def tiles() -> dict[str, Shape]:
    """A square of the same size for each borough and the City of London, by code, near where they lie."""
    return {row["code"]: Shape([_square(int(row["column"]), int(row["row"]))], row["short"]) for row in load_crosswalk("borough_tiles")}


def hexagons(codes: Iterable[str]) -> dict[str, Shape]:
    """The hexagons of some codes. One of a larger kind is drawn as the smallest ones in it, so that no two shapes overlap."""
    import h3

    return {code: Shape([ring for polygon in _polygons(h3, _cell(code)) for ring in polygon]) for code in codes}


def square_kilometres(code: str) -> float:
    """The area of a hexagon: that of the smallest ones in it."""
    import h3

    return sum(h3.cell_area(cell, "km^2") for cell in h3.cell_to_children(_cell(code), FINEST))


def projected(rings: Mapping[str, Sequence[Ring]]) -> dict[str, Shape]:
    """Shapes by code from rings of longitude and latitude."""
    return {code: Shape([[_project(longitude, latitude) for longitude, latitude in ring] for ring in parts]) for code, parts in rings.items()}


def _cell(code: str) -> str:
    return code.removeprefix(HEXAGON)


def _polygons(h3, cell: str) -> list[list[Ring]]:
    shape = h3.cells_to_h3shape(h3.cell_to_children(cell, FINEST))
    polygons = shape if isinstance(shape, h3.LatLngMultiPoly) else [shape]
    return [[[_project(longitude, latitude) for latitude, longitude in ring] for ring in (polygon.outer, *polygon.holes)] for polygon in polygons]


def _project(longitude: float, latitude: float) -> tuple[float, float]:
    return longitude * _NARROWING, -latitude


def _square(column: int, row: int) -> Ring:
    return [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]
