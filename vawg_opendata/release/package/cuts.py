"""Packages cut from the package of a version: the same rows of fewer codes of one dimension, for those who need no more.

They lie in the version's folder, appear, are withdrawn and are delivered with it, and its `SHA256SUMS` covers them. Nothing is
protected here: every row is one that the version publishes, so packages of different codes cannot contradict or complete each
other. The code lists stay whole, because the codes that are not shown are counted in the totals that are. That the rows are those
of the version is proven in `checks.cut_proof`.
"""

import copy
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from vawg_opendata.products.declaration import Product
from vawg_opendata.reference import CodeList
from vawg_opendata.release.files import sha256, write_json, write_sums
from vawg_opendata.release.lifecycle.store import DESCRIPTOR
from vawg_opendata.release.package.formats import write_csv, write_parquet
from vawg_opendata.release.package.tables import STATUS_CODES, PackageTable

_OF_THE_VERSION = ("cuts", "reproduction")  # keys of the descriptor that a cut package does not repeat


def cut_listing(product: Product, codelists: Mapping[str, CodeList]) -> dict:
    """What the descriptor of a version says of the packages cut from it: dimension, and code, title and path of each."""
    codelist = codelists[product.cut.dimension]
    packages = [{"code": code, "title": codelist.labels[code], "path": f"{product.cut.folder}/{code}/{DESCRIPTOR}"} for code in _codes(product, codelist)]
    return {"dimension": product.cut.dimension, "packages": packages}


def write_cuts(product: Product, codelists: Mapping[str, CodeList], tables: Sequence[PackageTable], described: Mapping, folder: Path) -> None:
    """Write the packages into the folder of a version whose other files and descriptor `described` are there."""
    codelist = codelists[product.cut.dimension]
    statistical = [(table, *_positions(table, product.cut.dimension)) for table in tables if table.kind == "statistics"]
    others = [path for part in ("data", "codelists") for path in sorted((folder / part).iterdir()) if path.stem not in {t.name for t, _, _ in statistical}]
    for code in _codes(product, codelist):
        home, shown = folder / product.cut.folder / code, shown_codes(codelist, code)
        for part in ("data", "codelists"):
            (home / part).mkdir(parents=True)
        for path in others:
            shutil.copyfile(path, home / path.relative_to(folder))
        cut = [_rows(table, np.isin(positions, [index for index, at in enumerate(values) if at in shown])) for table, values, positions in statistical]
        for table in cut:
            write_csv(table, home / "data" / f"{table.name}.csv")
            write_parquet(table, home / "data" / f"{table.name}.parquet")
        descriptor = _descriptor(product, codelist, code, described, home)
        write_json(home / DESCRIPTOR, descriptor)
        (home / "README.md").write_text("\n".join(_readme(codelist, cut, descriptor)), encoding="utf-8", newline="\n")
        write_sums(home)


def shown_codes(codelist: CodeList, code: str) -> tuple[str, ...]:
    """The code, all above it and all below it, in the order of the list."""
    above = {found for hierarchy in codelist.parents for found in codelist.ancestors(code, hierarchy)}
    below = {found for found in codelist.codes for hierarchy in codelist.parents if code in codelist.ancestors(found, hierarchy)}
    return tuple(found for found in codelist.codes if found in above | below)


def _codes(product: Product, codelist: CodeList) -> Iterator[str]:
    """The codes that get a package, in the order of the list."""
    return (code for code in codelist.codes if codelist.level[code] in product.cut.levels and code not in product.cut.without)


def _positions(table: PackageTable, dimension: str) -> tuple[list[str], np.ndarray]:
    """The different codes of a dimension in a table, and for each row the position of its code among them."""
    values, positions = np.unique(table.columns[table.schema.names.index(dimension)], return_inverse=True)
    return values.tolist(), positions


def _rows(table: PackageTable, wanted: np.ndarray) -> PackageTable:
    rows = np.flatnonzero(wanted).tolist()
    return replace(table, columns=tuple([column[row] for row in rows] for column in table.columns))


def _descriptor(product: Product, codelist: CodeList, code: str, described: Mapping, home: Path) -> dict:
    label = codelist.labels[code]
    resources = []
    for resource in described["resources"]:
        path = home / resource["path"]
        if resource["format"] != "duckdb":
            resources.append(copy.deepcopy(resource) | {"bytes": path.stat().st_size, "hash": f"sha256:{sha256(path)}"})
    words = {
        "name": f"{product.name}-{code.lower()}",
        "title": f"{label}: {described['title']}",
        "description": f"{described['description']} {product.cut.description}",
        "spatial": {"title": label, "code": code, "scheme": f"Codes of the list {product.cut.dimension}"},
    }
    kept = {key: words.get(key, value) for key, value in described.items() if key not in (*_OF_THE_VERSION, "resources")}
    cut_from = {"name": product.name, "version": described["version"], "dimension": product.cut.dimension, "codes": list(shown_codes(codelist, code))}
    return kept | {"cutFrom": cut_from, "resources": resources}


def _readme(codelist: CodeList, tables: Sequence[PackageTable], descriptor: Mapping) -> list[str]:
    cut, licence, contact = descriptor["cutFrom"], descriptor["licenses"][0], descriptor["contributors"][0]
    shown = ", ".join(f"{codelist.labels[code]} (`{code}`)" for code in cut["codes"])
    return [
        f"# {descriptor['title']}",
        "",
        f"Version {descriptor['version']}. {descriptor['description']}",
        "",
        f"Shown: {shown}. Every row is one of `{cut['name']}` {cut['version']}, which has all areas, its changes and what was checked "
        f"in `disclosure.json`; it was protected as a whole. The list `codelists/{cut['dimension']}.csv` names all areas, because totals count "
        "those that are not shown too.",
        "",
        "## Read this first",
        "",
        *(f"- **{caveat['title']}.** {caveat['description']}" for caveat in descriptor["caveats"]),
        "",
        "What is counted is in `data/definitions.csv`, breaks in series in `data/series_breaks.csv`, and every field in `datapackage.json`.",
        "",
        "## Tables",
        "",
        "| table | what | rows |",
        "|---|---|---|",
        *(f"| `{table.name}` | {table.schema.title} | {table.rows:,} |" for table in tables),
        "",
        "A count has a column `<measure>_status` beside it. Empty: published as counted, zero is 0. "
        + " ".join(f"`{code}`: {words}." for code, words in STATUS_CODES.items()),
        "",
        "## Licence",
        "",
        f"{licence['title']} ({licence['path']}). Publisher and contact: {contact['title']} ({contact['path']}). The files' hashes are in `SHA256SUMS`.",
        "",
    ]
