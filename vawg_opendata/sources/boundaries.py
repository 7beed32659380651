"""Boundary files that maps are drawn with: GeoJSON in the folder `boundaries` of a landing folder, one file for boroughs, one for wards.

They hold no records: what is wrong with one is a problem of the landing folder like any other, and a sound one is handed on as it is.
How shapes are drawn belongs in `vawg_opendata.site`.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from vawg_opendata.problems import Problem
from vawg_opendata.reference import load_codelist

NAME = "boundaries"
SUFFIX = ".geojson"
LEVELS = ("borough", "ward")
LARGEST = 100_000_000
"""Bytes. The full-resolution wards of London are a tenth of it."""

Rings = Sequence[Sequence[tuple[float, float]]]


class BoundaryError(ValueError):
    """A file that maps cannot be drawn with; the message says what is wrong and what to do."""


def problems(folder: Path) -> list[Problem]:
    """What is wrong with the files of the folder, all of it blocking: a map with a hole would be read as a place without crime."""
    found: dict[str, Path] = {}
    wrong = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        file = f"{NAME}/{path.name}"
        if path.suffix.lower() != SUFFIX or not path.is_file():
            wrong.append(Problem(file=file, kind="not-read", message=f"Boundaries are read from {SUFFIX} files; this is not read.", blocking=False))
            continue
        try:
            level, _ = read_boundaries(path)
        except BoundaryError as error:
            wrong.append(Problem(file=file, kind="boundaries", message=str(error)))
            continue
        if level in found:
            wrong.append(Problem(file=file, kind="boundaries", message=f"{found[level].name} has the {level}s as well. Keep one of them."))
        found[level] = path
    return wrong


def sound(folder: Path) -> dict[str, Path]:
    """The file of each level, of a folder without blocking problems."""
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() == SUFFIX and not path.name.startswith(".")) if folder.is_dir() else []
    return {read_boundaries(path)[0]: path for path in files}


def read_boundaries(path: Path) -> tuple[str, dict[str, Rings]]:
    """The level (`borough` or `ward`) of a file, and the rings of longitude and latitude of each of its areas by code.

    A feature is known by the first of its properties whose values are codes of the list of areas; features of other places are left
    out. BoundaryError unless the file is GeoJSON in longitude and latitude (RFC 7946) and has every area of its level that has a GSS code.
    """
    if path.stat().st_size > LARGEST:
        raise BoundaryError(f"The file has more than {LARGEST:,} bytes. Use generalised boundaries.")
    try:
        features = json.loads(path.read_text(encoding="utf-8-sig"))["features"]
        entries = [(feature["properties"] or {}, feature["geometry"] or {"type": "", "coordinates": []}) for feature in features]
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise BoundaryError("The file is not a GeoJSON feature collection. Export it as GeoJSON.") from error
    areas = load_codelist("area")
    for level in LEVELS:
        wanted = {code for code in areas.codes if areas.level[code] == level and code.startswith("E0") and "-" not in code}
        names = dict.fromkeys(name for properties, _ in entries for name in properties)
        key = next((name for name in names if any(properties.get(name) in wanted for properties, _ in entries)), None)
        if key is not None:
            found = {properties[key]: _rings(geometry, properties[key]) for properties, geometry in entries if properties.get(key) in wanted}
            lacking = sorted(wanted - set(found))
            if lacking:
                raise BoundaryError(f"{len(lacking)} {level}s are not in the file, the first being {lacking[0]}. Give boundaries of 2024 for all of London.")
            return level, found
    raise BoundaryError("No property holds codes of boroughs or wards of London (E09..., E05...). Export the boundaries with their GSS codes.")


def _rings(geometry: Mapping, code: str) -> Rings:
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind not in ("Polygon", "MultiPolygon"):
        raise BoundaryError(f"{code} is not an area but {kind or 'empty'}. Export polygons.")
    try:
        rings = [[(float(place[0]), float(place[1])) for place in ring] for polygon in (coordinates if kind == "MultiPolygon" else [coordinates]) for ring in polygon]
    except (TypeError, ValueError, IndexError) as error:
        raise BoundaryError(f"The coordinates of {code} cannot be read. Export the file again.") from error
    if any(abs(longitude) > 180 or abs(latitude) > 90 for ring in rings for longitude, latitude in ring):
        raise BoundaryError(f"The coordinates of {code} are not longitude and latitude. Export the file in WGS84 (EPSG:4326).")
    return rings
