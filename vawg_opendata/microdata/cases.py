"""From the records of the extract to cases: one row per offence with one victim and, where there is one, one suspect.

`Cases` reads them: first who they are about and what the tables of counts count them by, then, of those that are chosen, every field of
`vawg_opendata.schemas.vawg_records` at its finest. All of it is record-level and is held in memory only. What may be published of it is decided
in `linked`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from vawg_opendata.problems import confine
from vawg_opendata.record_files import record_files
from vawg_opendata.reference import load_codelist
from vawg_opendata.schemas.rules import literal, quoted
from vawg_opendata.schemas.vawg_records import POOL_TABLES, Part
from vawg_opendata.statistics.facts import FACTS

if TYPE_CHECKING:
    import pyarrow

TABLES = ("offences", "victims", "suspects", "relationships", "outcomes", "risk_assessments", "orders")
COUNTED = ("area", "offence", "month", "location_type", "weekday", "time_of_day", "public_space", "outcome", "age_group", "ethnic_appearance", "repeat_victim")
"""The dimensions by which tables count the offence or the victim of a case: columns `counted_<dimension>`."""
_OF_AN_OFFENCE = ("location_type", "weekday", "time_of_day", "public_space")


def _number(count: str) -> str:
    return f"CASE WHEN {count} < 2 THEN {count}::VARCHAR WHEN {count} < 5 THEN '2-4' WHEN {count} < 10 THEN '5-9' ELSE '10-or-more' END"


def _days(since: str, until: str, last: str = "91-or-more") -> str:
    days = f"date_diff('day', {since}, {until})"
    longer = f"WHEN {days} <= 90 THEN '31-90' ELSE '91-or-more'" if last == "91-or-more" else f"ELSE {literal(last)}"
    return f"CASE WHEN {days} IS NULL THEN NULL WHEN {days} <= 0 THEN 'same-day' WHEN {days} <= 7 THEN '1-7' WHEN {days} <= 30 THEN '8-30' {longer} END"


def _age(age: str, width: int, oldest: int) -> str:
    return (
        f"CASE WHEN {age} IS NULL THEN 'not-known' WHEN {age} >= {oldest} THEN '{oldest}-and-over' "
        f"ELSE ({age} // {width} * {width}) || '-' || ({age} // {width} * {width} + {width - 1}) END"
    )


def _fact(dimension: str) -> str:
    """How the tables of counts read a dimension of an offence."""
    return next(fact.dimensions[dimension] for fact in FACTS if fact.source == "crime_extract" and dimension in fact.dimensions and fact.measure == "offences")


def _same_borough(home: str) -> str:
    return f"CASE WHEN {home} IS NULL THEN 'not-known' WHEN {home} = o.borough_code THEN 'yes' ELSE 'no' END"


_RENAMED = {
    "victim_mental_health": "v.mental_health",
    "victim_previous_offences": _number("v.previous_offences"),
    "outcome_group": "coalesce(u.outcome_code, 'none')",
    "disabled": "CASE WHEN v.disability IN ('none', 'not-known') THEN CASE v.disability WHEN 'none' THEN 'no' ELSE 'not-known' END ELSE 'yes' END",
    "lives_in_borough": _same_borough("v.home_borough_code"),
    "days_to_report": f"CASE WHEN o.committed_from_date > DATE '1900-01-01' THEN {_days('o.committed_from_date', 'coalesce(o.reported_date, o.recorded_date)')} END",
    "days_to_record": _days("coalesce(o.reported_date, o.recorded_date)", "o.recorded_date"),
    "arrested": "CASE WHEN s.suspect_id IS NOT NULL THEN s.arrest_date IS NOT NULL END",
    "days_to_arrest": _days("o.recorded_date", "s.arrest_date", "31-or-more"),
    "suspect_charged": "CASE WHEN s.suspect_id IS NOT NULL THEN s.charge_date IS NOT NULL END",
    "days_to_charge": _days("o.recorded_date", "s.charge_date", "31-or-more"),
    "suspect_previous_offences": f"CASE WHEN s.suspect_id IS NOT NULL THEN {_number('s.previous_offences')} END",
    "suspect_mental_health": "s.mental_health",
    "suspect_alcohol": "s.alcohol",
    "suspect_drugs": "s.drugs",
    "suspects_of_offence": _number("coalesce(s.suspects, 0)"),
    "outcomes_assigned": _number("coalesce(u.outcomes, 0)"),
    "days_to_outcome": _days("o.recorded_date", "u.outcome_date"),
    "victim_informed": "CASE WHEN u.outcome_code IS NOT NULL THEN u.victim_informed_date IS NOT NULL END",
    "risk_assessed": "r.assessment_id IS NOT NULL",
    "answers_yes": f"CASE WHEN r.assessment_id IS NOT NULL THEN {_number('r.answers_yes')} END",
    "order_applied": "d.order_id IS NOT NULL",
    "orders_applied": _number("coalesce(d.orders, 0)"),
    "breached": "d.breached",
}
"""The SQL of the pooled fields that are not a column of that name in the table that they are of."""

_OF = {
    "pool_circumstances": "o", "pool_investigation": "o", "pool_victim_needs": "v", "pool_victim_care": "v", "pool_suspect": "s",
    "pool_relationship": "p", "pool_outcomes": "u", "pool_risk": "r", "pool_charges": "u", "pool_orders": "d",
}  # fmt: skip

_KNOWN = {
    "week": "strftime(o.recorded_date, '%Y-%m-') || ['01', '08', '15', '22'][least((day(o.recorded_date) - 1) // 7, 3) + 1]",
    "place": "o.area",
    "location": "o.location_type",
    "time": "o.counted_time_of_day || ' ' || o.counted_weekday",
    "victim_age": _age("v.age", 10, 80),
    "victim_ethnicity": "v.ethnic_appearance",
    "suspect": f"CASE WHEN s.suspect_id IS NULL THEN 'no-suspect' ELSE s.sex || ' ' || {_age('s.age', 10, 80)} END",
}
"""The SQL of each quasi-identifier at its finest."""

_ONE_OF_EACH = """
FROM offences AS o
JOIN (
    FROM victims WHERE sex = 'female' QUALIFY row_number() OVER (PARTITION BY crime_ref ORDER BY counted DESC, victim_id) = 1
) AS v USING (crime_ref)
LEFT JOIN (
    SELECT *, count(*) OVER (PARTITION BY crime_ref) AS suspects FROM suspects
    QUALIFY row_number() OVER (PARTITION BY crime_ref ORDER BY suspect_id) = 1
) AS s USING (crime_ref)
LEFT JOIN (
    SELECT *, count(*) OVER (PARTITION BY crime_ref) AS outcomes FROM outcomes
    QUALIFY row_number() OVER (PARTITION BY crime_ref ORDER BY "current" DESC, outcome_number DESC) = 1
) AS u ON u.crime_ref = o.crime_ref AND u."current"
LEFT JOIN (
    SELECT
        *, count(*) OVER (PARTITION BY crime_ref, victim_id, suspect_id) AS orders,
        list(order_type) OVER (PARTITION BY crime_ref, victim_id, suspect_id) AS order_types
    FROM orders
    QUALIFY row_number() OVER (PARTITION BY crime_ref, victim_id, suspect_id ORDER BY applied_date, order_id) = 1
) AS d ON d.crime_ref = o.crime_ref AND d.victim_id = v.victim_id AND d.suspect_id = s.suspect_id
"""
_FURTHER = """
LEFT JOIN relationships AS p ON p.crime_ref = o.crime_ref AND p.victim_id = v.victim_id AND p.suspect_id = s.suspect_id
LEFT JOIN (
    FROM risk_assessments QUALIFY row_number() OVER (PARTITION BY crime_ref, victim_id ORDER BY assessment_date, assessment_id) = 1
) AS r ON r.crime_ref = o.crime_ref AND r.victim_id = v.victim_id
SEMI JOIN chosen ON chosen.crime_ref = o.crime_ref
"""


class Cases:
    """The cases of the extract that were recorded after one month and up to another (`2026-02`), from the record tables of a folder.

    Cases have a woman or girl as their victim; of several it is one whom the tables count, where they count any. Homicides are left out: they have a product of their
    own. Use it as a context; it holds nothing beyond.
    """

    def __init__(self, records: Path, after: str, last: str) -> None:
        self.connection = duckdb.connect()
        confine(self.connection, records)
        files = record_files(records)
        lies = {name: f"read_parquet([{', '.join(literal(str(path)) for path in files[f'extract_{name}'])}])" for name in TABLES}
        newest = f"(SELECT max(vintage) FROM {lies['offences']})"
        for name in TABLES:
            within = f"recorded_month > {literal(after)} AND recorded_month <= {literal(last)}"
            counted = "".join(f", {_fact(one)} AS counted_{one}" for one in _OF_AN_OFFENCE) if name == "offences" else ""
            self.connection.execute(f"CREATE VIEW {name} AS SELECT *{counted} FROM {lies[name]} WHERE vintage = {newest} AND {within}")

    def __enter__(self) -> "Cases":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def counted(self) -> "pyarrow.Table":
        """All cases in the order of their references: `crime_ref`, `victim_id`, `suspect_id`; `counted_<dimension>` as the tables count the
        offence or its victim; `is_counted`, whether they count the victim; `order_types`, of the orders against the suspect for the victim."""
        offences = load_codelist("offence")
        homicides = ", ".join(literal(code) for code in offences.leaves if "homicide" in offences.ancestors(code))
        columns = {
            **{one: f"o.counted_{one}" for one in _OF_AN_OFFENCE}, "area": "o.area", "offence": "o.offence", "month": "o.recorded_month", "outcome": "coalesce(u.outcome_code, 'none')", "age_group": "v.age_group",
            "ethnic_appearance": "v.ethnic_appearance", "repeat_victim": "CASE WHEN v.repeat_victim THEN 'repeat' ELSE 'not-repeat' END",
        }  # fmt: skip
        wanted = ", ".join(f"{columns[name]} AS counted_{name}" for name in COUNTED)
        return self.connection.sql(
            f"SELECT o.crime_ref, v.victim_id, s.suspect_id, {wanted}, v.counted AS is_counted, d.order_types {_ONE_OF_EACH} "
            f"WHERE o.offence NOT IN ({homicides}) AND v.injury <> 'fatal' ORDER BY o.crime_ref"
        ).to_arrow_table()

    def whole(self, chosen: "pyarrow.Array") -> "pyarrow.Table":
        """Every field of the cases with these references, in their order: `known_<quasi-identifier>`, `offence` and the pooled fields by name; without the references."""
        import pyarrow

        self.connection.register("chosen", pyarrow.table({"crime_ref": chosen}))
        columns = {f"known_{name}": sql for name, sql in _KNOWN.items()} | {"offence": "o.offence"} | _pooled()
        wanted = ", ".join(f"({sql})::VARCHAR AS {quoted(name)}" for name, sql in columns.items())
        made = self.connection.sql(f"SELECT {wanted} {_ONE_OF_EACH} {_FURTHER} ORDER BY o.crime_ref").to_arrow_table()
        self.connection.unregister("chosen")
        return made


def _pooled() -> Mapping[str, str]:
    """The SQL of every pooled field."""
    names = {field.name: table.name for table in POOL_TABLES for field in table.fields if field.part == Part.POOLED}
    return {name: _RENAMED.get(name, f"{_OF[table]}.{quoted(name)}") for name, table in names.items()}
