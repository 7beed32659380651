"""The record tables of the extract: what is delivered, what is derived from it for counting, and where it is from.

Only declarations: how a derived value is computed is in `vawg_opendata.sources.crime_extract_rows`.
"""

from dataclasses import replace

from vawg_opendata.schemas.crime_extract.common import HOMICIDE_INDEX, MET_CLASSIFICATION, OTHER, QUASI, coded
from vawg_opendata.schemas.crime_extract.homicides import HOMICIDES
from vawg_opendata.schemas.crime_extract.offences import OFFENCES
from vawg_opendata.schemas.crime_extract.orders import ORDERS
from vawg_opendata.schemas.crime_extract.outcomes import OUTCOMES
from vawg_opendata.schemas.crime_extract.relationships import RELATIONSHIPS
from vawg_opendata.schemas.crime_extract.risk_assessments import RISK_ASSESSMENTS
from vawg_opendata.schemas.crime_extract.suspects import SUSPECTS
from vawg_opendata.schemas.crime_extract.victims import VICTIMS
from vawg_opendata.schemas.fields import BOOLEAN, INTEGER, MONTH, Field, TableSchema
from vawg_opendata.schemas.origin import SOURCE_FIELDS

_RECORDED_MONTH = Field(
    name="recorded_month",
    title="Month recorded",
    description="Month in which the offence was recorded.",
    type=MONTH,
    required=True,
    sensitivity=QUASI,
)
_COMMITTED_MONTH = Field(
    name="committed_month",
    title="Month committed",
    description="Month from which the offence was committed; empty where not known (1900-01-01 in the files).",
    type=MONTH,
    sensitivity=QUASI,
)
_OFFENCE = coded("offence", "Offence", "Offence in the Met's classification, from its four names.", "offence", standard=MET_CLASSIFICATION)
_AREA = coded("area", "Area", "Ward of the offence, or of the borough the code for a ward that is not known.", "area", QUASI)

_RELATIONSHIP_GROUP = coded(
    "relationship_group",
    "Relationship group",
    "Group of the Homicide Index.",
    "relationship",
    standard=HOMICIDE_INDEX,
    levels=("relationship_group",),
)

_DERIVED: dict[str, tuple[Field, ...]] = {
    "offences": (_RECORDED_MONTH, _COMMITTED_MONTH, _OFFENCE, _AREA),
    "victims": (
        _RECORDED_MONTH,
        _OFFENCE,
        _AREA,
        coded(
            "age_group",
            "Age group",
            "Age group as the published series has it; empty under 10 or not known.",
            "age_group",
            QUASI,
            required=False,
        ),
        coded(
            "ethnic_appearance",
            "Ethnic appearance",
            "Group of the observed ethnicity, as the published series has it.",
            "ethnic_appearance",
            QUASI,
        ),
        Field(
            name="counted",
            title="Counted as a victim",
            description="Female and known to be 10 or over: whom the published series of victims counts.",
            type=BOOLEAN,
            required=True,
            source_standard=MET_CLASSIFICATION,
            sensitivity=OTHER,
        ),
    ),
    "suspects": (_RECORDED_MONTH,),
    "relationships": (_RECORDED_MONTH, _RELATIONSHIP_GROUP),
    "outcomes": (_RECORDED_MONTH,),
    "risk_assessments": (_RECORDED_MONTH,),
    "orders": (_RECORDED_MONTH,),
    "homicides": (
        Field(
            name="year",
            title="Year recorded",
            description="Year in which the homicide was recorded.",
            type=INTEGER,
            required=True,
            sensitivity=QUASI,
        ),
        Field(
            name="month",
            title="Month recorded",
            description="Month in which the homicide was recorded.",
            type=MONTH,
            required=True,
            sensitivity=QUASI,
        ),
        coded("area", "Borough", "Borough of the homicide.", "area", QUASI, levels=("borough",)),
        coded("age_group", "Age group", "Age group of the victim.", "homicide_age_group", QUASI),
        coded("ethnicity", "Ethnicity", "Group of the observed ethnicity of the victim.", "ethnicity", QUASI),
        coded("method_group", "Method of killing", "Method of killing as the published series has it.", "method"),
        coded("domestic", "Domestic", "Whether the homicide is domestic.", "domestic_abuse"),
        coded("status", "Status", "Whether the homicide is solved.", "status"),
        _RELATIONSHIP_GROUP,
        coded(
            "suspect_ethnicity",
            "Ethnicity of the suspect",
            "Group of the observed ethnicity of the principal suspect.",
            "suspect_ethnicity",
        ),
    ),
}

_PREFIX = "extract_"


def _records(delivered: TableSchema) -> TableSchema:
    links = tuple(replace(key, table=_PREFIX + key.table) for key in delivered.foreign_keys)
    return replace(
        delivered,
        name=_PREFIX + delivered.name,
        title=f"Records: {delivered.title.lower()}",
        fields=(*delivered.fields, *_DERIVED[delivered.name], *SOURCE_FIELDS),
        foreign_keys=links,
    )


DELIVERED = (OFFENCES, VICTIMS, SUSPECTS, RELATIONSHIPS, OUTCOMES, RISK_ASSESSMENTS, ORDERS, HOMICIDES)
RECORDS = {table.name: _records(table) for table in DELIVERED}
