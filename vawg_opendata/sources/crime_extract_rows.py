"""The rows of the extract in SQL: how text becomes values, what makes a row unusable, what is derived for counting.

Everything here is a piece of DuckDB SQL made from the declarations in `vawg_opendata.schemas.crime_extract`; it is put
together and run by `crime_extract`.
"""

import re
from dataclasses import dataclass

from vawg_opendata.reference import fold, load_codelist, load_crosswalk, load_mapping
from vawg_opendata.schemas.fields import BOOLEAN, DATE, INTEGER, NUMBER, Field, TableSchema
from vawg_opendata.schemas.rules import literal, quoted, row_rules

UNKNOWN_DAY = "1900-01-01"  # what the crime systems hold where the day of an offence is not known

_CODED = "codes"  # the one check whose failure is not the row's but the file's: a category nobody has coded


@dataclass(frozen=True)
class Rule:
    """What makes a row unusable: the column at fault, an SQL condition on the parsed row, and the reason in words."""

    column: str
    broken: str
    reason: str


def parsed(table: TableSchema, staged: str) -> str:
    """SQL: the rows of `staged`, typed; each column also as text under `raw_<name>`, and whether it had spaces under `spaced_<name>`.

    Spaces around a value do not count. A text that is not of its type becomes NULL, which the first rules find.
    """
    texts = ", ".join(f"nullif(trim({quoted(name)}), '') AS raw_{name}, {quoted(name)} AS given_{name}" for name in table.names)
    values = ", ".join(
        f"{_value(field)} AS {quoted(field.name)}, coalesce(raw_{field.name} <> given_{field.name}, false) AS spaced_{field.name}"
        for field in table.fields
    )
    return f"SELECT source_row, {values}, COLUMNS('raw_.*') FROM (SELECT source_row, {texts} FROM {staged})"


def rules(table: TableSchema, first: str, last: str) -> list[Rule]:
    """The rules of a table in the order in which they are tried; `first` and `last` are SQL for the months, `2014-01`, between which a row must be recorded."""
    found = []
    for field in table.fields:
        name = quoted(field.name)
        if field.type in _NOT_A:
            found.append(Rule(field.name, f"{quoted('raw_' + field.name)} IS NOT NULL AND {name} IS NULL", _NOT_A[field.type]))
    found += [
        Rule(rule.column, rule.broken, _reason(table.field(rule.column), rule.check)) for rule in row_rules(table) if rule.check != _CODED
    ]
    if "recorded_date" in table.names:
        outside = f"strftime(recorded_date, '%Y-%m') NOT BETWEEN {first} AND {last}"
        found.append(Rule("recorded_date", outside, "recorded outside the period that the manifest states"))
    if {"ward_code", "borough_code", "bcu_code"} <= set(table.names):
        found.append(Rule("ward_code", f"{_parent('ward', 'ward_code')} <> borough_code", "the ward is not in the borough"))
        found.append(Rule("bcu_code", f"{_parent('borough', 'borough_code')} <> bcu_code", "the borough is not in the Basic Command Unit"))
    return found


def unknown_codes(table: TableSchema) -> dict[str, str]:
    """By column, an SQL condition on the parsed row: true where the value is in no code list."""
    return {rule.column: rule.broken for rule in row_rules(table) if rule.check == _CODED}


def derived(name: str) -> str:
    """SQL: the derived columns of a record table, from the parsed row and, as `offence_...`, what its offence gives."""
    return ", ".join(f"{sql} AS {quoted(column)}" for column, sql in _DERIVED[name]().items())


def _value(field: Field) -> str:
    raw = quoted("raw_" + field.name)
    if field.type == BOOLEAN:
        return f"CASE {raw} WHEN 'Y' THEN true WHEN 'N' THEN false WHEN 'true' THEN true WHEN 'false' THEN false END"
    if field.type == DATE:
        # The cast alone would take other separators and missing zeros as well.
        return f"CASE WHEN {raw} LIKE '____-__-__' THEN TRY_CAST({raw} AS DATE) END"
    if field.type == INTEGER:
        return f"CASE WHEN regexp_full_match({raw}, '-?[0-9]+') THEN TRY_CAST({raw} AS BIGINT) END"
    if field.type == NUMBER:
        return f"TRY_CAST({raw} AS DOUBLE)"
    return _coded_words(field, raw) if field.words else raw


