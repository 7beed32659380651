"""The margins are what the dashboard's data give, rounded so far that no small count shows."""

import pytest

from tests.paths import shared
from tests.sources.samples import read_all
from vawg_opendata.sample import margins
from vawg_opendata.sources import mps_vawg_dashboard

OFFENCES = 1_612_003  # in the dashboard, to which the shares refer
SMALL = 5


@pytest.fixture(scope="module")
def derived(tmp_path_factory):
    folder = shared("data", "mps_vawg_dashboard")
    work, out = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("margins")
    read_all(mps_vawg_dashboard, folder, work)
    margins.derive(work / "records", out)
    return out


@pytest.mark.parametrize("name", sorted(path.stem for path in margins.FOLDER.glob("*.csv")))
def test_a_margin_is_what_the_data_give(derived, name):
    assert (derived / f"{name}.csv").read_text() == (margins.FOLDER / f"{name}.csv").read_text()


def test_no_margin_is_missing(derived):
    assert {path.name for path in derived.iterdir()} == {path.name for path in margins.FOLDER.glob("*.csv")}


@pytest.mark.parametrize(
    ("name", "column", "of"),
    [("offence", "share", OFFENCES), ("month", "share", OFFENCES), ("area", "after", 198_000), ("age_group", "share", 1_500_000)],
)
def test_a_share_is_too_coarse_for_a_small_count(name, column, of):
    rows = margins.load(name)
    decimals = {len(row[column].split(".")[1]) for row in rows}
    assert len(decimals) == 1
    assert 10 ** -decimals.pop() * of > SMALL


def test_every_code_is_known_and_every_file_is_described():
    for name in (path.stem for path in margins.FOLDER.glob("*.csv")):
        assert f"{name}.csv" in margins.__doc__
        assert margins.load(name)
