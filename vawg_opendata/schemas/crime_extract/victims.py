"""The table `victims` of the extract: one row per victim per offence."""

from vawg_opendata.schemas.crime_extract.common import (
    ETHNICITY_18,
    ETHNICITY_IC,
    ONS_GEOGRAPHY,
    OTHER,
    QUASI,
    TO_OFFENCE,
    age,
    coded,
    crime_ref,
    flag,
    number,
    own,
    victim_id,
    yes_no,
)
from vawg_opendata.schemas.fields import TableSchema

_PERSON = (
    crime_ref(),
    victim_id(),
    coded("sex", "Sex", "Sex as recorded by the police.", "sex", QUASI),
    coded("gender", "Gender", "Gender as the victim describes it.", own("gender")),
    age("age", "Age", "the victim"),
    coded(
        "self_defined_ethnicity",
        "Self-defined ethnicity",
        "Ethnicity as the victim states it; not to be mixed with what officers observe.",
        own("self_defined_ethnicity"),
        QUASI,
        standard=ETHNICITY_18,
    ),
    coded(
        "observed_ethnicity",
        "Observed ethnicity",
        "Ethnicity as an officer observes it; not to be mixed with what the victim states.",
        own("observed_ethnicity"),
        QUASI,
        standard=ETHNICITY_IC,
    ),
    coded("disability", "Disability", "Main disability of the victim.", own("disability")),
    coded("sexual_orientation", "Sexual orientation", "Sexual orientation as the victim states it.", own("sexual_orientation")),
    coded("religion", "Religion", "Religion as the victim states it.", own("religion")),
    yes_no("pregnant", "Pregnant", "The victim was pregnant or had given birth within 18 months."),
    yes_no("interpreter_needed", "Interpreter needed", "The victim needs an interpreter.", QUASI),
    coded(
        "home_borough_code",
        "Borough of residence",
        "Borough in which the victim lives; empty where not known or outside London.",
        "area",
        QUASI,
        standard=ONS_GEOGRAPHY,
        required=False,
        levels=("borough",),
    ),
    flag("lives_at_scene", "Lives at the place", "The victim lives where the offence happened.", QUASI),
    flag("emergency_worker", "Emergency worker", "The victim was at work as an emergency worker.", QUASI),
    flag("sex_worker", "Sex worker", "The victim is known to work in the sex industry."),
    yes_no("looked_after", "Looked-after child", "The victim is in the care of a local authority."),
    flag("dependent_children", "Dependent children", "Children under 18 live with the victim."),
    flag("children_present", "Children present", "A child saw or heard the offence."),
)

_HARM = (
    flag("vulnerable", "Vulnerable", "Assessed as vulnerable under the vulnerability framework."),
    flag("mental_health", "Mental health", "The victim's mental health is noted as a concern."),
    flag("repeat_victim", "Repeat victim", "Victim of another recorded offence in the 12 months before.", QUASI),
    number(
        "previous_offences",
        "Earlier offences",
        "Recorded offences against the victim in the 12 months before.",
        "offence",
        0,
        999,
        QUASI,
        required=True,
    ),
    coded("injury", "Injury", "Most serious injury of the victim.", own("injury")),
    flag("hospital", "Hospital", "The victim was treated in hospital."),
    flag("intimidated", "Intimidated", "The victim is eligible for enhanced rights as an intimidated victim.", OTHER),
)

_CARE = (
    coded("victim_support", "Support for action", "Whether the victim supports police action.", own("victim_support")),
    flag("personal_statement", "Personal statement", "A victim personal statement was offered.", OTHER),
    flag("special_measures", "Special measures", "Special measures at court were discussed.", OTHER),
    flag("victim_services_referral", "Referred to victim services", "Referred to the London Victim and Witness Service."),
    flag("idva_referral", "Referred to an IDVA", "Referred to an independent domestic violence adviser."),
    flag("isva_referral", "Referred to an ISVA", "Referred to an independent sexual violence adviser."),
    flag("marac_referral", "Referred to a MARAC", "Referred to a multi-agency risk assessment conference."),
    flag("disclosure_scheme", "Disclosure scheme", "A disclosure under the Domestic Violence Disclosure Scheme was made to the victim."),
)

VICTIMS = TableSchema(
    name="victims",
    title="Victims",
    description="One row per victim per offence: someone who is the victim of two offences has two rows, an offence against two persons has two.",
    fields=(*_PERSON, *_HARM, *_CARE),
    primary_key=("crime_ref", "victim_id"),
    foreign_keys=(TO_OFFENCE,),
)
