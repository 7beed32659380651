"""The catalogue of everything published: `catalogue.json`, DCAT as JSON-LD.

One dataset per product with its versions, newest first; each file of a version is a distribution with size and SHA-256.
Addresses are relative to the catalogue, so that the folder can be served from anywhere. It is made from the published
descriptors and nothing else.
"""

import json
from pathlib import Path

from vawg_opendata.release.files import replace_json
from vawg_opendata.release.loading import DESCRIPTOR
from vawg_opendata.release.versions import latest, listed

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def write_catalogue(published: Path) -> None:
    """Write `catalogue.json` for all products that have a `versions.json`."""
    products = sorted(path.parent for path in published.glob("*/*/versions.json"))
    catalogue = {
        "@context": CONTEXT,
        "@id": "",
        "@type": "dcat:Catalog",
        "dct:title": "Open data on violence against women and girls",
        "dct:description": "Protected statistics made from police records, as data packages, every version.",
        "dcat:dataset": [_product(published, folder) for folder in products],
    }
    replace_json(published / "catalogue.json", catalogue)


def _product(published: Path, folder: Path) -> dict:
    entries = listed(folder)
    current = latest(folder) or entries[0]["version"]
    versions = [_version(published, folder / entry["version"], entry) for entry in entries]
    newest = _described(published, folder / current)
    return {
        "@id": f"{folder.relative_to(published).as_posix()}/",
        "@type": "dcat:Dataset",
        **newest,
        "dcat:hasCurrentVersion": {"@id": f"{(folder / current).relative_to(published).as_posix()}/"},
        "dcat:hasVersion": versions,
    }


def _described(published: Path, version: Path) -> dict:
    """What a data package says of itself, in DCAT's words."""
    package = json.loads((version / DESCRIPTOR).read_text(encoding="utf-8"))
    contributor = package["contributors"][0]
    return {
        "dct:title": package["title"],
        "dct:description": package["description"],
        "dct:identifier": f"{package['audience']}/{package['name']}",
        "dcat:keyword": package["keywords"],
        "dct:license": {"@id": package["licenses"][0]["path"]},
        "dct:publisher": {"@type": "foaf:Organization", "foaf:name": contributor["title"], "foaf:homepage": {"@id": contributor["path"]}},
        "dct:accessRights": "public" if package["audience"] == "datastore" else "restricted to partners",
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@type": "xsd:gYearMonth", "@value": package["temporal"]["start"]},
            "dcat:endDate": {"@type": "xsd:gYearMonth", "@value": package["temporal"]["end"]},
        },
        "dct:spatial": {"@type": "dct:Location", "dct:identifier": package["spatial"]["code"], "dct:title": package["spatial"]["title"]},
        "dcat:version": package["version"],
    }


def _version(published: Path, version: Path, entry: dict) -> dict:
    package = json.loads((version / DESCRIPTOR).read_text(encoding="utf-8"))
    base = version.relative_to(published).as_posix()
    return {
        "@id": f"{base}/",
        "@type": "dcat:Dataset",
        **_described(published, version),
        "dct:type": entry["status"],
        "dcat:landingPage": {"@id": f"{base}/README.md"},
        "dcat:distribution": [
            {
                "@id": f"{base}/{resource['path']}",
                "@type": "dcat:Distribution",
                "dct:title": resource["title"],
                "dct:description": resource["description"],
                "dcat:downloadURL": {"@id": f"{base}/{resource['path']}"},
                "dcat:mediaType": resource["mediatype"],
                "dct:format": resource["format"],
                "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(resource["bytes"])},
                "spdx:checksum": {
                    "@type": "spdx:Checksum",
                    "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                    "spdx:checksumValue": resource["hash"].removeprefix("sha256:"),
                },
            }
            for resource in package["resources"]
        ],
    }
