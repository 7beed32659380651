"""What readers see: whether every version in sight is whole, and whether two published folders say the same.

Nothing of the publisher's own code is used to look.
"""

import hashlib
import json
import re
import zipfile
from io import BytesIO
from pathlib import Path

import duckdb

_TIME = re.compile(rb"\b20\d\d-[01]\d-[0-3]\d(T[0-9:]{8}(\.\d+)?(Z|\+00:00))?\b")
_HASH = re.compile(rb"\b[0-9a-f]{64}\b")
_LINK = re.compile(r'(?:href|src)="(?![a-z]+:)([^"?]*)"')
VERSION = re.compile(r"\d+\.\d+\.\d+")


def problems(published: Path) -> list[str]:
    """Every way in which a reader could be misled; empty when there is none."""
    found = []
    for path in published.rglob("*.json"):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            found.append(f"{path.name} is no JSON")
    found += [f"{path.name} is no whole page" for path in published.rglob("*.html") if not path.read_text(encoding="utf-8").rstrip().endswith("</html>")]
    found += [f"{path.name} leads to {link}, which is not there" for path in published.rglob("*.html") for link in _dead_links(path)]
    for path in published.glob("*/*.duckdb"):
        _rows(path)
    homes = [path for path in published.glob("*/*") if path.is_dir() and path.parent.name != "site"]
    for home in homes:
        for version in (path for path in home.iterdir() if path.is_dir()):
            found += [f"{version.name}: {problem}" for problem in _sums(version)] if VERSION.fullmatch(version.name) else [f"{version.name} is no version"]
        latest = home / "latest.json"
        if latest.is_file():
            named = home / json.loads(latest.read_text(encoding="utf-8"))["version"]
            if not (named / "datapackage.json").is_file():
                found.append(f"latest.json names {named.name}, which has no package")
    return found


def _sums(version: Path) -> list[str]:
    """What differs between a version's files and its SHA256SUMS."""
    sums = version / "SHA256SUMS"
    if not sums.is_file():
        return ["SHA256SUMS is missing"]
    stated = dict(reversed(line.split("  ", 1)) for line in sums.read_text(encoding="utf-8").splitlines())
    found = {path.relative_to(version).as_posix(): path for path in version.rglob("*") if path.is_file()}
    extra = {name for name in found if name not in stated and name != "SHA256SUMS" and not name.endswith(".zip")}
    lines = [f"{name} is not in SHA256SUMS" for name in sorted(extra)] + [f"{name} is missing" for name in sorted(set(stated) - set(found))]
    lines += [f"{name} has another hash" for name, digest in stated.items() if name in found and _hash(found[name].read_bytes()) != digest]
    for name in found:
        if name.endswith(".zip"):
            with zipfile.ZipFile(found[name]) as archive:
                lines += [f"{name} is damaged"] if archive.testzip() else []
    return lines


def _dead_links(page: Path) -> list[str]:
    """Addresses of a page to files beside it that are not there."""
    links = {link.partition("#")[0] for link in _LINK.findall(page.read_text(encoding="utf-8"))}
    return sorted(link for link in links if link and not (page.parent / link).exists())


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def saying(published: Path) -> dict[str, object]:
    """All that a published folder says, by path: bytes; of a DuckDB file, whose bytes cannot be promised, its rows instead, and no
    hash or size of it anywhere."""
    files = {path.relative_to(published).as_posix(): path.read_bytes() for path in sorted(published.rglob("*")) if path.is_file()}
    members: dict[str, bytes] = {}
    for name in [name for name in files if name.endswith(".zip")]:
        with zipfile.ZipFile(BytesIO(files[name])) as archive:
            members |= {f"{name}!{member}": archive.read(member) for member in archive.namelist()}
    volatile = {name for name in files if name.endswith((".duckdb", ".zip"))}
    words: dict[bytes, bytes] = {}
    while True:  # what holds the hash of something volatile is volatile itself
        words |= {_hash(files[name]).encode(): f"<hash of {name}>".encode() for name in volatile}
        more = {name for name, data in files.items() if name not in volatile and any(word in data for word in words)}
        if not more:
            break
        volatile |= more
    sizes = {str(len(files[name])).encode(): f"<size of {name}>".encode() for name in volatile}
    said: dict[str, object] = {}
    for name, data in (files | members).items():
        if name.endswith(".zip"):
            continue
        if name.endswith(".duckdb"):
            said[name] = _rows(published / name) if "!" not in name else "as in the folder"
            continue
        for word, stands_for in words.items():
            data = data.replace(word, stands_for)
        for size, stands_for in sizes.items():
            data = re.sub(rb"(?<![\w.])" + size + rb"(?![\w.])", stands_for, data)
        said[name] = data
    return said


def untimed(said: dict[str, object]) -> dict[str, object]:
    """The same without days and times, and without what follows from them: hashes, and the order of a feed."""
    texts = {name: _TIME.sub(b"<time>", _HASH.sub(b"<hash>", data)) if isinstance(data, bytes) else b"rows" for name, data in said.items()}
    return {name: sorted(text.splitlines()) if name.endswith(".atom") else text for name, text in texts.items()}


def _rows(path: Path) -> list:
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
        return [(schema, name, connection.execute(f'FROM "{schema}"."{name}"').fetchall()) for schema, name in names]
