"""The audit of records that are published one by one, as a reader could make it: from the files alone.

What a descriptor says of them under `records` is measured anew by code that shares nothing with what protected them: how many
records look alike in the quasi-identifiers, and how many values a sensitive column has among those that do. Statistical
tables are attacked in `audit`.
"""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from vawg_opendata.microdata.versions import read_codelist, read_rows, singled_out
from vawg_opendata.release.lifecycle.store import DESCRIPTOR
from vawg_opendata.schemas.relation import csv_relation
from vawg_opendata.schemas.rules import quoted


@dataclass(frozen=True)
class RecordAudit:
    """What was measured of one table of records; `findings` are claims that do not hold."""

    package: str
    table: str
    records: int
    classes: int
    k: int
    findings: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One line."""
        return (
            f"{self.table} in {self.package}: {self.records} records, {self.classes} kinds, the rarest {self.k} times, "
            f"{len(self.findings)} claims broken"
        )


def audit_records(folder: Path) -> list[RecordAudit]:
    """Measure every table of records of a package. ValueError where a file is not as its descriptor says."""
    descriptor = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
    title = f"{descriptor.get('name', folder.name)} {descriptor.get('version', '')}".strip()
    return [_measured(folder, title, resource) for resource in descriptor["resources"] if "records" in resource]


def audit_versions(folders: Sequence[Path]) -> list[str]:
    """What comparing the versions of one product tells of its records, given their folders, oldest first: one line per step that
    singles out fewer people than the newer version claims to keep together."""
    found = []
    for older, newer in itertools.pairwise(folders):
        was, now = (json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8")) for folder in (older, newer))
        before = {resource["name"]: resource for resource in was["resources"]}
        for resource in now["resources"]:
            if "records" in resource and "records" in before.get(resource["name"], {}):
                rows = [read_rows(folder / one["path"]) for folder, one in ((older, before[resource["name"]]), (newer, resource))]
                links = {key["fields"][0]: key["reference"]["resource"] for key in resource["schema"].get("foreignKeys", [])}
                codelists = {name: read_codelist(newer / "codelists" / f"{link}.csv") for name, link in links.items()}
                if singled_out(*rows, codelists, resource["records"]):
                    steps = f"from {was['version']} to {now['version']} of {now['name']}"
                    k = resource["records"]["k"]
                    found.append(f"{resource['name']}: {steps} fewer than {k} people can be told to have come, gone or changed")
    return found


def _measured(folder: Path, title: str, resource: dict) -> RecordAudit:
    from anonymisation.measures import measure

    claim = resource["records"]
    sensitive = claim.get("sensitive", {})
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        rows = connection.sql(f"SELECT {', '.join(map(quoted, [*claim['quasiIdentifiers'], *sensitive]))} FROM {_csv(folder, resource)}")
        table = rows.to_arrow_table()
    found = measure(table, claim["quasiIdentifiers"], list(sensitive))
    findings = []
    if found.k < claim["k"]:
        findings.append(f"{resource['name']}: only {found.k} records look alike where {claim['k']} are claimed")
    for name, models in sensitive.items():
        if found.sensitive[name].l < models["l"]:
            findings.append(f"{resource['name']}: records that look alike have {found.sensitive[name].l} values of {name} where {models['l']} are claimed")
    return RecordAudit(title, resource["name"], found.records, found.classes, found.k, tuple(findings))


def _csv(folder: Path, resource: dict) -> str:
    return csv_relation(folder / resource["path"], {field["name"]: "VARCHAR" for field in resource["schema"]["fields"]})
