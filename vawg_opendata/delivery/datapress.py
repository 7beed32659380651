"""DataPress, the software of the London Datastore.

By its API reference (Reading, Creating and Patching Datasets and Uploading Files, version 4.0 of July 2024; Uploading Large Files,
version 1.0 of August 2025): a file is added or replaced by a multipart form, one above 100 MB in chunks of 5 MB; all else is JSON
Patch on the dataset, which also removes a resource. Who may see a dataset (`sharing`) is public unless said otherwise, so it
is said before every delivery. For the number of a chunk the reference has the field `chunk`, the vendor's own client
(datapress 1.3.0) `part`; both are sent. That client is not used: it waits for ever, tries no failed chunk again, and
sends nothing of an empty file. The hash that the site tells is not SHA-256, so content is read back.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from urllib.parse import urlsplit

from vawg_opendata.delivery.adapter import Item
from vawg_opendata.delivery.errors import RefusedError, UnreachableError
from vawg_opendata.delivery.offer import OfferedVersion
from vawg_opendata.delivery.site import Resource, SiteLayout, by_name
from vawg_opendata.delivery.targets import DataPressTarget

CHUNKED_ABOVE = 100_000_000
CHUNK = 5 * 1024 * 1024


class DataPress(SiteLayout):
    """The adapter to datasets of a DataPress site."""

    target: DataPressTarget

    def __init__(self, target: DataPressTarget) -> None:
        super().__init__(target)
        self.chunked_above = CHUNKED_ABOVE
        self._uploads: dict[tuple[str, str], _Upload] = {}

    def resources(self, product: str) -> Mapping[str, Resource]:
        """See `SiteLayout`."""
        found = self._dataset(product).get("resources") or {}
        resources = [
            Resource(id, entry["title"], entry.get("description") or "", entry.get("size") or 0, entry["url"]) for id, entry in found.items()
        ]
        return by_name(self.target.name, product, resources)

    def begin(self) -> None:
        """Check the key, and set who may see the datasets before anything is in them."""
        if self._ask("GET", "/api/v3/whoami", "key") is None:
            raise RefusedError(f"Target {self.target.name}: the site does not know the key.")
        for product in self.target.datasets:
            self._patch(product, {"/sharing": self.target.sharing})

    def put(self, item: Item) -> None:
        """See `Adapter`."""
        product, _, title = item.name.partition("/")
        held = self.resource(item.name)
        if item.source.bytes > self.chunked_above:
            self._put_in_chunks(item, product, title, held)
        else:
            path = f"{self._path(product)}/resources" + (f"/{held.id}" if held else "")
            self._ask("POST", path, item.name, files={"file": (title, b"".join(item.source.blocks()))}, data={"title": title})
        sent = self.resource(item.name)
        if sent is None:
            raise UnreachableError(f"Target {self.target.name}: {item.name} is not there, although it was sent.")
        if sent.description != item.description:
            self._patch(product, {f"/resources/{sent.id}/description": item.description})

    def remove(self, name: str) -> None:
        """See `Adapter`."""
        resource = self.resource(name)
        if resource is not None:
            product = name.partition("/")[0]
            self._ask("PATCH", self._path(product), name, json=[{"op": "remove", "path": f"/resources/{resource.id}"}])
            self.check_gone(resource, name)

    def finish(self) -> None:
        """Say which version the datasets hold, what it is and under which licence; the time of the update only when that is new."""
        assert self.offer is not None
        for product in self.target.datasets:
            number = self.offer.current.get(product)
            current = self._dataset(product)
            wanted: dict[str, object] = {"/sharing": self.target.sharing}
            wanted |= _about(self.offer.version(product, number)) if number else {"/description": _nothing(product)}
            stale = {f"/resources/{id}/description": words for id, words in self.stale(product).items()}
            if stale or any(current.get(path[1:]) != value for path, value in wanted.items()):
                wanted |= stale
                self._patch(product, {**wanted, "/updatedAt": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")})

    def _put_in_chunks(self, item: Item, product: str, title: str, held: Resource | None) -> None:
        """Send a large file in chunks; a call after one that broke off goes on with the chunk that failed."""
        key = (item.name, item.source.sha256)
        upload = self._uploads.get(key)
        if upload is None:
            parts = -(-item.source.bytes // CHUNK)
            asked: dict[str, object] = {"filename": title, "parts": parts, "title": title, "description": item.description}
            if held:
                asked["resource_id"] = held.id
            urls = self._ask("POST", f"/api/v3/dataset/{self.target.datasets[product]}/upload", item.name, json=asked)
            upload = self._uploads[key] = _Upload(self._own(urls["urlChunk"]), self._own(urls["urlComplete"]), parts)
        buffer, number = b"", upload.sent
        for block in item.source.blocks(upload.sent * CHUNK):
            buffer += block
            while len(buffer) >= CHUNK:
                self._chunk(upload, number, buffer[:CHUNK], item)
                buffer, number = buffer[CHUNK:], number + 1
        if buffer:
            self._chunk(upload, number, buffer, item)
        del self._uploads[key]
        self._ask("POST", upload.complete, item.name)

    def _chunk(self, upload: "_Upload", number: int, data: bytes, item: Item) -> None:
        try:
            self._ask("POST", upload.chunk, f"{item.name}, chunk {number + 1} of {upload.parts}", files={"file": data}, data={"chunk": number, "part": number})
        except RefusedError:
            self._uploads.pop((item.name, item.source.sha256), None)  # an upload that the site has forgotten is begun anew
            raise
        upload.sent = number + 1

    def _own(self, url: str) -> str:
        """The path of an address that must be on the site, since the key and data go there."""
        if urlsplit(url).netloc != urlsplit(self.target.url).netloc:
            raise RefusedError(f"Target {self.target.name}: the site wants the file at {urlsplit(url).netloc}, which is not the site.")
        return urlsplit(url).path

    def _path(self, product: str) -> str:
        return f"/api/dataset/{self.target.datasets[product]}"

    def _dataset(self, product: str) -> dict:
        return self._ask("GET", self._path(product), product)

    def _patch(self, product: str, values: Mapping[str, object]) -> None:
        """Set parts of a dataset. In JSON Patch `add` also replaces."""
        self._ask("PATCH", self._path(product), f"{product}, metadata", json=[{"op": "add", "path": path, "value": value} for path, value in values.items()])

    def _ask(self, method: str, path: str, what: str, **content: object) -> dict:
        with self.asking(what):
            answer = self.session.request(
                method, self.target.url.rstrip("/") + path, timeout=self.target.timeout, allow_redirects=False, **content
            )
            self.judge(answer, what)
            try:
                return answer.json()
            except ValueError:
                raise UnreachableError(f"Target {self.target.name}, {what}: the answer is not JSON.") from None


class _Upload:
    """A file on its way in chunks: where to send them, and how many the site has."""

    def __init__(self, chunk: str, complete: str, parts: int) -> None:
        self.chunk, self.complete, self.parts, self.sent = chunk, complete, parts, 0


def _about(version: OfferedVersion) -> dict[str, object]:
    """The metadata of a dataset whose resources are those of a version."""
    package = version.descriptor
    caveats = "".join(f"<li><strong>{escape(entry['title'])}.</strong> {escape(entry['description'])}</li>" for entry in package["caveats"])
    licence = package["licenses"][0]
    return {
        "/title": package["title"],
        "/description": f"<p>{escape(package['description'])}</p><ul>{caveats}</ul><p>Version {version.number}.</p>",
        "/tags": list(package["keywords"]),
        "/licence": {"title": licence["title"], "url": licence["path"]},
    }


def _nothing(product: str) -> str:
    return f"<p>Every version of {escape(product)} was withdrawn.</p>"
