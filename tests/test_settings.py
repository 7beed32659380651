"""Settings from the environment: what is absent, what is given, what is wrong."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from vawg_opendata import flow
from vawg_opendata.settings import Settings, SettingsError
from vawg_opendata.sources.crime_extract_manifest import Manifest


def test_an_empty_environment_gives_the_defaults():
    assert Settings.from_environment({}) == Settings()
    assert Settings.from_environment({"VAWG_LANDING": "", "VAWG_PRODUCTS": ""}) == Settings()


def test_every_variable_is_read():
    given = {
        "VAWG_LANDING": "in",
        "VAWG_PUBLISHED": "out",
        "VAWG_WORK": "between",
        "VAWG_PRODUCTS": "one, two,",
        "VAWG_SAMPLE_RECORDS": "12",
        "VAWG_SAMPLE_SEED": "0",
        "VAWG_WHO": "A. Person",
        "VAWG_NOTE": "because",
        "VAWG_BUMP": "MINOR",
        "VAWG_AT": "2026-12-03",
    }
    expected = Settings(
        landing=Path("in"),
        published=Path("out"),
        work=Path("between"),
        products=("one", "two"),
        sample_records=12,
        sample_seed=0,
        who="A. Person",
        note="because",
        bump="MINOR",
        at=date(2026, 12, 3),
    )
    assert Settings.from_environment(given) == expected


@pytest.mark.parametrize("work", ["published", "published/work", "elsewhere/../published/.work"])
def test_a_work_folder_where_readers_are_let_in_is_refused(work):
    with pytest.raises(SettingsError, match="holds records"):
        Settings(published=Path("published"), work=Path(work))


@pytest.mark.parametrize("folder", ["work", "published"])
def test_a_folder_whose_name_would_be_read_as_a_column_is_refused(folder):
    with pytest.raises(SettingsError, match="'year=2026' on the way"):
        Settings(**{folder: Path("/data/year=2026", folder)})


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "²", " 3"])
def test_a_number_that_is_none_is_refused_by_name(text):
    with pytest.raises(SettingsError, match="VAWG_SAMPLE_RECORDS"):
        Settings.from_environment({"VAWG_SAMPLE_RECORDS": text})


@pytest.mark.parametrize(("name", "value"), [("VAWG_BUMP", "minor"), ("VAWG_AT", "3 December")])
def test_a_step_or_a_day_that_is_none_is_refused(name, value):
    with pytest.raises(SettingsError, match=value):
        Settings.from_environment({name: value})


@pytest.fixture
def landing(tmp_path):
    """A folder with the manifest of an extract of people's records; of its files nothing can be read yet."""
    home = tmp_path / "landing" / "crime_extract"
    home.mkdir(parents=True)
    Manifest(False, {"offences": ("2026-01", "2026-02"), "homicides": ("2003-01", "2026-02")}, {"offences": "offences.csv"}, {"offences": 1}).write(home)
    return tmp_path / "landing"


def run_of(landing, **more):
    return Settings(landing=landing, published=landing.parent / "published", work=landing.parent / "work", **more)


def test_a_run_with_peoples_records_and_no_secret_stops_before_anything_is_done(landing):
    with pytest.raises(SettingsError, match="VAWG_SECRET_FILE is not set"):
        flow.prepare_landing(run_of(landing))
    (landing.parent / "secret").write_text("0123456789" * 5)
    with pytest.raises(SettingsError, match=r"VAWG_SECRET_FILE names .*nowhere, which is no file"):
        flow.prepare_landing(run_of(landing, secret_file=landing / "nowhere"))
    for weak in ("a" * 64, "short"):
        (landing.parent / "weak").write_text(weak)
        with pytest.raises(SettingsError, match="too short or too simple") as refused:
            flow.prepare_landing(run_of(landing, secret_file=landing.parent / "weak"))
        assert weak not in str(refused.value).replace("too short", "")
    assert not (landing.parent / "work").exists()
    assert flow.prepare_landing(run_of(landing, secret_file=landing.parent / "secret")) == landing


def test_no_secret_is_asked_for_where_no_records_of_people_are_linked(landing):
    assert flow.prepare_landing(run_of(landing, products=("vawg-offences", "female-homicide"))) == landing
    shutil.rmtree(landing / "crime_extract")
    assert flow.prepare_landing(run_of(landing)) == landing
    (landing / "crime_extract").mkdir()
    Manifest(True, {"offences": ("2026-01", "2026-02")}, {}, {}).write(landing / "crime_extract")
    with pytest.raises(SettingsError, match="no product 'vawg-record'"):
        flow.prepare_landing(run_of(landing, products=("vawg-record",)))
