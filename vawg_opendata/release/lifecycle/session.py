"""A session of publishing: one process at a time, in a published folder that agrees with its ledger.

To open a session is to lock the published folder, to remove what dead runs left, to read and prove the ledger, and to complete
what an earlier run began (`settlement`). Whatever changes the state of a version does it in a session, and settles again. What
the actions are belongs in `preparing`, `approval` and `releasing`.
"""

import errno
import fcntl
import os
import pwd
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from vawg_opendata.release.errors import BusyError, ReleaseError
from vawg_opendata.release.files import SUMS, sha256
from vawg_opendata.release.lifecycle.ledger import Entry, Ledger, utc_text
from vawg_opendata.release.lifecycle.settlement import settle
from vawg_opendata.release.lifecycle.states import PENDING
from vawg_opendata.release.lifecycle.store import Store

STAGING = "staging"
_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.EIO}


@dataclass(frozen=True)
class Session:
    """What an action works with. `staging` is an empty folder, removed at the end; `now` is the time of the session."""

    store: Store
    ledger: Ledger
    staging: Path
    now: datetime

    def record(self, action: str, audience: str, product: str, version: str, *, who: str, why: str, **more) -> Entry:
        """Enter an action in the ledger. What the last entry of the version says of the package holds on unless it is given."""
        known = self.ledger.last(audience, product, version)
        if known is not None:
            more = {"package": known.package, "synthetic": known.synthetic, "release_at": known.release_at} | more
        entry = Entry(at=utc_text(self.now), audience=audience, product=product, version=version, action=action, who=who, account=account(), why=why, **more)
        return self.ledger.append(entry)

    def pending(self, audience: str, product: str) -> Entry | None:
        """The newest entry of the version of a product that readers do not have yet; None when there is none."""
        return next((entry for entry in self.ledger.versions(audience, product).values() if entry.after in PENDING), None)

    def settle(self) -> None:
        """Make the published folder agree with the ledger."""
        settle(self.store, self.ledger, self.staging, self.now)


def account() -> str:
    """The login under which this process runs; its number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def package_digest(package: Path) -> str:
    """What identifies a package: the SHA-256 of its SHA256SUMS."""
    return sha256(package / SUMS)


@contextmanager
def publishing(published: Path, now: datetime | None = None, *, settled: bool = True) -> Iterator[Session]:
    """Open a session. `now` is the time to record, by default the clock's. Unless `settled`, what an earlier run began is not completed at the
    beginning: for an action that must not wait until a person has mended something else, and that settles itself.

    BusyError when another run publishes into the same folder; ReleaseError when a folder cannot be written, or when what is published is
    not what the ledger says. Whenever it is raised, readers see whole versions only, and the next session completes or removes
    what was begun.
    """
    try:
        published.mkdir(parents=True, exist_ok=True)
        lock = os.open(published, os.O_RDONLY)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BusyError(f"Another run is publishing into {published}. Wait for it to end, then run again.") from None
            store = Store(published)
            _check_place(store)
            staging = store.root / STAGING
            _remove(staging)
            staging.mkdir()
            try:
                session = Session(store, Ledger(store.ledger), staging, (now or datetime.now(UTC)).astimezone(UTC))
                if settled:
                    session.settle()
                yield session
            finally:
                _remove(staging)
        finally:
            os.close(lock)
    except (OSError, duckdb.Error) as error:
        if not _is_of_the_disk(error):
            raise
        raise ReleaseError(
            f"{published} or the folder beside it cannot be written: {str(error).splitlines()[0]}. What readers see is whole. "
            "Make room, or mend the folder, and run again."
        ) from error


def _is_of_the_disk(error: OSError | duckdb.Error) -> bool:
    """Whether an error says that a file cannot be written. DuckDB tells a disk that is full when it commits as a failed transaction."""
    if isinstance(error, OSError):
        return error.errno in _UNWRITABLE
    return isinstance(error, duckdb.IOException) or any(os.strerror(number) in str(error) for number in _UNWRITABLE)


def _check_place(store: Store) -> None:
    store.root.mkdir(mode=0o700, exist_ok=True)
    if store.root.stat().st_dev != store.published.stat().st_dev:
        raise ReleaseError(
            f"{store.published} is a file system of its own, so nothing can be moved into it in one step. Publish into a folder in it."
        )


def _remove(folder: Path) -> None:
    """Remove a folder if it is there. On a disk that takes no more, removing still works."""
    if folder.exists():
        shutil.rmtree(folder)
