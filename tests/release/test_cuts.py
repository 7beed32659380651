"""Packages cut from a version: the same rows and nothing else, with it in every state; each alone and all together pass the audit."""

import csv
import json
import shutil
from dataclasses import replace

import duckdb
import pytest

from tests.release.packages import AGES, LARGE, MIXED, PRODUCT, release, rewrite, rows
from vawg_opendata.delivery.offer import read_offer
from vawg_opendata.delivery.tree import TreeLayout
from vawg_opendata.products import PRODUCTS
from vawg_opendata.products.declaration import Cut, DeclarationError
from vawg_opendata.reference import load_codelist
from vawg_opendata.release import audit, check, validate
from vawg_opendata.release.files import write_sums, wrong_sums
from vawg_opendata.release.package.cuts import shown_codes

BY_AGE = Cut(dimension="age_group", levels=("age_group",), folder="ages", description="The rows of an age group.", without=("unknown",))
CUT = replace(PRODUCT, cut=BY_AGE)
TABLE = "victims_by_age_group"
MIXED_AT = {"2024-01": {(age, month): count for (age, month), count in MIXED.items() if month == "2024-01" and age != "70-79"}}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cuts")
    release(folder, folder / "published", MIXED, CUT)
    release(folder, folder / "published", {cell: count + 40 for cell, count in LARGE.items()}, CUT, note="counted again")
    return folder / "published"


@pytest.fixture
def home(published):
    return published / "datastore" / "victims-test"


@pytest.fixture
def version(home, tmp_path):
    """A copy of the first version, which withholds cells, that a test may alter."""
    return shutil.copytree(home / "1.0.0", tmp_path / "1.0.0")


def cut(version, code="70-79"):
    return version / "ages" / code


def test_each_code_has_a_package_whose_rows_are_those_of_the_version(version):
    listed = json.loads((version / "datapackage.json").read_text(encoding="utf-8"))["cuts"]
    assert [entry["code"] for entry in listed["packages"]] == sorted(path.name for path in (version / "ages").iterdir()) == list(AGES)
    for form in ("csv", "parquet"):
        reader = f"read_{form}('{{}}'{', all_varchar=true' * (form == 'csv')})"
        whole = reader.format(version / "data" / f"{TABLE}.{form}")
        for code in AGES:
            part = reader.format(cut(version, code) / "data" / f"{TABLE}.{form}")
            wanted = f"SELECT * FROM {whole} WHERE age_group IN ('total', '{code}')"
            for left, right in ((f"FROM {part}", wanted), (wanted, f"FROM {part}")):
                assert duckdb.sql(f"({left}) EXCEPT ALL ({right})").fetchall() == []
            assert duckdb.sql(f"SELECT count(*) FROM {part}").fetchall()[0][0] > 0


def test_a_package_is_whole_and_says_what_it_is_cut_from(version):
    for code in AGES:
        package = cut(version, code)
        described = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))
        assert described["cutFrom"] == {"name": "victims-test", "version": "1.0.0", "dimension": "age_group", "codes": ["total", code]}
        assert wrong_sums(package) == check(package) == validate(package) == []
        assert "reproduction" not in described and "cuts" not in described
        assert (package / "codelists" / "age_group.csv").read_bytes() == (version / "codelists" / "age_group.csv").read_bytes()


def test_a_package_alone_is_judged_without_taking_the_others_not_to_exist(version):
    for code in AGES:
        report = audit([cut(version, code)])
        assert report.ok, report.lines()
    withheld = sum(row["victims_status"] == "c" for row in rows(cut(version)))
    assert withheld and audit([cut(version)]).measures[0].withheld == withheld


def test_all_together_are_judged_as_the_version_is(version, home):
    whole, together, both = audit([version]), audit([version / "ages"]), audit([version, version / "ages"])
    assert whole.ok and together.ok and both.ok, [*together.lines(), *both.lines()]
    assert len(whole.packages) == 1 and len(together.packages) == len(AGES) and len(both.packages) == 1 + len(AGES)
    versions = audit([home, *(path for path in sorted(home.glob("*/ages/*")))])
    assert versions.ok and len(versions.packages) == 2 + 2 * len(AGES), versions.lines()


