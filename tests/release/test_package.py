"""A published package is what the contract says, read as its readers do: with pandas, DuckDB, sha256sum and frictionless."""

import hashlib
import json
import subprocess
from dataclasses import replace

import duckdb
import pandas as pd
import pytest

from tests.release.packages import AGES, INPUTS, LARGE, MIXED, PRODUCT, count, protected, release, rows
from tests.statistics.records import write
from vawg_opendata.products import PRODUCTS
from vawg_opendata.products.declaration import Approval
from vawg_opendata.release import InputFile, check, publish, validate
from vawg_opendata.release.database.file import content_digest
from vawg_opendata.release.package.software import configuration_hash, inputs_digest
from vawg_opendata.statistics import build


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    return release(folder, folder / "published", MIXED).folder


@pytest.fixture(scope="module")
def descriptor(package):
    return json.loads((package / "datapackage.json").read_text(encoding="utf-8"))


def test_the_files_are_where_the_contract_puts_them(package):
    files = {path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()}
    tables = ("victims_by_age_group", "caveats", "series_breaks", "definitions", "fields")
    assert files == {
        "datapackage.json", "README.md", "CHANGES.md", "changes.json", "changes.schema.json", "disclosure.json", "SHA256SUMS", "victims-test.duckdb",
        "victims-test-1.0.0.zip",
        "codelists/age_group.csv", "codelists/month.csv", "charts/victims.svg", "charts/victims.png",
        *(f"data/{table}.{suffix}" for table in tables for suffix in ("csv", "parquet")),
    }  # fmt: skip
    home, published = package.parent, package.parents[2]
    assert package.relative_to(published).as_posix() == "datastore/victims-test/1.0.0"
    assert json.loads((home / "latest.json").read_text()) == {"version": "1.0.0"}
    (listed,) = json.loads((home / "versions.json").read_text())
    assert set(listed) == {"version", "status", "released"} and (listed["version"], listed["status"]) == ("1.0.0", "released")
    assert {path.name for path in home.iterdir() if path.is_file()} == {"latest.json", "versions.json", "revisions.csv", "dataset.jsonld"}
    assert sorted(path.name for path in published.iterdir()) == ["catalogue.json", "datastore"]
    assert not [path for path in published.parent.iterdir() if "staging" in path.name]


def test_the_sums_fit(package):
    subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=package, check=True)


def test_frictionless_and_our_own_check_find_nothing(package):
    assert validate(package) == []
    assert check(package) == []


def test_every_resource_says_what_it_is(package, descriptor):
    assert descriptor["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert list(descriptor)[:6] == ["$schema", "name", "title", "description", "version", "audience"]
    assert descriptor["licenses"][0]["name"] == "OGL-UK-3.0"
    assert descriptor["sources"][0]["files"] == [{"name": "victims.parquet", "bytes": 10, "hash": "sha256:" + "a" * 64}]
    assert descriptor["temporal"] == {"start": "2024-01", "end": "2024-02"}
    assert "recorded-not-prevalence" in [caveat["name"] for caveat in descriptor["caveats"]]
    for resource in descriptor["resources"]:
        assert {"$schema", "title", "description", "path", "format", "mediatype", "encoding", "bytes", "hash"} <= set(resource)
        assert resource["bytes"] == (package / resource["path"]).stat().st_size
        for field in resource.get("schema", {}).get("fields", []):
            assert field["title"] and field["description"] and field["type"]
    table = next(resource for resource in descriptor["resources"] if resource["name"] == "victims_by_age_group")
    assert table["statistics"] == [{"measure": "victims", "status": "victims_status", "threshold": 5}]
    assert table["schema"]["fieldsMatch"] == "exact"
    assert table["schema"]["primaryKey"] == ["age_group", "month"]
    assert {(key["fields"][0], key["reference"]["resource"]) for key in table["schema"]["foreignKeys"]} == {("age_group", "age_group"), ("month", "month")}
    age = table["schema"]["fields"][0]
    assert [category["value"] for category in age["categories"]] == age["constraints"]["enum"] == ["total", *AGES]
    assert table["schema"]["fields"][-1]["categories"][0] == {"value": "c", "label": "suppressed to protect confidentiality"}


def test_of_unpublished_inputs_nothing_but_the_kind_is_told(tmp_path):
    """With the hash or the size of a small file of records, a guess at what it holds could be tested."""
    victim = {"method_group": "shooting", "age_group": "25-34", "ethnicity": "White", "domestic": "domestic", "status": "solved", "sex": "female"}
    when = {"year": 2003, "month": "2003-05", "vintage": "2003-12", "count": 1, "relationship_group": "not-known", "suspect_ethnicity": "White"} | {"offence_type": "murder", "legal_hold": False}
    write(tmp_path / "records", "extract_homicides", [victim | when] * 9)
    product = replace(PRODUCTS["female-homicide"], approval=Approval(restricted=0))
    statistics = build(product, tmp_path / "records", tmp_path / "work")
    inputs = [InputFile("crime_extract", "homicides.csv", 4711, "b" * 64)]
    package = publish(product, statistics.outline, protected(statistics, product), inputs, tmp_path / "published", synthetic=False).folder
    (source,) = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))["sources"]
    assert set(source) == {"name", "title"} and source["name"] == "crime_extract"
    for path in package.parents[2].rglob("*"):
        assert not path.is_file() or b"b" * 64 not in path.read_bytes()


