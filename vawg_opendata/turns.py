"""Runs take turns: one at a time in a work folder, and one at a time publishing into a published folder.

A run that finds another at work waits for it, however it was started: by the daemon, by `vawg publish`, on its own. The locks are
the kernel's, on the folders themselves, so what a killed process held is free at once. Dagster's pools and queue limits
cannot say that: they know the runs of one instance, and keep the place of a killed run until its daemon has noticed.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from vawg_opendata.release.errors import BusyError

_T = TypeVar("_T")

PATIENCE = 4 * 3600.0
"""Seconds to wait for another publisher: longer than any takes, so that only one that hangs is given up on."""

_PAUSE = 0.2


@contextmanager
def alone(folder: Path, say: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Hold a folder for oneself, made if need be and readable by its owner only; waits, and says so, while another run has it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another run works in {folder}; this one waits for it to end.")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def in_turn(publish: Callable[[], _T], patience: float = PATIENCE) -> _T:
    """What `publish` gives, tried again while another run is publishing into the same folder. BusyError after `patience` seconds."""
    until = time.monotonic() + patience
    while True:
        try:
            return publish()
        except BusyError:
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE)
