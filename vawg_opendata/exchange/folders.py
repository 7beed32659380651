"""The local folders of a machine, brought to the state of the store before a step and committed after it.

Two folders are shared: the work folder, without Dagster's history; and the published one together with what publishing keeps beside
it. A machine holds both for itself while it works in them. What it has of a state is not fetched again. What a killed step left
is in no commit: the next step puts the folders back. What a step that failed left is committed, as it stays on one machine: what was
refused, and the words of errors.

When two machines changed the same files (both published, say), the later one puts its folders back and does its step again.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from vawg_opendata.exchange.log import ConflictError, File, Log, State, changed, open_store, sha256_of
from vawg_opendata.release.lifecycle.store import Store
from vawg_opendata.settings import Settings

_T = TypeVar("_T")

TRIES = 20
"""How often a step is done again because another machine was first: more often than there are products to publish at once."""

INDEX = ".exchange.json"
LOCK = ".exchange.lock"
HISTORY = "dagster"

_held: set[str] = set()
"""The work folders that this process has brought to the state of the store and has not committed yet."""


def shared(settings: Settings, function: Callable[[], _T]) -> _T:
    """What `function` gives, done on the newest state of the store; what it changed is committed. Raises what it raises, and StoreError.

    Within itself, and where the settings name no store, it is `function` alone.
    """
    place = str(settings.work.resolve())
    if not settings.store or place in _held:
        return function()
    for tries in range(TRIES, 0, -1):
        with _machine(settings) as machine:
            machine.fetch()
            _held.add(place)
            try:
                result = function()
            except Exception:
                machine.commit()
                raise
            finally:
                _held.discard(place)
            try:
                machine.commit()
                return result
            except ConflictError:
                if tries == 1:
                    raise
    raise AssertionError("unreachable: the last try returns or raises")


@contextmanager
def _machine(settings: Settings) -> Iterator["Machine"]:
    """Hold the folders of this machine; waits while another process of it has them."""
    settings.work.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(settings.work / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield Machine(settings)
    finally:
        os.close(descriptor)


class Machine:
    """The folders of this machine and the logs of their states. Published comes first: it is what others wait for."""

    def __init__(self, settings: Settings) -> None:
        store = open_store(settings.store)
        kept = Store(settings.published)
        self.index = settings.work / INDEX
        self.logs = {
            "published": (Log(store, "published"), {"published": settings.published, "releases": kept.root}),
            "work": (Log(store, "work"), {"work": settings.work}),
        }
        self.fetched: dict[str, tuple[int, State]] = {}
        self.known: dict[str, list] = json.loads(self.index.read_text(encoding="utf-8")) if self.index.is_file() else {}

    def fetch(self) -> None:
        """Bring the folders to the newest state."""
        for name, (log, roots) in self.logs.items():
            number, state = log.newest()
            here = self._here(roots)
            for path in changed(here, state):
                target = _target(roots, path)
                if path not in state:
                    target.unlink()
                else:
                    log.get(state[path], target)
                    self._know(target, state[path].sha256)
            for root in roots.values():
                _remove_empty(root)
            _protect(roots)
            self.fetched[name] = number, state
        self._save()

    def commit(self) -> None:
        """Commit what is not as it was fetched."""
        for name, (log, roots) in self.logs.items():
            number, before = self.fetched[name]
            after = self._here(roots)
            held = {file.sha256 for file in before.values()}
            for path in sorted(changed(before, after)):
                if path in after and after[path].sha256 not in held:
                    log.put(_target(roots, path), after[path].sha256)
                    held.add(after[path].sha256)
            if before != after:
                log.commit(number, before, after)
                if name == "work":
                    log.sweep(log.newest()[1])  # records that a run has replaced; what was published is kept
        self._save()

    def _here(self, roots: dict[str, Path]) -> State:
        """The state of the folders as they are. A file whose size and time are those that were seen has the content that was seen."""
        state = {}
        for root, folder in roots.items():
            for path in sorted(_files(folder)):
                at = path.stat()
                seen = self.known.get(str(path))
                if seen is None or seen[:2] != [at.st_size, at.st_mtime_ns]:
                    seen = self._know(path, sha256_of(path))
                state[f"{root}/{path.relative_to(folder).as_posix()}"] = File(seen[2], at.st_size, at.st_mode & 0o777)
        return state

    def _know(self, path: Path, sha256: str) -> list:
        at = path.stat()
        self.known[str(path)] = [at.st_size, at.st_mtime_ns, sha256]
        return self.known[str(path)]

    def _save(self) -> None:
        self.known = {path: seen for path, seen in self.known.items() if Path(path).is_file()}
        fresh = self.index.with_suffix(".new")
        fresh.write_text(json.dumps(self.known), encoding="utf-8")
        fresh.replace(self.index)


def _target(roots: dict[str, Path], path: str) -> Path:
    root, _, rest = path.partition("/")
    return roots[root] / rest


def _files(folder: Path) -> Iterator[Path]:
    """All files of a folder that are shared."""
    for parent, folders, names in os.walk(folder):
        if Path(parent) == folder:
            folders[:] = [name for name in folders if name != HISTORY]
        yield from (Path(parent) / name for name in names if not name.startswith(INDEX.removesuffix(".json")))


def _remove_empty(folder: Path) -> None:
    """Remove what has no file: that a folder is there says something."""
    for parent, folders, names in os.walk(folder, topdown=False):
        if Path(parent) != folder and not names and not any((Path(parent) / name).is_dir() for name in folders) and HISTORY not in Path(parent).relative_to(folder).parts:
            Path(parent).rmdir()


def _protect(roots: dict[str, Path]) -> None:
    """Nobody but the owner enters what readers are not given."""
    for name in ("work", "releases"):
        if name in roots and roots[name].is_dir():
            roots[name].chmod(0o700)
