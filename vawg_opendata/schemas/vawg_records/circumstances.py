"""What is told of pools of cases about the offence and its investigation."""

from vawg_opendata.schemas import crime_extract as extract
from vawg_opendata.schemas.fields import TableSchema
from vawg_opendata.schemas.vawg_records.common import DAYS, NUMBERS, OTHER, coded, flag, pool_key, taken

CIRCUMSTANCES = TableSchema(
    name="pool_circumstances",
    title="Pools: circumstances of the offence",
    description="As many rows per pool as it has cases. Each column is in an order of its own within the pool: values of one row do not belong together.",
    fields=(
        pool_key(),
        *taken(
            extract.OFFENCES,
            "domestic_abuse", "attempt", "honour_based_abuse", "forced_marriage", "female_genital_mutilation", "stalking", "coercive_control",
        ),
        flag("strangulation", "Strangulation", "The victim was strangled or suffocated."),
        *taken(
            extract.OFFENCES,
            "spiking", "child_sexual_abuse", "child_sexual_exploitation", "trafficking", "gang_related", "knife_enabled", "alcohol_involved",
            "drugs_involved",
        ),
        flag("online", "Online", "Committed wholly or partly online; the type of place tells it as well.", ordinary=("true",)),
        *taken(extract.OFFENCES, "night_time_economy", "public_transport", "school_related"),
        flag("series", "Part of a series", "Recorded as one of several offences of one suspect."),
        *taken(extract.OFFENCES, "hate_strand", "weapon"),
    ),
)  # fmt: skip

INVESTIGATION = TableSchema(
    name="pool_investigation",
    title="Pools: report and investigation",
    description=CIRCUMSTANCES.description,
    fields=(
        pool_key(),
        *taken(extract.OFFENCES, "reporting_route"),
        coded("days_to_report", "Days to the report", "Days from the offence to the report; empty where the day of the offence is not known.", DAYS, OTHER),
        coded("days_to_record", "Days to the record", "Days from the report to the record.", DAYS, OTHER),
        *taken(extract.OFFENCES, "response_grade", "attended", "body_worn_video", "forensic_examination", "investigating_unit"),
        *taken(extract.OFFENCES, "investigation_status", ordinary=("open", "closed")),
        coded(
            "outcome_group", "Outcome", "Group of the outcome that stands on the day of the extract, or that there is none yet.", "current_outcome",
            levels=("outcome_group",), ordinary=("none-yet", "no-suspect"),
        ),
        coded("outcomes_assigned", "Outcomes assigned", "How many outcomes were assigned one after another.", NUMBERS, OTHER),
    ),
)  # fmt: skip
