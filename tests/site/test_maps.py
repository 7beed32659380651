"""The hotspot maps: every number is the package's, nothing private is on them, and hexagons merge until they can be shown."""

import csv
import json
import re
from collections import Counter
from html import escape
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.paths import shared
from tests.site.folders import MAPPED, make_published
from tests.site.test_pages import Reader, released, told
from vawg_opendata.reference import load_codelist, load_crosswalk
from vawg_opendata.site import build_site, place_boundaries, place_population
from vawg_opendata.site.bands import bands
from vawg_opendata.site.geography import Shape, hexagons, projected, square_kilometres, tiles
from vawg_opendata.site.map_pages import merged
from vawg_opendata.site.maps import _plain
from vawg_opendata.site.released import newest
from vawg_opendata.site.released import released as versions
from vawg_opendata.sources import population
from vawg_opendata.sources.boundaries import BoundaryError, problems, read_boundaries, sound
from vawg_opendata.sources.landing import survey

TABLE = "by_public_space"


def square(number: int) -> list[list[list[float]]]:
    west, north = -0.5 + number % 40 * 0.02, 51.6 - number // 40 * 0.02
    return [[[west, north], [west + 0.02, north], [west + 0.02, north - 0.02], [west, north - 0.02], [west, north]]]


def collection(level: str, key: str = "code", skip: int = 0) -> dict:
    """Boundaries of our own for all areas of a level: squares in rows."""
    areas = load_codelist("area")
    codes = [code for code in areas.codes if areas.level[code] == level and re.fullmatch(r"E\d{8}", code)][skip:]
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"name": "x", key: code}, "geometry": {"type": "Polygon", "coordinates": square(number)}} for number, code in enumerate(codes)
        ],
    }


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    folder = make_published(tmp_path_factory.mktemp("maps") / "published")
    landing = folder.parent / "boundaries"
    landing.mkdir()
    for level in ("borough", "ward"):
        (landing / f"our {level}s.geojson").write_text(json.dumps(collection(level)), encoding="utf-8")
    assert problems(landing) == []
    place_boundaries(sound(landing), folder)
    build_site(folder)
    return folder


@pytest.fixture(scope="module")
def cells(published):
    version = newest(published, versions(published)["mapped"])
    return version.cells(version.statistical[0])[0]


def rows(published: Path, path: str) -> dict[str, tuple[tuple, str]]:
    """By code, the cell of the table beside a map and the words of its class."""
    (table,) = [table for table in Reader((published / "site" / path).read_text(encoding="utf-8")).tables if "data-map" in table["given"]]
    return {row[0][1]["data-code"]: (row[-2], row[-1][2]) for row in table["rows"]}


KINDS = {"boroughs": "borough", "hexagons": "hexagon", "wards": "ward"}


@pytest.mark.parametrize(("kind", "period"), list(product(KINDS, ("2023/24", "2024/25"))))
def test_numbers_beside_a_map_are_the_published_ones_and_drawn_classes_follow_from_them(published, kind, period):
    path = "maps.html" if (kind, period) == ("boroughs", "2024/25") else f"maps/{kind}-{period.replace('/', '-')}.html"
    truth = released(published / "datastore" / "mapped" / "1.0.0", TABLE)
    levels = {entry[0]: entry[2] for entry in MAPPED["area"]}
    labels = {entry[0]: entry[1] for entry in MAPPED["area"]}
    found = rows(published, path)
    text = (published / "site" / path).read_text(encoding="utf-8")
    drawn = dict(re.findall(r"<title>([^<]*?): ([^<]*)</title>", text))
    for code, (number, words) in found.items():
        value, status = truth["offences", ("area", code), ("public_space", "public-space"), ("month", period)]
        assert told(number) == (value, status)
        assert levels[code].startswith(KINDS[kind])
        if words != "not on the map":
            expected = {"c": "withheld", "x": "not available", "z": "not applicable"}.get(status) or ("none recorded" if value == "0" else words)
            assert drawn[escape(labels[code])] == expected
            assert status or value == "0" or words.startswith("Class ")
    on_map = {code for code, (_, words) in found.items() if words != "not on the map"}
    if kind != "hexagons":
        assert set(found) == {code for code, level in levels.items() if level == KINDS[kind]}
        assert on_map == {code for code in found if re.fullmatch(r"E\d{8}", code)}
    assert len(re.findall(r'<path fill-rule="evenodd"[^>]*><title>', text)) == len(on_map)


