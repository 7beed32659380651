"""Comparisons of totals: what another source of the same measure says, and what the newest vintage revised.

Both compare London's totals per period and nothing finer. They inform a report; they decide nothing.
"""

from collections.abc import Mapping, Sequence

import duckdb

from vawg_opendata.statistics.counting import period_totals, vintages
from vawg_opendata.statistics.facts import Fact
from vawg_opendata.statistics.results import Comparison


def compare(
    connection: duckdb.DuckDBPyConnection, usable: Sequence[Fact], published: Mapping[str, tuple[Fact, str]]
) -> tuple[Comparison, ...]:
    """All comparisons for the measures published: `published` maps a measure to its fact and the name of its period."""
    found = []
    for measure, (fact, period) in published.items():
        here = period_totals(connection, fact, period)
        for older in vintages(connection, fact)[1:]:
            newest = vintages(connection, fact)[0]
            there = period_totals(connection, fact, period, older)
            found.append(_comparison("revision", measure, f"{fact.source} to {newest}", f"{fact.source} to {older}", here, there))
        others: dict[str, Fact] = {}
        for other in usable:
            if other.measure == measure and other.source != fact.source and period in other.dimensions:
                others.setdefault(other.source, other)
        for source, other in others.items():
            found.append(_comparison("reconciliation", measure, fact.source, source, here, period_totals(connection, other, period)))
    return tuple(found)


def _comparison(kind: str, measure: str, published: str, other: str, here: Mapping[str, int], there: Mapping[str, int]) -> Comparison:
    """Periods before the later start or after the earlier end of the two are no difference: only one of them covers these."""
    first, last = max(min(here), min(there)), min(max(here), max(there))
    periods = sorted(code for code in {*here, *there} if first <= code <= last)
    pairs = ((code, here.get(code, 0), there.get(code, 0)) for code in periods)
    return Comparison(kind, measure, published, other, len(periods), tuple(pair for pair in pairs if pair[1] != pair[2]))
