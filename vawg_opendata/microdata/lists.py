"""A list of records: read from its source, coarsened until its policy holds, sorted so that order tells nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from vawg_opendata.microdata.results import Microdata, RecordTable
from vawg_opendata.microdata.versions import Check, ladders
from vawg_opendata.microdata.views import VIEWS, View
from vawg_opendata.problems import confine
from vawg_opendata.products.records import YEAR_BLOCKS, RecordColumn, RecordList
from vawg_opendata.reference import TOTAL, CodeList, load_codelist
from vawg_opendata.schemas.rules import literal, quoted
from vawg_opendata.statistics.facts import LEGAL_HOLD
from vawg_opendata.statistics.periods import POOLED_FROM

if TYPE_CHECKING:
    import pyarrow

    from anonymisation.records import RecordPolicy

COARSER = (1, 2, 4, 8)
"""How many times as many records as declared must look alike, tried in turn until what is beside the list is safe."""


def protect_list(declared: RecordList, records: Path, check: Check | None = None) -> Microdata | None:
    """The protected records of a list, from the first source at hand that has them; None when none has.

    Years that the newest vintage does not cover whole have no rows: their few cases would be the newest, and the ones that
    are remembered. `check` says what must hold beside the policy; while it refuses, the list is made coarser, with more records
    that look alike. Columns that the source lacks are left out, and with them what the policy asks of them.
    `anonymisation.ProtectionError` where nothing keeps the policy, `ReleaseRefusedError` where nothing passes the check.
    """
    with duckdb.connect() as connection:
        confine(connection, records)
        for view in VIEWS[declared.name]:
            path = records / f"{view.records}.parquet"
            if path.is_file():
                return _checked(connection, declared, view, path, check)
    return None


def extend_list(declared: RecordList, records: Path, last: Microdata, after: int, check: Check) -> Microdata | None:
    """The `last` version of a list as it was, and beside it the cases of whole years later than `after`, which keep the policy by themselves; None where
    there are none, where too few of them look alike, or where nothing that passes the `check` can be made of them.

    Whoever compares the two learns no more than the new cases tell. Columns are those of the last version, and so is its source: of another one nobody
    knows which cases it has already.
    """
    from anonymisation import InconsistentTablesError, ProtectionError
    from anonymisation.releases import ReleaseRefusedError

    (before,) = last.tables
    view = next((view for view in VIEWS[declared.name] if view.source == before.source), None)
    columns = tuple(column for column in declared.columns if column.name in before.rows.column_names)
    if view is None or [column.name for column in columns] != before.rows.column_names:
        return None
    with duckdb.connect() as connection:
        confine(connection, records)
        path = records / f"{view.records}.parquet"
        try:
            wanted = replace(declared, columns=columns, policy=replace(declared.policy, k=before.claim["k"]))
            made = _protected(connection, wanted, view, path, after) if path.is_file() else None
        except ProtectionError:
            return None
    if made is None:
        return None
    import pyarrow

    (added,) = made.tables
    if list(added.rows.column_names) != list(before.rows.column_names):
        return None
    order = [(name, "ascending") for name in added.rows.column_names]
    rows = pyarrow.concat_tables([before.rows.cast(added.rows.schema), added.rows]).sort_by(order)
    years = {"first": before.claim["years"]["first"], "last": added.claim["years"]["last"]}
    whole = replace(added, rows=rows, claim=before.claim | {"years": years}, missing=None)
    try:
        check(whole, made.codelists)
    except (ReleaseRefusedError, InconsistentTablesError):
        return None
    return Microdata((whole,), made.codelists, made.summary | {"records": rows.num_rows, "added": added.rows.num_rows})


def has_source(declared: RecordList, records: Path) -> bool:
    """Whether a source at hand has the records of a list."""
    return any((records / f"{view.records}.parquet").is_file() for view in VIEWS[declared.name])


def _checked(connection: duckdb.DuckDBPyConnection, declared: RecordList, view: View, path: Path, check: Check | None) -> Microdata:
    from anonymisation.releases import ReleaseRefusedError

    for columns, times in _coarser(declared):
        k = declared.policy.k * times
        microdata = _protected(connection, replace(declared, columns=columns, policy=replace(declared.policy, k=k)), view, path)
        try:
            if check is not None:
                check(microdata.tables[0], microdata.codelists)
            return microdata
        except ReleaseRefusedError as error:
            refusal = error
    raise refusal


def _coarser(declared: RecordList) -> Iterator[tuple[tuple[RecordColumn, ...], int]]:
    """What a list may do without and how many times as many records must look alike, in the order in which it is tried."""
    yield declared.columns, 1
    left = tuple(column for column in declared.columns if column.name not in declared.first_given_up)
    for times in COARSER:
        yield left, times


def _protected(connection: duckdb.DuckDBPyConnection, declared: RecordList, view: View, path: Path, after: int = 0) -> Microdata:
    """The records of a source, of years later than `after`, under the policy of the list; code lists are for all years that the source has."""
    source = f"read_parquet({literal(str(path))})"
    newest = f"vintage = (SELECT max(vintage) FROM {source})"
    first, last = connection.execute(f"SELECT min({view.year})::INTEGER, max(greatest({view.month}, vintage)) FROM {source} WHERE {newest}").fetchall()[0]
    years = range(first, int(last[:4]) + last.endswith("-12"))
    columns = [column for column in declared.columns if column.codelist == YEAR_BLOCKS or column.name in view.columns]
    codelists = {column.name: _codelist(column, view, years) for column in columns}
    covered = f"{newest} AND ({view.where}) AND {view.year} BETWEEN {max(years.start, after + 1)} AND {years.stop - 1}"
    held = connection.execute(f"SELECT count(*) FROM {source} WHERE {covered} AND ({view.held})").fetchall()[0][0]
    wanted = ", ".join(f"{_value(column, view)} AS {quoted(column.name)}" for column in columns)
    table = connection.sql(f"SELECT {wanted} FROM {source} WHERE {covered} AND NOT ({view.held})").to_arrow_table()
    names = {column.name for column in columns}
    policy = replace(
        declared.policy,
        quasi_identifiers=[name for name in declared.policy.quasi_identifiers if name in names],
        sensitive={name: models for name, models in declared.policy.sensitive.items() if name in names},
    )
    rows, left_out, losses = _recoded(connection, table, declared, policy, codelists)
    claim = {
        "quasiIdentifiers": list(policy.quasi_identifiers),
        "k": policy.k,
        "sensitive": {name: {"l": max(model.l for model in models)} for name, models in policy.sensitive.items()},
        "years": {"first": years.start, "last": years.stop - 1},
    }
    if declared.measure:
        dimensions = {column.name: column.dimension for column in columns if column.dimension}
        claim["counts"] = {"measure": declared.measure, "dimensions": dimensions, "excludes": [LEGAL_HOLD]}
    summary = {"records": rows.num_rows, "k": policy.k, "losses": losses, "source": view.source}
    made = RecordTable(declared.name, view.source, rows, claim, {"held": held, "left_out": left_out})
    return Microdata((made,), codelists, summary)


def _recoded(
    connection: duckdb.DuckDBPyConnection, table: "pyarrow.Table", declared: RecordList, policy: "RecordPolicy", codelists: Mapping[str, CodeList]
) -> tuple["pyarrow.Table", int, dict[str, float]]:
    """The protected records in the order of their values, how many are left out, and what was lost of the others, as `anonymisation.records` measures it.

    Records that differ in what is `kept` never look alike, so each such group is protected by itself. A group for which
    nothing keeps the policy, because it is too small or all alike, is left out.
    """
    import pyarrow

    from anonymisation import ProtectionError
    from anonymisation.records import RecordHierarchy, protect_records
    from anonymisation.records.losses import class_losses

    groups: dict[tuple[str, ...], list[int]] = {}
    kept = {name: _at_level(codelists[name], level) for name, level in declared.kept.items()}
    for row, codes in enumerate(zip(*(table.column(name).to_pylist() for name in kept), strict=True)):
        groups.setdefault(tuple(kept[name][code] for name, code in zip(kept, codes, strict=True)), []).append(row)
    parts, left_out = [], 0
    losses = {"granularity": 0.0, "entropy": 0.0}
    for common, rows in sorted(groups.items()):
        above = dict(zip(kept, common, strict=True))
        hierarchies = [RecordHierarchy.from_rows(name, ladders(codelists[name], above.get(name))) for name in policy.quasi_identifiers]
        try:
            protection = protect_records(table.take(rows), hierarchies, policy)
        except ProtectionError:
            left_out += len(rows)
            continue
        parts.append(protection.table.cast(table.schema))
        losses = {name: lost + protection.losses[name] * len(rows) for name, lost in losses.items()}
    if not parts:
        raise ProtectionError(f"none of the {table.num_rows} records of {declared.name} can be published under its policy; weaken it, or leave the list out")
    whole = pyarrow.concat_tables(parts)
    classes = whole.group_by(list(policy.quasi_identifiers)).aggregate([([], "count_all")]).column("count_all").to_numpy()
    losses = {name: lost / whole.num_rows for name, lost in losses.items()} | class_losses(classes, 0)
    return whole.sort_by([(name, "ascending") for name in table.column_names]), left_out, {name: round(loss, 3) for name, loss in losses.items()}


def _at_level(codelist: CodeList, level: str) -> dict[str, str]:
    """By leaf of a list, the code above it, or it itself, that is of a level."""
    return {leaf: next(code for code in codelist.ancestors(leaf) if codelist.level[code] == level) for leaf in codelist.leaves}


def _value(column: RecordColumn, view: View) -> str:
    if column.codelist == YEAR_BLOCKS:
        return _block(f"{view.year}::INTEGER", 5)
    return f"{view.columns[column.name]}::VARCHAR"


def _block(year: str, size: int) -> str:
    start = f"({POOLED_FROM} + ({year} - {POOLED_FROM}) // {size} * {size})"
    return f"({start} || '-' || ({start} + {size - 1}))"


def _codelist(column: RecordColumn, view: View, years: range) -> CodeList:
    if column.codelist == YEAR_BLOCKS:
        return year_blocks(column.name, years)
    codelist = load_codelist(column.codelist)
    levels = view.levels.get(column.name, column.levels)
    return replace(codelist.at_levels(*levels) if levels else codelist, name=column.name)


def year_blocks(name: str, years: range) -> CodeList:
    """The code list of blocks of five and ten years that these years touch; blocks never move from version to version.

    The column `year` has the years of a block of five that are in the list.
    """
    lines = [(TOTAL, f"All years: {years.start} to {years.stop - 1}", TOTAL, "", "")]
    for size, level, above in ((10, "years_10", None), (5, "years_5", 10)):
        for start in range(POOLED_FROM + (years.start - POOLED_FROM) // size * size, years.stop, size):
            end = start + size - 1
            whole = start in years and end in years
            label = f"{start} to {end}" if whole else f"{start} to {end} (only {max(start, years.start)} to {min(end, years.stop - 1)})"
            decade = POOLED_FROM + (start - POOLED_FROM) // 10 * 10
            inside = " ".join(str(year) for year in years if start <= year <= end) if above else ""
            lines.append((f"{start}-{end}", label, level, f"{decade}-{decade + 9}" if above else TOTAL, inside))
    rows = [
        {"code": code, "label": label, "level": level, "parent": parent, "sort_order": str(order), "year": inside}
        for order, (code, label, level, parent, inside) in enumerate(lines)
    ]
    return CodeList(name, "Years recorded, in blocks of five and ten", tuple(rows))

