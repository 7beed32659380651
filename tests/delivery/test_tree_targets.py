"""Delivery to real SFTP servers and a real object store: whole, in order, once, in spite of faults, and gone when withdrawn."""

import hashlib
import json
import re
from dataclasses import replace

import pytest

from tests.delivery.conftest import withdraw
from vawg_opendata.delivery import ConflictError, RefusedError, SourceError, UnreachableError, WrongAudienceError, deliver
from vawg_opendata.delivery.adapter import Item
from vawg_opendata.delivery.deliver import adapter_of, bring
from vawg_opendata.delivery.offer import Source, read_offer

LARGE_FILE = 20 << 20


def local(published, audience="datastore"):
    """What an audience is offered, as files."""
    root = published / audience
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def check_as_reader(files):
    """What a reader relies on: every sealed version verifies, every pointer leads to a sealed version, nothing else is a package."""
    sealed = {name.removesuffix("SHA256SUMS") for name in files if name.endswith("/SHA256SUMS")}
    for folder in sealed:
        for line in files[folder + "SHA256SUMS"].decode().splitlines():
            digest, name = line.split("  ")
            assert hashlib.sha256(files[folder + name]).hexdigest() == digest, folder + name
    for name, content in files.items():
        if name.endswith("latest.json"):
            folder = name.removesuffix("latest.json") + json.loads(content)["version"] + "/"
            assert folder in sealed and folder + "datapackage.json" in files, f"{name} leads to {folder}"
        if name.endswith("feed.atom"):
            for target in re.findall(r'href="([^"]+)"', content.decode()):
                assert target in files, f"the feed leads to {target}"


class Watched:
    """An adapter after each of whose changes somebody looks."""

    def __init__(self, adapter, look):
        self._adapter, self._look, self.changes = adapter, look, []

    def __getattr__(self, name):
        return getattr(self._adapter, name)

    def put(self, item):
        self._adapter.put(item)
        self.changes.append(item.name)
        self._look()

    def remove(self, name):
        self._adapter.remove(name)
        self.changes.append(f"-{name}")
        self._look()


def send(published, place, **changed):
    return deliver(published, place.target(**changed), really=True, pause=lambda seconds: None)


def test_nothing_is_done_unless_asked_then_all_of_it_then_nothing(published, place):
    plan = deliver(published, place.target(), really=False)
    assert not plan.done and {step.action for step in plan.steps} == {"send"} and "would be sent" in plan.lines()[-1]
    assert place.files() == {}
    done = send(published, place)
    assert done.steps == plan.steps
    assert place.files() == local(published)
    asked = place.faults.count["bytes"]
    again = send(published, place)
    assert again.steps == () and again.kept == len(plan.steps) and place.faults.count["bytes"] > asked


def test_only_the_folder_of_the_audience_leaves(published, place):
    send(published, place)
    seen = b"".join(place.files().values()) + "".join(place.files()).encode()
    assert b"partner-victims" not in seen and b"safestats" not in seen


def test_readers_see_only_whole_versions_at_every_moment(published, place):
    target = place.target()
    watched = Watched(adapter_of(target), lambda: check_as_reader(place.files()))
    bring(watched, target, read_offer(published, "datastore"), really=True)
    assert watched.changes[-1] == "victims-test/latest.json"
    withdraw(published)
    watched = Watched(adapter_of(target), lambda: check_without_feed(place.files()))
    bring(watched, target, read_offer(published, "datastore"), really=True)
    assert watched.changes[:2] == ["-victims-test/latest.json", "-victims-test/1.1.0/datapackage.json"]
    check_as_reader(place.files())


def check_without_feed(files):
    """While a version is being taken away the feed still tells of it; and its sums go with its descriptor."""
    gone = {name for name in files if name.startswith("victims-test/1.1.0/") and "victims-test/1.1.0/datapackage.json" not in files}
    check_as_reader({name: content for name, content in files.items() if name not in gone and not name.endswith("feed.atom")})


def test_a_withdrawn_version_goes_first_and_only_its_tombstone_stays(published, place):
    send(published, place)
    withdraw(published)
    done = send(published, place)
    removals = [index for index, step in enumerate(done.steps) if step.action == "remove"]
    assert removals == list(range(len(removals))) and len(removals) > 5
    assert place.files() == local(published)
    assert sorted(name for name in place.files() if "/1.1.0/" in name) == [f"victims-test/1.1.0/{name}" for name in ("README.md", "SHA256SUMS", "withdrawn.json")]
    withdraw(published, "1.0.0")
    send(published, place)
    assert place.files() == local(published) and "victims-test/latest.json" not in place.files()


def test_a_connection_cut_in_the_middle_of_a_file_does_no_harm(published, place):
    place.faults.cut_after(40_000, 9_000, 70_000)
    send(published, place)
    assert place.faults.count["cut"] >= 2
    assert place.files() == local(published)


def test_a_server_that_falls_silent_is_left_and_asked_again(published, place):
    place.faults.silent_after(12_000, 12_000, 12_000)
    send(published, place, timeout=1.0)
    assert place.faults.count["silenced"] >= 1
    assert place.files() == local(published)


def test_a_delivery_that_breaks_off_leaves_whole_versions_and_goes_on(published, place):
    place.faults.cut_after(60_000, *[2_500] * 40)
    with pytest.raises(UnreachableError) as broken:
        send(published, place)
    assert "place" in str(broken.value)
    place.faults.cut_after()
    before = place.files()
    assert before != local(published)
    check_as_reader(before)
    done = send(published, place)
    assert place.files() == local(published)
    assert not {step.name for step in done.steps} & {name for name in before if before[name] == local(published)[name]}  # what was there was not sent again


