"""Declared targets: what is wrong is told before anything is sent, secrets are told never, and audiences stay apart."""

import copy

import pytest
import yaml

from vawg_opendata.delivery import TargetError, read_targets
from vawg_opendata.delivery.targets import Secret

GOOD = {
    "london": {"kind": "datapress", "audience": "datastore", "url": "https://data.example", "key": {"env": "K"}, "sharing": "public", "datasets": {"a": "ab12x"}},
    "ckan": {"kind": "ckan", "audience": "datastore", "url": "https://ckan.example", "key": {"file": "/run/key"}, "organisation": "police", "private": False, "datasets": {"a": "a"}},
    "bucket": {
        "kind": "object-store", "audience": "datastore", "service": "s3", "folder": "vawg", "options": {"bucket": "b", "region": "eu-west-2"},
        "secrets": {"access_key_id": {"env": "I"}, "secret_access_key": {"env": "S"}},
    },
    "partners": {"kind": "sftp", "audience": "safestats", "host": "sftp.example", "user": "police", "key_file": "k", "known_hosts": "h", "folder": "/in"},
}  # fmt: skip
SECRET = "hunter2-typed-into-the-file"


def read(folder, targets):
    path = folder / "targets.yaml"
    path.write_text(targets if isinstance(targets, str) else yaml.safe_dump({"targets": targets}, sort_keys=False), encoding="utf-8")
    return read_targets(path)


def changed(name, **values):
    targets = copy.deepcopy(GOOD)
    for key, value in values.items():
        if value is None:
            del targets[name][key]
        else:
            targets[name][key] = value
    return targets


def test_targets_are_read_by_name(tmp_path):
    targets = read(tmp_path, GOOD)
    assert list(targets) == list(GOOD) and [target.audience for target in targets.values()] == ["datastore"] * 3 + ["safestats"]


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (changed("london", sharing=None), "target london: sharing: Field required"),
        (changed("london", sharing="everyone"), "sharing: Input should be 'public' or 'private'"),
        (changed("london", audience="safestats"), "sharing must be private"),
        (changed("ckan", audience="safestats"), "private must be true"),
        (changed("london", audience="public"), "audience"),
        (changed("london", url="http://data.example"), "must begin with https://"),
        (changed("london", url="https://me:pass@data.example"), "address of the site alone"),
        (changed("london", datasets={}), "datasets"),
        (changed("london", dry_run=False), "dry_run: Extra inputs are not permitted"),
        (changed("bucket", service="fs"), "service"),
        (changed("bucket", service="ftp"), "service"),
        (changed("bucket", folder="vawg/../partners"), "folder: must not lead upwards"),
        (changed("bucket", options={"bucket": "b", "root": "a/.."}), "options: must not lead upwards"),
        (changed("partners", folder="../elsewhere"), "folder: must not lead upwards"),
        (changed("partners", key_file=None), "needs either key_file or password"),
        (changed("partners", password={"env": "P"}), "needs either key_file or password"),
        (changed("partners", known_hosts=None), "known_hosts: Field required"),
        (changed("partners", port="22"), "port"),
        (changed("partners", kind="scp"), "kind"),
        ({"london": "https://data.example"}, "must be a mapping"),
        ({}, "must have the key 'targets'"),
        ("targets: [", "line 1: is not YAML"),
        ("", "must have the key 'targets'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path, targets, words):
    with pytest.raises(TargetError) as error:
        read(tmp_path, targets)
    assert words in str(error.value) and "targets.yaml" in str(error.value)


@pytest.mark.parametrize(
    "targets",
    [
        changed("london", key=SECRET),
        changed("london", key={"env": "K", "value": SECRET}),
        changed("london", key={"env": "", "file": "", "literal": SECRET}),
        changed("london", password=SECRET),
        changed("bucket", options={"bucket": "b", "secret_access_key": SECRET}),
        changed("bucket", secrets={"secret_access_key": SECRET}),
        changed("bucket", secrets=SECRET),
        changed("partners", password=SECRET),
        changed("partners", passphrase=[SECRET]),
        f"targets: {{london: {{key: {SECRET}: }}",
        f"targets: !!python/name:{SECRET}",
        {SECRET: 1} | {"x": {"kind": SECRET}},
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path, targets):
    with pytest.raises(TargetError) as error:
        read(tmp_path, targets)
    if not (isinstance(targets, dict) and SECRET in targets):  # a name is no secret
        assert SECRET not in str(error.value)
    assert error.value.__cause__ is None and error.value.__suppress_context__ or error.value.__context__ is None


def test_secrets_are_read_where_they_are_and_shown_nowhere(tmp_path):
    path = tmp_path / "key"
    path.write_text(f"{SECRET}\n", encoding="utf-8")
    for secret in (Secret(file=str(path)), Secret(env="KEY_OF_THE_TESTS")):
        assert secret.read({"KEY_OF_THE_TESTS": SECRET}) == SECRET
        assert SECRET not in repr(secret) + str(secret)
    for secret in (Secret(file=str(tmp_path / "none")), Secret(env="KEY_OF_THE_TESTS")):
        with pytest.raises(TargetError, match="There is no secret in the"):
            secret.read({})


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("bucket", {"folder": "vawg"}), ("bucket", {"folder": ""}), ("bucket", {"folder": "/vawg/partners/"}), ("bucket", {"folder": "./vawg//x"}),
        ("bucket", {"folder": "partners", "options": {"bucket": "b", "region": "eu-west-2", "root": "/vawg"}}),
        ("bucket", {"options": {"bucket": "b", "endpoint": "https://s3.eu-west-2.amazonaws.com"}}),
        ("partners", {"audience": "datastore"}), ("partners", {"audience": "datastore", "folder": "/"}), ("partners", {"audience": "datastore", "host": "SFTP.example"}),
        ("london", {"sharing": "private"}),
    ],
)  # fmt: skip
def test_targets_of_two_audiences_may_not_share_a_place(tmp_path, name, other):
    audience = "safestats" if GOOD[name]["audience"] == "datastore" else "datastore"
    targets = GOOD | {"second": copy.deepcopy(GOOD[name]) | {"audience": audience} | other}
    with pytest.raises(TargetError, match="for different audiences and share the place"):
        read(tmp_path, targets)


def test_places_beside_each_other_are_fine(tmp_path):
    targets = GOOD | {"second": copy.deepcopy(GOOD["bucket"]) | {"audience": "safestats", "folder": "vawg-partners"}}
    assert read(tmp_path, targets)["second"].audience == "safestats"
