"""Building the statistics of a product: choose its sources, count its tables, check that they agree.

For a product one source gives a measure as a whole, the first of `facts.SOURCES` that can; the others are only
compared with it. A table is built when that source offers all its dimensions. Nothing is suppressed here.
"""

import functools
import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from anonymisation import CountTable
from vawg_opendata.products.declaration import MONTH, Dimension, Product, TableSpec
from vawg_opendata.record_files import record_files
from vawg_opendata.reference import CodeList, load_codelist
from vawg_opendata.statistics.comparisons import compare
from vawg_opendata.statistics.counting import (
    Axis,
    StatisticsError,
    connect,
    covered_months,
    merge,
    partial_totals,
    period_totals,
    write_partial,
    write_unknown,
)
from vawg_opendata.statistics.facts import FACTS, LEGAL_HOLD, SOURCES, Fact
from vawg_opendata.statistics.partials import Digests, keys, update_partial
from vawg_opendata.statistics.periods import MONTHS_OF_A_YEAR, WHOLE, month_codelist, period_months, year_codelist
from vawg_opendata.statistics.results import Comparison, Outline, ProductStatistics, TableOutline, counted_axes

MOST_LACKING = 1000
"""One count in so many may be missing from a view and be counted as not known; beyond that the views contradict each other."""


@dataclass(frozen=True)
class _Plan:
    """What of a product can be counted from the records at hand: the fact of each table and the months that it covers."""

    usable: list[Fact]
    sources: dict[str, str]
    chosen: dict[str, Fact]
    left_out: dict[str, str]
    coverage: dict[str, frozenset[str]]


def build(product: Product, records: Path, work: Path, facts: Sequence[Fact] = FACTS, digests: Digests | None = None) -> ProductStatistics | None:
    """Count all tables of a product that the record tables in folder `records` can give; None when they give none.

    Partial counts are kept as `work/partial/<product>/<table>.parquet`; with the digests of the records only the periods that
    have changed are counted again. StatisticsError when records hold a code
    outside its list, or when tables of one measure do not agree on their totals.
    """
    planned = _planned(product, records, facts)
    if planned is None:
        return None
    connection, plan = planned
    usable, sources, chosen, left_out, coverage = plan.usable, plan.sources, plan.chosen, plan.left_out, plan.coverage
    months = sorted(set().union(*(coverage[name] for name in chosen)))
    specs = [product.table(name) for name in chosen]
    full, kept = _codelists(product, specs, months, {name for spec in specs if chosen[spec.name].marks_holds for name in spec.dimensions})
    folder = partial_folder(work, product)

    counted_afresh = _count(connection, records, product, plan, folder, digests)

    @functools.cache
    def totals(table: str) -> dict[str, int]:
        fact, period = chosen[table], product.period(product.table(table))
        if period.codelist == MONTH and not fact.gaps and record_files(records)[fact.records[0]][0].parent != records:
            # All months that have rows are counted, and a row of what is delivered by month counts for something; elsewhere one may count 0.
            return partial_totals(connection, folder / f"{table}.parquet", period.name)
        return period_totals(connection, fact, period.name)  # a pass over the records, which many a measure does without

    short, views = _short_views(product, specs, chosen, totals)
    outlines, counts = [], {}
    for spec in specs:
        fact = chosen[spec.name]
        partials = [folder / f"{spec.name}.parquet"]
        period = product.period(spec)
        if spec.name in short:
            partials.append(folder / f"{spec.name}.unknown.parquet")
            write_unknown(connection, fact, period.name, short[spec.name], partials[1])
        axes = [Axis(name, full[name], kept[name].at_levels(*levels)) for name, levels in spec.dimensions.items()]
        values = merge(connection, partials, axes)
        outline = _outline(product, spec, fact, axes, months, coverage[spec.name])
        shown = counted_axes(outline, kept[outline.period].total)
        counted = next(axis.kept.codes for axis in axes if axis.dimension == outline.period)
        positions = [counted.index(code) for code in shown[outline.period]]
        outlines.append(outline)
        counts[spec.name] = CountTable(spec.name, spec.measure, shown, values.take(positions, axis=list(spec.dimensions).index(period.name)))
    used = {spec.measure: sources[spec.measure] for spec in specs}
    result = Outline(product.name, kept, tuple(outlines), used, tuple(months), left_out)
    _agree(result, counts)
    published = {spec.measure: (chosen[spec.name], product.period(spec).name, functools.partial(totals, spec.name)) for spec in reversed(specs)}
    comparisons = compare(connection, usable, published)
    return ProductStatistics(result, counts, (*views, *comparisons), counted_afresh)


