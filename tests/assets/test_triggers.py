"""What starts runs: the calendar of London, and files that have arrived whole, once for each content."""

import json
import os
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from tests.release.packages import PRODUCT
from tests.release.test_states import prepare
from tests.sources.samples import CRIME, STREET, csv_bytes, put
from vawg_opendata.assets.triggers import announced_releases, daily_staleness, landing_files_arrived, monthly
from vawg_opendata.definitions import defs
from vawg_opendata.release.lifecycle.releasing import release_time
from vawg_opendata.release.lifecycle.versions import latest
from vawg_opendata.turns import alone

FILE = "police_uk/2023-01/2023-01-city-of-london-street.csv"


@pytest.fixture
def landing(tmp_path, monkeypatch):
    put(tmp_path / "landing", FILE, csv_bytes(STREET, [CRIME]))
    monkeypatch.setenv("VAWG_LANDING", str(tmp_path / "landing"))
    return tmp_path / "landing"


class Watch:
    """The sensor at tick after tick, keeping its cursor as Dagster does."""

    def __init__(self):
        self.cursor, self.instance = None, dg.DagsterInstance.ephemeral()

    def tick(self) -> str | None:
        """The run key of the run that is asked for, None when there is none."""
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor, definitions=defs)
        answer = landing_files_arrived(context)
        self.cursor = context.cursor
        return answer.run_key if isinstance(answer, dg.RunRequest) else None

    def ticks(self, number: int) -> list[str | None]:
        return [self.tick() for _ in range(number)]


def test_files_that_rest_start_one_run_and_no_second(landing):
    first, second, *rest = Watch().ticks(5)
    assert first is None and second is not None and set(rest) == {None}


def test_files_that_still_grow_start_none(landing):
    watch = Watch()
    for size in range(5):
        with (landing / FILE).open("ab") as file:
            file.write(b"x" * size + b"\n")
        assert watch.tick() is None
    assert watch.tick() is not None


def test_files_that_arrive_by_rsync_start_none_while_one_is_under_way(landing):
    """It writes into a hidden file beside, of any name, and renames it: what is there looks at rest."""
    watch, under_way = Watch(), landing / "police_uk/2023-01/.2023-01-metropolitan-street.csv.h3kQ9z"
    for size in range(5):
        with under_way.open("ab") as file:
            file.write(csv_bytes(STREET, [CRIME]) * (size + 1))
        assert watch.tick() is None
    under_way.rename(landing / "police_uk/2023-01/2023-01-metropolitan-street.csv")
    assert [key is not None for key in watch.ticks(3)] == [False, True, False]


def test_files_behind_a_link_are_seen(landing, tmp_path):
    """A source whose folder is elsewhere, as it is read; and a link that leads in a circle ends."""
    (landing / "police_uk").rename(tmp_path / "elsewhere")
    (landing / "police_uk").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(landing)
    watch = Watch()
    assert [key is not None for key in watch.ticks(3)] == [False, True, False]
    put(tmp_path / "elsewhere", "2023-01/2023-01-city-of-london-street.csv", csv_bytes(STREET, [CRIME, CRIME]))
    assert [key is not None for key in watch.ticks(3)] == [False, True, False]


def test_a_hidden_file_is_no_content(landing):
    watch = Watch()
    (first,) = filter(None, watch.ticks(3))
    (landing / ".DS_Store").write_bytes(b"anything")
    assert set(watch.ticks(3)) == {None}
    assert [key for key in Watch().ticks(3) if key] == [first]


@pytest.mark.parametrize("name", ["police_uk/2023-02/file.csv.part", "police_uk/2023-02/.file.csv.tmp", "x.filepart", "crime_extract/offences.csv"])
def test_a_copy_under_way_starts_none_however_long_it_rests(landing, name):
    put(landing, name, b"half")
    watch = Watch()
    assert set(watch.ticks(4)) == {None}
    (landing / name).unlink()
    if (landing / "crime_extract").is_dir():
        (landing / "crime_extract").rmdir()
    assert [key is not None for key in watch.ticks(2)] == [False, True]


