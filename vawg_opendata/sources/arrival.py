"""Whether a landing folder is complete and at rest: what can be told of files that are still being copied, without reading them.

Belongs here: the listing of a folder, what says that a copy is under way, and the hash of all content. Whether the files can be
used is for `landing`; when to look is for whoever watches.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vawg_opendata.sources import crime_extract, crime_extract_manifest
from vawg_opendata.sources.tabular import UNDER_WAY


@dataclass(frozen=True)
class Arrival:
    """The files of a landing folder (name, size, time of last change in ns), and why they are not complete ('' where they may be).

    `hidden` are files that nobody reads: rsync, for one, writes into them until a file is whole.
    """

    files: tuple[tuple[str, int, int], ...]
    waiting: str = ""
    hidden: tuple[tuple[str, int, int], ...] = ()

    @property
    def listing(self) -> str:
        """A hash of names, sizes and times: the same twice means that nothing was written between."""
        return hashlib.sha256(repr((self.files, self.hidden)).encode()).hexdigest()


def look(landing: Path) -> Arrival:
    """What lies in a landing folder now."""
    files, hidden, waiting = [], [], ""
    for path in sorted(_below(landing)):
        relative = path.relative_to(landing)
        if path.suffix.lower() in UNDER_WAY:
            waiting = waiting or f"{relative} is being written"
        try:
            state = path.stat()
        except FileNotFoundError:  # renamed since it was listed
            waiting = waiting or f"{relative} has just been moved"
            continue
        if stat.S_ISREG(state.st_mode):
            seen = hidden if any(part.startswith(".") for part in relative.parts) else files
            seen.append((relative.as_posix(), state.st_size, state.st_mtime_ns))
    if not files:
        return Arrival((), waiting or "the folder is empty")
    return Arrival(tuple(files), waiting or _lacking(landing / crime_extract.NAME), tuple(hidden))


def _below(landing: Path) -> Iterator[Path]:
    """The files of a folder and its subfolders, where readers find them: behind links, too, but each folder once."""
    seen = set()
    for place, folders, files in os.walk(landing, followlinks=True):
        if (real := os.path.realpath(place)) in seen:
            folders.clear()
            continue
        seen.add(real)
        yield from (Path(place, name) for name in files)


def _lacking(extract: Path) -> str:
    """What the manifest of an extract names that is not there, or that there is no whole manifest yet."""
    if not extract.is_dir() or not any(extract.iterdir()):
        return ""
    manifest = crime_extract_manifest.load(extract, crime_extract.NAME)
    if isinstance(manifest, list):
        return "the manifest of the extract is not there, or not whole"
    missing = [name for name in manifest.named if not (extract / name).is_file()]
    return f"{crime_extract.NAME}/{missing[0]}, which the manifest names, is not there" if missing else ""


def content_hash(landing: Path, arrival: Arrival) -> str:
    """A hash of the names and the content of all files; reads all of them."""
    digest = hashlib.sha256()
    for name, _, _ in arrival.files:
        with (landing / name).open("rb") as file:
            digest.update(f"{name}\n{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()
