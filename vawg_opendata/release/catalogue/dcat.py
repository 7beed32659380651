"""A catalogue in DCAT 3, as JSON-LD.

A product is a dataset that has its versions as datasets (`dcat:hasVersion`), each after the one before it
(`dcat:previousVersion`), with a distribution per file and one for the zip. The product's own distributions are those of its
current version, because most harvesters look no further. A withdrawn version is named, with its status and reason, and has
no distribution. Properties and their ranges follow DCAT-AP 3.0, whose shapes the tests apply; controlled terms are those of the
EU Publications Office. Addresses are relative to the catalogue, so that its folder can be served from anywhere.
"""

from collections.abc import Mapping, Sequence

from vawg_opendata.release.catalogue.entries import DOCUMENTS, ProductEntry, PublishedFile, VersionEntry

CONTEXT = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "prov": "http://www.w3.org/ns/prov#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
TITLE = "Data on violence against women and girls"
DESCRIPTION = "Protected statistics made from police records, as data packages with all their versions."

_AUTHORITY = "http://publications.europa.eu/resource/authority"
_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
_REGISTERED = ("text/csv", "application/vnd.apache.parquet", "application/zip")
_ACCESS = {"datastore": "PUBLIC"}  # every other audience is a restricted one
_GSS = "http://statistics.data.gov.uk/id/statistical-geography/"


def catalogue(products: Sequence[ProductEntry], prefix: Mapping[str, str]) -> dict:
    """The catalogue of some products, of which there is at least one; `prefix` is what goes before the path of each audience."""
    publishers = {agent["@id"]: agent for agent in (_publisher(*product.publisher) for product in products)}
    return {
        "@context": CONTEXT,
        "@id": "",
        "@type": "dcat:Catalog",
        "dct:title": _text(TITLE),
        "dct:description": _text(DESCRIPTION),
        "dct:language": _term("dct:LinguisticSystem", "language/ENG"),
        "dct:publisher": list(publishers.values()),
        "dct:modified": _moment(max(product.changed for product in products)),
        "dcat:dataset": [_product(product, prefix[product.audience]) for product in products],
    }


def _product(product: ProductEntry, prefix: str) -> dict:
    current = product.current
    return {
        "@id": f"{prefix}{product.name}/",
        "@type": "dcat:Dataset",
        "dct:title": _text(product.title),
        "dct:description": _text(product.description),
        "dct:identifier": f"{product.audience}/{product.name}",
        **_about(product.described, product.audience),
        "dct:issued": _moment(min(version.issued for version in product.versions)),
        "dct:modified": _moment(product.changed),
        "adms:status": _status(current is not None),
        **({"dcat:hasCurrentVersion": {"@id": _address(prefix, current)}} if current else {}),
        **({"dcat:distribution": [{"@id": _address(prefix, current) + file.path} for file in current.files]} if current else {}),
        "dcat:hasVersion": [
            _version(product, version, before, prefix)
            for version, before in zip(product.versions, [*product.versions[1:], None], strict=True)
        ],
    }


def _version(product: ProductEntry, version: VersionEntry, before: VersionEntry | None, prefix: str) -> dict:
    address = _address(prefix, version)
    licence = version.descriptor.get("licenses", [])
    dataset = {
        "@id": address,
        "@type": "dcat:Dataset",
        "dct:title": _text(f"{version.descriptor.get('title') or product.title}, version {version.number}"),
        "dct:description": _text(version.descriptor.get("description") or product.description),
        "dct:identifier": f"{product.audience}/{product.name}/{version.number}",
        **_about(version.descriptor, product.audience),
        "dcat:version": version.number,
        "dct:issued": _moment(version.issued),
        "dct:modified": _moment(version.changed),
        "adms:status": _status(version.offered),
    }
    if before is not None:
        dataset["dcat:previousVersion"] = {"@id": _address(prefix, before)}
    if version.documents:
        dataset["foaf:page"] = [
            {"@id": f"{address}{name}", "@type": "foaf:Document", "dct:title": _text(DOCUMENTS.get(name, name))} for name in version.documents
        ]
    if not version.offered:
        return dataset | {"adms:versionNotes": _text(f"Withdrawn. {version.reason}".strip())}
    return dataset | {"dcat:distribution": [_distribution(file, address, licence, version) for file in version.files]}


