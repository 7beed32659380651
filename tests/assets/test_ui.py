"""An operator's first session in the real UI, in Chromium: materialise, make some months again, see a failed check explained, read the report.

`dagster dev` runs as `make dev` runs it, daemon included, on a small landing folder and one product. Screenshots are left in the folder
that VAWG_SCREENSHOTS names. Chromium is the system's; without it, or without Playwright, the session is skipped.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import dagster as dg
import pytest

from tests.delivery.network import free_port
from tests.paths import REPOSITORY
from vawg_opendata.sample import generate

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 900
"""Seconds that a run may take to be over, on a machine that has much else to do."""


def wait_for(what, of: str):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(1)
    raise AssertionError(f"Waited in vain for {of}.")


class Desk:
    """The UI of one operator: its address, its folders and its history."""

    def __init__(self, folder: Path) -> None:
        self.published, self.home = folder / "published", folder / "work" / "dagster"
        self.home.mkdir(parents=True)
        shutil.copy(REPOSITORY / "vawg_opendata" / "assets" / "dagster.yaml", self.home)
        generate(1500, 5, folder / "landing", first="2025-11", last="2026-01", homicides_from="2021-01", street_months=3)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        settings = {"LANDING": folder / "landing", "WORK": folder / "work", "PUBLISHED": self.published, "PRODUCTS": "female-homicide"}
        environment = {f"VAWG_{name}": str(value) for name, value in settings.items()}
        environment |= {"DAGSTER_HOME": str(self.home), "PYTHONPATH": str(REPOSITORY)}
        command = [sys.executable, "-m", "dagster", "dev", "--workspace", "workspace.yaml", "--host", "127.0.0.1", "--port", str(port)]
        self.log = (folder / "dagster.log").open("wb")
        self.instance = dg.DagsterInstance.from_config(str(self.home))  # before the server, so that only one of them makes its databases
        self.process = subprocess.Popen(command, cwd=REPOSITORY, env=os.environ | environment, stdout=self.log, stderr=self.log, start_new_session=True)

    def answers(self) -> bool:
        assert self.process.poll() is None, Path(self.log.name).read_text()
        try:
            return urllib.request.urlopen(f"{self.url}/server_info").status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def finished(self, number: int) -> dg.DagsterRun | None:
        """The newest run, once there are so many and it is over."""
        runs = self.instance.get_runs()
        return runs[0] if len(runs) == number and runs[0].is_finished else None

    def close(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    pytest.importorskip("dagster_webserver", reason="the UI is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    desk = Desk(tmp_path_factory.mktemp("desk"))
    try:
        wait_for(desk.answers, "the UI")
        yield desk
    finally:
        desk.close()


@pytest.fixture(scope="module")
def page(desk):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=PATIENCE * 1000)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(PATIENCE * 1000)
        yield page
        browser.close()


@pytest.fixture
def shoot(page, tmp_path):
    folder = Path(os.environ.get("VAWG_SCREENSHOTS") or tmp_path)
    return lambda name: page.screenshot(path=folder / f"{name}.png")


def test_an_operator_s_first_session(desk, page, shoot):
    # Materialise: one button of one job.
    page.goto(f"{desk.url}/locations/vawg_opendata.definitions/jobs/publish", wait_until="domcontentloaded")
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_role("button", name="Confirm").click()  # asked once: what comes by month has never been made by itself
    run = wait_for(lambda: desk.finished(1), "the first run")
    page.goto(f"{desk.url}/runs/{run.run_id}", wait_until="domcontentloaded")
    page.get_by_text("RUN_SUCCESS", exact=True).first.wait_for()
    shoot("run")
    assert run.status == dg.DagsterRunStatus.SUCCESS
    package = desk.published / "datastore" / "female-homicide" / "1.0.0"
    assert package.is_dir()

    # The report, where the package is: what was withheld, what the attack found, what changed.
    page.goto(f"{desk.url}/assets/packages/datastore/female-homicide", wait_until="domcontentloaded")
    page.get_by_text("female-homicide 1.0.0").first.wait_for()
    report = page.inner_text("body")
    assert "female_homicide_victims" in report and "disclosed" in report and "First version" in report
    page.get_by_text("First version").first.scroll_into_view_if_needed()
    shoot("report")

    # Some months again, in one run.
    page.goto(f"{desk.url}/assets/months/street_crimes", wait_until="domcontentloaded")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_placeholder("ex: 2010-12").fill("[2025-11...2026-01]")
    page.keyboard.press("Tab")
    page.get_by_text("3 partitions").first.wait_for()
    shoot("months")
    page.get_by_role("button", name="Launch backfill").click()
    run = wait_for(lambda: desk.finished(2), "the backfill")
    assert run.status == dg.DagsterRunStatus.SUCCESS and run.tags["dagster/asset_partition_range_start"] == "2025-11"
    assert desk.instance.get_materialized_partitions(dg.AssetKey(["months", "street_crimes"])) == {"2025-11", "2025-12", "2026-01"}
    page.goto(f"{desk.url}/assets/months/street_crimes?view=partitions", wait_until="domcontentloaded")
    page.get_by_text("2026-01").first.wait_for()
    shoot("partitions")

    # A check that fails, and what it says to do.
    with (package / "data" / "victims_by_method.csv").open("ab") as table:
        table.write(b"tampered\r\n")
    page.goto(f"{desk.url}/assets/packages/datastore/female-homicide?view=checks&checkDetail=descriptor", wait_until="domcontentloaded")
    page.get_by_text("frictionless: descriptor").first.wait_for()
    page.get_by_text("Execute", exact=True).first.click()
    wait_for(lambda: desk.finished(3), "the check")
    page.get_by_text(f"To read them: frictionless validate {package}/datapackage.json").first.wait_for()
    shoot("failed-check")
    assert "tampered" not in page.inner_text("body")
