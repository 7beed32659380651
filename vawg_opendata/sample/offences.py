"""The synthetic offences: what, when, where, with which marks. Persons and what follows are in other modules."""

import functools
from dataclasses import dataclass

import numpy
import pyarrow
import pyarrow.compute as compute

from vawg_opendata.reference import load_codelist, load_crosswalk
from vawg_opendata.sample import assumptions, margins
from vawg_opendata.sample.assumptions import GROUPS
from vawg_opendata.sample.draw import Draw, coded, dates, either, first_day, flag, month_number, month_start, numbers, year
from vawg_opendata.sample.places import Places, draw_places

CONNECT = int(numpy.datetime64("2024-02-28", "D").astype(int))
UNKNOWN_DAY = int(numpy.datetime64("1900-01-01", "D").astype(int))
_LABELS = {
    "met_group": "crimsec_group",
    "met_class": "crimseccodeexpansion",
    "met_offence": "crimsec_offences",
    "vawg_offence": "vawg_offence",
}
_ALWAYS_DOMESTIC = "class-controlling-or-coercive-behaviour"


@dataclass(frozen=True)
class Kinds:
    """The offences that can be drawn, and what follows from each."""

    codes: tuple[str, ...]
    group: numpy.ndarray  # position in GROUPS
    classes: tuple[str, ...]
    share: numpy.ndarray
    youngest: numpy.ndarray  # age of victims that the offence's name implies
    oldest: numpy.ndarray
    labels: dict[str, tuple[str, ...]]  # the four names in the Met's classification
    relative: dict[int, numpy.ndarray]  # share of each group in a year relative to all years


@functools.cache
def kinds() -> Kinds:
    """The offences of the margin; homicides are among them but are never drawn, only made for the homicide records."""
    offence = load_codelist("offence")
    rows = margins.load("offence")
    codes = tuple(row["offence"] for row in rows)
    above = {
        level: [next(a for a in offence.ancestors(code) if offence.level[a] == level) for code in codes] for level in ("group", "class")
    }
    group = numpy.array([GROUPS.index(code) for code in above["group"]])
    share = numpy.array([float(row["share"]) for row in rows]) * (group != GROUPS.index("homicide"))
    names = {row["code"]: row for row in reversed(load_crosswalk("offence_labels"))}  # the first of several spellings
    youngest, oldest = zip(*(_ages(f"{kind} {code}") for kind, code in zip(above["class"], codes, strict=True)), strict=True)
    relative = {}
    for row in margins.load("group_year"):
        relative.setdefault(int(row["year"]), numpy.ones(len(GROUPS)))[GROUPS.index(row["group"])] = float(row["relative"])
    return Kinds(
        codes,
        group,
        tuple(above["class"]),
        share,
        numpy.array(youngest),
        numpy.array(oldest),
        {column: tuple(names[code][label] for code in codes) for column, label in _LABELS.items()},
        relative,
    )


def _ages(name: str) -> tuple[int, int]:
    """The ages that the name of an offence implies, in years."""
    for words, ages in (
        ("under-13", (4, 12)),
        ("under-16", (10, 15)),
        ("aged-13-and-over", (13, 120)),
        ("aged-16", (16, 120)),
        ("children-through", (12, 17)),
        ("grooming", (10, 15)),
        ("coercive", (16, 120)),
    ):
        if words in name:
            return ages
    return 0, 120


@dataclass(frozen=True)
class Offences:
    """The offences of a block: arrays for the other modules, and the columns of the table."""

    kind: numpy.ndarray  # position in kinds()
    group: numpy.ndarray
    recorded: numpy.ndarray
    committed: numpy.ndarray
    domestic: numpy.ndarray
    private: numpy.ndarray
    suspected: numpy.ndarray  # whether anyone is suspected
    places: Places
    columns: dict[str, pyarrow.Array]


