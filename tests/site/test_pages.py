"""Every number on the pages equals the package's, and all that pages refer to is there."""

import csv
import itertools
import json
import re
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.paths import shared
from tests.release.packages import MIXED, release
from tests.site.folders import LISTS, MANY, MAPPED, TABLES, combine, list_versions, make_published
from vawg_opendata.charts.cells import read_rows
from vawg_opendata.site import build_site
from vawg_opendata.site.build import POLICY

VOID = {"meta", "link", "input", "br"}


class Reader(HTMLParser):
    """A page as the tests look at it: tables of cells, ids, references, and what a content security policy would forbid."""

    def __init__(self, text: str):
        super().__init__()
        self.tables, self.ids, self.references, self.forbidden, self.open = [], [], [], [], []
        self.row = self.cell = None
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in given:
            self.ids.append(given["id"])
        self.references += [(tag, name, given[name]) for name in ("href", "src") if name in given]
        self.references += [(tag, name, f"#{one}") for name in ("aria-labelledby", "aria-describedby", "for") for one in given.get(name, "").split()]
        self.forbidden += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "table":
            self.tables.append({"given": given, "head": [], "rows": []})
        if tag == "tr" and self.tables:
            self.row = []
        if tag in ("td", "th") and self.tables:
            self.cell, self.text = given, ""

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"{tag} closes something else"
        if tag in ("td", "th") and self.cell is not None:
            self.row.append((tag, self.cell, self.text))
            self.cell = None
        if tag == "tr" and self.row is not None:
            head = "thead" in self.open
            self.tables[-1]["head" if head else "rows"].append(self.row)
            self.row = None

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] == "script" and data.strip():
            self.forbidden.append("inline script")


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    folder = make_published(tmp_path_factory.mktemp("site") / "published")
    build_site(folder)
    return folder


