"""Residents by area and year, for rates: one CSV in the folder `population` of a landing folder, such as the mid-year estimates of the ONS.

The file holds no records: what is wrong with it is a problem of the landing folder, and a sound one is handed on as it is. What is divided
by it belongs elsewhere.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vawg_opendata.problems import Problem
from vawg_opendata.reference import CodeList, load_codelist

NAME = "population"
FILE = "population.csv"
COLUMNS = ("area", "year", "population", "source")
LEVELS = ("borough", "ward")
GSS = re.compile(r"[A-Z]\d{8}")  # files of the ONS have areas of all the country: what is not counted here is not looked up


@dataclass(frozen=True)
class Residents:
    """How many live in an area, and where the number is from."""

    number: int
    source: str


def problems(folder: Path) -> list[Problem]:
    """What is wrong with the folder: all that makes a file unusable is blocking."""
    path = folder / FILE
    others = [one for one in sorted(folder.iterdir()) if one.name != FILE and not one.name.startswith(".")]
    found = [Problem(file=f"{NAME}/{one.name}", kind="not-read", message=f"Only {FILE} is read here.", blocking=False) for one in others]
    return found + (_faults(path) if path.is_file() else [_absent()])


def _absent() -> Problem:
    """A folder of other files stops no publication: there are no rates, as without it."""
    words = f"The folder has no {FILE}, so no rates are given. Give one with the columns {','.join(COLUMNS)}, or remove the folder."
    return Problem(file=NAME, kind="population", message=words, blocking=False)


def sound(folder: Path) -> Path | None:
    """The file of a folder without blocking problems; None where there is none."""
    path = folder / FILE
    return path if path.is_file() else None


def read_population(path: Path) -> dict[tuple[str, int], Residents]:
    """Residents by area code and year, of a sound file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {(row["area"], int(row["year"])): Residents(int(row["population"]), row["source"]) for row in csv.DictReader(file)}


def _faults(path: Path) -> list[Problem]:
    areas, label = load_codelist("area"), f"{NAME}/{FILE}"

    def fault(message: str, **place) -> Problem:
        return Problem(file=label, kind="population", message=message, **place)

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                return [fault(f"The columns must be {','.join(COLUMNS)}, in this order.")]
            rows = list(reader)
    except (UnicodeDecodeError, csv.Error):
        return [fault("The file is not CSV in UTF-8. Save it as such.")]
    found, seen = [], set()
    for number, row in enumerate(rows, start=1):
        if row["area"] not in areas.level and not GSS.fullmatch(row["area"]):
            found.append(fault("This is not a GSS code, nor a code of reference/area.csv.", row=number, column="area", value=row["area"]))
        elif not _whole(row["year"], 1900, 2100):
            found.append(fault("Give the year in four digits.", row=number, column="year", value=row["year"]))
        elif not _whole(row["population"], 1, 20_000_000):
            found.append(fault("Give residents as a whole number above zero, without commas.", row=number, column="population", value=row["population"]))
        elif not row["source"]:
            found.append(fault("Say where the number is from: readers are told.", row=number, column="source", value=""))
        elif (row["area"], row["year"]) in seen:
            found.append(fault(f"The year {row['year']} of this area is given twice.", row=number, column="area", value=row["area"]))
        seen.add((row["area"], row["year"]))
    return found or ([fault("The file has no rows.")] if not rows else [fault(words) for words in _holes(areas, rows)])


def _holes(areas: CodeList, rows: list[Mapping[str, str]]) -> list[str]:
    """A level that is given for a year is given whole: a rate that some areas lack is read as a low one."""
    found = []
    for level in LEVELS:
        wanted = {code for code in areas.codes if areas.level[code] == level and code.startswith("E0") and "-" not in code}
        for year in sorted({row["year"] for row in rows if row["area"] in wanted}):
            lacking = sorted(wanted - {row["area"] for row in rows if row["year"] == year})
            if lacking:
                found.append(f"{len(lacking)} {level}s have no number for {year}, the first being {lacking[0]}. Give all of a level for a year, or none.")
    return found


def _whole(text: str, least: int, most: int) -> bool:
    return text.isascii() and text.isdigit() and least <= int(text) <= most
