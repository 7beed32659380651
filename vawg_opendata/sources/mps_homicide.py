"""The Metropolitan Police's homicide files on the London Datastore: victims, and persons proceeded against.

Both files exist in editions, each covering the series from January 2003 to a later month; several may be in the
landing folder, and every record says which edition (`vintage`) it is from. The words change between editions
(`Yes`/`No`, `Domestic`/`Not Domestic`; `Jan 2003`, `Jan-03`); `reference/homicide_values.csv` maps each to a code, and a
word it does not have is a blocking problem, as is a blank where a category should be.

- Identical rows are different people: the publisher gives no identifier and few fields, so every row counts.
- A female victim is one whose `Sex` is recorded as `Female`, nothing else. Male victims and those whose sex is
  unrecorded are kept in the records with their own codes.
- The date is the month in which the homicide was recorded, or of the proceedings; a row whose date is impossible is
  quarantined, as is one whose count is missing or no whole number. The misspelt `Febraury` is in the table of months.
- The borough may be Heathrow, which stands beside the 32 boroughs. Editions move a few victims between boroughs.
- `Burning, scalding` is named in the later edition only and is part of `Other method` in the code list's first level.
- There is no relationship between victim and suspect in these files, and victims and accused cannot be linked.
"""

import datetime
from collections.abc import Sequence
from pathlib import Path

import duckdb

from vawg_opendata.problems import Accounting, Problem, Quarantine
from vawg_opendata.reference import by_folded_label, fold, load_codelist, load_crosswalk
from vawg_opendata.schemas.homicide import HOMICIDE_ACCUSED, HOMICIDE_VICTIMS
from vawg_opendata.sources import records, words
from vawg_opendata.sources.files import Discovery, LandingFile, Layout
from vawg_opendata.sources.recognise import recognise
from vawg_opendata.sources.tabular import identifier, quote, stage

NAME = "mps_homicide"

VICTIMS = Layout(
    "homicide victims (editions to December 2020 and December 2021)",
    "victims",
    (
        "Count of Victims",
        "Age Group",
        "Sex",
        "Method of Killing",
        "Domestic Abuse",
        "Recorded Date",
        "Homicide Offence Type",
        "Solved Status",
        "Borough",
        "Officer Observed Ethnicity",
    ),
)
ACCUSED = Layout(
    "persons proceeded against for homicide (edition to December 2020)",
    "accused",
    (
        "Count of PPA",
        "Borough",
        "Gender",
        "Age Group",
        "Self Classified Ethnicity",
        "Offence Type",
        "Charged/Summonsed",
        "Proceedings Date",
    ),
)
_TABLES = {"victims": HOMICIDE_VICTIMS, "accused": HOMICIDE_ACCUSED}
_COUNT = {"victims": "count_of_victims", "accused": "count_of_ppa"}
_DATE = {"victims": "recorded_date", "accused": "proceedings_date"}


def discover(folder: Path, connection: duckdb.DuckDBPyConnection) -> Discovery:
    """The homicide files of a folder and all that is wrong with them; see the package's protocol."""
    found = recognise(folder, NAME, (VICTIMS, ACCUSED), {"csv", "xlsx"})
    return Discovery(found.files, (*found.problems, *_prepare(connection, found.files)))


def read(
    files: Sequence[LandingFile], connection: duckdb.DuckDBPyConnection, work: Path, quarantine: Quarantine, accounting: Accounting
) -> dict[str, Path]:
    """Writes `homicide_victims` and `homicide_accused`; see the package's protocol."""
    return records.write(
        connection,
        NAME,
        tuple(_TABLES.values()),
        work,
        quarantine,
        accounting,
        staged_count=f"coalesce({words.count_sql('count_of_victims')}, {words.count_sql('count_of_ppa')})",
        notes="""SELECT source_file, part, 'rows identical to another', sum(alike - 1)::BIGINT FROM (
            SELECT source_file, part, count(*) AS alike FROM coded WHERE reason IS NULL
            GROUP BY source_file, part, month, age_group, sex, method, domestic_abuse, offence_type, status, area, ethnicity,
                charged_summonsed
        ) GROUP BY ALL""",
    )


def _prepare(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile]) -> list[Problem]:
    """Makes the table `coded` of the rows of both kinds of file, and returns the problems of their content."""
    problems = stage(connection, files, tuple(dict.fromkeys(VICTIMS.columns + ACCUSED.columns)))
    selects = []
    for kind in _TABLES:
        sources = [(file.name, sheet) for file in files for sheet, layout in (file.sheets or (("", file.layout),)) if layout.kind == kind]
        where = " OR ".join(f"(source_file = {quote(name)} AND part = {quote(sheet)})" for name, sheet in sources) or "false"
        problems += _translate(connection, kind, where)
        selects.append(_coded(kind, where))
    connection.execute("CREATE OR REPLACE TEMP TABLE coded AS " + " UNION ALL BY NAME ".join(selects))
    return problems + records.judge(connection, NAME)


def _fields(kind: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Published column and code by folded word, for each coded field of a kind of file."""
    fields: dict[str, tuple[str, dict[str, str]]] = {}
    for row in load_crosswalk("homicide_values"):
        if row["table"] == kind:
            fields.setdefault(row["field"], (row["column"], {}))[1][fold(row["published"])] = row["code"]
    boroughs = [row for row in load_codelist("area").rows if row["level"] == "borough" and row["code"] not in ("Other", "Unknown")]
    return fields | {"area": ("Borough", by_folded_label(boroughs))}


def _translate(connection: duckdb.DuckDBPyConnection, kind: str, where: str) -> list[Problem]:
    problems = []
    for field, (column, codes) in _fields(kind).items():
        table = f"{kind}_{field}"
        words.translate(connection, [identifier(column)], table, lambda word, codes=codes: codes.get(fold(word or "")), where)
        advice = (
            "Add it to reference/homicide_values.csv with its code." if field != "area" else "Boroughs are those of reference/area.csv."
        )
        problems += words.unknown(connection, NAME, [identifier(column)], table, column, advice, where)
    today = datetime.date.today()
    words.translate(connection, [_DATE[kind]], f"{kind}_month", lambda word: words.month(word, today), where)
    return problems


def _coded(kind: str, where: str) -> str:
    """SQL: the rows of one kind of file, coded as `records` asks."""
    fields = _fields(kind)
    number = words.count_sql(f"staged.{_COUNT[kind]}")
    codes = ", ".join(f"{kind}_{field}.code AS {field}" for field in fields)
    joins = " ".join(words.join([identifier(column)], f"{kind}_{field}") for field, (column, _) in fields.items())
    reasons = records.first_reason(
        [
            (_DATE[kind], f"{kind}_month.code IS NULL", "the date is missing, impossible or in the future"),
            (_COUNT[kind], f"{number} IS NULL", "the count is missing or no whole number"),
        ]
    )
    return f"""SELECT staged.source_file, staged.part, staged.source_row, {quote(_TABLES[kind].name)} AS target,
        {quote(f"homicide {kind}")} AS series, {kind}_month.code AS period, {reasons}, {number} AS "count",
        CASE WHEN {kind}_month.code IS NULL OR {number} IS NULL THEN to_json(staged)::VARCHAR END AS record,
        {kind}_month.code AS month, left({kind}_month.code, 4)::BIGINT AS year, {codes}
        FROM staged {joins} {words.join([_DATE[kind]], f"{kind}_month")} WHERE {where}"""
