"""The table `outcomes` of the extract: how offences were disposed of."""

from vawg_opendata.schemas.crime_extract.common import (
    OTHER,
    OUTCOMES_FRAMEWORK,
    TO_OFFENCE,
    TO_SUSPECT,
    coded,
    crime_ref,
    date,
    flag,
    number,
    own,
    suspect_id,
)
from vawg_opendata.schemas.fields import TableSchema

OUTCOMES = TableSchema(
    name="outcomes",
    title="Outcomes",
    description="One row per outcome assigned to an offence, in order; the current one is marked. An offence without a row has none yet.",
    fields=(
        crime_ref(),
        number(
            "outcome_number", "Outcome number", "Order in which outcomes were assigned, from 1.", "outcome", 1, 99, OTHER, required=True
        ),
        suspect_id(required=False),
        coded("outcome_code", "Outcome", "Home Office outcome code.", own("outcome"), standard=OUTCOMES_FRAMEWORK),
        date("outcome_date", "Assigned on", "Day on which the outcome was assigned.", required=True, standard=OUTCOMES_FRAMEWORK),
        flag("current", "Current", "The outcome that stands on the day of the extract.", OTHER, OUTCOMES_FRAMEWORK),
        date(
            "victim_informed_date",
            "Victim informed on",
            "Day on which the victim was told.",
            OTHER,
            standard="Code of Practice for Victims of Crime",
        ),
        coded(
            "court_result", "Result at court", "Result at court of a charge; empty for other outcomes.", own("court_result"), required=False
        ),
        date("court_date", "Court result on", "Day of the result at court."),
        flag(
            "alternative_offence",
            "Alternative offence",
            "The outcome is for a lesser or other offence than the one recorded.",
            OTHER,
            OUTCOMES_FRAMEWORK,
        ),
    ),
    primary_key=("crime_ref", "outcome_number"),
    foreign_keys=(TO_OFFENCE, TO_SUSPECT),
)
