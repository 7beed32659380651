"""Settings from the environment: what is absent, what is given, what is wrong."""

from datetime import date
from pathlib import Path

import pytest

from vawg_opendata.settings import Settings, SettingsError


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


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "²", " 3"])
def test_a_number_that_is_none_is_refused_by_name(text):
    with pytest.raises(SettingsError, match="VAWG_SAMPLE_RECORDS"):
        Settings.from_environment({"VAWG_SAMPLE_RECORDS": text})


@pytest.mark.parametrize(("name", "value"), [("VAWG_BUMP", "minor"), ("VAWG_AT", "3 December")])
def test_a_step_or_a_day_that_is_none_is_refused(name, value):
    with pytest.raises(SettingsError, match=value):
        Settings.from_environment({name: value})
