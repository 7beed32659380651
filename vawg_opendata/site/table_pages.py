"""The pages of the tables of a version: one per table and, of the latest version, one per slice of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from vawg_opendata.charts.cells import Cells, Codes, finest, read_rows
from vawg_opendata.site.figures import figure
from vawg_opendata.site.markup import grid
from vawg_opendata.site.product_page import facts, files_of
from vawg_opendata.site.released import Version
from vawg_opendata.site.slices import Slice, blocks, left_out, overview, slices

MOST_RECORDS = 2_000
MOST_FOUND = 2_000
"""Codes of longer lists are found by the page they are on alone: the index of the search is loaded by phones."""


@dataclass(frozen=True)
class Page:
    """A page to be rendered: its path in the folder of the product, its template's values, and how a search finds
    it: by its name and by the labels of `rows`, which have no page of their own."""

    path: str
    values: Mapping
    name: str
    kind: str
    rows: tuple[str, ...] = ()


def table_pages(version: Version, cells: Cells, breaks: Sequence[Mapping[str, str]]) -> Iterator[Page]:
    """The pages of one table; the first is its own."""
    parts = slices(cells)
    whole = overview(cells)
    by_subject: dict[tuple[str, str], str] = {}
    for part in parts:
        by_subject.setdefault(part.subject, f"{part.slug}.html")

    def link_from(part: Slice):
        def link(code: str) -> str:
            target = by_subject.get((part.dimension, code), "")
            return "" if (part.dimension, code) == part.subject else target

        return link

    common = _common(version, cells) | {"product_page": "../index.html"}
    explore = f"../../explore.html#t={version.product}/{cells.name}"
    yield Page(
        f"{cells.name}/index.html",
        common
        | _whole(cells, whole, breaks, link_from(whole))
        | {
            "groups": _groups(cells, parts),
            "groups_title": "In detail",
            "explore": explore,
        },
        cells.title,
        "table",
    )
    for part in parts:
        label = _label(cells, part)
        yield Page(
            f"{cells.name}/{part.slug}.html",
            common
            | {
                "title": f"{label}: {cells.title}",
                "heading": label,
                "lead": f"{cells.title}. {_across(cells, part)}",
                "figure": _figure(cells, part, breaks),
                "blocks": _blocks(cells, part, link_from(part)),
                "groups": [],
                "table_title": cells.title,
                "explore": explore + _explored(part),
            },
            label,
            cells.title,
            _without_page(cells, part, by_subject),
        )


def earlier_pages(version: Version, cells: Sequence[Cells]) -> Iterator[Page]:
    """The pages of the tables of an earlier version: each table at its upper levels, and its records. The rest is in the files."""
    breaks = version.notes("series_breaks")
    more = {"product_page": f"../{version.number}.html", "replaced_by": "../index.html"}
    for one in cells:
        values = _common(version, one) | _whole(one, overview(one), breaks, lambda code: "") | {"groups": []} | more
        yield Page(f"{version.number}/{one.name}.html", values, one.title, "table")
    for resource in version.records:
        if found := record_page(version, resource):
            yield Page(f"{version.number}/{resource['name']}.html", {**found.values, **more}, found.name, "table")


def _common(version: Version, cells: Cells) -> dict:
    return {
        "summary": cells.description,
        "synthetic": version.descriptor.get("synthetic", False),
        "facts": f"Version {version.number}. The whole table: {facts(cells)}",
        "files": _files(version, cells.table),
        "left_out": left_out(cells),
        "product": version.product,
        "product_title": version.descriptor["title"],
    }


def _whole(cells: Cells, whole: Slice, breaks: Sequence[Mapping[str, str]], link: Callable[[str], str]) -> dict:
    """What the page of a whole table shows."""
    return {
        "title": cells.title,
        "heading": cells.title,
        "lead": cells.description,
        "figure": _figure(cells, whole, breaks),
        "blocks": _blocks(cells, whole, link),
    }


def record_page(version: Version, resource: Mapping) -> Page | None:
    """The page of a table of records; none for one too long to read, which is in the files."""
    path = version.folder / resource["path"]
    rows = read_rows(path)
    if len(rows) > MOST_RECORDS:
        return None
    fields = resource["schema"]["fields"]
    links = {key["fields"][0]: key["reference"].get("resource", "") for key in resource["schema"].get("foreignKeys", [])}
    lists = {name: version.codes[link] for name, link in links.items() if link in version.codes}
    head = "".join(f'<th scope="col" class="words">{escape(field.get("title", field["name"]))}</th>' for field in fields)
    body = "".join("<tr>" + "".join(_value(row[field["name"]], lists.get(field["name"])) for field in fields) + "</tr>" for row in rows)
    name = resource["name"]
    table = (
        f'<details><summary>Show the {len(rows):,} rows</summary><div class="scroll" role="region" aria-labelledby="rows" tabindex="0">'
        f'<table class="records" data-records="{name}"><caption id="rows">{escape(resource["title"])}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )
    values = {
        "title": resource["title"],
        "heading": resource["title"],
        "lead": resource["description"],
        "summary": resource["description"],
        "synthetic": version.descriptor.get("synthetic", False),
        "facts": f"Version {version.number}. {len(rows):,} rows.",
        "files": _files(version, name),
        "product_page": "../index.html",
        "product": version.product,
        "product_title": version.descriptor["title"],
        "records": table,
        "figure": "",
        "blocks": [],
        "groups": [],
    }
    return Page(f"{name}/index.html", values, resource["title"], "table")


def _value(text: str, codes: Codes | None) -> str:
    """A value of a record: the label of a code; the root of a list says that the value is not told."""
    if codes is None or text not in codes.labels:
        return f'<td class="words">{escape(text)}</td>'
    if text == codes.total:
        return f'<td class="words x" data-code="{escape(text)}">not told</td>'
    return f'<td class="words" data-code="{escape(text)}">{escape(codes.labels[text])}</td>'


def _without_page(cells: Cells, part: Slice, pages: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
    if part.dimension != part.subject[0] or len(cells.axes[part.dimension]) > MOST_FOUND:
        return ()
    return tuple(cells.lists[part.dimension].labels[code] for code in part.rows if (part.dimension, code) not in pages)


def _files(version: Version, table: str) -> list[dict[str, str]]:
    return [file | {"address": f"../{file['address']}"} for file in files_of(version, table)]


def _label(cells: Cells, part: Slice) -> str:
    dimension, code = part.subject
    return cells.lists[dimension].labels[code] if code else f"By {cells.lists[dimension].title.lower()}"


def _across(cells: Cells, part: Slice) -> str:
    """What stands in the rows of a slice, in words."""
    if part.dimension == part.subject[0]:
        further = [] if "-by-" not in part.slug else ["by its second hierarchy"]
        return " ".join(["The total, and what it adds up from", *further]) + "."
    return f"By {cells.lists[part.dimension].title.lower()}."


def _figure(cells: Cells, part: Slice, breaks: Sequence[Mapping[str, str]]) -> str:
    """The chart of the first row of a slice."""
    if not cells.period or len(finest(cells)) < 2:
        return ""
    fixed = dict(part.fixed)
    if part.dimension:
        fixed[part.dimension] = part.rows[0]
    words = [cells.lists[name].labels[code] for name, code in fixed.items()]
    return figure(cells, fixed, f"{cells.measure_title}: {', '.join(words)}" if words else cells.measure_title, breaks, "chart", numbers=False)


def _blocks(cells: Cells, part: Slice, link) -> list[dict]:
    fixed = "".join(f", {cells.lists[name].labels[code]}" for name, code in part.fixed.items())
    return [
        {
            "title": block.title,
            "shut": block.shut,
            "table": grid(cells, part, block, f"block-{index}", f"{cells.measure_title}{fixed}: {block.title.lower() or 'all'}", link),
        }
        for index, block in enumerate(blocks(cells))
    ]


def _groups(cells: Cells, parts: Sequence[Slice]) -> list[dict]:
    """Links to the slices of a table, by the dimension they are about and by level."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for part in parts:
        dimension, code = part.subject
        codes = cells.lists[dimension]
        level = codes.levels[code].replace("_", " ") if code else ""
        further = part.slug.rpartition("-by-")[2].replace("-", " ") if "-by-" in part.slug else ""
        title = codes.title if level in ("total", "") else f"{codes.title}: {level}{f', by {further}' if further else ''}"
        groups.setdefault(title, []).append((_label(cells, part), f"{part.slug}.html"))
    return [{"title": title, "links": links} for title, links in groups.items()]


def _explored(part: Slice) -> str:
    fixed = dict(part.fixed)
    if part.dimension == part.subject[0]:
        fixed[part.dimension] = part.subject[1]
    return "".join(f"&{name}={code}" for name, code in fixed.items())
