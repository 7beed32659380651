"""How long readers have waited, told from what they can see alone."""

import json
from datetime import date

import dagster as dg
import pytest

from vawg_opendata.assets.jobs import staleness_job
from vawg_opendata.assets.resources import RunSettings
from vawg_opendata.definitions import defs
from vawg_opendata.release.lifecycle.staleness import visible
from vawg_opendata.settings import Settings

PRODUCT = "vawg-offences"


def readers_have(folder, latest, *versions):
    """A product's folder as readers see it: (version, day of its release, last month, status), newest first."""
    entries = [{"version": version, "status": status, "released": f"{day}T09:30:00Z"} for version, day, _, status in versions]
    for version, _, end, status in versions:
        (folder / version).mkdir(parents=True)
        if status == "released":
            (folder / version / "datapackage.json").write_text(json.dumps({"temporal": {"start": "2025-01", "end": end}}), encoding="utf-8")
    (folder / "versions.json").write_text(json.dumps(entries), encoding="utf-8")
    (folder / "latest.json").write_text(json.dumps({"version": latest}), encoding="utf-8")
    return folder


@pytest.mark.parametrize(("today", "days", "stale"), [("2026-03-08", 1, False), ("2026-04-21", 45, False), ("2026-04-22", 46, True)])
def test_readers_of_a_monthly_product_wait_for_a_month_and_a_half_at_most(tmp_path, today, days, stale):
    readers_have(tmp_path, "1.1.0", ("1.1.0", "2026-03-07", "2026-02", "released"), ("1.0.0", "2026-02-07", "2026-01", "released"))
    found = visible(tmp_path, "monthly", date.fromisoformat(today))
    assert (found.version, found.end, found.days, found.stale) == ("1.1.0", "2026-02", days, stale)
    assert not visible(tmp_path, "irreg", date.fromisoformat(today)).stale


def test_a_correction_brings_nothing_newer(tmp_path):
    """Or readers who wait for a month would be kept quiet by one that mends an old one."""
    readers_have(tmp_path, "1.1.1", ("1.1.1", "2026-04-20", "2026-02", "released"), ("1.1.0", "2026-03-07", "2026-02", "released"), ("1.0.0", "2026-02-07", "2026-01", "released"))
    found = visible(tmp_path, "monthly", date(2026, 4, 22))
    assert (found.version, found.since, found.stale) == ("1.1.1", date(2026, 3, 7), True)


def test_what_was_withdrawn_is_not_what_readers_have(tmp_path):
    """They are back at the version before, which is as old as it is, however new the last run."""
    readers_have(tmp_path, "1.0.0", ("1.1.0", "2026-04-20", "2026-03", "withdrawn"), ("1.0.0", "2026-02-07", "2026-01", "released"))
    found = visible(tmp_path, "monthly", date(2026, 4, 22))
    assert (found.version, found.end, found.days, found.stale) == ("1.0.0", "2026-01", 74, True)


def test_where_nothing_is_released_nobody_waits(tmp_path):
    assert visible(tmp_path, "monthly") is None


def test_the_daily_look_warns_in_words_and_needs_no_landing_folder(tmp_path):
    settings = Settings(published=tmp_path / "published", work=tmp_path / "work", landing=tmp_path / "nowhere")
    readers_have(settings.published / "datastore" / PRODUCT, "1.0.0", ("1.0.0", "2024-02-07", "2024-01", "released"))
    with dg.DagsterInstance.ephemeral() as instance:
        run = defs.resolve_job_def(staleness_job.name).execute_in_process(
            run_config={"resources": {"settings": {"config": RunSettings.config_of(settings)}}}, instance=instance
        )
    looked = {check.asset_key.path[-1]: check for check in run.get_asset_check_evaluations()}
    (stale,) = [check for check in looked.values() if not check.passed]
    assert run.success and stale is looked[PRODUCT] and stale.severity == dg.AssetCheckSeverity.WARN
    assert "have 1.0.0, and for" in stale.description and "nothing newer than 2024-01; at most 45" in stale.description and "vawg review" in stale.description
