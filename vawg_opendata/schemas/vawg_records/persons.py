"""What is told of pools of cases about victims, suspects and what they are to each other."""

from vawg_opendata.schemas.fields import TableSchema
from vawg_opendata.schemas.vawg_records.circumstances import CIRCUMSTANCES
from vawg_opendata.schemas.vawg_records.common import NUMBERS, OTHER, QUASI, coded, flag, pool_key, yes_no

VICTIM_NEEDS = TableSchema(
    name="pool_victim_needs",
    title="Pools: needs of the victim and harm",
    description=CIRCUMSTANCES.description,
    fields=(
        pool_key(),
        yes_no("disabled", "Disabled", "Whether a disability of the victim is recorded."),
        yes_no("pregnant", "Pregnant", "The victim was pregnant or had given birth within 18 months."),
        yes_no("interpreter_needed", "Interpreter needed", "The victim needs an interpreter.", QUASI),
        yes_no("lives_in_borough", "Lives in the borough", "The victim lives in the borough of the offence.", OTHER),
        flag("lives_at_scene", "Lives at the place", "The victim lives where the offence happened.", QUASI),
        flag("emergency_worker", "Emergency worker", "The victim was at work as an emergency worker.", QUASI),
        flag("sex_worker", "Sex worker", "The victim is known to work in the sex industry."),
        yes_no("looked_after", "Looked-after child", "The victim is in the care of a local authority."),
        flag("dependent_children", "Dependent children", "Children under 18 live with the victim."),
        flag("children_present", "Children present", "A child saw or heard the offence."),
        flag("vulnerable", "Vulnerable", "Assessed as vulnerable under the vulnerability framework."),
        flag("victim_mental_health", "Mental health of the victim", "The victim's mental health is noted as a concern."),
        flag("repeat_victim", "Repeat victim", "Victim of another recorded offence in the 12 months before.", QUASI),
        coded("victim_previous_offences", "Earlier offences against the victim", "Recorded offences against the victim in the 12 months before.", NUMBERS, QUASI),
        coded("injury", "Injury", "Most serious injury of the victim.", "crime_extract/injury"),
        flag("hospital", "Hospital", "The victim was treated in hospital."),
        flag("intimidated", "Intimidated", "The victim is eligible for enhanced rights as an intimidated victim.", OTHER),
    ),
)

VICTIM_CARE = TableSchema(
    name="pool_victim_care",
    title="Pools: care for the victim",
    description=CIRCUMSTANCES.description,
    fields=(
        pool_key(),
        coded("victim_support", "Support for action", "Whether the victim supports police action.", "crime_extract/victim_support", ordinary=("not-asked", "supports")),
        flag("personal_statement", "Personal statement", "A victim personal statement was offered.", OTHER),
        flag("special_measures", "Special measures", "Special measures at court were discussed.", OTHER),
        flag("victim_services_referral", "Referred to victim services", "Referred to the London Victim and Witness Service."),
        flag("idva_referral", "Referred to an IDVA", "Referred to an independent domestic violence adviser."),
        flag("isva_referral", "Referred to an ISVA", "Referred to an independent sexual violence adviser."),
        flag("marac_referral", "Referred to a MARAC", "Referred to a multi-agency risk assessment conference."),
        flag("order_applied", "Order applied for", "Whether an order against the suspect to protect the victim was applied for."),
        flag("risk_assessed", "Risk assessed", "Whether the risk to the victim was assessed."),
        flag("disclosure_scheme", "Disclosure scheme", "A disclosure under the Domestic Violence Disclosure Scheme was made to the victim."),
    ),
)

SUSPECT_CIRCUMSTANCES = TableSchema(
    name="pool_suspect",
    title="Pools: circumstances of the suspect",
    description=f"{CIRCUMSTANCES.description} Empty where no suspect is recorded.",
    fields=(
        pool_key(),
        coded("suspect_status", "Status of the suspect", "What the suspect is in the investigation on the day of the extract.", "crime_extract/suspect_status", ordinary=("named",)),
        flag("arrested", "Arrested", "Whether the suspect was arrested for the offence."),
        flag("suspect_charged", "Charged", "Whether the suspect was charged or summonsed."),
        coded("bail", "Custody and bail", "Custody or bail on the day of the extract.", "crime_extract/bail"),
        flag("repeat_suspect", "Repeat suspect", "Suspect of another recorded offence in the 12 months before.", QUASI),
        coded("suspect_previous_offences", "Earlier offences of the suspect", "Recorded offences suspected of in the 12 months before.", NUMBERS, QUASI),
        flag("registered_sex_offender", "Registered sex offender", "Subject to notification requirements for sexual offences."),
        flag("managed_offender", "Managed offender", "Managed as one of those who pose the highest risk to women and girls."),
        flag("police_employee", "Police employee", "Police officer, special or member of staff."),
        flag("weapon_marker", "Weapon marker", "Marked as known to carry weapons."),
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
        yes_no("cohabiting", "Living together", "Victim and suspect lived together on the day of the offence."),
        yes_no("separated", "Separated", "The victim had ended the relationship or was ending it."),
        yes_no("children_in_common", "Children in common", "Victim and suspect have children together."),
    ),
)
