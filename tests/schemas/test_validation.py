"""DuckDB and Pandera judge alike: same checks, same counts, whatever the table and whatever is wrong with it."""

import datetime
import math
import re

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vawg_opendata.schemas import (
    CheckResult,
    Field,
    ForeignKey,
    SchemaError,
    TableSchema,
    arrow_schema,
    read_frame,
    validate_frame,
    validate_parquet,
)

DAY = datetime.date(2024, 2, 28)
WORDS = ["", "a", "b", "ab", "A", " a", "a\n", "\u0663", "2026-02", "2026-13", "2026-02\n", "1"]
VALUES = {
    "string": st.sampled_from(WORDS) | st.text(max_size=3),
    "month": st.sampled_from(WORDS),
    "integer": st.integers(-3, 3) | st.sampled_from([-(2**53), 2**53]),
    "number": st.sampled_from([-1.5, 0.0, -0.0, 1.5, math.nan, math.inf, -math.inf]),
    "boolean": st.booleans(),
    "date": st.sampled_from([datetime.date(1900, 1, 1), DAY, DAY + datetime.timedelta(days=1)]),
}
BOUNDS = {"integer": st.integers(-2, 2), "number": st.sampled_from([-1.0, 0.0, 1.0]), "date": st.just(DAY), "month": st.just("2026-02")}


@st.composite
def fields(draw, name):
    kind = draw(st.sampled_from(sorted(VALUES)))
    bound = st.none() | BOUNDS.get(kind, st.none())
    text = kind in ("string", "month")
    return Field(
        name=name,
        title=name,
        description=name,
        type=kind,
        required=draw(st.booleans()),
        codes=draw(st.none() | st.lists(st.sampled_from(WORDS), unique=True).map(tuple)) if text else None,
        pattern=draw(st.none() | st.sampled_from(["a.", "a|b", "[0-9]{4}-.*", r"\d", "a$"])) if text else None,
        minimum=draw(bound),
        maximum=draw(bound),
    )


@st.composite
def tables(draw):
    declared = [draw(fields(f"c{position}")) for position in range(draw(st.integers(1, 4)))]
    comparable = [(a, b) for a in declared for b in declared if a is not b and a.type == b.type and a.type in ("integer", "date", "month")]
    if comparable:
        earlier, _ = draw(st.sampled_from(comparable))
        later = draw(st.lists(st.sampled_from([b.name for a, b in comparable if a is earlier]), min_size=1, unique=True))
        declared[declared.index(earlier)] = Field(**{**earlier.__dict__, "not_after": tuple(later)})
    required = [field.name for field in declared if field.required and field.type != "number"]
    key = tuple(draw(st.lists(st.sampled_from(required), unique=True, max_size=2))) if required else ()
    linked = [field.name for field in declared if field.type != "number"]
    link = tuple(draw(st.lists(st.sampled_from(linked), unique=True, min_size=1, max_size=2))) if linked and draw(st.booleans()) else ()
    schema = TableSchema(
        name="t",
        title="t",
        description="t",
        fields=tuple(declared),
        primary_key=key,
        foreign_keys=(ForeignKey(link, "other", tuple(f"r_{name}" for name in link)),) if link else (),
    )

    def frame(names, values, rows):
        return {name: draw(st.lists(st.none() | VALUES[values[name]], min_size=rows, max_size=rows)) for name in names}

    kinds = {field.name: field.type for field in declared}
    data = frame(schema.names, kinds, draw(st.integers(0, 8)))
    other = frame(link, kinds, draw(st.integers(0, 4)))
    faults = ["as declared", "as declared", "extra column", "wrong type"]
    if len(declared) > 1:  # a Parquet file has at least one column
        faults.append("missing column")
    return schema, data, other, draw(st.sampled_from(faults))


