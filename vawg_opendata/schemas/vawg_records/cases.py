"""The tables that are linked case by case: what somebody may know of an offence, its victim and its suspect, and the offence itself."""

from vawg_opendata.schemas.fields import ForeignKey, TableSchema
from vawg_opendata.schemas.vawg_records.common import SENSITIVE, Part, RecordField, case_key, known, pool_key, wide_pool_key, widest_pool_key

AGES = ("0-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80-and-over", "not-known")
BROAD_AGES = ("0-19", "20-39", "40-59", "60-and-over", "not-known")
SEXES = ("female", "male", "unknown")


def _offence(name: str, title: str, level: str) -> RecordField:
    return RecordField(
        name=name, title=title, description=f"{title} in the force's classification; the root where it is not told.", codes="offence", levels=(level, "total"),
        sensitivity=SENSITIVE, required=True, part=Part.DIVERSE,
    )  # fmt: skip


OFFENCES = TableSchema(
    name="record_offences",
    title="Cases: offence, place and time",
    description="One row per case: a recorded offence with its victim and its suspect, one of each. A random part of the cases, in random order.",
    fields=(
        case_key(),
        pool_key(),
        wide_pool_key(),
        widest_pool_key(),
        RecordField(
            name="batch",
            title="Months released together",
            description="First and last month of the cases that were released together; they are never changed afterwards.",
            required=True,
            part=Part.KNOWN,
        ),
        known("recorded_week", "Week recorded", "Week in which the offence was recorded, by its first day: the 1st, 8th, 15th or 22nd of a month.", "week"),
        known("recorded_month", "Month recorded", "Month in which the offence was recorded.", "week"),
        known("recorded_quarter", "Quarter recorded", "Quarter of the financial year in which the offence was recorded.", "week"),
        known("recorded_financial_year", "Financial year recorded", "Financial year in which the offence was recorded.", "week"),
        known("ward", "Ward", "Electoral ward of the incident.", "place"),
        known("borough", "Borough", "Borough of the incident.", "place"),
        known("bcu", "Basic Command Unit", "Basic Command Unit of the incident.", "place"),
        known(
            "location_type", "Type of place", "Type of place in which the offence happened.", "location",
            codes="crime_extract/location_type", levels=("location_type",),
        ),
        known(
            "location_setting", "Private, public or online", "Setting of the place in which the offence happened.", "location",
            codes="crime_extract/location_type", levels=("location_setting",),
        ),
        known("time_of_day", "Time of day", "Quarter of the day in which the offence began.", "time", codes="time_of_day", levels=("time_of_day",)),
        known("weekday", "Day of the week", "Day on which the offence began.", "time", codes="weekday", levels=("weekday",)),
        known("week_part", "Part of the week", "Weekdays or weekend.", "time", codes="weekday", levels=("week_part",)),
        _offence("offence_branch", "Branch of the offence", "branch"),
        _offence("offence_group", "Group of the offence", "group"),
        _offence("offence_class", "Class of the offence", "class"),
    ),
    primary_key=("case_key",),
    foreign_keys=tuple(ForeignKey((name,), "area", ("code",)) for name in ("ward", "borough", "bcu")),
)  # fmt: skip

_TO_CASE = (ForeignKey(("case_key",), OFFENCES.name, ("case_key",)),)

VICTIMS = TableSchema(
    name="record_victims",
    title="Cases: victim",
    description="One row per case: a woman or girl; of several, one. Nobody is the victim of two cases of one batch.",
    fields=(
        case_key(),
        known("victim_age_group", "Age of the victim, ten years", "Age on the day of the offence in bands of ten years.", "victim_age", codes=AGES),
        known("victim_age_band", "Age of the victim, twenty years", "Age on the day of the offence in bands of twenty years.", "victim_age", codes=BROAD_AGES),
        known(
            "victim_ethnic_appearance", "Ethnic appearance of the victim", "Ethnic appearance as an officer observed it.", "victim_ethnicity",
            codes="ethnic_appearance", levels=("ethnic_appearance",),
        ),
    ),
    primary_key=("case_key",),
    foreign_keys=_TO_CASE,
)  # fmt: skip

SUSPECTS = TableSchema(
    name="record_suspects",
    title="Cases: suspect",
    description="One row per case: its suspect; of several, one. A suspect is not an offender unless a court says so. Nobody is the suspect of two cases of one batch.",
    fields=(
        case_key(),
        known("suspect_identified", "Suspect identified", "Whether a suspect is recorded.", "suspect", codes=("yes", "no")),
        known("suspect_sex", "Sex of the suspect", "Sex as recorded by the police.", "suspect", codes=(*SEXES, "no-suspect")),
        known("suspect_age_group", "Age of the suspect, ten years", "Age on the day of the offence in bands of ten years.", "suspect", codes=(*AGES, "no-suspect")),
        known("suspect_age_band", "Age of the suspect, twenty years", "Age on the day of the offence in bands of twenty years.", "suspect", codes=(*BROAD_AGES, "no-suspect")),
    ),
    primary_key=("case_key",),
    foreign_keys=_TO_CASE,
)
