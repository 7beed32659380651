"""The audit of records that are published one by one, as a reader could make it: from the files alone.

What a descriptor says of them under `records` is measured anew by code that shares nothing with what protected them: how many
records look alike in the quasi-identifiers, and how many values a sensitive column has among those that do. Statistical
tables are attacked in `audit`.
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from vawg_opendata.microdata.versions import read_codelist, read_rows, singled_out
from vawg_opendata.release.checks.linked_audit import broken_pools, is_linked, joined, relation, retold
from vawg_opendata.release.lifecycle.store import DESCRIPTOR
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
    resources = [resource for resource in descriptor["resources"] if "records" in resource]
    found = [_measured(folder, title, resource) for resource in resources]
    together = joined(folder, resources)
    if together is not None:
        name, query, quasi, sensitive = together
        k = max(resource["records"]["k"] for resource in resources if "linkedBy" in resource["records"])
        found.append(_audited(title, name, query, quasi, sensitive, k))
    return found


def audit_versions(folders: Sequence[Path]) -> list[str]:
    """What comparing the versions of one product tells of its records, given their folders, oldest first: one line per step that
    singles out fewer people than the newer version claims to keep together, or tells anew of cases that were told before."""
    found = []
    for older, newer in itertools.pairwise(folders):
        was, now = (json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8")) for folder in (older, newer))
        before, after = ({one["name"]: one for one in described["resources"] if "records" in one} for described in (was, now))
        steps = f"from {was['version']} to {now['version']} of {now['name']}"
        found += [f"{steps}: {line}" for line in retold(older, newer, before, after)]
        for resource in after.values():
            if resource["name"] in before and not is_linked(resource):
                rows = [read_rows(folder / one["path"]) for folder, one in ((older, before[resource["name"]]), (newer, resource))]
                links = {key["fields"][0]: key["reference"]["resource"] for key in resource["schema"].get("foreignKeys", [])}
                codelists = {name: read_codelist(newer / "codelists" / f"{link}.csv") for name, link in links.items()}
                if singled_out(*rows, codelists, resource["records"]):
                    k = resource["records"]["k"]
                    found.append(f"{resource['name']}: {steps} fewer than {k} people can be told to have come, gone or changed")
    return found


def _measured(folder: Path, title: str, resource: dict) -> RecordAudit:
    claim = resource["records"]
    found = _audited(title, resource["name"], relation(folder, resource), claim["quasiIdentifiers"], claim.get("sensitive", {}), claim["k"])
    return replace(found, findings=(*found.findings, *broken_pools(folder, resource))) if "pools" in claim else found


def _audited(title: str, name: str, query: str, quasi: Sequence[str], sensitive: Mapping[str, Mapping], k: int) -> RecordAudit:
    from anonymisation.measures import measure

    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        table = connection.sql(f"SELECT {', '.join(map(quoted, [*quasi, *sensitive]))} FROM {query}").to_arrow_table()
    found = measure(table, quasi, list(sensitive))
    findings = []
    if found.k < k:
        findings.append(f"{name}: only {found.k} records look alike where {k} are claimed")
    for column, models in sensitive.items():
        if found.sensitive[column].l < models["l"]:
            findings.append(f"{name}: records that look alike have {found.sensitive[column].l} values of {column} where {models['l']} are claimed")
    return RecordAudit(title, name, found.records, found.classes, found.k, tuple(findings))
