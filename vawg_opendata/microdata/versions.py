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
from vawg_opendata.reference import ADD_UP, CodeList
from vawg_opendata.schemas.rules import literal

if TYPE_CHECKING:
    import pyarrow

Check = Callable[[RecordTable, Mapping[str, CodeList]], None]
"""Raises `anonymisation.releases.ReleaseRefusedError` where a list may not be published beside something else."""


def beside_last(
    made: Microdata | None,
    last: Microdata | None,
    check: Check,
    again: Callable[[Check], Microdata | None],
    gone: Microdata | None = None,
    extended: Callable[[Check], Microdata | None] = lambda check: None,
) -> Microdata | None:
    """The list that may follow the `last` version of it that readers have; None where there is none.

    `gone` is that of the newest version that they had, where that was withdrawn since: some have kept it. `made` where comparing it with
    these singles nobody out whose case came, went or changed, and leaves everybody several values of what is sensitive. Else the last one
    `extended` by cases of later years, where these can be told by themselves; else the last one as it was, and the tables tell of the others
    meanwhile. Where the last one no longer passes the `check` beside the new tables, or cannot be of the people whom they count, the list is
    made `again`, coarser, to pass that check and single nobody out.
    """
    from anonymisation import InconsistentTablesError, ProtectionError
    from anonymisation.releases import ReleaseRefusedError

    earlier = [one.tables[0] for one in (last, gone) if one is not None]

    def compared(table: RecordTable, codelists: Mapping[str, CodeList]) -> bool:
        return any(singled_out(before.rows, table.rows, codelists, table.claim) for before in earlier)

    def check_all(table: RecordTable, codelists: Mapping[str, CodeList]) -> None:
        check(table, codelists)
        if compared(table, codelists):
            raise ReleaseRefusedError(f"comparing {table.name} with a version that readers have or had singles people out", [])

    if not earlier or (made is not None and not compared(made.tables[0], made.codelists)):
        return made
    if last is not None:
        longer = extended(check_all)
        if longer is not None:
            return longer
        try:
            check(last.tables[0], last.codelists)
            return last
        except (ReleaseRefusedError, InconsistentTablesError):
            pass
    try:
        return again(check_all)
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
        linked = key["reference"]["resource"]
        codelist = read_codelist(last / "codelists" / f"{linked}.csv")
        # Its title is published as the first words of what describes it; with another one a version would seem to be worded anew.
        title = described.get(linked, "").removesuffix(ADD_UP)
        codelists[key["fields"][0]] = replace(codelist, title=title or codelist.title)
    summary = {"records": rows.num_rows, "k": claim["k"], "source": source, "as_in": descriptor.get("version", "")}
    return Microdata((RecordTable(name, source, rows, claim, None),), codelists, summary)


def singled_out(old: "pyarrow.Table", new: "pyarrow.Table", codelists: Mapping[str, CodeList], claim: Mapping[str, object]) -> bool:
    """Whether comparing two versions tells of fewer than `k` people that they came, went or changed, or leaves somebody whom both tell of fewer values of
    a sensitive column than are claimed. Versions with other columns cannot be compared record by record, and count as such."""
    from anonymisation.records import RecordHierarchy
    from anonymisation.records.releases import audit_releases

    if old.column_names != new.column_names:
        return True
    order = [(name, "ascending") for name in new.column_names]
    if old.sort_by(order).equals(new.sort_by(order)):
        return False
    quasi = list(claim["quasiIdentifiers"])
    hierarchies = [RecordHierarchy.from_rows(name, ladders(codelists[name])) for name in quasi]
    sensitive = {name: models["l"] for name, models in claim["sensitive"].items()}
    return bool(audit_releases([old, new], hierarchies, quasi, claim["k"], sensitive))


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
