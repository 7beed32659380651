"""The Metropolitan Police's "Violence Against Women and Girls dashboard data": offences and victims by month.

Each edition is two files, offences and victims, as the publisher's workbook (XLSX, one sheet per view) or as Parquet
that stacks the sheets (column `sheet`, headers in lower case). Both forms give the same records.

- The sheets of a measure are separate views of one total. They go to separate tables, are never added, and must agree
  on the total and on every recorded month: where they do not, the file is not used, because its tables would contradict
  each other. A row that has to be quarantined is missing from its sheet alone. By area and by ethnic appearance a few of
  what is missing may be counted as unknown, as the other sheets tell their number; by offence and by age group there is
  no code for that, and the row stops the file.
- Offences and victims are different measures and need not agree.
- An offence is looked up by its whole path (group, class, VAWG offence, offence) in `reference/offence_labels.csv`,
  ignoring case, spaces and punctuation, since labels differ in a full stop, a dash or a double space.
- A ward is looked up by name within its borough, since 13 names are shared by several. A blank ward has the borough's
  own code for it. The Basic Command Unit must be the borough's.
- The recorded month is the axis of the series; a row without a possible one is quarantined. The committed month is
  kept as published, 1900 (not known) and months after the recorded one included, and counted in the account.
- Counts of victims are of female victims aged 10 and over, as far as the publisher's groups tell.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from vawg_opendata.problems import Accounting, Problem, Quarantine
from vawg_opendata.reference import by_folded_label, fold, load_codelist, load_crosswalk
from vawg_opendata.schemas import dashboard
from vawg_opendata.schemas.fields import TableSchema
from vawg_opendata.sources import records, words
from vawg_opendata.sources.files import Discovery, LandingFile, Layout
from vawg_opendata.sources.recognise import recognise
from vawg_opendata.sources.tabular import quote, stage

NAME = "mps_vawg_dashboard"

_MONTHS = ("recorded_date_months", "date_committed_from_date_months", "count")
_PLACE = ("bcu_location", "borough_name", "ward_name_clean_2")
_OFFENCE = ("crimsec_group", "crimseccodeexpansion", "crimsec_offences", "vawg_offence")
_AGE, _ETHNIC = ("age_group",), ("ethnic_appearance_group_group",)
_WITH_UNKNOWN = (_PLACE, _ETHNIC)  # whose code lists have a code for what is not known
MOST_LACKING = 1000  # one count in so many may be unknown because its row cannot be used

# Sheet by sheet: its name, its columns besides months and count, and the record table it becomes.
SHEETS: dict[str, tuple[str, tuple[str, ...], TableSchema]] = {
    "Offence count location": ("offences", _PLACE, dashboard.OFFENCES_BY_AREA),
    "Offence count classification": ("offences", _OFFENCE, dashboard.OFFENCES_BY_OFFENCE),
    "Victim count by location": ("victims", _PLACE, dashboard.VICTIMS_BY_AREA),
    "Victim count by age group": ("victims", _AGE, dashboard.VICTIMS_BY_AGE_GROUP),
    "Victim count by ethnic group": ("victims", _ETHNIC, dashboard.VICTIMS_BY_ETHNIC_APPEARANCE),
}
_WORKBOOK = {fold(sheet): Layout(f"the sheet {sheet}", measure, (*columns, *_MONTHS)) for sheet, (measure, columns, _) in SHEETS.items()}
_STACKED = (
    Layout("the dashboard's offences (stacked sheets)", "offences", ("sheet", *_PLACE, *_OFFENCE, *_MONTHS)),
    Layout("the dashboard's victims (stacked sheets)", "victims", ("sheet", *_PLACE, *_AGE, *_ETHNIC, *_MONTHS)),
)
_COLUMNS = (*_PLACE, *_OFFENCE, *_AGE, *_ETHNIC, *_MONTHS)


def discover(folder: Path, connection: duckdb.DuckDBPyConnection) -> Discovery:
    """The dashboard files of a folder and all that is wrong with them; see the package's protocol."""
    found = recognise(folder, NAME, _STACKED, {"parquet", "xlsx"}, _WORKBOOK)
    return Discovery(found.files, (*found.problems, *_prepare(connection, found.files)))


def read(
    files: Sequence[LandingFile], connection: duckdb.DuckDBPyConnection, work: Path, quarantine: Quarantine, accounting: Accounting
) -> dict[str, Path]:
    """Writes the five `dashboard_...` tables; see the package's protocol."""
    return records.write(
        connection,
        NAME,
        dashboard.TABLES,
        work,
        quarantine,
        accounting,
        staged_count=words.count_sql('"count"'),
        notes="""SELECT source_file, part, note, count(*) FROM (
            SELECT source_file, part, CASE
                WHEN committed_month IS NULL THEN 'committed month not given'
                WHEN committed_month < '1950' THEN 'committed before 1950, mostly a placeholder'
                WHEN committed_month > recorded_month THEN 'committed after the month recorded'
            END AS note FROM coded WHERE reason IS NULL
        ) WHERE note IS NOT NULL GROUP BY ALL""",
    )


