"""Delivery to sites that behave as DataPress and CKAN document: what readers can download, who may, and what faults do."""

import json
import subprocess
from contextlib import contextmanager
from hashlib import sha256, shake_256

import pytest

from tests.delivery.conftest import relabel, withdraw
from tests.delivery.network import relay
from tests.delivery.sites import KEY, CkanSite, DataPressSite, serve
from tests.tools import tool
from vawg_opendata.delivery import ConflictError, RefusedError, TargetError, UnreachableError, UnverifiedError, WrongAudienceError, deliver
from vawg_opendata.delivery.adapter import Item
from vawg_opendata.delivery.deliver import adapter_of, bring
from vawg_opendata.delivery.offer import Source, read_offer
from vawg_opendata.delivery.targets import CkanTarget, DataPressTarget
from vawg_opendata.release.catalogue.writing import write_catalogue


class Place:
    """A site, the target that it is, and what its visitors see."""

    def __init__(self, site, port, faults):
        self.site, self.port, self.faults = site, port, faults

    def target(self, **changed):
        declared = {
            "name": "place", "audience": "datastore", "url": f"http://127.0.0.1:{self.port}", "key": {"env": "PLACE_KEY"}, "timeout": 10.0,
            **({"kind": "datapress", "sharing": "public", "datasets": {"victims-test": DataPressSite.DATASET}} if self.is_datapress else
               {"kind": "ckan", "private": False, "organisation": "police", "datasets": {"victims-test": "victims-of-violence"}}),
        }  # fmt: skip
        return (DataPressTarget if self.is_datapress else CkanTarget).model_validate(declared | changed)

    @property
    def is_datapress(self):
        return isinstance(self.site, DataPressSite)

    @property
    def dataset(self):
        return self.site.dataset if self.is_datapress else self.site.datasets.get("victims-of-violence", {"resources": []})

    @property
    def resources(self):
        """Resources by title or name."""
        if self.is_datapress:
            return {entry["title"]: entry | {"id": id} for id, entry in self.dataset["resources"].items()}
        return {entry["name"]: entry for entry in self.dataset["resources"]}

    def lose(self, name):
        """Forget a file, as if another had taken its place."""
        entry = self.resources[name]
        if self.is_datapress:
            del self.dataset["resources"][entry["id"]]
        else:
            self.dataset["resources"].remove(entry)

    def files(self):
        """The digest of each file that visitors can see: of those themselves, a difference would not tell its name."""
        return {name: sha256(self.site.files[entry["id"]]).hexdigest() for name, entry in self.resources.items()}


@contextmanager
def running(site):
    with serve(site) as port, relay(port) as (way, faults):
        site.address = f"http://127.0.0.1:{way}"
        yield Place(site, way, faults)


@pytest.fixture(params=[DataPressSite, CkanSite])
def place(request, monkeypatch):
    monkeypatch.setenv("PLACE_KEY", KEY)
    with running(request.param()) as place:
        yield place


def wanted(published, current="1.1.0", versions=("1.0.0", "1.1.0")):
    """What visitors must find: the files of the current version side by side, and a zip of each version offered."""
    home = published / "datastore" / "victims-test"
    files = {f"victims-test-{version}.zip": (home / version / f"victims-test-{version}.zip").read_bytes() for version in versions}
    if current:
        folder = home / current
        files |= {path.name: path.read_bytes() for path in [*folder.glob("data/*"), *folder.glob("*.md"), *folder.glob("*.duckdb")]}
        files |= {f"codelist-{path.name}": path.read_bytes() for path in folder.glob("codelists/*")}
    return {name: sha256(content).hexdigest() for name, content in files.items()}


def send(published, place, **changed):
    return deliver(published, place.target(**changed), really=True, pause=lambda seconds: None)


