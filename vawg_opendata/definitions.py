"""The Dagster code location: every asset, check, job and resource, put together. No logic."""

import dagster as dg

from vawg_opendata.assets.alerts import failure_alerts
from vawg_opendata.assets.anonymisation import PROTECTED
from vawg_opendata.assets.jobs import publish_job
from vawg_opendata.assets.landing import landing_files
from vawg_opendata.assets.packages import CHECKS, PACKAGES
from vawg_opendata.assets.pages import PAGES
from vawg_opendata.assets.records import read_records
from vawg_opendata.assets.resources import RunSettings
from vawg_opendata.assets.statistics import STATISTICS
from vawg_opendata.settings import Settings

defs = dg.Definitions(
    assets=[landing_files, read_records, *STATISTICS, *PROTECTED, *PACKAGES, *PAGES],
    asset_checks=CHECKS,
    jobs=[publish_job],
    sensors=[failure_alerts],
    resources={"settings": RunSettings.of(Settings.from_environment())},
    # Steps take seconds and DuckDB has threads of its own: a process per step would cost more than the work.
    executor=dg.in_process_executor,
)
