"""What the page of a version says, from its descriptor and its other files. How it looks belongs in the template."""

import re
from collections.abc import Mapping, Sequence

from vawg_opendata.charts.cells import Cells, finest, totals
from vawg_opendata.charts.headline import headline_caption, series, shown
from vawg_opendata.release.files import read_sums, sha256
from vawg_opendata.release.package.archive import archive_path
from vawg_opendata.site.figures import figure
from vawg_opendata.site.recipes import recipes
from vawg_opendata.site.released import AUDIENCE, Version
from vawg_opendata.statistics.periods import month_label

FORMAT_NAMES = {"csv": "CSV", "parquet": "Parquet", "duckdb": "DuckDB", "json": "JSON", "md": "Markdown", "zip": "Zip", "png": "PNG", "svg": "SVG"}
SECTIONS = (
    ("Read first", "caveats"),
    ("Tables", "tables"),
    ("What is counted", "definitions"),
    ("Protection", "protection"),
    ("Changes", "changes"),
    ("Downloads", "downloads"),
    ("How to query it", "query"),
    ("Data dictionary", "dictionary"),
    ("How to cite", "cite"),
)
_SYNTHETIC = re.compile(r"^These are not real crimes\..*?Do not quote any number\. ")


def size(count: int) -> str:
    """A number of bytes as people read it."""
    for unit, each in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= each:
            return f"{count / each:.1f} {unit}"
    return f"{count} bytes"


def description(version: Version) -> str:
    """What a package says of itself, without the warning of synthetic data, which pages give in a place of its own."""
    return _SYNTHETIC.sub("", version.descriptor["description"])


def period(version: Version) -> str:
    """What time a version covers, in words."""
    return " to ".join(month_label(version.descriptor["temporal"][end]) for end in ("start", "end"))


def address(version: Version, path: str) -> str:
    """The address of a file of a version from the pages of its product."""
    return f"../../{AUDIENCE}/{version.product}/{version.number}/{path}"


def files_of(version: Version, table: str) -> list[dict[str, str]]:
    """The files that hold a table."""
    return [
        {"address": address(version, resource["path"]), "format": FORMAT_NAMES.get(resource["format"], resource["format"]), "size": size(resource["bytes"])}
        for resource in version.descriptor["resources"]
        if resource["name"] in (table, f"{table}.parquet")
    ]


def page(version: Version, versions: Sequence[Version], cells: Sequence[Cells], pages: Mapping[str, str]) -> dict:
    """Everything the template needs. `pages` has the address of the page of each table, where there is one; `versions` are all versions on the
    page of the latest, and none on that of an earlier one, which is made once and leads to the latest."""
    package = version.descriptor
    contributor = package["contributors"][0]
    number = version.number
    statistical = {resource["name"] for resource in version.statistical}
    return {
        "title": package["title"],
        "summary": description(version),
        "synthetic": package.get("synthetic", False),
        "package": package,
        "version": number,
        "period": period(version),
        "publisher": contributor,
        "licence": package["licenses"][0],
        "sections": SECTIONS,
        "chart_files": _charts(version, cells[0].measure) if cells else [],
        "replaced_by": "" if versions else "index.html",
        "headline": headline(cells[0], version.notes("series_breaks")) if cells else {"title": "", "tiles": [], "figure": ""},
        "tables": [_table(version, one, pages, bool(versions)) for one in cells] + [_records(version, resource, pages) for resource in version.records],
        "definitions": version.notes("definitions"),
        "breaks": version.notes("series_breaks"),
        "protection": _protection(version.json("disclosure.json")),
        "base": address(version, ""),
        "changes": changes_words(version.json("changes.json")),
        "change_rows": _change_rows(version.json("changes.json")),
        "versions": [_other(one, version) for one in versions],
        "downloads": _downloads(version),
        "recipes": recipes(version, next(iter(statistical), "")),
        "dictionary": [_dictionary(resource) for resource in version.tables.values()],
        "citation": _citation(version, contributor["title"]),
    }


def headline(cells: Cells, breaks: Sequence[Mapping[str, str]], *, small: bool = False) -> dict:
    """The first table's total: over all time, in the latest period and, where that is withheld, in the last one published, and as a chart (a
    small one for a card)."""
    fixed = totals(cells)
    tiles = []
    if cells.period:
        labels, total, periods = cells.lists[cells.period].labels, cells.lists[cells.period].total, finest(cells)
        published = [code for code, state in zip(periods, series(cells, fixed, periods)[1].tolist(), strict=True) if not state]
        chosen = [(total, labels[total])] if total in cells.axes[cells.period] else []
        chosen += [(periods[-1], labels[periods[-1]])]
        chosen += [(published[-1], f"{labels[published[-1]]}, last published")] if published and published[-1] != periods[-1] else []
        for code, words in chosen:
            (value,), (state,) = (found.tolist() for found in series(cells, fixed, [code]))
            tiles.append({"name": words, "code": code, "status": state, "value": shown(value, state, cells.integer)})
    return {
        "title": cells.measure_title,
        "tiles": tiles,
        "figure": figure(cells, fixed, headline_caption(cells), breaks, "headline-chart", small=small),
    }


def facts(cells: Cells) -> str:
    """Size of a table and how much of it is withheld, in words."""
    missing = int((cells.status == "x").sum())
    share = f"{100 * cells.withheld / max(cells.size - missing, 1):.1f} % of them withheld to protect people" if cells.withheld else "none withheld"
    return f"{cells.size:,} cells, {share}{f', {missing:,} not available' if missing else ''}."