def _distribution(file: PublishedFile, address: str, licences: Sequence[Mapping], version: VersionEntry) -> dict:
    place = {"@id": f"{address}{file.path}"}
    distribution = {
        **place,
        "@type": "dcat:Distribution",
        "dct:title": _text(file.title),
        "dct:description": _text(file.description),
        "dcat:accessURL": place,
        "dcat:downloadURL": place,
        "dct:format": {"@type": "dct:MediaTypeOrExtent", "rdfs:label": file.format},
        "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(file.bytes)},
        "dct:issued": _moment(version.issued),
        "dct:license": [_licence(licence) for licence in licences],
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256", "@type": "spdx:ChecksumAlgorithm"},
            "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": file.sha256},
        },
    }
    if file.media_type in _REGISTERED:
        distribution["dcat:mediaType"] = {"@id": f"{_MEDIA_TYPES}{file.media_type}", "@type": "dct:MediaType"}
    if file.format == "zip":
        distribution["dcat:packageFormat"] = {"@id": f"{_MEDIA_TYPES}{file.media_type}", "@type": "dct:MediaType"}
    return distribution


def _about(package: Mapping, audience: str) -> dict:
    """What a data package says of itself, in DCAT's words; of a package that is gone, who may have had it."""
    about: dict = {"dct:accessRights": _term("dct:RightsStatement", f"access-right/{_ACCESS.get(audience, 'RESTRICTED')}")}
    if not package:
        return about
    contact = package["contributors"][0]
    about |= {
        "dcat:theme": _term("skos:Concept", "data-theme/JUST") | {"skos:prefLabel": _text("Justice, legal system and public safety")},
        "dcat:keyword": [_text(word) for word in package["keywords"]],
        "dct:language": _term("dct:LinguisticSystem", "language/ENG"),
        "dct:license": [_licence(licence) for licence in package["licenses"]],
        "dct:publisher": _publisher(contact["title"], contact["path"]),
        "dcat:contactPoint": {"@type": ["vcard:Kind", "vcard:Organization"], "vcard:fn": contact["title"], "vcard:hasURL": {"@id": contact["path"]}},
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@type": "xsd:gYearMonth", "@value": package["temporal"]["start"]},
            "dcat:endDate": {"@type": "xsd:gYearMonth", "@value": package["temporal"]["end"]},
        },
        "dct:spatial": {
            "@id": f"{_GSS}{package['spatial']['code']}",
            "@type": "dct:Location",
            "dct:identifier": package["spatial"]["code"],
            "skos:prefLabel": _text(package["spatial"]["title"]),
        },
        "prov:wasDerivedFrom": [{"@id": source["path"]} for source in package["sources"] if "path" in source],
    }
    if package.get("frequency"):
        about["dct:accrualPeriodicity"] = _term("dct:Frequency", f"frequency/{package['frequency'].upper()}")
    return {key: value for key, value in about.items() if value != []}


def _publisher(name: str, address: str) -> dict:
    return {"@id": f"{address}#publisher", "@type": ["foaf:Agent", "foaf:Organization"], "foaf:name": _text(name), "foaf:homepage": {"@id": address}}


def _status(offered: bool) -> dict:
    return _term("skos:Concept", f"distribution-status/{'COMPLETED' if offered else 'WITHDRAWN'}") | {
        "skos:prefLabel": _text("released" if offered else "withdrawn")
    }


def _licence(licence: Mapping) -> dict:
    return {"@id": licence["path"], "@type": "dct:LicenseDocument", "dct:title": _text(licence["title"])}


def _term(kind: str, path: str) -> dict:
    return {"@id": f"{_AUTHORITY}/{path}", "@type": kind}


def _address(prefix: str, version: VersionEntry) -> str:
    return f"{prefix}{version.path}/"


def _text(words: str) -> dict:
    return {"@language": "en", "@value": words}


def _moment(time: str) -> dict:
    return {"@type": "xsd:dateTime", "@value": time}