def count_periods(product: Product, records: Path, work: Path, digests: Digests, periods: Collection[str], facts: Sequence[Fact] = FACTS) -> dict[str, bool]:
    """Bring the partial counts of some periods of a product up to date; the others stay as they are.

    Returns, of these periods those that the records cover, and whether any table had to be counted.
    """
    planned = _planned(product, records, facts)
    if planned is None:
        return {}
    connection, plan = planned
    afresh = _count(connection, records, product, plan, partial_folder(work, product), digests, periods)
    covered = {code for name in plan.chosen for code in _periods(product, product.table(name), plan.coverage[name])}
    return {code: code in afresh for code in periods if code in covered}


def partial_folder(work: Path, product: Product) -> Path:
    """Where the partial counts of a product are kept; makes it, readable by its owner only."""
    folder = work / "partial" / product.name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _planned(product: Product, records: Path, facts: Sequence[Fact]) -> tuple[duckdb.DuckDBPyConnection, _Plan] | None:
    """What of a product can be counted, and a connection to the record tables that it needs; None where nothing can."""
    measures = {measure.name for measure in product.measures}
    at_hand = set(record_files(records))
    usable = [fact for fact in facts if fact.measure in measures and at_hand.issuperset(fact.records)]
    if not usable:
        return None
    connection = connect(records, {table for fact in usable for table in fact.records})
    plan = _plan(connection, product, usable)
    return (connection, plan) if plan.chosen else None


def _plan(connection: duckdb.DuckDBPyConnection, product: Product, usable: list[Fact]) -> _Plan:
    sources = _choose(product, usable)
    chosen: dict[str, Fact] = {}
    left_out: dict[str, str] = {}
    for spec in product.tables:
        fitting = [
            fact
            for fact in usable
            if fact.measure == spec.measure and fact.source == sources.get(spec.measure) and set(spec.dimensions) <= set(fact.dimensions)
        ]
        if fitting:
            chosen[spec.name] = min(fitting, key=lambda fact: len(fact.dimensions))
        elif spec.measure in sources:
            left_out[spec.name] = f"{sources[spec.measure]} does not offer {', '.join(spec.dimensions)} together"
        else:
            left_out[spec.name] = f"no source of {spec.measure} is at hand"
    coverage = {name: frozenset(covered_months(connection, fact)) for name, fact in chosen.items()}
    for name in [name for name in chosen if not coverage[name]]:
        left_out[name] = f"no file of {chosen.pop(name).source} covers a period of it"
    for name in [name for name in chosen if product.table(name).whole_years]:
        period, months = product.period(product.table(name)), sorted(coverage[name])
        if not _whole_years(dimension_codelist(period, months), product.table(name), months):
            left_out[name] = f"the files of {chosen.pop(name).source} cover no whole year of it yet"
    return _Plan(usable, sources, chosen, left_out, coverage)


