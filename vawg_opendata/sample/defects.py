"""Puts the defects of real files into the synthetic ones, at a stated rate, and counts what a reader must quarantine.

Two sorts: defects that make a row unusable, and with it the rows that hang on it, and defects that a reader must see
through (spaces around a value, another spelling of a label). `Tally` holds the numbers that a test can hold a reader to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy
import pyarrow
import pyarrow.compute as compute

from vawg_opendata.sample.aftermath import Followed
from vawg_opendata.sample.draw import Draw
from vawg_opendata.sample.offences import Offences
from vawg_opendata.sample.persons import Suspects, Victims
from vawg_opendata.sample.places import geography

OFFENCE_DEFECTS = (
    "impossible recorded date",
    "no recorded date",
    "malformed reference",
    "ward in another borough",
    "committed after the record",
)
VICTIM_DEFECTS = ("impossible age", "age in words", "no sex", "offence that does not exist", "repeated row", "conflicting rows")
LINKED = "hangs on an unusable row"
SPACES, SPELLING = "spaces around a value", "another spelling of a label"


@dataclass
class Tally:
    """Rows by table, and of them how many a reader must quarantine or see through, by what is wrong with them."""

    quarantined: dict[str, dict[str, int]] = field(default_factory=dict)
    harmless: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, table: str, defect: str, rows: int) -> None:
        """Counts rows to be quarantined."""
        self.quarantined.setdefault(table, {})[defect] = self.quarantined.get(table, {}).get(defect, 0) + rows

    def see_through(self, table: str, defect: str, rows: int) -> None:
        """Counts rows to be accepted."""
        self.harmless.setdefault(table, {})[defect] = self.harmless.get(table, {}).get(defect, 0) + rows


@dataclass(frozen=True)
class Block:
    """The tables of a block as they were made: columns by table, and what their rows hang on."""

    offences: Offences
    victims: Victims
    suspects: Suspects
    outcomes: Followed
    risk_assessments: Followed
    orders: Followed
    tables: dict[str, dict[str, pyarrow.Array]]


def spoil(draw: Draw, block: Block, rate: float, tally: Tally) -> dict[str, pyarrow.Table]:
    """The tables of a block with defects in a share `rate` of the offences, victims, suspects and outcomes each."""
    offences, bad_offence = _offences(draw, block, rate, tally)
    victims, bad_victim = _victims(draw, block, bad_offence, rate, tally)
    suspects, bad_suspect = _suspects(draw, block, bad_offence, rate, tally)
    pairs = bad_victim[block.suspects.pair_victim] | bad_suspect[block.suspects.pair_suspect]
    tally.add("relationships", LINKED, int(pairs.sum()))
    tally.add("risk_assessments", LINKED, int(bad_victim[block.risk_assessments.parent].sum()))
    tally.add("orders", LINKED, int(pairs[block.orders.parent].sum()))
    found = {
        "offences": offences,
        "victims": victims,
        "suspects": suspects,
        "outcomes": _outcomes(draw, block, bad_offence, bad_suspect, rate, tally),
    }
    return {name: found.get(name) or pyarrow.table(columns) for name, columns in block.tables.items()}


def _offences(draw: Draw, block: Block, rate: float, tally: Tally) -> tuple[pyarrow.Table, numpy.ndarray]:
    columns, size = dict(block.tables["offences"]), len(block.offences.kind)
    chosen = _choose(draw, numpy.ones(size, bool), rate, len(OFFENCE_DEFECTS))
    chosen = numpy.where((chosen == 4) & columns["ward_code"].is_null().to_numpy(zero_copy_only=False), 0, chosen)
    recorded = columns["recorded_date"].cast(pyarrow.string())
    impossible = compute.binary_join_element_wise(compute.utf8_slice_codeunits(recorded, 0, 4), "02-30", "-")
    columns["recorded_date"] = _put(_put(recorded, chosen == 1, impossible), chosen == 2, None)
    columns["crime_ref"] = _put(columns["crime_ref"], chosen == 3, compute.replace_substring(columns["crime_ref"], "/", "-"))
    found = geography()
    borough = found.borough[block.offences.places.area]
    other = numpy.where(borough == found.boroughs.index("E09000002"), found.boroughs.index("E09000003"), found.boroughs.index("E09000002"))
    for name, codes in (("borough_code", found.boroughs), ("bcu_code", found.units)):
        columns[name] = _put(columns[name], chosen == 4, pyarrow.array(codes).take(pyarrow.array(other)))
    later = pyarrow.array(block.offences.recorded + 31, pyarrow.int32()).cast(pyarrow.date32())
    columns["committed_from_date"] = _put(columns["committed_from_date"].cast(pyarrow.string()), chosen == 5, later.cast(pyarrow.string()))
    columns["committed_to_date"] = compute.if_else(
        pyarrow.array(chosen == 5), pyarrow.scalar(None, pyarrow.date32()), columns["committed_to_date"]
    )
    _count(tally, "offences", OFFENCE_DEFECTS, chosen)
    # The rest is harmless, and in rows that are used, so that the numbers can be told apart.
    good = chosen == 0
    spaced = good & draw.yes(rate, size)
    columns["location_type"] = _put(columns["location_type"], spaced, compute.binary_join_element_wise(columns["location_type"], "", " "))
    tally.see_through("offences", SPACES, int(spaced.sum()))
    spelt = numpy.where(good & draw.yes(3 * rate, size), draw.whole(1, 4, size), 0)
    columns["met_offence"] = _respell(columns["met_offence"], spelt)
    tally.see_through("offences", SPELLING, int((spelt > 0).sum()))
    return pyarrow.table(columns), chosen > 0


def _victims(draw: Draw, block: Block, bad_offence: numpy.ndarray, rate: float, tally: Tally) -> tuple[pyarrow.Table, numpy.ndarray]:
    columns, linked = dict(block.tables["victims"]), bad_offence[block.victims.offence]
    size = len(linked)
    chosen = _choose(draw, ~linked, rate, len(VICTIM_DEFECTS))
    age = columns["age"].cast(pyarrow.string())
    columns["age"] = _put(_put(age, chosen == 1, "199"), chosen == 2, "forties")
    columns["sex"] = _put(columns["sex"], chosen == 3, None)
    columns["crime_ref"] = _put(columns["crime_ref"], chosen == 4, _of_the_other_system(columns["crime_ref"]))
    spaced = ~linked & (chosen == 0) & draw.yes(rate, size)
    columns["sex"] = _put(columns["sex"], spaced, compute.binary_join_element_wise(columns["sex"], "", " "))
    tally.see_through("victims", SPACES, int(spaced.sum()))
    table = pyarrow.table(columns)
    again = table.take(pyarrow.array(numpy.flatnonzero(chosen == 5)))
    conflicting = table.take(pyarrow.array(numpy.flatnonzero(chosen == 6)))
    flipped = compute.if_else(compute.equal(conflicting["hospital"], "Y"), "N", "Y")
    conflicting = conflicting.set_column(table.column_names.index("hospital"), "hospital", flipped)
    _count(tally, "victims", VICTIM_DEFECTS, chosen)
    tally.add("victims", VICTIM_DEFECTS[5], int((chosen == 6).sum()))  # both rows of a conflict go
    tally.add("victims", LINKED, int(linked.sum()))
    return pyarrow.concat_tables([table, again, conflicting]), linked | ((chosen > 0) & (chosen != 5))


def _suspects(draw: Draw, block: Block, bad_offence: numpy.ndarray, rate: float, tally: Tally) -> tuple[pyarrow.Table, numpy.ndarray]:
    columns, linked = dict(block.tables["suspects"]), bad_offence[block.suspects.offence]
    chosen = _choose(draw, ~linked, rate, 1)
    columns["weapon_marker"] = _put(columns["weapon_marker"], chosen == 1, "?")
    _count(tally, "suspects", ("neither yes nor no",), chosen)
    tally.add("suspects", LINKED, int(linked.sum()))
    return pyarrow.table(columns), linked | (chosen > 0)


def _outcomes(draw: Draw, block: Block, bad_offence: numpy.ndarray, bad_suspect: numpy.ndarray, rate: float, tally: Tally) -> pyarrow.Table:
    columns = dict(block.tables["outcomes"])
    named = columns["suspect_id"].is_valid().to_numpy(zero_copy_only=False)
    linked = bad_offence[block.outcomes.parent] | (named & _of_offence(block, bad_suspect))
    chosen = _choose(draw, ~linked, rate, 1)
    columns["outcome_date"] = _put(columns["outcome_date"].cast(pyarrow.string()), chosen == 1, "2021-13-01")
    _count(tally, "outcomes", ("impossible date",), chosen)
    tally.add("outcomes", LINKED, int(linked.sum()))
    return pyarrow.table(columns)


def _of_offence(block: Block, bad_suspect: numpy.ndarray) -> numpy.ndarray:
    """Whether the first suspect of each outcome's offence is unusable: outcomes name the first one."""
    first = numpy.searchsorted(block.suspects.offence, block.outcomes.parent)
    return numpy.append(bad_suspect, False)[first]


