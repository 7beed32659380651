"""The staging folder: where a package is built before anybody can see it.

It lies beside the published folder, on the same file system, so that publishing is one rename; and outside of it, so
that nothing that is served to readers is unfinished. One publisher works at a time: the published folder is locked.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vawg_opendata.release.errors import ReleaseError


def staging_root(published: Path) -> Path:
    """The folder that holds the staging folders of a published folder."""
    published = published.resolve()
    return published.parent / f".{published.name}.staging"


@contextmanager
def staging(published: Path, name: str) -> Iterator[Path]:
    """An empty staging folder for one package, removed at the end unless it was renamed away.

    What an interrupted run left there is removed first. ReleaseError when another run publishes into the same folder, or
    when the two folders are on different file systems.
    """
    published.mkdir(parents=True, exist_ok=True)
    lock = os.open(published, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReleaseError(f"Another run is publishing into {published}. Wait for it to end, then run again.") from None
        root = staging_root(published)
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(mode=0o700)
        try:
            if root.stat().st_dev != published.stat().st_dev:
                raise ReleaseError(f"{published} is a file system of its own, so nothing can be moved into it in one step. Publish into a folder in it.")
            folder = root / name
            folder.mkdir()
            yield folder
        finally:
            shutil.rmtree(root)
    finally:
        os.close(lock)