def _count(
    connection: duckdb.DuckDBPyConnection,
    records: Path,
    product: Product,
    plan: _Plan,
    folder: Path,
    digests: Digests | None,
    only: Collection[str] | None = None,
) -> tuple[str, ...]:
    """Write the partial counts of each table, and return the periods that were counted, in order."""
    tables = {table for fact in plan.chosen.values() for table in fact.records}

    @functools.cache
    def reading(periods: tuple[str, ...]) -> duckdb.DuckDBPyConnection:
        return connect(records, tables, periods)

    afresh: set[str] = set()
    for name, fact in plan.chosen.items():
        spec = product.table(name)
        months = _periods(product, spec, plan.coverage[name])
        period, path = product.period(spec).name, folder / f"{name}.parquet"
        if digests is None:
            write_partial(connection, fact, list(spec.dimensions), path, {period: set(months)})
            path.with_suffix(".json").unlink(missing_ok=True)
            afresh |= set(months)
        else:
            wanted = keys(connection, fact, list(spec.dimensions), months, digests)
            afresh |= set(update_partial(reading, fact, list(spec.dimensions), period, wanted, path, only))
    return tuple(sorted(afresh))


def _periods(product: Product, spec: TableSpec, covered: Collection[str]) -> dict[str, list[str]]:
    """The periods in which a table is counted, each with its months that are covered."""
    periods: dict[str, list[str]] = {}
    for month in sorted(covered):
        periods.setdefault(month if product.period(spec).codelist == MONTH else month[:4], []).append(month)
    return periods


def outline_of_records(product: Product, records: Path) -> ProductStatistics | None:
    """The outline of a product that has records of the extract and no tables: its source and the months that it covers; None without an extract."""
    fact = next(fact for fact in FACTS if fact.source == "crime_extract" and fact.measure == "offences")
    if not set(record_files(records)).issuperset(fact.records):
        return None
    connection = connect(records, fact.records)
    months = covered_months(connection, fact)
    return ProductStatistics(Outline(product.name, {}, (), {"records": fact.source}, tuple(months), {}), {}, ()) if months else None


def _short_views(
    product: Product, specs: Sequence[TableSpec], chosen: Mapping[str, Fact], totals: Callable[[str], Mapping[str, int]]
) -> tuple[dict[str, dict[str, int]], list[Comparison]]:
    """What tables lack against another of their measure, by period, where they have a code for it; and the comparisons.

    Views of one source show one total. A row that was quarantined in one of them is missing from it alone. `totals` gives those of a table by period.
    """
    short, comparisons = {}, []
    for spec in specs:
        views = [other.name for other in specs if other.measure == spec.measure]
        if len(views) == 1:
            continue
        fact, own = chosen[spec.name], totals(spec.name)
        fullest: dict[str, int] = {}
        for view in views:
            for period, count in totals(view).items():
                fullest[period] = max(count, fullest.get(period, 0))
        lacking = {period: count - own.get(period, 0) for period, count in sorted(fullest.items()) if count > own.get(period, 0)}
        if lacking:
            differences = tuple((period, fullest[period], own.get(period, 0)) for period in lacking)
            comparisons.append(Comparison("completeness", spec.measure, "the fullest view", spec.name, len(fullest), differences))
            small = sum(lacking.values()) * MOST_LACKING <= sum(fullest.values())
            if small and set(spec.dimensions) == {*fact.unknown, product.period(spec).name}:
                short[spec.name] = lacking
    return short, comparisons


def _choose(product: Product, usable: Sequence[Fact]) -> dict[str, str]:
    """The source of each measure that has one: the first in the order of preference."""
    offered = {measure.name: {fact.source for fact in usable if fact.measure == measure.name} for measure in product.measures}
    return {measure: next(source for source in SOURCES if source in offers) for measure, offers in offered.items() if offers}


def _codelists(
    product: Product, specs: Sequence[TableSpec], months: Sequence[str], held: Collection[str]
) -> tuple[dict[str, CodeList], dict[str, CodeList]]:
    """For each dimension that a table uses: the list of all codes, and the list at the levels that any table shows."""
    full, kept = {}, {}
    for dimension in product.dimensions:
        levels = {level: None for spec in specs for level in spec.dimensions.get(dimension.name, ())}
        if levels:
            full[dimension.name] = dimension_codelist(dimension, months)
            if dimension.held_level and dimension.name in held:
                full[dimension.name] = _with_hold(full[dimension.name], dimension.held_level)
            kept[dimension.name] = full[dimension.name].at_levels(*levels)
    return full, kept


