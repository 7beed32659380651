"""The sensor that tells people of failed runs, whoever started them, over the channel of the settings.

It keeps its own place among the failures, and moves on only when an alert was taken: while a mail server is down, its ticks fail,
which the UI shows, the log has each failure, and what was not told is told when the server is back. Dagster's own failure sensors
move on regardless. What an alert may say is for `alerts` to decide.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from vawg_opendata.alerts import Alert, AlertError, FailedStep, channel
from vawg_opendata.alerts.channels import Log

AT_ONCE = 20
"""Failures told in one tick; the rest follow in the next."""


@dg.sensor(
    name="failure_alerts",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells of every failed run over the channel of VAWG_ALERTS, until it was taken: names of steps and kinds of errors, no word of data.",
)
def failure_alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Tell of the failures since the last one that was told; of those before the first tick nobody is told."""
    if context.cursor is None:
        newest = context.instance.fetch_run_status_changes(dg.DagsterEventType.RUN_FAILURE, limit=1).records
        context.update_cursor(str(newest[0].storage_id if newest else 0))
        return dg.SkipReason("Watching from now on.")
    failures = context.instance.fetch_run_status_changes(
        dg.RunStatusChangeRecordsFilter(dg.DagsterEventType.RUN_FAILURE, after_storage_id=int(context.cursor)), limit=AT_ONCE, ascending=True
    ).records
    way = channel()
    for told, record in enumerate(failures):
        alert = alert_of(context.instance, record.event_log_entry.run_id, record.event_log_entry.timestamp)
        try:
            way.send(alert)
        except AlertError:
            Log().send(alert)
            if told:  # a tick that fails would forget that these were told; the next one begins here, and fails
                return dg.SkipReason(f"{told} failures told; then the channel failed.")
            raise
        context.update_cursor(str(record.storage_id))
    return dg.SkipReason(f"{len(failures)} failures told.")


def alert_of(instance: dg.DagsterInstance, run_id: str, timestamp: float) -> Alert:
    """What may be told of a failed run."""
    run = instance.get_run_by_id(run_id)
    steps = []
    for record in instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records:
        event = record.event_log_entry.dagster_event
        steps.append(FailedStep(event.step_key, _kind(event.event_specific_data.error), _failed_checks(instance, run_id, event.step_key)))
    at = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Alert(run_id, run.job_name if run else "", at, run.tags.get("dagster/partition", "") if run else "", tuple(steps))


def _kind(error) -> str:
    """The class of the error that began it: Dagster wraps it in its own."""
    while error is not None and error.cause is not None:
        error = error.cause
    return (error.cls_name if error is not None else None) or "no error was kept"


def _failed_checks(instance: dg.DagsterInstance, run_id: str, step: str) -> Sequence[str]:
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    events = [record.event_log_entry.dagster_event for record in records]
    return tuple(
        f"{event.asset_check_evaluation_data.asset_key.to_user_string()} {event.asset_check_evaluation_data.check_name}"
        for event in events
        if event.step_key == step and not event.asset_check_evaluation_data.passed
    )
