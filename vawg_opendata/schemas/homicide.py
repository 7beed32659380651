"""The records of homicide victims and of persons proceeded against, from the force's homicide files.

One row of the publisher's file is one row here; `count` is 1 in every file so far. Reading those files does not belong
here (`sources.mps_homicide`).
"""

from vawg_opendata.schemas.fields import INTEGER, MONTH, Field, Sensitivity, TableSchema
from vawg_opendata.schemas.origin import SOURCE_FIELDS

_QUASI, _SENSITIVE = Sensitivity.QUASI, Sensitivity.SENSITIVE

_AREA = Field(
    name="area",
    title="Borough",
    description="Borough in which the homicide was recorded; Heathrow stands beside the boroughs.",
    codes="area",
    levels=("borough",),
    sensitivity=_QUASI,
    required=True,
)
_OFFENCE_TYPE = Field(
    name="offence_type",
    title="Homicide offence",
    description="Murder, manslaughter, corporate manslaughter or infanticide, as recorded.",
    codes="homicide_offence_type",
    sensitivity=_SENSITIVE,
    required=True,
)

HOMICIDE_VICTIMS = TableSchema(
    name="homicide_victims",
    title="Homicide victims",
    description="Victims of homicide by the month in which the homicide was recorded. Identical rows are different people.",
    fields=(
        Field(
            name="year",
            title="Year",
            description="Year in which the homicide was recorded.",
            type=INTEGER,
            sensitivity=_QUASI,
            required=True,
        ),
        Field(
            name="month",
            title="Month",
            description="Month in which the homicide was recorded.",
            type=MONTH,
            sensitivity=_QUASI,
            required=True,
        ),
        Field(
            name="age_group",
            title="Age group",
            description="Age group of the victim.",
            codes="homicide_age_group",
            sensitivity=_QUASI,
            required=True,
        ),
        Field(name="sex", title="Sex", description="Sex of the victim as recorded.", codes="sex", sensitivity=_QUASI, required=True),
        Field(
            name="method",
            title="Method of killing",
            description="Method of killing.",
            codes="method",
            sensitivity=_SENSITIVE,
            required=True,
        ),
        Field(
            name="domestic_abuse",
            title="Domestic abuse",
            description="Whether the homicide is recorded as domestic.",
            codes="domestic_abuse",
            sensitivity=_SENSITIVE,
            required=True,
        ),
        _OFFENCE_TYPE,
        Field(
            name="status",
            title="Status",
            description="Whether the homicide is solved.",
            codes="status",
            sensitivity=_SENSITIVE,
            required=True,
        ),
        _AREA,
        Field(
            name="ethnicity",
            title="Ethnicity",
            description="Ethnicity of the victim as observed by officers.",
            codes="ethnicity",
            sensitivity=_QUASI,
            required=True,
        ),
        *SOURCE_FIELDS,
    ),
)

HOMICIDE_ACCUSED = TableSchema(
    name="homicide_accused",
    title="Persons proceeded against for homicide",
    description="Persons proceeded against for homicide by the month of the proceedings. Identical rows are different people.",
    fields=(
        Field(name="year", title="Year", description="Year of the proceedings.", type=INTEGER, sensitivity=_QUASI, required=True),
        Field(name="month", title="Month", description="Month of the proceedings.", type=MONTH, sensitivity=_QUASI, required=True),
        _AREA,
        Field(name="sex", title="Sex", description="Sex of the person as recorded.", codes="sex", sensitivity=_QUASI, required=True),
        Field(
            name="age_group",
            title="Age group",
            description="Age group of the person.",
            codes="accused_age_group",
            sensitivity=_QUASI,
            required=True,
        ),
        Field(
            name="ethnicity",
            title="Ethnicity",
            description="Ethnicity of the person as self-classified.",
            codes="accused_ethnicity",
            sensitivity=_QUASI,
            required=True,
        ),
        _OFFENCE_TYPE,
        Field(
            name="charged_summonsed",
            title="Charged or summonsed",
            description="How the person was dealt with.",
            codes="accused_outcome",
            sensitivity=_SENSITIVE,
            required=True,
        ),
        *SOURCE_FIELDS,
    ),
)
