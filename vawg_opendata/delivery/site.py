"""What sites that show datasets have in common: their layout, and talking HTTP to them.

A product is a dataset there, a file a resource with a stable name, replaced in place when a new version comes. Folders do not
exist, so the data files of the current version lie side by side, code lists as `codelist-<name>.csv`, and one zip for each
version that is offered. A resource's description ends with the version it is of, by which we know our own: what
somebody else put into the dataset is left alone.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from vawg_opendata.delivery.adapter import Item, Wanted
from vawg_opendata.delivery.errors import ConflictError, RefusedError, TargetError, UnreachableError
from vawg_opendata.delivery.offer import BLOCK, Offer, OfferedVersion
from vawg_opendata.delivery.targets import CkanTarget, DataPressTarget
from vawg_opendata.release.catalogue.entries import DOCUMENTS

_OURS = re.compile(r"\(version \d+\.\d+\.\d+ of ([a-z][a-z0-9-]*)\)$")
_LONGEST = 200


@dataclass(frozen=True)
class Resource:
    """A resource of a dataset, as the site tells of it."""

    id: str
    name: str
    description: str
    bytes: int
    url: str

    def is_ours(self, product: str) -> bool:
        """Whether we put it there."""
        found = _OURS.search(self.description)
        return bool(found and found[1] == product) or bool(re.fullmatch(re.escape(product) + r"-\d+\.\d+\.\d+\.zip", self.name))


class SiteLayout:
    """What adapters to such sites have in common. A name is `<product>/<name of the resource>`."""

    def __init__(self, target: DataPressTarget | CkanTarget) -> None:
        self.target = target
        self.offer: Offer | None = None
        self.wanted = Wanted(())
        self.session = requests.Session()
        self.session.auth = _Key(target.key.read(), urlsplit(target.url).netloc)

    def layout(self, offer: Offer) -> Wanted:
        """See `Adapter`."""
        unknown = [product for product in self.target.datasets if product not in offer.products]
        if unknown:
            raise TargetError(f"Target {self.target.name}: nothing of {unknown[0]} is published for {offer.audience}.")
        self.offer = offer
        items: list[Item] = []
        for product in self.target.datasets:
            released = [version for version in offer.versions if version.product == product and version.released]
            current = next((version for version in released if version.number == offer.current.get(product)), None)
            items += _data(current) if current else []
            items += [item for version in released for item in _archives(version)]
            items += _documents(current) if current else []
        self.wanted = Wanted(tuple(items))
        return self.wanted

    def stale(self, product: str) -> dict[str, str]:
        """Descriptions by id, of resources whose content is that of the version wanted and whose description is of another."""
        wanted = {item.name: item.description for item in self.wanted.items}
        found = self.resources(product).items()
        return {held.id: words for name, held in found if (words := wanted.get(f"{product}/{name}", held.description)) != held.description}

    def resources(self, product: str) -> Mapping[str, Resource]:
        """The resources of a product's dataset by name; ConflictError where two have one name."""
        raise NotImplementedError

    def held(self) -> Mapping[str, int]:
        """See `Adapter`."""
        return {f"{product}/{name}": found.bytes for product in self.target.datasets for name, found in self.resources(product).items()}

    def withdrawn(self, offer: Offer, held: Mapping[str, int]) -> list[str]:
        """Resources of ours that the offer no longer has: the zips first, for they hold whole versions."""
        wanted = {item.name for item in self.layout(offer).items}
        ours = [f"{product}/{name}" for product in self.target.datasets for name, found in self.resources(product).items() if found.is_ours(product)]
        return sorted((name for name in ours if name not in wanted), key=lambda name: (not name.endswith(".zip"), name))

    def check(self, offer: Offer, held: Mapping[str, int]) -> None:
        """Others may put resources into a dataset; two of one name were told when the dataset was read."""

    def digest(self, name: str) -> str:
        """See `Adapter`."""
        resource = self.resource(name)
        if resource is None:
            raise UnreachableError(f"Target {self.target.name}: {name} is not there, although it was sent.")
        digest = hashlib.sha256()
        with self.asking(name), self.session.get(resource.url, timeout=self.target.timeout, stream=True, headers={"Cache-Control": "no-cache"}) as answer:
            self.judge(answer, name)
            for block in answer.iter_content(BLOCK):
                digest.update(block)
        return digest.hexdigest()

    def resource(self, name: str) -> Resource | None:
        """The resource of a name, None where there is none."""
        product, _, title = name.partition("/")
        return self.resources(product).get(title)

    def check_gone(self, resource: Resource, name: str) -> None:
        """ConflictError while the address of a resource that was removed still gives its content to somebody."""
        with self.asking(name), self.session.get(resource.url, timeout=self.target.timeout, stream=True, headers={"Cache-Control": "no-cache"}) as answer:
            if answer.ok:
                raise ConflictError(f"Target {self.target.name}: {name} was removed, and {resource.url} still gives it. Ask those who run the site to delete it.")

    def close(self) -> None:
        """See `Adapter`."""
        self.session.close()

    @contextmanager
    def asking(self, what: str) -> Iterator[None]:
        """Turn faults on the way to the site into our own errors."""
        try:
            yield
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise UnreachableError(f"Target {self.target.name}, {what}: no whole answer ({type(error).__name__}).") from None
        except requests.RequestException as error:
            raise RefusedError(f"Target {self.target.name}, {what}: {type(error).__name__}.") from None

    def judge(self, answer: requests.Response, what: str) -> None:
        """UnreachableError or RefusedError unless the answer is a good one."""
        if answer.status_code >= 500 or answer.status_code in (408, 425, 429):
            raise UnreachableError(f"Target {self.target.name}, {what}: the site failed ({answer.status_code}).")
        if answer.status_code >= 300:
            words = answer.text[:_LONGEST].replace("\n", " ") if answer.headers.get("Content-Type", "").startswith("application/json") else ""
            raise RefusedError(f"Target {self.target.name}, {what}: the site refused it ({answer.status_code}). {words}".strip())


