"""What differs between two versions of a package, and how large a step of the version that is.

By the Data Package version recipe (https://datapackage.org/recipes/data-package-version/): MAJOR when fields, their types, keys,
meaning or protection change, a constraint gets stricter, or something is taken away; MINOR when rows, codes or resources are
added, a period grows or a constraint gets looser; PATCH when values or words change. Differences are found in the released files alone. A value that
is withheld in the new version is never quoted, whatever it was before. Numbers of versions belong in `lifecycle.versions`, the published
forms of a difference in `text`, the comparison of rows in `rows`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vawg_opendata.products.declaration import MONTH, YEAR
from vawg_opendata.release.changes.rows import TableChange, compare_rows, regrown

MAJOR, MINOR, PATCH = "MAJOR", "MINOR", "PATCH"
_SIZE = {"": 0, PATCH: 1, MINOR: 2, MAJOR: 3}
_VOLATILE = ("version", "bytes", "hash", "contentDigest", "files", "reproduction")
"""Keys of a descriptor that follow from the rows, which are compared themselves, or that say how it was made and not what it
says: `files` are the hashes of the inputs."""
_LOOSER_WHEN_LESS = ("minimum", "exclusiveMinimum", "minLength")
_LOOSER_WHEN_MORE = ("maximum", "exclusiveMaximum", "maxLength")


@dataclass(frozen=True)
class SchemaChange:
    """What changed in the fields of a resource. `changed` has (field, property, old, new); the field is empty for keys."""

    resource: str
    fields_added: tuple[str, ...] = ()
    fields_removed: tuple[str, ...] = ()
    changed: tuple[tuple[str, str, object, object], ...] = ()
    looser: bool = False


@dataclass(frozen=True)
class SourceChange:
    """Files of a published source that the older version was not made from, and those that the newer one was not."""

    source: str
    files_added: tuple[str, ...]
    files_removed: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """What changed from the version `since` to `version`; `bump` is empty when nothing did, `since` for a first version.

    `note` is what a person wrote about it. `schemas_looser` are resources whose constraints only got looser.
    """

    since: str
    version: str
    bump: str
    note: str = ""
    resources_added: tuple[str, ...] = ()
    resources_removed: tuple[str, ...] = ()
    schemas: tuple[SchemaChange, ...] = ()
    protection_changed: tuple[str, ...] = ()
    meaning_changed: tuple[str, ...] = ()
    words_changed: tuple[str, ...] = ()
    sources: tuple[SourceChange, ...] = ()
    tables: tuple[TableChange, ...] = ()

    @property
    def schema_changed(self) -> bool:
        """Whether programs written for the older version must be looked at, which a person explains in a note."""
        return any(not change.looser for change in self.schemas)


def larger(bump: str, other: str) -> str:
    """The larger of two steps; empty is the smallest."""
    return max(bump, other, key=_SIZE.__getitem__)


def compare(old_folder: Path, old: dict, new_folder: Path, new: dict) -> Changes:
    """What differs between two packages, given their folders and descriptors. `version` is left as it is in the older one."""
    before, after = _by_name(old), _by_name(new)
    common = [name for name in after if name in before]
    schemas = [change for name in common if (change := _schema_change(name, before[name].get("schema"), after[name].get("schema")))]
    files = {name: (before[name], old_folder / before[name]["path"], after[name], new_folder / after[name]["path"]) for name in common}
    grown = {name: regrown(*files[name]) for name in common if name in (MONTH, YEAR)}
    tables, regrouped = [], []
    for name in common:
        if after[name].get("type") == "table" and before[name].get("type") == "table":
            links = {key["fields"][0]: key["reference"].get("resource", name) for key in after[name]["schema"].get("foreignKeys", [])}
            periods = {column: grown[codelist] for column, codelist in links.items() if codelist in grown}
            change = compare_rows(*files[name], periods)
            tables += [change] if not change.is_empty else []
            regrouped += [name] if change.regrouped else []
    reshaped = {change.resource for change in schemas}
    meaning = [key for key in ("audience", "synthetic") if old.get(key) != new.get(key)] + regrouped
    words = [key for key in new if key not in ("resources", *_VOLATILE, *meaning) and _steady(old.get(key)) != _steady(new.get(key))]
    words += [name for name in common if _steady(before[name]) != _steady(after[name]) and name not in reshaped]
    changes = Changes(
        since=old["version"],
        version=old["version"],
        bump="",
        resources_added=tuple(name for name in after if name not in before),
        resources_removed=tuple(name for name in before if name not in after),
        schemas=tuple(schemas),
        protection_changed=tuple(name for name in common if before[name].get("statistics") != after[name].get("statistics")),
        meaning_changed=tuple(meaning),
        words_changed=tuple(words),
        sources=tuple(_source_changes(old.get("sources", []), new.get("sources", []))),
        tables=tuple(tables),
    )
    return _with_bump(changes)


def _with_bump(changes: Changes) -> Changes:
    bump = ""
    if changes.words_changed or any(change.values_changed for change in changes.tables):
        bump = PATCH
    if changes.resources_added or any(change.added or change.grown for change in changes.tables) or any(change.looser for change in changes.schemas):
        bump = MINOR
    breaking = (changes.schema_changed, changes.resources_removed, changes.protection_changed, changes.meaning_changed)
    if any(breaking) or any(change.taken_away for change in changes.tables):
        bump = MAJOR
    return Changes(**{**vars(changes), "bump": bump})


def _by_name(descriptor: dict) -> dict[str, dict]:
    return {resource["name"]: resource for resource in descriptor["resources"]}


def _steady(value: object) -> object:
    """A part of a descriptor without what may differ between packages that say the same."""
    if isinstance(value, Mapping):
        return {key: _steady(part) for key, part in value.items() if key not in _VOLATILE}
    return [_steady(part) for part in value] if isinstance(value, list) else value


def _schema_change(name: str, old: dict | None, new: dict | None) -> SchemaChange | None:
    """What of a resource's schema changed that a program relies on; None when nothing did.

    That is fields, their order, types and constraints, keys, and what stands for a missing value. An enumeration follows the
    code list, whose rows are compared.
    """
    if old is None or new is None:
        return None
    before, after = ({field["name"]: field for field in schema["fields"]} for schema in (old, new))
    changed: list[tuple[str, str, object, object]] = []
    stricter = False
    for field in (field for field in after if field in before):
        if before[field]["type"] != after[field]["type"]:
            changed.append((field, "type", before[field]["type"], after[field]["type"]))
            stricter = True
        limits = [entry.get("constraints", {}) for entry in (before[field], after[field])]
        for key in sorted({*limits[0], *limits[1]} - {"enum"}):
            values = (limits[0].get(key), limits[1].get(key))
            if values[0] != values[1]:
                changed.append((field, key, *values))
                stricter = stricter or not _is_looser(key, *values)
    kept = ([field for field in before if field in after], [field for field in after if field in before])
    for key, values in (
        ("order", kept),
        *((key, (old.get(key), new.get(key))) for key in ("primaryKey", "foreignKeys", "missingValues")),
    ):
        if values[0] != values[1]:
            changed.append(("", key, *values))
            stricter = True
    added, removed = (tuple(name for name in ours if name not in theirs) for ours, theirs in ((after, before), (before, after)))
    if not (added or removed or changed):
        return None
    return SchemaChange(name, added, removed, tuple(changed), looser=not (added or removed or stricter))


def _is_looser(constraint: str, old: object, new: object) -> bool:
    """Whether all that met a constraint still does; a constraint that is not known here counts as stricter."""
    if new is None or new is False:
        return True
    if old is None or old is False:
        return False
    if constraint in _LOOSER_WHEN_LESS:
        return new < old
    return constraint in _LOOSER_WHEN_MORE and new > old


def _source_changes(old: list[dict], new: list[dict]) -> list[SourceChange]:
    def files(sources: list[dict]) -> dict[str, dict[str, str]]:
        return {source.get("name", source["title"]): {file["hash"]: file["name"] for file in source.get("files", [])} for source in sources}

    before, after = files(old), files(new)
    found = []
    for source in dict.fromkeys((*before, *after)):
        was, now = before.get(source, {}), after.get(source, {})
        added, removed = ([theirs[key] for key in theirs if key not in ours] for theirs, ours in ((now, was), (was, now)))
        if added or removed:
            found.append(SourceChange(source, tuple(added), tuple(removed)))
    return found
