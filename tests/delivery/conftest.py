"""Published folders and servers for the tests of delivery."""

import json
import shutil
from contextlib import ExitStack

import pytest

from tests.delivery.places import ObjectStorePlace, SftpPlace
from tests.delivery.servers import asyncssh_server, object_store, openssh_server
from tests.release.packages import LARGE, MIXED, release
from vawg_opendata.release.catalogue import write_catalogue

GROWN = LARGE | {(age, "2024-03"): 30 for age, _ in LARGE}


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """Two versions of a public product, and the same for partners under another name."""
    folder = tmp_path_factory.mktemp("released")
    published = folder / "published"
    release(folder, published, MIXED)
    release(folder, published, GROWN, vintage="2024-03")
    partners = published / "safestats" / "partner-victims"
    shutil.copytree(published / "datastore" / "victims-test", partners)
    for version in ("1.0.0", "1.1.0"):
        relabel(partners / version, "partner-victims", "safestats")
    write_catalogue(published)
    return published


def relabel(package, name, audience):
    """Make a package say that it is another product for another audience, as a real one would, its sums included."""
    from vawg_opendata.release.archive import write_archive
    from vawg_opendata.release.files import write_json, write_sums

    descriptor = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))
    write_json(package / "datapackage.json", descriptor | {"name": name, "audience": audience})
    for path in package.glob("*.zip"):
        path.unlink()
    write_sums(package)
    write_archive(package, f"{name}-{package.name}")


@pytest.fixture
def published(released, tmp_path):
    """A copy of them that a test may change."""
    shutil.copytree(released, tmp_path / "published")
    return tmp_path / "published"


def withdraw(published, version="1.1.0", product="victims-test"):
    """What a withdrawal leaves in the published folder."""
    from vawg_opendata.release.files import write_sums

    home = published / "datastore" / product
    entries = json.loads((home / "versions.json").read_text(encoding="utf-8"))
    for entry in entries:
        if entry["version"] == version:
            entry |= {"status": "withdrawn", "withdrawn": "2026-03-01T09:30:00Z", "reason": "Counted twice."}
    (home / "versions.json").write_text(json.dumps(entries), encoding="utf-8")
    shutil.rmtree(home / version)
    (home / version).mkdir()
    (home / version / "withdrawn.json").write_text('{"reason": "Counted twice."}\n', encoding="utf-8")
    (home / version / "README.md").write_text("# Withdrawn\n", encoding="utf-8")
    write_sums(home / version)
    left = [entry["version"] for entry in entries if entry["status"] == "released"]
    if left:
        (home / "latest.json").write_text(json.dumps({"version": left[0]}), encoding="utf-8")
    else:
        (home / "latest.json").unlink()
    write_catalogue(published)


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """Each server, started when it is first asked for."""
    kinds = {"asyncssh": asyncssh_server, "openssh": openssh_server, "s3": object_store}
    running = {}
    with ExitStack() as stack:

        def server(kind):
            if kind not in running:
                running[kind] = stack.enter_context(kinds[kind](tmp_path_factory.mktemp(kind)))
            return running[kind]

        yield server


@pytest.fixture(params=["asyncssh", "openssh", "s3"])
def place(request, servers, tmp_path, monkeypatch):
    """A target on a real server, reached over a relay that can break."""
    kind = ObjectStorePlace if request.param == "s3" else SftpPlace
    with kind.at(servers(request.param), tmp_path, monkeypatch) as place:
        yield place