@pytest.fixture(scope="module")
def pages(published) -> dict[str, Reader]:
    site = published / "site"
    return {path.relative_to(site).as_posix(): Reader(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}


def released(package: Path, table: str) -> dict[tuple, tuple[str, str]]:
    """The cells of a table as published: by measure and codes, value and status."""
    dimensions, measures = TABLES[table]
    with (package / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return {
            (measure, *((name, row[name]) for name in dimensions)): (row[measure], row[f"{measure}_status"])
            for row in csv.DictReader(file)
            for measure, _ in measures
        }


def plain(value: str) -> str:
    """A published number in the one form in which numbers are compared."""
    return value.replace(",", "").removesuffix(".0")


def told(cell: tuple) -> tuple[str, str]:
    """Value and status of a cell of a page, from what a reader sees and hears; its class must say the same."""
    _, given, text = cell
    words = {"[c] withheld": "c", "[x] not available": "x", "[z] not applicable": "z"}
    assert given.get("class", "") == words.get(text, ""), cell
    return ("", words[text]) if text in words else (plain(text), "")


def cells_of(page: Reader):
    """All cells of the tables of a page: table, codes by dimension, cell."""
    for table in page.tables:
        given = table["given"]
        if "data-table" not in given:
            continue
        name, _, measure = given["data-table"].partition("-")
        measure = measure or TABLES[name][1][0][0]
        fixed = dict(part.split("=", 1) for part in given["data-fixed"].split(";") if part)
        columns = [cell[1].get("data-code", "") for cell in table["head"][0][1:]]
        period = next((one for one in TABLES[name][0] if one == "month"), "")
        for row in table["rows"]:
            for code, cell in zip(columns, row[1:], strict=True):
                codes = fixed | ({given["data-rows"]: row[0][1]["data-code"]} if given["data-rows"] else {})
                codes |= {period: code} if period and period not in codes else {}
                yield name, (measure, *((one, codes[one]) for one in TABLES[name][0])), cell


@pytest.mark.parametrize("product", ["many", "few", "mapped"])
def test_every_number_of_every_page_is_the_published_one_and_none_is_left_out(published, pages, product):
    latest = {"many": "1.1.0", "few": "1.0.0", "mapped": "1.0.0"}[product]
    tables = {"many": MANY, "few": ["by_class"], "mapped": ["by_public_space"]}[product]
    truth = {folder.name: {table: released(folder, table) for table in tables} for folder in (published / "datastore" / product).iterdir() if folder.is_dir()}
    seen = {version: {table: set() for table in tables} for version in truth}
    for path, page in pages.items():
        if path.startswith(f"{product}/"):
            version = (re.match(rf"{product}/(\d+\.\d+\.\d+)(?:\.html|/)", path) or [None, latest])[1]
            for table, key, cell in cells_of(page):
                value, status = truth[version][table][key]
                assert told(cell) == (plain(value), status), f"{path} {key}"
                seen[version][table].add(key)
    for table in tables:
        assert seen[latest][table] == set(truth[latest][table]), table
        assert all(found[table] for found in seen.values()), table  # an earlier version shows a part of each


def test_labels_are_the_published_ones(pages):
    labels = {code: label for entries in (*LISTS.values(), *MAPPED.values()) for code, label, *_ in entries if code != "total"}
    seen = 0
    for page in pages.values():
        for table in page.tables:
            for row in (*table["head"], *table["rows"]):
                for _, given, text in row:
                    if given.get("data-code") in labels:
                        assert text == labels[given["data-code"]]
                        seen += 1
    assert seen > 1000


def scripts(site: Path, function: str) -> list[list]:
    """The arguments of the calls of one function in the scripts of Explore."""
    found = []
    for path in (site / "explore").rglob("*.js"):
        match = re.fullmatch(rf"{function}\((.*)\);\n", path.read_text(encoding="utf-8"), re.S)
        if match:
            found.append(json.loads(f"[{match.group(1)}]"))
    return found


def test_explore_holds_every_published_cell(published):
    site = published / "site"
    listing = scripts(site, "vawgTables")[0][0]
    lists = {product: found for product, found in scripts(site, "vawgLists")}
    rows = {(key, number): found for key, number, found in scripts(site, "vawgCells")}
    for table in listing:
        name, _, measure = table["table"].partition("-")
        measure = measure or TABLES[name][1][0][0]
        axes = []
        for dimension in table["dimensions"]:
            codelist, positions = lists[table["product"]]["axes"][table["table"]][dimension]
            codes = lists[table["product"]]["lists"][codelist]["codes"]
            axes.append(codes if positions is None else [codes[at] for at in positions])
        found = [line for number in range(len(table["starts"])) for line in rows[f"{table['product']}/{table['table']}", number]]
        starts = [0]
        for number in range(len(table["starts"]) - 1):
            starts.append(starts[-1] + len(rows[f"{table['product']}/{table['table']}", number]))
        assert table["starts"] == starts
        truth = released(published / "datastore" / table["product"] / table["version"], name)
        texts = iter(text for line in found for text in line.split(","))
        seen = set()
        for codes in itertools.product(*axes):
            key = (measure, *zip(table["dimensions"], codes, strict=True))
            value, status = truth[key]
            assert next(texts) == (status or plain(value))
            seen.add(key)
        assert next(texts, None) is None
        assert seen == {key for key in truth if key[0] == measure}


def test_records_are_shown_as_published_and_never_as_markup(pages):
    page = pages["many/cases/index.html"]
    shown = [[(text, given.get("data-code")) for _, given, text in row] for row in page.tables[0]["rows"]]
    assert shown == [
        [("1", None), ("<b>strangulation</b>", None), ("Class a/b", "a/b")],
        [("2", None), ("stabbing", None), ("not told", "total")],  # the root of a list says that the value is not told
    ]


def test_a_chart_shows_published_numbers_alone(published):
    """Columns tell their numbers; a withheld or missing period has none."""
    text = (published / "site" / "many" / "by_area" / "b1.html").read_text(encoding="utf-8")
    truth = released(published / "datastore" / "many" / "1.1.0", "by_area")
    wide = re.search(r'<svg[^>]*class="wide".*?</svg>', text, re.S).group()
    drawn = {match[0]: plain(match[1]) for match in re.findall(r"<title>(Month [\d-]+): ([\d,]+)</title>", wide)}
    expected = {f"Month {key[2][1]}": value for key, (value, status) in truth.items() if key[1][1] == "B1" and len(key[2][1]) == 7 and not status}
    assert drawn == expected and len(drawn) < 36
    assert wide.count('stroke-dasharray="5 4"') == 1  # the break of the series


@pytest.mark.parametrize("number", ["1.0.0", "1.1.0"])
def test_headline_numbers_are_published_ones(published, number):
    text = (published / "site" / "many" / f"{number}.html").read_text(encoding="utf-8")
    shown = dict(re.findall(r'<dd data-code="([^"]+)"(?: class=".")?>([^<]*)</dd>', text))
    truth = {key[2][1]: cell for key, cell in released(published / "datastore" / "many" / number, "by_area").items() if key[1][1] == "LDN"}
    words = {"c": "[c] withheld", "x": "[x] not available", "z": "[z] not applicable"}
    assert {code: plain(value) for code, value in shown.items()} == {code: words.get(truth[code][1]) or truth[code][0] for code in shown}
    last = max(code for code, (value, _) in truth.items() if value and len(code) == 7)
    assert set(shown) == {"total", "2025-12", last}


def test_the_headline_chart_of_each_version_is_offered_as_the_files_of_its_package(published):
    for number in ("1.0.0", "1.1.0"):
        text = (published / "site" / "many" / f"{number}.html").read_text(encoding="utf-8")
        for suffix in ("svg", "png"):
            assert f'<a href="../../datastore/many/{number}/charts/offences.{suffix}" download>This chart as {suffix.upper()}</a>' in text
            assert (published / "datastore" / "many" / number / "charts" / f"offences.{suffix}").is_file()


def test_nothing_of_another_audience_is_on_the_site(published):
    for path in (published / "site").rglob("*"):
        assert "partners-only" not in path.as_posix()
        if path.is_file():
            assert b"partners-only" not in path.read_bytes(), path


def test_every_reference_leads_somewhere_and_nothing_is_loaded_from_elsewhere(published, pages):
    site = published / "site"
    for path, page in pages.items():
        for tag, name, target in page.references:
            parts = urlsplit(target)
            if parts.scheme:
                assert tag == "a" and parts.scheme in ("https", "tel"), f"{path}: {target}"
                continue
            file = (site / path).parent / unquote(parts.path) if parts.path else site / path
            assert file.resolve().is_file(), f"{path}: {target}"
            if parts.fragment and file.suffix == ".html" and not parts.fragment.startswith("t="):
                there = pages[file.resolve().relative_to(site.resolve()).as_posix()]
                assert parts.fragment in there.ids, f"{path}: {target}"


def test_search_leads_to_pages_that_exist(published):
    text = (published / "site" / "static" / "search.js").read_text(encoding="utf-8")
    entries = json.loads(re.fullmatch(r"vawgSearch\((.*)\);\n", text, re.S).group(1))
    assert {"Borough 1", "Ward 3 of 2", "Table by_area"} <= {entry[0] for entry in entries}
    for _, _, address in entries:
        assert (published / "site" / address).is_file()


def test_pages_are_well_formed_and_need_no_exception_from_their_policy(pages):
    for path, page in pages.items():
        assert not page.open and not page.forbidden, path
        assert len(page.ids) == len(set(page.ids)), path
    assert "unsafe" not in POLICY and "'none'" in POLICY


def test_the_same_folder_gives_the_same_bytes_and_an_unchanged_page_is_not_touched(published):
    site = published / "site"
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in site.rglob("*") if path.is_file()}
    build_site(published)
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in site.rglob("*") if path.is_file()}


