"""The synthetic victims and suspects, and what they are to one another. People recur: some victims are repeat victims."""

import functools
from dataclasses import dataclass

import numpy
import pyarrow
import pyarrow.compute as compute

from vawg_opendata.sample import assumptions, margins
from vawg_opendata.sample.assumptions import GROUPS
from vawg_opendata.sample.draw import Draw, coded, either, fit, flag, numbers, year
from vawg_opendata.sample.offences import Offences, kinds
from vawg_opendata.sample.places import geography, group_shares

_BANDS = ("10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80-and-over")
_PARTNERS = 0.78  # of those suspected of domestic abuse


@dataclass(frozen=True)
class Victims:
    """The victim rows of a block: the offence of each (its position), the first row of the same person, and the columns."""

    offence: numpy.ndarray
    person: numpy.ndarray
    age: numpy.ndarray
    domestic: numpy.ndarray
    columns: dict[str, pyarrow.Array]


@dataclass(frozen=True)
class Suspects:
    """The suspect rows of a block, in the order of their offences, and the relationships of each to each victim."""

    offence: numpy.ndarray
    columns: dict[str, pyarrow.Array]
    pair_victim: numpy.ndarray  # victim row of each relationship
    pair_suspect: numpy.ndarray  # suspect row of each relationship
    relationships: dict[str, pyarrow.Array]


def identifiers(prefix: str, numbers: numpy.ndarray) -> pyarrow.Array:
    """A letter and nine digits."""
    digits = compute.utf8_lpad(pyarrow.array(numbers).cast(pyarrow.string()), 9, "0")
    return compute.binary_join_element_wise(pyarrow.scalar(prefix), digits, "")


def draw_victims(
    draw: Draw,
    offences: Offences,
    offence: numpy.ndarray,
    further: numpy.ndarray,
    uncounted: numpy.ndarray,
    first_number: int,
    given: dict | None = None,
) -> Victims:
    """Victim rows of some offences (positions); `given` fixes some of `age`, `observed_ethnicity` (codes) and `victim_id`."""
    given, size = given or {}, len(offence)
    group, domestic, recorded = offences.group[offence], offences.domestic[offence], offences.recorded[offence]
    person = numpy.arange(size) if given else _recurring(draw, offences, offence, further)
    not_counted = draw.yes(uncounted, size)
    why = draw.pick((0.6, 0.25, 0.15), size)  # age not known, male, under 10
    male = not_counted & (why == 1)
    age = _ages(draw, offences, offence, not_counted & (why == 2))
    known = ~not_counted | male | (age < 10)
    observed = _observed(draw, recorded)
    age, known, male, observed = age[person], known[person], male[person], observed.take(pyarrow.array(person))
    if given:
        age, known, male, observed = given["age"], numpy.ones(size, bool), numpy.zeros(size, bool), given["observed_ethnicity"]
    earlier = _earlier(person, recorded)
    columns = {
        "victim_id": given.get("victim_id", identifiers("V", first_number + person)),
        "sex": coded(("female", "male"), male),
        "gender": _gender(draw, male),
        "age": numbers(age, known),
        "observed_ethnicity": observed,
        **_answers(draw, observed, size),
        "pregnant": coded(("no", "yes", "not-known"), draw.pick((0.67, 0.03, 0.30), size) * (~male & (age > 13) & (age < 50))),
        "interpreter_needed": draw.codes({"yes": 0.05, "no": 0.80, "not-known": 0.15}, size),
        "home_borough_code": _home(draw, offences, offence),
        "looked_after": coded(("no", "yes", "not-known"), numpy.where(age < 18, draw.pick((0.85, 0.06, 0.09), size), 0)),
    }
    # What is asked of a person is the same in all their rows.
    columns = {name: values.take(pyarrow.array(person)) for name, values in columns.items()}
    columns |= _circumstances(draw, offences, offence, group, domestic, earlier)
    return Victims(offence, person, numpy.where(known, age, -1), domestic, columns)


