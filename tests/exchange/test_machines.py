"""A run on two workers that share a store, a broker and a database and no folder; one of them is killed in the middle of a step."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.canaries import found, plant
from tests.delivery.network import Faults, relay
from tests.delivery.servers import ACCESS_KEY, BUCKET, SECRET_KEY, object_store
from tests.exchange.services import dump, postgres, redis
from tests.paths import REPOSITORY
from vawg_opendata import flow
from vawg_opendata.exchange import shared
from vawg_opendata.products import PRODUCTS
from vawg_opendata.published import readers_wait
from vawg_opendata.release.lifecycle.reproduce import differences
from vawg_opendata.sample import generate
from vawg_opendata.settings import Settings

PRODUCT = "female-homicide"
KILLED_IN = {
    "protected__datastore__female_homicide_victims": "work/protected/female-homicide/female_homicide_victims/",
    "packages__datastore__female_homicide": "published/datastore/female-homicide/",
}
"""Steps in which the worker that has one may be killed, and the files that the step is committing to the store at that moment. Which worker takes which step is
chance. The one that has the first of them may have done none before; then the one that has the second has done one, whichever of both it is."""
ASSETS = " or ".join(
    f'key:"{key}"'
    for key in ("landing/*", "records/*", f"statistics/{PRODUCT}", f"protected/datastore/{PRODUCT}", "protected/datastore/female_homicide_victims",
                f"packages/datastore/{PRODUCT}", "packages/datastore", "pages/site")
)  # fmt: skip
"""The way of one product through the job `publish`: a step on a worker costs seconds."""


class Machine:
    """A worker with folders of its own, also for temporary files."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        folder.mkdir()
        self.folder, self.log = folder, folder / "log"
        own = {"VAWG_WORK": str(folder / "work"), "VAWG_PUBLISHED": str(folder / "published"), "TMPDIR": str(folder)}
        command = [sys.executable, "-m", "celery", "-A", "dagster_celery.app", "worker", "-n", folder.name, "-Q", "dagster", "-c", "1", "--loglevel", "info"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=folder, env=environment | own, stdout=log, stderr=log, start_new_session=True)

    @property
    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.told
        return f"celery@{self.folder.name} ready" in self.told

    def has_done(self, step: str = "") -> bool:
        """Whether it has done a step: one of that name, or any."""
        return f"{step} - STEP_SUCCESS" in self.told

    @property
    def told(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)


@pytest.fixture
def way(tmp_path):
    """The port of a store that the machines share, and what can befall them on the way to it."""
    (tmp_path / "store").mkdir()
    with object_store(tmp_path / "store") as port, relay(port) as way:
        yield way


@pytest.fixture
def environment(tmp_path, way):
    """All that two machines share, and the variables by which they find it."""
    with ExitStack() as stack:
        history = stack.enter_context(postgres(tmp_path / "postgres"))
        broker = stack.enter_context(redis(tmp_path))
        (tmp_path / "home").mkdir()
        shutil.copy(REPOSITORY / "deploy" / "dagster.yaml", tmp_path / "home")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("VAWG_", "DAGSTER_"))}
        yield kept | history | {
            "DAGSTER_HOME": str(tmp_path / "home"),
            "VAWG_BROKER": broker,
            "VAWG_BROKER_TIMEOUT": "40",  # several times the longest step, also on a busy machine
            "VAWG_EXECUTOR": "celery",
            "VAWG_STORE": f"s3://{BUCKET}/vawg?region=us-east-1&endpoint={quote(f'http://127.0.0.1:{way[0]}')}",
            "VAWG_LANDING": str(tmp_path / "landing"),
            "VAWG_PRODUCTS": PRODUCT,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "deploy" / "celery")]),
        }


def wait_until(true: Callable[[], bool], told: Callable[[], str]) -> None:
    """Wait for what a machine many times slower comes to, too."""
    end = time.monotonic() + 900
    while not true():
        assert time.monotonic() < end, told()
        time.sleep(0.1)


