"""What is told of pools of cases about the offence and its investigation."""

from vawg_opendata.schemas.fields import TableSchema
from vawg_opendata.schemas.vawg_records.common import DAYS, NUMBERS, OTHER, QUASI, coded, flag, pool_key

CIRCUMSTANCES = TableSchema(
    name="pool_circumstances",
    title="Pools: circumstances of the offence",
    description="As many rows per pool as it has cases. Each column is in an order of its own within the pool: values of one row do not belong together.",
    fields=(
        pool_key(),
        flag("domestic_abuse", "Domestic abuse", "Victim and suspect are personally connected and 16 or over."),
        flag("attempt", "Attempt", "The offence was attempted and not completed.", OTHER),
        flag("honour_based_abuse", "So-called honour-based abuse", "Committed to defend the supposed honour of a family or community."),
        flag("forced_marriage", "Forced marriage", "Connected with a forced marriage."),
        flag("female_genital_mutilation", "Female genital mutilation", "Connected with female genital mutilation."),
        flag("stalking", "Stalking", "Conduct that amounts to stalking, whatever the offence."),
        flag("coercive_control", "Controlling or coercive behaviour", "Part of a pattern of controlling or coercive behaviour."),
        flag("strangulation", "Strangulation", "The victim was strangled or suffocated."),
        flag("spiking", "Spiking", "Drink, needle or vapour spiking is suspected."),
        flag("child_sexual_abuse", "Child sexual abuse", "Sexual offence against a person under 18."),
        flag("child_sexual_exploitation", "Child sexual exploitation", "Exploitation of a person under 18 for sexual activity."),
        flag("trafficking", "Trafficking", "Connected with trafficking or modern slavery."),
        flag("gang_related", "Gang-related", "Connected with a gang."),
        flag("knife_enabled", "Knife used or threatened", "A knife or sharp implement was used or threatened."),
        flag("alcohol_involved", "Alcohol", "Alcohol played a part."),
        flag("drugs_involved", "Drugs", "Drugs played a part."),
        flag("online", "Online", "Committed wholly or partly online; the type of place tells it as well.", ordinary=("true",)),
        flag("night_time_economy", "Night-time economy", "Connected with pubs, clubs or going out at night.", QUASI),
        flag("public_transport", "Public transport", "On or at public transport.", QUASI),
        flag("school_related", "School-related", "At a school or between pupils.", QUASI),
        flag("series", "Part of a series", "Recorded as one of several offences of one suspect."),
        coded("hate_strand", "Hate crime strand", "Strand of hate crime; first where there are several.", "crime_extract/hate_strand"),
        coded("weapon", "Weapon", "Weapon used or shown; most serious where there are several.", "crime_extract/weapon"),
    ),
)

INVESTIGATION = TableSchema(
    name="pool_investigation",
    title="Pools: report and investigation",
    description=CIRCUMSTANCES.description,
    fields=(
        pool_key(),
        coded("reporting_route", "Reported by", "How the police heard of the offence.", "crime_extract/reporting_route", OTHER),
        coded("days_to_report", "Days to the report", "Days from the offence to the report; empty where the day of the offence is not known.", DAYS, OTHER),
        coded("days_to_record", "Days to the record", "Days from the report to the record.", DAYS, OTHER),
        coded("response_grade", "Grade of response", "Grade given to the first call.", "crime_extract/response_grade", OTHER),
        flag("attended", "Attended", "An officer met the victim or went to the place within the first response.", OTHER),
        flag("body_worn_video", "Body-worn video", "Body-worn video was recorded.", OTHER),
        flag("forensic_examination", "Forensic examination", "A forensic medical or scene examination took place."),
        coded("investigating_unit", "Investigating unit", "Unit that holds the investigation.", "crime_extract/investigating_unit", OTHER),
        coded("investigation_status", "State of the investigation", "State on the day of the extract.", "crime_extract/investigation_status", ordinary=("open", "closed")),
        coded(
            "outcome_group", "Outcome", "Group of the outcome that stands on the day of the extract, or that there is none yet.", "current_outcome",
            levels=("outcome_group",), ordinary=("none-yet", "no-suspect"),
        ),
        coded("outcomes_assigned", "Outcomes assigned", "How many outcomes were assigned one after another.", NUMBERS, OTHER),
    ),
)  # fmt: skip