def truth(schema, data, other):
    """The rules in plain Python, row by row: what both engines must arrive at."""
    rows = [dict(zip(data, values, strict=True)) for values in zip(*data.values(), strict=True)]
    counts = {}

    def missing(value):
        return value is None or value != value

    def add(check, column, broken):
        counts[check, column] = sum(1 for row in rows if broken(row))

    for field in schema.fields:
        name = field.name

        def value_breaks(test, name=name):
            return lambda row: not missing(row[name]) and not test(row[name])

        if field.required:
            add("required", name, lambda row, name=name: missing(row[name]))
        if field.type == "number":
            add("finite", name, value_breaks(math.isfinite))
        if field.codes is not None:
            add("codes", name, value_breaks(lambda value, field=field: value in field.codes))
        if field.type == "month":
            add("month", name, value_breaks(lambda value: re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", value)))
        if field.pattern is not None:
            # RE2: $ is the very end of the text, \d an ASCII digit
            pattern = field.pattern.replace("$", r"\Z")
            add("pattern", name, value_breaks(lambda value, pattern=pattern: re.fullmatch(pattern, value, re.ASCII)))
        if field.minimum is not None:
            add("minimum", name, value_breaks(lambda value, field=field: value >= field.minimum))
        if field.maximum is not None:
            add("maximum", name, value_breaks(lambda value, field=field: value <= field.maximum))
        if field.not_after:

            def late(row, name=name, later=field.not_after):
                return row[name] is not None and any(row[other] is not None and row[name] > row[other] for other in later)

            add("not_after", name, late)
    if schema.primary_key:
        keys = [tuple(row[name] for name in schema.primary_key) for row in rows]
        counts["primary_key", ",".join(schema.primary_key)] = sum(keys.count(key) > 1 for key in keys)
    for key in schema.foreign_keys:
        known = set(zip(*other.values(), strict=True))
        held = [tuple(row[name] for name in key.fields) for row in rows]
        counts["foreign_key", ",".join(key.fields)] = sum(None not in values and values not in known for values in held)
    return counts


@settings(max_examples=150, deadline=None)
@given(tables())
def test_both_engines_find_what_plain_python_finds(tmp_path_factory, case):
    schema, data, other, fault = case
    folder = tmp_path_factory.mktemp("t")
    table = pyarrow.table(data, schema=arrow_schema(schema))
    first = schema.names[0]
    if fault == "missing column":
        table = table.drop_columns(first)
    elif fault == "extra column":
        table = table.append_column("surplus", pyarrow.nulls(len(table), pyarrow.int64()))
    elif fault == "wrong type":
        table = table.set_column(0, first, pyarrow.nulls(len(table), pyarrow.int16()))
    pyarrow.parquet.write_table(table, folder / "t.parquet")
    references, frames = {}, {}
    for key in schema.foreign_keys:
        types = [arrow_schema(schema).field(name).type for name in key.fields]
        linked = pyarrow.table(list(other.values()), schema=pyarrow.schema(zip(key.reference_fields, types, strict=True)))
        pyarrow.parquet.write_table(linked, folder / "other.parquet")
        references["other"] = folder / "other.parquet"
        frames["other"] = read_frame(folder / "other.parquet")

    by_duckdb = validate_parquet(schema, folder / "t.parquet", references)
    by_pandera = validate_frame(schema, read_frame(folder / "t.parquet"), frames)

    assert by_duckdb == by_pandera
    structure = {
        (result.check, result.column): result.failures for result in by_duckdb if result.check in ("present", "type", "unexpected")
    }
    values = {(result.check, result.column): result.failures for result in by_duckdb if (result.check, result.column) not in structure}
    if fault in ("as declared", "extra column"):
        assert values == truth(schema, data, other)
        assert sum(structure.values()) == (fault == "extra column")
    else:
        assert structure["present" if fault == "missing column" else "type", first] == 1
        expected = truth(schema, data, other)
        assert values.items() <= expected.items()
        assert not [column for check, column in values if first in column.split(",")]


def test_results_hold_names_and_counts_only(tmp_path):
    schema = TableSchema(
        name="t",
        title="t",
        description="t",
        fields=(Field(name="reference", title="r", description="r", pattern="[0-9]+", required=True),),
        primary_key=("reference",),
    )
    pyarrow.parquet.write_table(pyarrow.table({"reference": ["CANARY", "CANARY", None, "12"]}), tmp_path / "t.parquet")
    results = validate_parquet(schema, tmp_path / "t.parquet")
    assert "CANARY" not in repr(results)
    assert CheckResult("pattern", "reference", 2) in results
    assert CheckResult("primary_key", "reference", 2) in results
    assert CheckResult("required", "reference", 1) in results


@pytest.mark.parametrize(
    "declaration",
    [
        {"name": "Name"},
        {"type": "text"},
        {"type": "integer", "codes": ("a",)},
        {"type": "integer", "minimum": "1"},
        {"type": "date", "pattern": "a"},
        {"codes": ("a",), "margins": True},
        {"description": ""},
    ],
)
def test_a_field_that_contradicts_itself_is_refused(declaration):
    with pytest.raises(SchemaError):
        Field(**{"name": "f", "title": "f", "description": "f", **declaration})


@pytest.mark.parametrize(
    "declaration",
    [
        {"primary_key": ("absent",)},
        {"primary_key": ("optional",)},
        {"foreign_keys": (ForeignKey(("absent",), "other", ("id",)),)},
        {"fields": (Field(name="a", title="a", description="a"),) * 2},
        {
            "fields": (
                Field(name="a", title="a", description="a", type="number", not_after=("b",)),
                Field(name="b", title="b", description="b", type="number"),
            )
        },
    ],
)
def test_a_table_that_contradicts_itself_is_refused(declaration):
    with pytest.raises(SchemaError):
        TableSchema(
            **{
                "name": "t",
                "title": "t",
                "description": "t",
                "fields": (Field(name="optional", title="o", description="o"),),
                **declaration,
            }
        )
