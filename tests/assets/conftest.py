"""One run of the whole job on a small synthetic landing folder, shared by the tests of the assets and of the flow."""

import tempfile

import dagster as dg
import pytest

from tests.canaries import output_to, plant
from tests.sources.samples import ACCUSED, ACCUSED_PERSON, VICTIM, VICTIMS, csv_bytes, put
from vawg_opendata.assets.jobs import run_publish
from vawg_opendata.definitions import defs
from vawg_opendata.sample import generate
from vawg_opendata.settings import Settings


@pytest.fixture(scope="session")
def landing(tmp_path_factory):
    """Two months at the density of the real series, so that tables are small and not all of them is withheld, and published lists of
    homicides beside them. Words are planted in all."""
    folder = tmp_path_factory.mktemp("landing") / "landing"
    generate(12_000, 7, folder, first="2024-07", last="2024-08", homicides_from="2020-01", street_months=1)
    put(folder, "mps_homicide/victims.csv", csv_bytes(VICTIMS, [VICTIM] * 40))
    put(folder, "mps_homicide/accused.csv", csv_bytes(ACCUSED, [ACCUSED_PERSON] * 40))
    plant(folder)
    return folder


@pytest.fixture(scope="session")
def settings(landing, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return Settings(landing=landing, published=folder / "published", work=folder / "work")


@pytest.fixture(scope="session")
def run_output(tmp_path_factory):
    """The file of all that the run printed."""
    return tmp_path_factory.mktemp("output") / "run"


@pytest.fixture(scope="session")
def temporary(tmp_path_factory):
    """The folder of temporary files."""
    folder = tmp_path_factory.mktemp("temporary")
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    yield folder
    tempfile.tempdir = before


@pytest.fixture(scope="session")
def finished(settings, run_output, temporary) -> dg.ExecuteInProcessResult:
    """The finished run of the job `publish`."""
    with output_to(run_output):
        return run_publish(defs, settings)
