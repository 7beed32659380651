"""The record-level extract of the force's crime system: linked tables of offences, victims, suspects and what followed.

The folder holds `manifest.json` and one CSV or Parquet file per table (`vawg_opendata.schemas.crime_extract`); or, where it is delivered by
month, a folder `2014-01` per month with the tables of the offences recorded in that month, and the homicides beside them (`crime_extract_manifest`).

- A distinct crime counts 1 offence, however many victims it has. A victim row counts 1 victim of one offence: someone
  who is the victim of two offences counts twice. The Home Office's rule is one crime per victim, yet since CONNECT
  victims outnumber offences in the Met's own series, so neither is ever derived from the other.
- A victim is `counted` when female and known to be 10 or over, as in the published series of victims.
- Names of the Met's classification are looked up as in the dashboard's data: case, spaces and punctuation do not
  matter. Any other coded value must be a code of its list, spaces around it aside; one that is not stops the file.
- A row is quarantined when a value is missing, impossible or out of range, when its key is used twice (a repeat of the
  same row leaves the first in place; rows that differ all go), and when what it hangs on is absent or was quarantined.
  A quarantined victim does not take the offence along.
- A row belongs into the month of its offence. One that is in another is quarantined, and so are rows of several months that have one key: an offence
  whose day of record was moved is in both until the month that it left is delivered anew, and nobody knows which is right.
- 1900-01-01 as day of the offence means not known.

What is kept of a month does not tell how far the extract goes, so that a month more leaves it as it is: the records of a run lie in a folder
`vintage=2026-02`, from which DuckDB reads that column (Hive partitioning).
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from vawg_opendata.problems import Accounting, FileAccount, LandingError, Problem, Quarantine, write_parquet
from vawg_opendata.schemas.crime_extract import HOMICIDES, RECORDS
from vawg_opendata.schemas.fields import TableSchema
from vawg_opendata.schemas.origin import VINTAGE
from vawg_opendata.schemas.render import duckdb_columns
from vawg_opendata.schemas.rules import literal, quoted
from vawg_opendata.sources import crime_extract_manifest
from vawg_opendata.sources.crime_extract_check import NAME, TABLES, Rows, by_table, check, clashes, month_of, names, rows_of
from vawg_opendata.sources.crime_extract_manifest import Manifest
from vawg_opendata.sources.crime_extract_rows import UNKNOWN_DAY, derived, parsed
from vawg_opendata.sources.files import Discovery, LandingFile, Layout
from vawg_opendata.sources.recognise import recognise_file
from vawg_opendata.sources.records import MALFORMED
from vawg_opendata.sources.tabular import FILE, ROW, Form, examine, under_way

__all__ = ["NAME", "clashes", "discover", "discover_rest", "find", "is_by_month", "month_of", "prepare", "read", "stated", "synthetic"]

MONTH_KEYS = "month_keys"
"""The table of a connection with what other months may use too, once `prepare` was called; `clashes` tells what they do."""
EDITIONS = True
AT_ONCE = 24  # each file that is open takes memory, and a query over hundreds of them more time than its share
DATED = False  # no row is unusable because its day is yet to come, so none becomes usable by waiting

BY_MONTH = tuple(replace(schema, fields=tuple(field for field in schema.fields if field != VINTAGE)) for name, schema in RECORDS.items() if name != HOMICIDES.name)
"""The tables that may be delivered by month, as they are kept by month."""

_LAYOUTS = {table.name: Layout(f"the table {table.name} of the extract", table.name, table.names) for table in TABLES.values()}


def discover(folder: Path, connection: duckdb.DuckDBPyConnection) -> Discovery:
    """The tables of an extract and all that is wrong with them; see the package's protocol."""
    return _discover(folder, connection, months=True)


def discover_rest(folder: Path, connection: duckdb.DuckDBPyConnection) -> Discovery:
    """The tables that are delivered whole beside the months, and all that is wrong with them and with the folder."""
    return _discover(folder, connection, months=False)


def _discover(folder: Path, connection: duckdb.DuckDBPyConnection, *, months: bool) -> Discovery:
    manifest = crime_extract_manifest.load(folder, NAME)
    if isinstance(manifest, list):
        return Discovery((), (*manifest, *_strays(folder, ())))
    problems = _strays(folder, manifest.named)
    wanted = [(table, "", name) for table, name in manifest.files.items()] + (_monthly(manifest) if months else [])
    files = _recognised(folder, wanted, problems, examine)
    if any(problem.blocking for problem in problems):
        return Discovery(tuple(files), tuple(problems))  # rows of linked tables cannot be judged when one is missing
    return Discovery(tuple(files), (*problems, *_judged(connection, files)))


