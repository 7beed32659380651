"""The table of revisions of a product: every published count that a later version changed, over all versions that are released.

`revisions.csv` lies beside `versions.json`, in the product's folder, and answers what was said before about a number that
reads differently today. It is put together from the `changes.json` of released versions: a version that was withdrawn is left
out, and so is what another says of its values.
"""

import csv
import io
import json
from pathlib import Path

from vawg_opendata.release.files import replace_text
from vawg_opendata.release.lifecycle.states import RELEASED

NAME = "revisions.csv"
COLUMNS = ("version", "since", "table", "cell", "measure", "change", "old", "new")


def write_revisions(product_folder: Path, versions: list[dict]) -> None:
    """Write `revisions.csv` from the versions of `versions.json`: versions oldest first, cells in the order of `changes.json`.

    `cell` has the codes as `dimension=code`, separated by semicolons; `old` and `new` are empty where not published.
    """
    released = {entry["version"] for entry in versions if entry["status"] == RELEASED}
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for version in (entry["version"] for entry in reversed(versions) if entry["version"] in released):
        changes = json.loads((product_folder / version / "changes.json").read_text(encoding="utf-8"))
        if changes["since"] in released:
            writer.writerows(revision_rows(changes))
    replace_text(product_folder / NAME, text.getvalue())


def revision_rows(changes: dict) -> list[tuple]:
    """The rows of the table for one version, from what its `changes.json` says."""
    return [row for table in changes["tables"] for row in _rows(changes["version"], changes["since"], table)]


def _rows(version: str, since: str, table: dict) -> list[tuple]:
    cells = table.get("cells", {"fields": [], "rows": []})
    dimensions = cells["fields"][:-4]
    return [
        (version, since, table["name"], ";".join(f"{name}={code}" for name, code in zip(dimensions, row, strict=False)), *row[-4:]) for row in cells["rows"]
    ]