def large(folder):
    path = folder / "large.bin"
    path.write_bytes(hashlib.shake_256(b"large").digest(LARGE_FILE))
    return Item("product/1.0.0/data/large.bin", Source(path, LARGE_FILE, hashlib.sha256(path.read_bytes()).hexdigest()))


def test_a_large_file_is_sent_in_parts_and_goes_on_where_it_stopped(place, tmp_path):
    item = large(tmp_path)
    place.faults.cut_after(*[12 << 20] * 3)
    adapter = adapter_of(place.target())
    attempts = 0
    while attempts < 8:
        attempts += 1
        try:
            adapter.put(item)
            break
        except UnreachableError:
            assert place.files() == {}  # nothing of half a file can be seen
    assert adapter.digest(item.name) == item.source.sha256 and set(place.files()) == {item.name}
    if place.resumes:
        assert attempts == 2  # 12 MiB went through the first time, the rest the second
    adapter.close()


def test_a_file_that_changes_while_it_is_sent_is_not_delivered(published, place):
    target = place.target()
    offer = read_offer(published, "datastore")
    path = published / "datastore" / "victims-test" / "1.1.0" / "data" / "caveats.csv"
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(SourceError, match="caveats.csv changed while"):
        bring(adapter_of(target), target, offer, really=True, pause=lambda seconds: None)
    assert "victims-test/1.1.0/data/caveats.csv" not in place.files() and "victims-test/1.1.0/SHA256SUMS" not in place.files()
    check_as_reader(place.files())


def test_what_was_damaged_at_the_target_is_mended(published, place):
    send(published, place)
    for name in ("victims-test/1.0.0/data/caveats.csv", "catalogue.json"):
        place.change(name, b"damaged")
    assert [step.name for step in send(published, place).steps] == ["victims-test/1.0.0/data/caveats.csv", "catalogue.json"]
    assert place.files() == local(published)


def test_another_version_under_the_same_number_is_not_overwritten(published, place):
    send(published, place)
    place.change("victims-test/1.0.0/SHA256SUMS", place.files()["victims-test/1.0.0/SHA256SUMS"].replace(b"a", b"b"))
    before = place.files()
    with pytest.raises(ConflictError, match="victims-test/1.0.0 at the target is not"):
        send(published, place)
    assert place.files() == before


def test_a_package_for_partners_never_reaches_a_public_target(published, place):
    """By any way: an offer for partners, a package that says so in the public folder, or a link into theirs."""
    target = place.target()
    with pytest.raises(WrongAudienceError, match="is for datastore; packages for safestats never go there"):
        bring(adapter_of(target), target, read_offer(published, "safestats"), really=True)
    with pytest.raises(WrongAudienceError):
        bring(adapter_of(target), target, replace(read_offer(published, "safestats"), audience="safestats"), really=False)
    smuggled = published / "datastore" / "partner-victims"
    (published / "safestats" / "partner-victims").rename(smuggled)
    with pytest.raises(WrongAudienceError, match="says that it is for 'safestats'"):
        deliver(published, target, really=True)
    smuggled.rename(published / "elsewhere")
    (published / "datastore" / "victims-test" / "1.1.0" / "data" / "more.csv").symlink_to(published / "elsewhere" / "1.1.0" / "data" / "caveats.csv")
    with pytest.raises(WrongAudienceError, match="is a link"):
        deliver(published, target, really=True)
    assert place.files() == {}


def test_a_place_where_partners_had_their_packages_is_not_opened_to_the_public(published, place):
    """A target whose declared audience was changed: the folder still holds what the public must not see."""
    send(published, place, audience="safestats")
    before = place.files()
    with pytest.raises(ConflictError, match="holds partner-victims, of which nothing is published for datastore"):
        send(published, place)
    assert place.files() == before


def test_what_was_withdrawn_goes_even_where_the_rest_cannot_be_delivered(published, place):
    send(published, place)
    place.change("victims-test/1.0.0/SHA256SUMS", b"somebody else's")
    withdraw(published)
    with pytest.raises(ConflictError):
        send(published, place)
    assert not [name for name in place.files() if name.startswith("victims-test/1.1.0/") or name == "victims-test/latest.json"]


def test_a_damaged_package_is_not_sent(published, place):
    (published / "datastore" / "victims-test" / "1.0.0" / "data" / "caveats.csv").write_bytes(b"other")
    with pytest.raises(SourceError, match="victims-test 1.0.0 is damaged"):
        deliver(published, place.target(), really=True)
    assert place.files() == {}


def test_a_wrong_key_is_refused_once_and_not_told(published, place, monkeypatch, tmp_path):
    waits = []
    if place.resumes:
        import asyncssh

        key = asyncssh.generate_private_key("ssh-ed25519")
        (tmp_path / "other_key").write_bytes(key.export_private_key())
        changed = {"key_file": str(tmp_path / "other_key")}
    else:
        monkeypatch.setenv("PLACE_SECRET", "not-the-secret-of-the-tests")
        changed = {}
    with pytest.raises(RefusedError) as refused:
        deliver(published, place.target(**changed), really=True, pause=waits.append)
    assert waits == [] and "secret-of-the-tests" not in str(refused.value) and "PRIVATE" not in str(refused.value)


@pytest.mark.parametrize("place", ["asyncssh", "openssh"], indirect=True)
def test_a_server_with_another_host_key_is_not_talked_to(published, place):
    import asyncssh

    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    for host_key in (other, other.replace("ssh-ed25519", "ssh-rsa")):
        with pytest.raises(RefusedError):
            deliver(published, place.target(host_key=host_key), really=True)
    assert not place.served.exists()
