"""How a difference between two versions is published: `changes.json`, by the JSON Schema in `changes.schema.json`, and `CHANGES.md`.

Finding differences belongs in `comparison`. Every version carries the schema that its `changes.json` meets.
"""

from pathlib import Path

from vawg_opendata.products.declaration import Product
from vawg_opendata.release.changes.comparison import Changes
from vawg_opendata.release.changes.rows import TableChange

SCHEMA = "changes.schema.json"
SCHEMA_FILE = Path(__file__).with_name(SCHEMA)
MOST_CELLS = 20
"""Revised cells of a table that `CHANGES.md` shows; all of them are in `changes.json`."""


def plain(product: Product, changes: Changes) -> dict:
    """The content of `changes.json`."""
    return {
        "$schema": SCHEMA,
        "product": product.name,
        "audience": product.audience,
        "version": changes.version,
        "since": changes.since,
        "bump": changes.bump,
        "note": changes.note,
        "resources_added": list(changes.resources_added),
        "resources_removed": list(changes.resources_removed),
        "fields": [
            {
                "resource": change.resource,
                "added": list(change.fields_added),
                "removed": list(change.fields_removed),
                "changed": [dict(zip(("field", "property", "old", "new"), one, strict=True)) for one in change.changed],
            }
            for change in changes.schemas
        ],
        "protection_changed": list(changes.protection_changed),
        "meaning_changed": list(changes.meaning_changed),
        "words_changed": list(changes.words_changed),
        "sources": [
            {"source": change.source, "files_added": list(change.files_added), "files_removed": list(change.files_removed)} for change in changes.sources
        ],
        "tables": [plain_table(change) for change in changes.tables],
    }


def plain_table(change: TableChange) -> dict:
    """What `changes.json` says of one table."""
    numbers = {name: getattr(change, name) for name in ("name", "added", "removed", "revised", "grown", "newly_suppressed", "newly_published", "restated")}
    if change.cells:
        numbers["cells"] = {"fields": [*change.dimensions, "measure", "change", "old", "new"], "rows": [list(cell) for cell in change.cells]}
    if change.codes:
        numbers["codes"] = {"fields": ["code", "change", "column", "old", "new"], "rows": [list(code) for code in change.codes]}
    return numbers


def changes_text(title: str, changes: Changes) -> str:
    """The text of `CHANGES.md`: what changed since the version before."""
    lines = [f"# Changes of {title}", "", f"## {changes.version}", ""]
    if changes.note:
        lines += [changes.note, ""]
    if not changes.since:
        return "\n".join([*lines, "First version.", ""])
    lines += [f"{changes.bump} change since {changes.since}.", ""]
    for words, names in (
        ("Added", changes.resources_added),
        ("Removed", changes.resources_removed),
        ("Protection changed", changes.protection_changed),
        ("Meaning changed", changes.meaning_changed),
        ("Wording changed", changes.words_changed),
    ):
        if names:
            lines.append(f"- {words}: {', '.join(f'`{name}`' for name in names)}")
    for change in changes.schemas:
        for words, names in (("fields added", change.fields_added), ("fields removed", change.fields_removed)):
            if names:
                lines.append(f"- `{change.resource}`: {words}: {', '.join(f'`{name}`' for name in names)}")
        lines += [f"- `{change.resource}`: {f'`{field}`: ' if field else ''}{key} was {old} and is {new}" for field, key, old, new in change.changed]
    for source in changes.sources:
        for words, names in (("now also made from", source.files_added), ("no longer made from", source.files_removed)):
            if names:
                lines.append(f"- Source `{source.source}`: {words} {', '.join(f'`{name}`' for name in names)}")
    if changes.tables:
        lines += [*([""] if lines[-1] else []), "| table | rows added | removed | revised | of a longer period | newly suppressed | newly published | other status |", "|---|---|---|---|---|---|---|---|"]
        lines += [
            f"| `{t.name}` | {t.added:,} | {t.removed:,} | {t.revised:,} | {t.grown:,} | {t.newly_suppressed:,} | {t.newly_published:,} | {t.restated:,} |"
            for t in changes.tables
        ]
    for change in changes.tables:
        lines += _revised(change)
    return "\n".join([*lines, ""])


def _revised(change: TableChange) -> list[str]:
    """The first cells of a table whose count was revised."""
    width = len(change.dimensions)
    cells = [cell for cell in change.cells if cell[width + 1] == "revised"]
    if not cells:
        return []
    shown = f"the first {MOST_CELLS} of {len(cells):,} cells; all are in `changes.json`" if len(cells) > MOST_CELLS else f"{len(cells)} cells"
    lines = ["", f"### Revised in `{change.name}`: {shown}", "", f"| {' | '.join((*change.dimensions, 'measure', 'was', 'is'))} |"]
    lines += ["|" + "---|" * (width + 3)]
    return lines + [f"| {' | '.join((*cell[: width + 1], f'{cell[-2]:,}', f'{cell[-1]:,}'))} |" for cell in cells[:MOST_CELLS]]
