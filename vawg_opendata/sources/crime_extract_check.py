"""The judgement of the extract's tables before any of it is written: what is wrong with files, and which rows cannot be used.

Belongs here: what the rules, keys and links of the tables decide about each row, of an extract that is delivered whole and of the months of one
that is delivered by month. What a rule says in SQL is in `crime_extract_rows`; finding files and writing records is `crime_extract`'s.

All months that are read in one go are judged in one go, each by itself: a row hangs on rows of its own month, and a key is unique in it. What
is used by several months is found by `clashes`, also beside months that were read before; `check` is told of it and sets those rows aside.
"""

from collections.abc import Mapping, Sequence

import duckdb

from vawg_opendata.problems import Problem
from vawg_opendata.reference import fold, load_crosswalk
from vawg_opendata.schemas.crime_extract import DELIVERED
from vawg_opendata.schemas.fields import Field, TableSchema
from vawg_opendata.schemas.rules import literal, quoted
from vawg_opendata.sources import words
from vawg_opendata.sources.crime_extract_manifest import Manifest
from vawg_opendata.sources.crime_extract_rows import TAKEN_OVER, Rule, parsed, rules, unknown_codes
from vawg_opendata.sources.files import LandingFile
from vawg_opendata.sources.records import MALFORMED
from vawg_opendata.sources.tabular import FILE, ROW, stage

NAME = "crime_extract"
MEMORY = "1200MB"  # DuckDB's share; with Python and its libraries a run stays under 2 GB

TABLES = {table.name: table for table in DELIVERED}
KEYED = tuple(table.name for table in DELIVERED if not any(set(link.fields) <= set(table.primary_key) for link in table.foreign_keys))
"""The tables whose keys are not made of the key of what they hang on: what is unique in each month may still be used by several."""

FEW = 10
"""Fewer bad rows of a month's file can be most of it and say nothing about the file: a month has few orders."""

_PATH = ("met_group", "met_class", "met_offence", "vawg_offence")
_LABELS = ("crimsec_group", "crimseccodeexpansion", "crimsec_offences", "vawg_offence")  # the same in the dashboard's data

REPEATED = "a repeat of an earlier row"
CONFLICT = "the key is used by rows that differ"
CLASH = "the key is used in another month too"
ORPHAN = "no usable row of {table} has this key"
ORPHAN_OF_MONTH = "no usable row of {table} of this month has this key"

Rows = Mapping[str, Mapping[str, Sequence[int]]]
"""Numbers of rows by month and table."""


def month_of(file: LandingFile) -> str:
    """The month of a file of an extract that is delivered by month; '' of one that is delivered whole."""
    return file.name.rpartition("/")[0]


def by_table(files: Sequence[LandingFile]) -> dict[str, list[LandingFile]]:
    """The files of each table in the order of their months, tables in the order in which they depend on one another."""
    found = {name: sorted((file for file in files if file.kind == name), key=lambda file: file.name) for name in TABLES}
    return {name: listed for name, listed in found.items() if listed}


def check(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], manifest: Manifest, aside: Rows) -> list[Problem]:
    """Makes, of each table, `bad_<table>` (source_row, column, reason) and, where others hang on it, `keys_<table>`.

    Returns all problems of the content. Rows are numbered apart (`tabular.ROW`, `FILE`); those of `aside`, which clash with other months, are set
    aside. `keys_offences` holds what the other tables take over from their offence, too.
    `staged_<table>` and `malformed_<table>` are the table's own `staged` and `malformed` (`tabular.stage`), `counted` has the rows of each file,
    and `month_keys` what `clashes` goes by. Each file is parsed once, into the columns that decide about its rows; only those are kept in memory.
    """
    problems = []
    connection.execute(f"SET memory_limit='{MEMORY}'")
    connection.execute("CREATE OR REPLACE TEMP TABLE counted (file VARCHAR, rows BIGINT, spaced BIGINT)")
    connection.execute('CREATE OR REPLACE TEMP TABLE month_keys ("month" VARCHAR, "table" VARCHAR, source_row BIGINT, digest UBIGINT, "key" VARCHAR)')
    for name, listed in by_table(files).items():
        table = TABLES[name]
        found = [problem for problem in stage(connection, listed, table.names, apart=True) if problem.kind != "empty"]  # the manifest knows
        if found:
            return problems + found  # damaged: what hangs on this table cannot be judged
        if name == "offences":
            problems += _translate(connection)
        tried = rules(table, *_period(listed, manifest))
        _scan(connection, table, tried)
        _count(connection, listed)
        problems += _row_counts(connection, listed, manifest)
        problems += _unknown(connection, listed, table)
        _find_bad_rows(connection, listed, table, tried, aside)
        _keep_keys(connection, listed, table)
        problems += _unusable(connection, listed, table)
        connection.execute("DROP TABLE scanned")
        for kind in ("VIEW", "TABLE"):
            made = "staged" if kind == "VIEW" else "malformed"
            connection.execute(f"DROP {kind} IF EXISTS {made}_{name}; ALTER {kind} {made} RENAME TO {made}_{name}")
    return problems