def _judged(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile]) -> list[Problem]:
    """The problems of all files by their rows: those that are delivered whole in one go, months a few at a time."""
    by_month: dict[str, list[LandingFile]] = {}
    for file in files:
        by_month.setdefault(month_of(file), []).append(file)
    whole, months = by_month.pop("", []), sorted(by_month)
    some = [[file for month in months[start : start + AT_ONCE] for file in by_month[month]] for start in range(0, len(months), AT_ONCE)]
    found = []
    for position, listed in enumerate(some):
        found.append(prepare(connection, listed, {}))
        connection.execute(f"CREATE TEMP TABLE every_key AS FROM {MONTH_KEYS}" if not position else f"INSERT INTO every_key FROM {MONTH_KEYS}")
    if some and not any(problem.blocking for problems in found for problem in problems) and (aside := clashes(connection, "every_key")):
        for position, listed in enumerate(some):
            if any(month_of(file) in aside for file in listed):
                found[position] = prepare(connection, listed, aside)
    if whole:
        found.append(prepare(connection, whole, {}))
    return [problem for problems in found for problem in problems]


def is_by_month(folder: Path) -> bool:
    """Whether an extract is delivered by month; False where its manifest cannot be read, which `discover` says."""
    manifest = crime_extract_manifest.load(folder, NAME)
    return not isinstance(manifest, list) and bool(manifest.months)


def stated(folder: Path) -> dict[str, str]:
    """What the manifest says of each month, as text: a month is what it was only while that stays too."""
    manifest = crime_extract_manifest.load(folder, NAME)
    return {} if isinstance(manifest, list) else {month: json.dumps(files) for month, files in manifest.months.items()}


def find(
    folder: Path, months: Collection[str] | None = None, examine: Callable[[Path], Form] = examine
) -> tuple[list[LandingFile], list[Problem]]:
    """The files of these months (all) of an extract that is delivered by month, and what is wrong with their form, which `examine` judges; rows
    are not read."""
    manifest = crime_extract_manifest.load(folder, NAME)
    if isinstance(manifest, list):
        return [], list(manifest)
    problems: list[Problem] = []
    wanted = [(table, month, name) for table, month, name in _monthly(manifest) if months is None or month in months]
    return _recognised(folder, wanted, problems, examine), problems


def prepare(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], aside: Rows) -> list[Problem]:
    """Judges files by their rows; those of `aside` clash with other months. Returns the problems; what `read` needs is left on the connection."""
    return check(connection, files, _manifest(files), aside)


def read(
    files: Sequence[LandingFile], connection: duckdb.DuckDBPyConnection, work: Path, quarantine: Quarantine, accounting: Accounting
) -> dict[str, Path]:
    """Writes the `extract_...` tables; see the package's protocol. The files are those that were prepared last on the connection: all that are delivered
    whole, or some months."""
    manifest = _manifest(files)
    records = work / "records"
    records.mkdir(parents=True, exist_ok=True)
    connection.execute(
        'CREATE OR REPLACE TEMP TABLE set_aside (file VARCHAR, part VARCHAR, "row" BIGINT, "column" VARCHAR, reason VARCHAR, "count" BIGINT, record VARCHAR)'
    )
    paths = {}
    for name, listed in by_table(files).items():
        table = TABLES[name]
        schema = next(schema for schema in (BY_MONTH if month_of(listed[0]) else RECORDS.values()) if schema.name == RECORDS[name].name)
        paths[schema.name] = records / f"{schema.name}.parquet"
        write_parquet(connection, _records(listed, table, schema, manifest), paths[schema.name])
        _set_aside(connection, listed, table)
        for account in _accounts(connection, listed, table, paths[schema.name], manifest):
            accounting.add(account)
    quarantine.write(connection, NAME, "FROM set_aside")
    return paths


def synthetic(files: Sequence[LandingFile]) -> bool:
    """Whether the extract that these files are of was made up. LandingError when its manifest cannot be read."""
    return _manifest(files).synthetic


def _manifest(files: Sequence[LandingFile]) -> Manifest:
    manifest = crime_extract_manifest.load(files[0].path.parents[1 if month_of(files[0]) else 0], NAME)
    if isinstance(manifest, list):
        raise LandingError(manifest)
    return manifest


def _monthly(manifest: Manifest) -> list[tuple[str, str, str]]:
    """Table, month and name of the files that are delivered by month."""
    return [(table, month, name) for month, files in manifest.months.items() for table, (name, _) in files.items()]


def _recognised(folder: Path, wanted: Sequence[tuple[str, str, str]], problems: list[Problem], examine: Callable[[Path], Form]) -> list[LandingFile]:
    """The files of these tables and months; adds what is wrong with their form to the problems."""
    files = []
    for table, month, name in wanted:
        path = folder / name
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is missing"
            of = f"{table} of {month}" if month else table
            problems.append(Problem(file=f"{NAME}/{name}", kind="missing", message=f"The manifest names this file for {of}; it {what}."))
            continue
        found = recognise_file(path, NAME, name, [_LAYOUTS[table]], {"csv", "parquet"}, examine=examine)
        (files if isinstance(found, LandingFile) else problems).extend([found] if isinstance(found, LandingFile) else found)
    return files


