"""What is told of wide pools about what not all cases have: an arrest, an outcome, an assessment of risk, a charge, an order."""

from vawg_opendata.schemas.fields import TableSchema
from vawg_opendata.schemas.vawg_records.circumstances import CIRCUMSTANCES
from vawg_opendata.schemas.vawg_records.common import DAYS, NUMBERS, OTHER, SHORT_DAYS, RecordField, coded, flag, wide_pool_key, widest_pool_key, yes_no

WIDE = CIRCUMSTANCES.description.replace("pool", "wide pool")
WIDEST = CIRCUMSTANCES.description.replace("pool", "widest pool")

OUTCOMES = TableSchema(
    name="pool_outcomes",
    title="Wide pools: arrest and outcome",
    description=WIDE,
    fields=(
        wide_pool_key(),
        coded("days_to_arrest", "Days to the arrest", "Days from the record to the first arrest; empty where not arrested.", SHORT_DAYS, OTHER),
        coded("days_to_outcome", "Days to the outcome", "Days from the record to the outcome that stands; empty where there is none.", DAYS, OTHER),
        flag("victim_informed", "Victim informed", "Whether a day is recorded on which the victim was told of the outcome; empty where there is none.", OTHER),
        flag("alternative_offence", "Alternative offence", "The outcome is for a lesser or other offence; empty where there is none.", OTHER),
    ),
)  # fmt: skip


def _question(name: str, title: str, description: str) -> RecordField:
    return yes_no(name, title, f"{description} Empty where the risk was not assessed.")


RISK = TableSchema(
    name="pool_risk",
    title="Wide pools: assessment of risk",
    description=f"{WIDE} The first assessment of the victim's risk; empty where there is none.",
    fields=(
        wide_pool_key(),
        coded("risk_tool", "Tool", "Tool that was used.", "crime_extract/risk_tool", OTHER),
        coded("initial_grade", "First grade", "Grade given by the first officer.", "crime_extract/risk_grade", ordinary=("standard",)),
        coded("final_grade", "Grade after review", "Grade after a specialist's review.", "crime_extract/risk_grade", ordinary=("standard",)),
        coded("answers_yes", "Answers yes", "Questions answered yes.", NUMBERS),
        _question("frightened", "Frightened", "The victim is very frightened."),
        _question("fears_further_harm", "Fears further harm", "The victim fears further injury or violence."),
        _question("isolated", "Isolated", "The victim feels isolated from family or friends."),
        _question("separation", "Separation", "The victim has separated or tried to within the past year."),
        _question("child_contact_conflict", "Conflict over children", "There is conflict over contact with children."),
        _question("stalked", "Stalked", "The suspect constantly texts, calls, contacts, follows or harasses."),
        _question("escalation", "Escalation", "The abuse happens more often or is getting worse."),
        _question("controlling", "Controlling", "The suspect tries to control everything the victim does or is jealous."),
        _question("weapons_used", "Weapons used", "The suspect has used weapons or objects to hurt."),
        _question("threats_to_kill", "Threats to kill", "The suspect has threatened to kill."),
        _question("strangled", "Strangled", "The suspect has attempted to strangle, choke, suffocate or drown."),
        _question("sexual_abuse", "Sexual abuse", "The suspect does or says things of a sexual nature that hurt."),
        _question("animals_harmed", "Animals harmed", "The suspect has mistreated an animal or pet."),
        _question("financial_dependence", "Money", "There are financial issues or the victim depends on the suspect."),
        _question("suspect_suicidal", "Suspect suicidal", "The suspect has threatened or attempted suicide."),
        _question("order_breached", "Order breached", "The suspect has breached bail, an injunction or an agreement."),
    ),
)

CHARGES = TableSchema(
    name="pool_charges",
    title="Widest pools: charge and court",
    description=f"{WIDEST} Empty where the suspect was not charged.",
    fields=(
        widest_pool_key(),
        coded("days_to_charge", "Days to the charge", "Days from the record to the charge or summons.", SHORT_DAYS, OTHER),
        coded("court_result", "Result at court", "Result at court of a charge; empty where there is none.", "crime_extract/court_result", ordinary=("pending",)),
    ),
)

ORDERS = TableSchema(
    name="pool_orders",
    title="Widest pools: orders to protect the victim",
    description=f"{WIDEST} The first order applied for; empty where there is none.",
    fields=(
        widest_pool_key(),
        coded("orders_applied", "Orders applied for", "How many orders were applied for.", NUMBERS),
        coded("order_type", "Type of order", "Statute under which the first order is made.", "crime_extract/order_type"),
        flag("breached", "Breached", "A breach of the first order has been recorded."),
    ),
)
