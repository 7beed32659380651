"""Tables that are measured: cases that others published, and synthetic ones of any size.

Belongs here: making a folder of table files (the form of `python -m anonymisation tables`) for each. Does not belong
here: what is measured (`tables`).

The published cases are no part of the repository: they are looked for in `VAWG_SHARED` or, failing that, in the folder
`shared` beside the checkout. The synthetic ones are made in the way of the two larger published ones: log-normal margins,
whose product is the expected count, and negative binomial counts about it (mean 12, shape 1.2), which leaves a fifth of
the finest cells empty and a third to two fifths of them from 1 to 4, at every size.
"""

import csv
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MEAN, SHAPE = 12.0, 1.2
"""Mean count of a finest cell, and the shape of the gamma distribution that its rate varies by."""

SPREAD = 0.75
"""Standard deviation of the logarithm of a code's share in its dimension."""


@dataclass(frozen=True)
class Dimension:
    """A dimension of `finest` codes in `groups` (none: 0) under a total."""

    name: str
    finest: int
    groups: int

    @property
    def size(self) -> int:
        return self.finest + self.groups + 1


REGION, OFFENCE, AGE = Dimension("region", 32, 5), Dimension("offence", 20, 5), Dimension("age", 7, 2)
PLACE, SUSPECT, ETHNICITY = Dimension("place", 12, 2), Dimension("suspect", 7, 2), Dimension("ethnicity", 4, 0)

SYNTHETIC = {
    "3d-1k": (Dimension("region", 8, 5), Dimension("offence", 6, 2), Dimension("age", 5, 2)),
    "3d-10k": (REGION, OFFENCE, AGE),
    "3d-20k": (Dimension("region", 70, 5), OFFENCE, AGE),
    "3d-30k": (Dimension("region", 108, 5), OFFENCE, AGE),
    "3d-50k": (Dimension("region", 184, 5), OFFENCE, AGE),
    "3d-100k": (Dimension("region", 374, 5), OFFENCE, AGE),
    "3d-150k": (Dimension("region", 570, 5), OFFENCE, AGE),
    "4d-150k": (REGION, OFFENCE, AGE, PLACE),
    "5d-500k": (REGION, OFFENCE, AGE, SUSPECT, ETHNICITY),
}
"""Dimensions by name of a synthetic case: 1,008, 9,880, 19,760, 29,640, 49,400, 98,800, 149,760, 148,200 and 494,000 cells."""

PUBLISHED = ("t1k", "t10k", "ssb_z1", "sdctable_testprob")


def cells(name: str) -> int:
    """How many cells a synthetic case has, totals included."""
    return int(np.prod([dimension.size for dimension in SYNTHETIC[name]]))


def make_synthetic(name: str, seed: int, folder: Path) -> Path:
    """Write a synthetic case; the same seed gives the same files."""
    dimensions = SYNTHETIC[name]
    random = np.random.default_rng([seed, *(dimension.finest for dimension in dimensions)])
    rate = np.full((1,) * len(dimensions), MEAN)
    for axis, dimension in enumerate(dimensions):
        share = random.lognormal(sigma=SPREAD, size=dimension.finest)
        rate = rate * (share / share.mean()).reshape([-1 if i == axis else 1 for i in range(len(dimensions))])
    counts = random.poisson(random.gamma(SHAPE, rate / SHAPE))
    folder.mkdir()
    codes = []
    for dimension in dimensions:
        letter, groups = dimension.name[0].upper(), max(dimension.groups, 1)
        finest = [f"{letter}{i:03}" for i in range(dimension.finest)]
        rows = [("@", "Total")]
        for group in range(groups):
            rows += [("@@", f"{letter}G{group}")] if dimension.groups else []
            rows += [("@@@" if dimension.groups else "@@", code) for code in finest[group::groups]]
        _write(folder / f"hier_{dimension.name}.csv", ("levels", "codes"), rows)
        codes.append(finest)
    places = np.nonzero(counts)  # combinations that are not there count 0
    columns = [np.array(names)[place].tolist() for names, place in zip(codes, places, strict=True)]
    _write(folder / "inner.csv", (*(d.name for d in dimensions), "freq"), zip(*columns, counts[places].tolist(), strict=True))
    return folder


def find_published(name: str, folder: Path) -> Path | None:
    """Write a published case in the form the command reads; None where the published cases are not at hand."""
    shared = Path(os.environ.get("VAWG_SHARED", Path(__file__).resolve().parents[2] / "shared")) / "cases" / "tables" / name
    if not shared.is_dir():
        return None
    if (shared / "inner.csv").exists():
        shutil.copytree(shared, folder)
    elif name == "ssb_z1":
        folder.mkdir()
        _write(folder / "inner.csv", ("region", "hovedint", "freq"), _read(shared / "z1.csv", "region", "hovedint", "ant"))
        for dimension in ("region", "hovedint"):
            shutil.copy(shared / f"z1_hier_{dimension}.csv", folder / f"hier_{dimension}.csv")
    else:
        folder.mkdir()
        rows = _read(shared / "testprob_input.csv", "region", "gender", "freq")
        for axis, dimension in enumerate(("region", "gender")):
            finest = dict.fromkeys(row[axis] for row in rows if row[axis] != "total")
            _write(folder / f"hier_{dimension}.csv", ("levels", "codes"), [("@", "total"), *(("@@", code) for code in finest)])
        _write(folder / "inner.csv", ("region", "gender", "freq"), [row for row in rows if "total" not in row])
    return folder


def _read(path: Path, *columns: str) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(row[column] for column in columns) for row in csv.DictReader(file)]


def _write(path: Path, header: tuple[str, ...], rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
