"""What is disturbed: the publishing of a first version, of a second one, the approved release of one, a withdrawal, and the making of pages.

A scenario starts from a folder that is copied for each disturbance, and ends, undisturbed, in what every rerun must end in.
Everything that comes before publishing is done once. The time of all runs is the same, so that only what is meant to differ does.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tests.release.packages import INPUTS, LARGE, MIXED, PRODUCT, count, protected
from vawg_opendata.flow import publish_pages
from vawg_opendata.products.declaration import Approval
from vawg_opendata.release import publish
from vawg_opendata.release.lifecycle.approval import approve, review
from vawg_opendata.release.lifecycle.releasing import release, withdraw
from vawg_opendata.release.lifecycle.session import publishing
from vawg_opendata.release.lifecycle.states import APPROVED, RELEASED
from vawg_opendata.settings import Settings

NOW = datetime(2026, 12, 3, 9, 30, tzinfo=UTC)
PLACE = (PRODUCT.audience, PRODUCT.name)
_WRITES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.truncate", "os.link", "os.symlink"}


@dataclass(frozen=True)
class Scenario:
    """A step that changes what readers see. `run` takes the folder that holds the published one and what the clock says; it can be run again."""

    name: str
    start: Path | None
    run: Callable[[Path, datetime], None]


def scenarios(scratch: Path) -> list[Scenario]:
    """All scenarios, with their starting folders made below `scratch`."""
    large, mixed = Publish(*_content(scratch / "large", LARGE)), Publish(*_content(scratch / "mixed", MIXED))
    one, two, waiting, shown = scratch / "one", scratch / "two", scratch / "waiting", scratch / "shown"
    large(one, NOW)
    shutil.copytree(one, two)
    mixed(two, NOW)
    shutil.copytree(one, waiting)
    replace(mixed, people=1)(waiting, NOW)
    with publishing(waiting / "published", NOW) as session:
        review(session, *PLACE, "B. Reviewer")
        approve(session, *PLACE, "B. Reviewer", "read the report")
    shutil.copytree(one, shown)
    make_pages(shown, NOW)
    mixed(shown, NOW)
    return [
        Scenario("first version", None, large),
        Scenario("next version", one, mixed),
        Scenario("approved release", waiting, release_approved),
        Scenario("withdrawal", two, take_back),
        Scenario("pages", shown, make_pages),
    ]


@dataclass(frozen=True)
class Publish:
    """Publishes tables that are ready."""

    outline: object
    tables: dict
    people: int = 0

    def __call__(self, folder: Path, now: datetime) -> None:
        product = replace(PRODUCT, approval=Approval(public=self.people))
        publish(product, self.outline, self.tables, INPUTS, folder / "published", synthetic=False, now=now)


def _content(folder: Path, counts: dict) -> tuple:
    statistics = count(folder, counts)
    return statistics.outline, protected(statistics)


def release_approved(folder: Path, now: datetime) -> None:
    """Release the version that is approved, unless that is done."""
    with publishing(folder / "published", now) as session:
        entry = session.pending(*PLACE)
        if entry is not None and entry.after == APPROVED:
            release(session, entry, "C. Releaser")


def take_back(folder: Path, now: datetime) -> None:
    """Withdraw version 1.0.1, unless that is done."""
    with publishing(folder / "published", now) as session:
        if session.ledger.last(*PLACE, "1.0.1").after == RELEASED:
            withdraw(session, *PLACE, "1.0.1", "B. Reviewer", "counts were wrong")


def make_pages(folder: Path, now: datetime) -> None:
    """Make the public pages and the DuckDB file of the public. They say nothing of the time at which they are made."""
    publish_pages(Settings(published=folder / "published", work=folder / "work"))


def begin(scenario: Scenario, folder: Path) -> None:
    """A fresh copy of where a scenario starts."""
    if scenario.start is None:
        folder.mkdir(parents=True)
    else:
        shutil.copytree(scenario.start, folder)


def die_before_change(number: int) -> None:
    """Let this process kill itself before its `number`-th change of a file or folder."""
    seen = 0

    def hook(event: str, arguments: tuple) -> None:
        nonlocal seen
        if is_change(event, arguments):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def is_change(event: str, arguments: tuple) -> bool:
    """Whether an audit event of the interpreter says that a file or folder is about to change."""
    if event == "open":
        flags = arguments[2] or 0
        return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) and not str(arguments[0]).startswith("/dev/")
    return event in _WRITES
