"""The product `vawg-borough-profiles`: what a local authority needs for its duties, by borough and Basic Command Unit.

Its tables are of all London and protected as such; the package of an area is cut from what is published of them, so that what
one area is told never contradicts or completes what another is.
"""

from anonymisation.appetite import preset
from vawg_opendata.products.declaration import Cut, Definition, Dimension, Measure, Product, TableSpec
from vawg_opendata.products.vawg_offences import VAWG_OFFENCES
from vawg_opendata.products.wording import MONTH_DIMENSION, MONTH_LEVELS, PUBLISHER
from vawg_opendata.schemas.fields import Sensitivity

_AREA = {"area": ("bcu", "borough")}
_YEARS = {"month": ("financial_year",)}

VAWG_BOROUGH_PROFILES = Product(
    name="vawg-borough-profiles",
    audience="safestats",
    title="Profiles of violence against women and girls by borough and Basic Command Unit",
    description="For partners under the Serious Violence Duty: offences of violence against women and girls by class, type of place, day and "
    "time, and outcome; victims by age and repeat victimisation; and orders to protect victims, for London, each Basic Command Unit and "
    "each borough.",
    keywords=("violence against women and girls", "Serious Violence Duty", "strategic needs assessment", "London", "borough", "Safe Stats"),
    policy=preset("safestats-partner").policy,
    measures=(
        VAWG_OFFENCES.measure("offences"),
        VAWG_OFFENCES.measure("victims"),
        Measure(
            name="protective_orders",
            title="Orders applied for",
            description="Number of applications for a civil or court order to protect a victim of the offences counted.",
            unit="orders",
        ),
    ),
    dimensions=(
        VAWG_OFFENCES.dimension("area"),
        VAWG_OFFENCES.dimension("offence"),
        Dimension(
            name="location_type",
            title="Type of place",
            description="Private, public or online, and the type of place in which the offence happened.",
            codelist="crime_extract/location_type",
        ),
        Dimension(
            name="weekday",
            title="Day of the week",
            description="Day on which the offence began; not known where it may have been any of several.",
            codelist="weekday",
        ),
        Dimension(name="time_of_day", title="Time of day", description="Quarter of the day in which the offence began.", codelist="time_of_day"),
        VAWG_OFFENCES.dimension("outcome"),
        VAWG_OFFENCES.dimension("age_group"),
        Dimension(
            name="repeat_victim",
            title="Repeat victim",
            description="Whether the victim was the victim of another recorded offence in the 12 months before.",
            codelist="repeat_victim",
        ),
        Dimension(
            name="order_type",
            title="Type of order",
            description="Statute under which the order is made.",
            codelist="crime_extract/order_type",
            sensitivity=Sensitivity.SENSITIVE,
        ),
        MONTH_DIMENSION,
    ),
    tables=(
        TableSpec(
            name="offences_by_class",
            title="Offences by area, offence class and month",
            description="Recorded offences by branch, group and class of offence, by month, calendar year and financial year.",
            measure="offences",
            dimensions=_AREA | {"offence": ("branch", "group", "class"), "month": MONTH_LEVELS},
        ),
        TableSpec(
            name="offences_by_place",
            title="Offences by area, type of place and financial year",
            description="Recorded offences by type of place, by financial year.",
            measure="offences",
            dimensions=_AREA | {"location_type": ("location_setting", "location_type")} | _YEARS,
        ),
        TableSpec(
            name="offences_by_time",
            title="Offences by area, day of the week, time of day and financial year",
            description="Recorded offences by day of the week and time of day, by financial year.",
            measure="offences",
            dimensions=_AREA | {"weekday": ("week_part", "weekday"), "time_of_day": ("time_of_day",)} | _YEARS,
        ),
        TableSpec(
            name="offences_by_outcome",
            title="Offences by area, outcome and financial year",
            description="Offences recorded in a financial year by the outcome that they have so far.",
            measure="offences",
            dimensions=_AREA | {"outcome": ("outcome_group",)} | _YEARS,
        ),
        TableSpec(
            name="victims_by_repeat",
            title="Victims by area, repeat victimisation and month",
            description="Victims by whether they are repeat victims, by month, calendar year and financial year.",
            measure="victims",
            dimensions=_AREA | {"repeat_victim": ("repeat_victim",), "month": MONTH_LEVELS},
        ),
        TableSpec(
            name="victims_by_age",
            title="Victims by area, age group and financial year",
            description="Victims by age group, by financial year.",
            measure="victims",
            dimensions=_AREA | {"age_group": ("age_group",)} | _YEARS,
        ),
        TableSpec(
            name="orders_by_type",
            title="Orders by area, type and financial year",
            description="Applications for orders by type, by the financial year in which the offence was recorded.",
            measure="protective_orders",
            dimensions=_AREA | {"order_type": ("order_type",)} | _YEARS,
        ),
    ),
    definitions=(
        *VAWG_OFFENCES.definitions,
        Definition(
            term="repeat victim",
            definition="A victim of another recorded offence in the 12 months before the offence counted.",
            source="Documentation of the record-level extract",
        ),
        Definition(
            term="order",
            definition="An application for an order to protect a victim, whatever its decision, by the area and year of the offence.",
            source="Statutes that make the orders",
        ),
    ),
    caveats=(
        "recorded-not-prevalence",
        "suppressed-is-not-zero",
        "revised-with-each-version",
        "recorded-date",
        "offences-are-not-victims",
        "other-flagged-offences",
        "outcomes-take-time",
        "no-victims-under-10",
    ),
    cut=Cut(
        dimension="area",
        levels=("bcu", "borough"),
        folder="areas",
        description="The rows of the area, of what it is part of and of its parts, as they are in the package of all London.",
        without=("BCU-Other", "BCU-Unknown", "Other", "Unknown", "Heathrow"),
    ),
    series_breaks=("domestic-abuse-flag-2015", "principal-crime-2023", "cris-to-connect-2024"),
    contact=PUBLISHER,
)