def test_no_map_tells_of_homes_and_none_has_points(published):
    for path in [published / "site" / "maps.html", *(published / "site" / "maps").iterdir()]:
        if path.suffix in (".html", ".svg"):
            text = path.read_text(encoding="utf-8")
            assert "<circle" not in text and "elsewhere" not in text
    truth = released(published / "datastore" / "mapped" / "1.0.0", TABLE)
    private = {value for key, (value, _) in truth.items() if key[2][1] == "elsewhere" and len(value) > 3}
    shown = {told(number)[0] for path in ("maps.html", "maps/wards-2024-25.html") for number, _ in rows(published, path).values()}
    public = {value for key, (value, _) in truth.items() if key[2][1] == "public-space"}
    assert not (private - public) & shown


def wards_below(code: str) -> set[str]:
    areas = load_codelist("area")
    return {ward for ward in (entry[0] for entry in MAPPED["area"] if entry[2] == "ward") if code in areas.ancestors(ward, "parent_hexagon")}


def test_hexagons_hold_each_ward_once_and_merge_only_where_something_is_withheld(cells):
    codes = cells.lists["area"]
    for period in ("2023/24", "2024/25"):
        shown = merged(cells, period)
        held = Counter(ward for code in shown for ward in wards_below(code))
        assert held == dict.fromkeys((ward for ward in codes.codes if codes.levels[ward] == "ward" and re.fullmatch(r"E\d{8}", ward)), 1)
        status = {code: str(cells.status[cells.at("area", code), cells.at("public_space", "public-space"), cells.at("month", period)]) for code in cells.axes["area"]}
        below = codes.children("parent_hexagon")
        for code in shown:
            smaller = [other for other in cells.axes["area"] if other != code and other.startswith("H3-") and wards_below(other) < wards_below(code)]
            if codes.levels[code] != "hexagon_7":
                assert not status[code] and any(status[other] for other in smaller + below[code])
            elif status[code]:  # then nothing above could be shown in its place
                assert all(status[above] for above in codes.codes if codes.levels[above] in ("hexagon_6", "hexagon_5") and code in _all_below(below, above))


def _all_below(below: dict, code: str) -> set[str]:
    return {part for child in below.get(code, ()) for part in (child, *_all_below(below, child))}


def test_every_borough_has_a_tile_of_its_own():
    areas, rows = load_codelist("area"), load_crosswalk("borough_tiles")
    assert {row["code"]: row["label"] for row in rows} == {code: areas.labels[code] for code in areas.codes if code.startswith("E09") and "-" not in code} | {
        "E09000001": "City of London"
    }
    assert len({(row["row"], row["column"]) for row in rows}) == len({row["short"] for row in rows}) == len(tiles()) == 33


def test_hexagons_of_any_size_cover_what_the_smallest_in_them_do():
    h3 = pytest.importorskip("h3")
    cell = "H3-86194ad07ffffff"
    assert square_kilometres(cell) == pytest.approx(sum(h3.cell_area(one, "km^2") for one in h3.cell_to_children(cell[3:], 7)))
    assert 4 < square_kilometres("H3-" + next(iter(h3.cell_to_children(cell[3:], 7)))) < 6
    assert len(hexagons([cell])[cell].rings) == 1  # an outline, not seven


