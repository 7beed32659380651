"""The lists against their sources: the publisher's own files and the official lookups."""

import contextlib
import csv
import re
import sqlite3
from collections import Counter

import duckdb
import pytest

from tests.paths import shared
from vawg_opendata.reference import fold, load_codelist, load_crosswalk, slug

BOROUGHS = [f"E090000{number:02}" for number in range(2, 34)]


def official() -> list[dict[str, str]]:
    with next(shared("data", "geography").glob("LSOA_(2021)_to_Electoral_Ward*")).open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file) if row["LAD24CD"].startswith("E09")]


def test_london_has_its_boroughs_and_command_units():
    areas = load_codelist("area")
    at = Counter(areas.level.values())
    assert areas.total == "E12000007" and at["bcu"] == 14 and at["borough"] == 35
    assert [code for code in sorted(areas.codes) if areas.level[code] == "borough" and code.startswith("E09")] == BOROUGHS
    assert {areas.labels[areas.parents["parent"][code]] for code in ("E09000012", "E09000030")} == {"Central East"}
    assert all(f"{code}-UNK" in areas.level for code in areas.codes if areas.level[code] == "borough")


def test_wards_of_2024_have_their_official_codes_and_boroughs():
    areas = load_codelist("area")
    wards = {(row["WD24CD"], row["WD24NM"], row["LAD24CD"]) for row in official() if row["LAD24CD"] != "E09000001"}
    ours = {(row["code"], row["label"], row["parent"]) for row in areas.rows if re.fullmatch(r"E05\d{6}", row["code"])}
    assert ours == wards and len(wards) == 679
    assert {row["LAD24NM"]: row["LAD24CD"] for row in official() if row["LAD24CD"] != "E09000001"} == {
        areas.labels[code]: code for code in BOROUGHS
    }


def test_hexagons_hold_the_wards_whose_middle_lies_in_them():
    h3 = pytest.importorskip("h3")
    areas, layer = load_codelist("area"), shared("data", "geography", "london_ward.gpkg")
    with contextlib.closing(sqlite3.connect(f"file:{layer}?mode=ro&immutable=1", uri=True)) as connection:
        middles = {code: (latitude, longitude) for code, latitude, longitude in connection.execute("SELECT WD24CD, LAT, LONG FROM wards")}
    parents = areas.parents["parent_hexagon"]
    for code in areas.codes:
        if areas.level[code] == "ward":
            assert parents[code] == (f"H3-{h3.latlng_to_cell(*middles[code], 7)}" if code in middles else "H3-none"), code
        elif areas.level[code] in ("hexagon_6", "hexagon_7"):
            cell = code.removeprefix("H3-")
            assert parents[code] == f"H3-{h3.cell_to_parent(cell, h3.get_resolution(cell) - 1)}"
            assert areas.level[code] == f"hexagon_{h3.get_resolution(cell)}"
    assert len(set(areas.labels[code] for code in areas.codes if areas.level[code].startswith("hexagon"))) == 379


def test_codes_of_our_own_are_explained():
    for row in load_codelist("area").rows:
        own = row["level"] == "ward" and not row["code"].startswith("E05") and not row["code"].endswith("-UNK")
        assert not own or row["note"] or row["label"] in ("Non MET police force",), row["code"]


def test_the_classification_is_the_publishers():
    """Every label of the derived classification leads to one code, whose place in the list is the label's path."""
    with shared("data", "codes", "derived", "DERIVED_mps_vawg_offence_classification.csv").open(encoding="utf-8", newline="") as file:
        published = list(csv.DictReader(file))
    offences = load_codelist("offence")
    codes = {
        tuple(row[column] for column in ("crimsec_group", "crimseccodeexpansion", "vawg_offence", "crimsec_offences")): row["code"]
        for row in load_crosswalk("offence_labels")
    }
    assert len(published) == len(codes) == 443 and len({row["crimsec_offences"] for row in published}) == 437
    counts, by_path = Counter(), {}
    for row in published:
        path = tuple(row[column] for column in ("crimsec_group", "crimseccodeexpansion", "vawg_offence", "crimsec_offences"))
        code = codes[path]
        counts[code] += int(row["offences_2014_01_to_2026_02"])
        offence, klass, group, branch, root = offences.ancestors(code)
        assert (fold(offences.labels[group]), fold(offences.labels[klass])) == (fold(path[0]), fold(path[1]))
        assert fold(offences.labels[offences.parents["parent_vawg_offence"][code]]) == fold(path[2])
        assert (branch == "other-flagged") == (path[0] == "Other flagged offences outside of VAWG") and root == "total"
        assert by_path.setdefault(tuple(map(fold, path)), code) == code
    assert len(by_path) == len(set(by_path.values())) == 406 and sum(counts.values()) == 1_612_003
    assert set(counts) == set(offences.leaves)


