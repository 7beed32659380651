"""The synthetic part of data.police.uk: the same offences as its archive would show them, and a few for the City of London.

Street-level files know a crime type, a month and a map point. They are made from the offences of the extract before any
defect, so that the two sources tell of the same months and places.
"""

from pathlib import Path

import numpy
import pyarrow
import pyarrow.compute as compute

from vawg_opendata.reference import load_codelist, load_crosswalk
from vawg_opendata.sample.assumptions import GROUPS
from vawg_opendata.sample.draw import Draw, coded, either, first_day, month_number
from vawg_opendata.sample.lines import csv_lines
from vawg_opendata.sample.offences import Offences
from vawg_opendata.sample.places import geography

VIOLENCE = "Violence and sexual offences"
_TYPES = dict.fromkeys(GROUPS, VIOLENCE) | {
    "public-fear-alarm-distress": "Public order",
    "modern-slavery": "Other crime",
    "exploitation-of-prostitution": "Other crime",
}
_FLAGGED = {
    "58A": "Criminal damage and arson",
    "58C": "Criminal damage and arson",
    "58D": "Criminal damage and arson",
    "49": "Other theft",
    "28E": "Burglary",
    "34B": "Robbery",
}
_OUTCOMES = {
    "Under investigation": 0.15,
    "Unable to prosecute suspect": 0.50,
    "Investigation complete; no suspect identified": 0.25,
    "Awaiting court outcome": 0.06,
    "Status update unavailable": 0.04,
}
_STREETS = (
    "On or near High Street",
    "On or near Church Road",
    "On or near Station Road",
    "On or near Park Road",
    "On or near Supermarket",
    "On or near Nightclub",
    "On or near Bus/Coach Station",
    "On or near ",
)
_CITY_A_MONTH = 70
_NOWHERE = 0.01
METROPOLITAN, CITY = "Metropolitan Police Service", "City of London Police"


class StreetFiles:
    """Collects street-level rows by month and writes them in the archive's layout."""

    def __init__(self, folder: Path, months: list[str]) -> None:
        self.folder = folder
        self.months = {int(number): month for number, month in zip(month_number(first_day(months)), months, strict=True)} if months else {}
        self.rows: dict[int, list[pyarrow.Table]] = {}

    def add(self, draw: Draw, offences: Offences) -> None:
        """Adds the offences of a block that fall in the months."""
        month = month_number(offences.recorded)
        chosen = numpy.flatnonzero(numpy.isin(month, list(self.months)))
        if not len(chosen):
            return
        taken = pyarrow.array(chosen)
        codes = offences.columns["home_office_code"].take(taken)
        flagged = coded(
            (VIOLENCE, *_FLAGGED.values()), compute.fill_null(compute.index_in(codes, pyarrow.array(tuple(_FLAGGED))), -1).to_numpy() + 1
        )
        group = offences.group[chosen]
        kind = either(group == GROUPS.index("other-flagged-offences"), flagged, coded(tuple(_TYPES[name] for name in GROUPS), group))
        lsoa = numpy.where(draw.yes(_NOWHERE, len(chosen)), -1, offences.places.lsoa[chosen])
        table = _table(draw, METROPOLITAN, kind, offences.places.positions()[chosen], geography().lsoas, lsoa)
        for number in self.months:
            self.rows.setdefault(number, []).append(table.filter(pyarrow.array(month[chosen] == number)))

    def write(self, draw: Draw) -> int:
        """Writes all files and returns the number of their rows."""
        city = [row for row in load_crosswalk("lsoa") if row["borough"] == "E09000001"]
        middle = numpy.array([[float(row[column]) for column in ("easting", "northing", "latitude", "longitude")] for row in city])
        total = 0
        for number, month in self.months.items():
            size = int(draw.generator.poisson(_CITY_A_MONTH))
            which = draw.whole(0, len(city) - 1, size)
            kind = draw.codes({VIOLENCE: 0.6, "Public order": 0.4}, size)
            of_city = _table(draw, CITY, kind, middle[which], tuple(row["lsoa"] for row in city), which)
            for force, tables in (("metropolitan", self.rows.get(number, [])), ("city-of-london", [of_city])):
                if tables:
                    total += self._write(month, force, pyarrow.concat_tables(tables))
        return total

    def _write(self, month: str, force: str, table: pyarrow.Table) -> int:
        folder = self.folder / month
        folder.mkdir(parents=True, exist_ok=True)
        table = table.set_column(1, "Month", pyarrow.array([month] * len(table), pyarrow.string()))
        header = (",".join(table.column_names) + "\n").encode()
        (folder / f"{month}-{force}-street.csv").write_bytes(header + csv_lines(table.columns))
        return len(table)


def _table(
    draw: Draw, force: str, kind: pyarrow.Array, position: numpy.ndarray, lsoas: tuple[str, ...], lsoa: numpy.ndarray
) -> pyarrow.Table:
    size, known = len(kind), lsoa >= 0
    names = load_codelist("police_uk_area").labels
    where = coded(_STREETS, draw.whole(0, len(_STREETS) - 1, size))
    degrees = [pyarrow.array(numpy.char.mod("%.6f", position[:, column]), mask=~known) for column in (3, 2)]
    identifiers = numpy.frombuffer(draw.generator.bytes(32 * size).hex().encode(), "S64")
    by = coded((force,), numpy.zeros(size))
    return pyarrow.table(
        {
            "Crime ID": pyarrow.array(identifiers).cast(pyarrow.string()),
            "Month": pyarrow.nulls(size, pyarrow.string()),
            "Reported by": by,
            "Falls within": by,
            "Longitude": degrees[0],
            "Latitude": degrees[1],
            "Location": either(known, where, coded(("No Location",), numpy.zeros(size))),
            "LSOA code": coded(lsoas, lsoa, known),
            "LSOA name": coded(tuple(names[code] for code in lsoas), lsoa, known),
            "Crime type": kind,
            "Last outcome category": draw.codes(_OUTCOMES, size),
            "Context": pyarrow.nulls(size, pyarrow.string()),
        }
    )
