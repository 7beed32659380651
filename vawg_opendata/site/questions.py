"""Ten questions that researchers and journalists ask, as SQL on the DuckDB file of the public, with the answers as they are today.

They are a page (`questions.html`) and a notebook (`questions.ipynb`) whose outputs are what its cells print. A question whose tables
are not published says so in place of an answer. Only released cells are read; what is withheld stays so.
"""

import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

DATABASE = "../datastore/vawg.duckdb"
MOST_ROWS = 80


@dataclass(frozen=True)
class Question:
    """A question, what to know when reading the answer, the query, and the tables that it needs."""

    title: str
    words: str
    sql: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """A question with its answer: names of columns and rows, or nothing where `missing` names a table that is not published."""

    question: Question
    columns: tuple[str, ...]
    rows: tuple[tuple, ...]
    missing: str


QUESTIONS = (
    Question(
        "How has stalking changed by borough over time?",
        "By calendar year; an empty count is withheld. The last year may be incomplete: its label says so.",
        """SELECT area_label AS borough, month_label AS year, offences, offences_status_label AS status
FROM vawg_offences.v_offences_by_borough_and_class
WHERE offence_label = 'Stalking' AND area_level = 'borough' AND month_level = 'year'
ORDER BY borough, month""",
        ("vawg_offences.offences_by_borough_and_class",),
    ),
    Question(
        "How many women and girls were killed by a partner or former partner, by year?",
        "In blocks of five years: so few are killed in one that most of its counts would be withheld.",
        """SELECT year_label AS years, female_homicide_victims AS victims, female_homicide_victims_status_label AS status
FROM female_homicide.v_victims_by_relationship
WHERE relationship_label = 'Partner or former partner' AND year_level <> 'total'
ORDER BY year_level DESC, year""",
        ("female_homicide.victims_by_relationship",),
    ),
    Question(
        "What share of victims has each ethnic appearance, with 95 % intervals?",
        "Wilson's interval, as if the period were a sample of such periods. Ethnic appearance is what an officer saw; unknown is left out of the shares.",
        """WITH known AS (
    SELECT ethnic_appearance_label AS ethnic_appearance, victims, sum(victims) OVER () AS n
    FROM vawg_offences.v_victims_by_ethnic_appearance
    WHERE ethnic_appearance_level <> 'total' AND ethnic_appearance <> 'Unknown' AND month_level = 'total'
)
SELECT ethnic_appearance, victims, round(100 * victims / n, 1) AS percent,
    round(100 * wilson(victims, n).low, 1) AS low, round(100 * wilson(victims, n).high, 1) AS high
FROM known ORDER BY victims DESC NULLS LAST, ethnic_appearance""",
        ("vawg_offences.victims_by_ethnic_appearance",),
    ),
    Question(
        "Which outcomes do offences have, by ethnic appearance of the victim, with counts and 95 % intervals?",
        "Of all victims of an ethnic appearance in the last whole financial year, the share whose offence has the outcome so far, with Wilson's interval. Many "
        "recent offences have none yet, so compare within an outcome and not with other years. Where intervals overlap, a difference may be chance.",
        """WITH counted AS (
    SELECT *, max(victims) FILTER (outcome_level = 'total') OVER (PARTITION BY ethnic_appearance, month) AS n
    FROM vawg_offences.v_victims_by_ethnic_appearance_and_outcome
    WHERE ethnic_appearance_level <> 'total' AND month_level = 'financial_year'
    QUALIFY month = max(month) OVER ()
)
SELECT month AS year, outcome_label AS outcome, ethnic_appearance_label AS ethnic_appearance, victims, n AS of_all, round(100 * victims / n, 1) AS percent,
    round(100 * wilson(victims, n).low, 1) AS low, round(100 * wilson(victims, n).high, 1) AS high
FROM counted JOIN vawg_offences.outcome AS list ON list.code = outcome
WHERE outcome_level <> 'total' ORDER BY list.sort_order, victims DESC NULLS LAST, ethnic_appearance""",
        ("vawg_offences.victims_by_ethnic_appearance_and_outcome",),
    ),
    Question(
        "What was revised since the version before?",
        "Every published count that a later version changed; one that has grown is of a period that covers more months now. Empty while there is one version only.",
        """SELECT product, version, since, table_name, change, count(*) AS cells
FROM _revisions GROUP BY ALL ORDER BY ALL""",
        (),
    ),
    Question(
        "Which boroughs recorded most offences, over all months?",
        "Counts, not rates: more people live in or visit some boroughs than others.",
        """SELECT place, area_label AS borough, offences FROM vawg_offences.offences_by_area_ranking('total', 'borough') LIMIT 10""",
        ("vawg_offences.offences_by_area",),
    ),
    Question(
        "How did each borough's last twelve months compare with the twelve before?",
        "Sums of twelve published months. Empty where the series is shorter than two years.",
        """WITH sums AS (
    SELECT area_label AS borough, month, sum(offences) OVER w AS now, count(offences) OVER w AS months,
        sum(offences) OVER earlier AS before, count(offences) OVER earlier AS months_before
    FROM vawg_offences.v_offences_by_area WHERE area_level = 'borough' AND month_level = 'month'
    WINDOW w AS (PARTITION BY area ORDER BY month ROWS BETWEEN 11 PRECEDING AND CURRENT ROW),
        earlier AS (PARTITION BY area ORDER BY month ROWS BETWEEN 23 PRECEDING AND 12 PRECEDING)
)
SELECT borough, before, now, round(100 * (now - before) / before, 1) AS percent
FROM sums WHERE months = 12 AND months_before = 12 AND month = (SELECT max(month) FROM sums)
ORDER BY percent DESC, borough""",
        ("vawg_offences.offences_by_area",),
    ),
    Question(
        "How old are the victims?",
        "Over all months. The source counts from the age of ten.",
        """SELECT age_group_label AS age, victims, round(100 * victims / sum(victims) OVER (), 1) AS percent
FROM vawg_offences.v_victims_by_age_group
WHERE age_group_level <> 'total' AND month_level = 'total' ORDER BY age_group""",
        ("vawg_offences.victims_by_age_group",),
    ),
    Question(
        "How many of the killings of women and girls were domestic, by blocks of five years?",
        "As the police recorded it. The last block may be incomplete: its label says so.",
        """SELECT year_label AS years, domestic_abuse_label AS whether, female_homicide_victims AS victims
FROM female_homicide.v_victims_by_domestic_abuse
WHERE year_level = 'pooled_5' AND domestic_abuse_level <> 'total' ORDER BY year, whether""",
        ("female_homicide.victims_by_domestic_abuse",),
    ),
    Question(
        "How much is withheld at ward level, by year?",
        "Share of ward cells withheld to protect people: what a ward-level study cannot see.",
        """SELECT month_label AS year, count(*) AS cells, count(*) FILTER (offences_status = 'c') AS withheld,
    round(100 * count(*) FILTER (offences_status = 'c') / count(*), 1) AS percent
FROM vawg_offences.v_offences_by_area WHERE area_level = 'ward' AND month_level = 'year'
GROUP BY ALL ORDER BY year""",
        ("vawg_offences.offences_by_area",),
    ),
)


