"""The product `vawg-offences`: recorded offences of violence against women and girls, and their victims."""

from anonymisation.appetite import preset
from vawg_opendata.products.declaration import Definition, Dimension, Measure, Product, TableSpec
from vawg_opendata.products.wording import MONTH_DIMENSION, MONTH_LEVELS, PUBLISHER
from vawg_opendata.schemas.fields import Sensitivity

_AREA_LEVELS = ("bcu", "borough", "ward")
HEXAGON_LEVELS = ("hexagon_5", "hexagon_6", "hexagon_7")
"""Hexagons of H3 by resolution: about 253, 36 and 5 square kilometres."""

VAWG_OFFENCES = Product(
    name="vawg-offences",
    audience="datastore",
    title="Violence against women and girls recorded by the Metropolitan Police Service",
    description="Offences of violence against women and girls recorded by the Metropolitan Police Service each month, by area down to "
    "ward, by offence, and by borough and offence class together; and their victims by area, age group and ethnic appearance, and by ethnic "
    "appearance and outcome.",
    keywords=("violence against women and girls", "VAWG", "police recorded crime", "London", "borough", "ward", "stalking", "rape", "domestic abuse"),
    policy=preset("datastore-public").policy,
    measures=(
        Measure(
            name="offences",
            title="Offences recorded",
            description="Number of recorded offences of violence against women and girls, other flagged offences included.",
            unit="offences",
        ),
        Measure(
            name="victims",
            title="Victims recorded",
            description="Number of female victims aged ten and over of the offences counted, one for each offence a person was the victim of.",
            unit="victims",
        ),
    ),
    dimensions=(
        Dimension(
            name="area",
            title="Area",
            description="Where the offence was recorded: London, Basic Command Unit, borough or ward (GSS codes where there are any).",
            codelist="area",
        ),
        Dimension(
            name="offence",
            title="Offence",
            description="Branch, group, class or offence of the force's classification; or, by a second hierarchy, the VAWG offence.",
            codelist="offence",
            sensitivity=Sensitivity.SENSITIVE,
        ),
        Dimension(
            name="public_space",
            title="Public space",
            description="Whether the offence is one of violence against women and girls in a public place that is not domestic abuse.",
            codelist="public_space",
        ),
        Dimension(
            name="age_group", title="Age group of the victim", description="Age of the victim in bands of ten years.", codelist="age_group"
        ),
        Dimension(
            name="ethnic_appearance",
            title="Ethnic appearance of the victim",
            description="Ethnic appearance of the victim as an officer observed it; not what the victim stated.",
            codelist="ethnic_appearance",
        ),
        Dimension(
            name="outcome",
            title="Outcome",
            description="Group of the Home Office outcome that stood on the day of the extract, or that there was none yet.",
            codelist="current_outcome",
            sensitivity=Sensitivity.SENSITIVE,
        ),
        MONTH_DIMENSION,
    ),
    tables=(
        TableSpec(
            name="offences_by_area",
            title="Offences by area and month",
            description="Recorded offences for London, Basic Command Units, boroughs and wards by month, calendar year and financial year.",
            measure="offences",
            dimensions={"area": _AREA_LEVELS, "month": MONTH_LEVELS},
        ),
        TableSpec(
            name="offences_by_offence",
            title="Offences by classification and month",
            description="Recorded offences by branch, group, class, offence and VAWG offence by month, calendar year and financial year.",
            measure="offences",
            dimensions={"offence": ("branch", "group", "class", "offence", "vawg_offence"), "month": MONTH_LEVELS},
        ),
        TableSpec(
            name="offences_by_borough_and_class",
            title="Offences by borough, offence class and month",
            description="Recorded offences for London, Basic Command Units and boroughs by branch, group and class of offence, by month, "
            "calendar year and financial year.",
            measure="offences",
            dimensions={"area": ("bcu", "borough"), "offence": ("branch", "group", "class"), "month": MONTH_LEVELS},
        ),
        TableSpec(
            name="offences_by_public_space",
            title="Offences in public space by area and financial year",
            description="Recorded offences in public space and elsewhere for London, Basic Command Units, boroughs and wards, and for hexagons that "
            "hold the wards whose middle lies in them, by financial year.",
            measure="offences",
            dimensions={"area": (*_AREA_LEVELS, *HEXAGON_LEVELS), "public_space": ("public_space",), "month": ("financial_year",)},
            whole_years=True,
        ),
        TableSpec(
            name="victims_by_area",
            title="Victims by area and month",
            description="Victims for London, Basic Command Units, boroughs and wards by month, calendar year and financial year.",
            measure="victims",
            dimensions={"area": _AREA_LEVELS, "month": MONTH_LEVELS},
        ),
        TableSpec(
            name="victims_by_age_group",
            title="Victims by age group and month",
            description="Victims by age group by month, calendar year and financial year.",
            measure="victims",
            dimensions={"age_group": ("age_group",), "month": MONTH_LEVELS},
        ),
        TableSpec(
            name="victims_by_ethnic_appearance",
            title="Victims by ethnic appearance and month",
            description="Victims by ethnic appearance by month, calendar year and financial year.",
            measure="victims",
            dimensions={"ethnic_appearance": ("ethnic_appearance",), "month": MONTH_LEVELS},
        ),
        TableSpec(
            name="victims_by_ethnic_appearance_and_outcome",
            title="Victims by ethnic appearance, outcome of the offence and financial year",
            description="Victims by ethnic appearance and by the outcome that the offence has so far, by the financial year in which it was recorded.",
            measure="victims",
            dimensions={"ethnic_appearance": ("ethnic_appearance",), "outcome": ("outcome_group",), "month": ("financial_year",)},
            whole_years=True,
        ),
    ),
    definitions=(
        Definition(
            term="violence against women and girls",
            definition="Offences that the force classes as violence against women and girls, listed with group and class in the code list of "
            "offences (branch vawg), and further offences that carry a flag such as domestic abuse (branch other-flagged). There is no "
            "statutory statistical definition; forces differ.",
            source="Metropolitan Police Service, classification used in its Violence Against Women and Girls dashboard",
        ),
        Definition(
            term="offences",
            definition="Offences recorded in the month under the Home Office Counting Rules that the force counts as violence against women and "
            "girls. An offence counts once.",
            source="Metropolitan Police Service; Home Office Counting Rules for Recorded Crime",
        ),
        Definition(
            term="victims",
            definition="Female victims of these offences; a person counts once for each offence. The force's age groups begin at ten.",
            source="Metropolitan Police Service",
        ),
        Definition(
            term="outcome",
            definition="The outcome that stands for an offence when the extract is made, by the year in which the offence was recorded. Offences "
            "of recent months have had less time to get one.",
            source="Home Office crime outcomes framework",
        ),
        Definition(
            term="financial year",
            definition="April to the following March, written 2025/26.",
            source="Convention of United Kingdom public statistics",
        ),
    ),
    caveats=(
        "recorded-not-prevalence",
        "suppressed-is-not-zero",
        "revised-with-each-version",
        "recorded-date",
        "offences-are-not-victims",
        "other-flagged-offences",
        "ward-not-always-known",
        "unknown-ethnicity",
        "outcomes-take-time",
        "no-victims-under-10",
    ),
    series_breaks=("domestic-abuse-flag-2015", "principal-crime-2023", "cris-to-connect-2024"),
    contact=PUBLISHER,
    frequency="monthly",
)