def clashes(connection: duckdb.DuckDBPyConnection, keys: str) -> dict[str, dict[str, list[int]]]:
    """The rows whose key is used in several months, by month and table; `keys` is SQL for the `month_keys` of all months together.

    Only rows that break no rule use a key. Keys are told apart by a digest first, and in full where digests agree.
    """
    shared = f"""SELECT digest FROM {keys} GROUP BY "table", digest HAVING min("month") <> max("month")"""
    digests = [digest for (digest,) in connection.execute(shared).fetchall()]
    if not digests:
        return {}
    found = connection.execute(
        f"""WITH suspected AS (SELECT "month", "table", source_row, "key" FROM {keys} WHERE digest IN (SELECT unnest(?::UBIGINT[])))
        SELECT "month", "table", source_row FROM suspected
        SEMI JOIN (SELECT "table", "key" FROM suspected GROUP BY ALL HAVING min("month") <> max("month")) USING ("table", "key") ORDER BY ALL""",
        [digests],
    ).fetchall()
    rows: dict[str, dict[str, list[int]]] = {}
    for month, table, row in found:
        rows.setdefault(month, {}).setdefault(table, []).append(row)
    return rows


def names(files: Sequence[LandingFile]) -> str:
    """SQL: the name of the file of a row of `staged`, of a table's files in their order."""
    return _of_file([file.name for file in files])


def _of_file(values: Sequence[str]) -> str:
    """SQL: the value of these that belongs to the file of a row."""
    listed = ", ".join(map(literal, values))
    return listed if len(values) == 1 else f"([{listed}])[{FILE} + 1]"


def _period(files: Sequence[LandingFile], manifest: Manifest) -> tuple[str, str]:
    """SQL: the first and the last month of the file of a row."""
    months = [(month_of(file),) * 2 if month_of(file) else manifest.period(file.kind) for file in files]
    return _of_file([first for first, _ in months]), _of_file([last for _, last in months])


def _scan(connection: duckdb.DuckDBPyConnection, table: TableSchema, tried: Sequence[Rule]) -> None:
    """Makes `scanned`: of each row its number, keys, the first rule it breaks, and whether a category is unknown or a value has spaces around it."""
    keys = list(dict.fromkeys([*table.primary_key, *(name for link in table.foreign_keys for name in link.fields)]))
    if table.name == "offences":
        keys += [f"{sql} AS offence_{name}" for name, sql in TAKEN_OVER.items()] + [
            f"hash({', '.join('raw_' + name for name in _PATH)}) AS path"
        ]
    first = " ".join(f"WHEN {rule.broken} THEN {number}" for number, rule in enumerate(tried))
    unknown = " OR ".join(unknown_codes(table).values()) or "false"
    spaced = " OR ".join(f"spaced_{name}" for name in table.names)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE scanned AS SELECT source_row, {FILE}::INTEGER AS of_file, {", ".join(keys)},
        (CASE {first} END)::SMALLINT AS broken, {unknown} AS unknown, {spaced} AS spaced FROM ({parsed(table, "staged")})"""
    )


def _translate(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    """Makes `offence_codes`, which gives the code for the four names of an offence; problems for names without one."""
    codes = {tuple(fold(row[column]) for column in _LABELS): row["code"] for row in load_crosswalk("offence_labels")}
    complete = " AND ".join(f"trim(staged.{column}) <> ''" for column in _PATH)
    words.translate(connection, _PATH, "to_offence", lambda *path: codes.get(tuple(fold(word) for word in path)), complete)
    trimmed = ", ".join(f"trim({column}) AS {column}" for column in _PATH)
    # Rows are matched by a hash of the four names, which is much faster than comparing them; a few hundred do not collide.
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE offence_codes AS SELECT DISTINCT hash({", ".join(_PATH)}) AS path, offence_code
        FROM (SELECT {trimmed}, code AS offence_code FROM to_offence)"""
    )
    advice = "Add it to reference/offence.csv and offence_labels.csv."
    return words.unknown(connection, NAME, _PATH, "to_offence", ", ".join(_PATH), advice, complete)


