"""frictionless, as we call it, objects to what the descriptor forbids, and reads a bounded number of rows."""

import json
import shutil

import pytest

from tests.release.packages import MIXED, release
from vawg_opendata.release import check, validate
from vawg_opendata.release.checks import validation


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("validation")
    return release(folder, folder / "published", MIXED).folder


@pytest.fixture
def package(published, tmp_path):
    return shutil.copytree(published, tmp_path / "package")


@pytest.mark.parametrize(
    "old, new, words",
    [
        (b",20,", b",21,", "hash count"),
        (b"total,2024-01", b"bogus,2024-01", "enum"),
        (b"total,2024-01", b"total,2031-01", "foreign key"),
        (b",c\r\n", b",q\r\n", "enum"),
        (b",20,", b",-2,", "minimum"),
        (b",20,", b",2.5,", "type"),
        (b"victims_status", b"victims_stat", "does not match the field name"),
        (b"10-19,2024-01", b"10-19,2024-02", "primary key"),
    ],
)
def test_it_objects_to_a_table_that_breaks_its_schema(package, old, new, words):
    path = package / "data" / "victims_by_age_group.csv"
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new, 1))
    assert words in " ".join(validate(package))


def test_it_objects_to_a_code_list_that_points_nowhere(package):
    path = package / "codelists" / "age_group.csv"
    path.write_bytes(path.read_bytes().replace(b"age_group,total,1", b"age_group,nowhere,1"))
    assert any("nowhere" in problem for problem in validate(package))


def test_it_objects_to_other_formats_by_their_hash(package):
    for name in ("data/victims_by_age_group.parquet", "victims-test.duckdb"):
        path = package / name
        path.write_bytes(path.read_bytes() + b"\0")
    assert len([problem for problem in validate(package) if "hash" in problem or "byte count" in problem]) >= 2


def test_it_objects_to_a_descriptor_that_is_none(package):
    (package / "datapackage.json").write_text(json.dumps({"name": "empty", "resources": [{"name": "a"}]}), encoding="utf-8")
    assert validate(package)


def test_rows_beyond_the_limit_are_left_to_the_check_over_all_rows(package, monkeypatch):
    monkeypatch.setattr(validation, "MOST_CELLS", 80)
    monkeypatch.setattr(validation, "SAMPLED_ROWS", 10)
    path = package / "data" / "victims_by_age_group.csv"
    lines = path.read_bytes().splitlines(keepends=True)
    _, month, count, _ = lines[-1].decode().split(",")
    path.write_bytes(b"".join([*lines[:-1], f",{month},{count},?\r\n".encode(), lines[1]]))
    descriptor = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))
    for resource in descriptor["resources"]:
        if resource["name"] == "victims_by_age_group":
            del resource["hash"], resource["bytes"]
    (package / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    (package / "SHA256SUMS").unlink()
    assert validate(package) == []
    found = check(package)
    assert "victims_by_age_group: 1 keys occur more than once" in found
    assert "victims_by_age_group: 1 values of victims_status are none of its codes" in found
    assert "victims_by_age_group: 1 values of age_group are empty" in found
