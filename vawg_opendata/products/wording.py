"""Words that all products share: who publishes what sources, under which licence, and who answers questions.

What a product itself says belongs in its own declaration.
"""

from dataclasses import dataclass

from vawg_opendata.products.declaration import Contact, Dimension


@dataclass(frozen=True, kw_only=True)
class SourceWording:
    """How a source is named in a descriptor: title, address, and licence under which it was had.

    Without an address nobody but the force has it, and nothing of its files is told.
    """

    title: str
    path: str
    licence: str


SOURCE_WORDING = {
    "crime_extract": SourceWording(
        title="Record-level extract of the force's crime recording system (not published)", path="", licence=""
    ),
    "mps_vawg_dashboard": SourceWording(
        title="MPS Violence Against Women and Girls Dashboard Data, Metropolitan Police Service, London Datastore",
        path="https://data.london.gov.uk/dataset/2yod5",
        licence="OGL v2.0",
    ),
    "mps_homicide": SourceWording(
        title="MPS Homicide Dashboard Data, Metropolitan Police Service, London Datastore",
        path="https://data.london.gov.uk/dataset/2l1w8",
        licence="OGL v2.0",
    ),
    "police_uk": SourceWording(
        title="Street-level crime, data.police.uk", path="https://data.police.uk/data/", licence="OGL v3.0"
    ),
}

LICENCES = {
    "datastore": {
        "name": "OGL-UK-3.0",
        "title": "Open Government Licence v3.0",
        "path": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    },
    "safestats": {
        "name": "other-closed",
        "title": "For partners under a data sharing agreement, for their duties under the Police, Crime, Sentencing and Courts Act 2022, Part 2, Chapter 1",
        "path": "https://www.legislation.gov.uk/ukpga/2022/32/part/2/chapter/1",
    },
}

PUBLISHER = Contact(title="Metropolitan Police Service", path="https://www.met.police.uk/")

MONTH_DIMENSION = Dimension(
    name="month",
    title="Month recorded",
    description="Month in which the offence was recorded, YYYY-MM; also calendar years, financial years (2025/26, April to March) and the total.",
    codelist="month",
)

YEAR_DIMENSION = Dimension(
    name="year",
    title="Year recorded",
    description="Calendar year in which the homicide was recorded; also fixed blocks of five years and the total.",
    codelist="year",
)

MONTH_LEVELS = ("month", "year", "financial_year")
YEAR_LEVELS = ("year", "pooled_5")
