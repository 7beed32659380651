"""The archive of a version: one zip file with the whole package, for readers who want one download.

It lies in the version's folder, appears and goes with it, and holds what `SHA256SUMS` lists and that file itself, below
one folder named like the archive. The same files give the same bytes: entries are in the order of their paths, with one
fixed time and mode. `SHA256SUMS` cannot list the archive that holds it; `wrong_archive` proves it instead.
"""

import hashlib
import os
import zipfile
import zlib
from pathlib import Path

from vawg_opendata.release.files import SUMS, content_files, read_sums, sha256

_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that the format knows: times of files would differ from run to run
_MODE = 0o100644 << 16
_BLOCK = 1 << 20
_END = 22  # bytes of the record that ends an archive without a comment


def archive_path(folder: Path) -> Path | None:
    """The archive of a version's folder, or None."""
    return next(iter(sorted(folder.glob("*.zip"))), None)


def write_archive(folder: Path, name: str) -> Path:
    """Write `<name>.zip` into a folder that has its `SHA256SUMS`, and return its path."""
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted([*content_files(folder), folder / SUMS], key=lambda file: file.relative_to(folder).as_posix()):
            entry = zipfile.ZipInfo(f"{name}/{file.relative_to(folder).as_posix()}", _TIME)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, _MODE
            entry.file_size = file.stat().st_size  # decides, before anything is written, whether the entry needs 64 bits
            with file.open("rb") as source, archive.open(entry, "w") as target:
                while block := source.read(_BLOCK):
                    target.write(block)
    return path


def wrong_archive(folder: Path) -> list[str]:
    """How the archive of a folder differs from its `SHA256SUMS`; empty when it does not, or when there is none."""
    path = archive_path(folder)
    if path is None:
        return []
    wanted = {f"{path.stem}/{name}": digest for name, digest in (read_sums(folder) | {SUMS: sha256(folder / SUMS)}).items()}
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if not _is_closed(path):
                return [f"{path.name} does not end as an archive without a comment does"]
            if sorted(names) != sorted(wanted):
                return [f"{path.name} does not hold the files in {SUMS}"]
            return [f"{path.name}: {name} does not have the hash in {SUMS}" for name in names if _sha256(archive, name) != wanted[name]]
    except (zipfile.BadZipFile, zlib.error) as error:
        return [f"{path.name} cannot be read: {error}"]


def _is_closed(path: Path) -> bool:
    """Whether the end record closes the file. `zipfile` also opens an archive whose comment is shorter than it says."""
    with path.open("rb") as file:
        file.seek(-_END, os.SEEK_END)
        end = file.read()
    return end.startswith(b"PK\x05\x06") and end.endswith(b"\0\0")


def _sha256(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
