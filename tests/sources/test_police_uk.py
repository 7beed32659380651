"""Street files: the real ones row by row, every header since 2010, and what must happen to wrong ones."""

import csv
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.paths import shared
from tests.sources.samples import CITY, CRIME, STREET, blocking, csv_bytes, discover, only, put, read_all, rows_of
from vawg_opendata.reference import load_codelist, load_crosswalk, slug
from vawg_opendata.schemas import validate_parquet
from vawg_opendata.schemas.street import STREET_COVERAGE, STREET_CRIMES
from vawg_opendata.sources import police_uk

CITY_MONTHS = [f"2022-{month:02}" for month in range(7, 13)] + [f"2023-{month:02}" for month in range(1, 7)]
NAME = "2023-01/2023-01-city-of-london-street.csv"


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    return read_all(police_uk, shared("data", "police_uk"), tmp_path_factory.mktemp("work"))


def published(name: str) -> list[dict[str, str]]:
    with shared("data", "police_uk", *name.split("/")).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("month", CITY_MONTHS)
def test_city_of_london_row_by_row(real, month):
    """Every row of a complete month against the csv module: type, place and whether it has an identifier."""
    name = f"{month}/{month}-city-of-london-street.csv"
    columns = (
        "source_file",
        "source_row",
        "month",
        "force",
        "crime_type",
        "area",
        "borough",
        "location_known",
        "crime_id_present",
        "count",
    )
    got = [row[1:] for row in rows_of(real[0]["street_crimes"], *columns) if row[0] == name]
    areas = load_codelist("police_uk_area")
    successors: dict[str, set[str]] = {}
    with next(shared("data", "geography").glob("LSOA_(2011)*")).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            successors.setdefault(row["LSOA11CD"], set()).add(row["LSOA21CD"])
    expected = []
    for number, row in enumerate(published(name), start=1):
        code = row["LSOA code"]
        if code in areas.level and successors.get(code, {code}) != {code} and len(successors[code]) == 1:
            code = next(iter(successors[code]))
        area = "Unknown" if not code else code if code in areas.level else "Outside-London"
        borough = areas.parents["parent"][area] if code in areas.level else area
        expected.append((number, month, "city-of-london", slug(row["Crime type"]), area, borough, bool(code), bool(row["Crime ID"]), 1))
    assert got == expected and len(got) > 600


def test_every_row_of_every_file_is_kept(real):
    tables, accounting = real
    rows = Counter(file for (file,) in rows_of(tables["street_crimes"], "source_file"))
    files = [path for path in sorted(shared("data", "police_uk").rglob("*-street*.csv"))]
    assert rows == {
        path.relative_to(shared("data", "police_uk")).as_posix(): len(published(f"{path.parent.name}/{path.name}")) for path in files
    }
    assert sum(rows.values()) == 42_649 and len(accounting.files) == len(files) == 18
    for schema in (STREET_CRIMES, STREET_COVERAGE):
        assert not [result for result in validate_parquet(schema, tables[schema.name]) if result.failures]


def test_what_a_reader_must_know_is_in_the_account(real):
    notes = {account.file: account.notes for account in real[1].files}
    assert notes["2018-11/2018-11-metropolitan-street.csv"] == {
        "LSOA of 2011 carried to 2021": 106,
        "LSOA of 2011 kept": 380,
        "crime identifier used before in the file": 69,
        "no location published": 15,
        "outside London": 2,
    }
    assert notes["2022-07/2022-07-city-of-london-street.csv"]["no crime identifier"] == 75


def test_coverage_tells_months_of_one_type_from_whole_ones(real):
    coverage = rows_of(real[0]["street_coverage"], "force", "month", "crime_type", "rows", "crime_types", "whole_file")
    assert ("city-of-london", "2022-07", "violence-and-sexual-offences", 149, 14, True) in coverage
    assert ("metropolitan", "2018-11", "burglary", 7882, 1, True) in coverage
    assert ("metropolitan", "2023-01", "violence-and-sexual-offences", 1026, 14, False) in coverage
    assert not [row for row in coverage if row[:3] == ("metropolitan", "2018-11", "violence-and-sexual-offences")]
    assert sum(row[3] for row in coverage) == 42_649


def test_files_of_other_kinds_are_named_and_stop_nothing():
    problems = [problem for problem in discover(police_uk, shared("data", "police_uk")).problems if problem.file.startswith("police_uk/")]
    assert sorted(problem.file.split("/")[-1][8:] for problem in problems) == ["metropolitan-outcomes.csv"] * 3 + [
        "metropolitan-stop-and-search.csv"
    ]
    assert not [problem for problem in problems if problem.blocking]


