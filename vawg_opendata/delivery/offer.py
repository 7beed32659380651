"""What an audience is offered: the files below its published folder, proven whole, in the order in which readers may see them.

Every version must have the hashes it states, and every package must say that it is for this audience, before a single byte
leaves. Small files that point to versions are read at once, so that a release in the meantime cannot mix with what is sent.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from vawg_opendata.delivery.errors import SourceError, WrongAudienceError
from vawg_opendata.release.checks.loading import DESCRIPTOR
from vawg_opendata.release.files import SUMS, package_files, sha256, wrong_sums
from vawg_opendata.release.lifecycle.versions import RELEASED, latest, listed
from vawg_opendata.release.package.archive import wrong_archive

BLOCK = 1 << 20
VERSION = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True)
class Source:
    """A file to send: `content` where it was read already, else the file `local`, which must still have its SHA-256."""

    local: Path
    bytes: int
    sha256: str
    content: bytes | None = None

    def blocks(self, start: int = 0) -> Iterator[bytes]:
        """The bytes from `start` on. SourceError at the end when the file is no longer what it was."""
        if self.content is not None:
            yield self.content[start:]
            return
        digest = hashlib.sha256()
        with self.local.open("rb") as file:
            done = 0
            while block := file.read(BLOCK):
                digest.update(block)
                if done + len(block) > start:
                    yield block[max(start - done, 0) :]
                done += len(block)
        if digest.hexdigest() != self.sha256:
            raise SourceError(f"{self.local} changed while it was being delivered. Run again.")


@dataclass(frozen=True)
class OfferedVersion:
    """A version as it lies in the published folder. `files` by path within the version; a withdrawn one has its tombstone."""

    product: str
    number: str
    released: bool
    descriptor: Mapping
    files: Mapping[str, Source]


@dataclass(frozen=True)
class Offer:
    """All that an audience is offered. `pointers` by path, in the order in which they must appear; `latest.json` comes last."""

    audience: str
    versions: tuple[OfferedVersion, ...]
    current: Mapping[str, str]
    pointers: Mapping[str, Source]

    def version(self, product: str, number: str) -> OfferedVersion:
        """A version by product and number."""
        return next(version for version in self.versions if (version.product, version.number) == (product, number))

    @property
    def products(self) -> tuple[str, ...]:
        """Names of the products that have a version."""
        return tuple(dict.fromkeys(version.product for version in self.versions))


def read_offer(published: Path, audience: str) -> Offer:
    """What an audience is offered. SourceError where it is not whole, WrongAudienceError where a package is for others.

    A product whose readers are given different fields of it is left out: the packages in its folder `partners` are handed to each by itself.
    """
    root = published / audience
    homes = sorted(path.parent for path in root.glob("*/versions.json")) if root.is_dir() else []
    if not homes:
        raise SourceError(f"Nothing is published for {audience} in {root}.")
    apart = {home.name for home in homes if _has_partners(home)}
    homes = [home for home in homes if home.name not in apart]
    for path in root.rglob("*"):
        if path.is_symlink():
            raise WrongAudienceError(f"{path} is a link, which may lead to what is not for {audience}. Remove it.")
    pointers = _pointers(root, apart)
    versions = [_version(home, entry, audience) for home in homes for entry in listed(home)]
    current = {home.name: number for home in homes if (number := latest(home))}
    if {name: source.sha256 for name, source in _pointers(root, apart).items()} != {name: source.sha256 for name, source in pointers.items()}:
        raise SourceError(f"{root} changed while it was being read: a release is under way. Run again when it is done.")
    return Offer(audience, tuple(versions), current, pointers)


def _version(home: Path, entry: Mapping, audience: str) -> OfferedVersion:
    folder = home / entry["version"]
    title = f"{home.name} {entry['version']}"
    released = entry["status"] == RELEASED
    descriptor: dict = {}
    if (folder / DESCRIPTOR).is_file():
        descriptor = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
        if descriptor.get("audience") != audience:
            raise WrongAudienceError(f"{title} lies in the folder of {audience} and says that it is for {descriptor.get('audience')!r}. Nothing was sent.")
    if released != bool(descriptor):
        raise SourceError(f"{title} is {entry['status']}, and its {DESCRIPTOR} is {'there' if descriptor else 'missing'}. Publish again, then deliver.")
    if not folder.is_dir():
        return OfferedVersion(home.name, entry["version"], released, descriptor, {})
    wrong = wrong_sums(folder) or wrong_archive(folder)
    if wrong:
        raise SourceError(f"{title} is damaged: {wrong[0]}. Nothing was sent.")
    files = {path.relative_to(folder).as_posix(): Source(path, path.stat().st_size, sha256(path)) for path in package_files(folder)}
    return OfferedVersion(home.name, entry["version"], released, descriptor, files)


def _has_partners(home: Path) -> bool:
    return any("partners" in json.loads(path.read_text(encoding="utf-8")) for path in home.glob(f"*/{DESCRIPTOR}"))


def _pointers(root: Path, apart: Collection[str]) -> dict[str, Source]:
    """The files outside of versions: those of products, then those of the audience, then `latest.json` of each product; but for products `apart`."""
    found = [
        path
        for path in root.rglob("*")
        if path.is_file() and not path.name.startswith(".") and not _in_version(path.relative_to(root)) and path.relative_to(root).parts[0] not in apart
    ]
    found.sort(key=lambda path: (path.name == "latest.json", -len(path.relative_to(root).parts), path.relative_to(root).as_posix()))
    return {path.relative_to(root).as_posix(): _read(path) for path in found}


def _in_version(path: Path) -> bool:
    return len(path.parts) > 2 and bool(VERSION.fullmatch(path.parts[1]))


def _read(path: Path) -> Source:
    content = path.read_bytes()
    return Source(path, len(content), hashlib.sha256(content).hexdigest(), content)


__all__ = ["SUMS", "Offer", "OfferedVersion", "Source", "read_offer"]
