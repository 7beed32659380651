"""What is told of wide pools about what not all cases have: an arrest, an outcome, an assessment of risk, a charge, an order."""

from vawg_opendata.schemas import crime_extract as extract
from vawg_opendata.schemas.fields import TableSchema
from vawg_opendata.schemas.vawg_records.circumstances import CIRCUMSTANCES
from vawg_opendata.schemas.vawg_records.common import DAYS, NUMBERS, OTHER, SHORT_DAYS, coded, flag, taken, wide_pool_key, widest_pool_key

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

RISK = TableSchema(
    name="pool_risk",
    title="Wide pools: assessment of risk",
    description=f"{WIDE} The first assessment of the victim's risk; empty where there is none.",
    fields=(
        wide_pool_key(),
        *taken(extract.RISK_ASSESSMENTS, "risk_tool"),
        *taken(extract.RISK_ASSESSMENTS, "initial_grade", "final_grade", ordinary=("standard",)),
        coded("answers_yes", "Answers yes", "Questions answered yes.", NUMBERS),
        *taken(
            extract.RISK_ASSESSMENTS,
            "frightened", "fears_further_harm", "isolated", "separation", "child_contact_conflict", "stalked", "escalation", "controlling",
            "weapons_used", "threats_to_kill", "strangled", "sexual_abuse", "animals_harmed", "financial_dependence", "suspect_suicidal",
            "order_breached",
            note=" Empty where the risk was not assessed.",
        ),
    ),
)  # fmt: skip

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