def test_pages_of_an_earlier_version_are_carried_over_unless_one_is_not_as_it_was_made(published):
    site, data = published / "site", published / "datastore" / "many" / "1.0.0" / "data"
    pages = [site / "many" / "1.0.0.html", *sorted((site / "many" / "1.0.0").iterdir())]
    before = {path: path.read_bytes() for path in pages}
    assert len(before) > 5
    for path in (pages[0], pages[-1]):
        path.write_bytes(before[path].replace(b"Table ", b"Tabel ", 1))
        build_site(published)
        assert path.read_bytes() == before[path], "a page that was altered is made again"
        path.unlink()
        build_site(published)
        assert path.read_bytes() == before[path], "a page that is gone is made again"
    away = data.rename(data.with_name("away"))
    try:
        build_site(published)  # which leaves the package unread
    finally:
        away.rename(data)
    assert {path: path.read_bytes() for path in pages} == before


def test_a_withdrawn_version_is_named_with_its_reason_and_its_pages_go(tmp_path):
    published = make_published(tmp_path / "published")
    build_site(published)
    home = published / "datastore" / "many"
    assert "by_area_and_class" in (published / "site" / "many" / "1.1.0.html").read_text(encoding="utf-8")
    list_versions(home, [{"version": "1.1.0", "status": "withdrawn", "reason": "Wrong month."}, {"version": "1.0.0", "status": "released"}])
    for path in sorted((home / "1.1.0").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    combine(published)
    build_site(published)
    assert not (published / "site" / "many" / "1.1.0.html").exists()
    for page in ("calendar.html", "many/index.html"):
        text = (published / "site" / page).read_text(encoding="utf-8")
        assert "withdrawn: Wrong month." in text
    assert "1.0.0" in (published / "site" / "many" / "index.html").read_text(encoding="utf-8")


def test_the_calendar_tells_what_is_announced_at_london_time(tmp_path):
    folder = make_published(tmp_path / "published")
    build_site(folder)
    assert "Nothing is announced" in (folder / "site" / "calendar.html").read_text(encoding="utf-8")
    entry = {"product": "many", "title": "Title of many & more", "at": "2027-07-01T08:30:00+00:00"}
    (folder / "datastore" / "announced.json").write_text(json.dumps([entry]), encoding="utf-8")
    build_site(folder)
    text = (folder / "site" / "calendar.html").read_text(encoding="utf-8")
    assert '<li data-announced="many"><strong>1 July 2027, 09:30</strong>: Title of many &amp; more</li>' in text


def test_an_earlier_version_says_so_and_leads_to_the_latest(pages, published):
    text = (published / "site" / "many" / "1.0.0.html").read_text(encoding="utf-8")
    assert "earlier version" in text and ("a", "href", "index.html") in pages["many/1.0.0.html"].references


def test_nothing_is_built_where_nothing_is_public(tmp_path):
    published = tmp_path / "published"
    published.mkdir()
    assert not build_site(published).exists()


def test_a_package_that_was_really_published_becomes_pages(tmp_path):
    published = tmp_path / "published"
    release(tmp_path, published, MIXED)
    combine(published)
    text = (build_site(published) / "victims-test" / "victims_by_age_group" / "index.html").read_text(encoding="utf-8")
    assert text.count("[c]<i> withheld</i></td>") > 1


def test_no_page_offers_a_number_to_call_that_has_no_source(pages):
    lines = read_rows(resources.files("vawg_opendata.site") / "support.csv")
    assert all(line["source"].startswith("https://") and line["address"].startswith("https://") for line in lines)
    numbers = {line["number"].replace(" ", "") for line in lines if line["number"]}
    assert {target for page in pages.values() for _, _, target in page.references if target.startswith("tel:")} == {f"tel:{number}" for number in numbers | {"999", "101"}}


def test_the_helpline_that_the_force_names_is_on_every_page_with_its_number(published):
    """The Met's own action plan gives the number of the National Domestic Abuse Helpline."""
    said = shared("met_documents", "001_09bccfed5e135b66.txt").read_text(encoding="utf-8")
    number = re.search(r"National Domestic Abuse Helpline \(([\d ]+)\)", said)[1]
    for path in (published / "site").rglob("*.html"):
        assert f'<a href="tel:{number.replace(" ", "")}">{number}</a> National Domestic Abuse Helpline' in path.read_text(encoding="utf-8"), path.name
