"""The records of street-level crime from data.police.uk, and what the files at hand cover.

Reading those files does not belong here (`sources.police_uk`).
"""

from vawg_opendata.schemas.fields import BOOLEAN, INTEGER, MONTH, Field, Sensitivity, TableSchema
from vawg_opendata.schemas.origin import SOURCE_FILE, SOURCE_ROW

_QUASI = Sensitivity.QUASI
_MONTH = Field(name="month", title="Month", description="Month of the crime as published.", type=MONTH, sensitivity=_QUASI, required=True)
_FORCE = Field(name="force", title="Force", description="Force that reported the crime.", codes="force", required=True)
_CRIME_TYPE = Field(
    name="crime_type",
    title="Crime type",
    description="Crime type as published.",
    codes="crime_type",
    sensitivity=Sensitivity.SENSITIVE,
    required=True,
)

STREET_CRIMES = TableSchema(
    name="street_crimes",
    title="Street-level crime",
    description="One row per row of the publisher's street files. A crime identifier may occur with several crime types, and rows "
    "without one may be identical: each is a crime of its own.",
    fields=(
        _MONTH,
        _FORCE,
        Field(
            name="area",
            title="Area",
            description="LSOA of the anonymised map point: of 2021, or of 2011 where it has no single successor or no lookup was at "
            "hand; or Outside-London or Unknown.",
            codes="police_uk_area",
            sensitivity=_QUASI,
            required=True,
        ),
        Field(
            name="borough",
            title="Borough",
            description="Borough of the LSOA, or Outside-London or Unknown.",
            codes="police_uk_area",
            levels=("borough",),
            sensitivity=_QUASI,
            required=True,
        ),
        _CRIME_TYPE,
        Field(name="location_known", title="Location known", description="Whether an LSOA was published.", type=BOOLEAN, required=True),
        Field(
            name="crime_id_present",
            title="Identifier present",
            description="Whether a crime identifier was published; anti-social behaviour has none, nor have the oldest files.",
            type=BOOLEAN,
            required=True,
        ),
        Field(name="count", title="Count", description="Always 1.", type=INTEGER, required=True, minimum=1, maximum=1),
        SOURCE_FILE,
        SOURCE_ROW,
    ),
)

STREET_COVERAGE = TableSchema(
    name="street_coverage",
    title="Coverage of street-level crime",
    description="The crime types that the file of a force and month holds at all. A force and month that is not listed with a crime "
    "type has no file with it: that is not a count of zero.",
    fields=(
        _FORCE,
        _MONTH,
        _CRIME_TYPE,
        Field(name="rows", title="Rows", description="Rows of that crime type in the file.", type=INTEGER, required=True, minimum=1),
        Field(
            name="crime_types",
            title="Crime types",
            description="Number of crime types in the file; a complete file has all that were in use.",
            type=INTEGER,
            required=True,
            minimum=1,
        ),
        Field(
            name="whole_file",
            title="Whole file",
            description="False where the file's name says that it is an extract of the publisher's file.",
            type=BOOLEAN,
            required=True,
        ),
    ),
    primary_key=("force", "month", "crime_type"),
)
