"""Guards what every file of the repository must be: explained, short, and free of places and tools of one machine."""

import ast
import re
import subprocess

import pytest

from tests.paths import REPOSITORY as ROOT

LONGEST = 400  # lines: what a reader can hold in mind


def tracked() -> list:
    """Files of the checkout, new ones included, ignored ones not."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, check=True, capture_output=True).stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


FILES = tracked()
MODULES = [path for path in FILES if path.suffix == ".py"]
# Written in pieces so that this file does not hold what it forbids.
MACHINE_PATHS = re.compile("|".join(["/" + "root/", "/" + "home/", "/" + "Users/", "/" + "work/", "/" + "tmp/w"]) + r"|[A-Z]:\\\\")
REGISTRIES = re.compile("|".join(["pypi" + r"\.org", "python" + "hosted", "npmjs" + r"\.", "index" + "-url", "find" + "-links"]))
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")


def relative(path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_opens_with_what_belongs_in_it(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring and len(docstring.split()) >= 5


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_short_enough_to_read(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def text_of(path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_a_file_names_no_place_of_one_machine_and_no_package_registry(path):
    text = text_of(path)
    for pattern in (MACHINE_PATHS, REGISTRIES):
        found = pattern.search(text)
        assert found is None, f"line {text.count(chr(10), 0, found.start()) + 1}: {found.group()}"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_finished(path):
    found = UNFINISHED.search(text_of(path))
    assert found is None, found


def test_the_search_sees_this_repository():
    assert ROOT / "README.md" in FILES
    assert len(MODULES) > 20
