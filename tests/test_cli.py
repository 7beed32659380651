"""The command `vawg` from outside: what it prints, what it leaves, and the exit status that scripts rely on."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.delivery.servers import ACCESS_KEY, BUCKET, SECRET_KEY, object_store
from tests.paths import REPOSITORY
from tests.release.packages import LARGE, PRODUCT, release
from vawg_opendata import turns
from vawg_opendata.cli import main
from vawg_opendata.exchange import shared
from vawg_opendata.flow import REPRODUCED, prepare_landing
from vawg_opendata.sample import generate
from vawg_opendata.settings import Settings
from vawg_opendata.turns import alone

PROGRAM = "import sys; from vawg_opendata.cli import main; sys.exit(main())"


def vawg(*arguments: object, **environment: str) -> subprocess.CompletedProcess:
    """Run the command in a process of its own, with none of the caller's settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VAWG_", "DAGSTER_"))}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)], cwd=REPOSITORY, env=clean | environment, capture_output=True, text=True, timeout=900
    )


@pytest.fixture
def here(capsys):
    """The command in this process, for what prints a few words and leaves nothing behind in it: exit status and all that was printed."""

    def run(*arguments: object) -> tuple[int, str]:
        try:
            status = main([*map(str, arguments)])
        except SystemExit as stopped:
            status = stopped.code
        told = capsys.readouterr()
        return status, told.out + told.err

    return run


def content(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    """Homicides only, of a few years: the smallest folder from which a product can be published."""
    sample = tmp_path_factory.mktemp("sample") / "sample"
    generate(300, 3, sample, first="2024-07", last="2024-07", homicides_from="2022-01", street_months=0)
    folder = tmp_path_factory.mktemp("landing") / "landing"
    (folder / "crime_extract").mkdir(parents=True)
    manifest = json.loads((sample / "crime_extract" / "manifest.json").read_text(encoding="utf-8"))
    manifest["tables"] = {"homicides": manifest["tables"]["homicides"]}
    (folder / "crime_extract" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    shutil.copy(sample / "crime_extract" / "homicides.csv", folder / "crime_extract")
    return folder


@pytest.fixture(scope="module")
def published(landing, tmp_path_factory):
    """What `vawg publish` printed and where it published."""
    folder = tmp_path_factory.mktemp("publish")
    done = vawg("publish", "--landing", landing, "--published", folder / "published", "--work", folder / "work", "--product", "female-homicide")
    assert done.returncode == 0, done.stderr
    return done, folder / "published"


def test_publish_says_what_is_where(published):
    done, folder = published
    package = folder / "datastore" / "female-homicide" / "1.0.0"
    assert (package / "datapackage.json").is_file()
    line = next(line for line in done.stdout.splitlines() if line.startswith("female-homicide"))
    assert "1.0.0 (new)" in line and str(package) in line and "% withheld" in line
    assert "vawg-offences: not published" in done.stdout
    made_with = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))["reproduction"]
    assert all(made_with[name].startswith("sha256:") for name in ("inputs", "configuration")) and made_with["software"]["code"].startswith("sha256:")
    # Of so few cases no list can be published beside the counts: the package does without, and says so.
    assert not (package / "data" / "female_homicide_cases.csv").exists()
    assert "safely beside the counts:\n\n- Female homicide cases" in (package / "README.md").read_text(encoding="utf-8")


def test_audit_passes_what_was_published_and_fails_what_discloses(published, tmp_path):
    _, folder = published
    passed = vawg("audit", folder)
    assert passed.returncode == 0 and "1 packages: 0 cells disclosed, 0 problems." in passed.stdout
    copy = tmp_path / "package"
    shutil.copytree(folder / "datastore" / "female-homicide" / "1.0.0", copy)
    table = copy / "data" / "victims_by_method.csv"
    table.write_bytes(table.read_bytes().replace(b",,c\r\n", b",1,\r\n", 1))
    failed = vawg("audit", copy)
    assert failed.returncode == 1 and "victims_by_method" in failed.stdout


