"""A log of states in an object store: each commit names the content of every file of a folder, and follows the one before.

    <name>/content/<sha256>       the content of files, written once
    <name>/commits/000000000042   the state after the 42nd commit: files by path, each with its content, size and mode

A commit is one object that is created only where there is none (a conditional put), after all content that it names. So of two that
follow the same commit one is refused; it is put after the other where both changed different files, and is a ConflictError where they
did not. A reader takes the commit with the highest number and sees all of it. This is the protocol of Delta Lake's log (Armbrust et
al., PVLDB 13(12), 2020, doi 10.14778/3415478.3415560, section 3) with the whole state in each entry in place of
checkpoints: a state is some hundred files.

Commits stay, since a number that became free could be taken twice; content that no state needs any more is removed by `sweep`.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import opendal
from opendal import exceptions, layers

from vawg_opendata.problems import RunError
from vawg_opendata.settings import SettingsError

SERVICES = {"s3": "bucket", "azblob": "container", "gcs": "bucket"}
"""Services that show an object whole or not at all and create it only where there is none, with what each calls its first folder.
Of them S3 is tested."""

TIMEOUT = 120.0
PART = 8 << 20
BLOCK = 1 << 20
UNUSED = timedelta(days=1)
_SECRET_WORDS = ("secret", "password", "token", "account_key", "access_key", "credential", "sas")
_FAULTS = tuple(kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception))


class StoreError(RunError):
    """A store that cannot be used or reached. The message names the store's operation, no address and no data."""


class ConflictError(StoreError):
    """Two changed the same files at once; the later change is not made. Doing it again, from the newest state, is safe."""


@dataclass(frozen=True)
class File:
    """A file of a state: its content, its size in bytes and its mode."""

    sha256: str
    size: int
    mode: int


State = dict[str, File]
"""Files by path."""


def open_store(address: str) -> opendal.Operator:
    """The store at an address such as `s3://bucket/folder?region=eu-west-2`; credentials come from the environment, as its service's
    own tools find them. SettingsError for what is no such address."""
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.scheme not in SERVICES or not parts.hostname:
        raise SettingsError(f"VAWG_STORE is no store; give an address such as s3://bucket/folder?region=eu-west-2. Services: {', '.join(SERVICES)}.")
    if parts.username or parts.password or any(word in key for key in options for word in _SECRET_WORDS):
        raise SettingsError("VAWG_STORE has a secret in it; give those as the service's own variables, such as AWS_SECRET_ACCESS_KEY.")
    try:
        operator = opendal.Operator(parts.scheme, **{SERVICES[parts.scheme]: parts.hostname, "root": f"/{parts.path.strip('/')}", **options})
    except _FAULTS as error:
        raise SettingsError(f"VAWG_STORE cannot be used: {type(error).__name__}.") from None
    if not operator.capability().write_with_if_not_exists:
        raise SettingsError("VAWG_STORE cannot create an object only where there is none, which keeps two machines apart.")
    timeout = layers.TimeoutLayer(timeout=TIMEOUT, io_timeout=TIMEOUT)
    return operator.layer(timeout).layer(layers.RetryLayer(max_times=4, max_delay=4.0, jitter=True))