def test_classes_have_round_limits_that_leave_none_out():
    rng = np.random.default_rng(7)
    for _ in range(50):
        values = [float(value) for value in rng.integers(0, 10 ** rng.integers(1, 5), rng.integers(0, 60))]
        found = bands(values, "offences")
        assert list(found.limits) == sorted(set(found.limits)) and len(found.limits) <= 4
        for value in filter(None, values):
            band = found.of(value)
            low, high = (0, *found.limits)[band - 1], (*found.limits, float("inf"))[band - 1]
            assert low <= value < high and found.label(band)
    assert [bands([10, 20, 30, 40, 50], "a year").label(band) for band in (1, 5)] == ["under 20 a year", "50 or more a year"]
    assert bands([], "offences").label(1) == "more than 0 offences"


def test_a_boundary_is_never_off_by_a_pixel():
    rng = np.random.default_rng(3)
    angles = np.linspace(0, 2 * np.pi, 900, endpoint=False)
    ring = [(380 + 200 * np.cos(angle) * far, 300 + 200 * np.sin(angle) * far) for angle, far in zip(angles, 1 + rng.normal(0, 0.002, 900), strict=True)]
    kept = _plain(ring)
    assert 10 < len(kept) < 300
    lines = list(zip(kept, kept[1:] + kept[:1], strict=True))
    for place in ring:
        assert min(_from_line(place, *line) for line in lines) < 1.2


def _from_line(place, start, end) -> float:
    start, end, place = (np.array(one) for one in (start, end, place))
    share = np.clip(np.dot(place - start, end - start) / np.dot(end - start, end - start), 0, 1)
    return float(np.hypot(*(place - start - share * (end - start))))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not json", "not a GeoJSON feature collection"),
        ("[]", "not a GeoJSON feature collection"),
        (json.dumps(collection("borough", skip=1)), "1 boroughs are not in the file, the first being E09000012"),
        (json.dumps(collection("lsoa")), "No property holds codes"),
        (json.dumps(collection("ward")).replace('"Polygon"', '"Point"'), "is not an area but Point"),
        (json.dumps(collection("borough")).replace("51.6", "181600.0"), "are not longitude and latitude"),
    ],
)
def test_a_boundary_file_that_would_leave_holes_stops_the_run(tmp_path, content, message):
    path = tmp_path / "boundaries" / "areas.geojson"
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BoundaryError, match=re.escape(message)):
        read_boundaries(path)
    problem = next(problem for problem in survey(tmp_path).blocking if problem.kind == "boundaries")
    assert problem.file == "boundaries/areas.geojson" and message in problem.message


