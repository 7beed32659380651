"""Access profiles: the kinds of readers of each audience and what allows them to be given its packages, as data in
`access_profiles.yaml`; and, for a product whose readers are given different fields, which kind is given which, as data in a CSV of its own.

Who a single reader is, and how packages come to them, belongs to whoever serves the folder of an audience and to `delivery`.
"""

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from vawg_opendata.problems import RunError
from vawg_opendata.products.declaration import AUDIENCES

FILE = Path(__file__).with_name("access_profiles.yaml")


class AccessProfileError(RunError):
    """A malformed profile; the message names the file, the profile, what is wrong with it and what to do."""


@dataclass(frozen=True, kw_only=True)
class AccessProfile:
    """A kind of reader: the audience whose packages they are given, and the legal gateway, with where that can be read."""

    name: str
    title: str
    audience: str
    gateway: str
    source: str


def load_profiles(path: Path = FILE) -> list[AccessProfile]:
    """The profiles of a YAML file. AccessProfileError for an entry that is not whole, an audience that does not exist or has no
    profile, and a name that is there twice or has the character that separates names in a field catalogue."""
    import yaml

    wanted = {field.name for field in fields(AccessProfile)}
    profiles = []
    for number, entry in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")) or [], start=1):
        if not isinstance(entry, dict) or set(entry) != wanted or not all(isinstance(value, str) and value.strip() for value in entry.values()):
            raise AccessProfileError(f"{path}, profile {number}: must have {', '.join(sorted(wanted))}, each a text, and nothing else.")
        profiles.append(AccessProfile(**entry))
    names = [profile.name for profile in profiles]
    for profile in profiles:
        if profile.audience not in AUDIENCES:
            raise AccessProfileError(f"{path}, profile {profile.name}: the audience {profile.audience!r} must be one of {', '.join(AUDIENCES)}.")
        if names.count(profile.name) > 1 or "|" in profile.name:
            raise AccessProfileError(f"{path}, profile {profile.name}: give each profile a name of its own, without a |.")
    for audience in AUDIENCES:
        if audience not in {profile.audience for profile in profiles}:
            raise AccessProfileError(f"{path}: no profile is of the audience {audience}. Say who may be given its packages.")
    return profiles


def profiles_of(audience: str) -> Sequence[AccessProfile]:
    """The profiles that are given the packages of an audience, in the order of the file."""
    return [profile for profile in load_profiles() if profile.audience == audience]


def load_field_access(path: Path, fields: Collection[str], audience: str) -> Mapping[str, tuple[str, ...]]:
    """By field the names of the profiles that are given it, from a CSV with the columns `field` and `profiles` (separated by |).

    AccessProfileError for a field that is there twice, not at all, or unknown, and for a profile that the audience does not have: nobody is given a
    field, and nobody kept from one, by an omission.
    """
    known = {profile.name for profile in profiles_of(audience)}
    given: dict[str, tuple[str, ...]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row, entry in enumerate(csv.DictReader(file), start=2):
            name, profiles = entry["field"], tuple(entry["profiles"].split("|")) if entry["profiles"] else ()
            if name not in fields or name in given:
                raise AccessProfileError(f"{path.name}, row {row}, column field: {name!r} is {'there twice' if name in given else 'no field'}; name each field once.")
            unknown = [profile for profile in profiles if profile not in known]
            if unknown:
                raise AccessProfileError(f"{path.name}, row {row}, column profiles: {unknown[0]!r} must be one of {', '.join(sorted(known))}.")
            given[name] = profiles
    missing = [name for name in fields if name not in given]
    if missing:
        raise AccessProfileError(f"{path.name}: says nothing of the field {missing[0]}; add a row that says which profiles are given it.")
    return given
