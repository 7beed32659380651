"""The feed of an audience's releases: `feed.atom`, Atom as of RFC 4287, newest change first.

An entry per version. Its id is a UUID made from publisher, audience, product and number, so it never changes, whatever the
feed is served from; a withdrawal changes the entry's title, text and time, and so reaches everyone who reads the feed.
"""

import uuid
from collections.abc import Sequence
from xml.etree import ElementTree

from vawg_opendata.release.catalogue.entries import ProductEntry, VersionEntry

FEED = "feed.atom"
_ATOM = "http://www.w3.org/2005/Atom"
_TITLES = {"datastore": "Releases of open data on violence against women and girls"}
_TITLE = "Releases for partners of data on violence against women and girls"


def feed(audience: str, products: Sequence[ProductEntry]) -> str:
    """The feed of an audience's products, of which there is at least one. Addresses are relative to the feed."""
    root = ElementTree.Element("feed", {"xmlns": _ATOM, "xml:lang": "en-GB"})
    _add(root, "id", _identifier(audience, products[0]))
    _add(root, "title", _TITLES.get(audience, _TITLE))
    _add(root, "updated", max(product.changed for product in products))
    _add(root, "link", rel="self", href=FEED, type="application/atom+xml")
    _author(root, products[0])
    versions = [(product, version) for product in products for version in product.versions]
    # newest change first; of those at one time by product, then the newest version
    versions.sort(key=lambda pair: (pair[1].changed, pair[0].name, tuple(map(int, pair[1].number.split(".")))), reverse=True)
    for product, version in versions:
        _entry(root, product, version)
    ElementTree.indent(root)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + ElementTree.tostring(root, encoding="unicode") + "\n"


def _entry(root: ElementTree.Element, product: ProductEntry, version: VersionEntry) -> None:
    entry = ElementTree.SubElement(root, "entry")
    title = f"{version.descriptor.get('title') or product.title} {version.number}"
    _add(entry, "id", _identifier(product.audience, product, version))
    _add(entry, "title", title if version.offered else f"Withdrawn: {title}")
    _add(entry, "published", version.issued)
    _add(entry, "updated", version.changed)
    _author(entry, product)
    _add(entry, "category", term="released" if version.offered else "withdrawn")
    if "README.md" in version.documents:
        _add(entry, "link", rel="alternate", href=f"{version.path}/README.md", type="text/markdown")
    if version.offered:
        _add(entry, "link", rel="related", href=f"{version.path}/CHANGES.md", type="text/markdown")
        for file in version.files:
            if file.format == "zip":
                _add(entry, "link", rel="enclosure", href=f"{version.path}/{file.path}", type=file.media_type, length=str(file.bytes))
        _add(entry, "content", version.descriptor["description"], type="text")
    else:
        _add(entry, "content", f"This version was withdrawn. {version.reason} Delete your copies of it.".replace("  ", " "), type="text")


def _identifier(audience: str, product: ProductEntry, version: VersionEntry | None = None) -> str:
    """The id of an entry, or of the feed: a UUID of a name below the publisher's address (version 5 of RFC 9562)."""
    parts = [product.publisher[1].rstrip("/"), "vawg-opendata", audience]
    if version is not None:
        parts += [product.name, version.number]
    return uuid.uuid5(uuid.NAMESPACE_URL, "/".join(parts)).urn


def _author(parent: ElementTree.Element, product: ProductEntry) -> None:
    author = ElementTree.SubElement(parent, "author")
    name, address = product.publisher
    _add(author, "name", name)
    _add(author, "uri", address)


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> None:
    ElementTree.SubElement(parent, name, attributes).text = text or None
