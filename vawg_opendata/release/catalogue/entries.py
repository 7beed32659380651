"""What is published, as catalogues need it: products, their versions, and the files of each version.

Read from the published folder and nothing else, so that a catalogue can be made again from what readers have. How a
catalogue is written belongs in `dcat`, `schema_org` and `feed`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vawg_opendata.products import PRODUCTS
from vawg_opendata.products.wording import PUBLISHER
from vawg_opendata.release.checks.loading import DESCRIPTOR
from vawg_opendata.release.files import SIGNATURE, SUMS, sha256
from vawg_opendata.release.lifecycle.versions import RELEASED, listed
from vawg_opendata.release.package.archive import archive_path

DOCUMENTS = {"README.md": "About this package", "CHANGES.md": "What changed since the version before"}


@dataclass(frozen=True)
class PublishedFile:
    """A file that readers can download; `path` is relative to the folder of the version."""

    path: str
    title: str
    description: str
    format: str
    media_type: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class VersionEntry:
    """One version. `path` is relative to the folder of the audience. A withdrawn one has a `reason` and no files; its documents
    are what was put in their place.

    `issued` and `withdrawn` are times in UTC as RFC 3339; `withdrawn` is empty while the version is offered.
    """

    number: str
    path: str
    issued: str
    withdrawn: str
    reason: str
    descriptor: Mapping
    files: tuple[PublishedFile, ...]
    documents: tuple[str, ...]

    @property
    def offered(self) -> bool:
        """Whether readers can have it."""
        return not self.withdrawn

    @property
    def changed(self) -> str:
        """When its state last changed."""
        return self.withdrawn or self.issued


@dataclass(frozen=True)
class ProductEntry:
    """A product with its versions, the newest first; `current` is the newest that is offered, to which `latest.json` is moved last."""

    audience: str
    name: str
    versions: tuple[VersionEntry, ...]
    current: VersionEntry | None

    @property
    def described(self) -> Mapping:
        """The descriptor that speaks for the product: of the current version, else of the newest that is still there."""
        if self.current is not None:
            return self.current.descriptor
        return next((version.descriptor for version in self.versions if version.descriptor), {})

    @property
    def title(self) -> str:
        """Title, even when nothing of it is offered any more."""
        return self.described.get("title") or (PRODUCTS[self.name].title if self.name in PRODUCTS else self.name)

    @property
    def description(self) -> str:
        """Description, even when nothing of it is offered any more."""
        return self.described.get("description") or (PRODUCTS[self.name].description if self.name in PRODUCTS else self.title)

    @property
    def publisher(self) -> tuple[str, str]:
        """Who publishes it: name and address."""
        contact = self.described.get("contributors", [{"title": PUBLISHER.title, "path": PUBLISHER.path}])[0]
        return contact["title"], contact["path"]

    @property
    def changed(self) -> str:
        """When one of its versions last changed its state."""
        return max(version.changed for version in self.versions)


def published_products(published: Path) -> list[ProductEntry]:
    """All products that have a version in their `versions.json`, by audience and name."""
    homes = sorted(path.parent for path in published.glob("*/*/versions.json"))
    return [_product(home) for home in homes if listed(home)]


def _product(home: Path) -> ProductEntry:
    versions = tuple(_version(home, entry) for entry in listed(home))
    return ProductEntry(home.parent.name, home.name, versions, next((version for version in versions if version.offered), None))


def _version(home: Path, entry: Mapping) -> VersionEntry:
    folder = home / entry["version"]
    path = f"{home.name}/{entry['version']}"
    withdrawn = "" if entry["status"] == RELEASED else entry["withdrawn"]
    descriptor = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8")) if (folder / DESCRIPTOR).is_file() else {}
    names = ("README.md",) if withdrawn else (*DOCUMENTS, SUMS, SIGNATURE)
    documents = tuple(name for name in names if (folder / name).is_file())
    files = () if withdrawn else tuple(_files(folder, descriptor))
    return VersionEntry(entry["version"], path, entry["released"], withdrawn, entry.get("reason", ""), descriptor, files, documents)


def _files(folder: Path, descriptor: Mapping) -> list[PublishedFile]:
    files = [
        PublishedFile(
            resource["path"],
            resource["title"],
            resource["description"],
            resource["format"],
            resource["mediatype"],
            resource["bytes"],
            resource["hash"].removeprefix("sha256:"),
        )
        for resource in descriptor["resources"]
    ]
    archive = archive_path(folder)
    if archive is not None:
        words = f"All files of version {descriptor['version']} of {descriptor['title']}, in one zip file."
        files.append(PublishedFile(archive.name, "Whole package (zip)", words, "zip", "application/zip", archive.stat().st_size, sha256(archive)))
    return files
