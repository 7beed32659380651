"""What a person should look at before counts are released: breaks in a series that are more likely a fault of the data than of the world.

Each function takes the statistics of a product and returns findings in words, with names of measures, codes and periods and
never a count: they are logged and shown. The bounds are wide on purpose; they decide nothing.
"""

import math
import re
from collections.abc import Sequence

import numpy as np

from vawg_opendata.statistics.facts import LEGAL_HOLD
from vawg_opendata.statistics.results import Outline, ProductStatistics, TableOutline

BEFORE = 12
"""How many of the periods before are compared with the newest."""
FACTOR = 2
DRIFT = 0.15
"""Total variation distance between two distributions from which on they are told, beyond what chance explains."""
RIPENING = ("status", "outcome")
"""Classifications that new records take on with time: those of the newest period are always distributed otherwise."""
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
EXPECTED = 20
"""A mean of so many a period before is too much for none at all to be chance."""


def magnitude(statistics: ProductStatistics) -> list[str]:
    """Measures whose newest period is more than twice or less than half of the mean of those before, beyond three standard errors of a count."""
    found = []
    for table in _first_of_measures(statistics.outline):
        periods, totals = _series(statistics, table, ())
        if len(periods) < 2:
            continue
        mean = float(totals[-BEFORE - 1 : -1].mean())
        beyond = 3 * math.sqrt(mean)
        if totals[-1] > FACTOR * mean + beyond:
            found.append(f"{table.measure}: {periods[-1]} has more than twice as many as the periods before")
        elif totals[-1] < mean / FACTOR - beyond:
            found.append(f"{table.measure}: {periods[-1]} has less than half as many as the periods before")
    return found


def drift(statistics: ProductStatistics) -> list[str]:
    """Classifications, but for those that ripen, whose newest period is distributed otherwise than the periods before."""
    found, seen = [], set()
    for table in statistics.outline.tables:
        for name in table.axes:
            if name in (table.period, "area", *RIPENING) or (table.measure, name) in seen:
                continue
            seen.add((table.measure, name))
            periods, counts = _series(statistics, table, (name,))
            if len(periods) < 2 or not counts[-1].sum() or not (before := counts[-BEFORE - 1 : -1].sum(axis=0)).sum():
                continue
            now, then = counts[-1] / counts[-1].sum(), before / before.sum()
            chance = float(np.sqrt(then * (1 - then) * (1 / counts[-1].sum() + 1 / before.sum())).sum())  # two standard errors of each share
            if float(np.abs(now - then).sum()) / 2 > DRIFT + chance:
                found.append(f"{table.measure} by {name}: {periods[-1]} is distributed otherwise than the periods before")
    return found


def completeness(statistics: ProductStatistics) -> list[str]:
    """Periods that are missing in a series, measures that end before others, and boroughs that have nothing in the newest period and had many before."""
    found, seen = _ends(statistics), set()
    for table in statistics.outline.tables:
        periods, _ = _series(statistics, table, ())
        codelist = statistics.outline.codelists[table.period]
        every = [code for code in table.axes[table.period] if code in codelist.leaves]
        missing = [code for code in every if periods and periods[0] < code < periods[-1] and code not in periods]
        if missing and table.measure not in seen:
            found.append(f"{table.measure}: {len(missing)} periods are missing, first {missing[0]}")
        if "area" in table.axes and table.measure not in seen and len(periods) > 1:
            areas = statistics.outline.codelists["area"]
            boroughs = [row["code"] for row in areas.rows if row["level"] == "borough" and row["code"] in table.axes["area"]]
            _, counts = _series(statistics, table, ("area",), {"area": boroughs})
            means = counts[-BEFORE - 1 : -1].mean(axis=0)
            silent = [code for code, now, mean in zip(boroughs, counts[-1], means, strict=True) if not now and mean >= EXPECTED]
            found += [f"{table.measure}: {code} has none in {periods[-1]}" for code in silent]
        seen.add(table.measure)
    return found


def _ends(statistics: ProductStatistics) -> list[str]:
    """Measures whose last month is before that of another: of what was delivered together, a part is not there."""
    last: dict[str, str] = {}
    for table in statistics.outline.tables:
        periods, _ = _series(statistics, table, ())
        if periods and _MONTH.fullmatch(periods[-1]):
            last[table.measure] = max(periods[-1], last.get(table.measure, ""))
    newest = max(last, key=last.__getitem__, default="")
    return [f"{measure}: ends with {month}, and {newest} with {last[newest]}" for measure, month in last.items() if month < last[newest]]


def _first_of_measures(outline: Outline) -> list[TableOutline]:
    return list({table.measure: table for table in reversed(outline.tables)}.values())


def _series(
    statistics: ProductStatistics, table: TableOutline, kept: Sequence[str], codes: dict[str, Sequence[str]] | None = None
) -> tuple[list[str], np.ndarray]:
    """The finest periods that are available, in order, and the counts by them and one dimension more: its finest codes, or those given."""
    counts, axes = statistics.counts[table.name].counts, statistics.counts[table.name].axes
    leaves = statistics.outline.codelists[table.period].leaves
    periods = sorted(code for code in axes[table.period] if code in table.available and code in leaves)
    index = []
    for name, listed in axes.items():
        codelist = statistics.outline.codelists[name]
        if name == table.period:
            index.append([listed.index(code) for code in periods])
        elif name in kept:
            wanted = (codes or {}).get(name) or [
                code for code in listed if code in codelist.leaves and code != LEGAL_HOLD
            ]  # which recent cases are held, and old ones are not
            index.append([listed.index(code) for code in wanted])
        else:
            index.append([listed.index(codelist.total)])
    block = counts[np.ix_(*index)]
    first = list(axes).index(table.period)
    block = np.moveaxis(block, first, 0)
    return periods, block.reshape(len(periods), math.prod(block.shape[1:])) if kept else block.reshape(len(periods))
