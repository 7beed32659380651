"""The archive of a version: the whole package in one file, the same bytes every time, proven against SHA256SUMS."""

import subprocess
import zipfile

import pytest

from tests.release.packages import MIXED, release
from vawg_opendata.release import audit, check
from vawg_opendata.release.package.archive import archive_path, write_archive, wrong_archive


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    return release(folder, folder / "published", MIXED).folder


def test_it_unpacks_to_a_package_that_verifies_with_stock_tools(package, tmp_path):
    with zipfile.ZipFile(archive_path(package)) as archive:
        archive.extractall(tmp_path)
    unpacked = tmp_path / "victims-test-1.0.0"
    subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=unpacked, check=True)
    assert {path.relative_to(unpacked) for path in unpacked.rglob("*")} | {archive_path(package).relative_to(package)} == {
        path.relative_to(package) for path in package.rglob("*")
    }
    assert check(unpacked) == []
    assert audit([unpacked]).ok


def test_the_same_files_give_the_same_bytes(package):
    path = archive_path(package)
    before = path.read_bytes()
    for file in package.rglob("*"):
        if file.is_file():
            file.touch()
    assert write_archive(package, path.stem).read_bytes() == before


def test_an_archive_that_is_not_the_package_is_found(tmp_path):
    folder = release(tmp_path, tmp_path / "published", MIXED).folder
    path = archive_path(folder)
    whole = path.read_bytes()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("victims-test-1.0.0/data/more.csv", "x")
    assert check(folder) == wrong_archive(folder) == [f"{path.name} does not hold the files in SHA256SUMS"]
    path.write_bytes(whole[: len(whole) // 2])
    assert "cannot be read" in wrong_archive(folder)[0]
    path.write_bytes(whole)
    (folder / "README.md").write_text("other", encoding="utf-8")
    write_archive(folder, path.stem)
    assert wrong_archive(folder) == [f"{path.name}: {path.stem}/README.md does not have the hash in SHA256SUMS"]
