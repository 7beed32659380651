"""Versions: what differs between two versions of a package, and what number the new one gets.

By the Data Package version recipe: MAJOR when fields, their types, keys, codes or meaning change or something is taken
away; MINOR when cells, codes or resources are added; PATCH when values or words change. Nothing that differs, no new
version. Differences are found in the released files alone and hold numbers of cells, never a count in one.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb

from vawg_opendata.release.errors import ReleaseError
from vawg_opendata.release.files import replace_json, wrong_sums
from vawg_opendata.release.formats import csv_relation
from vawg_opendata.schemas.rules import quoted

FIRST = "1.0.0"
RELEASED = "released"
MAJOR, MINOR, PATCH = "MAJOR", "MINOR", "PATCH"
_NUMBER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_VOLATILE = ("version", "bytes", "hash", "contentDigest", "files")
"""Keys of a descriptor that follow from the rows, which are compared themselves, or that readers need not know of: `files`
are the hashes of the inputs."""


@dataclass(frozen=True)
class TableChange:
    """What changed in the rows of one table or code list: numbers of rows."""

    name: str
    added: int = 0
    removed: int = 0
    revised: int = 0
    newly_suppressed: int = 0
    newly_published: int = 0


@dataclass(frozen=True)
class Changes:
    """What changed from one version to the next; `bump` is empty when nothing did, `since` is empty for a first version."""

    since: str
    version: str
    bump: str
    resources_added: tuple[str, ...] = ()
    resources_removed: tuple[str, ...] = ()
    schemas_changed: tuple[str, ...] = ()
    protection_changed: tuple[str, ...] = ()
    meaning_changed: tuple[str, ...] = ()
    words_changed: tuple[str, ...] = ()
    tables: tuple[TableChange, ...] = field(default=())

    def plain(self) -> dict:
        """As it is published in `changes.json`."""
        return asdict(self)


def listed(product_folder: Path) -> list[dict]:
    """The entries of `versions.json`, newest first; empty when there is none."""
    path = product_folder / "versions.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def latest(product_folder: Path) -> str | None:
    """The version that `latest.json` names, or None."""
    path = product_folder / "latest.json"
    return json.loads(path.read_text(encoding="utf-8"))["version"] if path.is_file() else None


def order(version: str) -> tuple[int, ...]:
    """A version as numbers that compare as versions do. ValueError for anything that is no version."""
    match = _NUMBER.fullmatch(version)
    if match is None:
        raise ValueError(f"{version!r} is not a version: it must be MAJOR.MINOR.PATCH")
    return tuple(int(part) for part in match.groups())


def complete_lists(product_folder: Path) -> list[str]:
    """List versions whose folder is there but which a crash kept from being listed, and return them.

    A version folder appears in one rename, whole. It is listed when it still has the hashes it states; ReleaseError when
    it does not, because somebody has changed a published file.
    """
    known = {entry["version"] for entry in listed(product_folder)}
    folders = [path for path in sorted(product_folder.glob("*")) if path.is_dir() and _NUMBER.fullmatch(path.name)]
    missed = sorted((path.name for path in folders if path.name not in known), key=order)
    for version in missed:
        wrong = wrong_sums(product_folder / version)
        if wrong:
            raise ReleaseError(f"Unlisted version {product_folder.name} {version} is damaged: {wrong[0]}. Remove its folder and publish again.")
        list_version(product_folder, version)
    if listed(product_folder) and latest(product_folder) != listed(product_folder)[0]["version"]:
        point_latest(product_folder)
    return missed


def list_version(product_folder: Path, version: str) -> None:
    """Enter a version as released in `versions.json`."""
    entries = [{"version": version, "status": RELEASED}, *(entry for entry in listed(product_folder) if entry["version"] != version)]
    replace_json(product_folder / "versions.json", sorted(entries, key=lambda entry: order(entry["version"]), reverse=True))


def point_latest(product_folder: Path) -> None:
    """Point `latest.json` to the newest released version."""
    newest = next(entry["version"] for entry in listed(product_folder) if entry["status"] == RELEASED)
    replace_json(product_folder / "latest.json", {"version": newest})


def bumped(version: str, bump: str) -> str:
    """The next version."""
    major, minor, patch = order(version)
    return {MAJOR: f"{major + 1}.0.0", MINOR: f"{major}.{minor + 1}.0", PATCH: f"{major}.{minor}.{patch + 1}"}[bump]


def compare(old_folder: Path, old: dict, new_folder: Path, new: dict) -> Changes:
    """What differs between two packages, given their folders and descriptors, and the version that the new one gets."""
    before, after = _by_name(old), _by_name(new)
    common = [name for name in after if name in before]
    parts = {
        "resources_added": tuple(name for name in after if name not in before),
        "resources_removed": tuple(name for name in before if name not in after),
        "schemas_changed": tuple(name for name in common if _shape(before[name]) != _shape(after[name])),
        "protection_changed": tuple(name for name in common if before[name].get("statistics") != after[name].get("statistics")),
    }
    tables, regrouped = [], []
    for name in common:
        if after[name].get("type") == "table" and name not in parts["schemas_changed"]:
            change, moved = _rows(name, after[name], old_folder / before[name]["path"], new_folder / after[name]["path"])
            tables += [change] if change != TableChange(name) else []
            regrouped += [name] if moved else []
    meaning = [key for key in ("audience", "synthetic") if old.get(key) != new.get(key)] + regrouped
    words = [key for key in new if key not in ("resources", *_VOLATILE, *meaning) and _steady(old.get(key)) != _steady(new.get(key))]
    words += [name for name in common if _steady(before[name]) != _steady(after[name]) and name not in parts["schemas_changed"]]
    bump = ""
    if words or any(change.revised for change in tables):
        bump = PATCH
    if parts["resources_added"] or any(change.added for change in tables):
        bump = MINOR
    if any(parts[key] for key in ("resources_removed", "schemas_changed", "protection_changed")) or meaning or any(t.removed for t in tables):
        bump = MAJOR
    version = bumped(old["version"], bump) if bump else old["version"]
    return Changes(old["version"], version, bump, **parts, meaning_changed=tuple(meaning), words_changed=tuple(words), tables=tuple(tables))


def _by_name(descriptor: dict) -> dict[str, dict]:
    return {resource["name"]: resource for resource in descriptor["resources"]}


def _shape(resource: dict) -> object:
    """What of a resource's schema a program relies on: fields in order with type, keys, required, and what may be missing."""
    schema = resource.get("schema")
    if schema is None:
        return None
    fields = [
        (entry["name"], entry["type"], {key: value for key, value in entry.get("constraints", {}).items() if key != "enum"}) for entry in schema["fields"]
    ]
    return fields, schema.get("primaryKey"), schema.get("foreignKeys"), schema.get("missingValues")