def test_an_extract_waits_for_all_that_its_manifest_names(landing, tmp_path):
    from vawg_opendata.sample import generate

    generate(20, 1, tmp_path / "made", first="2024-01", last="2024-01", homicides_from="2024-01", street_months=0)
    whole = tmp_path / "made" / "crime_extract"
    shutil.copytree(whole, landing / "crime_extract", ignore=shutil.ignore_patterns("victims.csv"))
    watch = Watch()
    assert set(watch.ticks(4)) == {None}
    shutil.copy(whole / "victims.csv", landing / "crime_extract")
    assert [key is not None for key in watch.ticks(3)] == [False, True, False]


def test_once_for_each_content(landing):
    watch = Watch()
    (first,) = filter(None, watch.ticks(3))
    os.utime(landing / FILE, (1, 1))  # copied again, the same
    assert set(watch.ticks(3)) == {None}
    put(landing, FILE, csv_bytes(STREET, [CRIME, CRIME]))
    (second,) = filter(None, watch.ticks(3))
    assert second != first
    (again,) = filter(None, Watch().ticks(3))  # a sensor that has forgotten asks with the same key, which Dagster runs once
    assert again == second


def test_without_a_landing_folder_nothing_starts(tmp_path, monkeypatch):
    monkeypatch.delenv("VAWG_LANDING", raising=False)
    assert set(Watch().ticks(3)) == {None}
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 3, 7, 6, 30, tzinfo=ZoneInfo("Europe/London")))
    assert isinstance(monthly(context), dg.SkipReason)
    monkeypatch.setenv("VAWG_LANDING", str(tmp_path / "not there"))
    assert set(Watch().ticks(3)) == {None}


def test_the_month_s_run_comes_on_the_day_after_the_source_s_own_in_london_winter_and_summer(landing):
    times = monthly.execution_timezone, monthly.cron_schedule
    assert times == ("Europe/London", "30 6 7 * *")
    keys = []
    for month in (1, 7):
        at = datetime(2026, month, 7, 6, 30, tzinfo=ZoneInfo("Europe/London"))
        keys.append(monthly(dg.build_schedule_context(scheduled_execution_time=at)).run_key)
    assert keys == ["monthly 2026-01", "monthly 2026-07"]
    assert (daily_staleness.execution_timezone, daily_staleness.job_name) == ("Europe/London", "staleness")


def test_what_is_announced_appears_at_its_time_though_a_run_works_and_another_version_must_not(tmp_path, monkeypatch):
    day = {"now": datetime(2020, 1, 1, tzinfo=UTC), "release_at": release_time(date(2020, 1, 2))}
    damaged = prepare(tmp_path, product=PRODUCT, **day)
    prepare(tmp_path, product=replace(PRODUCT, name="victims-other"), **day)
    (damaged.folder / "data" / "caveats.csv").write_text("nothing")
    monkeypatch.setenv("VAWG_PUBLISHED", str(tmp_path / "published"))
    monkeypatch.setenv("VAWG_WORK", str(tmp_path / "busy"))
    with alone(tmp_path / "busy"):
        run = defs.resolve_job_def("releases").execute_in_process(raise_on_error=False)
    assert not run.success and "victims-test 1.0.0 cannot be used" in run.failure_data_for_node("release_due").error.cause.message
    assert latest(tmp_path / "published" / "datastore" / "victims-other") == "1.0.0"
    assert latest(tmp_path / "published" / "datastore" / "victims-test") is None
    assert (tmp_path / "published" / "site" / "index.html").is_file()
    assert (announced_releases.cron_schedule, announced_releases.execution_timezone) == ("30 9 * * *", "Europe/London")


def test_the_cursor_holds_nothing_of_the_files(landing):
    watch = Watch()
    watch.ticks(3)
    assert set(json.loads(watch.cursor)) == {"listing", "started", "content"} and "police" not in watch.cursor
