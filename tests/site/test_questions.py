"""The ten questions: each has an answer where its tables are published, the answers are right, and the notebook prints what it holds."""

import contextlib
import io
import itertools
import json
import os
from statistics import NormalDist

import duckdb
import pytest

from vawg_opendata.release.database.queries import describing_tables, shared_macros, views_and_macros
from vawg_opendata.site.questions import QUESTIONS, answers, notebook

MONTHS = [f"{year}-{month:02}" for year in (2022, 2023, 2024) for month in range(1, 13)]
LISTS = {
    "area": [("L", "London", "total"), ("A", "Ashford", "borough"), ("B", "Bexhill", "borough"), ("A1", "Ash ward", "ward"), ("B1", "Bex ward", "ward")],
    "offence": [("total", "All", "total"), ("stalk", "Stalking", "class"), ("g", "Group", "group"), ("h", "Another", "group")],
    "month": [("total", "All months", "total"), *((str(year), str(year), "year") for year in (2022, 2023, 2024)), *((f"{y}/{y + 1 - 2000}", f"{y}/{y + 1 - 2000}", "financial_year") for y in (2022, 2023)), *((month, month, "month") for month in MONTHS)],
    "age_group": [("total", "All", "total"), ("10-19", "10 to 19", "age_group"), ("20-29", "20 to 29", "age_group")],
    "ethnic_appearance": [("total", "All", "total"), ("X", "X", "e"), ("Y", "Y", "e"), ("Unknown", "Unknown", "e")],
    "outcome": [("total", "All", "total"), ("charged", "Charged", "outcome_group"), ("none-yet", "None yet", "outcome_group")],
    "year": [("total", "All", "total"), ("2022", "2022", "year"), ("2018-2022", "2018-2022", "pooled_5")],
    "relationship": [("total", "All", "total"), ("p", "Partner or former partner", "relationship_group")],
    "domestic_abuse": [("total", "All", "total"), ("d", "Domestic", "d"), ("n", "Not domestic", "d")],
}
TABLES = {
    "vawg_offences": {
        "offences_by_area": ("offences", ("area", "month")),
        "offences_by_offence": ("offences", ("offence", "month")),
        "offences_by_borough_and_class": ("offences", ("area", "offence", "month")),
        "victims_by_age_group": ("victims", ("age_group", "month")),
        "victims_by_ethnic_appearance": ("victims", ("ethnic_appearance", "month")),
        "victims_by_ethnic_appearance_and_outcome": ("victims", ("ethnic_appearance", "outcome", "month")),
    },
    "female_homicide": {
        "victims_by_relationship": ("female_homicide_victims", ("relationship", "year")),
        "victims_by_domestic_abuse": ("female_homicide_victims", ("domestic_abuse", "year")),
    },
}


def value(table: str, codes: tuple[str, ...]) -> int | None:
    """A count that is the same on every run; a ward's first year and an outcome are withheld."""
    if codes in (("A1", "2022"), ("Y", "charged", "2023/24")):
        return None
    whole = 500 if len(codes) == 3 and codes[1] == "total" else 0  # more than any of its parts
    return whole + 20 + sum(position * ord(letter) for position, letter in enumerate(table + "".join(codes))) % 97