def _prepare(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile]) -> list[Problem]:
    """Makes the table `coded` of the rows of all sheets, and returns the problems of their content."""
    problems = stage(connection, files, _COLUMNS)
    problems += _sheets(connection, files)
    problems += _translate(connection)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE coded AS {_coded()}")
    return problems + records.judge(connection, NAME) + _disagreements(connection)


def _sheets(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile]) -> list[Problem]:
    """Makes the table `sheets` (part, target, measure, its code columns); problems where a file's sheets are not all there."""
    words.translate(connection, ["part"], "sheets", lambda part: next((sheet for sheet in SHEETS if fold(sheet) == fold(part or "")), None))
    problems = words.unknown(connection, NAME, ["part"], "sheets", "sheet", f"The sheets are {', '.join(SHEETS)}.")
    present: dict[str, set[str]] = {}
    for file, sheet in connection.execute("SELECT DISTINCT source_file, code FROM staged JOIN sheets USING (part)").fetchall():
        present.setdefault(file, set()).add(sheet)
    for file in files:
        found = present.get(file.name, set())
        measures = {SHEETS[sheet][0] for sheet in found if sheet} | (set() if file.sheets else {file.kind})
        for sheet, (measure, _, _) in SHEETS.items():
            if found and measure in measures and sheet not in found:
                message = f"The sheet is missing. All sheets of the {measure} are needed, to check them against each other."
                problems.append(Problem(file=file.file, part=sheet, kind="sheet", message=message))
            if sheet in found and not file.sheets and measure != file.kind:
                problems.append(
                    Problem(file=file.file, part=sheet, kind="sheet", message=f"A sheet of {measure} in a file of {file.kind}.")
                )
    return problems


