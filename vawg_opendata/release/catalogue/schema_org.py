"""A product for search engines: schema.org's Dataset, as JSON-LD, in `dataset.jsonld` in the folder of the product.

Of the current version only. Addresses are relative to that file; a page that embeds it resolves them when its own is served
from the same folder.
"""

from vawg_opendata.release.catalogue.entries import ProductEntry

_SHORTEST, _LONGEST = 50, 5000  # what Google's dataset search asks of a description


def dataset(product: ProductEntry) -> dict | None:
    """The Dataset of a product; None when nothing of it is offered."""
    version = product.current
    if version is None:
        return None
    package = version.descriptor
    publisher = {"@type": "Organization", "name": package["contributors"][0]["title"], "url": package["contributors"][0]["path"]}
    start, end = package["temporal"]["start"], package["temporal"]["end"]
    caveats = " ".join(f"{caveat['title']}. {caveat['description']}" for caveat in package["caveats"])
    measures = {entry["measure"]: resource for resource in package["resources"] for entry in resource.get("statistics", [])}
    public = product.audience == "datastore"
    return {
        "@context": "https://schema.org/",
        "@id": "",
        "@type": "Dataset",
        "name": package["title"],
        "description": f"{package['description']} {caveats}"[:_LONGEST].ljust(_SHORTEST, "."),
        "identifier": f"{product.audience}/{product.name}",
        "version": version.number,
        "keywords": package["keywords"],
        "license": package["licenses"][0]["path"],
        "isAccessibleForFree": True,
        "conditionsOfAccess": "Open to everyone." if public else "For partners under an agreement.",
        "creator": publisher,
        "publisher": publisher,
        "inLanguage": "en-GB",
        "datePublished": version.issued,
        "dateModified": version.changed,
        "temporalCoverage": f"{start}/{end}",
        "spatialCoverage": {
            "@type": "Place",
            "name": package["spatial"]["title"],
            "identifier": {"@type": "PropertyValue", "propertyID": "GSS code", "value": package["spatial"]["code"]},
        },
        "variableMeasured": [
            {"@type": "PropertyValue", "name": measure, **_field(resource, measure)} for measure, resource in measures.items()
        ],
        "isBasedOn": [source["path"] for source in package["sources"] if "path" in source],
        "distribution": [
            {
                "@type": "DataDownload",
                "name": file.title,
                "contentUrl": f"{version.number}/{file.path}",
                "encodingFormat": file.media_type,
                "contentSize": f"{file.bytes} B",
                "sha256": file.sha256,
            }
            for file in version.files
        ],
    }


def _field(resource: dict, name: str) -> dict:
    """Title and description of a field of a table."""
    field = next(field for field in resource["schema"]["fields"] if field["name"] == name)
    return {"alternateName": field["title"], "description": field["description"]}
