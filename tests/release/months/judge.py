"""Whether a version tells right what it is: its number, its changes and its counts, judged by the files of two versions.

What is expected is worked out here from the CSV files alone, and compared with what the publisher says of itself.
"""

import csv
import io
import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from anonymisation import CountTable

Cells = dict[tuple[str, ...], tuple[str, str]]
"""By codes and name of the measure: count and status, as text."""


def tables(version: Path) -> dict[str, Cells]:
    """All tables of counts of a version, by name."""
    found = {}
    for path in sorted((version / "data").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        measures = [name for name in (rows[0] if rows else {}) if f"{name}_status" in rows[0]]
        if measures:
            codes = [name for name in rows[0] if name.removesuffix("_status") not in measures]
            found[path.stem] = {
                (*(row[name] for name in codes), measure): (row[measure], row[f"{measure}_status"]) for row in rows for measure in measures
            }
    return found


def wrong_changes(before: Path, version: Path) -> list[str]:
    """What `changes.json` and the number of a version say wrongly of the difference to the version before."""
    old, new = tables(before), tables(version)
    said = json.loads((version / "changes.json").read_text(encoding="utf-8"))
    stated = {table["name"]: table for table in said["tables"]}
    found = [] if said["since"] == before.name else [f"it says to follow {said['since']}"]
    periods = _other_periods(before, version)
    grown = bool(set(old) ^ set(new))
    for name in sorted(set(old) & set(new)):
        added, removed, cells = set(new[name]) - set(old[name]), set(old[name]) - set(new[name]), _changes(old[name], new[name], periods)
        grown |= bool(added) or any(cell[-1] == "grown" for cell, *_ in cells)
        table = stated.get(name, {"added": 0, "removed": 0})
        told = {(tuple(row[:-2]), *row[-2:]) for row in table.get("cells", {"rows": []})["rows"]}
        if (table["added"], table["removed"]) != (len(added), len(removed)):
            found.append(f"{name}: rows added and removed are {len(added)} and {len(removed)}")
        if told != cells:
            found.append(f"{name}: {len(told ^ cells)} cells are told otherwise than they changed")
    bump = "MINOR" if grown else "PATCH"
    major, minor, patch = map(int, before.name.split("."))
    expected = f"{major}.{minor + 1}.0" if grown else f"{major}.{minor}.{patch + 1}"
    if (said["bump"], version.name) != (bump, expected):
        found.append(f"it is a {said['bump']} and should be {bump} {expected}")
    return found


def wrong_revisions(home: Path, versions: list[Path]) -> list[str]:
    """Revised values between any two versions, one after the other, that the table of revisions does not have."""
    with (home / "revisions.csv").open(encoding="utf-8", newline="") as file:
        told = {(row["version"], row["table"], row["cell"], row["measure"], row["old"], row["new"]) for row in csv.DictReader(file) if row["change"] == "revised"}
    expected = set()
    for version in versions[1:]:
        for table in json.loads((version / "changes.json").read_text(encoding="utf-8"))["tables"]:
            names = table.get("cells", {"fields": []})["fields"]
            for row in table.get("cells", {"rows": []})["rows"]:
                if row[-3] == "revised":
                    cell = ";".join(f"{name}={code}" for name, code in zip(names[:-4], row[:-4], strict=True))
                    expected.add((version.name, table["name"], cell, row[-4], str(row[-2]), str(row[-1])))
    return [] if told == expected else [f"revisions.csv: {len(told ^ expected)} revised cells are told otherwise"]


def wrong_counts(version: Path, counts: Mapping[str, CountTable]) -> list[str]:
    """Published counts that are not what was counted."""
    found = []
    for name, cells in tables(version).items():
        axes = list(counts[name].axes.values())
        places = [{code: place for place, code in enumerate(codes)} for codes in axes]
        shown = [(codes[:-1], int(count)) for codes, (count, status) in cells.items() if count and not status]
        at = tuple(np.array([[place[code] for place, code in zip(places, codes, strict=True)] for codes, _ in shown]).reshape(-1, len(axes)).T)
        differ = int((counts[name].counts[at] != np.array([count for _, count in shown])).sum()) if shown else 0
        if differ:
            found.append(f"{name}: {differ} counts are not those of the records")
    return found


def covered(code: str, codes: Collection[str]) -> set[str]:
    """The months, among the codes of a column, that one of them stands for."""
    months = {one for one in codes if re.fullmatch(r"\d{4}-\d\d", one)}
    if code == "total" or code in months:
        return months if code == "total" else {code}
    if "/" in code:
        return {one for one in months if f"{code[:4]}-04" <= one <= f"{int(code[:4]) + 1}-03"}
    return {one for one in months if one[:4] == code}


def _other_periods(before: Path, version: Path) -> set[str]:
    """The codes of time that stand for other months than in the version before."""
    old, new = _labels(before, "month"), _labels(version, "month")
    years = _labels(before, "year")  # of which the code list has no months; a label says how much is covered
    found = {code for code, label in _labels(version, "year").items() if years.get(code, label) != label}
    return found | {code for code in new if covered(code, old) != covered(code, new)}


def _labels(version: Path, codelist: str) -> dict[str, str]:
    path = version / "codelists" / f"{codelist}.csv"
    with path.open(encoding="utf-8", newline="") if path.is_file() else io.StringIO() as file:
        return {row["code"]: row["label"] for row in csv.DictReader(file)}


def _changes(before: Cells, after: Cells, periods: Collection[str]) -> set[tuple]:
    """The cells that differ, as `changes.json` tells them: codes, measure and kind; old and new where both are told.

    `periods`: codes of time that stand for other months than before.
    """
    codes = [{cell[place] for cell in after} for place in range(len(next(iter(after))) - 1)]
    time = next(place for place, several in enumerate(codes) if any(re.match(r"\d{4}", code) for code in several))
    changes = set()
    for cell in set(before) & set(after):
        if before[cell] != after[cell]:
            (old, was), (new, now) = before[cell], after[cell]
            counted = "grown" if cell[time] in periods else "revised"
            kind = "suppressed" if now == "c" else "released" if was == "c" else counted if not was and not now else "restated"
            changes.add(((*cell, kind), int(old) if kind == counted else None, int(new) if new else None))
    return changes