def _table(version: Version, cells: Cells, pages: Mapping[str, str], explored: bool) -> dict:
    return {
        "title": cells.title,
        "description": cells.description,
        "facts": facts(cells),
        "page": pages.get(cells.name, ""),
        "explore": f"../explore.html#t={version.product}/{cells.name}" if explored and cells.name in pages else "",
        "files": files_of(version, cells.table),
    }


def _records(version: Version, resource: Mapping, pages: Mapping[str, str]) -> dict:
    return {
        "title": resource["title"],
        "description": resource["description"],
        "facts": "A row per record.",
        "page": pages.get(resource["name"], ""),
        "explore": "",
        "files": files_of(version, resource["name"]),
    }


def _protection(statement: Mapping) -> dict:
    tables = statement.get("tables", [])
    cells, withheld = sum(table["cells"] for table in tables), sum(table["withheld"] for table in tables)
    missing = sum(table["not_available"] for table in tables)
    words = ""
    if cells - missing:
        words = f"Of {cells - missing:,} cells, {withheld:,} are withheld ({100 * withheld / (cells - missing):.1f} %). The attack before publishing disclosed none."
    records = [one["protection"] for one in statement.get("records", []) if "protection" in one]
    return {
        "guarantee": statement.get("guarantee", ""),
        "method": statement.get("method", ""),
        "words": words,
        "records": [" ".join(one[key] for key in ("guarantee", "method", "beside_tables", "versions")) for one in records],
    }


def changes_words(changes: Mapping) -> list[str]:
    """What `changes.json` says of fields, resources and words, in sentences."""
    if not changes.get("since"):
        return ["First version."]
    lines = [*filter(None, [changes.get("note")]), f"{changes['bump'].capitalize()} change since version {changes['since']}."]
    if changes.get("fields"):
        lines.append(f"Fields or keys changed: {', '.join(change['resource'] for change in changes['fields'])}.")
    for words, key in (
        ("Added", "resources_added"),
        ("Removed", "resources_removed"),
        ("Protection changed", "protection_changed"),
        ("Meaning changed", "meaning_changed"),
        ("Wording changed", "words_changed"),
    ):
        if changes.get(key):
            lines.append(f"{words}: {', '.join(changes[key])}.")
    return lines


def _change_rows(changes: Mapping) -> list[list[str]]:
    columns = ("added", "removed", "revised", "grown", "newly_suppressed", "newly_published")
    tables = [table for table in changes.get("tables", []) if any(table.get(column) for column in columns)]
    if not tables:
        return []
    head = ["Table", "Added", "Removed", "Revised", "Of a longer period", "Newly withheld", "Newly published"]
    return [head, *([table["name"], *(f"{table.get(column, 0):,}" for column in columns)] for table in tables)]


def _other(one: Version, latest: Version) -> dict:
    if one.readable:
        return {"number": one.number, "address": f"{one.number}.html", "words": ", the latest, shown here" if one is latest else ""}
    reason = f": {one.entry['reason']}" if one.entry.get("reason") else ""
    return {"number": one.number, "address": "", "words": f", {one.status}{reason}"}


def _downloads(version: Version) -> list[dict[str, str]]:
    """All files of a version: those of the descriptor with its words, the others by name."""
    titles = {resource["path"]: resource["title"] for resource in version.descriptor["resources"]}
    others = {
        "datapackage.json": "Description of all tables and fields, for machines",
        "README.md": "Page for readers, with the data dictionary",
        "CHANGES.md": "What changed since the version before",
        "changes.json": "The same, for machines",
        "changes.schema.json": "JSON Schema of changes.json",
        "disclosure.json": "How people were protected, and what the attack found",
    }
    archive = archive_path(version.folder)
    if archive:
        others[archive.name] = "Everything in one file"
    found = []
    digests = read_sums(version.folder) | ({archive.name: sha256(archive)} if archive else {})
    for path, digest in digests.items():
        suffix = path.rpartition(".")[2]
        found.append(
            {
                "path": path,
                "address": address(version, path),
                "title": titles.get(path, others.get(path, "Chart of the total over time" if path.startswith("charts/") else "")),
                "format": FORMAT_NAMES.get(suffix, suffix),
                "size": size((version.folder / path).stat().st_size),
                "hash": digest,
            }
        )
    return sorted(found, key=lambda file: (file["path"].count("/"), file["path"]))


def _charts(version: Version, measure: str) -> list[tuple[str, str]]:
    """Format and address of the chart of a measure; older packages have none."""
    paths = [(suffix.upper(), f"charts/{measure}.{suffix}") for suffix in ("svg", "png")]
    return [(name, address(version, path)) for name, path in paths if (version.folder / path).is_file()]


def _dictionary(resource: Mapping) -> dict:
    links = {key["fields"][0]: key["reference"].get("resource", resource["name"]) for key in resource["schema"].get("foreignKeys", [])}
    return {
        "name": resource["name"],
        "title": resource["title"],
        "description": resource["description"],
        "fields": [
            {key: field.get(key, "") for key in ("name", "type", "title", "description")} | {"link": links.get(field["name"], "")}
            for field in resource["schema"]["fields"]
        ],
    }


def _citation(version: Version, publisher: str) -> dict[str, str]:
    package = version.descriptor
    licence = package["licenses"][0]["title"]
    text = f"{publisher}: {package['title']}. Version {version.number}, {period(version)}. {licence}."
    key = re.sub("[^a-z0-9]", "", package["name"])
    lines = [
        f"@misc{{{key}_{version.number.replace('.', '_')},",
        f"  author = {{{{{publisher}}}}},",
        f"  title = {{{package['title']}}},",
        f"  version = {{{version.number}}},",
        f"  note = {{{period(version)}. {licence}}}",
        "}",
    ]
    return {"text": text, "bibtex": "\n".join(lines)}
