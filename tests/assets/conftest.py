"""One run of the whole job on a small synthetic landing folder, shared by the tests of the assets and of the flow."""

import dagster as dg
import pytest

from vawg_opendata.assets.jobs import run_publish
from vawg_opendata.definitions import defs
from vawg_opendata.sample import generate
from vawg_opendata.settings import Settings


@pytest.fixture(scope="session")
def landing(tmp_path_factory):
    """Two months at the density of the real series, so that tables are small and not all of them is withheld."""
    folder = tmp_path_factory.mktemp("landing") / "landing"
    generate(20_000, 7, folder, first="2024-07", last="2024-08", homicides_from="2015-01", street_months=1)
    return folder


@pytest.fixture(scope="session")
def settings(landing, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return Settings(landing=landing, published=folder / "published", work=folder / "work")


@pytest.fixture(scope="session")
def finished(settings) -> dg.ExecuteInProcessResult:
    """The finished run of the job `publish`."""
    return run_publish(defs, settings)
