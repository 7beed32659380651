"""The store: what publishing keeps beside the published folder and readers do not get.

    .<published>.releases/                        readable by its owner only
        ledger.jsonl                              who did what to which version, when and why
        <audience>/<product>/<version>/
            package/                              the package while readers do not have it yet, or once it is withdrawn
            preparation.json                      what it was made from and beside which versions
            review.json  review.md                the reviewer's report

A package is in the store or in the published folder, never in both: it moves between them in one rename, so both lie on one
file system. A withdrawn package stays in the store because readers may have kept it: what they know from it counts when the
next version is protected and attacked. Nothing here moves anything; only the places are known.
"""

from dataclasses import dataclass
from pathlib import Path

from vawg_opendata.products.declaration import AUDIENCES
from vawg_opendata.release.errors import ReleaseError
from vawg_opendata.release.lifecycle.versions import listed

DESCRIPTOR = "datapackage.json"
DISCLOSURE = "disclosure.json"
COMBINED = "vawg.duckdb"
"""The DuckDB file of all products of an audience, in its folder."""
TOMBSTONE = "withdrawn.json"


@dataclass(frozen=True)
class Store:
    """The places of a published folder and of what is kept beside it."""

    published: Path

    @property
    def root(self) -> Path:
        """The folder beside the published one."""
        published = self.published.resolve()
        return published.parent / f".{published.name}.releases"

    @property
    def ledger(self) -> Path:
        """The file of the ledger."""
        return self.root / "ledger.jsonl"

    @property
    def site(self) -> Path:
        """The folder of the public pages."""
        return self.published / "site"

    def home(self, audience: str, product: str) -> Path:
        """The published folder of a product."""
        return self.published / audience / product

    def visible(self, audience: str, product: str, version: str) -> Path:
        """Where readers find a version: the package, or its tombstone."""
        return self.home(audience, product) / version

    def kept(self, audience: str, product: str, version: str) -> Path:
        """What is kept of a version."""
        return self.root / audience / product / version

    def package(self, audience: str, product: str, version: str) -> Path:
        """Where the package of a version is while readers do not have it."""
        return self.kept(audience, product, version) / "package"

    def versions(self) -> list[tuple[str, str, str]]:
        """Audience, product and version of all that is kept."""
        found = (path for audience in AUDIENCES for path in sorted(self.root.glob(f"{audience}/*/*")) if path.is_dir())
        return [path.relative_to(self.root).parts for path in found]


def published_folders(published: Path, audience: str = "*", product: str = "*") -> list[Path]:
    """The packages of all versions of all products, or of one, that readers have or have had, those of a product newest first: of withdrawn ones the copy that
    was kept.

    ReleaseError where a withdrawn version was not kept: what readers know from it could not be taken into account.
    """
    store = Store(published)
    folders = []
    for listing in sorted(published.glob(f"{audience}/{product}/versions.json")):
        audience, product = listing.parent.relative_to(published).parts
        for entry in listed(listing.parent):
            places = (store.visible(audience, product, entry["version"]), store.package(audience, product, entry["version"]))
            folder = next((place for place in places if (place / DESCRIPTOR).is_file()), None)
            if folder is None:
                raise ReleaseError(
                    f"{product} {entry['version']} is listed, and is neither in {places[0]} nor in {places[1]}. Readers may have it, so what "
                    "follows must be protected beside it: put it back from a backup."
                )
            folders.append(folder)
    return folders