def areas_of(folder, work) -> list[tuple]:
    tables, _ = read_all(police_uk, folder, work)
    return rows_of(tables["street_crimes"], "area", "borough", "location_known")


@pytest.mark.parametrize("eastings", [True, False])
def test_the_first_years_files_have_no_area(tmp_path, eastings):
    place = ["Easting", "Northing"] if eastings else ["Longitude", "Latitude"]
    header = ["Month", "Reported by", "Falls within", *place, "Location", "Crime type", "Context"]
    rows = [
        ["2010-12", CITY, CITY, "532000", "181000", "On or near Bank", kind, ""]
        for kind in ("Violent crime", "Anti-social behaviour", "Other crime")
    ]
    put(tmp_path / "in", "2010-12/2010-12-city-of-london-street.csv", csv_bytes(header, rows))
    assert areas_of(tmp_path / "in", tmp_path / "work") == [("Unknown", "Unknown", False)] * 3
    kinds = rows_of(tmp_path / "work" / "records" / "street_crimes.parquet", "crime_type", "crime_id_present")
    assert kinds == [("violent-crime", False), ("anti-social-behaviour", False), ("other-crime", False)]


def test_rows_outside_london_and_without_a_place_are_kept(tmp_path):
    places = [
        ("E01031444", "Arun 016B"),
        ("", ""),
        ("W01000001", "Isle of Anglesey 007A"),
        ("95GG01S1", "Antrim 1"),
        ("E01021001", "Brentwood 001A"),
    ]
    put(tmp_path / "in", NAME, csv_bytes(STREET, [CRIME | {"LSOA code": code, "LSOA name": name} for code, name in places]))
    outside = ("Outside-London", "Outside-London", True)
    assert areas_of(tmp_path / "in", tmp_path / "work") == [outside, ("Unknown", "Unknown", False), outside, outside, outside]


LOOKUP = "LSOA11CD,LSOA11NM,LSOA21CD,LSOA21NM,CHGIND,LAD22CD,LAD22NM,LAD22NMW,ObjectId\n"


def test_lsoas_of_2011_are_carried_only_where_there_is_one_successor(tmp_path):
    gone = [row for row in load_crosswalk("police_uk_area") if row["lsoa_year"] == "2011"]
    merged, divided, unmentioned = (row["code"] for row in gone[:3])
    new = [row["code"] for row in load_crosswalk("police_uk_area") if row["lsoa_year"] == "2021" and row["parent"] == gone[0]["parent"]]
    lines = [
        f"{merged},a,{new[0]},a,M,E,e,,1",
        f"{divided},b,{new[1]},b,S,E,e,,2",
        f"{divided},b,{new[2]},b,S,E,e,,3",
        f"{new[3]},c,{new[4]},c,U,E,e,,4",
    ]
    rows = [CRIME | {"LSOA code": code, "LSOA name": "Anywhere 001A"} for code in (merged, divided, unmentioned, new[3])]
    put(tmp_path / "in" / "police_uk", NAME, csv_bytes(STREET, rows))
    assert [row[0] for row in areas_of(tmp_path / "in" / "police_uk", tmp_path / "without")] == [merged, divided, unmentioned, new[3]]
    for number, place in enumerate(("police_uk", "geography")):
        path = put(tmp_path / "in" / place, "lookup.csv", b"\xef\xbb\xbf" + (LOOKUP + "\n".join(lines) + "\n").encode())
        got = areas_of(tmp_path / "in" / "police_uk", tmp_path / str(number))
        assert [row[0] for row in got] == [new[0], divided, unmentioned, new[3]]
        assert [row[1] for row in got] == [
            load_codelist("police_uk_area").parents["parent"][code] for code in (new[0], divided, unmentioned, new[3])
        ]
        path.unlink()


def test_a_lookup_that_cannot_be_used_is_named(tmp_path):
    put(tmp_path / "police_uk", NAME, csv_bytes(STREET, [CRIME]))
    put(tmp_path / "geography", "lookup.csv", LOOKUP.encode() + b"E01000001,cut o")
    problem = only(discover(police_uk, tmp_path / "police_uk").problems, "not-read")
    assert problem.file == "geography/lookup.csv" and not problem.blocking and "cut off" in problem.message


