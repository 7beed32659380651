"""What a DuckDB file offers beside its tables: views with labels, macros for the common questions, and tables that describe the rest.

All of it follows from the descriptor and the code lists in the file; nothing here is counted or protected. For a table `t` there are

    v_t                                 labels and levels beside the codes, the first day of each period, the status in words
    v_t_latest                          the same for the latest of its shortest periods
    t_trend(place, ...)                 one series over time; the code or the label of each dimension
    t_ranking(period, of_level, ...)    the codes of a level of the first dimension, highest first
    t_rolling_12(place, ...)            sums of twelve months in a row, where all twelve are published

and for the whole file the macro `wilson(part, whole)`, an interval for a share, and the tables `_release`, `_fields`, `_changes`, `_revisions`, `_status_codes`. Macros look for their views in the database in use, so a
reader who attached the file says USE first. Writing files belongs in `file`.
"""

from collections.abc import Mapping, Sequence

import duckdb

from vawg_opendata.release.package.tables import NOT_AVAILABLE, STATUS_CODES
from vawg_opendata.schemas.rules import literal, quoted

PERIODS = ("month", "year", "financial_year", "pooled_5")
"""Levels of time, the shortest first."""
Z = 1.959963984540054
"""Of a normal distribution, 95 % lie within so many standard deviations."""

ABOUT = {
    "_release": (
        "Which release this is: one row per product.",
        {
            "product": ("VARCHAR", "Name of the product."),
            "version": ("VARCHAR", "Version of the product; quote it with every number."),
            "title": ("VARCHAR", "Title."),
            "description": ("VARCHAR", "What the product is."),
            "audience": ("VARCHAR", "Who may have it."),
            "synthetic": ("BOOLEAN", "Whether the records were made up."),
            "covers_from": ("VARCHAR", "First month covered."),
            "covers_to": ("VARCHAR", "Last month covered."),
            "publisher": ("VARCHAR", "Who publishes it and answers questions."),
            "licence": ("VARCHAR", "Licence, with its address."),
        },
    ),
    "_fields": (
        "The data dictionary: one row per column of each table.",
        {
            "product": ("VARCHAR", "Name of the product."),
            "table_name": ("VARCHAR", "Name of the table."),
            "position": ("INTEGER", "Position of the column, from 1."),
            "field": ("VARCHAR", "Name of the column."),
            "type": ("VARCHAR", "Type by the Table Schema standard."),
            "title": ("VARCHAR", "Title."),
            "description": ("VARCHAR", "What the column holds."),
            "unit": ("VARCHAR", "What a count is a count of."),
            "code_list": ("VARCHAR", "The table whose column code holds every value of this column, if it is one of codes."),
        },
    ),
    "_changes": (
        "What changed from version to version: one row per thing that changed, with numbers of rows for tables.",
        {
            "product": ("VARCHAR", "Name of the product."),
            "version": ("VARCHAR", "The version that brought the change."),
            "since": ("VARCHAR", "The version before; empty for a first version."),
            "bump": ("VARCHAR", "MAJOR, MINOR or PATCH, by the Data Package version recipe."),
            "what": ("VARCHAR", "What kind of thing changed."),
            "name": ("VARCHAR", "Its name."),
            "added": ("BIGINT", "Rows added."),
            "removed": ("BIGINT", "Rows removed."),
            "revised": ("BIGINT", "Rows of which a value changed."),
            "grown": ("BIGINT", "Cells whose count changed as their period covers other months now, such as a year that is not over."),
            "newly_suppressed": ("BIGINT", "Cells withheld now and not before."),
            "newly_published": ("BIGINT", "Cells published now and withheld before."),
            "restated": ("BIGINT", "Cells not published in either, with another status."),
        },
    ),
    "_revisions": (
        "Every published count that a later version changed: what was said before about a number that reads differently today.",
        {
            "product": ("VARCHAR", "Name of the product."),
            "version": ("VARCHAR", "The version that changed it."),
            "since": ("VARCHAR", "The version before."),
            "table_name": ("VARCHAR", "Name of the table."),
            "cell": ("VARCHAR", "The codes of the cell, as dimension=code separated by semicolons."),
            "measure": ("VARCHAR", "What is counted."),
            "change": ("VARCHAR", "revised, grown (its period covers other months now), suppressed, released or restated."),
            "old": ("VARCHAR", "What the version before said; empty where it said nothing."),
            "new": ("VARCHAR", "What this version says; empty where it says nothing."),
        },
    ),
    "_status_codes": (
        "What the status of a cell means.",
        {"status": ("VARCHAR", "The status; empty for a count published as counted."), "label": ("VARCHAR", "What it means.")},
    ),
}
_CHANGED = (
    ("resources_added", "resource added"),
    ("resources_removed", "resource removed"),
    ("protection_changed", "protection"),
    ("meaning_changed", "meaning"),
    ("words_changed", "wording"),
)