def _recurring(draw: Draw, offences: Offences, offence: numpy.ndarray, further: numpy.ndarray) -> numpy.ndarray:
    """For each row the first row of the same person: itself, or an earlier row nearby for those who recur."""
    size = len(offence)
    borough = geography().borough[offences.places.area[offence]]
    order = numpy.argsort(borough, kind="stable")
    place = numpy.empty(size, numpy.int64)
    place[order] = numpy.arange(size)
    start = numpy.searchsorted(borough[order], borough)
    back = place - 1 - draw.delay(max(5.0, size / 700), size)
    recurs = draw.yes(numpy.array(assumptions.REPEAT)[offences.group[offence]], size) & ~further & (back >= start)
    person = numpy.where(recurs, order[numpy.maximum(back, 0)], numpy.arange(size))
    while not numpy.array_equal(person, person[person]):
        person = person[person]
    return person  # a further victim never recurs, so two rows of one offence are two people


def _earlier(person: numpy.ndarray, recorded: numpy.ndarray) -> numpy.ndarray:
    """Number of rows of the same person in the year before each row."""
    key = person.astype(numpy.int64) * 100_000 + recorded
    ordered = numpy.sort(key)
    return numpy.searchsorted(ordered, key) - numpy.searchsorted(ordered, key - 365)


@functools.cache
def _age_shares() -> numpy.ndarray:
    """Age group by group of offence: the published ages, with more young victims of sexual offences."""
    ages = numpy.array([{row["age_group"]: float(row["share"]) for row in margins.load("age_group")}[band] for band in _BANDS])
    groups = group_shares()
    tilt = numpy.ones((len(GROUPS), len(_BANDS)))
    tilt[:, :2] = numpy.array(assumptions.YOUNG)[:, None]
    used = groups > 0
    table = numpy.tile(ages / ages.sum(), (len(GROUPS), 1))
    table[used] = fit(tilt[used] * ages, groups[used], ages / ages.sum() * groups.sum()) / groups[used][:, None]
    # Offences against children have their victims in the first band already.
    found = kinds()
    children = numpy.bincount(found.group, found.share * (found.oldest < 18), len(GROUPS)) / numpy.maximum(
        numpy.bincount(found.group, found.share, len(GROUPS)), 1e-9
    )
    table[:, 0] = numpy.maximum(table[:, 0] - children, 0.0)
    return table


def _ages(draw: Draw, offences: Offences, offence: numpy.ndarray, under_ten: numpy.ndarray) -> numpy.ndarray:
    size, found, kind = len(offence), kinds(), offences.kind[offence]
    band = draw.pick_by(_age_shares(), offences.group[offence])
    low = numpy.array([10, 20, 30, 40, 50, 60, 70, 80])[band]
    age = low + numpy.minimum(draw.whole(0, 9, size), numpy.where(band == 7, draw.delay(4, size), 9))
    # Under 10 is drawn apart, because the published series counts nobody under 10.
    youngest, oldest = numpy.maximum(found.youngest[kind], 10), found.oldest[kind]
    age = numpy.where(age < youngest, youngest + draw.whole(0, 3, size), age)
    age = numpy.where(age > oldest, draw.whole(numpy.minimum(numpy.maximum(youngest, oldest - 5), oldest), oldest, size), age)
    return numpy.where(under_ten & (found.youngest[kind] < 10), draw.whole(4, 9, size), age)


def _observed(draw: Draw, recorded: numpy.ndarray) -> pyarrow.Array:
    """Identity codes, by the published shares of the year."""
    shares: dict[int, dict[str, float]] = {}
    for row in margins.load("ethnic_appearance"):
        within = assumptions.OBSERVED[row["ethnic_appearance"]]
        shares.setdefault(int(row["year"]), {}).update({code: share * float(row["share"]) for code, share in within.items()})
    years = sorted(shares)
    which = numpy.clip(numpy.searchsorted(years, year(recorded)), 0, len(years) - 1)
    return draw.codes_by([shares[each] for each in years], which)


def stated(draw: Draw, observed: pyarrow.Array) -> pyarrow.Array:
    """Self-defined ethnicity, given what an officer observed."""
    codes = tuple(assumptions.SELF_DEFINED)
    which = compute.index_in(observed, pyarrow.array(codes)).to_numpy(zero_copy_only=False)
    return draw.codes_by([assumptions.SELF_DEFINED[code] for code in codes], which)


