"""A list of records beside the version of it that readers have: comparing the two must not single out who came or went.

How two versions are compared belongs to `anonymisation.records`.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from vawg_opendata.microdata.results import Microdata, RecordTable
from vawg_opendata.reference import CodeList
from vawg_opendata.schemas.rules import literal

if TYPE_CHECKING:
    import pyarrow


def beside_last(made: Microdata, last: Path | None) -> Microdata:
    """The protected records, with each list as it was in the last version (a package folder) where the new one would single out
    people whose cases came, went or changed: it waits until they are enough, and the tables tell of them meanwhile."""
    if last is None:
        return made
    descriptor = json.loads((last / "datapackage.json").read_text(encoding="utf-8"))
    before = {resource["name"]: resource for resource in descriptor["resources"] if "records" in resource}
    tables, codelists = [], dict(made.codelists)
    for table in made.tables:
        if table.name in before and singled_out(read_rows(last / before[table.name]["path"]), table.rows, made.codelists, table.claim):
            old = before[table.name]
            tables.append(replace(table, rows=read_rows(last / old["path"]), claim=old["records"], source=old["sources"][0]["name"]))
            lists = {key["fields"][0]: key["reference"]["resource"] for key in old["schema"]["foreignKeys"]}
            codelists |= {name: read_codelist(last, name) for name in lists if name not in codelists}
        else:
            tables.append(table)
    return replace(made, tables=tuple(tables), codelists=codelists)


def singled_out(old: "pyarrow.Table", new: "pyarrow.Table", codelists: Mapping[str, CodeList], claim: Mapping[str, object]) -> bool:
    """Whether comparing two versions tells of fewer than `k` people that they came, went or changed. Versions with other columns
    cannot be compared record by record, and count as such."""
    from anonymisation.records import RecordHierarchy
    from anonymisation.records.releases import audit_releases

    if old.column_names != new.column_names:
        return True
    order = [(name, "ascending") for name in new.column_names]
    if old.sort_by(order).equals(new.sort_by(order)):
        return False
    quasi = list(claim["quasiIdentifiers"])
    hierarchies = [RecordHierarchy.from_rows(name, ladders(codelists[name])) for name in quasi]
    return bool(audit_releases([old, new], hierarchies, quasi, claim["k"]))


def ladders(codelist: CodeList, top: str | None = None) -> list[tuple[str, ...]]:
    """By leaf of a list, the codes that it may become; with `top`, of the leaves below that one and no further than to it.

    A leaf that lies less deep than others stands for itself until they have come up to it.
    """
    chains = [codelist.ancestors(leaf) for leaf in codelist.leaves]
    if top is not None:
        chains = [chain[: chain.index(top) + 1] for chain in chains if top in chain]
    deepest = max(map(len, chains))
    return [(chain[0],) * (deepest - len(chain)) + chain for chain in chains]


def read_rows(path: Path) -> "pyarrow.Table":
    """The rows of a CSV of a package, as text."""
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        return connection.sql(f"FROM read_csv({literal(str(path))}, all_varchar=true, header=true, delim=',', quote='\"', escape='\"')").to_arrow_table()


def read_codelist(last: Path, name: str) -> CodeList:
    """A code list of a package."""
    with (last / "codelists" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return CodeList(name, name, tuple(csv.DictReader(file)))
