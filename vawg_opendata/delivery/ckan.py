"""CKAN, through ckanapi and the Action API of CKAN 2.9 and later.

A dataset that is not there is made before its first file. Files are uploaded to resources (`upload`), whose
description names their version; the dataset's `version` comes last.
"""

import re
from collections.abc import Mapping
from typing import Any

import ckanapi
from ckanapi.errors import CKANAPIError, NotAuthorized, NotFound, SearchError, ValidationError

from vawg_opendata.delivery.adapter import Item
from vawg_opendata.delivery.errors import DeliveryError, RefusedError, UnreachableError
from vawg_opendata.delivery.offer import OfferedVersion
from vawg_opendata.delivery.site import Resource, SiteLayout, by_name
from vawg_opendata.delivery.targets import CkanTarget

_LICENCES = {"OGL-UK-3.0": "uk-ogl"}  # CKAN's own list of licences
_NO_TAG = re.compile(r"[^\w .-]")


class Ckan(SiteLayout):
    """The adapter to datasets of a CKAN site."""

    target: CkanTarget

    def __init__(self, target: CkanTarget) -> None:
        super().__init__(target)
        self.site = ckanapi.RemoteCKAN(target.url, apikey=target.key.read(), user_agent="vawg-opendata", session=self.session)

    def resources(self, product: str) -> Mapping[str, Resource]:
        """See `SiteLayout`."""
        found = (self._dataset(product) or {}).get("resources", [])
        resources = [
            Resource(entry["id"], entry["name"], entry.get("description") or "", int(entry.get("size") or 0), entry["url"]) for entry in found
        ]
        return by_name(self.target.name, product, resources)

    def begin(self) -> None:
        """Make the datasets that are not there, and set who may see those that are."""
        for product, name in self.target.datasets.items():
            if self._dataset(product) is None:
                self._ask("package_create", product, {"name": name, "title": product, "owner_org": self.target.organisation, "private": self.target.private})
            else:
                self._ask("package_patch", product, {"id": name, "private": self.target.private})

    def put(self, item: Item) -> None:
        """See `Adapter`."""
        product, _, title = item.name.partition("/")
        held = self.resource(item.name)
        described = {
            "name": title,
            "description": item.description,
            "format": title.rpartition(".")[2].upper(),
            "hash": f"sha256:{item.source.sha256}",
            "size": item.source.bytes,
            "url": "",
        }
        files = {"upload": (title, b"".join(item.source.blocks()))}
        if held:
            self._ask("resource_update", item.name, {"id": held.id, **described}, files)
        else:
            self._ask("resource_create", item.name, {"package_id": self.target.datasets[product], **described}, files)

    def remove(self, name: str) -> None:
        """See `Adapter`."""
        resource = self.resource(name)
        if resource is not None:
            self._ask("resource_delete", name, {"id": resource.id})
            self.check_gone(resource, name)

    def finish(self) -> None:
        """Say which version the datasets hold, what it is and under which licence."""
        assert self.offer is not None
        for product, name in self.target.datasets.items():
            number = self.offer.current.get(product)
            wanted = {"id": name, "private": self.target.private, **(_about(self.offer.version(product, number)) if number else {"version": "", "notes": "Withdrawn."})}
            for id, words in self.stale(product).items():
                self._ask("resource_patch", product, {"id": id, "description": words})
            current = self._dataset(product) or {}
            if any(_plain(current.get(key)) != _plain(value) for key, value in wanted.items() if key != "id"):
                self._ask("package_patch", product, wanted)

    def _dataset(self, product: str) -> dict | None:
        try:
            return self._ask("package_show", product, {"id": self.target.datasets[product]})
        except _Missing:
            return None

    def _ask(self, action: str, what: str, data: dict[str, Any], files: Mapping[str, Any] | None = None) -> Any:
        try:
            with self.asking(what):
                return self.site.call_action(action, data, files=files, requests_kwargs={"timeout": self.target.timeout})
        except NotFound:
            raise _Missing(f"Target {self.target.name}, {what}: {action} finds nothing.") from None
        except NotAuthorized:
            raise RefusedError(f"Target {self.target.name}, {what}: the key may not {action}.") from None
        except (ValidationError, SearchError) as error:
            raise RefusedError(f"Target {self.target.name}, {what}: {action} is refused: {str(error)[:200]}") from None
        except CKANAPIError:
            # its words are the whole answer, whatever that is
            raise UnreachableError(f"Target {self.target.name}, {what}: {action} got no answer of CKAN's.") from None


class _Missing(DeliveryError):
    """What was asked for is not there."""


def _about(version: OfferedVersion) -> dict[str, Any]:
    """The metadata of a dataset whose resources are those of a version."""
    package = version.descriptor
    notes = [package["description"], *(f"- **{entry['title']}.** {entry['description']}" for entry in package["caveats"])]
    return {
        "title": package["title"],
        "notes": "\n\n".join(notes),
        "license_id": _LICENCES.get(package["licenses"][0]["name"], "notspecified"),
        "tags": [{"name": _NO_TAG.sub("", word)} for word in package["keywords"]],
        "version": version.number,
    }


def _plain(value: Any) -> Any:
    """A value as it compares with what the site tells: of tags their names alone, in no order."""
    return sorted(tag["name"] for tag in value) if isinstance(value, list) else value
