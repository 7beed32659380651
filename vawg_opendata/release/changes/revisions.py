"""The table of revisions of a product: every published count that a later version changed, over all versions that are released.

`revisions.csv` lies beside `versions.json`, in the product's folder, and answers what was said before about a number that
reads differently today. Each released version is told against the released one before: by its `changes.json` or, where a version in
between was withdrawn, by comparing the two, so that nothing is quoted of what was withdrawn and nothing stays unexplained.
"""

import csv
import io
import json
from itertools import pairwise
from pathlib import Path

from vawg_opendata.release.changes.comparison import compare
from vawg_opendata.release.changes.text import plain_table
from vawg_opendata.release.files import replace_text
from vawg_opendata.release.lifecycle.states import RELEASED

NAME = "revisions.csv"
COLUMNS = ("version", "since", "table", "cell", "measure", "change", "old", "new")


def write_revisions(product_folder: Path, versions: list[dict]) -> None:
    """Write `revisions.csv` from the versions of `versions.json`: versions oldest first, cells in the order of `changes.json`.

    `cell` has the codes as `dimension=code`, separated by semicolons; `old` and `new` are empty where not published.
    """
    released = [product_folder / entry["version"] for entry in reversed(versions) if entry["status"] == RELEASED]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for before, version in pairwise(released):
        changes = json.loads((version / "changes.json").read_text(encoding="utf-8"))
        writer.writerows(revision_rows(changes if changes["since"] == before.name else _told_anew(before, version)))
    replace_text(product_folder / NAME, text.getvalue())


def _told_anew(before: Path, version: Path) -> dict:
    """What the `changes.json` of a version would say of the cells if the version `before` had been the one before."""
    old, new = (json.loads((folder / "datapackage.json").read_text(encoding="utf-8")) for folder in (before, version))
    return {"version": version.name, "since": before.name, "tables": [plain_table(change) for change in compare(before, old, version, new).tables]}


def revision_rows(changes: dict) -> list[tuple]:
    """The rows of the table for one version, from what its `changes.json` says."""
    return [row for table in changes["tables"] for row in _rows(changes["version"], changes["since"], table)]


def _rows(version: str, since: str, table: dict) -> list[tuple]:
    cells = table.get("cells", {"fields": [], "rows": []})
    dimensions = cells["fields"][:-4]
    return [
        (version, since, table["name"], ";".join(f"{name}={code}" for name, code in zip(dimensions, row, strict=False)), *row[-4:]) for row in cells["rows"]
    ]
