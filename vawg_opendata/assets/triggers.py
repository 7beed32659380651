"""What starts runs by itself: the calendar, and files that arrive. Both are switched on by an operator, in the UI.

Belongs here: when a job starts. What says that files are complete is in `sources.arrival`; who is told of failures, in `alerts`.
"""

import json
import os

import dagster as dg

from vawg_opendata.assets.jobs import publish_job, releases_job, staleness_job
from vawg_opendata.release.lifecycle.releasing import APPEARANCE
from vawg_opendata.settings import Settings
from vawg_opendata.sources import arrival

ZONE = "Europe/London"


@dg.schedule(
    job=publish_job,
    name="monthly",
    cron_schedule="30 6 7 * *",
    execution_timezone=ZONE,
    description="At 6:30 on the 7th: the Met updates its monthly data on the 6th, to the end of the month before (London Datastore, "
    "MPS Monthly Crime Dashboard Data). Takes the landing folder as it is; does nothing where none is set.",
)
def monthly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One run a month, of the files that are there."""
    if Settings.from_environment(os.environ).landing is None:
        return dg.SkipReason("VAWG_LANDING is not set: a run would publish a synthetic sample.")
    return dg.RunRequest(run_key=f"monthly {context.scheduled_execution_time:%Y-%m}")


daily_staleness = dg.ScheduleDefinition(
    name="daily_staleness",
    job=staleness_job,
    cron_schedule="0 7 * * *",
    execution_timezone=ZONE,
    description="Every morning: whether what readers have is as new as it should be.",
)

announced_releases = dg.ScheduleDefinition(
    name="announced_releases",
    job=releases_job,
    cron_schedule=f"{APPEARANCE.minute} {APPEARANCE.hour} * * *",
    execution_timezone=ZONE,
    description="At 9:30 every day: versions that are approved for that time appear.",
)


@dg.sensor(
    job=publish_job,
    name="landing_files_arrived",
    minimum_interval_seconds=60,
    description="Starts a run when the landing folder is complete (nothing that is being written; all files that a manifest names) and was the "
    "same at two ticks: once for each content.",
)
def landing_files_arrived(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Look at the landing folder; the cursor keeps what the last tick saw, and what was started last."""
    folder = Settings.from_environment(os.environ).landing
    if folder is None or not folder.is_dir():
        return dg.SkipReason("VAWG_LANDING is not set, or is no folder.")
    seen = json.loads(context.cursor) if context.cursor else {"listing": "", "started": "", "content": ""}
    found = arrival.look(folder)
    if found.waiting or found.listing != seen["listing"]:
        context.update_cursor(json.dumps(seen | {"listing": "" if found.waiting else found.listing}))
        return dg.SkipReason(f"Waiting: {found.waiting}." if found.waiting else "The files have changed; they are looked at again at the next tick.")
    if found.listing == seen["started"]:
        return dg.SkipReason("A run was started for these files.")
    content = arrival.content_hash(folder, found)
    if arrival.look(folder).listing != found.listing:
        context.update_cursor(json.dumps(seen | {"listing": ""}))
        return dg.SkipReason("The files have changed while they were looked at.")
    context.update_cursor(json.dumps({"listing": found.listing, "started": found.listing, "content": content}))
    if content == seen["content"]:
        return dg.SkipReason("The files were touched; their content is what a run was started for.")
    return dg.RunRequest(run_key=content, tags={"vawg/landing": content[:12]})


SCHEDULES = [monthly, announced_releases, daily_staleness]
SENSORS = [landing_files_arrived]
