"""The site in a real browser: rules of accessibility, keyboard, leaving quickly, no JavaScript, no network, no trace.

Chromium is the system's (Debian's package `chromium`); without it, or without Playwright, these tests are skipped. The pages are
served with their content security policy as a header, and opened from the folder as well.
"""

import functools
import http.server
import json
import os
import shutil
import threading
from pathlib import Path

import pytest

from tests.site.folders import make_published
from tests.site.test_maps import collection, residents
from vawg_opendata.site import build_site, place_boundaries, place_population
from vawg_opendata.site.build import EXIT_ADDRESS, POLICY
from vawg_opendata.sources import boundaries, population

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
PAGES = (
    "index.html",
    "explore.html",
    "contents.html",
    "questions.html",
    "calendar.html",
    "support.html",
    "about.html",
    "many/index.html",
    "many/1.0.0.html",
    "many/by_area/index.html",
    "many/by_area/b1.html",
    "many/by_area_and_class/index.html",
    "many/by_class/index.html",
    "many/cases/index.html",
    "progress.html",
    "maps.html",
    "maps/hexagons-2023-24.html",
    "maps/wards-2023-24.html",
    "many/1.0.0/by_area.html",
    "many/1.0.0/cases.html",
)
PATIENCE = 300_000
"""Milliseconds that anything may take on a machine that has much else to do."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the published folder as a strict server would."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    folder = make_published(tmp_path_factory.mktemp("browser") / "published")
    landing = folder.parent / "landing"
    (landing / "boundaries").mkdir(parents=True)
    for level in ("borough", "ward"):
        (landing / "boundaries" / f"{level}s.geojson").write_text(json.dumps(collection(level)), encoding="utf-8")
    place_boundaries(boundaries.sound(landing / "boundaries"), folder)
    place_population(population.sound(residents(landing / "population")), folder)
    build_site(folder)
    return folder


@pytest.fixture(scope="module")
def address(published):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(published)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/site/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium at hand: install the system's package `chromium`")
    api = pytest.importorskip("playwright.sync_api", reason="no Playwright: make test installs it from tests/browser.lock")
    with api.sync_playwright() as driver:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        running = driver.chromium.launch(executable_path=CHROMIUM, args=arguments, timeout=PATIENCE)
        yield running
        running.close()


@pytest.fixture
def open_page(browser):
    """Opens pages in contexts of their own; the page that leaving leads to is answered here, all that is asked for is recorded."""
    contexts = []

    def open_one(url: str, viewport=DESKTOP, **options):
        context = browser.new_context(viewport=viewport, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        context.route(f"{EXIT_ADDRESS}**", lambda route: route.fulfill(body="<title>Weather</title>Sunny", content_type="text/html"))
        page = context.new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(url)
        return page

    yield open_one
    for context in contexts:
        context.close()


def left(page) -> bool:
    page.wait_for_url(f"{EXIT_ADDRESS}**")
    return page.title() == "Weather"


def test_no_page_breaks_a_rule_of_accessibility(address, open_page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_page(address + "index.html")
    found = []
    for path in PAGES:
        page.goto(address + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        result = axe.Axe().run(page, options={"runOnly": RULES}).response
        found += [(path, one["id"], one["nodes"][0]["html"][:200]) for one in result["violations"]]
    assert not found
    assert not page.complaints


def test_pages_fit_a_narrow_phone_and_targets_are_large_enough(address, open_page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_page(address + "index.html", PHONE)
    for path in PAGES:
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
    for path in ("many/index.html", "many/by_area/b1.html", "explore.html", "maps/wards-2023-24.html"):
        page.goto(address + path)
        result = axe.Axe().run(page, options={"runOnly": RULES}).response
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in result["violations"]] == [], path


def test_nothing_is_asked_of_anyone_else_and_nothing_is_stored(address, open_page):
    page = open_page(address + "index.html")
    for path in PAGES:
        page.goto(address + path)
    page.goto(address + "index.html")
    page.get_by_label("Search tables, areas and offences").fill("borough")
    page.wait_for_selector("#results li")
    assert all(url.startswith(address) for url in page.asked)
    assert page.context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert not page.complaints


def test_every_page_opens_from_a_folder(published, open_page):
    base = f"{(published / 'site').as_uri()}/"
    page = open_page(base + "index.html")
    for path in PAGES:
        page.goto(base + path)
        assert page.locator("main h1").count() == 1, path
    assert all(url.startswith(base) for url in page.asked)
    assert not page.complaints


@pytest.mark.parametrize("how", ["button", "Escape", "Shift"])
def test_leaving_covers_the_page_and_takes_its_place_in_the_history(address, open_page, how):
    page = open_page(address + "index.html")
    page.goto(address + "many/index.html")
    if how == "button":
        page.get_by_role("link", name="Emergency: Exit this page").click()
    elif how == "Escape":
        page.keyboard.press("Escape")
    else:
        for words in ("Shift, press 2 more times to exit.", "Shift, press 1 more time to exit."):
            page.keyboard.press("Shift")
            assert page.locator(".exit [role=status]").inner_text() == words
            assert page.locator(".exit-lights.on").is_visible()
        page.keyboard.press("Shift")
    assert left(page)
    page.go_back()
    assert page.url == address + "index.html"


def test_the_page_is_covered_before_the_next_one_loads(address, open_page):
    page = open_page(address + "many/index.html")
    witness = page.context.new_page()  # a tab that stays: what the leaving one says of itself may be lost on its way to us
    witness.goto(address + "support.html")
    witness.evaluate("() => { window.seen = []; window.told = new BroadcastChannel('cover'); told.onmessage = event => seen.push(event.data); }")
    page.evaluate(
        """() => {
        window.telling = new BroadcastChannel('cover');
        new MutationObserver(() => {
            const cover = document.querySelector('[role=alert]');
            const shown = document.querySelector('main').getClientRects().length + document.querySelector('footer').getClientRects().length;
            if (cover && cover.textContent) telling.postMessage([location.href, cover.textContent, cover.clientHeight === innerHeight, shown, document.title]);
        }).observe(document, {childList: true, subtree: true});
        }"""
    )

    def hold(route):  # the next page is given only when the cover has been seen
        witness.wait_for_function("seen.length", polling=50)
        route.fulfill(body="<title>Weather</title>Sunny", content_type="text/html")

    page.route(f"{EXIT_ADDRESS}**", hold)
    page.keyboard.press("Escape")
    assert left(page)
    assert witness.evaluate("seen") == [[address + "many/index.html", "Loading.", True, 0, "Loading"]]


def test_shift_for_capital_letters_does_not_leave(address, open_page):
    page = open_page(address + "index.html")
    field = page.get_by_label("Search tables, areas and offences")
    field.focus()
    for letter in ("W", "A", "R", "D"):
        page.keyboard.press(f"Shift+{letter}")
    assert page.url == address + "index.html" and field.input_value() == "WARD"


def test_the_keyboard_reaches_the_content_and_the_exit_first(address, open_page):
    page = open_page(address + "many/by_area/b1.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'main'")
    page.reload()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Exit this page"
    page.keyboard.press("Enter")
    assert left(page)


def test_tables_and_explore_are_used_by_keyboard_alone(address, open_page):
    page = open_page(address + "many/by_area/b1.html")

    def tab_to(wanted: str) -> None:
        for _ in range(200):
            page.keyboard.press("Tab")
            if page.evaluate(f"(one => {wanted})(document.activeElement)"):
                assert page.evaluate("(seen => seen.outlineStyle !== 'none' || seen.boxShadow !== 'none')(getComputedStyle(document.activeElement))")
                return
        raise AssertionError(f"{wanted} is not reached")

    tab_to("one.matches('table.cells thead th:nth-child(2) button')")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('th').getAttribute('aria-sort')") == "descending"
    tab_to("one.matches('main details > summary')")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")
    page.goto(address + "explore.html#t=many/by_area_and_class&by=year&area=B2&offence=a/b")
    page.wait_for_selector("#explore tbody tr")
    tab_to("one.labels && one.labels.length && one.labels[0].textContent === 'Area'")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("!document.getElementById('shown').textContent.includes('Borough 2')")
    assert not page.complaints


def test_withheld_missing_and_zero_are_read_out_differently(address, open_page):
    page = open_page(address + "many/by_area_and_class/index.html")
    page.goto(address + "many/by_area_and_class/area-b1.html")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    for name in ("[c] withheld", "[x] not available", "[z] not applicable", "0"):
        assert page.get_by_role("cell", name=name, exact=True).count() > 0, name
    looks = {mark: page.locator(f"td.{mark}").first.evaluate("cell => getComputedStyle(cell).background") for mark in "cxz"}
    zero = page.get_by_role("cell", name="0", exact=True).first.evaluate("cell => getComputedStyle(cell).background")
    assert looks["c"] != looks["x"] and zero not in (looks["c"], looks["x"])


def test_without_javascript_the_tables_and_the_exit_are_there(address, open_page):
    page = open_page(address + "index.html", java_script_enabled=False)
    page.get_by_role("link", name="Title of many & more").click()
    page.get_by_role("link", name="Table by_area", exact=True).click()
    page.get_by_role("link", name="Borough 1").first.click()
    page.get_by_role("rowheader", name="Ward 3 of 1").first.wait_for()
    page.goto(address + "explore.html")
    assert page.get_by_role("link", name="Table by_area", exact=True).is_visible()
    assert page.locator("#explore").is_hidden()
    page.get_by_role("link", name="Emergency: Exit this page").click()
    assert left(page)


def test_rows_sort_and_filter_with_what_is_withheld_last(address, open_page):
    page = open_page(address + "many/by_area/b1.html")
    table = page.locator("table.cells").first
    heading = table.get_by_role("button", name="2025")
    for order, sign in (("descending", -1), ("ascending", 1)):
        heading.click()
        assert table.locator("th[aria-sort]").get_attribute("aria-sort") == order
        texts = table.locator("tbody td:nth-child(2)").all_inner_texts()
        numbers = [int(text.replace(",", "")) for text in texts if text[:1].isdigit()]
        assert numbers == sorted(numbers, key=lambda number: sign * number)
        assert not any(text[:1].isdigit() for text in texts[len(numbers) :])
    page.get_by_label("Show only rows with").fill("ward 12")
    assert table.locator("tbody tr:visible").count() == 1


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_explore_shows_published_numbers_and_a_link_to_them(address, open_page, published, scheme):
    base = address if scheme == "http" else f"{(published / 'site').as_uri()}/"
    page = open_page(base + "explore.html#t=many/by_area_and_class&by=year&area=B2&offence=a/b")
    page.wait_for_selector("#explore tbody tr")
    assert page.get_by_role("heading", name="Offences: Borough 2, Class a/b").is_visible()
    shown = {row.locator("th").get_attribute("data-code"): row.locator("td").text_content() for row in page.locator("#explore tbody tr").all()}
    assert shown == expected(published, "B2", "a/b")
    page.get_by_label("Area", exact=True).select_option("B3")
    page.wait_for_function("document.getElementById('shown').textContent.includes('Borough 3')")
    link = page.get_by_label("Link to what you see").input_value()
    again = open_page(link)
    again.wait_for_selector("#explore tbody tr")
    assert again.get_by_role("heading", name="Offences: Borough 3, Class a/b").is_visible()
    shown = {row.locator("th").get_attribute("data-code"): row.locator("td").text_content() for row in again.locator("#explore tbody tr").all()}
    assert shown == expected(published, "B3", "a/b")
    assert not page.complaints and not again.complaints


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_explore_compares_places_in_one_chart_and_table(address, open_page, published, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    base = address if scheme == "http" else f"{(published / 'site').as_uri()}/"
    page = open_page(base + "explore.html#t=many/by_area_and_class&by=year&area=B2&offence=a/b&with=B3")
    page.wait_for_selector("#explore tbody tr")
    assert page.get_by_role("heading", name="Offences: Borough 2 and Borough 3, Class a/b").is_visible()
    page.get_by_label("Compare with").select_option("B4")
    page.wait_for_function("document.querySelectorAll('#explore thead th').length === 4")
    again = open_page(page.get_by_label("Link to what you see").input_value())
    again.wait_for_selector("#explore tbody tr")
    for at, area in enumerate(("B2", "B3", "B4")):
        shown = {row.locator("th").get_attribute("data-code"): row.locator("td").nth(at).text_content() for row in again.locator("#explore tbody tr").all()}
        assert shown == expected(published, area, "a/b")
    assert again.locator("#figure path[stroke-width='2.5']").count() + again.locator("#figure circle").count() >= 3
    if scheme == "http":  # from a folder, the rules' own program asks for files and complains
        result = axe.Axe().run(again, options={"runOnly": RULES}).response
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in result["violations"]] == []
    again.get_by_role("button", name="Remove Borough 3").click()
    again.wait_for_function("document.querySelectorAll('#explore thead th').length === 3")
    assert "with=B3" not in again.get_by_label("Link to what you see").input_value()
    assert not page.complaints and not again.complaints


def expected(published: Path, area: str, offence: str) -> dict[str, str]:
    """What a reader of the CSV finds for single years, in the words of the page."""
    import csv

    with (published / "datastore" / "many" / "1.1.0" / "data" / "by_area_and_class.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row["area"], row["offence"]) == (area, offence) and len(row["month"]) == 4]
    words = {"c": "[c] withheld", "x": "[x] not available", "z": "[z] not applicable"}
    return {row["month"]: words.get(row["offences_status"]) or f"{int(row['offences']):,}" for row in rows}


def test_search_finds_areas_and_tables(address, open_page):
    page = open_page(address + "index.html")
    page.get_by_label("Search tables, areas and offences").fill("ward 3 of 2")
    page.locator("#results a").first.click()
    page.get_by_role("heading", level=1, name="Ward 3 of 2").wait_for()  # a click does not wait for the page it leads to
