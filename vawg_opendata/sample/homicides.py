"""The synthetic homicides since 2003: about 25 women and girls a year, whatever the size of the sample, and the men.

Those of women in the period of the other tables are offences there as well; `as_offences` gives what they share.
"""

from dataclasses import dataclass

import numpy
import pyarrow
import pyarrow.compute as compute

from vawg_opendata.reference import load_codelist
from vawg_opendata.sample import assumptions
from vawg_opendata.sample.assumptions import GROUPS
from vawg_opendata.sample.draw import Draw, coded, dates, either, first_day, flag, numbers, year
from vawg_opendata.sample.offences import CONNECT, UNKNOWN_DAY, kinds
from vawg_opendata.sample.persons import identifiers, stated
from vawg_opendata.sample.places import geography
from vawg_opendata.sample.plan import months

FIRST_NUMBER = 9_000_000  # of crime references; other offences stay below
_LIVE = 700  # days for which proceedings are live


@dataclass(frozen=True)
class Homicides:
    """The homicide rows: arrays for the other modules, and the columns of the table."""

    recorded: numpy.ndarray
    female: numpy.ndarray
    age: numpy.ndarray
    domestic: numpy.ndarray
    suspected: numpy.ndarray
    murder: numpy.ndarray
    columns: dict[str, pyarrow.Array]

    def placed_as(self, offences: dict[str, pyarrow.Array]) -> dict[str, pyarrow.Array]:
        """The columns, with the place and the time that `offences` has for the homicides which are there as well."""
        row = compute.index_in(self.columns["crime_ref"], offences["crime_ref"])
        same = {
            name: compute.coalesce(offences[name].take(row), self.columns[name])
            for name in ("borough_code", "location_type", "committed_from_date")
        }
        return self.columns | same


def draw_homicides(draw: Draw, first: str, last: str, extracted: int) -> Homicides:
    """Homicides recorded from one month to another."""
    span = months(first, last)
    start = first_day(span)
    female_each = draw.generator.poisson(assumptions.FEMALE_HOMICIDES / 12, len(span))
    male_each = draw.generator.poisson(assumptions.MALE_HOMICIDES / 12, len(span))
    recorded = numpy.repeat(start, female_each + male_each) + draw.whole(0, 27, int((female_each + male_each).sum()))
    female = numpy.concatenate([numpy.arange(women + men) < women for women, men in zip(female_each, male_each, strict=True)])
    order = numpy.argsort(recorded, kind="stable")
    recorded, female, size = recorded[order], female[order], len(recorded)
    which = (~female).astype(int)
    relationship = draw.codes_by(assumptions.KILLERS, which)
    suspected = ~compute.is_in(relationship, pyarrow.array(["no-suspect-identified"])).to_numpy(zero_copy_only=False)
    age = numpy.clip(numpy.where(female, draw.generator.normal(40, 20, size), draw.generator.normal(31, 14, size)).astype(int), 0, 97)
    known = _groups(relationship)
    domestic = compute.is_in(known, pyarrow.array(["partner-or-ex-partner", "parent", "son-or-daughter", "other-family"])).to_numpy(
        zero_copy_only=False
    ) & (age >= 16)
    observed = draw.codes({"IC1": 0.40, "IC2": 0.07, "IC3": 0.29, "IC4": 0.15, "IC5": 0.03, "IC6": 0.03, "IC9": 0.03}, size)
    killer = either(draw.yes(assumptions.SAME_OBSERVED, size), observed, draw.codes(assumptions.SUSPECT_OBSERVED, size))
    live = extracted - recorded < _LIVE
    stage = either(
        live,
        draw.codes({"charged": 0.80, "suspect-dead": 0.07, "convicted": 0.13}, size),
        draw.codes({"convicted": 0.86, "acquitted": 0.06, "suspect-dead": 0.08}, size),
    )
    stage = either(suspected & draw.yes(0.06, size), coded(("suspect-not-charged",), numpy.zeros(size)), stage)
    stage = either(suspected, stage, coded(("no-suspect",), numpy.zeros(size)))
    charged = compute.equal(stage, "charged").to_numpy(zero_copy_only=False)
    murder = draw.yes(0.92, size)
    place = either(
        domestic,
        draw.codes(assumptions.DOMESTIC_PLACES, size),
        draw.codes({**assumptions.PUBLIC_PLACES, "dwelling-victim": 0.5, "dwelling-other": 0.2}, size),
    )
    committed = recorded - numpy.where(draw.yes(0.04, size), draw.delay(900, size), draw.delay(0.7, size))
    unknown = draw.yes(0.004, size)
    columns = {
        "crime_ref": references(recorded, FIRST_NUMBER),
        "victim_id": identifiers("V", 900_000_000 + numpy.arange(size)),
        "recorded_date": dates(recorded),
        "committed_from_date": dates(numpy.where(unknown, UNKNOWN_DAY, committed)),
        "offence_type": either(
            (age == 0) & draw.yes(0.5, size), coded(("infanticide",), numpy.zeros(size)), coded(("manslaughter", "murder"), murder)
        ),
        "borough_code": _boroughs(draw, size),
        "location_type": place,
        "sex": coded(("male", "female"), female),
        "age": numbers(age),
        "self_defined_ethnicity": stated(draw, observed),
        "observed_ethnicity": observed,
        "method": draw.codes_by(assumptions.KILLING_METHODS, which),
        "domestic_abuse": flag(domestic),
        "stage": stage,
        "relationship": relationship,
        "suspects": numbers(suspected * (1 + draw.delay(0.5, size))),
        "suspect_sex": coded(("female", "male"), draw.yes(0.92, size), suspected),
        "suspect_age": numbers(numpy.clip(draw.generator.normal(33, 12, size).astype(int), 12, 90), suspected & ~draw.yes(0.02, size)),
        "suspect_self_defined_ethnicity": _where(stated(draw, killer), suspected),
        "suspect_observed_ethnicity": _where(killer, suspected),
        "previous_abuse": flag(domestic & draw.yes(0.45, size)),
        "children_bereaved": flag(draw.yes(numpy.where(female & (age > 18) & (age < 55), 0.45, 0.15), size)),
        "legal_hold": flag(charged & live),
        "last_updated_date": dates(numpy.minimum(recorded + draw.delay(400, size), extracted)),
    }
    return Homicides(recorded, female, age, domestic, suspected, murder, columns)