def by_name(target: str, product: str, resources: list[Resource]) -> dict[str, Resource]:
    """Resources by name. ConflictError where two have the same: we would not know which to replace."""
    found: dict[str, Resource] = {}
    for resource in resources:
        if resource.name in found:
            raise ConflictError(f"Target {target}: the dataset of {product} has two resources named {resource.name}. Remove one of them there.")
        found[resource.name] = resource
    return found


def _data(version: OfferedVersion) -> list[Item]:
    """The resources of a version's descriptor, in its order."""
    return [
        Item(f"{version.product}/{_flat(entry['path'])}", version.files[entry["path"]], _description(entry["title"], version))
        for entry in version.descriptor["resources"]
    ]


def _archives(version: OfferedVersion) -> list[Item]:
    return [
        Item(f"{version.product}/{path}", source, _description("The whole package: descriptor, tables, code lists and checksums", version))
        for path, source in version.files.items() if path.endswith(".zip")
    ]  # fmt: skip


def _documents(version: OfferedVersion) -> list[Item]:
    return [
        Item(f"{version.product}/{path}", version.files[path], _description(title, version)) for path, title in DOCUMENTS.items() if path in version.files
    ]


def _flat(path: str) -> str:
    """The name of a file where there are no folders."""
    folder, _, name = path.rpartition("/")
    return f"codelist-{name}" if folder == "codelists" else name


def _description(words: str, version: OfferedVersion) -> str:
    return f"{words} (version {version.number} of {version.product})"


class _Key(AuthBase):
    """Sends the key to the site and to nobody else, wherever a file's address leads; and nothing from a file of passwords."""

    def __init__(self, key: str, host: str) -> None:
        self._key, self._host = key, host

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if urlsplit(request.url or "").netloc == self._host:
            request.headers["Authorization"] = self._key
        return request
