"""The shapes of areas in a map: tiles of boroughs, hexagons of H3, and boundaries where the publisher was given them.

Tiles and hexagons need no file of boundaries. All shapes of a map are in the same plane, x to the east and y to the south. What is
said about the areas belongs in `maps` and `map_pages`; reading and judging boundary files that are supplied in `sources.boundaries`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vawg_opendata.reference import load_crosswalk

HEXAGON = "H3-"
"""How codes of hexagons begin; the index of the cell follows."""
FINEST = 7
"""The resolution of the smallest hexagons of the code list."""
LINES = 15
"""Across a shape, in search of its middle; an odd number, so that one goes through the middle of its box."""
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

    @property
    def middle(self) -> tuple[float, float]:
        """A place well inside: of the middles of what some lines across the shape have in it, the one farthest from its border.

        The middle of its box may lie outside of a bent area, in another one.
        """
        west, north, east, south = self.box
        start = np.array([place for ring in self.rings for place in ring])
        end = np.array([place for ring in self.rings for place in (*ring[1:], ring[0])])
        found = []
        for y in np.linspace(north, south, LINES + 2)[1:-1]:
            met = (start[:, 1] <= y) != (end[:, 1] <= y)
            share = (y - start[met, 1]) / (end[met, 1] - start[met, 1])
            across = np.sort(start[met, 0] + share * (end[met, 0] - start[met, 0]))
            found += [((left + right) / 2, y) for left, right in across.reshape(-1, 2)]
        places = np.array(found)
        along, apart = end - start, places[:, None] - start
        nearest = np.clip((apart * along).sum(axis=2) / np.maximum((along * along).sum(axis=1), 1e-18), 0, 1)
        distances = np.hypot(*np.moveaxis(apart - nearest[..., None] * along, 2, 0)).min(axis=1)
        x, y = places[distances.argmax()]
        return float(x), float(y)


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