def references(recorded: numpy.ndarray, first_number: int) -> pyarrow.Array:
    """Crime references in order within each year, from a first number on: CRIS, or CONNECT from its first day."""
    years = year(recorded)
    order = numpy.argsort(years, kind="stable")
    place = numpy.empty(len(recorded), numpy.int64)
    place[order] = numpy.arange(len(recorded)) - numpy.searchsorted(years[order], years[order])
    return reference(first_number + place, recorded)


def reference(number: numpy.ndarray, recorded: numpy.ndarray) -> pyarrow.Array:
    """Crime references of given numbers."""
    digits = compute.utf8_lpad(pyarrow.array(number).cast(pyarrow.string()), 7, "0")
    short_year = compute.utf8_lpad(pyarrow.array(year(recorded) % 100).cast(pyarrow.string()), 2, "0")
    return compute.binary_join_element_wise(
        coded(("", "01/"), recorded >= CONNECT), compute.binary_join_element_wise(digits, short_year, "/"), ""
    )


def as_offences(homicides: Homicides, first: str) -> tuple[numpy.ndarray, dict[str, numpy.ndarray], dict]:
    """The homicides of women that the other tables have as well: their rows, and what is given for offences and victims."""
    row = numpy.flatnonzero(homicides.female & (homicides.recorded >= first_day([first])[0]) & (homicides.age >= 1))
    found = kinds()
    named = {
        word: next(number for number, name in enumerate(found.classes) if name == f"class-{word}")
        for word in ("murder", "manslaughter")
        if f"class-{word}" in found.classes
    }
    murder = named["murder"]
    given = {
        "kind": numpy.where(homicides.murder[row], murder, named.get("manslaughter", murder)),
        "domestic": homicides.domestic[row],
        "suspected": homicides.suspected[row],
    }
    taken = pyarrow.array(row)
    persons = {
        "age": homicides.age[row],
        "observed_ethnicity": homicides.columns["observed_ethnicity"].take(taken),
        "victim_id": homicides.columns["victim_id"].take(taken),
    }
    return row, given, persons


def _groups(relationship: pyarrow.Array) -> pyarrow.Array:
    found = load_codelist("relationship")
    parents = found.parents["parent"]
    position = compute.index_in(relationship, pyarrow.array(found.leaves))
    return pyarrow.array([parents[code] for code in found.leaves]).take(position)


def _boroughs(draw: Draw, size: int) -> pyarrow.Array:
    found = geography()
    shares = numpy.bincount(found.borough, found.weights[0][GROUPS.index("violence-with-injury")], len(found.boroughs))
    shares = numpy.where([code.startswith("E09") for code in found.boroughs], shares, 0.0)
    return coded(found.boroughs, draw.pick(shares, size))


def _where(values: pyarrow.Array, condition: numpy.ndarray) -> pyarrow.Array:
    return compute.if_else(pyarrow.array(condition), values, pyarrow.scalar(None, values.type))