def test_nothing_is_done_unless_asked_then_all_of_it_then_nothing(published, place):
    plan = deliver(published, place.target(), really=False)
    assert place.site.changes() == [] and len(plan.steps) == len(wanted(published))
    assert send(published, place).steps == plan.steps
    assert place.files() == wanted(published)
    assert {entry["description"].partition(" (version ")[2] for name, entry in place.resources.items() if not name.endswith(".zip")} == {"1.1.0 of victims-test)"}
    done = len(place.site.changes())
    assert send(published, place).steps == ()
    assert all("metadata" not in asked and "resource" not in asked for asked in place.site.changes()[done:])


def test_a_new_version_replaces_files_where_they_are(published, place, tmp_path):
    newer = published / "datastore" / "victims-test" / "1.1.0"
    newer.rename(tmp_path / "1.1.0")
    home = newer.parent
    both = (home / "versions.json").read_text(encoding="utf-8")
    (home / "versions.json").write_text(json.dumps(json.loads(both)[1:]), encoding="utf-8")
    (home / "latest.json").write_text('{"version": "1.0.0"}', encoding="utf-8")
    write_catalogue(published)
    send(published, place)
    before = {name: entry["url"] for name, entry in place.resources.items()}
    (tmp_path / "1.1.0").rename(newer)
    (home / "versions.json").write_text(both, encoding="utf-8")
    (home / "latest.json").write_text('{"version": "1.1.0"}', encoding="utf-8")
    write_catalogue(published)
    send(published, place)
    assert place.files() == wanted(published)
    assert {name: place.resources[name]["url"] for name in before} == before and set(place.resources) - set(before) == {"victims-test-1.1.0.zip"}
    assert all("1.1.0" in entry["description"] for name, entry in place.resources.items() if name != "victims-test-1.0.0.zip")


def test_who_may_see_it_is_said_before_anything_is_there(published, place):
    send(published, place, **({"sharing": "private"} if place.is_datapress else {"private": True}))
    first = place.site.changes()[0]
    assert first.startswith("PATCH /api/dataset/") if place.is_datapress else first.endswith("package_create")
    assert place.dataset["sharing"] == "private" if place.is_datapress else place.dataset["private"] is True
    assert place.files() == wanted(published)
    send(published, place)
    assert place.dataset["sharing"] == "public" if place.is_datapress else place.dataset["private"] is False


def test_the_dataset_says_last_which_version_it_holds(published, place):
    send(published, place)
    package = json.loads((published / "datastore" / "victims-test" / "1.1.0" / "datapackage.json").read_text(encoding="utf-8"))
    assert place.dataset["title"] == package["title"]
    last = place.site.changes()[-1]
    if place.is_datapress:
        assert last == f"PATCH /api/dataset/{DataPressSite.DATASET}" and "Version 1.1.0." in place.dataset["description"]
        assert place.dataset["licence"]["title"] == "Open Government Licence v3.0" and place.dataset["updatedAt"] > "2026-06-02"
    else:
        assert last.endswith("package_patch") and (place.dataset["version"], place.dataset["license_id"]) == ("1.1.0", "uk-ogl")


def test_a_withdrawn_version_goes_first(published, place):
    send(published, place)
    asked = len(place.site.changes())
    gone = next(entry["url"] for name, entry in place.resources.items() if name == "victims-test-1.1.0.zip")
    withdraw(published)
    done = send(published, place)
    assert [step.name for step in done.steps if step.action == "remove"] == ["victims-test/victims-test-1.1.0.zip"] and done.steps[0].action == "remove"
    assert place.files() == wanted(published, "1.0.0", ["1.0.0"]) and gone not in {entry["url"] for entry in place.resources.values()}
    first = place.site.changes()[asked + 1]
    assert first.startswith("PATCH") if place.is_datapress else first.endswith("resource_delete")
    withdraw(published, "1.0.0")
    send(published, place)
    assert place.files() == {} and "ithdrawn" in (place.dataset["description"] if place.is_datapress else place.dataset["notes"])


