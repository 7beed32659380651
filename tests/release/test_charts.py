"""The charts of a package: its published numbers and no others, in the drawing and in the picture, and the same bytes each time."""

import json
import re

import pytest

from tests.release.packages import LARGE, release, rows
from tests.site.folders import LISTS, TABLES, make_version

SERIES = (0x5B, 0x2A, 0x86)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return make_version(tmp_path_factory.mktemp("charts") / "many", "1.0.0")


def totals(package, table: str, measure: str) -> dict[str, str]:
    """The total of a measure by month as the CSV has it; empty where it is not published."""
    roots = {LISTS[name][0][0] for name in TABLES[table][0] if name != "month"}
    return {f"Month {row['month']}": row[measure] for row in rows(package, table) if len(row["month"]) == 7 and roots <= set(row.values())}


@pytest.mark.parametrize(("table", "measure"), [("by_area", "offences"), ("rates", "rate")])
def test_a_chart_has_the_published_numbers_and_the_picture_its_columns(package, table, measure):
    from PIL import Image

    svg = (package / "charts" / f"{measure}.svg").read_text(encoding="utf-8")
    wanted = {month: float(number) for month, number in totals(package, table, measure).items() if number}
    assert wanted and {month: float(number.replace(",", "")) for month, number in re.findall(r"<title>(Month [\d-]+): ([\d,.]+)</title>", svg)} == wanted
    picture = Image.open(package / "charts" / f"{measure}.png").convert("RGB")
    width, height = (float(number) for number in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
    assert picture.size == (2 * width, 2 * height)
    columns = [tuple(map(float, column)) for column in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"><title>', svg)]
    assert len(columns) == len(wanted)
    for x, y, breadth, tall in columns:
        middle = round(2 * (x + breadth / 2))
        assert picture.getpixel((middle, round(2 * (y + tall / 2)))) == SERIES and picture.getpixel((middle, round(2 * (y - 4)))) != SERIES


def test_charts_are_of_measures_with_time_and_say_what_they_are(package):
    assert sorted(path.name for path in (package / "charts").iterdir()) == ["offences.png", "offences.svg", "rate.png", "rate.svg"]  # victims have no time
    for path in (package / "charts").glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert "Title of many &amp; more, version 1.0.0. Synthetic data: these are not real crimes." in text and "by month" in text and "The series breaks: 1 New system." in text


def test_a_single_month_has_no_chart_and_the_readme_names_those_there_are(tmp_path):
    one = {key: number for key, number in LARGE.items() if key[1] == "2024-01"}
    alone, two = (release(tmp_path / name, tmp_path / name / "published", counts, vintage=vintage).folder for name, counts, vintage in (("one", one, "2024-01"), ("two", LARGE, "2024-02")))
    assert not (alone / "charts").exists() and "`charts`" not in (alone / "README.md").read_text(encoding="utf-8")
    assert "over time of `victims` are drawn in `charts`" in (two / "README.md").read_text(encoding="utf-8")


def test_a_withheld_total_is_hatched_and_has_no_number(tmp_path):
    counts = {key: 1 if key == ("10-19", "2024-01") else 0 if key[1] == "2024-01" else number for key, number in LARGE.items()}
    counts |= {(age, month): number + 20 for (age, _), number in LARGE.items() for month in ("2024-03", "2024-04")}
    package = release(tmp_path, tmp_path / "published", counts, vintage="2024-04").folder
    total = {row["month"]: row["victims"] for row in rows(package) if row["age_group"] == "total" and row["month"].startswith("2024-")}
    withheld = [month for month, number in total.items() if not number]
    assert "2024-01" in withheld and len(withheld) < len(total) == 4
    svg = (package / "charts" / "victims.svg").read_text(encoding="utf-8")
    assert re.findall(r"<title>.*?: ([\d,]+)</title>", svg) == [number for number in total.values() if number]
    assert f"Withheld periods: {len(withheld)}." in svg and "#b8b3c6" in svg


def test_the_same_package_has_the_same_charts(tmp_path):
    first, second = (release(tmp_path / name, tmp_path / name / "published", LARGE).folder for name in ("one", "two"))
    names = sorted(path.name for path in (first / "charts").iterdir())
    assert names == ["victims.png", "victims.svg"]
    assert all((first / "charts" / name).read_bytes() == (second / "charts" / name).read_bytes() for name in names)
    assert "pillow" in json.loads((first / "datapackage.json").read_text(encoding="utf-8"))["reproduction"]["libraries"]
