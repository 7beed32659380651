"""The table `relationships` of the extract: what each suspect of an offence is to each of its victims."""

from vawg_opendata.schemas.crime_extract.common import (
    HOMICIDE_INDEX,
    TO_SUSPECT,
    TO_VICTIM,
    coded,
    crime_ref,
    suspect_id,
    victim_id,
    yes_no,
)
from vawg_opendata.schemas.fields import TableSchema

RELATIONSHIPS = TableSchema(
    name="relationships",
    title="Relationships",
    description="One row per pair of a victim and a suspect of one offence.",
    fields=(
        crime_ref(),
        victim_id(),
        suspect_id(),
        coded(
            "relationship",
            "Relationship",
            "What the suspect is to the victim.",
            "relationship",
            standard=HOMICIDE_INDEX,
            words="relationship_words",
        ),
        yes_no("cohabiting", "Living together", "Victim and suspect lived together on the day of the offence."),
        yes_no("separated", "Separated", "The victim had ended the relationship or was ending it."),
        yes_no("children_in_common", "Children in common", "Victim and suspect have children together."),
    ),
    primary_key=("crime_ref", "victim_id", "suspect_id"),
    foreign_keys=(TO_VICTIM, TO_SUSPECT),
)