def draw_offences(
    draw: Draw, recorded: numpy.ndarray, references: pyarrow.Array, extracted: int, given: dict[str, numpy.ndarray] | None = None
) -> Offences:
    """Offences recorded on some days and extracted on a later one.

    `given` fixes some of `kind`, `domestic` and `suspected` instead of drawing them (homicides).
    """
    given, size, found = given or {}, len(recorded), kinds()
    kind = given.get("kind", _kinds(draw, recorded))
    group = found.group[kind]
    coercive = numpy.array([code == _ALWAYS_DOMESTIC for code in found.classes])[kind]
    domestic = given.get("domestic", draw.yes(numpy.array(assumptions.DOMESTIC)[group], size) | coercive)
    suspected = given.get("suspected", ~draw.yes(numpy.array(assumptions.NO_SUSPECT)[group] * numpy.where(domestic, 0.1, 1.2), size))
    online = ~domestic & draw.yes(numpy.array(assumptions.ONLINE)[group], size)
    private = ~online & draw.yes(numpy.where(domestic, assumptions.DOMESTIC_PRIVATE, numpy.array(assumptions.PRIVATE)[group]), size)
    places = draw_places(draw, group, recorded >= CONNECT)
    committed, when = _times(draw, group, recorded, private)
    columns = {
        "crime_ref": references,
        "source_system": coded(("CRIS", "CONNECT"), recorded >= CONNECT),
        "last_updated_date": dates(numpy.minimum(recorded + draw.delay(120, size), extracted)),
        **when,
        **_classification(draw, kind, group),
        **_marks(draw, kind, group, domestic, private, online),
        **places.columns(),
        **_investigation(draw, group, domestic, recorded, extracted, size),
    }
    columns |= _setting(draw, domestic, private, online, columns["committed_hour"])
    return Offences(kind, group, recorded, committed, domestic, private, suspected, places, columns)


def _kinds(draw: Draw, recorded: numpy.ndarray) -> numpy.ndarray:
    found, years = kinds(), year(recorded)
    kind = numpy.zeros(len(recorded), numpy.int64)
    for each in numpy.unique(years):
        chosen = years == each
        kind[chosen] = draw.pick(found.share * found.relative[int(each)][found.group], int(chosen.sum()))
    return kind


def _classification(draw: Draw, kind: numpy.ndarray, group: numpy.ndarray) -> dict[str, pyarrow.Array]:
    found = kinds()
    codes = tuple(assumptions.HOME_OFFICE_CODE.get(name, "105A") for name in found.classes)
    flagged = group == GROUPS.index("other-flagged-offences")
    attempt = numpy.array(["attempt" in code for code in found.codes])[kind]
    return {
        "home_office_code": either(flagged, draw.codes(assumptions.FLAGGED_CODE, len(kind)), coded(codes, kind)),
        **{column: coded(labels, kind) for column, labels in found.labels.items()},
        "attempt": flag(attempt),
    }


def _times(
    draw: Draw, group: numpy.ndarray, recorded: numpy.ndarray, private: numpy.ndarray
) -> tuple[numpy.ndarray, dict[str, pyarrow.Array]]:
    """The day of the offence and the columns of time. The months between offence and record follow the published shares."""
    size = len(recorded)
    bands = (*margins.LAGS, 240)
    shares = {(row["group"], row["lag"]): float(row["share"]) for row in margins.load("lag")}
    known = {name for name, _ in shares}
    table = numpy.array([[shares.get((name if name in known else "total", str(lag)), 0.0) for lag in margins.LAGS] for name in GROUPS])
    band = draw.pick_by(table, group)
    low, high = numpy.array(bands[:-1])[band], numpy.array(bands[1:])[band] - 1
    lag = draw.whole(low, high, size)
    start = month_start(month_number(recorded) - lag)
    length = month_start(month_number(recorded) - lag + 1) - start
    earlier = start + (draw.generator.random(size) * length).astype(numpy.int32)
    committed = numpy.where(lag > 0, earlier, numpy.maximum(recorded - draw.delay(2.5, size), month_start(month_number(recorded))))
    until = committed + (draw.generator.random(size) * (recorded - committed)).astype(numpy.int32)
    spread = draw.yes(0.18, size)
    reported = numpy.maximum(recorded - draw.delay(0.6, size), numpy.where(spread, until, committed))
    unknown = draw.yes(0.0005, size)
    night = ~private & draw.yes(0.35, size)
    hour = numpy.where(night, draw.whole(19, 27, size) % 24, draw.whole(7, 23, size))
    return committed, {
        "recorded_date": dates(recorded),
        "reported_date": dates(reported, ~draw.yes(0.01, size)),
        "committed_from_date": dates(numpy.where(unknown, UNKNOWN_DAY, committed), ~draw.yes(0.0006, size)),
        "committed_to_date": dates(until, spread & ~unknown),
        "committed_hour": numbers(hour, ~draw.yes(0.06, size)),
    }