def _count(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile]) -> None:
    """Adds the rows of each file to `counted`, malformed ones included, and how many have spaces around a value."""
    listed = ", ".join(f"({number}, {literal(file.name)})" for number, file in enumerate(files))
    connection.execute(
        f"""INSERT INTO counted SELECT file, coalesce(good, 0) + coalesce(bad, 0), coalesce(spaces, 0)
        FROM (VALUES {listed}) AS files(of_file, file)
        LEFT JOIN (SELECT of_file, count(*) AS good, count(*) FILTER (WHERE spaced) AS spaces FROM scanned GROUP BY ALL) USING (of_file)
        LEFT JOIN (SELECT source_file AS file, count(*) AS bad FROM malformed GROUP BY ALL) USING (file)"""
    )


def rows_of(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """By file that was checked, the number of its rows, malformed ones included, and of those with spaces around a value."""
    return {file: (rows, spaced) for file, rows, spaced in connection.execute("FROM counted").fetchall()}


def _row_counts(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], manifest: Manifest) -> list[Problem]:
    counted, problems = rows_of(connection), []
    for file in files:
        rows, promised = counted[file.name][0], manifest.promised(file.kind, month_of(file))
        if rows != promised:
            kind = "truncated" if rows < promised else "row-count"
            message = f"The file has {rows} rows and the manifest says {promised}. Deliver the files and the manifest of one extract, whole."
            problems.append(Problem(file=file.file, kind=kind, message=message))
    return problems


def _unknown(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], table: TableSchema) -> list[Problem]:
    """A blocking problem for each value of a coded column that is in no code list, by file."""
    if not connection.execute("SELECT count(*) FROM scanned WHERE unknown").fetchall()[0][0]:
        return []
    conditions = unknown_codes(table)
    cells = ", ".join(
        f"{{'column': {literal(column)}, 'value': CASE WHEN {broken} THEN {quoted(column)} END}}" for column, broken in conditions.items()
    )
    found = connection.execute(
        f"""SELECT {FILE}, cell."column", cell.value, min({ROW}), count(*) FROM (
            SELECT source_row, unnest([{cells}]) AS cell FROM ({parsed(table, "staged")})
            WHERE source_row IN (SELECT source_row FROM scanned WHERE unknown)
        ) WHERE cell.value IS NOT NULL GROUP BY ALL ORDER BY 1, 2, 4, 3 LIMIT {words.LISTED}"""
    ).fetchall()
    return [
        Problem(
            file=files[number].file,
            kind="unknown-category",
            message=_advice(table.field(column)),
            row=row,
            rows=rows,
            column=column,
            value=value,
        )
        for number, column, value, row, rows in found
    ]


def _advice(field: Field) -> str:
    words_too = f", words those of reference/{field.words}.csv" if field.words else ""
    return f"This category is not known. Codes are those of reference/{field.codes}.csv{words_too}."


