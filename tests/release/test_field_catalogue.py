"""The field catalogue of a package says of every field that is published what is true of it."""

import json
from dataclasses import replace

import pyarrow
import pytest

from tests.release.packages import MIXED, PRODUCT, count, protected, release, rows
from vawg_opendata.microdata import RecordTable
from vawg_opendata.products.female_homicide import CASES, FEMALE_HOMICIDE
from vawg_opendata.release.package.field_catalogue import field_catalogue
from vawg_opendata.release.package.tables import package_tables, record_table


def catalogue(product, tables):
    """The rows of a catalogue, by field."""
    made = field_catalogue(product, tables)
    return {row["name"]: row for row in (dict(zip(made.schema.names, row, strict=True)) for row in zip(*made.columns, strict=True))}


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("catalogued")
    return release(folder, folder / "published", MIXED).folder


def test_it_has_every_field_of_the_tables_once_in_their_order(package):
    resources = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    published = [
        (resource["name"], str(position), field["name"], field["title"], field["type"])
        for resource in resources
        if "statistics" in resource
        for position, field in enumerate(resource["schema"]["fields"], start=1)
    ]
    assert published == [tuple(row[key] for key in ("table_name", "position", "name", "title", "type")) for row in rows(package, "fields")]


def test_it_says_what_was_done_and_who_is_given_the_field(package):
    age, month, victims, status = rows(package, "fields")
    assert [row["name"] for row in (age, month, victims, status)] == ["age_group", "month", "victims", "victims_status"]
    assert (age["codes"], age["sensitivity"]) == ("age_group", "quasi-identifier")
    assert age["rule"] == "Counted by its codes of the levels total, age_group; no record is published by it"
    assert (victims["codes"], victims["sensitivity"]) == ("", "other")
    assert victims["rule"] == "Withheld where it is from 1 to 4, and where it would give such a count away"
    assert status["codes"] == "c|x|z"
    assert {(row["access_profile"], row["source"]) for row in (age, month, victims, status)} == {
        ("public", "MPS Violence Against Women and Girls Dashboard Data, Metropolitan Police Service, London Datastore")
    }
    assert all("anonymous information" in row["legal_gateway"] for row in (age, month, victims, status))


def test_partners_are_named_with_the_gateway_by_which_they_are_given_the_field(tmp_path):
    partners = replace(PRODUCT, audience="safestats")
    statistics = count(tmp_path, MIXED)
    fields = catalogue(partners, package_tables(partners, statistics.outline, protected(statistics), synthetic=False))
    assert fields["victims"]["access_profile"] == "local-authority|fire-and-rescue|health|probation|youth-offending|local-policing-body"
    assert fields["victims"]["legal_gateway"].startswith("Police, Crime, Sentencing and Courts Act 2022, section 16") and "|" not in fields["victims"]["legal_gateway"]


def test_of_records_it_says_what_the_descriptor_claims():
    columns = ["age_band", "relationship"]
    claim = {"quasiIdentifiers": ["age_band"], "k": 7, "sensitive": {"relationship": {"l": 3}}}
    listed = record_table(CASES, RecordTable(CASES.name, "crime_extract", pyarrow.table(dict.fromkeys(columns, ["total"])), claim))
    fields = catalogue(FEMALE_HOMICIDE, [listed])
    assert [(fields[name]["sensitivity"], fields[name]["codes"]) for name in columns] == [("quasi-identifier", "age_band"), ("sensitive", "relationship")]
    assert "until at least 7 records look alike" in fields["age_band"]["rule"]
    assert fields["relationship"]["rule"] == "Records that look alike have at least 3 values of it"