def _marks(
    draw: Draw, kind: numpy.ndarray, group: numpy.ndarray, domestic: numpy.ndarray, private: numpy.ndarray, online: numpy.ndarray
) -> dict[str, pyarrow.Array]:
    found, size = kinds(), len(kind)

    def named(word: str) -> numpy.ndarray:
        return numpy.array([word in f"{name} {code}" for name, code in zip(found.classes, found.codes, strict=True)])[kind]

    sexual = numpy.isin(group, [GROUPS.index("rape"), GROUPS.index("other-sexual-offences")])
    child = found.oldest[kind] < 18
    weapon = draw.pick(tuple(assumptions.WEAPONS.values()), size)
    return {
        "domestic_abuse": flag(domestic),
        "honour_based_abuse": flag(draw.yes(numpy.where(domestic, 0.008, 0.0005), size)),
        "forced_marriage": flag(named("forced-marriage") | draw.yes(0.0004, size)),
        "female_genital_mutilation": flag(named("genital-mutilation") | draw.yes(0.0001, size)),
        "stalking": flag(named("stalking") | draw.yes(numpy.where(domestic, 0.06, 0.01), size)),
        "coercive_control": flag(named("coercive") | (domestic & draw.yes(0.07, size))),
        "strangulation": flag(named("strangulation") | (domestic & draw.yes(0.04, size))),
        "spiking": flag(draw.yes(numpy.where(sexual, 0.02, 0.001), size)),
        "child_sexual_abuse": flag(sexual & (child | draw.yes(0.08, size))),
        "child_sexual_exploitation": flag(named("sexual-exploitation") | (sexual & child & draw.yes(0.08, size))),
        "trafficking": flag((group == GROUPS.index("modern-slavery")) | draw.yes(0.001, size)),
        "gang_related": flag(draw.yes(0.004, size)),
        "knife_enabled": flag(weapon == list(assumptions.WEAPONS).index("knife")),
        "alcohol_involved": flag(draw.yes(numpy.where(domestic, 0.20, 0.14), size)),
        "drugs_involved": flag(draw.yes(0.05, size)),
        "online": flag(online | draw.yes(0.01, size)),
        "police_perpetrated": flag(draw.yes(0.0008, size)),
        "series": flag(draw.yes(numpy.where(domestic, 0.08, 0.03), size)),
        "hate_strand": draw.codes(assumptions.HATE, size),
        "weapon": coded(tuple(assumptions.WEAPONS), weapon),
    }


def _setting(
    draw: Draw, domestic: numpy.ndarray, private: numpy.ndarray, online: numpy.ndarray, hour: pyarrow.Array
) -> dict[str, pyarrow.Array]:
    size = len(domestic)
    home = either(domestic, draw.codes(assumptions.DOMESTIC_PLACES, size), draw.codes(assumptions.PRIVATE_PLACES, size))
    place = either(private, home, draw.codes(assumptions.PUBLIC_PLACES, size))
    place = either(online, coded(("online",), numpy.zeros(size)), place)
    place = either(draw.yes(0.01, size), coded(("not-known",), numpy.zeros(size)), place)
    hours = compute.fill_null(hour, 12).to_numpy()
    licensed = compute.equal(place, "licensed").to_numpy(zero_copy_only=False)
    out = licensed | compute.equal(place, "street").to_numpy(zero_copy_only=False)
    transport = compute.match_substring(place, "transport").to_numpy(zero_copy_only=False)
    return {
        "location_type": place,
        "night_time_economy": flag(licensed & draw.yes(0.85, size) | out & ((hours >= 21) | (hours < 5)) & draw.yes(0.5, size)),
        "public_transport": flag(transport | draw.yes(0.002, size)),
        "school_related": flag(compute.equal(place, "education").to_numpy(zero_copy_only=False)),
    }


def _investigation(
    draw: Draw, group: numpy.ndarray, domestic: numpy.ndarray, recorded: numpy.ndarray, extracted: int, size: int
) -> dict[str, pyarrow.Array]:
    protection = domestic | numpy.isin(group, [GROUPS.index("rape"), GROUPS.index("other-sexual-offences")])
    unit = either(protection, draw.codes(assumptions.PROTECTION_UNITS, size), draw.codes(assumptions.UNITS, size))
    unit = either(group == GROUPS.index("homicide"), coded(("specialist-crime",), numpy.zeros(size)), unit)
    unit = either(draw.yes(0.0008, size), coded(("professional-standards",), numpy.zeros(size)), unit)
    still_open = draw.yes(numpy.exp(-(extracted - recorded) / 150.0), size)
    return {
        "reporting_route": draw.codes(assumptions.ROUTES, size),
        "response_grade": draw.codes(assumptions.GRADES, size),
        "attended": flag(draw.yes(numpy.where(domestic, 0.9, 0.6), size)),
        "body_worn_video": flag(draw.yes(numpy.where(domestic, 0.7, 0.35), size) & (recorded >= first_day(["2016-10"])[0])),
        "forensic_examination": flag(draw.yes(numpy.where(group == GROUPS.index("rape"), 0.4, 0.06), size)),
        "investigating_unit": unit,
        "investigation_status": coded(("closed", "open", "reopened"), numpy.where(still_open, 1, draw.yes(0.01, size) * 2)),
    }