def describing_tables(
    connection: duckdb.DuckDBPyConnection, packages: Sequence[tuple[Mapping, Sequence[Mapping]]], revisions: Sequence[tuple[str, Sequence[tuple]]]
) -> None:
    """Create the five tables that describe a file, in the database and schema in use.

    `packages` has for each package its descriptor and what `changes.json` says of each version to be told of; `revisions` by product
    the rows of its table of revisions.
    """
    fields = [
        (
            package["name"], resource["name"], position, field["name"], field["type"], field.get("title"), field.get("description"),
            field.get("unit"), _links(resource).get(field["name"]),
        )
        for package, _ in packages
        for resource in _tables(package)
        for position, field in enumerate(resource["schema"]["fields"], start=1)
    ]  # fmt: skip
    rows = {
        "_release": [_release(package) for package, _ in packages],
        "_fields": fields,
        "_changes": [row for package, changes in packages for version in changes for row in _changes(package["name"], version)],
        "_revisions": [(product, *(None if value == "" else value for value in row)) for product, rows in revisions for row in rows],
        "_status_codes": [("", "published as counted; zero is 0"), *STATUS_CODES.items()],
    }
    for name, (words, columns) in ABOUT.items():
        connection.execute(f"CREATE TABLE {quoted(name)} ({', '.join(f'{quoted(column)} {kind}' for column, (kind, _) in columns.items())})")
        if rows[name]:
            connection.register("incoming", _arrow(columns, rows[name]))
            connection.execute(f"INSERT INTO {quoted(name)} FROM incoming")
            connection.unregister("incoming")
        connection.execute(f"COMMENT ON TABLE {quoted(name)} IS {literal(words)}")
        for column, (_, words_of_column) in columns.items():
            connection.execute(f"COMMENT ON COLUMN {quoted(name)}.{quoted(column)} IS {literal(words_of_column)}")