def _strays(folder: Path, named: Collection[str]) -> list[Problem]:
    """A problem for everything in the folder, and in those of its months, that the manifest does not name, and for every copy under way below it."""
    message = "The manifest does not name this file. Take it away, or deliver the manifest that belongs to it."
    months = {month for name in named if (month := name.rpartition("/")[0])}
    entries = [entry for place in (folder, *(folder / month for month in months)) if place.is_dir() for entry in place.iterdir()]
    copies = under_way(folder, NAME)
    known = {crime_extract_manifest.FILE, *named, *months, *(copy.file.removeprefix(f"{NAME}/") for copy in copies)}
    return copies + [
        Problem(
            file=f"{NAME}/{name}",
            kind="not-in-manifest",
            message=message,
            blocking=bool(named) and entry.suffix.lower() in (".csv", ".parquet"),
        )
        for name, entry in sorted((entry.relative_to(folder).as_posix(), entry) for entry in entries)
        if name not in known and not entry.name.startswith(".")
    ]


def _records(files: Sequence[LandingFile], table: TableSchema, schema: TableSchema, manifest: Manifest) -> str:
    """SQL: the rows of a record table."""
    fields = ", ".join(f"{quoted(name)}::{type} AS {quoted(name)}" for name, type in duckdb_columns(schema).items())
    more = derived(table.name)
    whole = "" if month_of(files[0]) else f", {literal(manifest.period(table.name)[1])} AS vintage"
    source = f"1 AS count, {names(files)} AS source_file{whole}"
    # Every table but the homicides is, or hangs on, an offence: directly or through its victim.
    offence = "" if table is HOMICIDES else "JOIN keys_offences USING (crime_ref, of_file)"
    usable = f"""(SELECT *, {FILE}::INTEGER AS of_file FROM ({parsed(table, f"staged_{table.name}")})) {offence}
        WHERE source_row NOT IN (SELECT source_row FROM bad_{table.name})"""
    numbered = f"SELECT * REPLACE ({ROW} AS source_row), source_row AS place FROM (SELECT *, {more}, {source} FROM {usable})"
    return f"SELECT {fields} FROM ({numbered}) ORDER BY place"


def _set_aside(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], table: TableSchema) -> None:
    """Adds the rows of a table that cannot be used to `set_aside`, as they were read."""
    columns = {"source_file": "source_file", "part": "part", "source_row": ROW} | {name: quoted(name) for name in table.names}
    cells = ", ".join(f"{literal(name)}: {sql}" for name, sql in columns.items())
    connection.execute(
        f"""INSERT INTO set_aside
        SELECT {names(files)}, '', {ROW}, "column", reason, 1, record
        FROM bad_{table.name} JOIN (SELECT source_row, to_json({{{cells}}})::VARCHAR AS record FROM staged_{table.name}) USING (source_row)
        UNION ALL SELECT source_file, '', source_row, '', {literal(MALFORMED)}, 1, to_json(record)::VARCHAR FROM malformed_{table.name}"""
    )


def _accounts(
    connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], table: TableSchema, path: Path, manifest: Manifest
) -> list[FileAccount]:
    """What was read is counted in the files, what was accepted in the records, what was quarantined in what was set aside."""
    written = f"read_parquet({literal(str(path))})"

    def by_file(what: str) -> Mapping[str, int]:
        return dict(connection.execute(f"SELECT source_file, {what} FROM {written} GROUP BY ALL").fetchall())

    accepted = by_file("count(*)")
    unknown_day = by_file(f"count(*) FILTER (WHERE committed_from_date = DATE {literal(UNKNOWN_DAY)})") if "committed_from_date" in table.names else {}
    reasons: dict[str, dict[str, int]] = {}
    for file, reason, rows in connection.execute("SELECT file, reason, count(*) FROM set_aside GROUP BY ALL ORDER BY ALL").fetchall():
        reasons.setdefault(file, {})[reason] = rows
    counted = rows_of(connection)
    accounts = []
    for file in files:
        rows, spaced = counted[file.name]
        aside = reasons.get(file.name, {})
        notes = {"with spaces around a value": spaced, "day of the offence not known": unknown_day.get(file.name, 0)}
        both = {"read": rows, "accepted": accepted.get(file.name, 0), "quarantined": sum(aside.values())}
        accounts.append(
            FileAccount(
                source=NAME,
                file=file.name,
                table=RECORDS[table.name].name,
                vintage=month_of(file) or manifest.period(table.name)[1],
                **{f"{what}_{state}": number for what in ("rows", "counts") for state, number in both.items()},
                quarantined_by_reason=aside,
                notes={note: number for note, number in notes.items() if number},
            )
        )
    return accounts
