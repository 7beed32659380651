"""A list of records beside the version of it that readers have: comparing the two must not single out who came or went.

How two versions are compared belongs to `anonymisation.records`.
"""

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from vawg_opendata.microdata.results import Microdata, RecordTable
from vawg_opendata.reference import CodeList
from vawg_opendata.schemas.rules import literal

if TYPE_CHECKING:
    import pyarrow

Check = Callable[[RecordTable, Mapping[str, CodeList]], None]
"""Raises `anonymisation.releases.ReleaseRefusedError` where a list may not be published beside something else."""


def beside_last(
    made: Microdata | None, last: Microdata | None, check: Check, again: Callable[[Check], Microdata | None]
) -> Microdata | None:
    """The list that may follow the `last` version of it that readers have; None where there is none.

    `made` where comparing it with the last singles nobody out whose case came, went or changed. Else the last one stays as it was, until
    they are enough, and the tables tell of them meanwhile. Where the last one no longer passes the `check` beside the new tables, or
    cannot be of the people whom they count, the list is made `again`, coarser, to pass that check and single nobody out.
    """
    from anonymisation import InconsistentTablesError, ProtectionError
    from anonymisation.releases import ReleaseRefusedError

    if last is None:
        return made
    before = last.tables[0]
    if made is not None and not singled_out(before.rows, made.tables[0].rows, made.codelists, made.tables[0].claim):
        return made
    try:
        check(before, last.codelists)
        return last
    except (ReleaseRefusedError, InconsistentTablesError):
        pass

    def check_both(table: RecordTable, codelists: Mapping[str, CodeList]) -> None:
        check(table, codelists)
        if singled_out(before.rows, table.rows, codelists, table.claim):
            raise ReleaseRefusedError(f"comparing {table.name} with the version that readers have singles people out", [])

    try:
        return again(check_both)
    except ProtectionError:
        return None


def published_list(name: str, last: Path | None) -> Microdata | None:
    """A list as it is in a version (a package folder), None where there is none. Nobody knows whom it lacks of those whom later tables count."""
    if last is None:
        return None
    descriptor = json.loads((last / "datapackage.json").read_text(encoding="utf-8"))
    found = [resource for resource in descriptor["resources"] if resource["name"] == name and "records" in resource]
    if not found:
        return None
    (resource,) = found
    rows, claim, source = read_rows(last / resource["path"]), resource["records"], resource["sources"][0]["name"]
    described = {one["name"]: one.get("description", "") for one in descriptor["resources"]}
    codelists = {}
    for key in resource["schema"]["foreignKeys"]:
        name = key["reference"]["resource"]
        codelist = read_codelist(last / "codelists" / f"{name}.csv")
        # Its title is published as the first words of what describes it; with another one a version would seem to be worded anew.
        title = described.get(name, "").removesuffix(". Children add up to their parent.")
        codelists[key["fields"][0]] = replace(codelist, title=title or codelist.title)
    summary = {"records": rows.num_rows, "k": claim["k"], "source": source, "as_in": descriptor.get("version", "")}
    return Microdata((RecordTable(name, source, rows, claim, None),), codelists, summary)


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


def read_codelist(path: Path) -> CodeList:
    """A code list of a package, called as its file is."""
    with path.open(encoding="utf-8", newline="") as file:
        return CodeList(path.stem, path.stem, tuple(csv.DictReader(file)))