def _find_bad_rows(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], table: TableSchema, tried: Sequence[Rule], aside: Rows) -> None:
    """Makes `bad_<table>`: rows that break a rule, then those whose key is not theirs alone, then those that hang on nothing."""
    listed = ", ".join(f"({number}, {literal(rule.column)}, {literal(rule.reason)})" for number, rule in enumerate(tried))
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE bad_{table.name} AS SELECT source_row, "column", reason
        FROM scanned JOIN (VALUES {listed}) AS rules(number, "column", reason) ON broken = number"""
    )
    key = ", ".join(table.primary_key)
    for number, file in enumerate(files):
        if clashing := aside.get(month_of(file), {}).get(table.name):
            connection.execute(
                f"""INSERT INTO bad_{table.name} SELECT source_row, {literal(key)}, {literal(CLASH)}
                FROM scanned WHERE of_file = {number} AND {ROW} IN (SELECT unnest(?::BIGINT[]))""",
                [list(clashing)],
            )
    usable = f"scanned WHERE source_row NOT IN (SELECT source_row FROM bad_{table.name})"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE shared AS SELECT source_row, of_file, {key} FROM {usable}
        AND (of_file, {key}) IN (SELECT (of_file, {key}) FROM {usable} GROUP BY of_file, {key} HAVING count(*) > 1)"""
    )
    if connection.execute("SELECT count(*) FROM shared").fetchall()[0][0]:
        cells = ", ".join(map(quoted, table.names))
        connection.execute(
            f"""INSERT INTO bad_{table.name} SELECT source_row, {literal(key)}, CASE WHEN repeated THEN {literal(REPEATED)} ELSE {literal(CONFLICT)} END
            FROM (
                SELECT source_row, min(content) OVER same = max(content) OVER same AS repeated, min(source_row) OVER same = source_row AS first
                FROM shared JOIN (SELECT source_row, hash({cells}) AS content FROM staged) USING (source_row) WINDOW same AS (PARTITION BY of_file, {key})
            ) WHERE NOT (repeated AND first)"""
        )
    reason = ORPHAN_OF_MONTH if month_of(files[0]) else ORPHAN
    for link in table.foreign_keys:
        complete = " AND ".join(f"{name} IS NOT NULL" for name in link.fields)
        same = " AND ".join(f"parent.{there} = child.{here}" for here, there in zip(link.fields, link.reference_fields, strict=True))
        connection.execute(
            f"""INSERT INTO bad_{table.name} SELECT source_row, {literal(", ".join(link.fields))}, {literal(reason.format(table=link.table))}
            FROM (FROM {usable} AND {complete}) AS child ANTI JOIN keys_{link.table} AS parent ON parent.of_file = child.of_file AND {same}"""
        )


def _keep_keys(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], table: TableSchema) -> None:
    """Makes `keys_<table>` of the usable rows, for the tables that hang on it; adds to `month_keys` what other months may use too."""
    if any(link.table == table.name for other in DELIVERED for link in other.foreign_keys):
        columns = "of_file, " + ", ".join(table.primary_key)
        join = ""
        if table.name == "offences":
            columns += ", offence_code, " + ", ".join(f"offence_{name}" for name in TAKEN_OVER)
            join = "LEFT JOIN offence_codes USING (path)"
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE keys_{table.name} AS
            SELECT {columns} FROM scanned {join} WHERE source_row NOT IN (SELECT source_row FROM bad_{table.name})"""
        )
    if month_of(files[0]) and table.name in KEYED:
        key = ", ".join(table.primary_key)
        connection.execute(
            f"""INSERT INTO month_keys SELECT {_of_file([month_of(file) for file in files])}, {literal(table.name)}, {ROW}, hash({key}), concat_ws(' ', {key})
            FROM scanned WHERE broken IS NULL"""
        )


def _unusable(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], table: TableSchema) -> list[Problem]:
    """Problems of rows, which block nothing, and of a file whose rows are mostly unusable, which does.

    Unlike other sources these rows are about one person each, so their values stay in the quarantine.
    """
    bad_rows = f"""SELECT {names(files)} AS source_file, '' AS part, {ROW} AS source_row, "column", reason, NULL AS value FROM bad_{table.name}
        UNION ALL SELECT source_file, '', source_row, '', {literal(MALFORMED)}, NULL FROM malformed"""
    problems = words.unusable(connection, NAME, bad_rows)
    bad = dict(connection.execute(f"SELECT source_file, count(*) FROM ({bad_rows}) GROUP BY ALL").fetchall())
    counted = rows_of(connection)
    for file in files:
        rows = counted[file.name][0]
        if bad.get(file.name, 0) * 2 > rows and (bad[file.name] >= FEW or not month_of(file)):
            message = f"{bad[file.name]} of {rows} rows cannot be used: this is not the file it should be, or its format has changed."
            problems.append(Problem(file=file.file, kind="mostly-unusable", message=message))
    return problems