def test_two_files_of_one_level_are_one_too_many(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.geojson").write_text(json.dumps(collection("borough", key=name)), encoding="utf-8")
    (problem,) = problems(tmp_path)
    assert problem.blocking and "a.geojson has the boroughs as well" in problem.message


def residents(folder: Path, rows=None) -> Path:
    """Our own numbers of residents of all boroughs in 2024."""
    areas = load_codelist("area")
    rows = rows or [(code, "2024", str(100_000 + 1_000 * at), "made up") for at, code in enumerate(areas.codes) if areas.level[code] == "borough" and re.fullmatch(r"E\d{8}", code)]
    folder.mkdir(parents=True)
    with (folder / "population.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("area", "year", "population", "source"), *rows])
    return folder


def test_with_residents_boroughs_are_classed_by_rate_in_the_year_they_are_known_for(tmp_path):
    folder = make_published(tmp_path / "published")
    assert population.problems(residents(tmp_path / "landing" / "population")) == []
    place_population(population.sound(tmp_path / "landing" / "population"), folder)
    build_site(folder)
    known = population.read_population(folder / "population" / "population.csv")
    truth = released(folder / "datastore" / "mapped" / "1.0.0", TABLE)
    found = rows(folder, "maps.html")
    rates = {code: int(value) / known[code, 2024].number * 1000 for code in found if (value := truth["offences", ("area", code), ("public_space", "public-space"), ("month", "2024/25")][0]) and (code, 2024) in known}
    classes = bands(list(rates.values()), "offences per 1,000 residents")
    assert "per 1,000 residents in 2024 (made up)" in (folder / "site" / "maps.html").read_text(encoding="utf-8")
    assert rates and all(found[code][1] == f"Class {classes.of(rate)}: {classes.label(classes.of(rate))}" for code, rate in rates.items() if rate)
    assert all("per 1,000" not in words for _, words in rows(folder, "maps/boroughs-2023-24.html").values())


@pytest.mark.parametrize(
    ("rows", "message", "column"),
    [
        ([("E09000012", "2024", "1,000", "x")], "whole number above zero", "population"),
        ([("E09000012", "24", "1000", "x")], "four digits", "year"),
        ([("Hackney", "2024", "1000", "x")], "not a GSS code", "area"),
        ([("E09000012", "2024", "1000", "")], "where the number is from", "source"),
        ([("E09000012", "2024", "1000", "x"), ("E09000012", "2024", "2000", "x")], "given twice", "area"),
        ([("E09000012", "2024", "1000", "x")], "31 boroughs have no number for 2024", ""),
    ],
)
def test_residents_that_would_make_wrong_rates_stop_the_run(tmp_path, rows, message, column):
    residents(tmp_path / "population", rows)
    problem = next(problem for problem in survey(tmp_path).blocking if problem.kind == "population")
    assert problem.file == "population/population.csv" and problem.column == column and message in problem.message


def test_real_residents_are_read(tmp_path):
    with shared("data", "population", "borough_population.csv").open(encoding="utf-8", newline="") as file:
        real = [(row["Code"], row["Year"], row["Population"], row["Source"]) for row in csv.DictReader(file) if row["Code"].startswith("E09") and 2010 <= int(row["Year"]) <= 2025]
    folder = residents(tmp_path / "population", real)
    assert population.problems(folder) == []
    known = population.read_population(population.sound(folder))
    assert len(known) == 33 * 16 and known["E09000012", 2010].source == "ONS MYE"


def test_real_boundaries_are_read():
    level, found = read_boundaries(shared("data", "geography", "london_boroughs.json"))
    assert level == "borough" and len(found) == 32
    assert all(-0.6 < longitude < 0.4 and 51.2 < latitude < 51.8 for rings in found.values() for ring in rings for longitude, latitude in ring)


def even_odd(rings, place) -> bool:
    """Whether a place is inside, by how often a ray from it crosses the border."""
    x, y = place
    edges = [(a, b) for ring in rings for a, b in zip(ring, (*ring[1:], ring[0]), strict=True)]
    return sum((a[1] > y) != (b[1] > y) and x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) for a, b in edges) % 2 == 1


def test_the_number_of_a_class_stands_in_its_area():
    bent = Shape([[(0, 0), (10, 0), (10, 1), (1, 1), (1, 9), (10, 9), (10, 10), (0, 10)]])
    real = projected(read_boundaries(shared("data", "geography", "london_boroughs.json"))[1]).values()
    for shape in (bent, *real, *tiles().values()):
        assert even_odd(shape.rings, shape.middle)
    assert not even_odd(bent.rings, (5, 5)) and tiles()["E09000012"].middle == pytest.approx(tuple(sum(axis) / 4 for axis in zip(*tiles()["E09000012"].rings[0], strict=True)))


def test_borders_are_drawn_below_the_numbers_which_keep_them_off(published):
    text = (published / "site" / "maps" / "hexagons-2023-24.svg").read_text(encoding="utf-8")
    groups = re.findall(r"<g ([^>]*)>(.*?)</g>", text)
    borders = [at for at, (style, _) in enumerate(groups) if 'fill="none"' in style]
    numbers = [(at, style) for at, (style, inside) in enumerate(groups) if re.search(r">\d</text>", inside)]
    assert borders and numbers and all(at > borders[-1] and 'paint-order="stroke"' in style for at, style in numbers)
