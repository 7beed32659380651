"""The record-level extract of the force's crime system: linked tables of offences, victims, suspects and what followed.

The folder holds `manifest.json` and one CSV or Parquet file per table (`vawg_opendata.schemas.crime_extract`).

- A distinct crime counts 1 offence, however many victims it has. A victim row counts 1 victim of one offence: someone
  who is the victim of two offences counts twice. The Home Office's rule is one crime per victim, yet since CONNECT
  victims outnumber offences in the Met's own series, so neither is ever derived from the other.
- A victim is `counted` when female and known to be 10 or over, as in the published series of victims.
- Names of the Met's classification are looked up as in the dashboard's data: case, spaces and punctuation do not
  matter. Any other coded value must be a code of its list, spaces around it aside; one that is not stops the file.
- A row is quarantined when a value is missing, impossible or out of range, when its key is used twice (a repeat of the
  same row leaves the first in place; rows that differ all go), and when what it hangs on is absent or was quarantined.
  A quarantined victim does not take the offence along.
- 1900-01-01 as day of the offence means not known.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from vawg_opendata.problems import Accounting, FileAccount, LandingError, Problem, Quarantine, write_parquet
from vawg_opendata.reference import fold, load_crosswalk
from vawg_opendata.schemas.crime_extract import DELIVERED, HOMICIDES, RECORDS
from vawg_opendata.schemas.fields import Field, TableSchema
from vawg_opendata.schemas.render import duckdb_columns
from vawg_opendata.schemas.rules import literal, quoted
from vawg_opendata.sources import crime_extract_manifest, words
from vawg_opendata.sources.crime_extract_manifest import Manifest
from vawg_opendata.sources.crime_extract_rows import TAKEN_OVER, UNKNOWN_DAY, Rule, derived, parsed, rules, unknown_codes
from vawg_opendata.sources.files import Discovery, LandingFile, Layout
from vawg_opendata.sources.recognise import recognise_file
from vawg_opendata.sources.records import MALFORMED
from vawg_opendata.sources.tabular import stage

NAME = "crime_extract"
MEMORY = "1200MB"  # DuckDB's share; with Python and its libraries a run stays under 2 GB

_TABLES = {table.name: table for table in DELIVERED}
_LAYOUTS = {table.name: Layout(f"the table {table.name} of the extract", table.name, table.names) for table in DELIVERED}
_PATH = ("met_group", "met_class", "met_offence", "vawg_offence")
_LABELS = ("crimsec_group", "crimseccodeexpansion", "crimsec_offences", "vawg_offence")  # the same in the dashboard's data

REPEATED = "a repeat of an earlier row"
CONFLICT = "the key is used by rows that differ"
ORPHAN = "no usable row of {table} has this key"


def discover(folder: Path, connection: duckdb.DuckDBPyConnection) -> Discovery:
    """The tables of an extract and all that is wrong with them; see the package's protocol."""
    manifest = crime_extract_manifest.load(folder, NAME)
    strays = _strays(folder, {} if isinstance(manifest, list) else manifest.files)
    if isinstance(manifest, list):
        return Discovery((), (*manifest, *strays))
    files, problems = [], list(strays)
    for table, name in manifest.files.items():
        path = folder / name
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is missing"
            problems.append(Problem(file=f"{NAME}/{name}", kind="missing", message=f"The manifest names this file for {table}; it {what}."))
            continue
        found = recognise_file(path, NAME, name, [_LAYOUTS[table]], {"csv", "parquet"})
        (files if isinstance(found, LandingFile) else problems).extend([found] if isinstance(found, LandingFile) else found)
    if any(problem.blocking for problem in problems):
        return Discovery(tuple(files), tuple(problems))  # rows of linked tables cannot be judged when one is missing
    connection.execute(f"SET memory_limit='{MEMORY}'")
    return Discovery(tuple(files), (*problems, *_check(connection, files, manifest)))


def read(
    files: Sequence[LandingFile], connection: duckdb.DuckDBPyConnection, work: Path, quarantine: Quarantine, accounting: Accounting
) -> dict[str, Path]:
    """Writes the `extract_...` tables; see the package's protocol."""
    manifest = crime_extract_manifest.load(files[0].path.parent, NAME)
    if isinstance(manifest, list):
        raise LandingError(manifest)
    records = work / "records"
    records.mkdir(parents=True, exist_ok=True)
    connection.execute(
        'CREATE TEMP TABLE set_aside (file VARCHAR, part VARCHAR, "row" BIGINT, "column" VARCHAR, reason VARCHAR, "count" BIGINT, record VARCHAR)'
    )
    paths = {}
    for file in _in_order(files):
        table = _TABLES[file.kind]
        schema = RECORDS[table.name]
        paths[schema.name] = records / f"{schema.name}.parquet"
        write_parquet(connection, _records(file, table, manifest), paths[schema.name])
        _set_aside(connection, file, table)
        accounting.add(_account(connection, file, table, paths[schema.name], manifest))
    quarantine.write(connection, NAME, "FROM set_aside")
    return paths


