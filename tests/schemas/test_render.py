"""What follows from a declaration is what the tools of the field accept and enforce."""

import csv
import datetime

import duckdb
import frictionless
import pyarrow
import pytest

from vawg_opendata.schemas import (
    Field,
    ForeignKey,
    SchemaError,
    Sensitivity,
    TableSchema,
    arrow_schema,
    dictionary_rows,
    duckdb_columns,
    duckdb_comments,
    table_schema,
)

SCHEMA = TableSchema(
    name="cases",
    title="Cases",
    description="What the force's systems hold; \"it's\" quoted.",
    fields=(
        Field(name="case", title="Case", description="Number.", pattern="[0-9]{3}", required=True, sensitivity=Sensitivity.DIRECT),
        Field(name="month", title="Month", description="Month.", type="month"),
        Field(name="day", title="Day", description="Day.", type="date", minimum=datetime.date(2014, 1, 1), unit="day"),
        Field(
            name="age", title="Age", description="Age.", type="integer", minimum=0, maximum=120, unit="year", source_standard="Census 2021"
        ),
        Field(name="share", title="Share", description="Share.", type="number", maximum=1.0),
        Field(name="held", title="Held", description="Held.", type="boolean", required=True),
        Field(name="sex", title="Sex", description="Sex.", codes="sex", required=True),
        Field(name="area", title="Area", description="Borough.", codes="area", levels=("borough",)),
    ),
    primary_key=("case",),
    foreign_keys=(ForeignKey(("month",), "months", ("code",)),),
)
GOOD = {
    "case": "001",
    "month": "2026-02",
    "day": "2024-02-28",
    "age": "31",
    "share": "0.5",
    "held": "true",
    "sex": "female",
    "area": "E09000012",
}


def errors(tmp_path, *rows):
    """The errors frictionless finds in a CSV of these rows, as (type, field)."""
    with (tmp_path / "cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(GOOD))
        writer.writeheader()
        writer.writerows(rows)
    schema = frictionless.Schema.from_descriptor(table_schema(SCHEMA))
    report = frictionless.Resource(path="cases.csv", basepath=str(tmp_path), schema=schema).validate()
    return [(error.type, getattr(error, "field_name", "")) for error in report.task.errors]


def test_frictionless_accepts_what_is_right(tmp_path):
    assert errors(tmp_path, GOOD, {**GOOD, "case": "002", "month": "", "day": "", "age": "", "share": "", "area": ""}) == []


@pytest.mark.parametrize(
    ("column", "value", "error"),
    [
        ("case", "", "constraint-error"),
        ("case", "12", "constraint-error"),
        ("month", "2026-13", "constraint-error"),
        ("day", "2024-02-30", "type-error"),
        ("day", "2013-12-31", "constraint-error"),
        ("age", "121", "constraint-error"),
        ("age", "old", "type-error"),
        ("share", "1.5", "constraint-error"),
        ("held", "perhaps", "type-error"),
        ("sex", "total", "constraint-error"),
        ("sex", "unheard-of", "constraint-error"),
        ("area", "BCU-CE", "constraint-error"),
    ],
)
def test_frictionless_enforces_each_rule(tmp_path, column, value, error):
    assert (error, column) in errors(tmp_path, {**GOOD, column: value})


def test_frictionless_enforces_the_primary_key(tmp_path):
    assert [kind for kind, _ in errors(tmp_path, GOOD, GOOD)] == ["primary-key"]


def test_codes_are_categories_with_labels_and_an_enumeration():
    sex = table_schema(SCHEMA)["fields"][6]
    assert {"value": "female", "label": "Female"} in sex["categories"]
    assert sex["constraints"]["enum"] == [category["value"] for category in sex["categories"]]


def test_foreign_keys_name_resources_and_vanish_where_there_is_none():
    assert "foreignKeys" not in table_schema(SCHEMA)
    (link,) = table_schema(SCHEMA, {"months": "month-list"})["foreignKeys"]
    assert link == {"fields": ["month"], "reference": {"resource": "month-list", "fields": ["code"]}}


def test_arrow_and_duckdb_hold_the_same_columns():
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in duckdb_columns(SCHEMA).items())
        connection.execute(f"CREATE TABLE cases ({columns})")
        made = connection.sql("FROM cases").to_arrow_table().schema
    expected = arrow_schema(SCHEMA)
    assert [(field.name, field.type) for field in made] == [(field.name, field.type) for field in expected]
    assert expected.field("age").type == pyarrow.int64()
    assert expected.field("age").metadata == {b"title": b"Age", b"description": b"Age."}


def test_comments_can_be_read_back():
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in duckdb_columns(SCHEMA).items())
        connection.execute(f"CREATE TABLE other_name ({columns})")
        for statement in duckdb_comments(SCHEMA, "other_name"):
            connection.execute(statement)
        table = connection.execute("SELECT comment FROM duckdb_tables()").fetchall()
        found = connection.execute("SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'other_name'").fetchall()
    assert table == [(f"{SCHEMA.title}. {SCHEMA.description}",)]
    assert dict(found) == {field.name: f"{field.title}. {field.description}" for field in SCHEMA.fields}


def test_the_dictionary_has_a_line_per_field_and_the_same_columns_throughout():
    rows = dictionary_rows(SCHEMA)
    assert [row["name"] for row in rows] == list(SCHEMA.names)
    assert len({tuple(row) for row in rows}) == 1
    age = rows[3]
    assert (age["table"], age["type"], age["unit"], age["source_standard"], age["required"]) == (
        "cases",
        "integer",
        "year",
        "Census 2021",
        "no",
    )
    assert rows[0]["sensitivity"] == "direct identifier"


def test_levels_margins_and_leaves_choose_the_codes():
    def allowed(**options):
        return set(Field(name="area", title="a", description="a", codes="area", **options).allowed())

    assert "E12000007" in allowed(margins=True)
    assert not allowed() & {"E12000007", "BCU-CE", "E09000012"}
    assert "E09000012-UNK" in allowed()
    assert {code[:3] for code in allowed(levels=("bcu",))} == {"BCU"}
    with pytest.raises(SchemaError, match="no level"):
        allowed(levels=("hamlet",))