def test_what_somebody_else_put_there_stays_and_two_of_a_name_are_told(published, place):
    send(published, place)
    target = place.target()
    adapter = adapter_of(target)
    content = b"A letter"
    adapter.put(Item("victims-test/letter.txt", Source(published, len(content), sha256(content).hexdigest(), content), "From the mayor"))
    send(published, place)
    assert place.files() == wanted(published) | {"letter.txt": sha256(content).hexdigest()}
    twin = dict(place.resources["caveats.csv"], id="zzz")
    if place.is_datapress:
        place.dataset["resources"]["zzz"] = twin
    else:
        place.dataset["resources"].append(twin)
    with pytest.raises(ConflictError, match="two resources named caveats.csv"):
        send(published, place)


def test_a_file_that_can_still_be_had_after_its_removal_is_told(published, place, monkeypatch):
    send(published, place)
    withdraw(published)
    site, answer = place.site, place.site.answer
    monkeypatch.setattr(site, "answer", lambda method, path, *rest: b"still here" if "/download/" in path and path.endswith("1.1.0.zip") else answer(method, path, *rest))
    with pytest.raises(ConflictError, match="victims-test-1.1.0.zip was removed, and .* still gives it"):
        send(published, place)


@pytest.mark.parametrize("fault", [500, 502, 503, 429, "stall"])
def test_failures_of_the_site_are_tried_again(published, place, fault):
    place.site.faults = [(pattern, fault) for pattern in ("^(POST|PATCH) .*(resources|resource_create)", "/download/", "^PATCH|package_patch")]
    send(published, place, timeout=1.0)
    assert place.site.faults == [] and place.files() == wanted(published)


def test_a_connection_cut_in_the_middle_of_a_file_does_no_harm(published, place):
    place.faults.cut_after(20_000, 3_000, 30_000)
    send(published, place)
    assert place.faults.count["cut"] >= 2 and place.files() == wanted(published)


def test_a_site_that_stays_away_is_given_up_and_the_next_run_goes_on(published, place):
    place.site.faults = [("^POST .*(resources|resource_create)", 503)] * 9
    with pytest.raises(UnreachableError, match="503|no answer"):
        send(published, place)
    assert place.files() == {}
    place.site.faults = [("^POST .*(resources|resource_create)", 503)]
    send(published, place)
    assert place.files() == wanted(published)


def test_a_file_that_the_site_loses_after_it_was_read_back_is_missed(published, place, monkeypatch):
    answer, lost = place.site.answer, []

    def forgetful(method, path, *rest):
        if "/download/" in path and len(place.files()) == 3 and not lost:
            lost.append(next(iter(place.resources)))
            place.lose(lost[0])
        return answer(method, path, *rest)

    monkeypatch.setattr(place.site, "answer", forgetful)
    with pytest.raises(UnverifiedError) as refused:
        send(published, place)
    assert lost[0] in str(refused.value)
    send(published, place)
    assert place.files() == wanted(published)


def test_content_that_the_site_garbles_is_never_taken_for_delivered(published, place, monkeypatch):
    answer = place.site.answer
    monkeypatch.setattr(place.site, "answer", lambda method, path, *rest: b"x" + answer(method, path, *rest)[1:] if "/download/" in path else answer(method, path, *rest))
    with pytest.raises(UnverifiedError, match="gives back is something else"):
        send(published, place)


def test_a_wrong_key_is_refused_once_and_told_nowhere(published, place, monkeypatch):
    waits = []
    monkeypatch.setenv("PLACE_KEY", "a-wrong-key-of-the-tests")
    with pytest.raises(RefusedError) as refused:
        deliver(published, place.target(), really=True, pause=waits.append)
    assert waits == [] and "of-the-tests" not in str(refused.value) and place.files() == {}
    assert "of-the-tests" not in repr(place.target())


