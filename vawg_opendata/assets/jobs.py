"""The job that runs the whole flow, and how it is run without the UI.

Belongs here: which assets a job has, and running it in this process. Does not belong here: what a command prints.
"""

import dagster as dg

from vawg_opendata.assets.resources import RunSettings, instance_of
from vawg_opendata.settings import Settings

PUBLISH = "publish"

publish_job = dg.define_asset_job(
    PUBLISH,
    selection=dg.AssetSelection.all(),
    description="The whole flow: landing files to published data packages, for all products or those of the settings.",
)


def run_publish(definitions: dg.Definitions, settings: Settings) -> dg.ExecuteInProcessResult:
    """Run the job `publish` in this process with these settings, and keep its history.

    Raises what a step raises, and DagsterError when a blocking check fails; the run is in the history
    either way.
    """
    configuration = {
        "resources": {"settings": {"config": RunSettings.config_of(settings)}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},  # a command prints its own words
    }
    return definitions.resolve_job_def(PUBLISH).execute_in_process(run_config=configuration, instance=instance_of(settings))