def test_what_is_no_lookup_among_the_lookups_is_named_and_stops_nothing(tmp_path):
    put(tmp_path / "police_uk", NAME, csv_bytes(STREET, [CRIME]))
    put(tmp_path / "geography", "deep/lookup.csv", (LOOKUP + "E01000001,a,E01000001,a,U,E,e,,1\n").encode())
    for name in ("wards.csv", "lookup.zip", "map.gpkg", NAME):
        put(tmp_path / "geography", name, b"a,b\n1,2\n")
    found = discover(police_uk, tmp_path / "police_uk")
    assert [file.file for file in found.files] == [f"police_uk/{NAME}", "geography/deep/lookup.csv"]
    assert {problem.file for problem in found.problems} == {f"geography/{name}" for name in ("wards.csv", "lookup.zip", "map.gpkg", NAME)}
    assert not blocking(police_uk, tmp_path / "police_uk")
    assert "LSOA11CD and LSOA21CD" in next(problem.message for problem in found.problems if problem.file.endswith("wards.csv"))


@pytest.mark.parametrize(("change", "rows"), [({}, 3), ({"Crime ID": ""}, 3), ({"Crime type": "Drugs"}, 3)])
def test_nothing_is_taken_for_a_duplicate(tmp_path, change, rows):
    put(tmp_path / "in", NAME, csv_bytes(STREET, [CRIME, CRIME, CRIME | change]))
    assert len(areas_of(tmp_path / "in", tmp_path / "work")) == rows


@settings(deadline=None, max_examples=25)
@given(data=st.data(), crlf=st.booleans())
def test_rows_of_another_month_or_force_are_set_aside(data, crlf, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("case")
    wrong = [
        {"Month": "2023-02"},
        {"Month": ""},
        {"Month": "2023-13"},
        {"Month": "January"},
        {"Reported by": "Surrey Police"},
        {"Reported by": ""},
    ]
    changes = data.draw(
        st.lists(st.sampled_from([{}, {}, {}, *wrong]), min_size=1, max_size=12).filter(lambda c: sum(map(bool, c)) * 2 <= len(c))
    )
    put(tmp_path / "in", NAME, csv_bytes(STREET, [CRIME | change for change in changes], "\r\n" if crlf else "\n"))
    tables, accounting = read_all(police_uk, tmp_path / "in", tmp_path / "work")
    kept = [number for number, change in enumerate(changes, start=1) if not change]
    assert [row for (row,) in rows_of(tables["street_crimes"], "source_row")] == kept
    assert accounting.files[0].rows_quarantined == len(changes) - len(kept) == sum(accounting.quarantined().values())


def test_a_misnamed_file_stops_the_run(tmp_path):
    put(tmp_path, "2023-02/2023-02-city-of-london-street.csv", csv_bytes(STREET, [CRIME] * 3))
    assert [problem.kind for problem in blocking(police_uk, tmp_path)] == ["mostly-unusable"]


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["2023-01/2023-01-city-of-london-street.csv", "2023-01/2023-01-city-of-london-street-sample.csv"], "twice"),
        (["2023-02/2023-01-city-of-london-street.csv"], "name"),
        (["2023-13/2023-13-city-of-london-street.csv"], "name"),
        (["2999-01/2999-01-city-of-london-street.csv"], "name"),
        (["2023-01/street.csv"], "name"),
        (["2023-01/2023-01-city-of-london-street.xlsx"], "name"),
    ],
)
def test_names_that_cannot_be(tmp_path, names, kind):
    for name in names:
        put(tmp_path, name, csv_bytes(STREET, [CRIME]))
    assert kind in {problem.kind for problem in blocking(police_uk, tmp_path)}


def test_other_forces_of_the_archive_are_not_read(tmp_path):
    put(tmp_path, "2023-01/2023-01-btp-street.csv", b"anything")
    put(tmp_path, "2023-01/2023-01-northern-ireland-stop-and-search.csv", b"anything")
    assert {problem.kind for problem in discover(police_uk, tmp_path).problems} == {"not-read"}


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ({"Crime type": "Violence"}, "Violence"),
        ({"Crime type": ""}, "(blank)"),
        ({"LSOA code": "E0100001"}, "E0100001 / City of London 001A"),
        ({"LSOA code": "somewhere"}, "somewhere / City of London 001A"),
        ({"LSOA code": "Unknown"}, "Unknown / City of London 001A"),
        ({"LSOA code": "E01999999", "LSOA name": "Camden 099Z"}, "E01999999 / Camden 099Z"),
    ],
)
def test_an_unknown_category_stops_the_run_and_names_itself(tmp_path, change, value):
    put(tmp_path, NAME, csv_bytes(STREET, [CRIME, CRIME | change, CRIME | {"Location": "On or near Secret Street"}]))
    problem = only(discover(police_uk, tmp_path).problems, "unknown-category")
    assert problem.blocking and (problem.row, problem.value, problem.file) == (2, value, f"police_uk/{NAME}")
    assert "Secret" not in str(problem)