def test_the_key_goes_to_the_site_alone(published, place, monkeypatch, tmp_path):
    """Where a file's address leads elsewhere, the key does not follow, nor does one from a file of passwords."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    send(published, place)
    assert set(place.site.keys) == {KEY}
    name, entry = next(iter(place.resources.items()))
    with serve(type(place.site)()) as elsewhere:
        other = f"http://127.0.0.1:{elsewhere}/download/file"
        if place.is_datapress:
            place.dataset["resources"][entry["id"]]["url"] = other
        else:
            entry["url"] = other
        with pytest.raises((RefusedError, UnverifiedError, UnreachableError)):
            adapter_of(place.target()).digest(f"victims-test/{name}")
    assert set(place.site.keys) == {KEY}


def test_a_package_for_partners_never_reaches_a_public_site(published, place):
    target = place.target()
    with pytest.raises(WrongAudienceError):
        bring(adapter_of(target), target, read_offer(published, "safestats"), really=True)
    with pytest.raises(TargetError, match="nothing of partner-victims is published for datastore"):
        send(published, place, datasets={"partner-victims": "ab12x"})
    relabel(published / "datastore" / "victims-test" / "1.0.0", "victims-test", "safestats")
    with pytest.raises(WrongAudienceError, match="says that it is for 'safestats'"):
        send(published, place)
    assert place.site.asked == []


@pytest.fixture
def datapress(monkeypatch):
    monkeypatch.setenv("PLACE_KEY", KEY)
    with running(DataPressSite()) as place:
        yield place


def test_a_large_file_goes_in_chunks_on_from_the_one_that_failed(datapress, tmp_path):
    content = shake_256(b"large").digest(23 << 20)
    path = tmp_path / "large.bin"
    path.write_bytes(content)
    item = Item("victims-test/large.bin", Source(path, len(content), sha256(content).hexdigest()), "Large (version 1.0.0 of victims-test)")
    adapter = adapter_of(datapress.target())
    adapter.chunked_above = 10 << 20
    datapress.site.faults = [("POST .*/chunk", 500)]
    with pytest.raises(UnreachableError, match="chunk 1 of 5"):
        adapter.put(item)
    datapress.faults.cut_after(13 << 20)
    adapter = adapter_of(datapress.target())  # a new connection, which is cut in the middle of a chunk
    adapter.chunked_above = 10 << 20
    with pytest.raises(UnreachableError, match="chunk 3 of 5"):
        adapter.put(item)
    adapter.put(item)
    assert datapress.files() == {"large.bin": sha256(content).hexdigest()} and adapter.digest(item.name) == item.source.sha256
    asked = [asked.rsplit("/", 1)[1] for asked in datapress.site.changes() if "/upload" in asked]
    assert asked[-7:] == ["upload", "chunk", "chunk", "chunk", "chunk", "chunk", "complete"]  # none of the first two was sent again
    place = datapress.resources["large.bin"]
    assert place["description"] == item.description and place["hash"].endswith("-5")
    adapter.put(item)
    assert datapress.resources["large.bin"]["id"] == place["id"]


VENDOR = """
import sys
from datapress import DataPressClient
client = DataPressClient(sys.argv[2], sys.argv[1])
print(client.whoami()["title"])
done = client.upload_file("ab12x", sys.argv[3], title="vendor.bin", description="Sent by the vendor's client")
id = next(id for id, entry in client.get_dataset("ab12x")["resources"].items() if entry["title"] == "vendor.bin")
assert client.download_file("ab12x", id) == open(sys.argv[3], "rb").read()
client.upload_file("ab12x", sys.argv[3], resource_id=id)
print(client.patch_dataset("ab12x", [{"op": "replace", "path": "/title", "value": "By the vendor"}])["dataset"]["title"])
client.patch_dataset("ab12x", [{"op": "remove", "path": f"/resources/{id}"}])
print(len(client.get_dataset("ab12x")["resources"]))
"""


def test_the_vendors_own_client_works_with_the_site_of_these_tests(datapress, tmp_path):
    """So the site is not merely what our own adapter happens to say."""
    path = tmp_path / "vendor.bin"
    path.write_bytes(shake_256(b"vendor").digest(11 << 20))
    done = subprocess.run([tool("bin/python"), "-c", VENDOR, datapress.site.address, KEY, path], capture_output=True, text=True, timeout=900)
    assert done.stdout.split("\n") == ["Publisher", "By the vendor", "0", ""], done.stderr
