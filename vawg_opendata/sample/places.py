"""Where the synthetic offences happen: wards in their published shares, then an LSOA and a map point in the ward.

The dashboard gives areas and offences on separate sheets. How they combine is made up: the boroughs where people go out
have more of some groups, fitted so that both margins stay what they are. Times and persons belong elsewhere.
"""

import functools
from dataclasses import dataclass

import numpy
import pyarrow

from vawg_opendata.reference import load_codelist, load_crosswalk
from vawg_opendata.sample import assumptions, margins
from vawg_opendata.sample.draw import Draw, coded, fit, numbers

_NO_LSOA = 0.015  # share of offences in a known ward whose LSOA is blank
_POINTS = ((0, 0), (90, -40), (-120, 60), (40, 150), (-60, -130), (160, 90), (-150, -80), (20, -190))  # metres around an LSOA's middle


@dataclass(frozen=True)
class _Geography:
    areas: tuple[str, ...]  # leaves of the area list that the margin names
    borough: numpy.ndarray  # position in `boroughs`, by area
    boroughs: tuple[str, ...]
    units: tuple[str, ...]  # Basic Command Unit by borough
    weights: numpy.ndarray  # era x group x area
    lsoas: tuple[str, ...]
    lsoa_ward: numpy.ndarray  # position in `areas`, by LSOA, ascending
    middle: numpy.ndarray  # LSOA x (easting, northing, latitude, longitude)


@functools.cache
def geography() -> _Geography:
    """Areas with their shares by era and group, and the LSOAs of their wards."""
    area, rows = load_codelist("area"), margins.load("area")
    parents = area.parents["parent"]
    areas = tuple(row["area"] for row in rows)
    boroughs = tuple(dict.fromkeys(parents[code] for code in areas))
    borough = numpy.array([boroughs.index(parents[code]) for code in areas])
    shares = numpy.array([[float(row[era]) for row in rows] for era in ("before", "after")])
    weights = numpy.array([_by_group(share, borough, boroughs) for share in shares])
    position = {code: number for number, code in enumerate(areas)}
    lsoas = sorted((position[row["ward"]], row["lsoa"], row) for row in load_crosswalk("lsoa") if row["ward"] in position)
    middle = [[float(row[column]) for column in ("easting", "northing", "latitude", "longitude")] for _, _, row in lsoas]
    return _Geography(
        areas,
        borough,
        boroughs,
        tuple(parents[code] for code in boroughs),
        weights,
        tuple(code for _, code, _ in lsoas),
        numpy.array([ward for ward, _, _ in lsoas]),
        numpy.array(middle),
    )


def _by_group(shares: numpy.ndarray, borough: numpy.ndarray, boroughs: tuple[str, ...]) -> numpy.ndarray:
    """Group x area: the area's share among the offences of the group."""
    by_borough = numpy.bincount(borough, shares, len(boroughs))
    by_group = group_shares()
    central = numpy.array([code in assumptions.CENTRAL_BOROUGHS for code in boroughs])
    tilt = numpy.where(central[:, None], numpy.array(assumptions.CENTRAL), 1.0)
    used = by_borough > 0
    joint = numpy.zeros_like(tilt)
    joint[used] = fit(tilt[used] * by_borough[used][:, None] * by_group, by_borough[used], by_group * by_borough.sum())
    within = shares / numpy.where(by_borough > 0, by_borough, 1)[borough]
    return joint.T[:, borough] * within


@functools.cache
def group_shares() -> numpy.ndarray:
    """Share of each group among all offences."""
    offence = load_codelist("offence")
    shares = dict.fromkeys(assumptions.GROUPS, 0.0)
    for row in margins.load("offence"):
        shares[next(code for code in offence.ancestors(row["offence"]) if offence.level[code] == "group")] += float(row["share"])
    found = numpy.array(tuple(shares.values()))
    return found / found.sum()


@dataclass(frozen=True)
class Places:
    """Where offences are: position of the area in `geography()`, of the LSOA (-1 where blank) and of the map point."""

    area: numpy.ndarray
    lsoa: numpy.ndarray
    point: numpy.ndarray

    def columns(self) -> dict[str, pyarrow.Array]:
        """The columns of place of the table `offences`."""
        found = geography()
        ward = numpy.array([code.startswith("E05") for code in found.areas])[self.area]
        borough, known = found.borough[self.area], self.lsoa >= 0
        position = self.positions()
        return {
            "lsoa_code": coded(found.lsoas, self.lsoa, known),
            "ward_code": coded(found.areas, self.area, ward),
            "borough_code": coded(found.boroughs, borough),
            "bcu_code": coded(found.units, borough),
            "snapped_easting": numbers(position[:, 0], known),
            "snapped_northing": numbers(position[:, 1], known),
        }

    def positions(self) -> numpy.ndarray:
        """Easting and northing in metres, latitude and longitude in degrees, of the map points; of no meaning without an LSOA."""
        middle = geography().middle[numpy.maximum(self.lsoa, 0)].copy()
        east, north = numpy.array(_POINTS)[self.point].T
        middle += numpy.stack((east, north, north / 111_250, east / 69_300), axis=1)  # metres in a degree at 51.5 degrees north
        return middle


def draw_places(draw: Draw, group: numpy.ndarray, after: numpy.ndarray) -> Places:
    """Places of offences of some groups (positions in GROUPS), before or after the change to CONNECT."""
    found = geography()
    area = numpy.zeros(len(group), numpy.int64)
    for era in (False, True):
        chosen = after == era
        area[chosen] = draw.pick_by(found.weights[int(era)], group[chosen])
    first, last = numpy.searchsorted(found.lsoa_ward, area), numpy.searchsorted(found.lsoa_ward, area, side="right")
    lsoa = first + (draw.generator.random(len(area)) * (last - first)).astype(int)
    blank = (first == last) | draw.yes(_NO_LSOA, len(area))
    return Places(area, numpy.where(blank, -1, lsoa), draw.whole(0, len(_POINTS) - 1, len(area)))