def _answers(draw: Draw, observed: pyarrow.Array, size: int) -> dict[str, pyarrow.Array]:
    return {
        "self_defined_ethnicity": stated(draw, observed),
        "disability": draw.codes(assumptions.DISABILITY, size),
        "sexual_orientation": draw.codes(assumptions.ORIENTATION, size),
        "religion": draw.codes(assumptions.RELIGION, size),
    }


def _gender(draw: Draw, male: numpy.ndarray) -> pyarrow.Array:
    other = {"non-binary": 0.25, "self-describe": 0.05, "prefer-not-to-say": 0.2, "not-specified": 0.1, "not-known": 0.4}
    size = len(male)
    usual = either(draw.yes(0.003, size), coded(("trans-female", "trans-male"), male), coded(("female", "male"), male))
    return either(draw.yes(0.03, size), draw.codes(other, size), usual)


def _home(draw: Draw, offences: Offences, offence: numpy.ndarray) -> pyarrow.Array:
    """Mostly the borough of the offence; blank where not known, outside London, or the offence is in no borough."""
    found, size = geography(), len(offence)
    here = found.borough[offences.places.area[offence]]
    real = numpy.array([code.startswith("E09") for code in found.boroughs])
    elsewhere = numpy.flatnonzero(real)[draw.whole(0, int(real.sum()) - 1, size)]
    home = numpy.where(draw.yes(0.75, size), here, elsewhere)
    return coded(found.boroughs, home, real[home] & ~draw.yes(0.08, size))


def _circumstances(
    draw: Draw, offences: Offences, offence: numpy.ndarray, group: numpy.ndarray, domestic: numpy.ndarray, earlier: numpy.ndarray
) -> dict[str, pyarrow.Array]:
    size = len(offence)
    sexual = numpy.isin(group, [GROUPS.index("rape"), GROUPS.index("other-sexual-offences")])
    injured = group == GROUPS.index("violence-with-injury")
    harm = draw.codes({"minor": 0.78, "moderate": 0.15, "serious": 0.05, "not-known": 0.02}, size)
    injury = either(injured, harm, draw.codes(assumptions.INJURY, size))
    injury = either(group == GROUPS.index("homicide"), coded(("fatal",), numpy.zeros(size)), injury)
    serious = compute.is_in(injury, pyarrow.array(["moderate", "serious", "fatal"])).to_numpy(zero_copy_only=False)
    children = draw.yes(numpy.where(domestic, 0.45, 0.2), size)
    return {
        "lives_at_scene": flag(offences.private[offence] & draw.yes(0.6, size)),
        "emergency_worker": flag(~domestic & draw.yes(0.02, size)),
        "sex_worker": flag(draw.yes(numpy.where(sexual, 0.02, 0.002), size)),
        "dependent_children": flag(children),
        "children_present": flag(children & draw.yes(numpy.where(domestic, 0.4, 0.05), size)),
        "vulnerable": flag(draw.yes(numpy.where(domestic, 0.3, 0.15), size)),
        "mental_health": flag(draw.yes(0.11, size)),
        "repeat_victim": flag(earlier > 0),
        "previous_offences": numbers(earlier),
        "injury": injury,
        "hospital": flag(serious & draw.yes(0.7, size)),
        "intimidated": flag(domestic | sexual),
        "victim_support": draw.codes(assumptions.SUPPORT, size),
        "personal_statement": flag(draw.yes(0.5, size)),
        "special_measures": flag(draw.yes(numpy.where(domestic | sexual, 0.3, 0.08), size)),
        "victim_services_referral": flag(draw.yes(0.35, size)),
        "idva_referral": flag(domestic & draw.yes(0.2, size)),
        "isva_referral": flag(sexual & draw.yes(0.4, size)),
        "marac_referral": flag(domestic & draw.yes(0.06, size)),
        "disclosure_scheme": flag(domestic & draw.yes(0.02, size)),
    }


