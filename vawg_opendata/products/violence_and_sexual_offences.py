"""The product `violence-and-sexual-offences`: street-level crime of data.police.uk by small area.

Each force is a measure and a table of its own. A month counts for a force only where a file of that force holds this
type of crime, and the forces' files seldom cover the same months: added up, they would show a force's missing file as a
fall in crime.
"""

from anonymisation.appetite import preset
from vawg_opendata.products.declaration import Definition, Dimension, Measure, Product, TableSpec
from vawg_opendata.products.wording import MONTH_LEVELS, PUBLISHER

_FORCES = {"metropolitan": "Metropolitan Police Service", "city_of_london": "City of London Police"}

VIOLENCE_AND_SEXUAL_OFFENCES = Product(
    name="violence-and-sexual-offences",
    audience="datastore",
    title="Violence and sexual offences in London by small area",
    description="Violence and sexual offences as published at street level, counted by Lower layer Super Output Area, borough and London "
    "for each month that is covered, one table for each police force.",
    keywords=("violence", "sexual offences", "street-level crime", "London", "borough", "LSOA"),
    policy=preset("datastore-public").policy,
    measures=tuple(
        Measure(
            name=f"violence_and_sexual_offences_{code}",
            title=f"Violence and sexual offences, {force}",
            description=f"Number of crimes of the category Violence and sexual offences published by the {force}.",
            unit="offences",
        )
        for code, force in _FORCES.items()
    ),
    dimensions=(
        Dimension(
            name="area",
            title="Area",
            description="Area of the map point to which the source moved the crime: Lower layer Super Output Area, borough, London; or "
            "outside London, or no location.",
            codelist="police_uk_area",
        ),
        Dimension(
            name="month",
            title="Month",
            description="Month given by the source, YYYY-MM; also calendar years and financial years (2025/26, April to March) and the total, "
            "which count the months listed.",
            codelist="month",
        ),
    ),
    tables=tuple(
        TableSpec(
            name=code,
            title=f"Violence and sexual offences by area and month, {force}",
            description=f"Crimes published by the {force} by Lower layer Super Output Area, borough and London, by month, calendar year and "
            "financial year. Months of which no file holds this category have status x.",
            measure=f"violence_and_sexual_offences_{code}",
            dimensions={"area": ("region", "borough", "lsoa"), "month": MONTH_LEVELS},
        )
        for code, force in _FORCES.items()
    ),
    definitions=(
        Definition(
            term="violence and sexual offences",
            definition="A category of data.police.uk: common assault, grievous bodily harm, sexual offences and others. Victims of any sex.",
            source="https://data.police.uk/about/",
        ),
        Definition(
            term="month covered",
            definition="A month of which a file of the force is at hand and holds at least one crime of this category.",
            source="This product",
        ),
    ),
    caveats=(
        "recorded-not-prevalence",
        "suppressed-is-not-zero",
        "one-category",
        "snapped-locations",
        "months-covered",
        "area-codes-change",
    ),
    series_breaks=("police-uk-categories-2013", "principal-crime-2023", "cris-to-connect-2024"),
    contact=PUBLISHER,
    frequency="monthly",
)