def test_the_module_is_the_command_too():
    done = subprocess.run([sys.executable, "-m", "vawg_opendata.cli", "audit", "no-such-folder"], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 2 and "no-such-folder" in done.stderr


def test_audit_of_a_folder_without_packages_is_a_mistake_of_the_caller(tmp_path, here):
    status, told = here("audit", tmp_path)
    assert status == 2 and str(tmp_path) in told


def test_validate_passes_a_sound_folder(landing, here):
    status, told = here("validate", landing)
    assert status == 0 and " 0 problems" in told


def test_validate_and_publish_list_every_problem_at_once(landing, tmp_path):
    broken = tmp_path / "landing"
    shutil.copytree(landing, broken)
    (broken / "crime_extract" / "homicides.csv").write_bytes(b"\xff\xfe\x00")
    (broken / "mps_homicide").mkdir()
    (broken / "mps_homicide" / "empty.csv").write_bytes(b"")
    (broken / "mps_vawg_dashboard").mkdir()
    (broken / "mps_vawg_dashboard" / "offences.xlsx").write_bytes(b"this is no workbook")
    checked = vawg("validate", broken)
    stopped = vawg("publish", "--landing", broken, "--published", tmp_path / "published", "--work", tmp_path / "work")
    for done, text in ((checked, checked.stdout), (stopped, stopped.stderr)):
        assert done.returncode == 2
        for name in ("crime_extract/homicides.csv", "mps_homicide/empty.csv", "mps_vawg_dashboard/offences.xlsx"):
            assert name in text
        assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / "published").exists()


def test_sample_gives_the_same_files_for_the_same_seed_and_spares_what_is_there(tmp_path, here):
    assert vawg("sample", "--records", 200, "--seed", 5, "--out", tmp_path / "one").returncode == 0  # two processes, which know nothing of each other
    for name, seed in (("two", 5), ("three", 6)):
        assert here("sample", "--records", 200, "--seed", seed, "--out", tmp_path / name)[0] == 0
    assert content(tmp_path / "one") == content(tmp_path / "two") != content(tmp_path / "three")
    status, told = here("sample", "--records", 200, "--seed", 7, "--out", tmp_path / "one")
    assert status == 2 and "not empty" in told
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_an_unknown_product_is_refused_before_anything_is_done(tmp_path):
    done = vawg("publish", "--work", tmp_path / "work", "--published", tmp_path / "published", "--product", "female-homicde")
    assert done.returncode == 2 and "female-homicde" in done.stderr and "female-homicide" in done.stderr
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [(), ("publsh",), ("sample", "--records", "many", "--seed", "1", "--out", "x"), ("validate",)])
def test_a_wrong_command_is_explained(arguments, here):
    status, told = here(*arguments)
    assert status == 2 and "usage: vawg" in told


def test_a_wrong_setting_is_explained(tmp_path):
    done = vawg("publish", "--work", tmp_path, VAWG_SAMPLE_RECORDS="many")
    assert done.returncode == 2 and "VAWG_SAMPLE_RECORDS" in done.stderr and "Traceback" not in done.stderr


def test_a_version_goes_through_its_states_by_commands(landing, tmp_path, here):
    where = ("--published", tmp_path / "published")
    prepared = vawg("prepare", "--landing", landing, "--work", tmp_path / "work", "--product", "female-homicide", "--who", "Ann", "--at", "2020-01-02", *where)
    assert prepared.returncode == 0 and "prepared: readers do not have it yet" in prepared.stdout, prepared.stderr
    assert not (tmp_path / "published" / "datastore").exists()
    status, told = here("review", *where)
    assert status == 0 and "female-homicide 1.0.0 (datastore): prepared, appears at 09:30 on 2 January 2020, London time\n1 version waits." in told
    status, told = here("approve", "female-homicide", "--who", "Bea", "--why", "in a hurry", *where)
    assert status == 1 and "Read its report first: vawg review female-homicide" in told
    status, told = here("review", "female-homicide", "--who", "Bea", *where)
    assert status == 0 and "# Review of female-homicide 1.0.0" in told and "| victims_by_method |" in told
    assert here("approve", "female-homicide", "--who", "Ann", "--why", "mine", *where)[0] == 1
    status, told = here("approve", "female-homicide", "--who", "Bea", "--why", "read it", *where)
    assert status == 0 and "is approved and may appear at 09:30 on 2 January 2020, London time" in told
    released = vawg("release", "--due", *where)
    assert released.returncode == 0 and "female-homicide 1.0.0 is released" in released.stdout, released.stderr
    work = tmp_path / "again"
    with ThreadPoolExecutor() as pool, alone(work):  # another run works there: this one waits, and touches nothing
        same = pool.submit(vawg, "reproduce", "female-homicide", "1.0.0", "--work", work, *where)
        while f":{work.stat().st_ino} " not in "".join(line for line in Path("/proc/locks").open(encoding="ascii") if "-> FLOCK" in line):
            assert not same.done(), same.result().stderr
            time.sleep(0.05)
        assert not any(work.iterdir())
    assert same.result().returncode == 0 and "is reproduced" in same.result().stdout, same.result().stderr
    assert not any(work.iterdir())
    withdrawn = vawg("withdraw", "female-homicide", "1.0.0", "--who", "Bea", "--why", "a trial", *where)
    assert withdrawn.returncode == 0 and (tmp_path / "published" / "datastore" / "female-homicide" / "1.0.0" / "withdrawn.json").is_file()


