"""Comparisons of totals: what another source of the same measure says, and what the newest vintage revised.

Both compare London's totals per period and nothing finer. They inform a report; they decide nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from vawg_opendata.statistics.counting import period_totals, vintages
from vawg_opendata.statistics.facts import Fact
from vawg_opendata.statistics.results import Comparison

NEVER = "9999"  # sorts after every period: nothing is compared with an empty series


@dataclass(frozen=True)
class _Series:
    """Totals by period under the name of their source, and the last period that they cover whole."""

    name: str
    totals: Mapping[str, int]
    last: str


def compare(
    connection: duckdb.DuckDBPyConnection, usable: Sequence[Fact], published: Mapping[str, tuple[Fact, str, Callable[[], Mapping[str, int]]]]
) -> tuple[Comparison, ...]:
    """All comparisons for the measures published: `published` maps a measure to its fact, the name of its period and what gives its totals by that."""
    found = []
    for measure, (fact, period, totals) in published.items():
        editions = vintages(connection, fact) or [""]
        others: dict[str, Fact] = {}
        for other in usable:
            if other.measure == measure and other.source != fact.source and period in other.dimensions:
                others.setdefault(other.source, other)
        if not editions[1:] and not others:
            continue
        here = _series(fact, totals(), editions[0])
        for older in editions[1:]:
            there = _series(fact, period_totals(connection, fact, period, older), older)
            found.append(_comparison("revision", measure, replace(here, name=f"{fact.source} to {editions[0]}"), replace(there, name=f"{fact.source} to {older}")))
        for other in others.values():
            there = _series(other, period_totals(connection, other, period), (vintages(connection, other) or [""])[0])
            found.append(_comparison("reconciliation", measure, here, there))
    return tuple(found)


def _series(fact: Fact, totals: Mapping[str, int], vintage: str) -> _Series:
    last = max(totals, default="")
    if vintage:  # the month to which the series goes, whether or not anything was recorded in it
        year = int(vintage[:4]) - (vintage[5:] < "12")
        last = vintage if len(last) > len("2026") else str(year)
    return _Series(fact.source, totals, last)


def _comparison(kind: str, measure: str, here: _Series, there: _Series) -> Comparison:
    """Periods before the later start or after the earlier end of the two are no difference: only one of them covers these."""
    first, last = max(min(series.totals, default=NEVER) for series in (here, there)), min(here.last, there.last)
    periods = sorted(code for code in {*here.totals, *there.totals} if first <= code <= last)
    pairs = ((code, here.totals.get(code, 0), there.totals.get(code, 0)) for code in periods)
    return Comparison(kind, measure, here.name, there.name, len(periods), tuple(pair for pair in pairs if pair[1] != pair[2]))
