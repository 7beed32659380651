"""Releases month after month by the flow's own steps, each judged when it is there, and all of them audited in the end."""

import time
from collections.abc import Collection
from pathlib import Path

from tests.release.faults.reader import problems
from tests.release.months.deliveries import Deliveries
from tests.release.months.judge import wrong_changes, wrong_counts, wrong_revisions
from vawg_opendata import flow
from vawg_opendata.products import PRODUCTS
from vawg_opendata.reference import load_codelist
from vawg_opendata.release import audit
from vawg_opendata.release.lifecycle.ledger import Ledger
from vawg_opendata.release.lifecycle.store import Store
from vawg_opendata.release.lifecycle.versions import listed
from vawg_opendata.settings import Settings

FIRST, LAST = "2024-03", "2026-02"
RECORDS = 240_000
"""Of all London in these two years, about as many as the real series has."""

FORCE = "Camden"
NAMES = ("vawg-offences", "female-homicide")


class Months:
    """The published folder of a force, month after month. `faults` is what was not right so far."""

    def __init__(self, folder: Path, seed: int, names: tuple[str, ...] = NAMES, records: int = RECORDS, boroughs: Collection[str] = (FORCE,)) -> None:
        self.folder, self.names, self.faults = folder, names, []
        self.deliveries = Deliveries(folder / "whole", records, seed, FIRST, LAST, _codes(boroughs))
        self.published = folder / "published"
        self._expected: list[tuple[str, str, str]] = []  # product, version, action of each entry of the ledger

    def release(self, month: str) -> dict[str, object]:
        """Publish what is delivered at the end of a month, and judge it; returns the versions and the seconds of CPU it took."""
        landing = self.folder / "landing" / month
        self.deliveries.deliver(month, landing)
        began = time.process_time()
        settings = Settings(landing=landing, published=self.published, work=self.folder / "work", products=self.names)
        results = {version.product: version for version in flow.run(settings)}
        seconds = time.process_time() - began
        for name in self.names:
            new = name in results and results[name].is_new
            self._judge(settings, month, name, new)
        self.faults += [f"{month}: {problem}" for problem in problems(self.published)]
        return {"versions": {name: version.version for name, version in results.items() if version.is_new}, "cpu_seconds": round(seconds, 1)}

    def versions(self) -> dict[str, int]:
        """How many versions each product has."""
        return {name: len(self._folders(name)) for name in self.names}

    def audit(self) -> int:
        """Audit everything that is published: each version, all together, and every pair of versions; returns how many pairs that were."""
        self.faults += [f"audit: {fault}" for fault in audit([self.published]).faults()]
        return sum(number * (number - 1) // 2 for number in self.versions().values())

    def _folders(self, name: str) -> list[Path]:
        """The versions of a product, the oldest first."""
        home = self._home(name)
        return [home / entry["version"] for entry in reversed(listed(home))] if home.is_dir() else []

    def _home(self, name: str) -> Path:
        return self.published / PRODUCTS[name].audience / name

    def _judge(self, settings: Settings, month: str, name: str, new: bool) -> None:
        folders, found = self._folders(name), []
        if new and len(folders) > 1:
            found += wrong_changes(*folders[-2:]) + wrong_revisions(self._home(name), folders)
        if new:
            self._expected += [(name, folders[-1].name, action) for action in ("prepare", "review", "approve", "release")]
        entries = [(entry.product, entry.version, entry.action) for entry in Ledger(Store(self.published).ledger).entries]
        if [entry for entry in entries if entry[0] == name] != [entry for entry in self._expected if entry[0] == name]:
            found.append("the ledger tells another story")
        counted = flow.counted(settings, PRODUCTS[name])
        found += wrong_counts(folders[-1], counted.counts)
        self.faults += [f"{month} {name} {folders[-1].name}: {problem}" for problem in found]


def _codes(boroughs: Collection[str]) -> dict[str, str]:
    """Boroughs by code; every one where none is named. ValueError for a name that is not one's."""
    known = {row["label"]: row["code"] for row in load_codelist("area").rows if row["level"] == "borough"}
    strange = sorted(set(boroughs) - set(known))
    if strange:
        raise ValueError(f"{strange[0]!r} is no borough; there are {', '.join(known)}")
    return {known[name]: name for name in (boroughs or known)}
