"""Building the whole site from a published folder: every page, the files of Explore and of the search, the style and scripts.

The same published folder gives the same bytes. A page is written only where it changed, one by one and each in one step, so that
readers are served throughout; pages that are no longer made are removed at the end. What pages say belongs in the other modules.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2

from vawg_opendata.charts.cells import Cells, read_rows
from vawg_opendata.release.database.rates import POPULATION
from vawg_opendata.release.lifecycle.announcing import ANNOUNCED
from vawg_opendata.release.lifecycle.store import COMBINED, Store
from vawg_opendata.site import explore
from vawg_opendata.site.carried import UNSEALED, carried, sealed
from vawg_opendata.site.geography import projected
from vawg_opendata.site.map_pages import map_pages, mapped
from vawg_opendata.site.product_page import changes_words, description, headline, page, period
from vawg_opendata.site.progress import progress
from vawg_opendata.site.questions import answers, notebook
from vawg_opendata.site.released import AUDIENCE, Version, newest, released
from vawg_opendata.site.table_pages import Page, earlier_pages, record_page, table_pages
from vawg_opendata.sources import boundaries
from vawg_opendata.sources.population import read_population

EXIT_ADDRESS = "https://www.bbc.co.uk/weather"
"""Where leaving leads: the page that GOV.UK's Exit this page goes to by default."""
BOUNDARIES = "boundaries"
"""The folder of boundary files beside the packages; a reader may want what a map was drawn with."""
SHOWN_FIRST = "vawg-offences"
"""The product most readers come for; the others follow by name."""
LONDON = ZoneInfo("Europe/London")
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
"""The content security policy of every page; a server may send the same as a header."""
MENU = (
    ("Data", "index.html"),
    ("Explore", "explore.html"),
    ("Maps", "maps.html"),
    ("All tables", "contents.html"),
    ("Questions", "questions.html"),
    ("Progress", "progress.html"),
    ("Releases", "calendar.html"),
    ("Support", "support.html"),
    ("About", "about.html"),
)


@dataclass(frozen=True)
class Shelf:
    """A product: its versions, the one readers are led to, and that one's tables."""

    versions: tuple[Version, ...]
    latest: Version

    @cached_property
    def cells(self) -> list[Cells]:
        """The measures of the latest version's tables."""
        return [cells for resource in self.latest.statistical for cells in self.latest.cells(resource)]

    @cached_property
    def pages(self) -> list[Page]:
        """The pages of the latest version's tables."""
        breaks = self.latest.notes("series_breaks")
        records = [page for resource in self.latest.records if (page := record_page(self.latest, resource))]
        return [*(page for cells in self.cells for page in table_pages(self.latest, cells, breaks)), *records]

    @property
    def addresses(self) -> dict[str, str]:
        """By table, the address of its page from the product's folder."""
        return {page.path.partition("/")[0]: page.path for page in self.pages if page.path.endswith("/index.html")}


def place_boundaries(files: Mapping[str, Path], published: Path) -> None:
    """Put boundary files, by level, beside the packages, where the pages find them now and later. Those that are not given stay."""
    for level, path in files.items():
        _replace(published / BOUNDARIES / f"{level}{boundaries.SUFFIX}", path.read_bytes())


def place_population(file: Path | None, published: Path) -> None:
    """Put the file of residents beside the packages, where pages and databases find it. Without one, that of an earlier run stays."""
    if file is not None:
        _replace(published / POPULATION, file.read_bytes())


def build_site(published: Path) -> Path:
    """Write the public pages of all that is released in a published folder to `published/site`, and return that folder.

    The DuckDB file of the public must be there (`release.duckdb_combined`): the page of questions is answered from it. Nothing is built
    where nothing is released to the public. OSError when the folder cannot be written.
    """
    shelves = {name: Shelf(tuple(versions), newest(published, versions)) for name, versions in _in_order(released(published))}
    folder = Store(published).site
    written = set()
    for path, text in _files(shelves, published) if shelves else ():
        _replace(folder / path, text if isinstance(text, bytes) else text.encode())
        written.add(path)
    _remove_others(folder, written)
    return folder


