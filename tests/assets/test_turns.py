"""Runs at once, as real processes: in one work folder, into one published folder, and after one of them was killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.paths import REPOSITORY
from vawg_opendata.release.errors import BusyError
from vawg_opendata.release.lifecycle.session import publishing
from vawg_opendata.sample import generate
from vawg_opendata.turns import alone, in_turn

PATIENCE = 900
"""Seconds that anything may take on a machine that has much else to do."""

RUN = """
import sys
from pathlib import Path
import dagster as dg
from vawg_opendata.assets.anonymisation import PROTECTED
from vawg_opendata.assets.landing import landing_files
from vawg_opendata.assets.months import PARTITIONED
from vawg_opendata.assets.packages import PACKAGES
from vawg_opendata.assets.records import read_records
from vawg_opendata.assets.resources import RunSettings, instance_of
from vawg_opendata.assets.statistics import STATISTICS
from vawg_opendata.settings import Settings

landing, work, published = map(Path, sys.argv[1:4])
settings = Settings(landing=landing, work=work, published=published, products=("female-homicide",))
if sys.argv[4:]:
    months = {"dagster/asset_partition_range_start": "2024-06", "dagster/asset_partition_range_end": "2024-07"}
    with instance_of(settings) as instance:
        dg.materialize([PARTITIONED[0]], resources={"settings": RunSettings.of(settings)}, instance=instance, tags=months)
        print(*sorted(instance.get_materialized_partitions(PARTITIONED[0].key)))
    sys.exit()
ours = [asset for asset in (*STATISTICS, *PROTECTED, *PACKAGES) if "homicide" in str(asset.keys)]
with instance_of(settings) as instance:
    run = dg.materialize([landing_files, read_records, *ours], resources={"settings": RunSettings.of(settings)}, instance=instance)
made = [event for event in run.get_asset_materialization_events() if event.asset_key.path[-2:] == ["datastore", "female-homicide"] and event.asset_key.path[0] == "packages"]
print("NEW" if made[0].materialization.metadata["is_new"].value else "SAME")
"""


@pytest.fixture
def landing(tmp_path):
    generate(300, 7, tmp_path / "landing", first="2024-06", last="2024-07", homicides_from="2022-01", street_months=2)
    return tmp_path / "landing"


def start(log: Path, *arguments: Path | str) -> subprocess.Popen:
    environment = {key: value for key, value in os.environ.items() if key != "DAGSTER_HOME"} | {"PYTHONUNBUFFERED": "1"}
    with log.open("wb") as file:
        return subprocess.Popen([sys.executable, "-c", RUN, *map(str, arguments)], cwd=REPOSITORY, env=environment, stdout=file, stderr=file)


def until(true, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert process.poll() is None, log.read_text(encoding="utf-8")[-3000:]
        assert time.monotonic() < end
        time.sleep(0.02)


def test_runs_at_once_wait_for_one_another_also_for_one_that_is_killed(landing, tmp_path):
    """The first is killed in the middle of its work; the second, in the same work folder, a backfill beside it, and the third, which
    publishes into the same folder, do theirs: nothing is published twice, nothing half, and no database is found locked."""
    shared, other, published = tmp_path / "shared", tmp_path / "other", tmp_path / "published"
    logs = [tmp_path / f"{name}.log" for name in ("first", "second", "third", "backfill")]
    first = start(logs[0], landing, shared, published)
    until((shared / "records").is_dir, first, logs[0])
    first.send_signal(signal.SIGSTOP)  # it holds what it holds, and cannot end before the second has come
    second = start(logs[1], landing, shared, published)
    until(lambda: "this one waits" in logs[1].read_text(encoding="utf-8"), second, logs[1])
    first.send_signal(signal.SIGKILL)
    first.wait(30)
    third = start(logs[2], landing, other, published)
    backfill = start(logs[3], landing, shared, published, "months")
    for process, log in ((second, logs[1]), (third, logs[2]), (backfill, logs[3])):
        assert process.wait(PATIENCE) == 0, log.read_text(encoding="utf-8")[-3000:]
    told = [log.read_text(encoding="utf-8") for log in logs[1:]]
    assert sorted(text.splitlines()[-1] for text in told) == ["2024-06 2024-07", "NEW", "SAME"]
    assert not any("lock" in text.lower() for text in told)
    listed = json.loads((published / "datastore" / "female-homicide" / "versions.json").read_text(encoding="utf-8"))
    assert [entry["version"] for entry in listed] == ["1.0.0"]
    with publishing(published) as session:  # which proves the ledger, and that the folder agrees with it
        assert len(session.ledger.versions("datastore", "female-homicide")) == 1


def test_a_work_folder_is_entered_by_one_and_waited_for_by_the_next(tmp_path):
    said = []
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys; from pathlib import Path; from vawg_opendata.turns import alone\nwith alone(Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()", str(tmp_path / "work")],
        cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout.readline() == b"in\n"

    def say(words: str) -> None:
        said.append(words)
        holder.kill()

    with alone(tmp_path / "work", say):
        assert holder.wait(30) != 0
    assert len(said) == 1 and str(tmp_path / "work") in said[0]
    with alone(tmp_path / "work", say):
        assert len(said) == 1  # nobody to wait for


def test_a_publisher_that_never_ends_is_given_up_on(tmp_path):
    tries = []

    def publish() -> None:
        tries.append(1)
        with publishing(tmp_path / "published"):
            pass

    with publishing(tmp_path / "published"):
        with pytest.raises(BusyError, match="Another run is publishing"):
            in_turn(publish, patience=0.5)
    assert len(tries) > 1
    in_turn(publish)


def test_runs_that_are_the_first_at_once_make_one_history(tmp_path):
    """Databases that two processes begin at once cannot be opened again by any."""
    program = (
        "import sys; from pathlib import Path; from vawg_opendata.assets.resources import instance_of; from vawg_opendata.settings import Settings\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "with instance_of(Settings(work=Path(sys.argv[1]))) as instance: print(len(instance.get_runs()))"
    )
    environment = {key: value for key, value in os.environ.items() if key != "DAGSTER_HOME"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": REPOSITORY, "env": environment}
    started = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "work")], **pipes) for _ in range(3)]
    assert [process.stdout.readline() for process in started] == ["ready\n"] * 3
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=PATIENCE)[0] for process in started] == ["0\n"] * 3
