"""The page Progress: every indicator is a cell that a product declares, and the numbers are those of the cells."""

import re
from pathlib import Path

import numpy as np

from vawg_opendata.products import PRODUCTS
from vawg_opendata.reference import load_codelist, load_crosswalk
from vawg_opendata.site.progress import progress
from vawg_opendata.site.released import Cells, Codes, Version
from vawg_opendata.schemas.months import months_between
from vawg_opendata.statistics.periods import month_codelist


def codes(codelist) -> Codes:
    return Codes(codelist.name, codelist.title, codelist.codes, codelist.labels, codelist.level, codelist.parents)


def made(table: str, months: tuple[str, ...], rng) -> Cells:
    """A table of `vawg-offences` with numbers of any kind; some are withheld."""
    product = PRODUCTS["vawg-offences"]
    spec = product.table(table)
    lists = {name: codes(month_codelist(months) if name == "month" else load_codelist(product.dimension(name).codelist)) for name in spec.dimensions}
    axes = {name: tuple(code for code in known.codes if known.levels[code] in ("total", *spec.dimensions[name])) for name, known in lists.items()}
    shape = tuple(map(len, axes.values()))
    values = rng.integers(0, 90_000, shape).astype(float)
    status = np.where(rng.random(shape) < 0.3, "c", "")
    return Cells(table, table, spec.title, "", spec.measure, "", "", True, axes, "month", lists, np.where(status == "c", np.nan, values), status)


def test_indicators_are_cells_that_products_declare():
    rows = load_crosswalk("commitments")
    assert [row["number"] for row in rows] == [str(number) for number in range(1, 11)]
    for row in rows:
        assert row["commitment"] and row["pillar"] and row["note"] and bool(row["indicator"]) == bool(row["table"])
        if row["table"]:
            product = PRODUCTS[row["product"]]
            spec = product.table(row["table"])
            assert product.audience == "datastore"
            for part in filter(None, row["fixed"].split(";")):
                name, code = part.split("=")
                assert load_codelist(product.dimension(name).codelist).level[code] in spec.dimensions[name]


def shown(rows: list[dict], number: str, key: str) -> tuple[str, str]:
    text = next(row for row in rows if row["number"] == number)[key]
    match = re.fullmatch(r'<td data-cell="([^"]*)"(?: class="c")?>([\d,]+|\[c\]<i> withheld</i>) <small>([^<]*)</small></td>', text)
    return match[2].replace(",", ""), match[3]


def test_baseline_and_latest_are_whole_years_and_the_published_numbers():
    rng = np.random.default_rng(5)
    tables = [made(name, months_between("2022-02", "2025-05"), rng) for name in ("victims_by_area", "offences_by_offence", "offences_by_public_space")]
    version = Version("vawg-offences", "1.2.0", {"status": "released"}, Path("nowhere"), {"title": "Title"})
    addresses = {one.name: f"{one.name}/index.html" for one in tables}
    rows = progress({"vawg-offences": (version, tables, addresses)})
    for number, table, fixed in (
        ("8", tables[0], {"area": "E12000007"}),
        ("6", tables[1], {"offence": "rape"}),
        ("9", tables[2], {"area": "E12000007", "public_space": "public-space"}),
    ):
        for key, year in (("baseline", "2022/23"), ("value", "2024/25")):
            place = tuple(table.at(name, (fixed | {"month": year})[name]) for name in table.axes)
            expected = "[c]<i> withheld</i>" if table.status[place] else f"{int(table.values[place])}"
            assert shown(rows, number, key) == (expected, year)
    assert next(row for row in rows if row["number"] == "1")["value"] == ""
    assert next(row for row in rows if row["number"] == "2")["value"] == ""  # its product is not released


def test_where_no_year_is_whole_there_is_no_baseline_and_the_label_says_what_is_covered():
    table = made("victims_by_area", months_between("2025-12", "2026-02"), np.random.default_rng(5))
    version = Version("vawg-offences", "1.0.0", {"status": "released"}, Path("nowhere"), {"title": "Title"})
    rows = progress({"vawg-offences": (version, [table], {"victims_by_area": "x"})})
    assert shown(rows, "8", "value")[1] == "2025/26 (only December 2025 to February 2026)"
    assert next(row for row in rows if row["number"] == "8")["baseline"] == ""
