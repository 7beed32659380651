"""Tests a pandas frame against a table's declaration with Pandera.

For tables that are in memory anyway and small enough for it: what is released, a month of records, a frame in a test.
Large Parquet files are judged by `checks`, to the same verdict. pandas and Pandera take seconds to import, so they are
imported where they are used and a Dagster code location can import this module at no cost.
"""

from collections.abc import Mapping
from pathlib import Path

from vawg_opendata.schemas.checks import CheckResult, judgeable, named_results, structural_results
from vawg_opendata.schemas.fields import MONTH, MONTH_PATTERN, NUMBER, Field, ForeignKey, TableSchema
from vawg_opendata.schemas.render import arrow_schema


def read_frame(path: Path):
    """A Parquet file as a pandas frame with Arrow types, the form that `pandera_schema` describes."""
    import pandas
    import pyarrow.parquet

    return pyarrow.parquet.read_table(path).to_pandas(types_mapper=pandas.ArrowDtype)


def pandera_schema(schema: TableSchema, references: Mapping[str, object] | None = None):
    """The table as a strict `pandera.pandas.DataFrameSchema` over Arrow types.

    `references` maps the names of linked tables to frames; the foreign keys to them become checks of the whole frame.
    """
    import pandas
    import pandera.pandas as pandera

    columns = {
        field.name: pandera.Column(
            pandas.ArrowDtype(arrow.type),
            checks=_checks(field),
            nullable=not field.required,
            title=field.title,
            description=field.description,
        )
        for field, arrow in zip(schema.fields, arrow_schema(schema), strict=True)
    }
    whole = [_not_after(field.name, field.not_after) for field in schema.fields if field.not_after]
    if schema.primary_key:
        whole.append(_unique(schema.primary_key))
    whole += [_link(key, references[key.table]) for key in schema.foreign_keys if references and key.table in references]
    return pandera.DataFrameSchema(columns, checks=whole, strict=True, name=schema.name, title=schema.title, description=schema.description)


def validate_frame(schema: TableSchema, frame, references: Mapping[str, object] | None = None) -> list[CheckResult]:
    """All checks of a table, passed ones included, on a pandas frame of Arrow types; see `checks.validate_parquet`.

    `references` maps the names of linked tables to frames. Pandera gathers failing values of all columns in one, so
    integers beyond 2**53 that fail raise pyarrow.ArrowInvalid; `validate_parquet` has no such limit.
    """
    import pandas
    import pandera.errors

    expected = {arrow.name: pandas.ArrowDtype(arrow.type) for arrow in arrow_schema(schema)}
    structure = structural_results(schema, dict(frame.dtypes.items()), expected)
    failed: dict[tuple[str, str], int] = {}
    try:
        pandera_schema(schema, references).validate(_without_nan(frame.reset_index(drop=True)), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        # A check of the whole frame yields one case per column of a failing row, hence the distinct row numbers.
        for (context, column, check), group in cases.groupby(["schema_context", "column", "check"], dropna=False):
            name = (check, "") if context == "DataFrameSchema" else (_RENAMED.get(check, check), column)
            failed[name] = max(failed.get(name, 0), group["index"].nunique())
    rules, keyed, links = judgeable(schema, structure, references or {})
    names = [(_whole_name(rule.check, (rule.column,)), "") if rule.check == "not_after" else (rule.check, rule.column) for rule in rules]
    names += [(_whole_name("primary_key", schema.primary_key), "")] if keyed else []
    names += [(_whole_name("foreign_key", key.fields), "") for key in links]
    return [*structure, *named_results(schema, rules, keyed, links, [failed.get(name, 0) for name in names])]


def _without_nan(frame):
    """NaN as a missing value: with Arrow types pandas keeps the two apart, and Pandera judges NaN as a number."""
    import pandas
    import pyarrow.compute

    def cleaned(series):
        values = pyarrow.array(series)
        valid = pyarrow.compute.if_else(pyarrow.compute.is_nan(values), None, values)
        return pandas.Series(pandas.array(valid, dtype=series.dtype), index=series.index)

    floats = [name for name, kind in frame.dtypes.items() if str(kind) == "double[pyarrow]"]
    return frame.assign(**{name: cleaned(frame[name]) for name in floats})


_RENAMED = {"not_nullable": "required"}


def _whole_name(check: str, columns: tuple[str, ...]) -> str:
    return f"{check}:{','.join(columns)}"


def _checks(field: Field) -> list:
    """The checks of one column; missing values are left to `nullable`."""
    import pandera.pandas as pandera

    checks = []
    if field.type == NUMBER:
        checks.append(pandera.Check(lambda series: series.abs() != float("inf"), name="finite"))
    allowed = field.allowed()
    if allowed is not None:
        checks.append(pandera.Check.isin(list(allowed), error="codes"))
    if field.type == MONTH:
        checks.append(_matches(MONTH_PATTERN, "month"))
    if field.pattern is not None:
        checks.append(_matches(field.pattern, "pattern"))
    if field.minimum is not None:
        checks.append(pandera.Check.ge(field.minimum, error="minimum"))
    if field.maximum is not None:
        checks.append(pandera.Check.le(field.maximum, error="maximum"))
    return checks


def _matches(pattern: str, name: str):
    """The whole text matches, by RE2 as in DuckDB: Python's engine reads \\d and $ differently."""
    import pandas
    import pandera.pandas as pandera
    import pyarrow
    import pyarrow.compute

    def match(series):
        found = pyarrow.compute.match_substring_regex(pyarrow.array(series), rf"\A(?:{pattern})\z")
        return pandas.Series(found.to_numpy(zero_copy_only=False), index=series.index)

    return pandera.Check(match, name=name)


def _not_after(column: str, later: tuple[str, ...]):
    import pandera.pandas as pandera

    def in_order(frame):
        return ~sum((frame[column] > frame[name]).fillna(False).astype(bool) for name in later).astype(bool)

    return pandera.Check(in_order, ignore_na=False, name=_whole_name("not_after", (column,)))


def _unique(key: tuple[str, ...]):
    """Not `unique=`: Pandera counts missing values as duplicates there and then reports no failing row."""
    import pandera.pandas as pandera

    def unique(frame):
        return ~frame.duplicated(subset=list(key), keep=False)

    return pandera.Check(unique, ignore_na=False, name=_whole_name("primary_key", key))


def _link(key: ForeignKey, reference):
    import pandera.pandas as pandera

    def linked(frame):
        known = reference[list(key.reference_fields)].drop_duplicates().set_axis(list(key.fields), axis=1)
        pairs = frame[list(key.fields)].merge(known, how="left", on=list(key.fields), indicator=True)
        found = (pairs["_merge"] == "both").set_axis(frame.index)
        return found | frame[list(key.fields)].isna().any(axis=1)

    return pandera.Check(linked, ignore_na=False, name=_whole_name("foreign_key", key.fields))
