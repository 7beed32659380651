"""Withdrawing a version takes away the pages and the DuckDB file that show it; made again, they know its reason and not its numbers."""

from dataclasses import replace

import duckdb

from tests.release.packages import LARGE, MIXED, release
from vawg_opendata import flow
from vawg_opendata.release.lifecycle.releasing import withdraw
from vawg_opendata.release.lifecycle.session import publishing
from vawg_opendata.settings import Settings


def test_what_was_withdrawn_is_shown_nowhere(tmp_path):
    settings = replace(Settings.from_environment(), published=tmp_path / "published", work=tmp_path / "work")
    release(tmp_path, settings.published, MIXED)
    release(tmp_path, settings.published, LARGE | {("10-19", "2024-01"): 4321}, vintage="2024-03")
    made = flow.publish_pages(settings)
    page = made.site / "victims-test" / "victims_by_age_group" / "index.html"
    assert "4,321" in page.read_text(encoding="utf-8")
    with publishing(settings.published) as session:
        newest = max(path.name for path in (settings.published / "datastore" / "victims-test").iterdir() if path.is_dir())
        withdraw(session, "datastore", "victims-test", newest, "someone", "A month was counted twice.")
    assert not made.site.exists() and not any(path.exists() for path in made.databases)  # at once, before anything is made again

    made = flow.publish_pages(settings)
    texts = [path.read_bytes() for path in made.site.rglob("*.*") if path.suffix not in (".png", "") and path.is_file()]
    assert not any(b"4,321" in text or b"4321" in text for text in texts)
    assert "withdrawn: A month was counted twice." in (made.site / "calendar.html").read_text(encoding="utf-8")
    with duckdb.connect(str(made.databases[0]), read_only=True) as database:
        assert database.execute("SELECT version FROM _release").fetchall() == [("1.0.0",)]
        assert database.execute("SELECT count(*) FROM victims_test.victims_by_age_group WHERE victims = 4321").fetchall() == [(0,)]
        assert database.execute("SELECT count(*) FROM _revisions").fetchall() == [(0,)]
