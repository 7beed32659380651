"""The publishing step: nothing reaches readers unless all of it holds, whatever goes wrong and whenever."""

import fcntl
import os

import numpy as np
import pytest

from anonymisation import ProtectedTable
from tests.release.packages import INPUTS, LARGE, MIXED, PRODUCT, count, release
from vawg_opendata.release import ReleaseError, publish
from vawg_opendata.release.lifecycle.session import STAGING
from vawg_opendata.release.lifecycle.store import Store


def unprotected(statistics):
    """Tables with every count shown, as if protection had been forgotten."""
    return {name: ProtectedTable(name, t.measure, t.axes, t.counts, np.ones(t.counts.shape, bool)) for name, t in statistics.counts.items()}


def staging(published):
    """The folder in which packages are built."""
    return Store(published).root / STAGING


def everything(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_unprotected_tables_are_refused_and_leave_nothing(tmp_path):
    statistics = count(tmp_path, MIXED)
    with pytest.raises(ReleaseError, match="the audit found") as refused:
        publish(PRODUCT, statistics.outline, unprotected(statistics), INPUTS, tmp_path / "published", synthetic=False)
    assert any("age_group=70-79" in fault for fault in refused.value.faults)
    assert "70-79" not in str(refused.value)  # messages reach logs
    assert list((tmp_path / "published").iterdir()) == []
    assert not staging(tmp_path / "published").exists()


def test_primary_suppression_alone_is_refused(tmp_path):
    statistics = count(tmp_path, MIXED)
    tables = {n: ProtectedTable(n, t.measure, t.axes, t.counts, (t.counts == 0) | (t.counts >= 5)) for n, t in statistics.counts.items()}
    with pytest.raises(ReleaseError) as refused:
        publish(PRODUCT, statistics.outline, tables, INPUTS, tmp_path / "published", synthetic=False)
    assert any("can be computed" in fault for fault in refused.value.faults)


def test_a_refused_version_leaves_the_published_one_as_it_is(tmp_path):
    release(tmp_path, tmp_path / "published", LARGE)
    before = everything(tmp_path / "published")
    statistics = count(tmp_path, MIXED)
    with pytest.raises(ReleaseError):
        publish(PRODUCT, statistics.outline, unprotected(statistics), INPUTS, tmp_path / "published", synthetic=False)
    assert everything(tmp_path / "published") == before


def test_two_publishers_cannot_work_at_once(tmp_path):
    published = tmp_path / "published"
    published.mkdir()
    other = os.open(published, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(ReleaseError, match="Another run is publishing"):
        release(tmp_path, published, LARGE)
    os.close(other)
    assert release(tmp_path, published, LARGE).is_new


def test_what_a_dead_run_left_is_removed(tmp_path):
    left = staging(tmp_path / "published") / "victims-test" / "data"
    left.mkdir(parents=True)
    (left / "half.csv").write_text("age_group,month")
    assert release(tmp_path, tmp_path / "published", LARGE).is_new
    assert not staging(tmp_path / "published").exists()


def test_published_files_are_readable_by_all(tmp_path):
    folder = release(tmp_path, tmp_path / "published", LARGE).folder
    for path in (folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644)


def test_the_published_folder_may_be_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "published").symlink_to(tmp_path / "elsewhere")
    version = release(tmp_path, tmp_path / "published", LARGE)
    assert (tmp_path / "elsewhere" / "datastore" / "victims-test" / version.version / "datapackage.json").is_file()