def test_packages_that_complete_each_other_are_found(version):
    """A package that gives away a cell of its own passes alone; beside the others it gives away the one that they all protect."""
    month = "2024-01"
    for code in AGES:
        if code != "70-79":
            rewrite(cut(version, code), TABLE, lambda row: _shown(row, MIXED_AT[month]))
    assert all(audit([cut(version, code)]).ok for code in ("10-19", "70-79"))
    assert audit([version / "ages"]).disclosed


def _shown(row, cells):
    value = cells.get((row["age_group"], row["month"]))
    return row if value is None else row | {"victims": str(value), "victims_status": ""}


def test_a_published_small_count_of_a_package_is_found(version):
    rewrite(cut(version), TABLE, lambda row: _shown(row, {("70-79", "2024-01"): 2}))
    assert audit([cut(version)]).disclosed


@pytest.mark.parametrize("change", ["count", "row", "code", "note", "gone", "name"])
def test_what_differs_from_the_version_is_found(version, change):
    package = cut(version)
    descriptor = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))
    if change in ("count", "row", "code"):
        path = package / "data" / f"{TABLE}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file))
        number = next(index for index, line in enumerate(lines) if line[0] == "70-79" and line[2].isdigit())
        lines[number] = {"count": [*lines[number][:2], str(int(lines[number][2]) + 1), ""], "row": lines[number - 1], "code": ["10-19", *lines[number][1:]]}[change]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(lines)
        _restate(descriptor, path)
    elif change == "note":
        descriptor["caveats"] = descriptor["caveats"][1:]
    elif change == "name":
        descriptor["cutFrom"]["version"] = "0.9.0"
    else:
        shutil.rmtree(package)
    if package.is_dir():
        (package / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
        write_sums(package)
    write_sums(version)
    next(version.glob("*.zip")).unlink()
    problems = check(version)
    assert problems and all("70-79" in problem for problem in problems)


def _restate(descriptor, path):
    import hashlib

    for resource in descriptor["resources"]:
        if resource["path"] == f"data/{path.name}":
            resource["bytes"], resource["hash"] = path.stat().st_size, f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def test_a_code_that_a_package_does_not_name_is_found(version):
    package = cut(version)
    descriptor = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))
    descriptor["cutFrom"]["codes"].append("10-19")
    (package / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    write_sums(package)
    assert any("cutFrom" in problem for problem in check(package))


def test_delivery_sends_a_package_before_what_leads_to_it_and_seals_it_last(published):
    names = [item.name for item in TreeLayout().layout(read_offer(published, "datastore")).items]
    at = {name: number for number, name in enumerate(names)}
    for number in ("1.0.0", "1.1.0", "2.0.0"):
        inside = [name for name in names if name.startswith(f"victims-test/{number}/ages/")]
        for name in inside:
            home = "/".join(name.split("/")[:4])
            assert at[name] <= at[f"{home}/SHA256SUMS"] < at[f"victims-test/{number}/datapackage.json"]
            assert at[name] <= at[f"{home}/datapackage.json"] or name.endswith("SHA256SUMS")


def test_an_area_is_shown_with_what_it_is_part_of_and_its_parts():
    areas = load_codelist("area").at_levels("bcu", "borough")
    assert shown_codes(areas, "E09000012") == ("E12000007", "BCU-CE", "E09000012")
    assert shown_codes(areas, "BCU-CE") == ("E12000007", "BCU-CE", "E09000012", "E09000030")


def test_boroughs_and_command_units_have_packages():
    product = PRODUCTS["vawg-borough-profiles"]
    areas = load_codelist("area").at_levels("bcu", "borough")
    codes = [code for code in areas.codes if areas.level[code] in product.cut.levels and code not in product.cut.without]
    assert len(codes) == 12 + 32 and set(product.cut.without) < set(areas.codes)
    assert all(code.startswith(("BCU-", "E09")) for code in codes)


def test_a_cut_by_what_a_table_does_not_have_is_refused():
    with pytest.raises(DeclarationError, match="by which the product is cut"):
        replace(CUT, cut=replace(BY_AGE, dimension="area"))