def _steady(value: object) -> object:
    """A part of a descriptor without what may differ between packages that say the same."""
    if isinstance(value, Mapping):
        return {key: _steady(part) for key, part in value.items() if key not in _VOLATILE}
    return [_steady(part) for part in value] if isinstance(value, list) else value


def _rows(name: str, resource: dict, old: Path, new: Path) -> tuple[TableChange, bool]:
    """Rows by primary key: added, removed, revised; and whether a code of a code list has another level or parent."""
    names = [entry["name"] for entry in resource["schema"]["fields"]]
    keys = resource["schema"]["primaryKey"]
    others = [column for column in names if column not in keys]
    columns = dict.fromkeys(names, "VARCHAR")
    status = [entry["status"] for entry in resource.get("statistics", [])]
    meaning = [column for column in others if resource["path"].startswith("codelists/") and (column == "level" or column.startswith("parent"))]

    def differs(column: str) -> str:
        return f"a.{quoted(column)} IS DISTINCT FROM b.{quoted(column)}"

    def any_of(conditions: list[str]) -> str:
        return f"count(*) FILTER (WHERE {' OR '.join(conditions)})" if conditions else "0"

    both = [f"(a.{quoted(keys[0])} IS NOT NULL AND b.{quoted(keys[0])} IS NOT NULL AND {differs(column)})" for column in others]
    moved = [condition for column, condition in zip(others, both, strict=True) if column in meaning]
    now = [f"(a.{quoted(column)} IS DISTINCT FROM 'c' AND b.{quoted(column)} = 'c' AND a.{quoted(keys[0])} IS NOT NULL)" for column in status]
    gone = [f"(a.{quoted(column)} = 'c' AND b.{quoted(column)} IS NULL AND b.{quoted(keys[0])} IS NOT NULL)" for column in status]
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        counts = connection.execute(
            f"SELECT count(*) FILTER (WHERE a.{quoted(keys[0])} IS NULL), count(*) FILTER (WHERE b.{quoted(keys[0])} IS NULL), "
            f"{any_of(both)}, {any_of(now)}, {any_of(gone)}, {any_of(moved)} "
            f"FROM {csv_relation(old, columns)} AS a FULL JOIN {csv_relation(new, columns)} AS b "
            f"ON {' AND '.join(f'a.{quoted(key)} = b.{quoted(key)}' for key in keys)}"
        ).fetchall()[0]
    return TableChange(name, *counts[:5]), counts[5] > 0
