"""What several tables of the extract declare alike: identifiers, links, flags, codes, standards by name.

Only declarations that recur belong here; a field of one table is declared in the module of that table.
"""

from vawg_opendata.schemas.fields import BOOLEAN, DATE, INTEGER, Field, ForeignKey, Sensitivity

DIRECT, QUASI, SENSITIVE, OTHER = Sensitivity.DIRECT, Sensitivity.QUASI, Sensitivity.SENSITIVE, Sensitivity.OTHER

COUNTING_RULES = "Home Office Counting Rules for Recorded Crime"
OUTCOMES_FRAMEWORK = "Home Office crime outcomes framework"
HOMICIDE_INDEX = "Home Office Homicide Index"
MET_CLASSIFICATION = "Metropolitan Police Service classification of violence against women and girls"
DASH = "SafeLives DASH 2009"
ONS_GEOGRAPHY = "Office for National Statistics geography codes (GSS)"
ETHNICITY_18 = "Home Office self-defined ethnicity, 18+1"
ETHNICITY_IC = "Police National Computer identity codes"
EXTRACT = "This project's extract specification"

CRIME_REFERENCE = "([0-9]{7}/[0-9]{2}|01/[0-9]{7}/[0-9]{2})"  # CRIS, and CONNECT with its leading 01

TO_OFFENCE = ForeignKey(("crime_ref",), "offences", ("crime_ref",))
TO_VICTIM = ForeignKey(("crime_ref", "victim_id"), "victims", ("crime_ref", "victim_id"))
TO_SUSPECT = ForeignKey(("crime_ref", "suspect_id"), "suspects", ("crime_ref", "suspect_id"))


def crime_ref() -> Field:
    """The crime reference, by which all tables are linked."""
    return Field(
        name="crime_ref",
        title="Crime reference",
        description="Number of the crime record: seven digits and the year in CRIS, the same after 01 in CONNECT.",
        pattern=CRIME_REFERENCE,
        source_standard=EXTRACT,
        sensitivity=DIRECT,
        required=True,
    )


def victim_id(required: bool = True) -> Field:
    """The person who is the victim: the same in every offence against them."""
    return Field(
        name="victim_id",
        title="Victim identifier",
        description="Number of the person in the crime system; the same person has the same number in every offence.",
        pattern="V[0-9]{9}",
        source_standard=EXTRACT,
        sensitivity=DIRECT,
        required=required,
    )


def suspect_id(required: bool = True) -> Field:
    """The person who is suspected: the same in every offence they are suspected of."""
    return Field(
        name="suspect_id",
        title="Suspect identifier",
        description="Number of the person in the crime system; the same person has the same number in every offence.",
        pattern="S[0-9]{9}",
        source_standard=EXTRACT,
        sensitivity=DIRECT,
        required=required,
    )


def flag(name: str, title: str, description: str, sensitivity: Sensitivity = SENSITIVE, standard: str = EXTRACT) -> Field:
    """A mark that a record carries or does not: always Y or N in the files, never empty."""
    return Field(
        name=name, title=title, description=description, type=BOOLEAN, required=True, sensitivity=sensitivity, source_standard=standard
    )


def coded(
    name: str,
    title: str,
    description: str,
    codes: str,
    sensitivity: Sensitivity = SENSITIVE,
    *,
    standard: str = EXTRACT,
    required: bool = True,
    levels: tuple[str, ...] = (),
    words: str = "",
) -> Field:
    """A field whose values are the codes of a list; lists of the extract have a code for what is not known. `words` as in `Field`."""
    return Field(
        name=name,
        title=title,
        description=description,
        codes=codes,
        levels=levels,
        words=words,
        required=required,
        sensitivity=sensitivity,
        source_standard=standard,
    )


def own(name: str) -> str:
    """The name of a code list of the extract."""
    return f"crime_extract/{name}"


def yes_no(name: str, title: str, description: str, sensitivity: Sensitivity = SENSITIVE, *, standard: str = EXTRACT) -> Field:
    """A question that may have gone unanswered: yes, no or not known."""
    return coded(name, title, description, own("yes_no"), sensitivity, standard=standard)


def date(
    name: str,
    title: str,
    description: str,
    sensitivity: Sensitivity = QUASI,
    *,
    required: bool = False,
    not_after: tuple[str, ...] = (),
    standard: str = EXTRACT,
) -> Field:
    """A day."""
    return Field(
        name=name,
        title=title,
        description=description,
        type=DATE,
        unit="day",
        required=required,
        not_after=not_after,
        sensitivity=sensitivity,
        source_standard=standard,
    )


def number(
    name: str,
    title: str,
    description: str,
    unit: str,
    minimum: int,
    maximum: int,
    sensitivity: Sensitivity = SENSITIVE,
    *,
    required: bool = False,
    standard: str = EXTRACT,
) -> Field:
    """A whole number in a range."""
    return Field(
        name=name,
        title=title,
        description=description,
        type=INTEGER,
        unit=unit,
        minimum=minimum,
        maximum=maximum,
        required=required,
        sensitivity=sensitivity,
        source_standard=standard,
    )


def age(name: str, title: str, whose: str, *, required: bool = False) -> Field:
    """Age in years on the day of the offence."""
    description = f"Age of {whose} on the day of the offence, in completed years" + ("." if required else "; empty where not known.")
    return number(name, title, description, "year", 0, 120, QUASI, required=required)
