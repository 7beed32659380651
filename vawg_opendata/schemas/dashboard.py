"""The records of the force's VAWG dashboard data: counts of offences and of victims, one table per sheet.

The sheets of a measure are separate views of one total and are never added. Reading them does not belong here
(`sources.mps_vawg_dashboard`).
"""

from vawg_opendata.schemas.fields import MONTH, Field, Sensitivity, TableSchema
from vawg_opendata.schemas.origin import SOURCE_FIELDS

_QUASI, _SENSITIVE = Sensitivity.QUASI, Sensitivity.SENSITIVE

_AREA = Field(
    name="area",
    title="Area",
    description="Ward, as the publisher names it; a code ending in -UNK where the borough is known and the ward is not.",
    codes="area",
    sensitivity=_QUASI,
    required=True,
)
_OFFENCE = Field(
    name="offence",
    title="Offence",
    description="Offence in the publisher's classification.",
    codes="offence",
    sensitivity=_SENSITIVE,
    required=True,
)
_AGE_GROUP = Field(
    name="age_group",
    title="Age group",
    description="Age group of the victims; the publisher gives none under 10.",
    codes="age_group",
    sensitivity=_QUASI,
    required=True,
)
_ETHNIC_APPEARANCE = Field(
    name="ethnic_appearance",
    title="Ethnic appearance",
    description="Ethnic appearance of the victims as observed by officers.",
    codes="ethnic_appearance",
    sensitivity=_QUASI,
    required=True,
)
_MONTHS = (
    Field(
        name="recorded_month",
        title="Month recorded",
        description="Month in which the offences were recorded.",
        type=MONTH,
        sensitivity=_QUASI,
        required=True,
    ),
    Field(
        name="committed_month",
        title="Month committed",
        description="Month from which the offences were committed, as published: blank where not given, often 1900 where not known, "
        "and sometimes later than the month recorded.",
        type=MONTH,
        sensitivity=_QUASI,
    ),
)


def _table(measure: str, dimension: Field) -> TableSchema:
    return TableSchema(
        name=f"dashboard_{measure}_by_{dimension.name}",
        title=f"Dashboard: {measure} by {dimension.title.lower()}",
        description=f"Counts of {measure} by {dimension.title.lower()}, month recorded and month committed, as the dashboard gives them.",
        fields=(dimension, *_MONTHS, *SOURCE_FIELDS),
    )


OFFENCES_BY_AREA = _table("offences", _AREA)
OFFENCES_BY_OFFENCE = _table("offences", _OFFENCE)
VICTIMS_BY_AREA = _table("victims", _AREA)
VICTIMS_BY_AGE_GROUP = _table("victims", _AGE_GROUP)
VICTIMS_BY_ETHNIC_APPEARANCE = _table("victims", _ETHNIC_APPEARANCE)
TABLES = (OFFENCES_BY_AREA, OFFENCES_BY_OFFENCE, VICTIMS_BY_AREA, VICTIMS_BY_AGE_GROUP, VICTIMS_BY_ETHNIC_APPEARANCE)
