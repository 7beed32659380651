"""A version of linked records: the cases that readers have, as they have them, and those of later months beside them.

Belongs here: what of linked records goes into a version, and what is claimed of it. How cases are protected belongs in `linked`, what each partner is
given in `partners`.

Cases are told once. Whoever compares two versions sees whole batches come, each of which keeps the policy by itself, and nothing change: so no
comparison says more than a batch does (the additions of `anonymisation.records.releases`, with none that joins a class of before). That holds for all
versions that readers ever had: months that only a withdrawn one told of are not told again, because in another form they would give away what either
hides. And it holds for fields: one that is new is told of new cases, and stays empty for those of before; one that is given up is told no more.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anonymisation import ProtectionError
from vawg_opendata.microdata.linked import protect_cases
from vawg_opendata.microdata.partners import partner_tables
from vawg_opendata.microdata.results import Microdata, RecordTable
from vawg_opendata.microdata.standing import TableBeside
from vawg_opendata.microdata.telling import tellings
from vawg_opendata.microdata.versions import read_rows
from vawg_opendata.problems import RunError
from vawg_opendata.products.linked import LinkedRecords
from vawg_opendata.reference import load_codelist
from vawg_opendata.schemas import arrow_schema
from vawg_opendata.schemas.fields import Sensitivity
from vawg_opendata.schemas.vawg_records import CASE_TABLES, ORDINARY, POOL_TABLES, Part, RecordField

if TYPE_CHECKING:
    import pyarrow

SOURCE = "crime_extract"
_TABLES = (*CASE_TABLES, *POOL_TABLES)


class KeysChangedError(RunError):
    """A version whose cases cannot be found in its files any more; the message names the table and what to do."""


def protect_linked(
    declared: LinkedRecords, records: Path, beside: Sequence[TableBeside], secret: bytes, last_month: str, last: Path | None, had: Sequence[Path] = ()
) -> Microdata | None:
    """The linked tables of a version: those of the last one (a package folder), and the cases of months up to `last_month` that are later than all that
    readers were told of. `had` are the packages of all versions that they have or have had, the last one or none of them among these.

    Cases that cannot be protected yet, because they are too few, wait for a later version; None where there is nothing to tell. KeysChangedError
    where the last version is not as this software writes it.
    """
    old = {} if last is None else _told(last)
    after = max((month for folder in {*had, *([last] if last else [])} for month in _last_months(folder)), default="")
    new: Mapping[str, pyarrow.Table] = {}
    told: dict[str, object] = {}
    if after < last_month:
        try:
            new, told = protect_cases(declared, records, beside, secret, after, last_month)
        except ProtectionError:
            new = {}
    tables = {table.name: _together(table.names[0], [made[table.name] for made in (old, new) if made]) for table in _TABLES if old or new}
    if not tables:
        return None
    partners = {profile: partner_tables(declared, tables, secret, profile) for profile in declared.partners}
    added = new[CASE_TABLES[0].name].num_rows if new else 0
    summary = {"records": tables[CASE_TABLES[0].name].num_rows, "added": added, "tables": len(tables), "partners": len(partners), **told}
    return Microdata(
        _described(declared, tables),
        {"area": load_codelist("area")},
        summary,
        {profile: _described(declared, made) for profile, made in partners.items()},
    )


def _last_months(folder: Path) -> list[str]:
    """The last month of each batch that a package tells of."""
    descriptor = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    paths = [folder / resource["path"] for resource in descriptor["resources"] if resource["name"] == CASE_TABLES[0].name and "records" in resource]
    return [batch.partition("/")[2] for path in paths for batch in read_rows(path).column("batch").unique().to_pylist()]


def _told(last: Path) -> dict[str, "pyarrow.Table"]:
    """The linked tables of a package with the fields that there are now, empty where it had them not; nothing where it has no such tables."""
    import pyarrow

    descriptor = json.loads((last / "datapackage.json").read_text(encoding="utf-8"))
    paths = {resource["name"]: last / resource["path"] for resource in descriptor["resources"] if "records" in resource}
    if not paths:
        return {}
    found: dict[str, pyarrow.Table] = {}
    for table in _TABLES:
        # A table that is new has a row for each case of the pools that were there, or for each case, and nothing in it.
        rows = read_rows(paths[table.name]) if table.name in paths else found[CASE_TABLES[0].name].select([table.names[0]]).sort_by(table.names[0])
        missing = {field.name for field in table.fields if field.part == Part.KEY or field.name == "batch"} - set(rows.column_names)
        if missing:
            raise KeysChangedError(
                f"{table.name} of {descriptor['name']} {descriptor['version']} has no {', '.join(sorted(missing))}, by which its cases are found. "
                "Withdraw that version: then a new one tells of later months only."
            )
        schema = arrow_schema(table).remove_metadata()
        columns = [rows.column(name) if name in rows.column_names else pyarrow.nulls(rows.num_rows, pyarrow.string()) for name in table.names]
        found[table.name] = pyarrow.table(columns, names=list(table.names)).cast(schema)
    return found


def _together(key: str, batches: Sequence["pyarrow.Table"]) -> "pyarrow.Table":
    import pyarrow

    return pyarrow.concat_tables([batch.cast(batches[0].schema) for batch in batches]).combine_chunks().sort_by([(key, "ascending")])


def _described(declared: LinkedRecords, tables: Mapping[str, "pyarrow.Table"]) -> tuple[RecordTable, ...]:
    """The tables with what is claimed of each."""
    tells = tellings({name: table.column_names for name, table in tables.items()})
    described = []
    for table in _TABLES:
        if table.name in tables:
            fields = [field for field in table.fields if field.name in tables[table.name].column_names]
            claim = _claim_of_cases(declared, fields) if table in CASE_TABLES else _claim_of_pools(declared, fields)
            described.append(RecordTable(table.name, SOURCE, tables[table.name], claim | ({"tells": tells[table.name]} if tells[table.name] else {})))
    return tuple(described)


def _claim_of_cases(declared: LinkedRecords, fields: Sequence[RecordField]) -> dict[str, object]:
    """What holds of a table, and of all tables that are linked by the same key, joined."""
    known = [field.name for field in fields if field.part == Part.KNOWN]
    sensitive = {field.name: {"l": 2} for field in fields if field.part == Part.DIVERSE and field.name == "offence_group"}
    return {"quasiIdentifiers": known, "k": declared.policy.k, "sensitive": sensitive, "linkedBy": "case_key"}


def _claim_of_pools(declared: LinkedRecords, fields: Sequence[RecordField]) -> dict[str, object]:
    """What holds of each pool: how many cases it has; to how many of them a field applies, if to any; and how many of those have the same value, ordinary
    values apart."""
    rule, told = declared.pools, fields[1:]
    ordinary = {field.name: [*ORDINARY, *field.ordinary] for field in told if field.sensitivity != Sensitivity.OTHER}
    return {
        "quasiIdentifiers": [fields[0].name],
        "k": rule.size,
        "sensitive": {},
        "pools": {"applying": rule.applying, "mostAlike": rule.most_alike, "ordinary": ordinary},
    }