def synthetic(files: Sequence[LandingFile]) -> bool:
    """Whether the extract that these files are of was made up. LandingError when its manifest cannot be read."""
    manifest = crime_extract_manifest.load(files[0].path.parent, NAME)
    if isinstance(manifest, list):
        raise LandingError(manifest)
    return manifest.synthetic


def _strays(folder: Path, files: dict[str, str]) -> list[Problem]:
    """A problem for everything in the folder that the manifest does not name."""
    message = "The manifest does not name this file. Take it away, or deliver the manifest that belongs to it."
    return [
        Problem(
            file=f"{NAME}/{entry.name}",
            kind="not-in-manifest",
            message=message,
            blocking=bool(files) and entry.suffix.lower() in (".csv", ".parquet"),
        )
        for entry in sorted(folder.iterdir())
        if entry.name not in {crime_extract_manifest.FILE, *files.values()} and not entry.name.startswith(".")
    ]


def _in_order(files: Sequence[LandingFile]) -> list[LandingFile]:
    """The files in the order in which their tables depend on one another."""
    return sorted(files, key=lambda file: list(_TABLES).index(file.kind))


def _check(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], manifest: Manifest) -> list[Problem]:
    """Makes, of each table, `bad_<table>` (source_row, column, reason) and, where others hang on it, `keys_<table>`.

    Returns all problems of the content. `keys_offences` holds what the other tables take over from their offence, too.
    `staged_<table>` and `malformed_<table>` are the table's own `staged` and `malformed` (`tabular.stage`).
    Each file is parsed once, into the columns that decide about its rows; only those are kept in memory.
    """
    problems = []
    connection.execute("CREATE TEMP TABLE counted (name VARCHAR, rows BIGINT, spaced BIGINT)")
    for file in _in_order(files):
        table = _TABLES[file.kind]
        found = [problem for problem in stage(connection, [file], table.names) if problem.kind != "empty"]  # the manifest knows
        if found:
            return problems + found  # damaged: what hangs on this table cannot be judged
        if table.name == "offences":
            problems += _translate(connection)
        tried = rules(table, manifest.period(table.name))
        _scan(connection, table, tried)
        connection.execute(
            f"""INSERT INTO counted SELECT {literal(table.name)}, count(*) + (SELECT count(*) FROM malformed), count(*) FILTER (WHERE spaced) FROM scanned"""
        )
        problems += _row_count(connection, file, manifest)
        problems += _unknown(connection, file, table)
        _find_bad_rows(connection, table, tried)
        _keep_keys(connection, table)
        problems += _unusable(connection, file, table)
        connection.execute("DROP TABLE scanned")
        for name in ("VIEW staged", "TABLE malformed"):
            connection.execute(f"ALTER {name} RENAME TO {name.split()[1]}_{table.name}")
    return problems


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
        f"""CREATE TEMP TABLE scanned AS SELECT source_row, {", ".join(keys)}, (CASE {first} END)::SMALLINT AS broken, {unknown} AS unknown, {spaced} AS spaced
        FROM ({parsed(table, "staged")})"""
    )