def dimension_codelist(dimension: Dimension, months: Sequence[str]) -> CodeList:
    """The whole code list of a dimension; a period's is made for these months."""
    if not dimension.is_period:
        return load_codelist(dimension.codelist)
    return month_codelist(months) if dimension.codelist == MONTH else year_codelist(months)


def _with_hold(codelist: CodeList, level: str) -> CodeList:
    """A list with a code, last and just below the root, for cases under legal hold."""
    row = dict.fromkeys(codelist.columns, "") | {
        "code": LEGAL_HOLD,
        "label": "Not told: proceedings are live",
        "level": level,
        "parent": codelist.total,
        "sort_order": str(max(int(row["sort_order"]) for row in codelist.rows) + 1),
    }
    return CodeList(codelist.name, codelist.title, (*codelist.rows, row))


def _outline(
    product: Product, spec: TableSpec, fact: Fact, axes: Sequence[Axis], months: Sequence[str], covered: frozenset[str]
) -> TableOutline:
    period = product.period(spec).name
    codelist = next(axis.kept for axis in axes if axis.dimension == period)
    full = next(axis.full for axis in axes if axis.dimension == period)
    below = period_months(full, months)
    told = _whole_years(full, spec, months) if spec.whole_years else codelist.codes
    shown = {axis.dimension: tuple(code for code in axis.kept.codes if axis.dimension != period or code in told) for axis in axes}
    available = tuple(code for code in shown[period] if below[code] <= covered)
    return TableOutline(spec.name, spec.measure, fact.source, period, shown, available)


def _whole_years(codelist: CodeList, spec: TableSpec, months: Sequence[str]) -> list[str]:
    """The years that a table may show of which all months are among those covered, given the whole list of periods."""
    years = {level for levels in spec.dimensions.values() for level in levels}.intersection(WHOLE)
    below = period_months(codelist, months)
    return [code for code in codelist.codes if codelist.level[code] in years and len(below[code]) == MONTHS_OF_A_YEAR]


def _agree(outline: Outline, counts: Mapping[str, CountTable]) -> None:
    """StatisticsError unless all tables of a measure cover the same periods with the same totals: a measure is one thing.

    Tables may show periods at different levels; they are compared where they show the same.
    """
    for here, there in itertools.combinations(outline.tables, 2):
        if here.measure != there.measure:
            continue
        ours, theirs = _totals(outline, here, counts), _totals(outline, there, counts)
        shown = set(here.axes[here.period]) & set(there.axes[there.period])
        if shown.intersection(here.available) != shown.intersection(there.available):
            raise StatisticsError(
                f"Tables {here.name} and {there.name} count the same {here.measure} from {here.source} but do not cover the same "
                f"months: give files that do."
            )
        unequal = [code for code, total in ours.items() if theirs.get(code, total) != total]
        differing = [code for code in unequal if code in outline.codelists[here.period].leaves] or unequal
        if differing:
            raise StatisticsError(
                f"Tables {here.name} and {there.name} count the same {here.measure} from {here.source} but differ in "
                f"{len(differing)} periods, first in {differing[0]}. Rows of one view were quarantined, or the "
                f"publisher's views disagree: see the quarantine and the accounting, and mend or replace the file."
            )


def _totals(outline: Outline, table: TableOutline, counts: Mapping[str, CountTable]) -> dict[str, int]:
    """The total of a table by each of the periods that it counts."""
    whole = tuple(slice(None) if name == table.period else codes.index(outline.codelists[name].total) for name, codes in table.axes.items())
    periods = counted_axes(table, outline.codelists[table.period].total)[table.period]
    return dict(zip(periods, counts[table.name].counts[whole].tolist(), strict=True))