def test_every_cell_is_there_once_with_a_count_or_a_status(package):
    table = rows(package)
    cells = {(row["age_group"], row["month"]) for row in table}
    assert len(cells) == len(table) == 9 * 5  # eight age groups and all; two months, one year, one financial year and all
    for row in table:
        assert (row["victims"] == "") == (row["victims_status"] == "c")
        assert row["victims_status"] in ("", "c")
        assert row["victims"] == "" or int(row["victims"]) == 0 or int(row["victims"]) >= 5
    withheld = {(row["age_group"], row["month"]) for row in table if row["victims_status"]}
    assert withheld > {("70-79", "2024-01"), ("80-and-over", "2024-02")}  # and others, from which they could be worked out


def test_the_csv_is_rfc_4180(package):
    for path in package.rglob("*.csv"):
        text = path.read_bytes()
        assert not text.startswith(b"\xef\xbb\xbf") and text.endswith(b"\r\n")
        assert text.count(b"\n") == text.count(b"\r\n")
        text.decode("utf-8")


def test_the_three_formats_hold_equal_rows(package):
    with duckdb.connect(str(package / "victims-test.duckdb"), read_only=True) as database:
        for name in ("victims_by_age_group", "caveats", "series_breaks", "definitions", "fields"):
            by_csv = pd.read_csv(package / "data" / f"{name}.csv", dtype={"victims": "Int64"}, keep_default_na=False, na_values={column: [""] for column in ("victims", "victims_status", "codes")})
            by_parquet = pd.read_parquet(package / "data" / f"{name}.parquet")
            by_duckdb = database.execute(f"SELECT * FROM {name}").df()
            for other in (by_parquet, by_duckdb):
                assert list(other.columns) == list(by_csv.columns)
                assert other.astype("object").where(other.notna(), None).to_dict("list") == by_csv.astype("object").where(by_csv.notna(), None).to_dict("list")
        for name in ("age_group", "month"):
            by_csv = pd.read_csv(package / "codelists" / f"{name}.csv", dtype=str).astype({"sort_order": int})
            assert len(database.execute(f"SELECT * FROM {name}").df()) == len(by_csv)


def test_the_duckdb_file_explains_itself(package, descriptor):
    with duckdb.connect(str(package / "victims-test.duckdb"), read_only=True) as database:
        assert all(comment for (comment,) in database.execute("SELECT comment FROM duckdb_tables()").fetchall())
        assert all(comment for (comment,) in database.execute("SELECT comment FROM duckdb_columns() WHERE NOT internal").fetchall())
        assert database.execute("SELECT count(*) FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'").fetchall() == [(2,)]
    resource = next(resource for resource in descriptor["resources"] if resource["format"] == "duckdb")
    assert resource["contentDigest"] == f"sha256:{content_digest(package / resource['path'])}"


def test_a_small_package_has_a_small_duckdb_file(package):
    assert (package / "victims-test.duckdb").stat().st_size < 600_000


def test_code_lists_add_up_and_have_one_root(package):
    for name in ("age_group", "month"):
        codes = pd.read_csv(package / "codelists" / f"{name}.csv", dtype=str, keep_default_na=False)
        assert list(codes.columns)[:5] == ["code", "label", "level", "parent", "sort_order"]
        assert list(codes.loc[codes.level == "total", "code"]) == ["total"]
        assert codes.sort_order.astype(int).is_monotonic_increasing


def test_the_readme_has_every_table_and_field(package, descriptor):
    text = (package / "README.md").read_text(encoding="utf-8")
    for resource in descriptor["resources"]:
        if resource.get("type") == "table":
            assert f"### {resource['name']}" in text
            for field in resource["schema"]["fields"]:
                assert f"| `{field['name']}` |" in text
    for caveat in descriptor["caveats"]:
        assert caveat["description"] in text


def test_the_disclosure_statement_tells_shares_and_not_which_cells_were_small(package):
    statement = json.loads((package / "disclosure.json").read_text(encoding="utf-8"))
    (table,) = statement["tables"]
    withheld = sum(row["victims_status"] == "c" for row in rows(package))
    assert (table["cells"], table["withheld"], table["share_withheld"]) == (45, withheld, round(withheld / 45, 4))
    assert [(entry["measure"], entry["disclosed"]) for entry in statement["intruder"]] == [("victims", 0)]
    assert (statement["policy"], statement["kind"], statement["threshold"]) == ("datastore-public", "suppression", 5)
    assert statement["guarantee"] in (package / "README.md").read_text(encoding="utf-8") and statement["sources"]
    assert "primary" not in json.dumps(statement) and "cost" not in statement["parameters"]


def test_the_catalogue_has_every_file(package):
    catalogue = json.loads((package.parents[2] / "catalogue.json").read_text(encoding="utf-8"))
    (dataset,) = catalogue["dcat:dataset"]
    (version,) = dataset["dcat:hasVersion"]
    for distribution in version["dcat:distribution"]:
        path = package.parents[2] / distribution["@id"]
        assert str(path.stat().st_size) == distribution["dcat:byteSize"]["@value"]