def draw_suspects(draw: Draw, offences: Offences, victims: Victims, first_number: int, extracted: int) -> Suspects:
    """The suspects of offences: none, one, or now and then several."""
    size = len(offences.kind)
    count = offences.suspected * (1 + draw.yes(0.05, size) + draw.yes(0.01, size)).astype(numpy.int64)
    offence = numpy.repeat(numpy.arange(size), count)
    rows, first_row = len(offence), numpy.cumsum(count) - count
    leading = first_row[offence] == numpy.arange(rows)
    # The first victim of each offence; a domestic suspect returns with the victim.
    first_victim = numpy.searchsorted(victims.offence, numpy.arange(size))
    origin = victims.offence[victims.person[first_victim]]
    returns = leading & offences.domestic[offence] & (origin[offence] != offence) & (count[origin[offence]] > 0) & draw.yes(0.8, rows)
    person = numpy.where(returns, first_row[numpy.where(returns, origin[offence], offence)], numpy.arange(rows))
    while not numpy.array_equal(person, person[person]):
        person = person[person]
    victim_age = victims.age[first_victim][offence]
    age = numpy.where(
        victim_age >= 16, victim_age + draw.generator.normal(2, 7, rows).astype(int), draw.generator.normal(33, 13, rows).astype(int)
    )
    age, known = numpy.clip(age, 10, 95), ~draw.yes(0.12, rows)
    same = draw.yes(assumptions.SAME_OBSERVED, rows)
    observed = either(
        same,
        victims.columns["observed_ethnicity"].take(pyarrow.array(first_victim[offence])),
        draw.codes(assumptions.SUSPECT_OBSERVED, rows),
    )
    male = draw.yes(numpy.where(offences.group[offence] == GROUPS.index("rape"), 0.98, 0.89), rows)
    personal = {
        "suspect_id": identifiers("S", first_number + numpy.arange(rows)),
        "sex": either(draw.yes(0.01, rows), coded(("unknown",), numpy.zeros(rows)), coded(("female", "male"), male)),
        "gender": _gender(draw, male),
        "age": numbers(age, known),
        "observed_ethnicity": observed,
        "self_defined_ethnicity": stated(draw, observed),
        "home_borough_code": _home(draw, offences, offence),
    }
    earlier = _earlier(person, offences.recorded[offence])
    columns = {
        "crime_ref": offences.columns["crime_ref"].take(pyarrow.array(offence)),
        **{name: values.take(pyarrow.array(person)) for name, values in personal.items()},
        "previous_offences": numbers(earlier),
        "repeat_suspect": flag(earlier > 0),
        "registered_sex_offender": flag(draw.yes(0.01, rows)),
        "managed_offender": flag(draw.yes(0.003, rows)),
        "police_employee": flag(
            compute.equal(offences.columns["police_perpetrated"], "Y").to_numpy(zero_copy_only=False)[offence] & leading
        ),
        "weapon_marker": flag(draw.yes(0.04, rows)),
        "mental_health": flag(draw.yes(0.12, rows)),
        "alcohol": flag(draw.yes(0.15, rows)),
        "drugs": flag(draw.yes(0.06, rows)),
    }
    return Suspects(offence, columns, *_pairs(draw, offences, victims, count, first_row))


def _pairs(
    draw: Draw, offences: Offences, victims: Victims, count: numpy.ndarray, first_row: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray, dict[str, pyarrow.Array]]:
    """Each victim row with each suspect row of its offence."""
    each = count[victims.offence]
    victim = numpy.repeat(numpy.arange(len(victims.offence)), each)
    offence, size = victims.offence[victim], len(victim)
    suspect = first_row[offence] + numpy.arange(size) - numpy.repeat(numpy.cumsum(each) - each, each)
    domestic = offences.domestic[offence]
    partner = domestic & draw.yes(_PARTNERS, size)
    home = either(partner, draw.codes(assumptions.PARTNERS, size), draw.codes(assumptions.FAMILY, size))
    relationship = either(domestic, home, draw.codes(assumptions.OTHER_RELATIONSHIPS, size))
    together = draw.codes({"yes": 0.38, "no": 0.52, "not-known": 0.10}, size)
    former = compute.starts_with(relationship, "ex-").to_numpy(zero_copy_only=False)
    none = coded(("no",), numpy.zeros(size))
    return (
        victim,
        suspect,
        {
            "relationship": relationship,
            "cohabiting": either(domestic & ~former, together, none),
            "separated": either(
                former,
                coded(("yes",), numpy.zeros(size)),
                either(partner, draw.codes({"yes": 0.1, "no": 0.75, "not-known": 0.15}, size), none),
            ),
            "children_in_common": either(partner, draw.codes({"yes": 0.42, "no": 0.45, "not-known": 0.13}, size), none),
        },
    )
