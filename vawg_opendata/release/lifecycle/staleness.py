"""How long readers have had nothing newer: by the version that `latest.json` names, and not by the last run, which may have released nothing.

A version that corrects or explains what was there brings nothing newer, so the days count from the first of the versions at hand that reach as far.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from vawg_opendata.release.lifecycle.states import RELEASED
from vawg_opendata.release.lifecycle.versions import latest, listed

LONGEST = {"monthly": 45}
"""By how often a product appears (its declaration): after how many days without a new version its readers are kept waiting."""
OTHERWISE = 400


@dataclass(frozen=True)
class Visible:
    """The version that readers have, the last period that it covers, since which day they have had that, and how many days ago that is; `longest`
    days are expected at most."""

    version: str
    end: str
    since: date
    days: int
    longest: int

    @property
    def stale(self) -> bool:
        """Whether there should be a newer one by now."""
        return self.days > self.longest


def visible(product_folder: Path, frequency: str, today: date | None = None) -> Visible | None:
    """What readers have of a product; None when nothing is released."""
    version = latest(product_folder)
    if version is None:
        return None
    ends = {entry["version"]: _end(product_folder / entry["version"]) for entry in listed(product_folder) if entry["status"] == RELEASED}
    since = min(datetime.fromisoformat(entry["released"]).date() for entry in listed(product_folder) if ends.get(entry["version"]) == ends[version])
    return Visible(version, ends[version], since, ((today or datetime.now(UTC).date()) - since).days, LONGEST.get(frequency, OTHERWISE))


def _end(folder: Path) -> str:
    """The last period that a package covers."""
    return json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))["temporal"]["end"]