def _choose(draw: Draw, allowed: numpy.ndarray, rate: float, kinds: int) -> numpy.ndarray:
    """For each row 0, or the number of a defect from 1 on, each with the same probability."""
    size = len(allowed)
    return numpy.where(allowed & draw.yes(rate, size), draw.whole(1, kinds, size), 0)


def _count(tally: Tally, table: str, names: Sequence[str], chosen: numpy.ndarray) -> None:
    for number, rows in enumerate(numpy.bincount(chosen, minlength=len(names) + 1)[1:]):
        tally.add(table, names[number], int(rows))


def _put(values: pyarrow.Array, where: numpy.ndarray, new: pyarrow.Array | str | None) -> pyarrow.Array:
    if new is None or isinstance(new, str):
        new = pyarrow.scalar(new, pyarrow.string())
    return compute.if_else(pyarrow.array(where), new, values)


def _of_the_other_system(references: pyarrow.Array) -> pyarrow.Array:
    """The same numbers as if the other system had given them, which it never does: a year's numbers run on across the change."""
    connect = compute.starts_with(references, "01/")
    return compute.if_else(connect, compute.utf8_slice_codeunits(references, 3), compute.binary_join_element_wise("01/", references, ""))


def _respell(labels: pyarrow.Array, how: numpy.ndarray) -> pyarrow.Array:
    """A full stop, capitals, two spaces, another dash: 1 to 4; 0 leaves the label as it is."""
    changed = (
        compute.binary_join_element_wise(labels, "", "."),
        compute.utf8_upper(labels),
        compute.replace_substring(labels, " ", "  "),
        compute.replace_substring(compute.binary_join_element_wise(labels, "", " -"), "-", "\u2013"),
    )
    for number, spelling in enumerate(changed, start=1):
        labels = _put(labels, how == number, spelling)
    return labels
