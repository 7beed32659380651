"""Files of a package: their hashes, and writing them so that they survive a crash.

Nothing here knows what a file holds.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

SUMS = "SHA256SUMS"
UNFINISHED = ".new"
SIGNATURE = "SHA256SUMS.sig"


def sha256(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def json_text(value: object) -> str:
    """JSON as it is published: keys in the order given, two spaces, lists of plain values on one line, UTF-8, one newline at the end."""
    return _json(value, "\n") + "\n"


def _json(value: object, newline: str) -> str:
    inner = newline + "  "
    if isinstance(value, dict) and value:
        return "{" + ",".join(f"{inner}{json.dumps(key, ensure_ascii=False)}: {_json(part, inner)}" for key, part in value.items()) + newline + "}"
    if isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
        return "[" + ",".join(inner + _json(part, inner) for part in value) + newline + "]"
    return json.dumps(value, ensure_ascii=False)


def write_json(path: Path, value: object) -> None:
    """Write JSON to a file that nobody reads yet."""
    path.write_text(json_text(value), encoding="utf-8", newline="\n")


def replace_json(path: Path, value: object) -> None:
    """Write JSON over a file that may be read at this moment: readers see the old or the new text whole."""
    replace_text(path, json_text(value))


def replace_text(path: Path, text: str) -> None:
    """Write UTF-8 text over a file that may be read at this moment: readers see the old or the new text whole.

    A file that has this text already is left alone.
    """
    data = text.encode()
    if path.is_file() and path.read_bytes() == data:
        return
    fresh = path.with_name(f".{path.name}{UNFINISHED}")
    fresh.write_bytes(data)
    fresh.chmod(0o644)
    sync(fresh)
    os.replace(fresh, path)
    sync(path.parent)


def remove_unfinished(folder: Path) -> None:
    """Remove what a dying run left of a text that it was about to put in its place."""
    for path in folder.glob(f".*{UNFINISHED}"):
        path.unlink()


def remove_durably(path: Path) -> None:
    """Remove a file, if it is there, and wait until that is on disk."""
    if path.exists():
        path.unlink()
        sync(path.parent)


def package_files(folder: Path) -> list[Path]:
    """All files below a folder, in the order of their paths."""
    return sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.relative_to(folder).as_posix())


def content_files(folder: Path) -> list[Path]:
    """The files that `SHA256SUMS` is about: all but itself, its signature and the archive of them all, which holds it."""
    return [path for path in package_files(folder) if path.parent != folder or (path.name not in (SUMS, SIGNATURE) and path.suffix != ".zip")]


def read_sums(folder: Path) -> dict[str, str]:
    """What `SHA256SUMS` states: SHA-256 in hexadecimal, by path."""
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def write_sums(folder: Path) -> None:
    """Write `SHA256SUMS` over the content of a folder, as `sha256sum --check` reads it."""
    lines = [f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in content_files(folder)]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")


def wrong_sums(folder: Path) -> list[str]:
    """What differs between a folder and its `SHA256SUMS`: files changed, missing or added. Empty when nothing does."""
    if not (folder / SUMS).is_file():
        return [f"{SUMS} is missing"]
    stated = read_sums(folder)
    found = {path.relative_to(folder).as_posix(): path for path in content_files(folder)}
    problems = [f"{name} is missing" for name in sorted(set(stated) - set(found))]
    problems += [f"{name} is not listed in {SUMS}" for name in sorted(set(found) - set(stated))]
    return problems + [f"{name} does not have the hash in {SUMS}" for name in stated if name in found and sha256(found[name]) != stated[name]]


def make_durable(folder: Path) -> None:
    """Make files and folders readable by all and wait until they are on disk."""
    for path in package_files(folder):
        path.chmod(0o644)
        sync(path)
    for path in _folders(folder):
        path.chmod(0o755)
        sync(path)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where they are missing, and wait until they are on disk."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        sync(folder.parent)


def rename_durably(source: Path, target: Path) -> None:
    """Rename a folder in one step and wait until the rename is on disk. OSError when the target exists and is not empty."""
    os.rename(source, target)
    sync(target.parent)
    sync(source.parent)


def _folders(folder: Path) -> Iterable[Path]:
    return [*sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True), folder]


def sync(path: Path) -> None:
    """Wait until a file, or the list of a folder's entries, is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
