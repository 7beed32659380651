"""The descriptor of a package: `datapackage.json`, Data Package version 2.

It is written here as a plain dictionary whose keys have a fixed order; hashes and sizes are read off the files. Beside
the standard's own keys it has `audience`, `synthetic`, `caveats`, `temporal`, `spatial`, `frequency`, per statistical
resource `statistics` (what was protected), and for the DuckDB file `contentDigest`. Words come from the product's declaration.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vawg_opendata.products.caveats import CAVEATS
from vawg_opendata.products.declaration import Product
from vawg_opendata.products.wording import LICENCES, SOURCE_WORDING
from vawg_opendata.reference import CodeList
from vawg_opendata.release.database.file import DIGEST_METHOD, content_digest
from vawg_opendata.release.files import sha256
from vawg_opendata.release.package.tables import STATUS_CODES, PackageTable, caveat_codes
from vawg_opendata.schemas import table_schema
from vawg_opendata.statistics import Outline

PROFILES = "https://datapackage.org/profiles/2.0"
MOST_CATEGORIES = 60  # longer lists are a foreign key only: their values would make most of the descriptor
SYNTHETIC_TITLE = "{} (synthetic data)"

_MEDIA_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "duckdb": "application/vnd.duckdb"}


@dataclass(frozen=True)
class InputFile:
    """A file that a package was made from: its source, its name within the source's folder, size and SHA-256."""

    source: str
    name: str
    bytes: int
    sha256: str


def descriptor(
    product: Product, outline: Outline, tables: Sequence[PackageTable], inputs: Sequence[InputFile], synthetic: bool, folder: Path, version: str
) -> dict:
    """The descriptor of the package whose CSV, Parquet and DuckDB files are in `folder`."""
    used = list(dict.fromkeys(outline.sources.values()))
    resources = [*table_resources(product, tables, outline.codelists, folder), duckdb_resource(product, folder)]
    return {
        "$schema": f"{PROFILES}/datapackage.json",
        "name": product.name,
        "title": SYNTHETIC_TITLE.format(product.title) if synthetic else product.title,
        "description": f"{CAVEATS['synthetic'].description} {product.description}" if synthetic else product.description,
        "version": version,
        "audience": product.audience,
        "synthetic": synthetic,
        "keywords": list(product.keywords),
        "licenses": [LICENCES[product.audience]],
        "contributors": [{"title": product.contact.title, "path": product.contact.path, "roles": ["publisher", "contact"]}],
        "sources": [_source(source, inputs) for source in used],
        "temporal": {"start": outline.months[0], "end": outline.months[-1]},
        "spatial": {"title": "London", "code": "E12000007", "scheme": "Government Statistical Service (GSS) codes"},
        "frequency": product.frequency,
        "caveats": [
            {"name": code, "title": CAVEATS[code].title, "description": CAVEATS[code].description} for code in caveat_codes(product, synthetic)
        ],
        "resources": resources,
    }


def table_resources(product: Product, tables: Sequence[PackageTable], codelists: Mapping[str, CodeList], folder: Path) -> list[dict]:
    """The resources of the CSV and Parquet files of tables."""
    resources = []
    for table in tables:
        resources.append(_csv_resource(product, table, codelists, folder))
        if table.kind != "codelist":
            resources.append(_parquet_resource(table, folder))
    return resources


def _source(source: str, inputs: Sequence[InputFile]) -> dict:
    """A source, and of a published one the files that were read: names, sizes and hashes of records that only the force
    holds are not for readers, who could test a guess at a whole file with them."""
    wording = SOURCE_WORDING[source]
    entry: dict = {"name": source, "title": wording.title}
    if not wording.path:
        return entry
    entry |= {"path": wording.path, "licence": wording.licence}
    files = sorted((file for file in inputs if file.source == source), key=lambda file: (file.name, file.sha256))
    entry["files"] = [{"name": file.name, "bytes": file.bytes, "hash": f"sha256:{file.sha256}"} for file in files]
    return entry


def _file(path: Path, folder: Path, name: str, title: str, description: str, kind: str) -> dict:
    """What every resource has. `file` is what frictionless calls a resource that it hashes and does not read as a table."""
    suffix = path.suffix.removeprefix(".")
    return {
        "$schema": f"{PROFILES}/dataresource.json",
        "name": name,
        "type": kind,
        "title": title,
        "description": description,
        "path": path.relative_to(folder).as_posix(),
        "format": suffix,
        "mediatype": _MEDIA_TYPES[suffix],
        "encoding": "utf-8",
        "bytes": path.stat().st_size,
        "hash": f"sha256:{sha256(path)}",
    }


def _csv_resource(product: Product, table: PackageTable, codelists: Mapping[str, CodeList], folder: Path) -> dict:
    path = folder / table.folder / f"{table.name}.csv"
    resource = _file(path, folder, table.name, table.schema.title, table.schema.description, "table")
    resource["profile"] = "tabular-data-resource"  # how version 1 says `type`: frictionless for R reads no table without it
    if table.kind == "statistics":
        wording = SOURCE_WORDING[table.source]
        resource["sources"] = [{"name": table.source, "title": wording.title}]
        resource["statistics"] = [{"measure": table.measure, "status": f"{table.measure}_status", "threshold": product.policy.threshold}]
    if table.kind == "records":
        resource["sources"] = [{"name": table.source, "title": SOURCE_WORDING[table.source].title}]
        resource["records"] = dict(table.claim)
    resource["schema"] = _schema(product, table, codelists)
    return resource


def _schema(product: Product, table: PackageTable, codelists: Mapping[str, CodeList]) -> dict:
    """The Table Schema; short code lists also stand in it as categories, and as an enumeration, which tools enforce."""
    links = {key.table: key.table for key in table.schema.foreign_keys}
    schema = {"fieldsMatch": "exact"} | table_schema(table.schema, links)
    for key in schema.get("foreignKeys", []):
        if key["reference"]["resource"] == table.name:
            del key["reference"]["resource"]  # version 2: a reference to the table itself names no resource
    if table.kind == "statistics":
        status = next(field for field in schema["fields"] if field["name"] == f"{table.measure}_status")
        status["categories"] = [{"value": code, "label": words} for code, words in STATUS_CODES.items()]
        for field in schema["fields"]:
            codes = codelists.get(field["name"])
            if codes and len(codes.codes) <= MOST_CATEGORIES and not product.dimension(field["name"]).is_period:
                field["categories"] = [{"value": code, "label": codes.labels[code]} for code in codes.codes]
                field["constraints"] = {**field.get("constraints", {}), "enum": list(codes.codes)}
    return schema


def _parquet_resource(table: PackageTable, folder: Path) -> dict:
    path = folder / table.folder / f"{table.name}.parquet"
    words = f"The rows of the resource {table.name}, in Parquet; its fields are described there."
    return _file(path, folder, f"{table.name}.parquet", f"{table.schema.title} (Parquet)", words, "file")


def duckdb_resource(product: Product, folder: Path) -> dict:
    """The resource of the DuckDB file as it lies in `folder` now."""
    path = folder / f"{product.name}.duckdb"
    words = (
        "All tables and code lists of this package in one DuckDB file, for DuckDB 1.1 and later, with comments on tables and columns. "
        f"contentDigest is what the file holds, whatever its bytes. {DIGEST_METHOD}"
    )
    resource = _file(path, folder, f"{product.name}.duckdb", f"{product.title} (DuckDB)", words, "file")
    return resource | {"contentDigest": f"sha256:{content_digest(path)}"}