def test_what_a_killed_reproduction_left_is_removed_by_the_next_run(landing, tmp_path):
    left = tmp_path / "work" / REPRODUCED / "records"
    left.mkdir(parents=True)
    (left / "offences.parquet").write_bytes(b"records of people")
    prepare_landing(Settings(landing=landing, work=tmp_path / "work", published=tmp_path / "published", products=("female-homicide",)))
    assert not any((tmp_path / "work").iterdir())


def other_landing(landing: Path, folder: Path) -> Path:
    """A copy of a landing folder without its first 40 homicides."""
    other = shutil.copytree(landing, folder)
    table = other / "crime_extract" / "homicides.csv"
    lines = table.read_bytes().splitlines(keepends=True)
    table.write_bytes(b"".join(lines[:1] + lines[41:]))
    path = other / "crime_extract" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["tables"]["homicides"]["rows"] -= 40
    path.write_text(json.dumps(manifest), encoding="utf-8")
    return other


def test_reproducing_from_other_files_tells_what_differs_and_is_no_state_for_other_machines(landing, published, tmp_path, monkeypatch):
    """Or a machine in the middle of a run would go on from records of long ago."""
    other = other_landing(landing, tmp_path / "landing")
    (tmp_path / "store").mkdir()
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    with object_store(tmp_path / "store") as port:
        address = f"s3://{BUCKET}/machines?region=us-east-1&endpoint={quote(f'http://127.0.0.1:{port}')}"
        one, two = (Settings(work=tmp_path / name / "work", published=tmp_path / name / "published", store=address) for name in ("one", "two"))

        def state() -> list[Path]:
            return [path for path in sorted(one.work.rglob("*")) if path.is_file() and not path.name.startswith(".exchange")]

        def begin() -> None:
            shutil.copytree(published[1].parent, one.work.parent, ignore=shutil.ignore_patterns("work"), dirs_exist_ok=True)
            (one.work / "records").mkdir()
            (one.work / "records" / "extract_homicides.parquet").write_bytes(b"of the run of today")

        shared(one, begin)
        done = vawg(
            "reproduce", "female-homicide", "1.0.0", "--landing", other, "--work", two.work, "--published", two.published, VAWG_STORE=address, **keys
        )
        assert shared(one, state) == [one.work / "records" / "extract_homicides.parquet"]
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "input crime_extract/homicides.csv is not at hand as it was" in done.stdout and "data/victims_by_method.csv differs" in done.stdout


def test_a_larger_step_is_taken_and_a_note_told_to_readers(landing, published, tmp_path, capsys):
    shutil.copytree(published[1].parent, tmp_path / "copy", ignore=shutil.ignore_patterns("work"))
    folder, more = tmp_path / "copy" / "published", ("--product", "female-homicide", "--bump", "MAJOR", "--note", "Counts of 2022 were wrong.")
    where = ("--published", folder, "--work", tmp_path / "work")
    done = vawg("publish", "--landing", other_landing(landing, tmp_path / "landing"), *where, *more)
    assert done.returncode == 0 and "female-homicide 2.0.0 (new)" in done.stdout, done.stderr
    assert "Counts of 2022 were wrong." in (folder / "datastore" / "female-homicide" / "2.0.0" / "CHANGES.md").read_text(encoding="utf-8")
    assert main(["prepare", *map(str, where), "--bump", "HUGE"]) == 2 and "give one of MAJOR, MINOR, PATCH" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [("review", "female-homicde"), ("release",), ("release", "female-homicide", "--due")])
def test_a_wrong_product_or_choice_is_explained(arguments, tmp_path, here):
    status, told = here(*arguments, "--published", tmp_path)
    assert status == 2 and ("The products are" in told or "Name a product, or give --due" in told)


