"""Reading what is released to the public: products, their versions, and their tables as arrays of cells.

Everything is read from the published folder, as any reader could; nothing of records, counts or declarations is known here.
A version that was withdrawn is known by name, status and reason alone. What is made of the cells belongs in the other modules.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from vawg_opendata.charts.cells import Cells, Codes, read_cells, read_codes, read_rows
from vawg_opendata.release.lifecycle.states import RELEASED
from vawg_opendata.release.lifecycle.store import DESCRIPTOR
from vawg_opendata.release.lifecycle.versions import latest, listed

AUDIENCE = "datastore"
"""The only audience whose packages may appear on pages that anyone can open."""

NOTES = ("caveats", "series_breaks", "definitions")


@dataclass(frozen=True)
class Version:
    """One version of a product. A withdrawn one may have no descriptor left: then only its entry in the list is known."""

    product: str
    number: str
    entry: Mapping
    folder: Path
    descriptor: Mapping

    @property
    def status(self) -> str:
        """As `versions.json` says: released or withdrawn."""
        return self.entry["status"]

    @property
    def readable(self) -> bool:
        """Whether its data are there to be read."""
        return self.status == RELEASED and bool(self.descriptor)

    @cached_property
    def tables(self) -> dict[str, Mapping]:
        """The resources of the package that are tables, by name."""
        return {resource["name"]: resource for resource in self.descriptor["resources"] if resource.get("type") == "table"}

    @cached_property
    def codes(self) -> dict[str, Codes]:
        """The code lists, by name."""
        return {name: read_codes(self.folder, resource) for name, resource in self.tables.items() if resource["path"].startswith("codelists/")}

    def notes(self, name: str) -> list[dict[str, str]]:
        """The rows of a table of notes, or none where the package has no such table."""
        resource = self.tables.get(name)
        return read_rows(self.folder / resource["path"]) if resource else []

    def json(self, name: str) -> dict:
        """A JSON file of the package; empty where it is not there."""
        path = self.folder / name
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    @property
    def statistical(self) -> list[Mapping]:
        """The resources that hold protected statistics."""
        return [resource for resource in self.tables.values() if resource.get("statistics")]

    @property
    def records(self) -> list[Mapping]:
        """The tables that are neither statistics, nor notes, nor code lists: records published one by one."""
        return [
            resource
            for resource in self.tables.values()
            if not resource.get("statistics") and resource["name"] not in NOTES and not resource["path"].startswith("codelists/")
        ]

    def cells(self, resource: Mapping) -> list[Cells]:
        """The measures of a statistical table, each as its cells."""
        return read_cells(self.folder, resource, self.codes)


def released(published: Path) -> dict[str, list[Version]]:
    """By product, all its versions, newest first; those of the public audience alone."""
    products = {}
    for listing in sorted((published / AUDIENCE).glob("*/versions.json")):
        home = listing.parent
        versions = [_version(home, entry) for entry in listed(home)]
        if any(version.readable for version in versions):
            products[home.name] = versions
    return products


def newest(published: Path, versions: list[Version]) -> Version:
    """The version that readers are led to: the one that `latest.json` names, else the newest that is released."""
    named = latest(published / AUDIENCE / versions[0].product)
    readable = [version for version in versions if version.readable]
    return next((version for version in readable if version.number == named), readable[0])


def _version(home: Path, entry: Mapping) -> Version:
    folder = home / entry["version"]
    path = folder / DESCRIPTOR
    descriptor = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return Version(home.name, entry["version"], entry, folder, descriptor)
