"""Guards the locks: exact versions, hashes, no address, and enough for what the project file asks for."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.duckdbs import LINES
from tests.paths import REPOSITORY as ROOT

LOCKS = ("requirements.lock", *(f"tests/duckdb-{line}.lock" for line in LINES), "tests/browser.lock", "tests/pycanon.lock", "tests/tools.lock", "benchmarks/pytauargus.lock")


def pins(name: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes by canonical package name, for every requirement of a lock file."""
    found: dict[str, tuple[str, int]] = {}
    for block in re.split(r"\n(?=\S)", (ROOT / name).read_text(encoding="utf-8").strip()):
        requirement = Requirement(block.split(" \\\n")[0])
        versions = [specifier.version for specifier in requirement.specifier if specifier.operator == "=="]
        assert len(versions) == 1 and len(requirement.specifier) == 1, f"not one exact version: {requirement}"
        assert canonicalize_name(requirement.name) not in found, f"two versions of {requirement.name}"
        found[canonicalize_name(requirement.name)] = (versions[0], len(re.findall(r"--hash=sha256:[0-9a-f]{64}", block)))
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_has_one_exact_version_and_hashes(name):
    assert all(hashes for _, hashes in pins(name).values())


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place(name):
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        assert "://" not in line and "file:" not in line
        assert re.match(r"[a-z0-9]|    --hash=sha256:", line), line  # no option of a resolver either


def test_the_lock_meets_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = pins("requirements.lock")
    asked = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    for requirement in map(Requirement, asked):
        version, _ = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}"