def test_a_label_found_in_two_classes_has_a_code_in_each():
    found: dict[str, set[str]] = {}
    for row in load_crosswalk("offence_labels"):
        found.setdefault(fold(row["crimsec_offences"]), set()).add(row["code"])
    several = {label: codes for label, codes in found.items() if len(codes) > 1}
    offences = load_codelist("offence")
    assert len(found) == 399 and len(several) == 5
    assert len({offences.parents["parent"][code] for code in several["breachofrestrainingorder"]}) == 2
    assert len(several["nonvawgcrime"]) == 4


def test_street_areas_are_the_lsoas_of_2021_and_those_that_ceased():
    areas = load_codelist("police_uk_area")
    by_year = {year: {row["code"]: row["parent"] for row in areas.rows if row["lsoa_year"] == year} for year in ("2021", "2011")}
    assert by_year["2021"] == {row["LSOA21CD"]: row["LAD24CD"] for row in official()}
    query = f"""SELECT DISTINCT LSOA11CD, LAD22CD FROM read_csv('{next(shared("data", "geography").glob("LSOA_(2011)*"))}', all_varchar=true, header=true)
        WHERE LAD22CD LIKE 'E09%'"""
    with duckdb.connect() as connection:
        old = dict(connection.execute(query).fetchall())
    assert by_year["2011"] == {code: borough for code, borough in old.items() if code not in by_year["2021"]}
    assert areas.parents["parent"]["E09000001"] == "E12000007" and areas.labels["E09000001"] == "City of London"


def test_every_word_of_the_homicide_files_leads_to_a_code_of_its_list():
    lists = {
        ("victims", "age_group"): "homicide_age_group", ("accused", "age_group"): "accused_age_group", ("victims", "ethnicity"): "ethnicity",
        ("accused", "ethnicity"): "accused_ethnicity", ("accused", "charged_summonsed"): "accused_outcome",
    }  # fmt: skip
    for row in load_crosswalk("homicide_values"):
        name = lists.get((row["table"], row["field"]), {"offence_type": "homicide_offence_type"}.get(row["field"], row["field"]))
        assert row["code"] in load_codelist(name).leaves, row
        assert row["vintage"] in ("to 2020-12", "to 2021-12", "both")


def test_every_word_of_the_police_list_of_relationships_leads_to_a_relationship():
    rows, codes = load_crosswalk("relationship_words"), load_codelist("relationship")
    assert len(rows) == len({row["identifier"] for row in rows}) == len({fold(row["word"]) for row in rows}) == 146
    assert all(row["code"] in codes.leaves for row in rows)
    # A word that is a code of ours as well means the same; letters beyond ASCII would be read in one place and not in the other.
    assert all(row["code"] == slug(row["word"]) for row in rows if slug(row["word"]) in codes.leaves)
    assert all(fold(row["word"]).isascii() for row in rows)
    groups = {codes.parents["parent"][row["code"]] for row in rows}
    assert groups == set(codes.parents["parent"].values()) - {codes.total}


def test_the_relationship_groups_are_those_of_the_homicide_index():
    """Two groups of the tidied official table are finer here: those known in another way are of several groups there."""
    with shared("data", "ons_homicide_index", "victim_relationships.csv").open(encoding="utf-8", newline="") as file:
        official = {row["relationship"] for row in csv.DictReader(file)}
    codes = load_codelist("relationship")
    ours = {fold(codes.labels[code]) for code in codes.codes if codes.level[code] == "relationship_group"}
    same = {"Partner/ex-partner": "Partner or former partner", "Friend/acquaintance": "Friend or acquaintance", "No suspect charged": "No suspect"}
    assert {fold(same.get(word, word)) for word in official} - ours == {fold("Other")}
    assert ours - {fold(same.get(word, word)) for word in official} == {fold("Commercial, business or professional"), fold("Other known")}