def _coded_words(field: Field, raw: str) -> str:
    """SQL: the code that a word or identifier of the field's crosswalk stands for, whatever its case and marks; what is a code, or no word at all, as it is."""
    codes = {fold(row[key]): row["code"] for row in load_crosswalk(field.words) for key in ("word", "identifier")}
    word = f"regexp_replace(lower({raw}), '[^a-z0-9]', '', 'g')"
    own = ", ".join(map(literal, load_codelist(field.codes).codes))
    return f"CASE WHEN {raw} IN ({own}) THEN {raw} ELSE coalesce({_case(word, codes)}, {raw}) END"


_NOT_A = {
    BOOLEAN: "neither Y nor N",
    DATE: "no possible date of the form 2024-02-28",
    INTEGER: "no whole number",
    NUMBER: "no number",
}


def _reason(field: Field, check: str) -> str:
    return {
        "required": "missing",
        "finite": "no number",
        "month": "no possible month of the form 2024-02",
        "pattern": "not of the form it must have",
        "minimum": f"less than {field.minimum}",
        "maximum": f"more than {field.maximum}",
        "not_after": "later than " + " or ".join(field.not_after),
    }[check]


def _case(column: str, mapping: dict[str, str]) -> str:
    """SQL: the value that `mapping` gives for a column, one branch per value and not per key."""
    keys: dict[str, list[str]] = {}
    for key, value in mapping.items():
        keys.setdefault(value, []).append(literal(key))
    branches = " ".join(f"WHEN {column} IN ({', '.join(found)}) THEN {literal(value)}" for value, found in keys.items())
    return f"CASE {branches} END"


def _parent(level: str, column: str) -> str:
    """SQL: the code above an area of some level."""
    area = load_codelist("area")
    return _case(column, {code: area.parents["parent"][code] for code in area.codes if area.level[code] == level})


def _group(codelist: str, column: str) -> str:
    """SQL: the group above a code of a list of two levels."""
    found = load_codelist(codelist)
    return _case(column, {code: found.parents["parent"][code] for code in found.leaves})


def _band(codelist: str, age: str) -> str:
    """SQL: the age group (codes `10-19`, `80-and-over`) of an age, NULL where the list has none."""
    branches = []
    for code in load_codelist(codelist).leaves:
        if found := re.fullmatch(r"(\d+)-(\d+|and-over)", code):
            upper = "" if found[2] == "and-over" else f" AND {age} <= {found[2]}"
            branches.append(f"WHEN {age} >= {found[1]}{upper} THEN {literal(code)}")
    return f"CASE {' '.join(branches)} END"


def _observed(column: str, group: str) -> str:
    return _case(column, load_mapping("crime_extract/observed_ethnicity", "code", group))


# What a row takes over from its offence, from the offence's parsed row; the offence's code is looked up by its names.
TAKEN_OVER = {"recorded_month": "strftime(recorded_date, '%Y-%m')", "area": "coalesce(ward_code, borough_code || '-UNK')"}


def _offences() -> dict[str, str]:
    return {
        **TAKEN_OVER,
        "committed_month": f"CASE WHEN committed_from_date <> DATE '{UNKNOWN_DAY}' THEN strftime(committed_from_date, '%Y-%m') END",
        "offence": "offence_code",
    }


def _victims() -> dict[str, str]:
    return {
        "recorded_month": "offence_recorded_month",
        "offence": "offence_code",
        "area": "offence_area",
        "age_group": _band("age_group", "age"),
        "ethnic_appearance": _observed("observed_ethnicity", "ethnic_appearance"),
        "counted": "coalesce(sex = 'female' AND age >= 10, false)",
    }


def _linked() -> dict[str, str]:
    return {"recorded_month": "offence_recorded_month"}


def _relationships() -> dict[str, str]:
    return {"recorded_month": "offence_recorded_month", "relationship_group": _group("relationship", "relationship")}


def _homicides() -> dict[str, str]:
    return {
        "year": "year(recorded_date)",
        "month": "strftime(recorded_date, '%Y-%m')",
        "area": "borough_code",
        "age_group": _band("homicide_age_group", "age"),
        "ethnicity": _observed("observed_ethnicity", "ethnicity"),
        "method_group": _case('"method"', load_mapping("crime_extract/killing_method", "code", "method")),
        "domestic": "CASE WHEN domestic_abuse THEN 'domestic' ELSE 'not-domestic' END",
        "status": _group("crime_extract/homicide_stage", "stage"),
        "relationship_group": _group("relationship", "relationship"),
        "suspect_ethnicity": f"coalesce({_observed('suspect_observed_ethnicity', 'ethnicity')}, 'no-suspect')",
    }


_DERIVED = {
    "offences": _offences,
    "victims": _victims,
    "suspects": _linked,
    "relationships": _relationships,
    "outcomes": _linked,
    "risk_assessments": _linked,
    "orders": _linked,
    "homicides": _homicides,
}
