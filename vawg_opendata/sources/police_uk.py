"""Street-level crime from data.police.uk, as its archive delivers it: `YYYY-MM/YYYY-MM-<force>-street.csv`.

Read are the files of London's two territorial forces in every header used since December 2010. What the archive has
beside them (other forces, outcomes, stop and search) is reported and not read.

- Every row of a file is a crime. A crime identifier may return with another crime type (several offences of one case),
  and rows may be identical, most often anti-social behaviour, which has no identifier and shares map points. Neither is
  a duplicate to remove; the account says how many there are. Two files of one force and month, though, would count
  everything twice and are a blocking problem.
- Force and month are those of the file's name and folder. A row that says another month or force is quarantined; if
  most rows of a file do, it is misnamed and stops the run.
- No LSOA (`No Location`, blank, or the first years' files, which have only coordinates) is the area `Unknown`. An LSOA
  outside London is `Outside-London`: forces report crimes elsewhere, and the map point may lie across the border. An LSOA
  we do not know that is named after a London borough is a blocking problem, as is any code of another form.
- LSOAs of 2011 that were merged in 2021 are carried to their successor by the official lookup (columns LSOA11CD and
  LSOA21CD) if `police_uk/` or `geography/` of the landing folder holds it. Those that were divided have several
  successors and no row says which: they keep their code of 2011, as do all of them without a lookup. Boroughs are
  not touched by this. The account says how many rows were carried and how many were not.
- The publisher's files do not always hold all crime types (an extract of one type is common), so no crime type is zero
  because it is missing. `street_coverage` says which types the file of a force and month holds. A suffix after
  `-street` in the name (`-street-sample`) marks an extract of the publisher's file.
"""

import datetime
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from vawg_opendata.problems import Accounting, Problem, Quarantine, write_parquet
from vawg_opendata.reference import by_folded_label, fold, load_codelist
from vawg_opendata.schemas.rules import quoted
from vawg_opendata.schemas.street import STREET_COVERAGE, STREET_CRIMES
from vawg_opendata.sources import records, words
from vawg_opendata.sources.files import Discovery, LandingFile, Layout
from vawg_opendata.sources.recognise import recognise_file
from vawg_opendata.sources.tabular import COPYING, Form, examine, examine_header, plain, quote, stage, walk

NAME = "police_uk"

LAYOUTS = (
    Layout(
        "street crime since 2011",
        "street",
        (
            "Crime ID",
            "Month",
            "Reported by",
            "Falls within",
            "Longitude",
            "Latitude",
            "Location",
            "LSOA code",
            "LSOA name",
            "Crime type",
            "Last outcome category",
            "Context",
        ),
    ),
    Layout(
        "street crime of 2010 and 2011 (longitude and latitude, no identifiers)",
        "street",
        ("Month", "Reported by", "Falls within", "Longitude", "Latitude", "Location", "Crime type", "Context"),
    ),
    Layout(
        "street crime of 2010 (eastings and northings, no identifiers)",
        "street",
        ("Month", "Reported by", "Falls within", "Easting", "Northing", "Location", "Crime type", "Context"),
    ),
)
LOOKUP = Layout("the lookup of LSOA 2011 to LSOA 2021", "lookup", ("LSOA11CD", "LSOA21CD"))
GEOGRAPHY = "geography"  # the folder of lookups beside those of the sources
BY_MONTH = (STREET_CRIMES, STREET_COVERAGE)
MONTH_KEYS = ""  # a crime identifier may be used again
EDITIONS = False
DATED = True
AT_ONCE = 1000
FORCES = ("metropolitan", "city-of-london")
_STAGED = ("Crime ID", "Month", "Reported by", "LSOA code", "LSOA name", "Crime type")
_NAME = re.compile(r"(\d{4}-\d{2})-([a-z-]+?)-(street|outcomes|stop-and-search)(-[\w-]+)?\.csv", re.IGNORECASE)
_LSOA = re.compile(r"[EWSN]\d{8}|95[A-Z]{2}\d{2}[A-Z]\d")


def discover(folder: Path, connection: duckdb.DuckDBPyConnection) -> Discovery:
    """The street files and lookups of a folder (and of `geography` beside it) and all that is wrong with them."""
    files, problems = find(folder)
    return Discovery(tuple(files), (*problems, *prepare(connection, files, {})))


