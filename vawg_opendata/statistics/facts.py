"""What can be counted: which record table gives which measure over which dimensions, as data.

One `Fact` per way of counting. Adding a source or a view of one is one entry here; how facts become tables is in
`build`, and so does which of several sources is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vawg_opendata.reference import load_codelist

SOURCES = ("crime_extract", "mps_vawg_dashboard", "mps_homicide", "police_uk")
"""All sources, the one to be preferred first: where several give a measure, the first one gives it for the whole product."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A way to count a measure.

    `records` are the record tables that must be there; `relation` is the FROM clause over them (default: the first).
    `dimensions` maps each dimension to the SQL that gives its code, a code of any level of its list; `weight` is the
    SQL whose sum is the count; `where` restricts the rows. `vintages`: the table may hold several vintages of one
    series, told apart by its column `vintage`, of which the newest counts.

    The months covered are those of `month` in the record table `coverage` (default: the first of `records`) under
    `coverage_where`: all from the first to the last, the vintage's own month included, or with `gaps` only those that
    occur. A month that is covered and has no rows counts 0; one that is not covered has no count.

    `unknown` gives, for dimensions whose list has one, the code for what is not known. Where a source shows one total in
    several views and a row of one view could not be read, its count is known from the others and counts there.

    `marks_holds`: the records say which cases are under legal hold; their dimensions then give `LEGAL_HOLD` for those.
    """

    source: str
    measure: str
    records: tuple[str, ...]
    dimensions: Mapping[str, str]
    relation: str = ""
    weight: str = "count"
    where: str = "true"
    vintages: bool = False
    month: str
    coverage: str = ""
    coverage_where: str = "true"
    gaps: bool = False
    unknown: Mapping[str, str] = field(default_factory=dict)
    marks_holds: bool = False

    @property
    def from_clause(self) -> str:
        """The relation that is counted."""
        return self.relation or self.records[0]


_UNKNOWN = {"area": "Unknown-UNK", "ethnic_appearance": "Unknown"}


def _dashboard(measure: str, view: str, dimension: str) -> Fact:
    """One sheet of the dashboard: a separate view of the same total, never added to another."""
    return Fact(
        source="mps_vawg_dashboard",
        measure=measure,
        records=(f"dashboard_{measure}_by_{view}",),
        dimensions={dimension: dimension, "month": "recorded_month"},
        vintages=True,
        month="recorded_month",
        unknown={code: value for code, value in _UNKNOWN.items() if code == dimension},
    )


def _street(force: str, measure: str) -> Fact:
    """One force's crimes of the category, in the months of which a whole file of that force holds it.

    A file that is a part of the publisher's, or holds other categories only, says nothing about this one.
    """
    category = f"force = '{force}' AND crime_type = 'violence-and-sexual-offences'"
    return Fact(
        source="police_uk",
        measure=measure,
        records=("street_crimes", "street_coverage"),
        dimensions={"area": "area", "month": "month"},
        where=category,
        month="month",
        coverage="street_coverage",
        coverage_where=f"{category} AND whole_file",
        gaps=True,
    )


LEGAL_HOLD = "legal-hold"
"""The code of a case whose proceedings are live, in place of what it would be counted under."""


def _unless_held(column: str) -> str:
    return f"CASE WHEN legal_hold THEN '{LEGAL_HOLD}' ELSE {column} END"


_OF_OFFENCE = {"area": "area", "offence": "offence", "month": "recorded_month"}
_OF_VICTIM = {"area": "area", "age_group": "age_group", "ethnic_appearance": "ethnic_appearance", "month": "recorded_month"}
_WEEKDAY = (
    "CASE WHEN committed_month IS NULL OR coalesce(committed_to_date, committed_from_date) <> committed_from_date THEN 'not-known' "
    "ELSE ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'][isodow(committed_from_date)] END"
)
_TIME_OF_DAY = "coalesce(['night', 'morning', 'afternoon', 'evening'][committed_hour // 6 + 1], 'not-known')"


def _public_space() -> str:
    """What hotspot maps may show: offences of the classes themselves, in a public place, between people not personally connected."""
    place, offence = load_codelist("crime_extract/location_type"), load_codelist("offence")
    public, flagged = ([code for code in codes.leaves if above in codes.ancestors(code)] for codes, above in ((place, "public"), (offence, "other-flagged")))
    listed = (", ".join(f"'{code}'" for code in codes) for codes in (public, flagged))
    return "CASE WHEN NOT domestic_abuse AND location_type IN ({}) AND offence NOT IN ({}) THEN 'public-space' ELSE 'elsewhere' END".format(*listed)



def _with_outcome(records: str) -> str:
    """Rows of offences or of their victims, each once, with the outcome of the offence that stands."""
    return f"""(
    SELECT counted.*, coalesce(standing.outcome, 'none') AS current_outcome
    FROM {records} AS counted
    LEFT JOIN (
        SELECT crime_ref, vintage, arg_max(outcome_code, outcome_number) AS outcome FROM extract_outcomes WHERE "current" GROUP BY ALL
    ) AS standing ON standing.crime_ref = counted.crime_ref AND standing.vintage = counted.vintage
)"""


_ORDER_AT_OFFENCE = """(
    SELECT orders.*, offence.area
    FROM extract_orders AS orders JOIN extract_offences AS offence ON offence.crime_ref = orders.crime_ref AND offence.vintage = orders.vintage
)"""

FACTS = (
    Fact(
        source="crime_extract",
        measure="offences",
        records=("extract_offences",),
        dimensions=_OF_OFFENCE,
        vintages=True,
        month="recorded_month",
    ),
    Fact(
        source="crime_extract",
        measure="offences",
        records=("extract_offences",),
        dimensions=_OF_OFFENCE | {"location_type": "location_type", "weekday": _WEEKDAY, "time_of_day": _TIME_OF_DAY, "public_space": _public_space()},
        vintages=True,
        month="recorded_month",
    ),
    Fact(
        source="crime_extract",
        measure="offences",
        records=("extract_offences", "extract_outcomes"),
        relation=_with_outcome("extract_offences"),
        dimensions=_OF_OFFENCE | {"outcome": "current_outcome"},
        vintages=True,
        month="recorded_month",
    ),
    Fact(
        source="crime_extract",
        measure="victims",
        records=("extract_victims", "extract_offences"),
        dimensions=_OF_VICTIM,
        where="counted",
        vintages=True,
        month="recorded_month",
        coverage="extract_offences",
    ),
    Fact(
        source="crime_extract",
        measure="victims",
        records=("extract_victims", "extract_offences"),
        dimensions=_OF_VICTIM | {"repeat_victim": "CASE WHEN repeat_victim THEN 'repeat' ELSE 'not-repeat' END"},
        where="counted",
        vintages=True,
        month="recorded_month",
        coverage="extract_offences",
    ),
    Fact(
        source="crime_extract",
        measure="victims",
        records=("extract_victims", "extract_outcomes", "extract_offences"),
        relation=_with_outcome("extract_victims"),
        dimensions=_OF_VICTIM | {"outcome": "current_outcome"},
        where="counted",
        vintages=True,
        month="recorded_month",
        coverage="extract_offences",
    ),
    Fact(
        source="crime_extract",
        measure="protective_orders",
        records=("extract_orders", "extract_offences"),
        relation=_ORDER_AT_OFFENCE,
        dimensions={"area": "area", "order_type": "order_type", "month": "recorded_month"},
        vintages=True,
        month="recorded_month",
        coverage="extract_offences",
    ),
    Fact(
        source="crime_extract",
        measure="female_homicide_victims",
        records=("extract_homicides",),
        dimensions={
            "year": "year",
            "method": _unless_held("method_group"),
            "age_group": _unless_held("age_group"),
            "ethnicity": _unless_held("ethnicity"),
            "domestic_abuse": _unless_held("domestic"),
            "status": _unless_held("status"),
            "offence_type": _unless_held("offence_type"),
            "relationship": _unless_held("relationship_group"),
            "suspect_ethnicity": _unless_held("suspect_ethnicity"),
        },
        where="sex = 'female'",
        vintages=True,
        month="month",
        marks_holds=True,
    ),
    _dashboard("offences", "area", "area"),
    _dashboard("offences", "offence", "offence"),
    _dashboard("victims", "area", "area"),
    _dashboard("victims", "age_group", "age_group"),
    _dashboard("victims", "ethnic_appearance", "ethnic_appearance"),
    Fact(
        source="mps_homicide",
        measure="female_homicide_victims",
        records=("homicide_victims",),
        dimensions={
            "year": "year",
            "method": "method",
            "age_group": "age_group",
            "ethnicity": "ethnicity",
            "domestic_abuse": "domestic_abuse",
            "status": "status",
            "offence_type": "offence_type",
        },
        where="sex = 'female'",
        vintages=True,
        month="month",
    ),
    _street("metropolitan", "violence_and_sexual_offences_metropolitan"),
    _street("city-of-london", "violence_and_sexual_offences_city_of_london"),
)
