"""The declaration of the record-level extract is complete: what it must have, each field in full, every code list at hand."""

import pytest

from vawg_opendata.reference import load_codelist
from vawg_opendata.schemas import Sensitivity
from vawg_opendata.schemas.crime_extract import DELIVERED, RECORDS

FIELDS = [(table.name, field) for table in DELIVERED for field in table.fields]


def test_there_are_at_least_110_fields_besides_the_links():
    own = {(table, field.name) for table, field in FIELDS} - {
        (table.name, name) for table in DELIVERED for key in table.foreign_keys for name in key.fields
    }
    assert len(own) >= 110


@pytest.mark.parametrize(("table", "field"), FIELDS, ids=lambda part: part if isinstance(part, str) else part.name)
def test_a_field_is_declared_in_full(table, field):
    assert field.title and field.description.endswith(".") and field.source_standard
    assert isinstance(field.sensitivity, Sensitivity)
    if field.type in ("date", "integer"):
        assert field.unit
    if isinstance(field.codes, str):
        assert field.allowed() and load_codelist(field.codes).total not in field.allowed()


@pytest.mark.parametrize("table", DELIVERED, ids=lambda table: table.name)
def test_identifiers_are_direct_identifiers_and_every_key_is_made_of_them_or_a_number(table):
    for name in ("crime_ref", "victim_id", "suspect_id", "assessment_id", "order_id"):
        if name in table.names:
            assert table.field(name).sensitivity is Sensitivity.DIRECT
    assert table.primary_key


@pytest.mark.parametrize("table", DELIVERED, ids=lambda table: table.name)
def test_what_is_stated_and_what_is_observed_are_different_fields_of_different_codes(table):
    stated = [field for field in table.fields if field.name.endswith("self_defined_ethnicity")]
    observed = [field for field in table.fields if field.name.endswith("observed_ethnicity")]
    assert len(stated) == len(observed)
    for one in stated:
        for other in observed:
            assert not set(one.allowed()) & set(other.allowed())


@pytest.mark.parametrize("table", DELIVERED, ids=lambda table: table.name)
def test_a_table_hangs_only_on_tables_before_it(table):
    before = {other.name: other for other in DELIVERED[: DELIVERED.index(table)]}
    for key in table.foreign_keys:
        assert key.reference_fields == before[key.table].primary_key
        assert "crime_ref" in key.fields


@pytest.mark.parametrize("table", DELIVERED, ids=lambda table: table.name)
def test_records_hold_what_was_delivered_and_where_it_is_from(table):
    record = RECORDS[table.name]
    assert record.names[: len(table.names)] == table.names
    assert {"count", "vintage", "source_file", "source_row"} <= set(record.names)
    assert {key.table for key in record.foreign_keys} == {f"extract_{key.table}" for key in table.foreign_keys}
