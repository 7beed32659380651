"""The table `homicides` of the extract: one row per victim of homicide since 2003.

Kept by the homicide teams apart from the crime records and further back, so its rows need none in other tables. A
homicide of the period that the other tables cover is an offence there as well: the measures are counted separately.
"""

from vawg_opendata.schemas.crime_extract.common import (
    ETHNICITY_18,
    ETHNICITY_IC,
    HOMICIDE_INDEX,
    ONS_GEOGRAPHY,
    OTHER,
    QUASI,
    SENSITIVE,
    age,
    coded,
    crime_ref,
    date,
    flag,
    number,
    own,
    victim_id,
)
from vawg_opendata.schemas.fields import TableSchema

HOMICIDES = TableSchema(
    name="homicides",
    title="Homicides",
    description="One row per victim of murder, manslaughter, corporate manslaughter or infanticide, women and men, recorded since 2003.",
    fields=(
        crime_ref(),
        victim_id(),
        date("recorded_date", "Recorded on", "Day on which the homicide was recorded.", required=True),
        date(
            "committed_from_date",
            "Committed on",
            "Day of the act that killed; 1900-01-01 where not known.",
            not_after=("recorded_date",),
        ),
        coded("offence_type", "Homicide offence", "Murder, manslaughter, corporate manslaughter or infanticide.", "homicide_offence_type"),
        coded(
            "borough_code", "Borough", "Borough in which the homicide happened.", "area", QUASI, standard=ONS_GEOGRAPHY, levels=("borough",)
        ),
        coded("location_type", "Type of place", "Type of place in which the homicide happened.", own("location_type"), QUASI),
        coded("sex", "Sex", "Sex of the victim as recorded by the police.", "sex", QUASI),
        age("age", "Age", "the victim", required=True),
        coded(
            "self_defined_ethnicity",
            "Self-defined ethnicity",
            "Ethnicity that the victim had stated; mostly not recorded.",
            own("self_defined_ethnicity"),
            QUASI,
            standard=ETHNICITY_18,
        ),
        coded(
            "observed_ethnicity",
            "Observed ethnicity",
            "Ethnicity of the victim as officers observed it.",
            own("observed_ethnicity"),
            QUASI,
            standard=ETHNICITY_IC,
        ),
        coded(
            "method",
            "Method of killing",
            "How the victim was killed, strangulation kept apart.",
            own("killing_method"),
            standard=HOMICIDE_INDEX,
        ),
        flag("domestic_abuse", "Domestic abuse", "The homicide is domestic.", SENSITIVE, HOMICIDE_INDEX),
        coded("stage", "Stage of the case", "What has become of the case.", own("homicide_stage"), standard=HOMICIDE_INDEX),
        coded(
            "relationship",
            "Relationship",
            "What the principal suspect was to the victim.",
            "relationship",
            standard=HOMICIDE_INDEX,
            words="relationship_words",
        ),
        number("suspects", "Suspects", "Number of suspects charged or dead.", "person", 0, 99, required=True),
        coded(
            "suspect_sex",
            "Sex of the suspect",
            "Sex of the principal suspect; empty without one.",
            "sex",
            QUASI,
            required=False,
        ),
        age("suspect_age", "Age of the suspect", "the principal suspect"),
        coded(
            "suspect_self_defined_ethnicity",
            "Self-defined ethnicity of the suspect",
            "Ethnicity as the principal suspect states it; empty without one.",
            own("self_defined_ethnicity"),
            QUASI,
            standard=ETHNICITY_18,
            required=False,
        ),
        coded(
            "suspect_observed_ethnicity",
            "Observed ethnicity of the suspect",
            "Ethnicity of the principal suspect as officers observe it; empty without one.",
            own("observed_ethnicity"),
            QUASI,
            standard=ETHNICITY_IC,
            required=False,
        ),
        flag("previous_abuse", "Earlier abuse known", "Earlier abuse of the victim by the suspect was known to the police."),
        flag("children_bereaved", "Children bereaved", "The victim leaves children under 18."),
        flag(
            "legal_hold",
            "Legal hold",
            "Proceedings are live: the case counts in totals only, under a code of its own in every table, and is in no list of cases.",
        ),
        date("last_updated_date", "Changed on", "Day on which the record was last changed.", OTHER),
    ),
    primary_key=("crime_ref", "victim_id"),
)
