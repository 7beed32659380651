"""The table `orders` of the extract: civil and court orders to protect a victim."""

from vawg_opendata.schemas.crime_extract.common import (
    DIRECT,
    EXTRACT,
    OTHER,
    SENSITIVE,
    TO_SUSPECT,
    TO_VICTIM,
    coded,
    crime_ref,
    date,
    flag,
    number,
    own,
    suspect_id,
    victim_id,
)
from vawg_opendata.schemas.fields import Field, TableSchema

ORDERS = TableSchema(
    name="orders",
    title="Orders",
    description="One row per application for an order against a suspect, and what became of it.",
    fields=(
        Field(
            name="order_id",
            title="Order identifier",
            description="Number of the order.",
            pattern="O[0-9]{9}",
            required=True,
            sensitivity=DIRECT,
            source_standard=EXTRACT,
        ),
        crime_ref(),
        victim_id(),
        suspect_id(),
        coded("order_type", "Type of order", "Statute under which the order is made.", own("order_type")),
        date("applied_date", "Applied on", "Day of the application.", required=True, not_after=("decision_date",)),
        coded("decision", "Decision", "Decision on the application.", own("order_decision")),
        date("decision_date", "Decided on", "Day of the decision; empty while it is awaited."),
        date("start_date", "In force from", "First day in force.", not_after=("expiry_date",)),
        date("expiry_date", "In force to", "Last day in force; empty for orders without an end."),
        number("conditions", "Conditions", "Number of conditions of the order.", "condition", 0, 50, OTHER),
        flag("breached", "Breached", "A breach has been recorded.", SENSITIVE),
        date("breach_date", "Breached on", "Day of the first recorded breach.", SENSITIVE),
    ),
    primary_key=("order_id",),
    foreign_keys=(TO_VICTIM, TO_SUSPECT),
)
