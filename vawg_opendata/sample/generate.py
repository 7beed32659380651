"""Makes a synthetic landing folder: an extract of any size, homicides since 2003, street-level files, all labelled synthetic.

The same arguments give the same bytes (with the same versions of numpy and pyarrow). Records are made in blocks, so
memory does not grow with their number. What is drawn where is in the other modules of this package.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy
import pyarrow

from vawg_opendata.sample import aftermath, persons
from vawg_opendata.sample.defects import Block, Tally, spoil
from vawg_opendata.sample.draw import DAY, Draw
from vawg_opendata.sample.homicides import FIRST_NUMBER, Homicides, as_offences, draw_homicides, reference
from vawg_opendata.sample.lines import csv_lines
from vawg_opendata.sample.offences import draw_offences
from vawg_opendata.sample.plan import months, plan
from vawg_opendata.sample.street import StreetFiles
from vawg_opendata.schemas.crime_extract import DELIVERED
from vawg_opendata.sources.crime_extract_manifest import Manifest

DEFECT_RATE = 0.002
STREET_MONTHS = 24
_STEP = 3  # between the numbers of successive crime references
_PERSONS = 10_000_000  # numbers of identifiers kept for each block


@dataclass(frozen=True)
class Sample:
    """What was made, as `sample.json` has it: arguments, rows by table, and the rows a reader must quarantine or see through."""

    synthetic: bool
    records: int
    seed: int
    periods: dict[str, tuple[str, str]]
    defect_rate: float
    rows: dict[str, int]
    female_homicides: int
    street_rows: int
    quarantined: dict[str, dict[str, int]]
    harmless: dict[str, dict[str, int]]


def generate(
    records: int,
    seed: int,
    out: Path,
    *,
    first: str = "2014-01",
    last: str = "2026-02",
    homicides_from: str = "2003-01",
    defect_rate: float = DEFECT_RATE,
    street_months: int = STREET_MONTHS,
) -> Sample:
    """Writes `crime_extract/`, `police_uk/` and `sample.json` into a folder that does not exist yet or is empty.

    `records` is the number of victim rows before homicides and repeated rows are added, recorded in the months `first`
    to `last`; homicides reach from `homicides_from` to `last`; street-level files cover the last `street_months` months.
    A share `defect_rate` of the offences, victims, suspects and outcomes each is made unusable. FileExistsError when the
    folder holds anything; ValueError when the period is beyond the margins or an argument is out of range.
    """
    if records < 0 or seed < 0 or not 0 <= defect_rate < 0.2 or street_months < 0:
        raise ValueError("records, seed and street_months must not be negative; defect_rate must be from 0 to less than 0.2.")
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty. Give a folder that is empty or does not exist yet.")
    extracted = int((numpy.datetime64(last, "M") + 1).astype(DAY).astype(int)) + 9
    seeds = iter(numpy.random.SeedSequence(seed).spawn(3))
    blocks = plan(Draw(next(seeds)), records, first, last)
    folder = out / "crime_extract"
    folder.mkdir(parents=True)
    homicides = draw_homicides(Draw(next(seeds)), homicides_from, last, extracted)
    tally = Tally()
    street = StreetFiles(out / "police_uk", months(first, last)[-street_months:] if street_months else [])
    draws = iter(next(seeds).spawn(len(blocks) + 2))
    with _Writer(folder) as writer:
        numbers: dict[int, int] = {}
        for position, each in enumerate(blocks):
            draw = Draw(next(draws))
            offence = numpy.cumsum(~each.further) - 1
            recorded = each.recorded[~each.further]
            made = draw_offences(draw, recorded, _references(recorded, numbers), extracted)
            victims = persons.draw_victims(draw, made, offence, each.further, each.uncounted, _PERSONS * position)
            block = _follow(draw, made, victims, position, extracted)
            street.add(draw, made)
            writer.add(spoil(draw, block, defect_rate, tally))
        of_women = _homicide_block(Draw(next(draws)), homicides, first, len(blocks), extracted)
        writer.add(of_women.tables)
        writer.add({"homicides": homicides.placed_as(of_women.tables["offences"])})
        rows = dict(writer.rows)
    periods = {"offences": (first, last), "homicides": (homicides_from, last)}
    Manifest(True, periods, {name: f"{name}.csv" for name in rows}, rows).write(folder)
    sample = Sample(
        True,
        records,
        seed,
        periods,
        defect_rate,
        rows,
        int(homicides.female.sum()),
        street.write(Draw(next(draws))),
        tally.quarantined,
        tally.harmless,
    )
    (out / "sample.json").write_text(json.dumps(asdict(sample), indent=2) + "\n", encoding="utf-8")
    return sample


def _follow(draw: Draw, offences, victims, position: int, extracted: int) -> Block:
    """Suspects and everything that follows the offences and victims of a block."""
    first = _PERSONS * position
    suspects = persons.draw_suspects(draw, offences, victims, first, extracted)
    outcomes = aftermath.draw_outcomes(draw, offences, suspects, extracted)
    state = aftermath.suspect_state(draw, offences, suspects, outcomes, extracted)
    assessments = aftermath.draw_risk_assessments(draw, offences, victims, first, extracted)
    orders = aftermath.draw_orders(draw, offences, victims, suspects, first, extracted)
    pairs = {
        "crime_ref": offences.columns["crime_ref"].take(pyarrow.array(victims.offence[suspects.pair_victim])),
        "victim_id": victims.columns["victim_id"].take(pyarrow.array(suspects.pair_victim)),
        "suspect_id": suspects.columns["suspect_id"].take(pyarrow.array(suspects.pair_suspect)),
        **suspects.relationships,
    }
    tables = {
        "offences": offences.columns,
        "victims": {"crime_ref": offences.columns["crime_ref"].take(pyarrow.array(victims.offence)), **victims.columns},
        "suspects": suspects.columns | state,
        "relationships": pairs,
        "outcomes": outcomes.columns,
        "risk_assessments": assessments.columns,
        "orders": orders.columns,
    }
    return Block(offences, victims, suspects, outcomes, assessments, orders, tables)


def _homicide_block(draw: Draw, homicides: Homicides, first: str, position: int, extracted: int) -> Block:
    """The homicides of women in the period of the offences, as offences."""
    row, given, person = as_offences(homicides, first)
    recorded = homicides.recorded[row]
    made = draw_offences(draw, recorded, homicides.columns["crime_ref"].take(pyarrow.array(row)), extracted, given)
    nothing = numpy.zeros(len(row), bool)
    victims = persons.draw_victims(draw, made, numpy.arange(len(row)), nothing, nothing.astype(float), 0, person)
    return _follow(draw, made, victims, position, extracted)


def _references(recorded: numpy.ndarray, numbers: dict[int, int]) -> pyarrow.Array:
    """Crime references in order within the year; `numbers` is the last number given in each year so far."""
    years = recorded.astype(DAY).astype("datetime64[Y]").astype(int) + 1970
    number = numpy.zeros(len(recorded), numpy.int64)
    for each in numpy.unique(years):
        chosen = years == each
        count = int(chosen.sum())
        number[chosen] = numbers.get(int(each), 100_000) + _STEP * numpy.arange(1, count + 1)
        numbers[int(each)] = int(number[chosen][-1])
    if len(number) and number.max() >= FIRST_NUMBER:
        raise ValueError("There are not enough crime references for so many records in one year. Ask for fewer, or a longer period.")
    return reference(number, recorded)


class _Writer:
    """Appends blocks to the CSV files of an extract, one per table, and counts their rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = {table.name: 0 for table in DELIVERED}

    def __enter__(self) -> "_Writer":
        self.names = {table.name: table.names for table in DELIVERED}
        self.files = {name: (self.folder / f"{name}.csv").open("wb") for name in self.names}
        for name, file in self.files.items():
            file.write((",".join(self.names[name]) + "\n").encode())
        return self

    def __exit__(self, *error: object) -> None:
        for file in self.files.values():
            file.close()

    def add(self, tables: dict[str, pyarrow.Table | dict[str, pyarrow.Array]]) -> None:
        """Appends the rows of some tables, their columns in the declared order."""
        for name, table in tables.items():
            table = pyarrow.table(table) if isinstance(table, dict) else table
            self.files[name].write(csv_lines([table[column] for column in self.names[name]]))
            self.rows[name] += len(table)
