"""Versions: their numbers, and the lists of them that readers get.

A number is MAJOR.MINOR.PATCH; which part grows follows from `changes.comparison`. The lists follow from the ledger: `versions.json` has
every version that readers had, newest first, with its status, when it was released and, of a withdrawn one, when and why that
was; `latest.json` names the newest released one and is absent when there is none.
"""

import json
import re
from pathlib import Path

from vawg_opendata.release.changes.comparison import MAJOR, MINOR, PATCH
from vawg_opendata.release.files import remove_durably, replace_json
from vawg_opendata.release.lifecycle.ledger import Entry
from vawg_opendata.release.lifecycle.states import RELEASED, WITHDRAWN

FIRST = "1.0.0"
_NUMBER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


def listed(product_folder: Path) -> list[dict]:
    """The entries of `versions.json`, newest first; empty when there is none."""
    path = product_folder / "versions.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def latest(product_folder: Path) -> str | None:
    """The version that `latest.json` names, or None."""
    path = product_folder / "latest.json"
    return json.loads(path.read_text(encoding="utf-8"))["version"] if path.is_file() else None


def is_version(text: str) -> bool:
    """Whether a text is the number of a version."""
    return _NUMBER.fullmatch(text) is not None


def order(version: str) -> tuple[int, ...]:
    """A version as numbers that compare as versions do. ValueError for anything that is no version."""
    match = _NUMBER.fullmatch(version)
    if match is None:
        raise ValueError(f"{version!r} is not a version: it must be MAJOR.MINOR.PATCH")
    return tuple(int(part) for part in match.groups())


def bumped(version: str, bump: str) -> str:
    """The next version."""
    major, minor, patch = order(version)
    return {MAJOR: f"{major + 1}.0.0", MINOR: f"{major}.{minor + 1}.0", PATCH: f"{major}.{minor}.{patch + 1}"}[bump]


def versions_list(entries: list[Entry]) -> list[dict]:
    """The content of `versions.json`, given all entries of the ledger of a product."""
    versions: dict[str, dict] = {}
    for entry in entries:
        if entry.after == RELEASED:
            versions[entry.version] = {"version": entry.version, "status": RELEASED, "released": entry.at}
        elif entry.after == WITHDRAWN and entry.version in versions:
            versions[entry.version] |= {"status": WITHDRAWN, "withdrawn": entry.at, "reason": entry.why}
    return sorted(versions.values(), key=lambda version: order(version["version"]), reverse=True)


def write_list(product_folder: Path, versions: list[dict]) -> None:
    """Write `versions.json`."""
    replace_json(product_folder / "versions.json", versions)


def point_latest(product_folder: Path, versions: list[dict]) -> None:
    """Point `latest.json` to the newest released version, or remove it when there is none."""
    newest = next((entry["version"] for entry in versions if entry["status"] == RELEASED), None)
    if newest is None:
        remove_durably(product_folder / "latest.json")
    else:
        replace_json(product_folder / "latest.json", {"version": newest})
