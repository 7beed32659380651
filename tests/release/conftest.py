"""Version 1.0.0 of a product, published once, for tests that begin with it."""

import shutil

import pytest

from tests.release.packages import LARGE, NOW, PLACE, release


@pytest.fixture(scope="session")
def begun(tmp_path_factory):
    """The folder in which version 1.0.0 was published."""
    folder = tmp_path_factory.mktemp("begun")
    release(folder, folder / "published", LARGE, now=NOW)
    return folder


@pytest.fixture
def first(begun, tmp_path):
    """Version 1.0.0, published, in the test's own folder."""
    shutil.copytree(begun, tmp_path, symlinks=True, dirs_exist_ok=True)


@pytest.fixture
def published(tmp_path):
    return tmp_path / "published"


@pytest.fixture
def home(published):
    return published.joinpath(*PLACE)