def test_a_version_of_a_product_that_is_declared_no_more_or_for_others_now_is_withdrawn(tmp_path, capsys):
    moved = replace(PRODUCT, name="vawg-borough-profiles")  # whose audience is safestats, and was the public's once
    for product in (PRODUCT, moved):
        release(tmp_path, tmp_path / "published", LARGE, product)
        assert main(["withdraw", product.name, "1.0.0", *WHO, "--published", str(tmp_path / "published")]) == 0
        assert f"{product.name} 1.0.0 is withdrawn." in capsys.readouterr().out
        assert (tmp_path / "published" / "datastore" / product.name / "1.0.0" / "withdrawn.json").is_file()
    again = ["withdraw", moved.name, "1.0.0", *WHO, "--published", str(tmp_path / "published")]
    assert main(again) == 1 and "is withdrawn, so 'withdraw' is not allowed" in capsys.readouterr().err
    assert main(["withdraw", "no-such-product", "1.0.0", *WHO, "--published", str(tmp_path / "published")]) == 1
    assert "There is no version 1.0.0 of no-such-product" in capsys.readouterr().err


def test_of_two_audiences_with_a_version_of_one_name_and_number_none_is_forgotten(tmp_path, here):
    """A product that has changed its audience: who withdraws its 1.0.0 is told which one that was, and of the other."""
    for audience in ("datastore", "safestats"):
        release(tmp_path, tmp_path / "published", LARGE, replace(PRODUCT, audience=audience))
    withdraw = ("withdraw", PRODUCT.name, "1.0.0", *WHO, "--published", tmp_path / "published")
    assert "the one for datastore; safestats has one of that name and number, too" in here(*withdraw)[1]
    assert not (tmp_path / "published" / "safestats" / PRODUCT.name / "1.0.0" / "withdrawn.json").exists()
    assert here(*withdraw) == (0, f"{PRODUCT.name} 1.0.0 is withdrawn.\n")
    assert (tmp_path / "published" / "safestats" / PRODUCT.name / "1.0.0" / "withdrawn.json").is_file()


@pytest.mark.parametrize("arguments", [("review",), ("release", "--due"), ("withdraw", "female-homicide", "1.0.0", "--who", "Bea", "--why", "wrong")])
def test_a_folder_of_packages_that_is_not_there_is_told_and_not_made(arguments, tmp_path, here):
    status, told = here(*arguments, "--published", tmp_path / "publishd")
    assert status == 2 and "There is no folder" in told and not any(tmp_path.iterdir())


WHO = ("--who", "Bea", "--why", "read it")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("review",), "0 versions wait."),
        (("approve", "female-homicide", *WHO), "No version of female-homicide waits"),
        (("release", "female-homicide"), "No version of female-homicide waits"),
        (("withdraw", "female-homicide", "1.0.0", *WHO), "There is no version 1.0.0 of female-homicide"),
        (("sign", "female-homicide", "1.0.0", "--key", "key"), "1.0.0"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_command_waits_while_another_run_is_publishing(arguments, words, tmp_path, monkeypatch, capsys):
    """What must happen at a time, such as a release at half past nine, is not given up because a run of the month is at work."""
    published = tmp_path / "published"
    published.mkdir()
    other = os.open(published, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    waited = []
    monkeypatch.setattr(turns.time, "sleep", lambda seconds: waited.append(seconds) or fcntl.flock(other, fcntl.LOCK_UN))
    try:
        main([*arguments, "--published", str(published)])
    finally:
        os.close(other)
    told = capsys.readouterr()
    assert len(waited) == 1 and words in told.out + told.err and "Another run" not in told.err


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen (Debian: openssh-client) is not installed")
def test_sign_adds_a_signature_and_the_catalogue_tells_of_it(published, tmp_path):
    _, folder = published
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    done = vawg("sign", "female-homicide", "1.0.0", "--key", tmp_path / "key", "--published", folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "datastore" / "female-homicide" / "1.0.0" / "SHA256SUMS.sig").is_file()
    assert "female-homicide/1.0.0/SHA256SUMS.sig" in (folder / "datastore" / "catalogue.json").read_text(encoding="utf-8")
    absent = vawg("sign", "female-homicide", "9.9.9", "--key", tmp_path / "key", "--published", folder)
    assert absent.returncode == 1 and "9.9.9" in absent.stderr and "Traceback" not in absent.stderr