class Log:
    """The log of one folder."""

    def __init__(self, store: opendal.Operator, name: str) -> None:
        self.store = store
        self.name = name

    def newest(self) -> tuple[int, State]:
        """The number of the newest commit and its state; 0 and nothing before the first."""
        with _asking("list"):
            numbers = [int(entry.path.rpartition("/")[2]) for entry in self.store.list(f"{self.name}/commits/") if not entry.path.endswith("/")]
        number = max(numbers, default=0)
        return number, self._state(number) if number else {}

    def commit(self, number: int, before: State, after: State) -> None:
        """Make `after` the newest state, given that commit `number` was `before`. ConflictError where others changed the same files.

        The content must be there.
        """
        ours = changed(before, after)
        identity = uuid.uuid4().hex
        while True:
            number += 1
            files = {path: [file.sha256, file.size, file.mode] for path, file in sorted(after.items())}
            entry = json.dumps({"id": identity, "files": files}).encode()
            try:
                with _asking("commit"):
                    self.store.write(self._commit(number), entry, if_not_exists=True)
                return
            except exceptions.ConditionNotMatch:
                theirs = self._entry(number)
            if theirs["id"] == identity:
                return  # the store had taken it, and the answer was lost
            now = _files(theirs)
            twice = sorted(path for path in ours & changed(before, now) if now.get(path) != after.get(path))
            if twice:
                raise ConflictError(f"Another machine changed {twice[0]} at the same time ({len(twice)} such files). Run it again.")
            after = {path: file for path, file in now.items() if path not in ours} | {path: after[path] for path in ours & after.keys()}
            before, ours = now, changed(now, after)
            if not ours:
                return  # the other commit made the same changes

    def put(self, path: Path, sha256: str) -> None:
        """Keep the content of a file. StoreError when the file has another content by now."""
        digest = hashlib.sha256()
        with _asking("write"):
            file = self.store.open(self._content(sha256), "wb", chunk=PART)
            for block in _blocks(path):
                digest.update(block)
                file.write(block)
            if digest.hexdigest() == sha256:
                file.close()
                return
        raise StoreError(f"{path.name} changed while it was written to the store. Run it again.")

    def get(self, file: File, path: Path) -> None:
        """Write a content to a path, whole or not at all. StoreError where the store does not have it as it was."""
        fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        try:
            with _asking("read"), self.store.open(self._content(file.sha256), "rb") as source, fresh.open("wb") as target:
                while block := source.read(BLOCK):
                    digest.update(block)
                    target.write(block)
            if digest.hexdigest() != file.sha256:
                raise StoreError(f"The store does not have {path.name} as it was committed. Restore it from a backup of the store.")
            fresh.chmod(file.mode)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)

    def sweep(self, state: State) -> None:
        """Remove content that the newest state does not have and that was written more than a day ago: no step takes that long
        between writing and its commit, and content that is used again is written again."""
        kept = {file.sha256 for file in state.values()}
        with _asking("sweep"):
            for entry in list(self.store.list(f"{self.name}/content/")):
                if not entry.path.endswith("/") and entry.path.rpartition("/")[2] not in kept and self._is_old(entry.path):
                    self.store.delete(entry.path)

    def _is_old(self, path: str) -> bool:
        written = self.store.stat(path).last_modified
        return written is not None and datetime.now(UTC) - written > UNUSED

    def _state(self, number: int) -> State:
        return _files(self._entry(number))

    def _entry(self, number: int) -> dict:
        with _asking("read"):
            return json.loads(self.store.read(self._commit(number)))

    def _commit(self, number: int) -> str:
        return f"{self.name}/commits/{number:012d}"

    def _content(self, sha256: str) -> str:
        return f"{self.name}/content/{sha256}"


def changed(before: State, after: State) -> set[str]:
    """The paths whose file is not the same in two states, or only in one of them."""
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    for block in _blocks(path):
        digest.update(block)
    return digest.hexdigest()


def _files(entry: dict) -> State:
    return {path: File(*file) for path, file in entry["files"].items()}


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


class _asking:
    """Turns what OpenDAL raises into a StoreError: its words have addresses and signatures. A refused condition stays what it is."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind, error, _) -> None:
        # while a file is open, OpenDAL raises OSError, without a number, in which its own kind of error is the first word
        if isinstance(error, OSError) and error.errno is None:
            name = str(error).partition(" ")[0]
        elif isinstance(error, _FAULTS) and not isinstance(error, exceptions.ConditionNotMatch):
            name = kind.__name__
        else:
            return
        raise StoreError(f"The store of VAWG_STORE failed ({self.what}): {name}. Nothing is half there; run it again.") from None
