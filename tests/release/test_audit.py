"""The audit: packages as published pass, and every way of giving something away or contradicting oneself is found."""

import json
import shutil
from dataclasses import replace

import pytest

from tests.release.packages import AGES, LARGE, MIXED, PRODUCT, release, release_beside, rewrite, rows
from vawg_opendata.release import ReleaseError, audit
from vawg_opendata.release.checks.loading import load_package

TABLE = "victims_by_age_group"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    release(folder, folder / "published", MIXED)
    return folder / "published"


@pytest.fixture
def package(published, tmp_path):
    """A copy of the package that a test may alter."""
    return shutil.copytree(published / "datastore" / "victims-test" / "1.0.0", tmp_path / "package")


def withheld(package):
    return [(row["age_group"], row["month"]) for row in rows(package) if row["victims_status"] == "c"]


def revealing(cells: dict):
    """A change of rows that publishes these cells after all."""

    def change(row):
        value = cells.get((row["age_group"], row["month"]))
        return row if value is None else row | {"victims": str(value), "victims_status": ""}

    return change


def test_a_package_passes_wherever_one_points(published, package):
    for path in (published, published / "datastore" / "victims-test", package, package / "datapackage.json"):
        report = audit([path])
        assert report.ok and report.packages == ("victims-test 1.0.0",)
        (measure,) = report.measures
        assert (measure.measure, measure.threshold, measure.tables, measure.cells) == ("victims", 5, 1, 45)
        assert measure.withheld == len(withheld(package)) > 0


def test_a_path_without_a_package_is_an_error_that_names_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="no package"):
        audit([tmp_path])
    (tmp_path / "datapackage.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="datapackage.json: not a data package"):
        audit([tmp_path])


def test_a_published_small_count_is_found(package):
    rewrite(package, TABLE, revealing({("70-79", "2024-01"): 2}))
    report = audit([package])
    assert not report.ok and report.disclosed >= 1
    assert any("age_group=70-79" in finding and "below the threshold" in finding for finding in report.measures[0].findings)


def test_a_withheld_count_that_can_be_worked_out_is_found(package):
    secondary = [cell for cell in withheld(package) if cell not in (("70-79", "2024-01"), ("80-and-over", "2024-02"))]
    truth = LARGE | {("total", "2024-01"): sum(MIXED[age, "2024-01"] for age, month in MIXED if month == "2024-01")}
    rewrite(package, TABLE, revealing({cell: truth[cell] for cell in secondary if cell in truth}))
    report = audit([package])
    assert report.disclosed and not report.problems


def test_a_value_beside_a_status_and_a_gap_without_one_are_found(package):
    cell, other = withheld(package)[:2]

    def change(row):
        where = (row["age_group"], row["month"])
        if where == cell:
            return row | {"victims": "0"}
        return row | {"victims_status": ""} if where == other else row

    rewrite(package, TABLE, change)
    problems = " ".join(audit([package]).problems)
    assert "1 withheld cells have a value" in problems and "1 cells have no value and no status" in problems


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda row: None if row["month"] == "2024-01" and row["age_group"] == "10-19" else row, "is missing"),
        (lambda row: row | {"month": "2031-01"} if row["month"] == "2024-01" else row, "not in its code list"),
        (lambda row: row | {"victims_status": "secret"} if row["victims_status"] else row, "unknown status"),
        (lambda row: row | {"victims": "many"} if row["victims"] else row, "cannot be read"),
        (lambda row: row | {"victims": row["victims"] and str(int(row["victims"]) + (row["month"] == "total"))}, "add up"),
        (lambda row: {name: value for name, value in row.items() if name != "victims_status"}, "has the columns"),
    ],
    ids=["a cell missing", "a code unknown", "a status unknown", "no number", "totals that do not fit", "a column missing"],
)
def test_a_table_that_contradicts_its_descriptor_is_found(package, change, words):
    rewrite(package, TABLE, change)
    assert words in " ".join(audit([package]).problems)


def test_every_altered_byte_is_found(package):
    for path in sorted(package.rglob("*")):
        if path.is_file() and path.name not in ("SHA256SUMS", "datapackage.json"):
            before = path.read_bytes()
            path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
            problems = audit([package]).problems
            assert any(path.name in problem for problem in problems), path.name
            path.write_bytes(before)
    assert audit([package]).ok
    (package / "extra.csv").write_text("a\n")
    assert any("extra.csv is not listed" in problem for problem in audit([package]).problems)


