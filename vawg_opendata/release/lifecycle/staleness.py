"""How old what readers have is: of the version that `latest.json` names, and not of the last run, which may have released nothing."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from vawg_opendata.release.lifecycle.versions import latest, listed

LONGEST = {"monthly": 45}
"""By how often a product appears (its declaration): after how many days without a new version its readers are kept waiting."""
OTHERWISE = 400


@dataclass(frozen=True)
class Visible:
    """The version that readers have, the day they got it, and how many days ago that is; `longest` days are expected at most."""

    version: str
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
    entry = next(entry for entry in listed(product_folder) if entry["version"] == version)
    since = datetime.fromisoformat(entry["released"]).date()
    return Visible(version, since, ((today or datetime.now(UTC).date()) - since).days, LONGEST.get(frequency, OTHERWISE))
