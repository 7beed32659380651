"""Releases month after month by the flow's own steps, each judged when it is there, and all of them audited in the end."""

import time
from collections.abc import Collection
from pathlib import Path

from tests.release.faults.reader import problems
from tests.release.months.deliveries import Deliveries
from tests.release.months.judge import wrong_changes, wrong_counts, wrong_revisions
from vawg_opendata import flow
from vawg_opendata.products import PRODUCTS
from vawg_opendata.release import audit
from vawg_opendata.release.lifecycle.ledger import Ledger
from vawg_opendata.release.lifecycle.store import Store
from vawg_opendata.release.lifecycle.versions import listed
from vawg_opendata.settings import Settings

FIRST, LAST = "2024-03", "2026-02"
RECORDS = 240_000
"""Of all London in these two years, about as many as the real series has."""

BOROUGHS = {"E09000007": "Camden"}
NAMES = ("vawg-offences", "female-homicide")


class Months:
    """The published folder of a force, month after month. `faults` is what was not right so far."""

    def __init__(self, folder: Path, seed: int, names: tuple[str, ...] = NAMES, records: int = RECORDS) -> None:
        self.folder, self.names, self.faults = folder, names, []
        self.deliveries = Deliveries(folder / "whole", records, seed, FIRST, LAST, BOROUGHS)
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

    def audit_newest(self, names: Collection[str]) -> int:
        """Audit the newest version of some products by itself and with each version before it; returns how many pairs that were."""
        pairs = 0
        for name in names:
            *before, newest = self._folders(name)
            self._audited(name, [newest])
            for other in before:
                self._audited(name, [other, newest])
            pairs += len(before)
        return pairs

    def audit_all(self) -> None:
        """Audit everything together that is published."""
        self._audited("all", [self.published])

    def _audited(self, name: str, folders: list[Path]) -> None:
        self.faults += [f"{name}, audit of {' and '.join(folder.name for folder in folders)}: {fault}" for fault in audit(folders).faults()]

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