def _translate(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    """Makes the tables that give each word its code; problems for the words that have none."""
    lookups = (
        ("area", _PLACE, _area_code(), "Areas are those of reference/area.csv."),
        ("offence", _OFFENCE, _offence_code(), "Add it to reference/offence.csv and offence_labels.csv."),
        ("age_group", _AGE, _label_code("age_group"), "Age groups are those of reference/age_group.csv."),
        (
            "ethnic_appearance",
            _ETHNIC,
            _label_code("ethnic_appearance"),
            "Ethnic appearances are those of reference/ethnic_appearance.csv.",
        ),
    )
    problems = []
    for name, columns, code, advice in lookups:
        parts = ", ".join(quote(fold(sheet)) for sheet, (_, of_sheet, _) in SHEETS.items() if of_sheet == columns)
        where = f"staged.part IN (SELECT part FROM sheets WHERE {_folded('code')} IN ({parts}))"
        words.translate(connection, columns, f"to_{name}", code, where)
        problems += words.unknown(connection, NAME, columns, f"to_{name}", ", ".join(columns), advice, where)
    today = datetime.date.today()
    for column in _MONTHS[:2]:
        words.translate(connection, [column], f"to_{column}", lambda word: words.month(word, today))
    return problems


def _folded(column: str) -> str:
    return f"regexp_replace(lower({column}), '[^a-z0-9]', '', 'g')"


def _area_code():
    """Basic Command Unit, borough and ward, as published, to the code of the ward."""
    rows = load_codelist("area").rows
    boroughs = {row["code"]: row for row in rows if row["level"] == "borough"}
    units = by_folded_label([row for row in rows if row["level"] == "bcu"])
    by_label = by_folded_label(boroughs.values())
    wards = {
        code: by_folded_label([row for row in rows if row["parent"] == code and not row["code"].endswith("-UNK")]) for code in boroughs
    }

    def code(unit: str | None, borough: str | None, ward: str | None) -> str | None:
        place = by_label.get(fold(borough or ""))
        if place is None or boroughs[place]["parent"] != units.get(fold(unit or "")):
            return None
        return f"{place}-UNK" if ward is None else wards[place].get(fold(ward))

    return code


def _offence_code():
    """Group, class, offence and VAWG offence, as published, to the code of the offence."""
    codes = {tuple(fold(row[column]) for column in _OFFENCE): row["code"] for row in load_crosswalk("offence_labels")}
    return lambda *path: codes.get(tuple(fold(word or "") for word in path))


def _label_code(codelist: str):
    """A label, as published, to its code. The root has no place in a file."""
    codes = by_folded_label([row for row in load_codelist(codelist).rows if row["level"] != "total"])
    return lambda word: codes.get(fold(word or ""))


def _coded() -> str:
    """SQL: the rows of all sheets, coded as `records` asks."""
    number, recorded, committed = words.count_sql('staged."count"'), *_MONTHS[:2]
    rules = [
        (recorded, f"to_{recorded}.code IS NULL", "the month recorded is missing, impossible or in the future"),
        (
            committed,
            f"to_{committed}.code IS NULL AND staged.{committed} IS NOT NULL",
            "the month committed is impossible or in the future",
        ),
        ('"count"', f"{number} IS NULL", "the count is missing or no whole number"),
    ]
    targets = " ".join(f"WHEN {quote(sheet)} THEN {quote(schema.name)}" for sheet, (_, _, schema) in SHEETS.items())
    series = " ".join(f"WHEN {quote(sheet)} THEN {quote(f'dashboard {measure}')}" for sheet, (measure, _, _) in SHEETS.items())
    lookups = (("area", _PLACE), ("offence", _OFFENCE), ("age_group", _AGE), ("ethnic_appearance", _ETHNIC))
    joins = " ".join(words.join(columns, f"to_{name}") for name, columns in lookups)
    joins += " " + " ".join(words.join([column], f"to_{column}") for column in (recorded, committed))
    broken = " OR ".join(f"({condition})" for _, condition, _ in rules)
    return f"""SELECT staged.source_file, staged.part, staged.source_row,
        CASE sheets.code {targets} END AS target, CASE sheets.code {series} END AS series, to_{recorded}.code AS period,
        {records.first_reason(rules)}, {number} AS "count", CASE WHEN {broken} THEN to_json(staged)::VARCHAR END AS record,
        {", ".join(f"to_{name}.code AS {name}" for name, _ in lookups)},
        to_{recorded}.code AS recorded_month, to_{committed}.code AS committed_month
        FROM staged {words.join(["part"], "sheets")} {joins}"""


@dataclass
class _View:
    """What a sheet says of a measure: counts accepted by month, and the rows set aside with the counts that could be read."""

    months: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    counts: int = 0
    unread: int = 0

    def lacks(self, fullest: Mapping[str, int]) -> dict[str, int]:
        """By month, what the sheet has less than the fullest."""
        return {month: count - self.months.get(month, 0) for month, count in sorted(fullest.items()) if count > self.months.get(month, 0)}


def _disagreements(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    """A problem for each sheet that has less than the others of its file and measure, whatever the reason."""
    views: dict[tuple[str, str], dict[str, _View]] = {}
    for file, measure, sheet, month, rows, count, unread in connection.execute(
        """SELECT source_file, series, code, CASE WHEN reason IS NULL THEN period END, count(*), coalesce(sum("count"), 0)::BIGINT,
        count(*) - count("count") FROM coded JOIN sheets USING (part) WHERE series IS NOT NULL GROUP BY ALL ORDER BY ALL"""
    ).fetchall():
        view = views.setdefault((file, measure), {}).setdefault(sheet, _View())
        if month is None:
            view.rows, view.counts, view.unread = rows, count, unread
        else:
            view.months[month] = count
    problems = []
    for (file, _), sheets in views.items():
        fullest: dict[str, int] = {}
        for view in sheets.values():
            for month, count in view.months.items():
                fullest[month] = max(count, fullest.get(month, 0))
        for sheet, view in sheets.items():
            if lacking := view.lacks(fullest):
                problems.append(_lacking(f"{NAME}/{file}", sheet, view, lacking, sum(fullest.values())))
    return problems


def _lacking(file: str, sheet: str, view: _View, lacking: Mapping[str, int], total: int) -> Problem:
    lack, (measure, columns, _) = sum(lacking.values()), SHEETS[sheet]
    months = f"{lack} of {total} {measure} (months concerned: {len(lacking)}; first {min(lacking)}, {lacking[min(lacking)]})"
    if not view.rows or (lack > view.counts and not view.unread):
        message = f"The sheet has fewer than the other views of the same total: it lacks {months}. Ask the publisher for a file whose sheets agree."
        return Problem(file=file, part=sheet, kind="disagreement", message=message)
    # The other sheets tell how many are in the rows set aside, and when; of what kind they are is not known.
    aside = f"Rows of the sheet quarantined: {view.rows}; without them it lacks {months}."
    if columns not in _WITH_UNKNOWN:
        message = f"{aside} They cannot be counted as unknown, since this classification has no such code. Correct the rows, or ask for a sound file."
    elif lack * MOST_LACKING > total:
        message = f"{aside} That is more than one in {MOST_LACKING}. Correct the rows, or ask the publisher for a sound file."
    else:
        return Problem(file=file, part=sheet, kind="incomplete", message=f"{aside} These are counted as unknown.", blocking=False)
    return Problem(file=file, part=sheet, kind="incomplete", message=message)
