"""Systems to test on: random linked tables, readers of others' case files, and an intruder by plain enumeration.

Belongs here: what several tests of the library need.  Does not belong here: tests.  Nothing here uses the cell model
(``system``): sums are made anew from the leaves below each code, so that a sum the library forgets is found.
"""

import csv
import itertools
import re
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from anonymisation import CountTable, Hierarchy, PublishedTable


def flat(dimension: str, *codes: str) -> Hierarchy:
    """A total and its parts."""
    return Hierarchy(dimension, ["total", *codes], "total", {"parent": dict.fromkeys(codes, "total")})


def months(count: int) -> Hierarchy:
    """Months from January 2024 that add up to calendar years and, by a second hierarchy, to financial years."""
    names = [f"{2024 + i // 12}-{i % 12 + 1:02d}" for i in range(count)]
    calendar = {name: name[:4] for name in names}
    financial = {n: f"FY{int(n[:4]) - (n[5:] < '04')}" for n in names}
    codes = ["total", *dict.fromkeys(calendar.values()), *dict.fromkeys(financial.values()), *names]
    return Hierarchy(
        "month",
        codes,
        "total",
        {
            "parent": calendar | dict.fromkeys(calendar.values(), "total"),
            "parent_financial_year": financial | dict.fromkeys(financial.values(), "total"),
        },
    )


def table(name: str, hierarchies: dict[str, Hierarchy], axes: dict[str, tuple[str, ...]], records: list) -> CountTable:
    """The table of some records, each a ``{dimension: leaf}``: a record counts in every code above its leaves."""
    counts = np.zeros([len(codes) for codes in axes.values()], dtype=np.int64)
    for record in records:
        places = [
            [i for i, code in enumerate(codes) if record[d] in hierarchies[d].leaves_below[code]]
            for d, codes in axes.items()
        ]
        counts[np.ix_(*places)] += 1
    return CountTable(name, "offences", axes, counts)


@st.composite
def linked(draw: st.DrawFn) -> tuple[list[CountTable], dict[str, Hierarchy]]:
    """One to three linked tables over areas (two levels), offences and months, or of a year by itself, of a few dozen records."""
    wards = draw(st.integers(1, 3))
    area = Hierarchy(
        "area",
        ["total", "A", "B", *(f"{b}{i}" for b in "AB" for i in range(wards))],
        "total",
        {"parent": {"A": "total", "B": "total"} | {f"{b}{i}": b for b in "AB" for i in range(wards)}},
    )
    hierarchies = {"area": area, "offence": flat("offence", "x", "y", "z"), "month": months(draw(st.integers(2, 5)))}
    leaf = st.fixed_dictionaries({d: st.sampled_from(h.leaves) for d, h in hierarchies.items()})
    records = [r for r, n in draw(st.lists(st.tuples(leaf, st.integers(1, 9)), max_size=14)) for _ in range(n)]
    shapes = {
        "by_area": {"area": area.codes, "month": hierarchies["month"].codes},
        "by_offence": {"offence": hierarchies["offence"].codes, "month": hierarchies["month"].codes},
        "by_borough": {
            "area": ("total", "A", "B"),
            "offence": hierarchies["offence"].codes,
            "month": hierarchies["month"].codes,
        },
        "by_year": {"area": ("total", "A", "B"), "offence": hierarchies["offence"].codes, "month": ("FY2023",)},
    }
    names = draw(st.lists(st.sampled_from(sorted(shapes)), min_size=1, max_size=3, unique=True))
    return [table(name, hierarchies, shapes[name], records) for name in names], hierarchies


def read_case(folder: Path) -> tuple[CountTable, dict[str, Hierarchy]]:
    """One of the published cases: ``inner.csv`` and a ``hier_<dimension>.csv`` of '@' levels, depth first."""
    rows = list(csv.reader((folder / "inner.csv").open(encoding="utf-8")))
    hierarchies = {}
    for dimension in rows[0][:-1]:
        trail: list[str] = []
        parents: dict[str, str] = {}
        for line in (folder / f"hier_{dimension}.csv").read_text(encoding="utf-8").splitlines()[1:]:
            level, code = re.fullmatch(r"(@+),(.*)", line.replace('"', "")).groups()
            trail = [*trail[: len(level) - 1], code]
            parents[code] = trail[-2] if len(trail) > 1 else ""
        total = next(iter(parents))
        hierarchies[dimension] = Hierarchy(dimension, parents, total, {"parent": parents})
    counts = np.zeros([len(h.codes) for h in hierarchies.values()], dtype=np.int64)
    for *leaves, count in rows[1:]:
        places = [
            [h.codes.index(up) for up in h.ancestors[leaf]] for h, leaf in zip(hierarchies.values(), leaves, strict=True)
        ]
        counts[np.ix_(*places)] += int(count)
    return CountTable("case", "n", {d: h.codes for d, h in hierarchies.items()}, counts), hierarchies


def enumerate_intervals(
    tables: list[PublishedTable], hierarchies: dict[str, Hierarchy], minimum: int
) -> dict[tuple, tuple[int, int]] | None:
    """The interval of each withheld cell over all whole-number solutions, by trying them all; None if there is none."""
    found, free = enumerate_solutions(tables, hierarchies, minimum)
    if not found:
        return None if free else {}
    return {one: (min(s[one] for s in found), max(s[one] for s in found)) for one in free}


def enumerate_solutions(
    tables: list[PublishedTable], hierarchies: dict[str, Hierarchy], minimum: int
) -> tuple[list[dict[tuple, int]], list[tuple]]:
    """All whole-number solutions, each with every cell's value, by trying them all; and the withheld cells.

    Cells are named by their codes without totals.  Every table must show the leaves of its dimensions.
    """
    known: dict[tuple, int] = {}
    sums: set[tuple[tuple, frozenset[tuple]]] = set()
    unknown: set[tuple] = set()
    for one in tables:
        names = list(one.axes)

        def cell(codes: tuple[str, ...], names: list[str] = names) -> tuple:
            return tuple((d, c) for d, c in sorted(zip(names, codes, strict=True)) if c != hierarchies[d].total)

        for codes, value, shown in zip(
            itertools.product(*one.axes.values()), one.values.ravel(), one.published.ravel(), strict=True
        ):
            if shown:
                known[cell(codes)] = int(value)
            else:
                unknown.add(cell(codes))
            for axis, d in enumerate(names):
                below = [leaf for leaf in hierarchies[d].leaves if leaf in hierarchies[d].leaves_below[codes[axis]]]
                if below != [codes[axis]]:
                    parts = frozenset(cell((*codes[:axis], leaf, *codes[axis + 1 :])) for leaf in below)
                    sums.add((cell(codes), parts))
    free = sorted(unknown - set(known))
    ceiling = max(known.values(), default=0)
    equations = [(p, parts) for p, parts in sums if p in free or any(q in free for q in parts)]
    found: list[dict[tuple, int]] = []

    def descend(index: int, values: dict[tuple, int]) -> None:
        for parent, parts in equations:
            held = [values[q] for q in (parent, *parts) if q in values]
            if len(held) == len(parts) + 1:
                if values[parent] != sum(values[q] for q in parts):
                    return
            elif parent in values and sum(values[q] for q in parts if q in values) > values[parent]:
                return
        if index == len(free):
            found.append(values)
            return
        for value in range(minimum, ceiling + 1):
            descend(index + 1, values | {free[index]: value})

    descend(0, known)
    return found, free