def read(
    files: Sequence[LandingFile], connection: duckdb.DuckDBPyConnection, work: Path, quarantine: Quarantine, accounting: Accounting
) -> dict[str, Path]:
    """Writes `street_crimes` and `street_coverage`; see the package's protocol."""
    paths = records.write(connection, NAME, (STREET_CRIMES,), work, quarantine, accounting, staged_count="1", notes=_NOTES)
    paths[STREET_COVERAGE.name] = work / "records" / f"{STREET_COVERAGE.name}.parquet"
    write_parquet(connection, _COVERAGE, paths[STREET_COVERAGE.name])
    return paths


def find(
    folder: Path, months: Collection[str] | None = None, examine: Callable[[Path], Form] = examine
) -> tuple[list[LandingFile], list[Problem]]:
    """The street files (of these months; all) and lookups of a folder, and what is wrong with their names and form, which `examine` judges;
    rows are not read."""
    files: list[LandingFile] = []
    problems: list[Problem] = []
    for place, lookups in ((folder, ""), (folder.parent / GEOGRAPHY, GEOGRAPHY)):
        for found in walk(place, lookups or NAME):
            if isinstance(found, Problem):
                problems.append(replace(found, blocking=found.kind == COPYING) if lookups else found)
                continue
            path, name = found
            named = _NAME.fullmatch(path.name)
            if months is not None and named and named[1] not in months:
                continue
            result = _lookup(path, name, lookups, examine) if lookups else _recognise(path, name, examine)
            if isinstance(result, LandingFile):
                files.append(result)
            else:
                problems += result
    return files, problems + _twice(files)


def is_by_month(folder: Path) -> bool:
    """True: the archive has a folder for each month."""
    return True


def discover_rest(folder: Path, connection: duckdb.DuckDBPyConnection) -> Discovery:
    """Nothing: all of it comes by month."""
    return Discovery((), ())


def stated(folder: Path) -> dict[str, str]:
    """Nothing: all that is known of a month is in its files."""
    return {}


def month_of(file: LandingFile) -> str:
    """The month of a street file; '' of a lookup, which all months consult."""
    return _force_and_month(file)[1] if file.kind == "street" else ""


def _lookup(path: Path, name: str, folder: str, examine: Callable[[Path], Form]) -> LandingFile | list[Problem]:
    """A lookup, or a note on a file that is none."""
    form = examine(path)
    if path.suffix.lower() == ".csv" and not form.fault and {*map(fold, LOOKUP.columns)} <= {*map(fold, form.header)}:
        return LandingFile(
            path=path, source=NAME, folder=folder, name=name, format="csv", layout=LOOKUP, bytes=form.bytes, sha256=form.sha256
        )
    why = form.fault[1] if form.fault else f"It is not {LOOKUP.name}, a CSV file with the columns {' and '.join(LOOKUP.columns)}."
    return [Problem(file=f"{folder}/{name}", kind="not-read", message=f"Not read. {why}", blocking=False)]


def _recognise(path: Path, name: str, examine: Callable[[Path], Form]) -> LandingFile | list[Problem]:
    """A street file or a lookup, or the problems of anything else."""
    label, parts = f"{NAME}/{name}", _NAME.fullmatch(path.name)
    if parts is None:
        message = "Files of this source are named YYYY-MM-<force>-street.csv, as in the publisher's archive."
        found = _lookup(path, name, NAME, examine)
        return found if isinstance(found, LandingFile) else [Problem(file=label, kind="name", message=message)]
    month, force, content = parts[1], parts[2].lower(), parts[3].lower()
    if content != "street" or force not in FORCES:
        message = "Not a street file of a force of London; it is not read."
        return [Problem(file=label, kind="not-read", message=message, blocking=False)]
    problems = []
    if words.month(month, datetime.date.today()) is None:
        problems.append(
            Problem(file=label, kind="name", value=month, message="The month in the file's name is impossible or in the future.")
        )
    if re.fullmatch(r"\d{4}-\d{2}", path.parent.name) and path.parent.name != month:
        problems.append(Problem(file=label, kind="name", value=month, message="The month in the file's name is not that of its folder."))
    result = recognise_file(path, NAME, name, LAYOUTS, {"csv"}, examine=examine)
    return problems + result if isinstance(result, list) else problems or result


def _twice(files: Sequence[LandingFile]) -> list[Problem]:
    seen: dict[tuple[str, str], str] = {}
    problems = []
    for file in files:
        if file.kind == "street" and seen.setdefault(_force_and_month(file), file.name) != file.name:
            message = f"{seen[_force_and_month(file)]} is of the same force and month: its crimes would be counted twice. Keep one of them."
            problems.append(Problem(file=file.file, kind="twice", message=message))
    return problems


def _force_and_month(file: LandingFile) -> tuple[str, str]:
    parts = _NAME.fullmatch(file.path.name)
    return parts[2].lower(), parts[1]


