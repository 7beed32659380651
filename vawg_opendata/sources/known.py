"""What files of the landing folder were found to be, so that one that nobody has touched since is not read again to know its hash.

Belongs here: the index of a work folder and what it trusts. It trusts the file system: whoever writes to a file, or puts another in
its place, changes its size, its inode, or the time of its last change (`ctime`, which a copy or `touch` cannot set back as it can
`mtime`). Two changes within the resolution of those times look like one, so that a file is only remembered once it has been at
rest for `RESOLUTION` (as git does with its index). Where that is not so (clocks that are set back, file systems without these times), or
to be sure, remove the index: everything is then read and hashed. Only sound files are remembered, and a file whose rows are read is
hashed all the same (`tabular.require_unchanged`): the index only ever decides that a month stays as it was read before.

    WORK/landing.json      by path, the file's stamp and form: size, SHA-256, header
"""

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

from vawg_opendata.code import code_hash
from vawg_opendata.problems import LandingError
from vawg_opendata.sources.files import LandingFile
from vawg_opendata.sources.tabular import Form, examine, require_unchanged

FILE = "landing.json"
RESOLUTION = 2_000_000_000
"""Nanoseconds: the coarsest time of last change that a common file system keeps (FAT)."""


class KnownFiles:
    """The index of a work folder; of other code than this, or of none, it is empty."""

    def __init__(self, work: Path) -> None:
        self._path = work / FILE
        kept = json.loads(self._path.read_text(encoding="utf-8")) if self._path.is_file() else {}
        self._known: dict[str, list] = kept["files"] if kept.get("code") == code_hash() else {}
        self._seen: dict[str, list] = {}

    def examine(self, path: Path) -> Form:
        """As `tabular.examine`; a file that is as it was is not opened."""
        name, before, now = os.path.abspath(path), _stamp(path), time.time_ns()
        stamp, *form = self._known.get(name, [None])
        if before and stamp == before:
            self._seen[name] = [stamp, *form]
            return Form(form[0], form[1], tuple(form[2]))
        found = examine(path)
        if found.fault is None and before == _stamp(path) and max(before[2:]) < now - RESOLUTION:
            self._seen[name] = [before, found.bytes, found.sha256, found.header]
        return found

    def keep(self, *, others: bool) -> None:
        """Write the index of the files that were examined; `others` says whether those that were not looked at stay in it."""
        files = self._known | self._seen if others else self._seen
        fresh = self._path.with_suffix(".fresh")
        fresh.write_text(json.dumps({"code": code_hash(), "files": files}), encoding="utf-8")
        os.replace(fresh, self._path)

    def require_unchanged(self, files: Iterable[LandingFile]) -> None:
        """As `tabular.require_unchanged`; where a file is not what the index said, there is no index any more."""
        try:
            require_unchanged(files)
        except LandingError:
            self._path.unlink(missing_ok=True)
            raise


def _stamp(path: Path) -> list[int]:
    """Inode, size, and the times of last change of content and of anything, in nanoseconds; empty where there is no file."""
    try:
        state = path.stat()
    except OSError:
        return []
    return [state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns]
