"""The table `risk_assessments` of the extract: the risk to a victim as assessed, with the questions that matter most."""

from vawg_opendata.schemas.crime_extract.common import (
    DASH,
    DIRECT,
    EXTRACT,
    OTHER,
    TO_VICTIM,
    coded,
    crime_ref,
    date,
    number,
    own,
    victim_id,
    yes_no,
)
from vawg_opendata.schemas.fields import Field, TableSchema


def _question(name: str, title: str, description: str) -> Field:
    """One question of the assessment and the victim's answer."""
    return yes_no(name, title, description, standard=DASH)


RISK_ASSESSMENTS = TableSchema(
    name="risk_assessments",
    title="Risk assessments",
    description="One row per assessment of the risk to a victim of domestic abuse or stalking.",
    fields=(
        Field(
            name="assessment_id",
            title="Assessment identifier",
            description="Number of the assessment.",
            pattern="R[0-9]{9}",
            required=True,
            sensitivity=DIRECT,
            source_standard=EXTRACT,
        ),
        crime_ref(),
        victim_id(),
        date("assessment_date", "Assessed on", "Day of the assessment.", required=True),
        coded("risk_tool", "Tool", "Tool that was used.", own("risk_tool"), OTHER),
        coded("initial_grade", "First grade", "Grade given by the first officer.", own("risk_grade"), standard=DASH),
        coded("final_grade", "Grade after review", "Grade after a specialist's review.", own("risk_grade"), standard=DASH),
        number(
            "questions_answered",
            "Questions answered",
            "Questions that the victim answered.",
            "question",
            0,
            27,
            OTHER,
            required=True,
            standard=DASH,
        ),
        number("answers_yes", "Answers yes", "Questions answered yes.", "question", 0, 27, required=True, standard=DASH),
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
    primary_key=("assessment_id",),
    foreign_keys=(TO_VICTIM,),
)
