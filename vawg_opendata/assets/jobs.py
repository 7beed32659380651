"""The jobs: the whole flow, its parts by month and by year, the look at what readers have, and what appears at its time; and running the
first without the UI.

Belongs here: which assets a job has, and running it in this process. Does not belong here: what a command prints.
"""

import os

import dagster as dg

from vawg_opendata.appearance import let_appear
from vawg_opendata.assets.months import MONTHS, PARTITIONED, YEARS
from vawg_opendata.assets.packages import STALENESS
from vawg_opendata.assets.resources import RunSettings, instance_of
from vawg_opendata.release.errors import ReleaseError
from vawg_opendata.settings import Settings

PUBLISH = "publish"
_WAYS = dg.Selector({way: dg.Field(dg.Permissive(), is_required=False) for way in ("in_process", "multiprocess")})
PERIODS_EXECUTOR = dg.multi_or_in_process_executor.configured(
    lambda chosen: chosen, name="in_process_or_multi", config_schema=dg.Field(_WAYS, default_value={"in_process": {}})
)
"""One process unless the launchpad, or whoever launches a backfill, says `multiprocess`: then a process per asset, which pays for long ones only. It is
the executor that has the default and not the job's configuration, because a backfill with a configuration of its own is refused where the job has one."""

_PARTITIONED = dg.AssetSelection.assets(*(asset.key for asset in PARTITIONED))

publish_job = dg.define_asset_job(
    PUBLISH,
    selection=dg.AssetSelection.all() - _PARTITIONED,
    description="The whole flow: landing files to published data packages, for all products or those of the settings.",
)

months_job, years_job = (
    dg.define_asset_job(
        name,
        selection=dg.AssetSelection.assets(*(asset.key for asset in PARTITIONED if asset.partitions_def is partitions)),
        description=f"The parts of the flow that come in {name}, for some or all of them: `publish` then has only to put them together.",
        executor_def=PERIODS_EXECUTOR,
    )
    for name, partitions in (("months", MONTHS), ("years", YEARS))
)

staleness_job = dg.define_asset_job(
    "staleness",
    selection=dg.AssetSelection.checks(*(check.check_key for check in STALENESS)),
    description="Looks whether what readers have is as new as it should be; reads the published folder only.",
)


@dg.op(
    name="release_due",
    description="Approved versions whose time has come appear to readers, and the pages are made again. Fails where one that is due must not appear, after the others.",
)
def release_due(context: dg.OpExecutionContext) -> None:
    """Takes the settings of the environment and no work folder, so that a run that works in it for an hour delays nothing."""
    released, refused = let_appear(Settings.from_environment(os.environ))
    context.log.info("Released: %s.", ", ".join(f"{entry.product} {entry.version}" for entry in released) or "nothing was due")
    if refused:
        raise ReleaseError(" ".join(map(str, refused)))


@dg.job(name="releases", description="What is approved appears when its time has come; nothing is built.", executor_def=dg.in_process_executor)
def releases_job() -> None:
    """One step."""
    release_due()


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
