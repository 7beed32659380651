"""The audit of records beside tables: what packages give away only together is found, from their files alone.

The packages are made by hand: 6 women and 22 men by area and year, all women in the list with a block of years and their area.
The table by area says in which year the four of one area are; the table by sex withholds the years of women.
"""

import csv
import json

import pytest

from vawg_opendata.release.checks.audit import audit

GROUPS = (("B", "f", "1", 4), ("a", "f", "1", 1), ("a", "f", "2", 1), ("a", "m", "1", 6), ("a", "m", "2", 6), ("c", "m", "1", 5), ("c", "m", "2", 5))
CODES = {
    "area": [("total", ""), ("a", "total"), ("B", "total"), ("c", "total")],
    "sex": [("total", ""), ("f", "total"), ("m", "total")],
    "year": [("total", ""), ("1", "total"), ("2", "total")],
}
WITHHELD = {("f", "1"), ("f", "2"), ("m", "1"), ("m", "2")}


def write(path, header, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def schema(columns, links, number=""):
    fields = [{"name": name, "type": "integer" if name == number else "string"} for name in columns]
    return {"fields": fields, "foreignKeys": [{"fields": [name], "reference": {"resource": link, "fields": ["code"]}} for name, link in links.items()]}


def table(folder, dimension, withheld=frozenset(), years=("total", "1", "2")):
    """A table by a dimension and year; `withheld` are pairs of codes."""
    place = {"area": 0, "sex": 1}[dimension]
    rows = []
    for code, _ in CODES[dimension]:
        for year in years:
            count = sum(number for *codes, number in GROUPS if code in ("total", codes[place]) and year in ("total", codes[2]))
            rows.append((code, year, *(("", "c") if (code, year) in withheld else (count, ""))))
    columns = (dimension, "year", "people", "people_status")
    write(folder / f"by_{dimension}.csv", columns, rows)
    statistics = [{"measure": "people", "status": "people_status", "threshold": 3}]
    links = {dimension: dimension, "year": "year"}
    return {"name": f"by_{dimension}", "path": f"by_{dimension}.csv", "statistics": statistics, "schema": schema(columns, links, "people")}


def records(folder, told=("area", "sex"), years=True, groups=GROUPS, **counts):
    """A list of the people: each column that is told, the others blank, that is at their root; all in the one block of years."""
    rows = [
        (area if "area" in told else "total", sex if "sex" in told else "total", "1-2" if years else "total")
        for area, sex, _, number in groups
        for _ in range(number)
    ]
    write(folder / "list.csv", ("place", "sex", "block"), sorted(rows))
    blocks = [("total", "All", "total", "", 0, ""), ("1-2", "1 and 2", "block", "total", 1, "1 2")]
    write(folder / "blocks.csv", ("code", "label", "level", "parent", "sort_order", "year"), blocks)
    claim = {"quasiIdentifiers": ["block"], "k": 1, "counts": {"measure": "people", "dimensions": {"place": "area", "sex": "sex", "block": "year"}} | counts}
    links = {"place": "area", "sex": "sex", "block": "blocks"}
    lists = [
        {"name": "list", "path": "list.csv", "records": claim, "schema": schema(("place", "sex", "block"), links)},
        {"name": "blocks", "path": "blocks.csv", "schema": schema(("code", "label", "level", "parent", "sort_order", "year"), {})},
    ]
    return lists


def package(folder, name, resources, version="1.0.0", audience="datastore"):
    """A package of these resources with the code lists that all use."""
    lists = []
    for dimension, codes in CODES.items():
        rows = [(code, code, "total" if not parent else dimension, parent, order) for order, (code, parent) in enumerate(codes)]
        write(folder / f"{dimension}.csv", ("code", "label", "level", "parent", "sort_order"), rows)
        lists.append({"name": dimension, "path": f"{dimension}.csv", "schema": schema(("code", "label", "level", "parent", "sort_order"), {})})
    descriptor = {"name": name, "version": version, "audience": audience, "resources": [*resources, *lists]}
    (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    return folder


@pytest.fixture
def tables(tmp_path):
    """A package of both tables."""
    folder = tmp_path / "tables"
    return package(folder, "tables", [table(folder, "area"), table(folder, "sex", WITHHELD)])


def listed(folder, name="cases", **more):
    version = {key: more.pop(key) for key in ("version", "audience") if key in more}
    return package(folder, name, records(folder, **more), **version)


def found(report):
    return [finding for measure in report.measures for finding in measure.findings]


def test_a_list_and_two_tables_that_only_together_disclose_are_found(tables, tmp_path):
    cases = listed(tmp_path / "cases")
    assert not audit([tables]).disclosed
    report = audit([tables, cases])
    assert found(report) == ["people at sex=f, year=2 in tables 1.0.0, cases 1.0.0: the withheld count lies between 1 and 2, given the records beside it"]
    assert not report.ok and report.measures[0].lists == 1 and report.measures[0].apart == 0
    assert "attacked with 1 tables of records" in report.lines()[0]


@pytest.mark.parametrize("less", [{"told": ("sex",)}, {"told": ("area",)}, {"years": False}], ids=["no areas", "no sex", "no years"])
def test_the_same_without_what_reveals_it_passes_or_is_the_same(tables, tmp_path, less):
    report = audit([tables, listed(tmp_path / "cases", **less)])
    # All people are of these two years, so that leaving the block out tells no less.
    assert bool(report.disclosed) == ("years" in less) and not report.problems


def test_without_years_in_the_other_table_there_is_nothing_to_find(tmp_path):
    folder = tmp_path / "tables"
    safe = package(folder, "tables", [table(folder, "area", years=("total",)), table(folder, "sex", WITHHELD)])
    assert audit([safe, listed(tmp_path / "cases")]).ok


def test_people_whom_the_list_lacks_leave_room_unless_their_number_is_told(tmp_path):
    """Where the tables withhold even their total, two women in the list may be two of any number; of 23 people they are two or three."""
    folder = tmp_path / "tables"
    nothing = {(sex, year) for sex, _ in CODES["sex"] for year, _ in CODES["year"]}
    alone = package(folder, "tables", [table(folder, "sex", nothing)])
    some = (("a", "f", "1", 2), ("a", "m", "1", 20))
    assert audit([alone, listed(tmp_path / "cases", told=("sex",), groups=some)]).ok
    told = audit([alone, listed(tmp_path / "told", told=("sex",), groups=some, leftOut=1)])
    assert any("people at sex=f in" in finding and "between 2 and 3" in finding for finding in found(told))
    # Where the total is published, whoever claims that another number is missing contradicts it.
    whole = package(tmp_path / "whole", "whole", [table(tmp_path / "whole", "sex", nothing - {("total", "total")})])
    wrong = audit([whole, listed(tmp_path / "wrong", told=("sex",), groups=some, leftOut=5)])
    assert any("contradict each other" in problem for problem in wrong.problems)
    assert not audit([whole, listed(tmp_path / "right", told=("sex",), groups=some, leftOut=6)]).problems


def test_a_list_of_an_earlier_version_is_held_beside_the_tables_of_the_next(tmp_path):
    """The first version told areas by block of years and the list; the second one tells the years of areas."""
    first, second = tmp_path / "first", tmp_path / "second"
    old = package(first, "p", [table(first, "area", years=("total",)), table(first, "sex", WITHHELD), *records(first)], "1.0.0")
    new = package(second, "p", [table(second, "area"), table(second, "sex", WITHHELD)], "1.1.0")
    assert audit([old]).ok and audit([new]).ok
    assert any("sex=f, year=2" in finding and ", given " in finding for finding in found(audit([old, new])))


def test_partners_hold_the_public_tables_beside_their_records(tables, tmp_path):
    """A package of records alone is attacked with the tables of another audience."""
    report = audit([tables, listed(tmp_path / "cases", audience="safestats")])
    assert [bool(measure.findings) for measure in report.measures] == [False, True]


def test_a_list_that_is_not_as_its_descriptor_says_is_a_problem(tables, tmp_path):
    cases = listed(tmp_path / "cases")
    text = (cases / "list.csv").read_text(encoding="utf-8")
    (cases / "list.csv").write_text(text.replace("B,", "Z,"), encoding="utf-8")
    assert any("codes of place are not in its code list, such as 'Z'" in problem for problem in audit([tables, cases]).problems)
    twice = listed(tmp_path / "twice", dimensions={"place": "area", "sex": "area"})
    assert any("two columns" in problem for problem in audit([tables, twice]).problems)


def test_tables_that_withhold_and_tell_how_many_are_under_legal_hold_are_held_side_by_side(tmp_path):
    """By area nobody sees how many are held in which year; by sex they are told, and so is what is left for the areas."""

    def made(folder, code):
        totals, held = ("total", 40, 10, 30), (code, 16, 6, 10)
        counts = {
            "by_area": (totals, ("a", 12, 2, 10), ("B", 12, 2, 10), ("c", 0, 0, 0), held),
            "by_sex": (totals, ("f", 24, 4, 20), ("m", 0, 0, 0), held),
        }
        resources = []
        for dimension in ("area", "sex"):
            rows = []
            for name, *numbers in counts[f"by_{dimension}"]:
                for year, number in zip(("total", "1", "2"), numbers, strict=True):
                    hidden = dimension == "area" and name not in ("total", "c") and year != "total"
                    rows.append((name, year, *(("", "c") if hidden else (number, ""))))
            columns = (dimension, "year", "people", "people_status")
            write(folder / f"by_{dimension}.csv", columns, rows)
            statistics = [{"measure": "people", "status": "people_status", "threshold": 3}]
            links = {dimension: dimension, "year": "year"}
            resources.append({"name": f"by_{dimension}", "path": f"by_{dimension}.csv", "statistics": statistics, "schema": schema(columns, links, "people")})
        package(folder, "p", resources)
        for dimension in ("area", "sex"):
            with (folder / f"{dimension}.csv").open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow((code, "Not told", dimension, "total", 9))
        return folder

    report = audit([made(tmp_path / "held", "legal-hold")])
    assert any("area=a, year=1" in finding and "between 1 and 3" in finding for finding in found(report)) and not report.problems
    assert audit([made(tmp_path / "other", "another")]).ok
