"""The table `offences` of the extract: one row per crime record. Persons and outcomes are tables of their own."""

from vawg_opendata.schemas.crime_extract.common import (
    COUNTING_RULES,
    EXTRACT,
    MET_CLASSIFICATION,
    ONS_GEOGRAPHY,
    OTHER,
    QUASI,
    SENSITIVE,
    coded,
    crime_ref,
    date,
    flag,
    number,
    own,
)
from vawg_opendata.schemas.fields import Field, TableSchema


def _label(name: str, title: str, description: str) -> Field:
    """A name of the Met's classification, as the system prints it."""
    return Field(name=name, title=title, description=description, required=True, source_standard=MET_CLASSIFICATION, sensitivity=SENSITIVE)


_RECORD = (
    crime_ref(),
    coded("source_system", "Recording system", "System in which the crime was recorded.", own("source_system"), OTHER),
    date("recorded_date", "Recorded on", "Day on which the crime was recorded.", required=True, standard=COUNTING_RULES),
    date("reported_date", "Reported on", "Day on which the police first heard of the offence.", not_after=("recorded_date",)),
    date(
        "committed_from_date",
        "Committed from",
        "Day of the offence, or the first day on which it can have happened; 1900-01-01 where not known.",
        not_after=("committed_to_date", "recorded_date"),
    ),
    date(
        "committed_to_date",
        "Committed to",
        "Last day on which the offence can have happened; empty where it was one day or is not known.",
        not_after=("recorded_date",),
    ),
    number("committed_hour", "Committed at", "Hour of the day at which the offence began.", "hour", 0, 23, QUASI),
    date("last_updated_date", "Changed on", "Day on which the record was last changed.", OTHER),
    coded(
        "home_office_code",
        "Home Office code",
        "Code of the offence for counting and notification.",
        own("home_office_code"),
        standard=COUNTING_RULES,
    ),
    _label("met_group", "Group", "Group of the offence in the Met's classification."),
    _label("met_class", "Class", "Class of the offence in the Met's classification."),
    _label("met_offence", "Offence", "Name of the offence in the Met's classification."),
    _label("vawg_offence", "VAWG offence", "Name of the offence among those of violence against women and girls."),
    flag("attempt", "Attempt", "The offence was attempted and not completed.", OTHER, COUNTING_RULES),
)

_FLAGS = (
    flag(
        "domestic_abuse",
        "Domestic abuse",
        "Victim and suspect are personally connected and 16 or over.",
        standard="Domestic Abuse Act 2021",
    ),
    flag("honour_based_abuse", "So-called honour-based abuse", "Committed to defend the supposed honour of a family or community."),
    flag("forced_marriage", "Forced marriage", "Connected with a forced marriage."),
    flag("female_genital_mutilation", "Female genital mutilation", "Connected with female genital mutilation."),
    flag("stalking", "Stalking", "Conduct that amounts to stalking, whatever the offence."),
    flag("coercive_control", "Controlling or coercive behaviour", "Part of a pattern of controlling or coercive behaviour."),
    flag("strangulation", "Strangulation", "The victim was strangled or suffocated, fatally or not."),
    flag("spiking", "Spiking", "Drink, needle or vapour spiking is suspected."),
    flag("child_sexual_abuse", "Child sexual abuse", "Sexual offence against a person under 18."),
    flag("child_sexual_exploitation", "Child sexual exploitation", "Exploitation of a person under 18 for sexual activity."),
    flag("trafficking", "Trafficking", "Connected with trafficking or modern slavery."),
    flag("gang_related", "Gang-related", "Connected with a gang."),
    flag("knife_enabled", "Knife used or threatened", "A knife or sharp implement was used or threatened.", standard=COUNTING_RULES),
    flag("alcohol_involved", "Alcohol", "Alcohol played a part."),
    flag("drugs_involved", "Drugs", "Drugs played a part."),
    flag("online", "Online", "Committed wholly or partly online.", standard=COUNTING_RULES),
    flag("night_time_economy", "Night-time economy", "Connected with pubs, clubs or going out at night.", QUASI),
    flag("public_transport", "Public transport", "On or at public transport.", QUASI),
    flag("school_related", "School-related", "At a school or between pupils.", QUASI),
    flag("police_perpetrated", "Suspect works for the police", "A suspect is a police officer, special or member of staff."),
    flag("series", "Part of a series", "Recorded as one of several offences of one suspect.", OTHER),
    coded("hate_strand", "Hate crime strand", "Strand of hate crime; first where there are several.", own("hate_strand")),
    coded("weapon", "Weapon", "Weapon used or shown; most serious where there are several.", own("weapon")),
)

_PLACE = (
    coded(
        "lsoa_code",
        "LSOA",
        "Lower layer Super Output Area of the incident; empty where not known or outside London.",
        "police_uk_area",
        QUASI,
        standard=ONS_GEOGRAPHY,
        required=False,
        levels=("lsoa",),
    ),
    coded(
        "ward_code",
        "Ward",
        "Electoral ward of the incident; empty where not known.",
        "area",
        QUASI,
        standard=ONS_GEOGRAPHY,
        required=False,
        levels=("ward",),
    ),
    coded(
        "borough_code",
        "Borough",
        "Borough of the incident, or Other, Heathrow, Unknown.",
        "area",
        QUASI,
        standard=ONS_GEOGRAPHY,
        levels=("borough",),
    ),
    coded(
        "bcu_code", "Basic Command Unit", "Basic Command Unit of the incident.", "area", QUASI, levels=("bcu",), standard=MET_CLASSIFICATION
    ),
    number(
        "snapped_easting",
        "Easting",
        "Easting of the nearest map point that stands for eight or more addresses or none (British National Grid).",
        "metre",
        500000,
        565000,
        QUASI,
        standard="data.police.uk location anonymisation",
    ),
    number(
        "snapped_northing",
        "Northing",
        "Northing of the nearest map point that stands for eight or more addresses or none (British National Grid).",
        "metre",
        153000,
        203000,
        QUASI,
        standard="data.police.uk location anonymisation",
    ),
    coded("location_type", "Type of place", "Type of place in which the offence happened.", own("location_type"), QUASI),
)

_INVESTIGATION = (
    coded("reporting_route", "Reported by", "How the police heard of the offence.", own("reporting_route"), OTHER),
    coded("response_grade", "Grade of response", "Grade given to the first call.", own("response_grade"), OTHER),
    flag("attended", "Attended", "An officer met the victim or went to the place within the first response.", OTHER),
    flag("body_worn_video", "Body-worn video", "Body-worn video was recorded.", OTHER),
    flag("forensic_examination", "Forensic examination", "A forensic medical or scene examination took place."),
    coded("investigating_unit", "Investigating unit", "Unit that holds the investigation.", own("investigating_unit"), OTHER),
    coded("investigation_status", "State of the investigation", "State on the day of the extract.", own("investigation_status"), SENSITIVE),
)

OFFENCES = TableSchema(
    name="offences",
    title="Offences",
    description="One row per crime record: a distinct notifiable offence that is violence against women and girls or carries its flags. "
    f"Cancelled and transferred records are not delivered. {EXTRACT}.",
    fields=(*_RECORD, *_FLAGS, *_PLACE, *_INVESTIGATION),
    primary_key=("crime_ref",),
)
