"""Access profiles: every audience has readers with a legal gateway, and what is malformed is refused with what to do."""

import pytest
import yaml

from vawg_opendata.products.access import FILE, AccessProfileError, load_profiles, profiles_of
from vawg_opendata.products.declaration import AUDIENCES

ENTRIES = yaml.safe_load(FILE.read_text(encoding="utf-8"))


def test_every_profile_is_of_one_audience_and_has_a_gateway():
    """The specified authorities that the Police, Crime, Sentencing and Courts Act 2022 lists, but for the police themselves."""
    assert {profile.name for profile in profiles_of("safestats")} == {
        "local-authority", "fire-and-rescue", "health", "probation", "youth-offending", "local-policing-body"
    }  # fmt: skip
    assert all("2022, section 16" in profile.gateway for profile in profiles_of("safestats"))
    assert [profile.name for profile in profiles_of("datastore")] == ["public"]
    assert sorted(profile.name for audience in AUDIENCES for profile in profiles_of(audience)) == sorted(entry["name"] for entry in ENTRIES)


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda entries: entries[1].pop("gateway"), "profile 2: must have audience, gateway, name, source, title"),
        (lambda entries: entries[1].update(fields="all"), "profile 2: must have"),
        (lambda entries: entries[1].update(gateway=" "), "profile 2: must have"),
        (lambda entries: entries[1].update(audience="press"), "profile local-authority: the audience 'press' must be one of datastore, safestats"),
        (lambda entries: entries[1].update(name="public"), "profile public: give each profile a name of its own"),
        (lambda entries: entries[1].update(name="a|b"), "profile a|b: give each profile a name"),
        (lambda entries: entries.pop(0), "no profile is of the audience datastore"),
        (lambda entries: entries.clear(), "no profile is of the audience datastore"),
    ],
)
def test_a_malformed_profile_is_refused(change, words, tmp_path):
    entries = [dict(entry) for entry in ENTRIES]
    change(entries)
    (tmp_path / "profiles.yaml").write_text(yaml.safe_dump(entries), encoding="utf-8")
    with pytest.raises(AccessProfileError) as error:
        load_profiles(tmp_path / "profiles.yaml")
    assert words in str(error.value)