def show(con, sql):
    """Print the answer of a query: names of columns, then at most 80 rows, columns parted by |."""
    result = con.execute(sql)
    print(" | ".join(column[0] for column in result.description))
    rows = result.fetchall()
    for row in rows[:80]:
        print(" | ".join("" if value is None else str(value) for value in row))
    if len(rows) > 80:
        print(f"... {len(rows) - 80} more rows")


def answers(database: Path) -> list[Answer]:
    """The questions with their answers from a DuckDB file of an audience."""
    found = []
    with duckdb.connect(str(database), read_only=True) as connection:
        known = {".".join(row) for row in connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()}
        for question in QUESTIONS:
            missing = next((table for table in question.tables if table not in known), "")
            if missing:
                found.append(Answer(question, (), (), missing))
                continue
            result = connection.execute(question.sql)
            columns = tuple(column[0] for column in result.description)
            found.append(Answer(question, columns, tuple(result.fetchall()), ""))
    return found


def notebook(found: Sequence[Answer]) -> str:
    """The notebook, executed: its outputs are what its cells print beside the published file."""
    cells = [
        _words("# Ten questions\n\nAnswered from the released data alone. Run it beside the file `vawg.duckdb` (DuckDB 1.1 or later)."),
        _code(f'import duckdb\n\ncon = duckdb.connect("{DATABASE}", read_only=True)\n\n\n{inspect.getsource(show)}', "", 1),
    ]
    for answer in found:
        cells.append(_words(f"## {answer.question.title}\n\n{answer.question.words}"))
        if answer.missing:
            cells.append(_words(f"Not answered by what is published now: there is no table `{answer.missing}`."))
            continue
        lines = [" | ".join(answer.columns), *(" | ".join("" if value is None else str(value) for value in row) for row in answer.rows[:MOST_ROWS])]
        lines += [f"... {len(answer.rows) - MOST_ROWS} more rows"] if len(answer.rows) > MOST_ROWS else []
        count = 1 + sum(cell["cell_type"] == "code" for cell in cells)
        cells.append(_code(f'show(con, """{answer.question.sql}""")', "\n".join(lines) + "\n", count))
    for number, cell in enumerate(cells, start=1):
        cell["id"] = f"cell-{number}"
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False, indent=1) + "\n"


def _words(text: str) -> dict:
    return {"cell_type": "markdown", "id": "", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(source: str, printed: str, count: int) -> dict:
    outputs = [{"name": "stdout", "output_type": "stream", "text": printed.splitlines(keepends=True)}] if printed else []
    return {"cell_type": "code", "execution_count": count, "id": "", "metadata": {}, "outputs": outputs, "source": source.splitlines(keepends=True)}
