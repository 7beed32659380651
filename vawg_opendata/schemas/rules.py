"""What a declaration demands of the data, as a list of named rules in DuckDB's SQL.

The one place where the meaning of `required`, `codes`, `minimum` and so on is written as SQL: the checks of a Parquet
file and the quarantine of a source's rows both use it. Running the rules does not belong here.
"""

import datetime
from dataclasses import dataclass

from vawg_opendata.schemas.fields import MONTH, MONTH_PATTERN, NUMBER, Field, TableSchema


@dataclass(frozen=True)
class RowRule:
    """A rule a row keeps or breaks by itself: `broken` is an SQL condition, true where broken and never NULL."""

    check: str
    column: str
    broken: str


def quoted(name: str) -> str:
    """A column or table name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A string, number, boolean or date as SQL."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def row_rules(schema: TableSchema) -> tuple[RowRule, ...]:
    """The rules of a table that concern one row at a time, in the order of its fields.

    Checks are `required`, `finite`, `codes`, `month`, `pattern`, `minimum`, `maximum` and `not_after`. A missing value
    (NULL) breaks `required` and nothing else; so does NaN in a number, which other tools read as missing.
    """
    return tuple(rule for field in schema.fields for rule in _rules(field))


def _rules(field: Field) -> list[RowRule]:
    column = quoted(field.name)
    present = f"{column} IS NOT NULL"
    if field.type == NUMBER:
        present = f"({column} IS NOT NULL AND NOT isnan({column}))"
    rules = []

    def rule(check: str, broken: str) -> None:
        rules.append(RowRule(check, field.name, broken))

    if field.required:
        rule("required", f"NOT {present}")
    if field.type == NUMBER:
        rule("finite", f"coalesce(isinf({column}), false)")
    allowed = field.allowed()
    if allowed is not None:
        # A cast looks codes up in a hash table; IN compares each value with each code, minutes for thousands of areas.
        outside = f"TRY_CAST({column} AS ENUM ({', '.join(literal(code) for code in allowed)})) IS NULL" if allowed else "true"
        rule("codes", f"({present} AND {outside})")
    if field.type == MONTH:
        rule("month", f"({present} AND NOT regexp_full_match({column}, {literal(MONTH_PATTERN)}))")
    if field.pattern is not None:
        rule("pattern", f"({present} AND NOT regexp_full_match({column}, {literal(field.pattern)}))")
    if field.minimum is not None:
        rule("minimum", f"({present} AND {column} < {literal(field.minimum)})")
    if field.maximum is not None:
        rule("maximum", f"({present} AND {column} > {literal(field.maximum)})")
    if field.not_after:
        rule("not_after", " OR ".join(f"coalesce({column} > {quoted(name)}, false)" for name in field.not_after))
    return rules