def kill_one(machines: list[Machine], faults: Faults, still: Callable[[], bool]) -> tuple[Machine, str]:
    """Kill a worker that has done a step, while the store waits for the rest of what it commits of another; that step, too."""
    for number, (step, commits) in enumerate(KILLED_IN.items(), start=1):
        faults.hold_at(commits)
        faults.let_go()  # the step before
        wait_until(lambda: faults.count["held"] == number or not still(), lambda: f"nobody came to {step}")
        for busy in machines:
            if f"{step} - STEP_START" in busy.told and busy.has_done():
                busy.kill()
                return busy, step
    raise AssertionError("no worker had done a step")


def test_two_workers_of_which_one_is_killed_publish_what_one_process_does(environment, way, tmp_path, monkeypatch):
    generate(3000, 7, tmp_path / "landing", first="2024-07", last="2024-07", homicides_from="2022-01", street_months=0)
    plant(tmp_path / "landing")
    machines = [Machine(tmp_path / name, environment) for name in ("one", "two")]
    alone = Settings(landing=tmp_path / "landing", work=tmp_path / "alone" / "work", published=tmp_path / "alone" / "published", products=(PRODUCT,))
    log, run = tmp_path / "run.log", None

    def told() -> str:
        return "".join(path.read_text(encoding="utf-8", errors="replace")[-3000:] for path in (log, *(machine.log for machine in machines)) if path.exists())

    try:
        wait_until(lambda: all([machine.is_ready for machine in machines]), told)
        command = [sys.executable, "-m", "dagster", "asset", "materialize", "-m", "vawg_opendata.definitions", "--select", ASSETS]
        with log.open("wb") as file:
            run = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=file, stderr=file)
        dead, step = kill_one(machines, way[1], lambda: run.poll() is None)
        flow.run(alone)  # while the worker that is left waits for the broker to give it the step
        wait_until(lambda: run.poll() is not None, told)
        assert run.returncode == 0 and "RUN_SUCCESS" in log.read_text(encoding="utf-8"), told()
    finally:
        if run is not None:
            run.kill()
        for machine in machines:
            if machine.process.poll() is None:
                machine.kill()
    (left,) = [machine for machine in machines if machine is not dead]
    assert left.has_done(step) and not dead.has_done(step)
    assert_nothing_of_a_record_outside_the_work_folders(tmp_path, environment, machines)

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, environment[name])
    third = Settings(work=tmp_path / "third" / "work", published=tmp_path / "third" / "published", store=environment["VAWG_STORE"])
    folder = shared(third, lambda: flow.latest_folder(third, PRODUCTS[PRODUCT]))  # a machine that has done nothing yet
    fourth = replace(third, work=tmp_path / "fourth" / "work", published=tmp_path / "fourth" / "published")
    assert readers_wait(fourth, PRODUCTS[PRODUCT]).version == folder.name  # and one that only looks at what readers have
    assert differences(flow.latest_folder(alone, PRODUCTS[PRODUCT]), folder) == []
    assert sorted(path.relative_to(third.published) for path in third.published.rglob("*.html")) == sorted(
        path.relative_to(alone.published) for path in alone.published.rglob("*.html")
    )


def assert_nothing_of_a_record_outside_the_work_folders(folder: Path, environment: dict[str, str], machines: list[Machine]) -> None:
    """Not in PostgreSQL, the logs of the processes, Dagster's home, or what was published; of the killed worker either."""
    dump(environment, folder / "history.sql")
    assert b"read_records" in (folder / "history.sql").read_bytes()
    for place in (folder / "history.sql", folder / "run.log", folder / "home", folder / "postgres.log"):
        assert found(place) == {}
    for machine in machines:
        left = {path.split("/")[0] for path in found(machine.folder)}
        assert left <= {"work"} and "work" in {path.name for path in machine.folder.iterdir()}
        assert (machine.folder / "work").stat().st_mode & 0o777 == 0o700
    assert any(found(machine.folder / "work" / "records") for machine in machines)  # there they could be found
