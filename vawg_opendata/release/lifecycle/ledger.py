"""The ledger: who did what to which version, when and why. Append-only, each entry chained to the one before by its hash.

One line of JSON per entry, in a file that readers do not get (`store`), because it names people. It is the truth about
states: what readers see of them, `versions.json` and `latest.json`, is derived from it. The hash of an entry is the SHA-256 of
its canonical JSON (keys sorted, no spaces) without the key `hash`; `previous` is the hash of the entry before, or empty.
So an entry that was altered, removed from the middle or moved is found; that the last ones are missing shows in the
published folders that nobody released. An entry that a dying run wrote only half ends without a line feed and counts as not
written. Times are what the machine's clock said, and are not used to order anything: entries have numbers.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from vawg_opendata.release.errors import ReleaseError
from vawg_opendata.release.files import sync
from vawg_opendata.release.lifecycle.states import NOTHING, PREPARE, after


class LedgerError(ReleaseError):
    """A ledger that does not hold together; the message names the file and the line."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One action on one version.

    `at` is a time in UTC, as ISO 8601; `who` the person as given, or `automatic`; `account` the login of the machine that ran
    the command. `package` is the SHA-256 of the package's SHA256SUMS, so that what was approved is what is released.
    `release_at` is the time, in UTC, before which an approved version does not appear; empty when there is none.
    """

    number: int = 0
    at: str
    audience: str
    product: str
    version: str
    action: str
    before: str = NOTHING
    after: str = NOTHING
    who: str
    account: str
    why: str
    package: str
    synthetic: bool
    release_at: str = ""
    previous: str = ""
    hash: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Audience, product and version."""
        return self.audience, self.product, self.version

    def sealed(self) -> "Entry":
        """With the hash of all the rest."""
        plain = asdict(self)
        del plain["hash"]
        return replace(self, hash=hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest())


class Ledger:
    """The entries of a ledger file, read and proven when it is opened. One process at a time may append: callers hold the lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Entry] = _read(path)

    def last(self, audience: str, product: str, version: str) -> Entry | None:
        """The newest entry of a version, whose `after` is its state; None when nobody has prepared it."""
        return next((entry for entry in reversed(self.entries) if entry.key == (audience, product, version)), None)

    def versions(self, audience: str, product: str) -> dict[str, Entry]:
        """The newest entry of each version of a product, in the order in which they were first prepared."""
        return {entry.version: entry for entry in self.entries if (entry.audience, entry.product) == (audience, product)}

    def products(self) -> list[tuple[str, str]]:
        """Audience and name of every product that has an entry."""
        return list(dict.fromkeys((entry.audience, entry.product) for entry in self.entries))

    def since_prepared(self, audience: str, product: str, version: str) -> list[Entry]:
        """The entries of a version from its last preparation on: those of the package that it is now."""
        own = [entry for entry in self.entries if entry.key == (audience, product, version)]
        return own[max((index for index, entry in enumerate(own) if entry.action == PREPARE), default=0) :]

    def append(self, entry: Entry) -> Entry:
        """Add an entry and wait until it is on disk. TransitionError when the state of its version does not allow it."""
        known = self.last(*entry.key)
        before = known.after if known else NOTHING
        state = after(entry.action, before, f"{entry.product} {entry.version}")
        previous = self.entries[-1].hash if self.entries else ""
        entry = replace(entry, number=len(self.entries) + 1, before=before, after=state, previous=previous).sealed()
        _append(self.path, _line(entry) + "\n")
        self.entries.append(entry)
        return entry


def utc_text(moment: datetime) -> str:
    """A time as it stands in the ledger: UTC, to the second."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _line(entry: Entry) -> str:
    return json.dumps(asdict(entry), ensure_ascii=False)


def _read(path: Path) -> list[Entry]:
    if not path.is_file():
        return []
    lines = path.read_bytes().split(b"\n")
    entries: list[Entry] = []
    for number, line in enumerate(lines[:-1], start=1):
        try:
            entry = Entry(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise LedgerError(f"{path}, line {number}: is no entry of a ledger ({error}). Put the file back from a backup.") from None
        _prove(path, number, line, entry, entries)
        entries.append(entry)
    return entries


def _prove(path: Path, number: int, line: bytes, entry: Entry, earlier: Sequence[Entry]) -> None:
    """LedgerError unless an entry is what was written after the earlier ones, to the letter: a line of JSON can tell a person one thing and a
    program another, such as by a name that it has twice."""
    previous = earlier[-1].hash if earlier else ""
    if entry.number != number or entry.previous != previous or entry.sealed().hash != entry.hash or _line(entry).encode() != line:
        raise LedgerError(f"{path}, line {number}: the chain of hashes breaks here, so the ledger was altered. Put the file back from a backup.")


def _append(path: Path, line: str) -> None:
    """Add a line durably, after what a dying run wrote of one. Of a line that cannot be written whole, nothing stays."""
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        kept = _whole_lines(descriptor)
        os.ftruncate(descriptor, kept)
        os.lseek(descriptor, kept, os.SEEK_SET)
        data = line.encode()
        try:
            while data:
                data = data[os.write(descriptor, data) :]
            os.fsync(descriptor)
            if is_new:
                sync(path.parent)
        except OSError:
            os.ftruncate(descriptor, kept)
            raise
    finally:
        os.close(descriptor)


def _whole_lines(descriptor: int) -> int:
    """Number of bytes up to the last line feed."""
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, size, 0).rfind(b"\n") + 1