def shared_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros that belong to no table, in the schema `main` of the database in use.

    `wilson(part, whole)` is the interval of Wilson (1927, Probable inference, the law of succession, and statistical inference, Journal of the
    American Statistical Association 22, 209-212) at 95 %, as shares from 0 to 1; null where a count is.
    """
    k, n, z, zz = "CAST(part AS DOUBLE)", "CAST(whole AS DOUBLE)", f"{Z}e0", f"{Z * Z}e0"  # e0: without it a number is a decimal of so many digits
    middle, half = f"({k} + {zz} / 2) / ({n} + {zz})", f"{z} * sqrt({k} * ({n} - {k}) / {n} + {zz} / 4) / ({n} + {zz})"
    low = f"CASE WHEN whole = 0 THEN NULL WHEN part = 0 THEN 0.0 ELSE {middle} - {half} END"  # 0 and 1 to the last digit
    high = f"CASE WHEN whole = 0 THEN NULL WHEN part = whole THEN 1.0 ELSE {middle} + {half} END"
    connection.execute(f"CREATE MACRO main.wilson(part, whole) AS {{'low': {low}, 'high': {high}}}")
    words = "Wilson's interval (1927) at 95 % for the share of a count in another, from 0 to 1: wilson(5, 20).low and .high. It takes the counts for a sample."
    connection.execute(f"COMMENT ON MACRO main.wilson IS {literal(words)}")


def views_and_macros(connection: duckdb.DuckDBPyConnection, package: Mapping, schema: str) -> None:
    """Create the views and macros of a package whose tables are in `schema` of the database in use."""
    for resource in _tables(package):
        if resource.get("statistics"):
            for statement in _statements(connection, resource, schema):
                connection.execute(statement)


def _tables(package: Mapping) -> list[Mapping]:
    return [resource for resource in package["resources"] if resource.get("type") == "table"]


def _links(resource: Mapping) -> dict[str, str]:
    return {key["fields"][0]: key["reference"].get("resource", resource["name"]) for key in resource["schema"].get("foreignKeys", [])}


def _release(package: Mapping) -> tuple:
    licence = package["licenses"][0]
    return (
        package["name"], package["version"], package["title"], package["description"], package["audience"], package["synthetic"],
        package["temporal"]["start"], package["temporal"]["end"], package["contributors"][0]["title"], f"{licence['title']} ({licence['path']})",
    )  # fmt: skip


def _arrow(columns: Mapping[str, tuple[str, str]], rows: Sequence[tuple]):
    """Rows as a `pyarrow.Table`: DuckDB takes many values at once from Arrow, and one by one from Python."""
    import pyarrow

    types = {"VARCHAR": pyarrow.string(), "BIGINT": pyarrow.int64(), "INTEGER": pyarrow.int32(), "BOOLEAN": pyarrow.bool_()}
    texts = [[value if value is None or kind != "VARCHAR" else str(value) for value in values] for values, (kind, _) in zip(zip(*rows, strict=True), columns.values(), strict=True)]
    return pyarrow.table([pyarrow.array(values, type=types[kind]) for values, (kind, _) in zip(texts, columns.values(), strict=True)], names=list(columns))


def _changes(product: str, changes: Mapping) -> list[tuple]:
    head = (product, changes["version"], changes["since"], changes["bump"])
    columns = ("added", "removed", "revised", "grown", "newly_suppressed", "newly_published", "restated")
    blank = (None,) * len(columns)
    if not changes["since"]:
        return [(*head, "first version", None, *blank)]
    rows = [(*head, "note", changes["note"], *blank)] if changes["note"] else []
    rows += [(*head, "fields or keys", change["resource"], *blank) for change in changes["fields"]]
    rows += [(*head, what, name, *blank) for key, what in _CHANGED for name in changes[key]]
    return rows + [(*head, "rows of a table", table["name"], *(table.get(column, 0) for column in columns)) for table in changes["tables"]]


def _statements(connection: duckdb.DuckDBPyConnection, resource: Mapping, schema: str) -> list[str]:
    table, links = resource["name"], _links(resource)
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    measures = [(entry["measure"], entry["status"]) for entry in resource["statistics"]]
    taken = {column for pair in measures for column in pair}
    dimensions = [name for name in fields if name in links and name not in taken]
    levels = {name: _levels(connection, schema, links[name], table, name) for name in dimensions}
    period = next((name for name in dimensions if set(levels[name]) & set(PERIODS)), "")
    words = _words(dimensions, measures, fields, period)
    statements = _view(schema, table, resource, dimensions, links, measures, words, period)
    if period:
        shortest = next(level for level in PERIODS if level in levels[period])
        statements += _latest(schema, table, resource, period, shortest, links[period], measures[0], words)
        others = {name: levels[name]["total"][0] if "total" in levels[name] else "" for name in dimensions if name != period}
        statements += _macros(schema, table, others, period, shortest, measures, fields, {name: ", ".join(levels[name]) for name in dimensions})
    return statements


def _levels(connection: duckdb.DuckDBPyConnection, schema: str, codelist: str, table: str, dimension: str) -> dict[str, list[str]]:
    """The codes that a table has of a dimension, by level: a code list has more, such as the months of a table by years."""
    shown = f"code IN (SELECT cells.{quoted(dimension)} FROM {schema}.{quoted(table)} AS cells)"
    rows = connection.execute(f"SELECT level, code FROM {schema}.{quoted(codelist)} WHERE {shown} ORDER BY sort_order, code").fetchall()
    levels: dict[str, list[str]] = {}
    for level, code in rows:
        levels.setdefault(level, []).append(code)
    return levels


def _words(dimensions, measures, fields, period) -> dict[str, str]:
    """What the columns of a view hold."""
    words = {}
    for name in dimensions:
        title = fields[name]["title"]
        words |= {name: f"{title}: code.", f"{name}_label": f"{title}: what the code stands for.", f"{name}_level": f"{title}: level of the code."}
    if period:
        words[f"{period}_start"] = f"{fields[period]['title']}: first day of the period, for charts; empty for all of it together."
    for measure, status in measures:
        words |= {name: fields[name]["description"] for name in (measure, status)} | {f"{status}_label": "What the status means; published where it is empty."}
    return words


def _view(schema, table, resource, dimensions, links, measures, words, period) -> list[str]:
    selected, joined = [], []
    for position, name in enumerate(dimensions):
        alias = f"list_{position}"  # every name has its schema: DuckDB 1.1 in Python takes a bare one for a variable of the program
        selected += [f"cells.{quoted(name)}", f"{alias}.label AS {quoted(f'{name}_label')}", f"{alias}.level AS {quoted(f'{name}_level')}"]
        joined.append(f"JOIN {schema}.{quoted(links[name])} AS {alias} ON {alias}.code = cells.{quoted(name)}")
        if name == period:
            first = f"CASE {alias}.level WHEN 'month' THEN {alias}.code || '-01' WHEN 'financial_year' THEN {alias}.code[:4] || '-04-01' WHEN 'total' THEN NULL"
            selected.append(f"CAST({first} ELSE {alias}.code[:4] || '-01-01' END AS DATE) AS {quoted(f'{name}_start')}")
    for measure, status in measures:
        cases = " ".join(f"WHEN {literal(code)} THEN {literal(label)}" for code, label in STATUS_CODES.items())
        meaning = f"CASE cells.{quoted(status)} {cases} ELSE 'published' END"
        selected += [f"cells.{quoted(measure)}", f"cells.{quoted(status)}", f"{meaning} AS {quoted(f'{status}_label')}"]
    text = f"SELECT {', '.join(selected)} FROM {schema}.{quoted(table)} AS cells {' '.join(joined)}"
    return commented(schema, f"v_{table}", text, f"{resource['title']}, with labels.", words)


def _latest(schema, table, resource, period, shortest, codelist, measure, words) -> list[str]:
    text = (
        f"SELECT * FROM {schema}.{quoted(f'v_{table}')} WHERE {quoted(period)} = (SELECT max(cells.{quoted(period)}) FROM {schema}.{quoted(table)} AS cells "
        f"JOIN {schema}.{quoted(codelist)} AS list ON list.code = cells.{quoted(period)} "
        f"WHERE list.level = {literal(shortest)} AND cells.{quoted(measure[1])} IS DISTINCT FROM {literal(NOT_AVAILABLE)})"
    )
    return commented(schema, f"v_{table}_latest", text, f"{resource['title']}, with labels: the latest {shortest} only.", words)


def commented(schema: str, view: str, text: str, words: str, columns: Mapping[str, str]) -> list[str]:
    """Statements that make a view of a query, with a comment on it and on each of its columns."""
    name = f"{schema}.{quoted(view)}"
    statements = [f"CREATE VIEW {name} AS {text}", f"COMMENT ON VIEW {name} IS {literal(words)}"]
    return statements + [f"COMMENT ON COLUMN {name}.{quoted(column)} IS {literal(said)}" for column, said in columns.items()]


def _macros(schema, table, others: Mapping[str, str], period, shortest, measures, fields, levels: Mapping[str, str]) -> list[str]:
    view = f"{schema}.{quoted(f'v_{table}')}"
    names = list(others)
    # A parameter with a default can only be given by name, in every version: the first dimension comes without one.
    given = [f"of_{name}" + (f" := {literal(others[name])}" if position else "") for position, name in enumerate(names)]
    chosen = " AND ".join(f"({quoted(name)} = of_{name} OR {quoted(f'{name}_label')} = of_{name})" for name in names) or "true"
    shown = ", ".join([*(f"{quoted(name)}, {quoted(f'{name}_label')}" for name in names), quoted(period), quoted(f"{period}_start"), quoted(f"{period}_label")])  # the label says so of a period that is not over
    values = ", ".join(f"{quoted(measure)}, {quoted(status)}" for measure, status in measures)
    by_name = f" Given by name, or else the total: {', '.join(f'of_{name}' for name in names[1:])}." if len(names) > 1 else ""
    said = f" of_{names[0]}: a code or a label; where several codes have a label, each is a series.{by_name}" if names else ""
    statements = _macro(
        schema,
        f"{table}_trend",
        [*given, f"by_level := {literal(shortest)}"],
        f"SELECT {shown}, {values} FROM {view} WHERE {chosen} AND {quoted(f'{period}_level')} = by_level ORDER BY ALL",
        f"One series over time.{said} by_level: which periods ({levels[period]}), {shortest} unless given by name.",
    )
    if names:
        first, *rest = names
        measure, status = measures[0]
        fixed = "".join(f" AND ({quoted(name)} = of_{name} OR {quoted(f'{name}_label')} = of_{name})" for name in rest)
        statements += _macro(
            schema,
            f"{table}_ranking",
            ["of_period", "of_level", *given[1:]],
            f"SELECT CASE WHEN {quoted(measure)} IS NOT NULL THEN rank() OVER (ORDER BY {quoted(measure)} DESC NULLS LAST) END AS place, "
            f"{quoted(first)}, {quoted(f'{first}_label')}, {quoted(measure)}, {quoted(status)} FROM {view} "
            f"WHERE {quoted(period)} = of_period AND {quoted(f'{first}_level')} = of_level{fixed} "
            f"ORDER BY {quoted(measure)} DESC NULLS LAST, {quoted(first)}",
            f"The codes of a level of {first}, highest first; those withheld have no place. of_period: a code of {period}; of_level: a level of {first} ({levels[first]}).",
        )
    counts = [measure for measure, _ in measures if fields[measure]["type"] == "integer"]
    if shortest == "month" and counts:
        whole = f"count(*) OVER w = 12 AND min({quoted(period)}) OVER w = strftime(CAST({quoted(period)} || '-01' AS DATE) - INTERVAL 11 MONTH, '%Y-%m')"
        sums = ", ".join(
            f"CASE WHEN {whole} AND count({quoted(measure)}) OVER w = 12 THEN CAST(sum({quoted(measure)}) OVER w AS BIGINT) END AS {quoted(f'{measure}_12_months')}"
            for measure in counts
        )
        apart = f"PARTITION BY {', '.join(map(quoted, names))} " if names else ""
        statements += _macro(
            schema,
            f"{table}_rolling_12",
            given,
            f"SELECT {shown}, {sums} FROM {view} WHERE {chosen} AND {quoted(f'{period}_level')} = 'month' "
            f"WINDOW w AS ({apart}ORDER BY {quoted(period)} ROWS BETWEEN 11 PRECEDING AND CURRENT ROW) ORDER BY ALL",
            f"Sums of twelve months in a row, where all twelve are published.{said}",
        )
    return statements


def _macro(schema: str, name: str, parameters: Sequence[str], text: str, words: str) -> list[str]:
    """Statements that make a macro of a query, with a comment on it."""
    whole = f"{schema}.{quoted(name)}"
    return [f"CREATE MACRO {whole}({', '.join(parameters)}) AS TABLE {text}", f"COMMENT ON MACRO TABLE {whole} IS {literal(words)}"]
