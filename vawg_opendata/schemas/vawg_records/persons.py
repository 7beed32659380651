"""What is told of pools of cases about victims, suspects and what they are to each other."""

from vawg_opendata.schemas import crime_extract as extract
from vawg_opendata.schemas.fields import TableSchema
from vawg_opendata.schemas.vawg_records.circumstances import CIRCUMSTANCES
from vawg_opendata.schemas.vawg_records.common import NUMBERS, OTHER, QUASI, coded, flag, pool_key, taken, yes_no

VICTIM_NEEDS = TableSchema(
    name="pool_victim_needs",
    title="Pools: needs of the victim and harm",
    description=CIRCUMSTANCES.description,
    fields=(
        pool_key(),
        yes_no("disabled", "Disabled", "Whether a disability of the victim is recorded."),
        *taken(extract.VICTIMS, "pregnant", "interpreter_needed"),
        yes_no("lives_in_borough", "Lives in the borough", "The victim lives in the borough of the offence.", OTHER),
        *taken(
            extract.VICTIMS,
            "lives_at_scene", "emergency_worker", "sex_worker", "looked_after", "dependent_children", "children_present", "vulnerable",
        ),
        flag("victim_mental_health", "Mental health of the victim", "The victim's mental health is noted as a concern."),
        *taken(extract.VICTIMS, "repeat_victim"),
        coded("victim_previous_offences", "Earlier offences against the victim", "Recorded offences against the victim in the 12 months before.", NUMBERS, QUASI),
        *taken(extract.VICTIMS, "injury", "hospital", "intimidated"),
    ),
)  # fmt: skip

VICTIM_CARE = TableSchema(
    name="pool_victim_care",
    title="Pools: care for the victim",
    description=CIRCUMSTANCES.description,
    fields=(
        pool_key(),
        *taken(extract.VICTIMS, "victim_support", ordinary=("not-asked", "supports")),
        *taken(
            extract.VICTIMS,
            "personal_statement", "special_measures", "victim_services_referral", "idva_referral", "isva_referral", "marac_referral",
        ),
        flag("order_applied", "Order applied for", "Whether an order against the suspect to protect the victim was applied for."),
        flag("risk_assessed", "Risk assessed", "Whether the risk to the victim was assessed."),
        *taken(extract.VICTIMS, "disclosure_scheme"),
    ),
)  # fmt: skip

SUSPECT_CIRCUMSTANCES = TableSchema(
    name="pool_suspect",
    title="Pools: circumstances of the suspect",
    description=f"{CIRCUMSTANCES.description} Empty where no suspect is recorded.",
    fields=(
        pool_key(),
        coded("suspect_status", "Status of the suspect", "What the suspect is in the investigation on the day of the extract.", "crime_extract/suspect_status", ordinary=("named",)),
        flag("arrested", "Arrested", "Whether the suspect was arrested for the offence."),
        flag("suspect_charged", "Charged", "Whether the suspect was charged or summonsed."),
        *taken(extract.SUSPECTS, "bail", "repeat_suspect"),
        coded("suspect_previous_offences", "Earlier offences of the suspect", "Recorded offences suspected of in the 12 months before.", NUMBERS, QUASI),
        *taken(extract.SUSPECTS, "registered_sex_offender", "managed_offender", "police_employee", "weapon_marker"),
        flag("suspect_mental_health", "Mental health of the suspect", "The suspect's mental health is noted as a concern."),
        flag("suspect_alcohol", "Suspect under alcohol", "Under the influence of alcohol."),
        flag("suspect_drugs", "Suspect under drugs", "Under the influence of drugs."),
        coded("suspects_of_offence", "Suspects of the offence", "How many suspects the offence has.", NUMBERS, OTHER),
    ),
)

RELATIONSHIPS = TableSchema(
    name="pool_relationship",
    title="Pools: relationship of victim and suspect",
    description=f"{CIRCUMSTANCES.description} Empty where no suspect is recorded.",
    fields=(
        pool_key(),
        coded("relationship_group", "Relationship", "What the suspect is to the victim, in the groups of the Homicide Index.", "relationship", levels=("relationship_group",)),
        *taken(extract.RELATIONSHIPS, "cohabiting", "separated", "children_in_common"),
    ),
)