def test_the_same_inputs_give_the_same_bytes(package, tmp_path):
    again = release(tmp_path, tmp_path / "elsewhere", MIXED).folder
    for path in sorted(path for path in package.rglob("*") if path.is_file()):
        other = again / path.relative_to(package)
        if path.suffix == ".duckdb":
            assert content_digest(path) == content_digest(other)
        elif path.name not in ("datapackage.json", "SHA256SUMS", "victims-test-1.0.0.zip"):  # these hold the hash of the DuckDB file, or it
            assert path.read_bytes() == other.read_bytes(), path.name
    texts = [(folder / "datapackage.json").read_text(encoding="utf-8") for folder in (package, again)]
    first, second = (
        [(resource["name"], resource.get("contentDigest", resource["hash"])) for resource in json.loads(text)["resources"]] for text in texts
    )
    assert first == second


def test_synthetic_data_are_labelled_everywhere(tmp_path):
    package = release(tmp_path, tmp_path / "published", LARGE, synthetic=True).folder
    descriptor = json.loads((package / "datapackage.json").read_text(encoding="utf-8"))
    assert descriptor["synthetic"] is True and "synthetic" in descriptor["title"] and "not real crimes" in descriptor["description"]
    assert "Synthetic data" in (package / "README.md").read_text(encoding="utf-8")
    assert "synthetic" in (package / "data" / "caveats.csv").read_text(encoding="utf-8")


def test_periods_that_are_not_covered_are_not_available_and_never_zero(tmp_path):
    product = PRODUCTS["violence-and-sexual-offences"]
    violence = "violence-and-sexual-offences"
    covered = [("metropolitan", "2023-01"), ("city-of-london", "2023-01"), ("city-of-london", "2023-02")]
    write(tmp_path / "records", "street_coverage", [{"force": f, "month": m, "crime_type": violence, "whole_file": True} for f, m in covered])
    crimes = [{"force": f, "month": m, "area": "E01000001", "crime_type": violence, "count": 1} for f, m in covered for _ in range(6)]
    write(tmp_path / "records", "street_crimes", crimes)
    statistics = build(product, tmp_path / "records", tmp_path / "work")
    tables = {}
    for name, counts in statistics.counts.items():
        tables |= protected(type(statistics)(statistics.outline, {name: counts}, ()), product)
    version = publish(product, statistics.outline, tables, INPUTS, tmp_path / "published", synthetic=False)
    assert version.audit.ok
    met = {row["month"]: row for row in rows(version.folder, "metropolitan") if row["area"] == "E01000001"}
    measure = "violence_and_sexual_offences_metropolitan"
    assert (met["2023-01"][measure], met["2023-01"][f"{measure}_status"]) == ("6", "")
    for period in ("2023-02", "2023", "2022/23", "total"):
        assert (met[period][measure], met[period][f"{measure}_status"]) == ("", "x")
    city = {row["month"]: row for row in rows(version.folder, "city_of_london") if row["area"] == "E01000001"}
    assert city["total"]["violence_and_sexual_offences_city_of_london"] == "12"


def test_a_package_needs_every_table_of_its_outline(tmp_path):
    statistics = count(tmp_path, LARGE)
    with pytest.raises(KeyError):
        publish(PRODUCT, statistics.outline, {}, INPUTS, tmp_path / "published", synthetic=False)
    assert not list((tmp_path / "published").rglob("*.csv"))


def test_the_hash_of_a_configuration_is_the_same_in_every_checkout_and_another_for_another_file(tmp_path):
    product = PRODUCTS["vawg-records"]
    access = tmp_path / product.linked.access.name
    moved = replace(product, linked=replace(product.linked, access=access))
    access.write_bytes(product.linked.access.read_bytes())
    assert configuration_hash(moved) == configuration_hash(product)
    access.write_bytes(product.linked.access.read_bytes() + b"more")
    assert configuration_hash(moved) != configuration_hash(product)
    with pytest.raises(TypeError, match="no form that is the same everywhere"):
        configuration_hash(replace(product, frequency=object()))
    for one in PRODUCTS.values():
        assert len(configuration_hash(one)) == 64


def test_input_files_are_told_from_others_and_those_that_only_the_force_has_not_without_its_secret():
    files = [InputFile("crime_extract", "offences.csv", 10, "a" * 64), InputFile("crime_extract", "victims.csv", 20, "b" * 64)]
    lines = f"{'a' * 64}  crime_extract/offences.csv\n{'b' * 64}  crime_extract/victims.csv\n".encode()
    assert inputs_digest(files) == inputs_digest(files[::-1]) == f"sha256:{hashlib.sha256(lines).hexdigest()}"
    keyed = inputs_digest(files, b"k" * 32)
    assert keyed == inputs_digest(files, b"k" * 32) and len({keyed, inputs_digest(files, b"l" * 32), inputs_digest(files[:1], b"k" * 32), inputs_digest(files)}) == 4
