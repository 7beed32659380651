"""Published folders and servers for the tests of delivery."""

import json
import shutil
from contextlib import ExitStack

import pytest

from tests.delivery.places import ObjectStorePlace, SftpPlace
from tests.delivery.servers import asyncssh_server, object_store, openssh_server
from tests.release.packages import LARGE, MIXED, release
from vawg_opendata.release.catalogue.writing import write_catalogue
from vawg_opendata.release.files import write_json, write_sums
from vawg_opendata.release.lifecycle import releasing
from vawg_opendata.release.lifecycle.session import publishing
from vawg_opendata.release.package.archive import write_archive

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
    descriptor = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))
    write_json(package / "datapackage.json", descriptor | {"name": name, "audience": audience})
    for path in package.glob("*.zip"):
        path.unlink()
    write_sums(package)
    write_archive(package, f"{name}-{package.name}")


@pytest.fixture
def published(released, tmp_path):
    """A copy of them, with what is kept beside them, that a test may change."""
    for name in ("published", ".published.releases"):
        shutil.copytree(released.with_name(name), tmp_path / name)
    return tmp_path / "published"


def withdraw(published, version="1.1.0", product="victims-test"):
    """Withdraw a version of the public product."""
    with publishing(published) as session:
        releasing.withdraw(session, "datastore", product, version, "B. Reviewer", "Counted twice.")


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