def wilson(count: int, n: int) -> tuple[float, float]:
    """The interval as textbooks have it, in percent to one decimal."""
    share, z = count / n, NormalDist().inv_cdf(0.975)
    middle, half = share + z * z / (2 * n), z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return round(100 * (middle - half) / (1 + z * z / n), 1), round(100 * (middle + half) / (1 + z * z / n), 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A published folder as far as the questions go: the DuckDB file of the public, and a folder for the site."""
    published = tmp_path_factory.mktemp("questions")
    (published / "datastore").mkdir()
    (published / "site").mkdir()
    with duckdb.connect(str(published / "datastore" / "vawg.duckdb")) as connection:
        for schema, tables in TABLES.items():
            connection.execute(f"CREATE SCHEMA {schema}")
            resources = []
            for name in sorted({dimension for _, dimensions in tables.values() for dimension in dimensions}):
                connection.execute(f"CREATE TABLE {schema}.{name} (code VARCHAR, label VARCHAR, level VARCHAR, sort_order BIGINT)")
                connection.executemany(f"INSERT INTO {schema}.{name} VALUES (?, ?, ?, ?)", [(*entry, order) for order, entry in enumerate(LISTS[name])])
            for name, (measure, dimensions) in tables.items():
                fields = [{"name": one, "type": "string", "title": one, "description": one} for one in dimensions]
                fields += [{"name": measure, "type": "integer", "title": measure, "description": measure}]
                fields += [{"name": f"{measure}_status", "type": "string", "title": "status", "description": "status"}]
                links = [{"fields": [one], "reference": {"resource": one, "fields": ["code"]}} for one in dimensions]
                resource = {"name": name, "type": "table", "title": name, "schema": {"fields": fields, "foreignKeys": links}}
                resources.append(resource | {"statistics": [{"measure": measure, "status": f"{measure}_status"}]})
                connection.execute(f"CREATE TABLE {schema}.{name} ({', '.join(f'{one} VARCHAR' for one in dimensions)}, {measure} BIGINT, {measure}_status VARCHAR)")
                rows = []
                for codes in itertools.product(*([entry[0] for entry in LISTS[one]] for one in dimensions)):
                    count = value(name, codes)
                    rows.append((*codes, count, "c" if count is None else None))
                connection.executemany(f"INSERT INTO {schema}.{name} VALUES ({', '.join('?' * len(rows[0]))})", rows)
            views_and_macros(connection, {"resources": resources}, schema)
        revised = [("1.1.0", "1.0.0", "offences_by_area", "area=A;month=2022", "offences", "revised", "3971", "3973")]
        shared_macros(connection)
        describing_tables(connection, [], [("vawg-offences", revised)])
    return published


@pytest.fixture(scope="module")
def found(folder):
    return answers(folder / "datastore" / "vawg.duckdb")


def test_every_question_has_an_answer(found):
    assert len(found) == len(QUESTIONS) == 10
    for answer in found:
        assert not answer.missing and answer.rows, answer.question.title


def test_answers_are_those_of_the_counts(found):
    """The same in Python for those that reckon, and for the ones named most often."""
    by_title = {answer.question.title: answer for answer in found}
    stalking = by_title["How has stalking changed by borough over time?"].rows
    labels = {"A": "Ashford", "B": "Bexhill"}
    expected = [(labels[area], year, value("offences_by_borough_and_class", (area, "stalk", year)), "published") for area in "AB" for year in ("2022", "2023", "2024")]
    assert list(stalking) == expected

    killed = by_title["How many women and girls were killed by a partner or former partner, by year?"].rows
    years = ("2022", "2018-2022")  # whatever lengths of time the package has: some have no single years
    assert list(killed) == [(year, value("victims_by_relationship", ("p", year)), "published") for year in years]

    revised = by_title["What was revised since the version before?"].rows
    assert revised == (("vawg-offences", "1.1.0", "1.0.0", "offences_by_area", "revised", 1),)

    counts = {code: value("victims_by_ethnic_appearance", (code, "total")) for code in "XY"}
    total = sum(counts.values())
    for code, count, percent, low, high in by_title["What share of victims has each ethnic appearance, with 95 % intervals?"].rows:
        assert (count, percent, low, high) == (counts[code], round(100 * counts[code] / total, 1), *wilson(counts[code], total))

    outcomes = by_title["Which outcomes do offences have, by ethnic appearance of the victim, with counts and 95 % intervals?"].rows
    expected = []
    for outcome, label in (("charged", "Charged"), ("none-yet", "None yet")):
        told = []
        for code in ("X", "Y", "Unknown"):
            count, n = (value("victims_by_ethnic_appearance_and_outcome", (code, one, "2023/24")) for one in (outcome, "total"))
            told.append(("2023/24", label, code, count, n, *((None, None, None) if count is None else (round(100 * count / n, 1), *wilson(count, n)))))
        expected += sorted(told, key=lambda row: (row[3] is None, -(row[3] or 0), row[2]))
    assert list(outcomes) == expected and outcomes[-1][-1] is not None and (None, None, None) in {row[5:] for row in outcomes}

    sums = {area: [sum(value("offences_by_area", (area, month)) for month in months) for months in (MONTHS[12:24], MONTHS[24:])] for area in "AB"}
    for borough, before, now, percent in by_title["How did each borough's last twelve months compare with the twelve before?"].rows:
        assert [before, now] == sums[borough[0]] and percent == round(100 * (now - before) / before, 1)

    withheld = by_title["How much is withheld at ward level, by year?"].rows
    assert withheld == (("2022", 2, 1, 50.0), ("2023", 2, 0, 0.0), ("2024", 2, 0, 0.0))


def test_the_notebook_prints_what_it_holds(folder, found, monkeypatch):
    held = json.loads(notebook(found))
    assert (held["nbformat"], len({cell["id"] for cell in held["cells"]})) == (4, len(held["cells"]))
    monkeypatch.chdir(folder / "site")
    names: dict = {}
    code = [cell for cell in held["cells"] if cell["cell_type"] == "code"]
    for cell in code:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec("".join(cell["source"]), names)  # noqa: S102 the cells are what is tested
        assert printed.getvalue() == "".join(text for output in cell["outputs"] for text in output["text"])
    names["con"].close()
    assert len(code) == 11 and os.getcwd() == str(folder / "site")


def test_a_question_without_its_table_says_so(folder, tmp_path):
    with duckdb.connect(str(tmp_path / "empty.duckdb")) as connection:
        describing_tables(connection, [], [])
    empty = answers(tmp_path / "empty.duckdb")
    assert [bool(answer.missing) for answer in empty] == [bool(question.tables) for question in QUESTIONS]
    assert "there is no table `vawg_offences.offences_by_borough_and_class`" in notebook(empty)