def _files(shelves: Mapping[str, Shelf], published: Path) -> Iterator[tuple[str, str | bytes]]:
    """Path and content of every file, what others refer to first."""
    static = resources.files("vawg_opendata.site") / "static"
    for file in sorted(static.iterdir(), key=lambda file: file.name):
        yield f"static/{file.name}", file.read_text(encoding="utf-8")
    environment = _environment()
    for name, shelf in shelves.items():
        yield f"explore/{name}.js", explore.script("vawgLists", name, explore.code_lists(shelf.latest, shelf.cells))
        for cells in shelf.cells:
            for number, rows in explore.files(cells):
                yield f"explore/{name}/{cells.name}-{number}.js", explore.script("vawgCells", f"{name}/{cells.name}", number, rows)
        for one in shelf.pages:
            trail = [("Data", "index.html"), (shelf.latest.descriptor["title"], f"{name}/index.html")]
            if not one.path.endswith("/index.html"):
                trail.append((one.values["table_title"], f"{name}/{one.path.partition('/')[0]}/index.html"))
            yield f"{name}/{one.path}", _render(environment, "table", "../../", "", **one.values, trail=[*trail, (one.values["heading"], "")])
        for version in shelf.versions:
            if version is shelf.latest:
                yield from _latest_pages(environment, shelf)
            elif version.readable:
                kept = list(carried(Store(published).site, version))
                yield from kept or _earlier_pages(environment, version)
    yield from _maps(environment, shelves, published)
    found = answers(published / AUDIENCE / COMBINED)
    yield "questions.ipynb", notebook(found)
    synthetic = any(shelf.latest.descriptor.get("synthetic") for shelf in shelves.values())
    yield "questions.html", _render(environment, "questions", "", "Questions", title="Ten questions, answered", synthetic=synthetic, answers=found)
    yield from _common_pages(environment, shelves, synthetic, _announced(published))


def _in_order(products: Mapping[str, list[Version]]) -> list[tuple[str, list[Version]]]:
    return sorted(products.items(), key=lambda item: (item[0] != SHOWN_FIRST, item[0]))


def _latest_pages(environment: jinja2.Environment, shelf: Shelf) -> Iterator[tuple[str, str]]:
    values = page(shelf.latest, shelf.versions, shelf.cells, shelf.addresses)
    text = _render(environment, "product", "../", "", **values, trail=[("Data", "index.html"), (values["title"], "")])
    yield f"{shelf.latest.product}/{shelf.latest.number}.html", text
    yield f"{shelf.latest.product}/index.html", text


def _earlier_pages(environment: jinja2.Environment, version: Version) -> Iterator[tuple[str, str]]:
    """The pages of a version that is not the latest. Nothing on them depends on other versions, so that they stay as they are."""
    cells = [one for resource in version.statistical for one in version.cells(resource)]
    tables = list(earlier_pages(version, cells))
    values = page(version, (), cells, {one.path.partition("/")[2].removesuffix(".html"): one.path for one in tables})
    for one in tables:  # before the page that leads to them, which was there while the version was the latest
        trail = [("Data", "index.html"), (f"{version.descriptor['title']}, version {version.number}", f"{version.product}/{version.number}.html"), (one.name, "")]
        yield f"{version.product}/{one.path}", sealed(version, _render(environment, "table", "../../", "", **one.values, trail=trail, seal=UNSEALED))
    trail = [("Data", "index.html"), (values["title"], "")]
    yield f"{version.product}/{version.number}.html", sealed(version, _render(environment, "product", "../", "", **values, trail=trail, seal=UNSEALED))


def _maps(environment: jinja2.Environment, shelves: Mapping[str, Shelf], published: Path) -> Iterator[tuple[str, str | bytes]]:
    found = [(shelf.latest, cells) for shelf in shelves.values() if (cells := mapped(shelf.cells))]
    for version, cells in found[:1]:
        shapes = {level: projected(boundaries.read_boundaries(path)[1]) for level, path in boundaries.sound(published / BOUNDARIES).items()}
        residents = read_population(published / POPULATION) if (published / POPULATION).is_file() else {}
        for one in map_pages(version, cells, shapes, residents):
            yield from one.files.items()
            inside = "/" in one.path
            trail = [("Maps", "maps.html"), (one.values["title"], "")] if inside else []
            yield one.path, _render(environment, "map", "../" if inside else "", "Maps", **one.values, trail=trail)
    if not found:
        yield "maps.html", _render(environment, "no_maps", "", "Maps", title="Hotspot maps")


def _announced(published: Path) -> list[dict[str, str]]:
    """What will appear, and when in London."""
    path = published / AUDIENCE / ANNOUNCED
    entries = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return [entry | {"when": f"{datetime.fromisoformat(entry['at']).astimezone(LONDON):%-d %B %Y, %H:%M}"} for entry in entries]