def prepare(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], aside: Mapping[str, object]) -> list[Problem]:
    """Makes `coded` (in `good` the rows that can be used, as small as they can be held; in `bad` the others). No rows clash with those of other
    months: `aside` is empty."""
    street = [file for file in files if file.kind == "street"]
    problems = stage(connection, street, _STAGED)
    problems += _reference(connection, street, [file for file in files if file.kind == "lookup"])
    problems += _translate(connection)
    # Each join looks the words of a row up in a small table; planned otherwise, the rows would be held in memory instead.
    connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
    connection.execute(_TYPES)
    connection.execute(_GOOD)
    none_bad = connection.execute(
        "SELECT (SELECT count(*) FROM good) + (SELECT count(*) FROM malformed) = (SELECT sum(rows) FROM sizes)"
    ).fetchall()[0][0]
    connection.execute(_BAD + (" LIMIT 0" if none_bad else ""))  # spares a pass over the files
    connection.execute(_CODED)
    return problems + records.judge(connection, NAME)


def _reference(connection: duckdb.DuckDBPyConnection, street: Sequence[LandingFile], lookups: Sequence[LandingFile]) -> list[Problem]:
    """Makes `areas` (code, borough, lsoa_year), `street_files` (source_file, force, month, whole) and `successors` (old, new)."""
    codelist = load_codelist("police_uk_area")
    leaves = set(codelist.leaves)
    places = [row for row in codelist.rows if row["code"] in leaves]
    boroughs = [row["code"] if row["level"] == "borough" else row["parent"] for row in places]
    rows = [(row["code"], borough, row["lsoa_year"]) for row, borough in zip(places, boroughs, strict=True)]
    words.tabulate(connection, "areas", ("code", "borough", "lsoa_year"), rows)
    extracts = {file.name for file in street if _NAME.fullmatch(file.path.name)[4]}
    rows = [(file.name, *_force_and_month(file), str(file.name not in extracts).lower()) for file in street]
    words.tabulate(connection, "street_files", ("source_file", "force", "month", "whole"), rows)
    connection.execute("CREATE OR REPLACE TEMP TABLE pairs (old VARCHAR, new VARCHAR)")
    for lookup in lookups:
        columns = {fold(column): column for column in examine_header(lookup.path)}
        old, new = (quoted(columns[fold(column)]) for column in LOOKUP.columns)
        try:
            connection.execute(
                f"""INSERT INTO pairs SELECT {old}, {new}
                FROM read_csv({quote(plain(lookup.path))}, header=true, all_varchar=true, delim=',', quote='"')"""
            )
        except duckdb.Error:
            return [Problem(file=lookup.file, kind="csv", message="The lookup cannot be parsed as CSV. Download it again.")]
    # Only a code with a single successor, one of ours, can be carried; a divided area stays what it is.
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE successors AS SELECT old, any_value(new) AS new FROM pairs
        WHERE old IN (SELECT code FROM areas WHERE lsoa_year = '2011') GROUP BY old
        HAVING count(DISTINCT new) = 1 AND any_value(new) IN (SELECT code FROM areas)"""
    )
    return []


def _translate(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    """Makes `crime_types`, `forces` and `lsoas`, word to code; problems for words without one."""
    types = by_folded_label([row for row in load_codelist("crime_type").rows if row["level"] != "total"])
    forces = by_folded_label([row for row in load_codelist("force").rows if row["level"] != "total"])
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE vocabulary AS SELECT DISTINCT crime_type, reported_by, lsoa_code, lsoa_name FROM staged"
    )
    words.translate(connection, ["crime_type"], "crime_types", lambda word: types.get(fold(word or "")), relation="vocabulary")
    words.translate(connection, ["reported_by"], "forces", lambda word: forces.get(fold(word or "")), relation="vocabulary")
    known = {row[0] for row in connection.execute("SELECT code FROM areas WHERE lsoa_year <> ''").fetchall()}
    successors = dict(connection.execute("SELECT old, new FROM successors").fetchall())
    boroughs = {
        fold(row["label"]) for row in load_codelist("police_uk_area").rows if row["level"] == "borough" and row["parent"] != "total"
    }

    def area(code: str | None, name: str | None) -> str | None:
        code = (code or "").strip()
        if not code:
            return "Unknown"
        if code in known:
            return successors.get(code, code)
        place = (name or "").rpartition(" ")[0]  # LSOA names are the district's and a number: Camden 024A
        return "Outside-London" if _LSOA.fullmatch(code) and fold(place) not in boroughs else None

    words.translate(connection, ["lsoa_code", "lsoa_name"], "lsoas", area, relation="vocabulary")
    advice = "LSOAs of London are those of reference/police_uk_area.csv; codes look like E01000001."
    return [
        *words.unknown(connection, NAME, ["crime_type"], "crime_types", "Crime type", "Add it to reference/crime_type.csv."),
        *words.unknown(connection, NAME, ["lsoa_code", "lsoa_name"], "lsoas", "LSOA code, LSOA name", advice),
    ]


_RULES = [
    ("month", "trim(staged.month) IS DISTINCT FROM street_files.month", "the month is missing or not that of the file"),
    ("reported_by", "forces.code IS DISTINCT FROM street_files.force", "the force is missing or not that of the file"),
]
_BROKEN = " OR ".join(f"({condition})" for _, condition, _ in _RULES)
_ROWS = f"""FROM staged LEFT JOIN street_files USING (source_file) {words.join(["reported_by"], "forces")}
    {words.join(["crime_type"], "crime_types")} {words.join(["lsoa_code", "lsoa_name"], "lsoas")}
    LEFT JOIN areas ON areas.code = lsoas.code"""

# Codes are held as enumerations: 5 million rows take 150 MB in this way, ten times less than as text.
_TYPES = """CREATE TYPE file_name AS ENUM (SELECT source_file FROM street_files ORDER BY 1);
    CREATE TYPE area_code AS ENUM (SELECT code FROM areas);
    CREATE TYPE crime_type_code AS ENUM (SELECT DISTINCT code FROM crime_types WHERE code IS NOT NULL ORDER BY 1)"""

_GOOD = f"""CREATE OR REPLACE TEMP TABLE good AS SELECT source_file::file_name AS source_file, staged.source_row,
    lsoas.code::area_code AS area, crime_types.code::crime_type_code AS crime_type,
    lsoas.code <> 'Unknown' AS location_known,
    lsoas.code <> 'Unknown' AND areas.lsoa_year <> '' AND lsoas.code <> trim(staged.lsoa_code) AS carried,
    CASE WHEN staged.crime_id IS NOT NULL THEN hash(staged.crime_id) END AS crime_id {_ROWS} WHERE NOT ({_BROKEN})"""

_BAD = f"""CREATE OR REPLACE TEMP TABLE bad AS SELECT source_file, staged.source_row, {records.first_reason(_RULES)},
    to_json(staged)::VARCHAR AS record {_ROWS} WHERE {_BROKEN}"""

_CODED = """CREATE OR REPLACE TEMP VIEW coded AS
    SELECT source_file::VARCHAR AS source_file, '' AS part, source_row, 'street_crimes' AS target, NULL::VARCHAR AS series, month AS period,
        NULL::VARCHAR AS reason, NULL::VARCHAR AS reason_column, NULL::VARCHAR AS value, 1::BIGINT AS "count", NULL::VARCHAR AS record,
        month, force, area::VARCHAR AS area, borough, crime_type::VARCHAR AS crime_type, location_known,
        crime_id IS NOT NULL AS crime_id_present
    FROM good LEFT JOIN street_files USING (source_file) LEFT JOIN areas ON areas.code = good.area
    UNION ALL BY NAME
    SELECT source_file, '' AS part, source_row, 'street_crimes' AS target, reason, reason_column, value,
        1::BIGINT AS "count", record FROM bad"""

_NOTES = """SELECT source_file, '' AS part, note, "rows" FROM (
    SELECT source_file,
        count(*) FILTER (WHERE NOT location_known) AS "no location published",
        count(*) FILTER (WHERE area = 'Outside-London') AS "outside London",
        count(*) FILTER (WHERE carried) AS "LSOA of 2011 carried to 2021",
        count(*) FILTER (WHERE area IN (SELECT code FROM areas WHERE lsoa_year = '2011')) AS "LSOA of 2011 kept",
        count(*) FILTER (WHERE crime_id IS NULL) AS "no crime identifier",
        count(crime_id) - count(DISTINCT crime_id) AS "crime identifier used before in the file"
    FROM good GROUP BY source_file
) UNPIVOT ("rows" FOR note IN (COLUMNS(* EXCLUDE source_file)))"""

_COVERAGE = """SELECT force, month, crime_type::VARCHAR AS crime_type, count(*)::BIGINT AS "rows",
    (count(*) OVER (PARTITION BY force, month))::BIGINT AS crime_types, bool_and(whole::BOOLEAN) AS whole_file
    FROM good JOIN street_files USING (source_file) GROUP BY force, month, crime_type ORDER BY ALL"""