def test_formats_that_differ_are_found(package, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    later = release(other, other / "published", {cell: value + 1 for cell, value in MIXED.items()}).folder
    shutil.copy(later / "data" / f"{TABLE}.parquet", package / "data" / f"{TABLE}.parquet")
    shutil.copy(later / "victims-test.duckdb", package / "victims-test.duckdb")
    descriptor = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))
    swapped = {resource["path"]: resource for resource in json.loads((later / "datapackage.json").read_text(encoding="utf-8"))["resources"]}
    descriptor["resources"] = [swapped[r["path"]] if r["format"] == "duckdb" or r["path"] == f"data/{TABLE}.parquet" else r for r in descriptor["resources"]]
    (package / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    (package / "SHA256SUMS").unlink()
    problems = audit([package]).problems
    assert [problem.split(": ", 1)[1] for problem in problems] == [f"{TABLE}: the CSV and {form} do not hold the same rows" for form in ("Parquet", "DuckDB")]


def test_two_products_with_one_measure_are_attacked_together(package, tmp_path):
    """What one product withholds, the other publishes: each is safe, both together are not."""
    other = shutil.copytree(package, tmp_path / "other")
    descriptor = json.loads((other / "datapackage.json").read_text(encoding="utf-8"))
    (other / "datapackage.json").write_text(json.dumps(descriptor | {"name": "other"}), encoding="utf-8")
    secondary = next(cell for cell in withheld(package) if MIXED.get(cell, 0) >= 5)
    nothing_but = {secondary: MIXED[secondary]}
    rewrite(other, TABLE, lambda row: revealing(nothing_but)(row | {"victims": "", "victims_status": "c"}))
    assert not audit([package]).disclosed and not audit([other]).disclosed
    together = audit([package, other])
    assert together.disclosed and together.measures[0].tables == 2


def test_partners_are_taken_to_hold_the_public_packages(package, tmp_path):
    partners = shutil.copytree(package, tmp_path / "partners")
    descriptor = json.loads((partners / "datapackage.json").read_text(encoding="utf-8")) | {"name": "partners", "audience": "safestats"}
    (partners / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    (partners / "SHA256SUMS").unlink()
    report = audit([package, partners])
    assert [measure.packages for measure in report.measures] == [("victims-test 1.0.0",), ("victims-test 1.0.0", "partners 1.0.0")]


def test_an_older_version_is_attacked_with_the_newest(published, package, tmp_path):
    """An older version published a cell that the newest withholds, and its count has not changed."""
    newest = shutil.copytree(package, tmp_path / "newest")
    descriptor = json.loads((newest / "datapackage.json").read_text(encoding="utf-8"))
    (newest / "datapackage.json").write_text(json.dumps(descriptor | {"version": "1.0.1"}), encoding="utf-8")
    secondary = next(cell for cell in withheld(package) if MIXED.get(cell, 0) >= 5)
    rewrite(newest, TABLE, lambda row: row)
    rewrite(package, TABLE, revealing({secondary: MIXED[secondary]}))
    assert audit([newest]).ok
    report = audit([newest, package])
    assert [measure.packages for measure in report.measures] == [("victims-test 1.0.1", "victims-test 1.0.0")]
    assert any("1.0.1: the withheld count can be computed, given victims-test 1.0.0 and victims-test 1.0.1" in finding for finding in report.measures[0].findings)


def test_what_is_done_with_zeros_is_known_from_the_package(package):
    path = package / "disclosure.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["parameters"]["zeros"] == "published" and load_package(package).least == 1
    path.write_text(json.dumps(told | {"parameters": told["parameters"] | {"zeros": "available"}}), encoding="utf-8")
    assert load_package(package).least == 0
    path.unlink()
    assert load_package(package).least == 1  # by the contract of what is published
    path.write_text("[]", encoding="utf-8")
    assert any("disclosure.json: cannot be read" in problem for problem in load_package(package).problems)


def test_versions_whose_counts_differ_are_attacked_together(tmp_path):
    """A published count was revised and a new month came: old and new values are separate where that shows, else not."""
    release_beside(tmp_path, tmp_path / "published", MIXED)
    revised = MIXED | {("10-19", "2024-01"): 25} | {(age, "2024-03"): 30 + number for number, age in enumerate(AGES)} | {("60-69", "2024-03"): 2}
    second = release_beside(tmp_path, tmp_path / "published", revised, vintage="2024-03")
    assert (second.version, second.audit.ok) == ("1.1.0", True)
    report = audit([tmp_path / "published"])
    assert report.ok, report.lines()
    assert [measure.packages for measure in report.measures] == [("victims-test 1.1.0", "victims-test 1.0.0")]
    assert release_beside(tmp_path, tmp_path / "published", revised, vintage="2024-03").is_new is False


def test_a_version_that_completes_an_earlier_one_is_not_published(tmp_path):
    """By itself the second version is safe; its total less the first one's is the small count of the new month."""
    more = {(age, "2024-03"): 30 + number for number, age in enumerate(AGES)} | {("60-69", "2024-03"): 2, ("50-59", "2024-03"): 3}
    release(tmp_path, tmp_path / "published", MIXED)
    with pytest.raises(ReleaseError, match="the audit found") as refusal:
        release(tmp_path, tmp_path / "published", MIXED | more, vintage="2024-03")
    assert any("2024-03" in fault and ", given victims-test 1.0.0 and victims-test 1.1.0" in fault for fault in refusal.value.faults)
    assert release_beside(tmp_path, tmp_path / "published", MIXED | more, vintage="2024-03").audit.ok


def test_periods_that_are_not_available_are_no_disclosure(tmp_path):
    """A month that is not covered hides nothing, though its year and total are missing as well."""
    package = release(tmp_path, tmp_path / "published", LARGE).folder
    rewrite(package, TABLE, lambda row: row if row["month"] == "2024-01" else row | {"victims": "", "victims_status": "x"})
    report = audit([package])
    assert report.ok, report.lines()


def by_hand(folder, rows, version="1.0.0"):
    """The least a package needs: a descriptor with the statistics key, a CSV with the lines given, and a code list of its codes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "t.csv").write_text("\n".join([*rows, ""]), encoding="utf-8")
    lines = [f"{code},{code},{'total' if code == 'total' else 'x'},{'' if code == 'total' else 'total'},{order}" for order, code in enumerate(("total", "a", "b", "d"))]
    (folder / "place.csv").write_text("\n".join(["code,label,level,parent,sort_order", *lines, ""]), encoding="utf-8")
    field = {"type": "string"}
    table = {
        "name": "t", "path": "t.csv", "statistics": [{"measure": "n", "status": "n_status", "threshold": 5}],
        "schema": {
            "fields": [{"name": "place", **field}, {"name": "n", "type": "integer"}, {"name": "n_status", **field}],
            "foreignKeys": [{"fields": ["place"], "reference": {"resource": "place", "fields": ["code"]}}],
        },
    }  # fmt: skip
    columns = [{"name": name, "type": "string"} for name in ("code", "label", "level", "parent", "sort_order")]
    resources = [table, {"name": "place", "path": "place.csv", "schema": {"fields": columns}}]
    (folder / "datapackage.json").write_text(json.dumps({"name": "by-hand", "version": version, "resources": resources}), encoding="utf-8")
    return folder


def test_a_package_made_by_hand_is_audited_from_its_csv_alone(tmp_path):
    """Line feeds, columns in any order."""
    report = audit([by_hand(tmp_path, ["n_status,place,n", ",total,30", "c,a,", "c,b,", ",d,20"])])
    assert report.ok and report.measures[0].withheld == 2  # each may be anything from 1 to 9
    assert audit([by_hand(tmp_path, ["place,n,n_status", "total,27,", "a,,c", "b,,c", "d,20,"])]).ok  # 1 to 6: just wide enough
    assert audit([by_hand(tmp_path, ["place,n,n_status", "total,26,", "a,,c", "b,,c", "d,20,"])]).disclosed == 2


def test_what_two_of_three_versions_tell_by_themselves_is_found(tmp_path):
    """b was 12, then 15, and is 12 again: who has all three knows nothing of what it was, who has the first and the last believes to know."""
    versions = [["total,33,", "a,,c", "b,,c", "d,20,"], ["total,35,", "b,15,", "d,20,"], ["total,32,", "b,12,", "d,20,"]]
    folders = [by_hand(tmp_path / str(number), ["place,n,n_status", *rows], f"1.{number}.0") for number, rows in enumerate(versions)]
    assert audit(folders[:2]).ok and audit(folders[1:]).ok
    expected = "n at place=a in by-hand 1.0.0: the withheld count can be computed, given by-hand 1.0.0 and by-hand 1.2.0"
    for together in (folders, folders[::2]):
        assert [finding for measure in audit(together).measures for finding in measure.findings] == [expected]


def test_a_measure_of_another_product_is_another_system(tmp_path):
    measure = replace(PRODUCT.measures[0], name="victims")
    other = replace(PRODUCT, name="second-test", measures=(measure,))
    release(tmp_path, tmp_path / "published", LARGE)
    version = release(tmp_path, tmp_path / "published", LARGE, product=other)
    assert version.audit.measures[0].packages == ("second-test 1.0.0", "victims-test 1.0.0")
