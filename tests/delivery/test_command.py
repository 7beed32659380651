"""`vawg deliver` from outside: what it prints, what it does, and the exit status that scripts rely on."""

import os
import subprocess
import sys

import pytest
import yaml

from tests.delivery.places import SftpPlace
from tests.paths import REPOSITORY

PROGRAM = "import sys; from vawg_opendata.cli import main; sys.exit(main())"


@pytest.fixture
def place(servers, tmp_path, monkeypatch):
    with SftpPlace.at(servers("asyncssh"), tmp_path, monkeypatch) as place:
        yield place


def vawg(*arguments):
    command = [sys.executable, "-c", PROGRAM, "deliver", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, env=dict(os.environ), capture_output=True, text=True, timeout=900)


def declare(folder, place, **changed):
    path = folder / "targets.yaml"
    declared = place.target().model_dump(exclude={"name"}, exclude_none=True) | changed
    path.write_text(yaml.safe_dump({"targets": {"place": declared}}), encoding="utf-8")
    return path


def test_it_says_what_it_would_do_then_does_it(published, place, tmp_path):
    told = vawg("place", "--targets", declare(tmp_path, place), "--published", published)
    assert told.returncode == 0 and "nothing was changed" in told.stdout and place.files() == {}
    done = vawg("place", "--targets", declare(tmp_path, place), "--published", published, "--really")
    assert done.returncode == 0 and done.stdout.splitlines()[:-1] == told.stdout.splitlines()[:-1]
    assert "victims-test/latest.json" in place.files() and "were sent and read back" in done.stdout
    again = vawg("place", "--targets", declare(tmp_path, place), "--published", published, "--really")
    assert again.returncode == 0 and again.stdout.startswith("place (datastore): 0 files, 0 bytes")


def test_what_it_cannot_do_it_says_with_an_exit_status(published, place, tmp_path):
    unknown = vawg("other", "--targets", declare(tmp_path, place), "--published", published)
    assert unknown.returncode == 2 and "no target 'other'; it has place" in unknown.stderr
    wrong = vawg("place", "--targets", declare(tmp_path, place, password={"env": "NONE"}), "--published", published)
    assert wrong.returncode == 2 and "either key_file or password" in wrong.stderr
    absent = vawg("place", "--targets", declare(tmp_path, place, key_file="", password={"env": "NO_SUCH_SECRET"}), "--published", published)
    assert absent.returncode == 2 and "no secret in the environment variable NO_SUCH_SECRET" in absent.stderr
    (published / "datastore" / "victims-test" / "1.0.0" / "README.md").write_text("other", encoding="utf-8")
    damaged = vawg("place", "--targets", declare(tmp_path, place), "--published", published, "--really")
    assert damaged.returncode == 1 and "victims-test 1.0.0 is damaged" in damaged.stderr and "Traceback" not in damaged.stderr
    assert place.files() == {}
