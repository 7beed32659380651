"""A reader of several releases by plain enumeration, on tables of two dimensions with a total each.

Belongs here: what the tests of releases compare with.  Does not belong here: tests, or anything of the library's model.
All whole-number tables that a release allows are listed; of all combinations those count that explain what is published
by the fewest records added or taken away, and the cells revised in one of these are the ones the reader is unsure of.
"""

import itertools

import numpy as np

Cell = tuple[str, str]


def possible(counts: np.ndarray, shown: np.ndarray, rows: list[str], columns: list[str], least: int = 1) -> list[dict[Cell, int]]:
    """All tables of counts that fit one release: row and column 0 are totals; withheld counts are at least ``least``."""
    withheld = [(i, j) for i in range(1, counts.shape[0]) for j in range(1, counts.shape[1]) if not shown[i, j]]
    free = counts[0, 0] if shown.any() else 0
    found = []
    for values in itertools.product(range(least, int(free) + 1), repeat=len(withheld)):
        table = np.where(shown, counts, 0)
        for place, value in zip(withheld, values, strict=True):
            table[place] = value
        table[1:, 0] = table[1:, 1:].sum(axis=1)
        table[0] = table[1:].sum(axis=0)
        if (table[shown] == counts[shown]).all() and (table[~shown] >= least).all():
            found.append({(r, c): int(table[i, j]) for i, r in enumerate(rows) for j, c in enumerate(columns)})
    return found


def joint_intervals(releases: list[dict]) -> dict[tuple[int, Cell], tuple[int, int]]:
    """The interval of each withheld cell of each release for the reader who keeps the guesses she can keep."""
    guesses = []
    for place, (old, new) in enumerate(itertools.pairwise(releases)):
        for cell in old["shown"].keys() & new["shown"].keys():
            if "total" in cell or (old["shown"][cell] and new["shown"][cell]):
                continue
            if old["value"].get(cell, 1) >= new["least"] and new["value"].get(cell, 1) >= old["least"]:
                guesses.append((place, cell))
    joint = list(itertools.product(*(release["possible"] for release in releases)))
    revised = [{(n, cell) for n, cell in guesses if one[n][cell] != one[n + 1][cell]} for one in joint]
    price = [sum(abs(one[n][cell] - one[n + 1][cell]) for n, cell in guesses) for one in joint]
    cheapest = min(price)
    unsure = set().union(*(cells for cells, cost in zip(revised, price, strict=True) if cost == cheapest))
    kept = [one for one, cells in zip(joint, revised, strict=True) if cells <= unsure]
    return {
        (n, cell): (min(one[n][cell] for one in kept), max(one[n][cell] for one in kept))
        for n, release in enumerate(releases)
        for cell, shown in release["shown"].items()
        if not shown
    }
