"""Month after month of growing, revised data: each version and each pair is safe, and what is told of the changes is right.

What is published is compared with the counts that went in, not with what the publisher says of itself.
"""

import json
import random
from datetime import UTC, datetime

import pytest

from tests.release.months.judge import covered
from tests.release.packages import AGES, release_beside, rows
from vawg_opendata.release import audit
from vawg_opendata.release.lifecycle.ledger import Ledger
from vawg_opendata.release.lifecycle.store import Store
from vawg_opendata.release.lifecycle.versions import listed

MONTHS = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]


def history(seed: int, months: int):
    """Counts month by month: each adds a month, and revises a few cells of the six months before it, small ones among them."""
    draw = random.Random(seed)
    counts: dict[tuple[str, str], int] = {}
    for position in range(months):
        for number, age in enumerate(AGES):
            counts[age, MONTHS[position]] = draw.randrange(0, 12) if number >= 6 else draw.randrange(20, 90)
        for month in draw.sample(MONTHS[max(0, position - 6) : position], min(position, 2)):
            age = draw.choice(AGES)
            counts[age, month] = max(0, counts[age, month] + draw.choice((-2, -1, 1, 2)))
        yield MONTHS[position], dict(counts)


def told(folder) -> dict[tuple[str, str], tuple[str, str]]:
    """Count and status of each cell of a package, as text."""
    return {(row["age_group"], row["month"]): (row["victims"], row["victims_status"]) for row in rows(folder)}


def expected_changes(before, after) -> list[list]:
    """The cells that differ between two packages, told apart as `changes.json` does."""
    cells = []
    for cell in sorted(set(before) & set(after)):
        if before[cell] != after[cell]:
            (old, was), (new, now) = before[cell], after[cell]
            counted = "revised" if covered(cell[1], {month for _, month in before}) == covered(cell[1], {month for _, month in after}) else "grown"
            kind = "suppressed" if now == "c" else "released" if was == "c" else counted if not was and not now else "restated"
            cells.append([*cell, "victims", kind, int(old) if old and not now and kind == counted else None, int(new) if new else None])
    return cells


@pytest.mark.parametrize("months", [5])
def test_months_of_revised_data_are_told_right_and_safe_together(tmp_path, months):
    published = tmp_path / "published"
    versions = []
    for month, counts in history(1, months):
        version = release_beside(tmp_path, published, counts, vintage=month)
        assert version.is_new and version.state == "released"
        shown = told(version.folder)
        assert all(shown[cell] in ((str(count), ""), ("", "c")) for cell, count in counts.items())
        changes = json.loads((version.folder / "changes.json").read_text(encoding="utf-8"))
        if versions:
            (table,) = [one for one in changes["tables"] if one["name"] == "victims_by_age_group"]
            before = told(versions[-1].folder)
            assert sorted(table.get("cells", {"rows": []})["rows"]) == expected_changes(before, shown)
            assert table["added"] == len(set(shown) - set(before)) and changes["since"] == versions[-1].version
            assert changes["bump"] == "MINOR" and version.version == f"1.{len(versions)}.0"
        versions.append(version)
    assert all(audit([one.folder, other.folder]).ok for one, other in zip(versions, versions[1:], strict=False))
    assert audit([published]).ok
    home = versions[0].folder.parent
    assert [entry["version"] for entry in listed(home)] == [version.version for version in reversed(versions)]
    entries = Ledger(Store(published).ledger).entries
    assert [(entry.version, entry.action) for entry in entries] == [
        (version.version, action) for version in versions for action in ("prepare", "review", "approve", "release")
    ]
    assert all(datetime.fromisoformat(entry.at) <= datetime.now(UTC) for entry in entries)