def _common_pages(environment: jinja2.Environment, shelves: Mapping[str, Shelf], synthetic: bool, announced: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    listed = [(shelf.latest, shelf.cells) for shelf in shelves.values()]
    addresses = {name: shelf.addresses for name, shelf in shelves.items()}
    tables = explore.listing(listed, addresses)
    yield "explore/tables.js", explore.script("vawgTables", tables)
    plain = [{"page": table["page"], "title": table["title"], "product": table["productTitle"]} for table in tables]
    yield "explore.html", _render(environment, "explore", "", "Explore", title="Explore the data", synthetic=synthetic, tables=plain)
    yield "static/search.js", explore.script("vawgSearch", _search(shelves))
    contents = [_contents(name, shelf) for name, shelf in shelves.items()]
    yield "contents.html", _render(environment, "contents", "", "All tables", title="All tables", synthetic=synthetic, products=contents)
    rows = progress({name: (shelf.latest, shelf.cells, addresses[name]) for name, shelf in shelves.items()})
    yield "progress.html", _render(environment, "progress", "", "Progress", title="Progress on commitments", synthetic=synthetic, rows=rows)
    calendar = [{"name": name, "title": shelf.latest.descriptor["title"], "versions": [_release(one) for one in shelf.versions]} for name, shelf in shelves.items()]
    yield "calendar.html", _render(environment, "calendar", "", "Releases", title="Release calendar", synthetic=synthetic, products=calendar, announced=announced)
    yield "support.html", _render(environment, "support", "", "Support", title="Support")
    yield "about.html", _render(environment, "about", "", "About", title="About this site")
    yield "index.html", _render(
        environment, "index", "", "Data", title="Violence against women and girls: open data for London", synthetic=synthetic, cards=[_card(shelf) for shelf in shelves.values()]
    )


def _card(shelf: Shelf) -> dict:
    latest = shelf.latest
    return {
        "title": latest.descriptor["title"],
        "address": f"{latest.product}/index.html",
        "description": description(latest),
        "version": latest.number,
        "period": period(latest),
        "tables": len(latest.statistical) + len(latest.records),
        "cells": f"{sum(cells.size for cells in shelf.cells):,}",
        "figure": headline(shelf.cells[0], latest.notes("series_breaks"), small=True)["figure"] if shelf.cells else "",
    }


def _search(shelves: Mapping[str, Shelf]) -> list[list[str]]:
    """Name, where it is, and address of everything that can be looked up."""
    entries = []
    for name, shelf in shelves.items():
        entries.append([shelf.latest.descriptor["title"], "Product", f"{name}/index.html"])
        entries += [[one.name, "Table" if one.kind == "table" else one.kind, f"{name}/{one.path}"] for one in shelf.pages]
        entries += [[label, f"in {one.name}, {one.kind}", f"{name}/{one.path}"] for one in shelf.pages for label in one.rows]
    return entries


def _contents(name: str, shelf: Shelf) -> dict:
    tables: dict[str, dict] = {}
    for one in shelf.pages:
        table = one.path.partition("/")[0]
        if one.path.endswith("/index.html"):
            tables[table] = {"title": one.name, "address": f"{name}/{one.path}", "links": []}
        else:
            tables[table]["links"].append((one.name, f"{name}/{one.path}"))
    return {"name": name, "title": shelf.latest.descriptor["title"], "address": f"{name}/index.html", "tables": list(tables.values())}


def _release(version: Version) -> dict:
    reason = version.entry.get("reason", "")
    return {
        "number": version.number,
        "address": f"{version.product}/{version.number}.html" if version.readable else "",
        "period": period(version) if version.readable else "",
        "date": version.entry.get("released", "")[:10],
        "status": version.status + (f": {reason}" if reason else ""),
        "words": " ".join(changes_words(version.json("changes.json"))[:1]) if version.readable else "",
    }


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("vawg_opendata.site"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    # `source` is the page that gives the number of a line; a line whose number no such page was found to give has none, and is named with its website.
    support = read_rows(resources.files("vawg_opendata.site") / "support.csv")
    environment.globals |= {"policy": POLICY, "menu": MENU, "exit": EXIT_ADDRESS, "support": support}
    return environment


def _render(environment: jinja2.Environment, template: str, root: str, here: str, **values: object) -> str:
    defaults = {"summary": "", "synthetic": False, "trail": [], "seal": ""}
    return environment.get_template(f"{template}.html.j2").render(defaults | values, root=root, here=here)


def _replace(path: Path, content: bytes) -> None:
    """Write a file in one step, unless it is as it should be."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    os.replace(fresh, path)


def _remove_others(folder: Path, written: set[str]) -> None:
    """Remove what an earlier build left and this one did not make."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(folder).as_posix() not in written:
            path.unlink()
