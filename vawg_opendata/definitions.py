"""The Dagster code location: every asset, check, job and resource, put together. No logic."""

import dagster as dg

from vawg_opendata.assets.alerts import failure_alerts
from vawg_opendata.assets.anonymisation import PROTECTED
from vawg_opendata.assets.executors import executor
from vawg_opendata.assets.jobs import months_job, publish_job, releases_job, staleness_job, years_job
from vawg_opendata.assets.landing import landing_files
from vawg_opendata.assets.months import PARTITIONED
from vawg_opendata.assets.packages import CHECKS, PACKAGES
from vawg_opendata.assets.pages import PAGES
from vawg_opendata.assets.records import read_records
from vawg_opendata.assets.resources import RunSettings
from vawg_opendata.assets.statistics import STATISTICS
from vawg_opendata.assets.triggers import SCHEDULES, SENSORS
from vawg_opendata.settings import Settings

defs = dg.Definitions(
    assets=[landing_files, *PARTITIONED, read_records, *STATISTICS, *PROTECTED, *PACKAGES, *PAGES],
    asset_checks=CHECKS,
    jobs=[publish_job, months_job, years_job, staleness_job, releases_job],
    schedules=SCHEDULES,
    sensors=[*SENSORS, failure_alerts],
    resources={"settings": RunSettings.of(Settings.from_environment())},
    executor=executor(),
)
