"""What differs between two versions of a package, and how large a step of the version that is.

By the Data Package version recipe (https://datapackage.org/recipes/data-package-version/): MAJOR when fields, their types, units, keys,
meaning or protection change, a file is to be read in another way or from another place, a constraint gets stricter, or something is taken
away; MINOR when rows, codes or resources are added, a period grows or a constraint gets looser; PATCH when values or words change. The packages
within a package, of areas and of partners, count as resources of it. Differences are found in the released files alone. A value that
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
_OF_A_FILE = ("type", "path", "format", "encoding", "dialect")
_OF_A_FIELD = ("type", "format", "unit", "missingValues")
_OF_A_SCHEMA = ("primaryKey", "foreignKeys", "uniqueKeys", "missingValues", "fieldsMatch")
"""Properties that programs rely on: another value of them is a MAJOR change, whatever it is."""
_OF_THE_VERSION = ("years", "counts", "tells")
"""What is claimed of records that follows from which records there are, and not from a policy."""
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
    schemas = [change for name in common if (change := _schema_change(name, before[name], after[name]))]
    inner = [_inner(descriptor) for descriptor in (old, new)]
    schemas += [change for name in inner[1] if name in inner[0] and (change := _fields_change(name, inner[0][name], inner[1][name]))]
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
    meaning += [name for name in common if _counted_from(before[name]) != _counted_from(after[name])]
    words = [key for key in new if key not in ("resources", *_VOLATILE, *meaning) and _steady(old.get(key)) != _steady(new.get(key))]
    words += [name for name in common if _steady(before[name]) != _steady(after[name]) and name not in reshaped]
    changes = Changes(
        since=old["version"],
        version=old["version"],
        bump="",
        resources_added=tuple(name for name in (*after, *inner[1]) if name not in before and name not in inner[0]),
        resources_removed=tuple(name for name in (*before, *inner[0]) if name not in after and name not in inner[1]),
        schemas=tuple(schemas),
        protection_changed=tuple(name for name in common if _protection(before[name]) != _protection(after[name])),
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


def _counted_from(resource: dict) -> list[str]:
    """The sources of a resource: counts from another source are other counts, even where they are called the same."""
    return [source.get("name", source["title"]) for source in resource.get("sources", [])]


def _protection(resource: dict) -> tuple:
    """What is said of how the cells or the records of a resource are protected."""
    return resource.get("statistics"), {key: value for key, value in resource.get("records", {}).items() if key not in _OF_THE_VERSION}


def _inner(descriptor: dict) -> dict[str, Mapping[str, list[str]]]:
    """By folder, the packages within a package, and of those with fields of their own the names of these by table."""
    listed = [*descriptor.get("cuts", {}).get("packages", []), *descriptor.get("partners", [])]
    return {one["path"].removesuffix("/datapackage.json"): one.get("fields", {}) for one in listed}


def _fields_change(name: str, old: Mapping[str, list[str]], new: Mapping[str, list[str]]) -> SchemaChange | None:
    """What changed in the fields of a package within a package, where both versions say which it has."""
    before, after = ([f"{table}.{field}" for table, fields in one.items() for field in fields] for one in (old, new))
    added, removed = (tuple(field for field in ours if field not in theirs) for ours, theirs in ((after, before), (before, after)))
    return SchemaChange(name, added, removed) if before and (added or removed) else None


def _schema_change(name: str, earlier: dict, later: dict) -> SchemaChange | None:
    """What of a resource changed that a program relies on; None when nothing did.

    That is how its file is read and where it is, fields, their order, types, units and constraints, keys, and what stands for a missing value. An
    enumeration of the codes of a code list follows the list, whose rows are compared.
    """
    changed = [("", key, earlier.get(key), later.get(key)) for key in _OF_A_FILE if earlier.get(key) != later.get(key)]
    old, new = earlier.get("schema"), later.get("schema")
    if old is None or new is None:
        return SchemaChange(name, changed=tuple(changed)) if changed else None
    before, after = ({field["name"]: field for field in schema["fields"]} for schema in (old, new))
    listed = {field for key in new.get("foreignKeys", []) for field in key["fields"]}
    kept = ([field for field in before if field in after], [field for field in after if field in before])
    changed += [("", "order", *kept)] if kept[0] != kept[1] else []
    changed += [("", key, old.get(key), new.get(key)) for key in _OF_A_SCHEMA if old.get(key) != new.get(key)]
    stricter = bool(changed)
    for field in kept[1]:
        one, other = before[field], after[field]
        found = [(field, key, one.get(key), other.get(key)) for key in _OF_A_FIELD if one.get(key) != other.get(key)]
        stricter = stricter or bool(found)
        limits = [entry.get("constraints", {}) for entry in (one, other)]
        for key in sorted({*limits[0], *limits[1]} - ({"enum"} if field in listed else set())):
            values = (limits[0].get(key), limits[1].get(key))
            if values[0] != values[1]:
                found.append((field, key, *values))
                stricter = stricter or not _is_looser(key, *values)
        changed += found
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
    if constraint == "enum":
        return set(old) <= set(new)
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