def _translate(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    """Makes `offence_codes`, which gives the code for the four names of an offence; problems for names without one."""
    codes = {tuple(fold(row[column]) for column in _LABELS): row["code"] for row in load_crosswalk("offence_labels")}
    complete = " AND ".join(f"trim(staged.{column}) <> ''" for column in _PATH)
    words.translate(connection, _PATH, "to_offence", lambda *path: codes.get(tuple(fold(word) for word in path)), complete)
    trimmed = ", ".join(f"trim({column}) AS {column}" for column in _PATH)
    # Rows are matched by a hash of the four names, which is much faster than comparing them; a few hundred do not collide.
    connection.execute(
        f"""CREATE TEMP TABLE offence_codes AS SELECT DISTINCT hash({", ".join(_PATH)}) AS path, offence_code
        FROM (SELECT {trimmed}, code AS offence_code FROM to_offence)"""
    )
    advice = "Add it to reference/offence.csv and offence_labels.csv."
    return words.unknown(connection, NAME, _PATH, "to_offence", ", ".join(_PATH), advice, complete)


def _row_count(connection: duckdb.DuckDBPyConnection, file: LandingFile, manifest: Manifest) -> list[Problem]:
    rows = _rows(connection, file)
    promised = manifest.rows[file.kind]
    if rows == promised:
        return []
    kind = "truncated" if rows < promised else "row-count"
    message = f"The file has {rows} rows and the manifest says {promised}. Deliver the files and the manifest of one extract, whole."
    return [Problem(file=file.file, kind=kind, message=message)]


def _rows(connection: duckdb.DuckDBPyConnection, file: LandingFile) -> int:
    """The number of rows of a file that was scanned, malformed ones included."""
    return connection.execute("SELECT rows FROM counted WHERE name = ?", [file.kind]).fetchall()[0][0]


def _unknown(connection: duckdb.DuckDBPyConnection, file: LandingFile, table: TableSchema) -> list[Problem]:
    """A blocking problem for each value of a coded column that is in no code list."""
    if not connection.execute("SELECT count(*) FROM scanned WHERE unknown").fetchall()[0][0]:
        return []
    conditions = unknown_codes(table)
    cells = ", ".join(
        f"{{'column': {literal(column)}, 'value': CASE WHEN {broken} THEN {quoted(column)} END}}" for column, broken in conditions.items()
    )
    found = connection.execute(
        f"""SELECT cell."column", cell.value, min(source_row), count(*) FROM (
            SELECT source_row, unnest([{cells}]) AS cell FROM ({parsed(table, "staged")})
            WHERE source_row IN (SELECT source_row FROM scanned WHERE unknown)
        ) WHERE cell.value IS NOT NULL GROUP BY ALL ORDER BY 1, 3, 2 LIMIT {words.LISTED}"""
    ).fetchall()
    return [
        Problem(
            file=file.file,
            kind="unknown-category",
            message=_advice(table.field(column)),
            row=row,
            rows=rows,
            column=column,
            value=value,
        )
        for column, value, row, rows in found
    ]


def _advice(field: Field) -> str:
    words_too = f", words those of reference/{field.words}.csv" if field.words else ""
    return f"This category is not known. Codes are those of reference/{field.codes}.csv{words_too}."


def _find_bad_rows(connection: duckdb.DuckDBPyConnection, table: TableSchema, tried: Sequence[Rule]) -> None:
    """Makes `bad_<table>`: rows that break a rule, then those whose key is not theirs alone, then those that hang on nothing."""
    listed = ", ".join(f"({number}, {literal(rule.column)}, {literal(rule.reason)})" for number, rule in enumerate(tried))
    connection.execute(
        f"""CREATE TEMP TABLE bad_{table.name} AS SELECT source_row, "column", reason
        FROM scanned JOIN (VALUES {listed}) AS rules(number, "column", reason) ON broken = number"""
    )
    usable = f"scanned WHERE source_row NOT IN (SELECT source_row FROM bad_{table.name})"
    key = ", ".join(table.primary_key)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE shared AS SELECT source_row, {key} FROM {usable}
        AND ({key}) IN (SELECT ({key}) FROM {usable} GROUP BY {key} HAVING count(*) > 1)"""
    )
    if connection.execute("SELECT count(*) FROM shared").fetchall()[0][0]:
        cells = ", ".join(map(quoted, table.names))
        connection.execute(
            f"""INSERT INTO bad_{table.name} SELECT source_row, {literal(key)}, CASE WHEN repeated THEN {literal(REPEATED)} ELSE {literal(CONFLICT)} END
            FROM (
                SELECT source_row, min(content) OVER same = max(content) OVER same AS repeated, min(source_row) OVER same = source_row AS first
                FROM shared JOIN (SELECT source_row, hash({cells}) AS content FROM staged) USING (source_row) WINDOW same AS (PARTITION BY {key})
            ) WHERE NOT (repeated AND first)"""
        )
    for link in table.foreign_keys:
        complete = " AND ".join(f"{name} IS NOT NULL" for name in link.fields)
        same = " AND ".join(f"parent.{there} = child.{here}" for here, there in zip(link.fields, link.reference_fields, strict=True))
        connection.execute(
            f"""INSERT INTO bad_{table.name} SELECT source_row, {literal(", ".join(link.fields))}, {literal(ORPHAN.format(table=link.table))}
            FROM (FROM {usable} AND {complete}) AS child ANTI JOIN keys_{link.table} AS parent ON {same}"""
        )


def _keep_keys(connection: duckdb.DuckDBPyConnection, table: TableSchema) -> None:
    """Makes `keys_<table>` of the usable rows, for the tables that hang on it."""
    if any(link.table == table.name for other in DELIVERED for link in other.foreign_keys):
        columns = ", ".join(table.primary_key)
        join = ""
        if table.name == "offences":
            columns += ", offence_code, " + ", ".join(f"offence_{name}" for name in TAKEN_OVER)
            join = "LEFT JOIN offence_codes USING (path)"
        connection.execute(
            f"CREATE TEMP TABLE keys_{table.name} AS SELECT {columns} FROM scanned {join} WHERE source_row NOT IN (SELECT source_row FROM bad_{table.name})"
        )


def _records(file: LandingFile, table: TableSchema, manifest: Manifest) -> str:
    """SQL: the rows of a record table."""
    fields = ", ".join(f"{quoted(name)}::{type} AS {quoted(name)}" for name, type in duckdb_columns(RECORDS[table.name]).items())
    more = derived(table.name)
    source = f"1 AS count, {literal(manifest.period(table.name)[1])} AS vintage, {literal(file.name)} AS source_file"
    # Every table but the homicides is, or hangs on, an offence: directly or through its victim.
    offence = "" if table is HOMICIDES else "JOIN keys_offences USING (crime_ref)"
    usable = f"({parsed(table, f'staged_{table.name}')}) {offence} WHERE source_row NOT IN (SELECT source_row FROM bad_{table.name})"
    return f"SELECT {fields} FROM (SELECT *, {more}, {source} FROM {usable}) ORDER BY source_row"


def _set_aside(connection: duckdb.DuckDBPyConnection, file: LandingFile, table: TableSchema) -> None:
    """Adds the rows of a table that cannot be used to `set_aside`, as they were read."""
    connection.execute(
        f"""INSERT INTO set_aside
        SELECT {literal(file.name)}, '', source_row, "column", reason, 1, to_json(staged)::VARCHAR FROM staged_{table.name} AS staged JOIN bad_{table.name} USING (source_row)
        UNION ALL SELECT {literal(file.name)}, '', source_row, '', {literal(MALFORMED)}, 1, to_json(record)::VARCHAR FROM malformed_{table.name}"""
    )


def _unusable(connection: duckdb.DuckDBPyConnection, file: LandingFile, table: TableSchema) -> list[Problem]:
    """Problems of rows, which block nothing, and of a file whose rows are mostly unusable, which does.

    Unlike other sources these rows are about one person each, so their values stay in the quarantine.
    """
    name = literal(file.name)
    problems = words.unusable(
        connection,
        NAME,
        f"""SELECT {name} AS source_file, '' AS part, *, NULL AS value FROM bad_{table.name}
        UNION ALL SELECT {name}, '', source_row, '', {literal(MALFORMED)}, NULL FROM malformed""",
    )
    bad = connection.execute(f"SELECT (SELECT count(*) FROM bad_{table.name}) + (SELECT count(*) FROM malformed)").fetchall()[0][0]
    rows = _rows(connection, file)
    if bad * 2 > rows:
        message = f"{bad} of {rows} rows cannot be used: this is not the file it should be, or its format has changed."
        problems.append(Problem(file=file.file, kind="mostly-unusable", message=message))
    return problems


def _account(connection: duckdb.DuckDBPyConnection, file: LandingFile, table: TableSchema, path: Path, manifest: Manifest) -> FileAccount:
    """What was read is counted in the file, what was accepted in the records, what was quarantined in what was set aside."""

    def one(query: str) -> int:
        return connection.execute(query).fetchall()[0][0]

    written = f"read_parquet({literal(str(path))})"
    notes = {"with spaces around a value": one(f"SELECT spaced FROM counted WHERE name = {literal(table.name)}")}
    if "committed_from_date" in table.names:
        notes["day of the offence not known"] = one(
            f"SELECT count(*) FROM {written} WHERE committed_from_date = DATE {literal(UNKNOWN_DAY)}"
        )
    reasons = connection.execute(
        "SELECT reason, count(*) FROM set_aside WHERE file = ? GROUP BY reason ORDER BY reason", [file.name]
    ).fetchall()
    rows = _rows(connection, file)
    accepted = one(f"SELECT count(*) FROM {written}")
    quarantined = sum(number for _, number in reasons)
    return FileAccount(
        source=NAME,
        file=file.name,
        table=RECORDS[table.name].name,
        vintage=manifest.period(table.name)[1],
        rows_read=rows,
        rows_accepted=accepted,
        rows_quarantined=quarantined,
        counts_read=rows,
        counts_accepted=accepted,
        counts_quarantined=quarantined,
        quarantined_by_reason=dict(reasons),
        notes={note: number for note, number in notes.items() if number},
    )
