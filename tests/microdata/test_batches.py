"""Versions of linked records: later months are added, nothing that was told changes, and each partner has a package of its own."""

import json
import shutil
from dataclasses import replace

import duckdb
import pyarrow.parquet
import pytest

from tests.microdata.conftest import MONTHS, written
from vawg_opendata.delivery.errors import SourceError
from vawg_opendata.delivery.offer import read_offer
from vawg_opendata.microdata.batches import KeysChangedError
from vawg_opendata.products import PRODUCTS
from vawg_opendata.release.checks.audit import audit
from vawg_opendata.release.checks.integrity import check
from vawg_opendata.release.checks.record_audit import audit_versions
from vawg_opendata.release.checks.validation import validate
from vawg_opendata.release.database.combined import write_combined
from vawg_opendata.release.files import write_sums
from vawg_opendata.release.package.building import Content
from vawg_opendata.release.publish import publish_content
from vawg_opendata.schemas.vawg_records import POOL_KEYS
from vawg_opendata.statistics import outline_of_records

PRODUCT = PRODUCTS["vawg-records"]
KEYS = {"case_key", *POOL_KEYS}


@pytest.fixture(scope="module")
def published(world, tmp_path_factory):
    """The folder of packages with two versions: of the first month, and of both."""
    folder = tmp_path_factory.mktemp("published")
    outline = outline_of_records(PRODUCT, world.records).outline
    first = publish_content(Content(PRODUCT, outline, {}, [], synthetic=True, microdata=world.made), folder)
    second = world.made_after(first.folder, MONTHS[1])
    publish_content(Content(PRODUCT, outline, {}, [], synthetic=True, microdata=second), folder)
    return folder


@pytest.fixture(scope="module")
def versions(published):
    home = published / "safestats" / "vawg-records"
    return [home / "1.0.0", home / json.loads((home / "latest.json").read_text(encoding="utf-8"))["version"]]


def tables_of(folder):
    descriptor = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    return {resource["name"]: resource for resource in descriptor["resources"] if "records" in resource}


def rows(folder, table, columns="*"):
    return duckdb.sql(f"SELECT {columns} FROM read_csv('{folder}/data/{table}.csv', all_varchar=true, header=true)").fetchall()


def test_a_version_adds_cases_and_changes_none(versions):
    old, new = versions
    assert new.name == "1.1.0"
    for table in tables_of(new):
        before, after = rows(old, table), rows(new, table)
        assert len(after) > len(before) + 500
        # The rows of before are there, as often as they were.
        assert not duckdb.sql(
            f"SELECT * FROM read_csv('{old}/data/{table}.csv', all_varchar=true) EXCEPT ALL SELECT * FROM read_csv('{new}/data/{table}.csv', all_varchar=true)"
        ).fetchall()
    assert set(rows(new, "record_offences", "batch")) == {("2024-07/2024-07",), ("2024-08/2024-08",)}
    changes = json.loads((new / "changes.json").read_text(encoding="utf-8"))
    assert changes["bump"] == "MINOR" and {table["removed"] for table in changes["tables"] if table["name"].startswith(("record_", "pool_"))} == {0}


def test_the_audit_finds_nothing_in_any_version(versions):
    report = audit(versions)
    assert report.ok, report.faults()
    assert len(report.records) == 2 * 14  # thirteen tables, and those of cases joined


def test_the_disclosure_statement_says_how_cases_and_pools_are_protected_and_what_was_lost(versions):
    for number, version in enumerate(versions):
        told = json.loads((version / "disclosure.json").read_text(encoding="utf-8"))
        assert told["kind"] == "records" and told["parameters"]["k"] == 3 and "at least 3 records" in told["guarantee"]
        assert "at least 10 cases" in told["pools"] and "no more than 67%" in told["pools"] and told["beside_tables"] and told["versions"]
        assert "threshold" not in told and told["tables"] == told["intruder"] == []
        joined = told["records"][-1]
        assert joined["smallest_class"] >= 3 and joined["records"] == len(rows(version, "record_offences"))
        # Entropy is by how often values were there before, and who waits or was not drawn is nobody's business.
        assert set(told["losses"]) == {"added_cases"} and set(told["losses"]["added_cases"]) == {"granularity", "discernibility", "class-size"}
        assert 0 < told["losses"]["added_cases"]["granularity"] < 1, number
        assert not {"untold", "added", "missing", "held", "left_out"} & set(told)


def test_the_same_months_again_are_the_same(world, versions):
    again = world.made_after(versions[1], MONTHS[1])
    assert again.summary["added"] == 0
    for home, tables in ((versions[1], again.tables), *((versions[1] / "partners" / profile, tables) for profile, tables in again.partners.items())):
        assert {table.name for table in tables} == set(tables_of(home))
        for table in tables:
            assert pyarrow.parquet.read_table(home / "data" / f"{table.name}.parquet").to_pylist() == table.rows.to_pylist()


def test_the_keys_and_the_order_of_a_partner_stay_from_version_to_version(versions):
    old, new = (version / "partners" / "health" for version in versions)
    assert set(rows(old, "record_offences", "case_key")) < set(rows(new, "record_offences", "case_key"))
    assert audit_versions([old, new]) == []
    # And are another's: of the same pools nobody has the rows that another has.
    assert audit_versions([versions[0] / "partners" / "local-authority", new]) != []


def test_too_few_cases_wait(world, versions):
    few = replace(world, declared=replace(world.declared, share=0.001))
    waiting = few.made_after(versions[0], MONTHS[1])
    assert waiting.summary["added"] == 0
    assert waiting.summary["records"] == len(rows(versions[0], "record_offences"))
    assert few.made_after(None, MONTHS[1]) is None


def test_months_of_a_withdrawn_version_are_not_told_again(world, versions):
    """Some have kept it: the same cases in other pools would give away what either hides."""
    kept = world.made_after(versions[0], MONTHS[1], had=[versions[1], versions[0]])
    assert kept.summary["added"] == 0 and kept.summary["records"] == len(rows(versions[0], "record_offences"))
    assert world.made_after(None, MONTHS[1], had=versions) is None
    assert world.made_after(None, MONTHS[1], had=versions[:1]).summary["records"] == len(rows(versions[1], "record_offences")) - kept.summary["records"]


@pytest.fixture
def with_other_fields(versions, tmp_path):
    """The first version as if the software had had other fields then: a table and a field less, and a field more."""
    old = tmp_path / "1.0.0"
    shutil.copytree(versions[0] / "data", old / "data")
    descriptor = json.loads((versions[0] / "datapackage.json").read_text(encoding="utf-8"))
    descriptor["resources"] = [one for one in descriptor["resources"] if "records" in one and one["name"] != "pool_risk"]
    suspects = next(one for one in descriptor["resources"] if one["name"] == "pool_suspect")
    path = old / suspects["path"]
    path.write_text(path.read_text(encoding="utf-8").replace(",arrested,", ",held_by_police,", 1), encoding="utf-8")
    suspects["schema"]["fields"] = [{"name": "held_by_police" if field["name"] == "arrested" else field["name"]} for field in suspects["schema"]["fields"]]
    (old / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    return old


def test_a_field_that_is_new_is_told_of_new_cases_alone(world, versions, with_other_fields, tmp_path):
    tables = world.made_after(with_other_fields, MONTHS[1]).tables
    made = {table.name: table.rows.to_pandas() for table in tables}
    cases = made["record_offences"]
    before = cases["batch"] == "2024-07/2024-07"
    assert before.sum() == len(rows(versions[0], "record_offences")) and len(cases) == len(rows(versions[1], "record_offences"))
    suspects, risk = (made[table][made[table][key].isin(cases.loc[before, key])] for table, key in (("pool_suspect", "pool_key"), ("pool_risk", "wide_pool_key")))
    assert len(suspects) == len(risk) == before.sum() and made["pool_suspect"]["arrested"].notna().any() and made["pool_risk"]["risk_tool"].notna().any()
    assert suspects["arrested"].isna().all() and "held_by_police" not in suspects and risk.drop(columns="wide_pool_key").isna().all(axis=None)
    assert suspects["bail"].notna().sum() == len([1 for (value,) in rows(versions[0], "pool_suspect", "bail") if value]) > 0
    new = written(tmp_path / "new", tables, "2.0.0")
    assert audit_versions([with_other_fields, new]) == []
    # The same with all fields of all cases, which readers of the first version were not told of, is found.
    found = audit_versions([with_other_fields, versions[1]])
    assert any(": arrested is told of" in line for line in found) and any("risk_tool is told of" in line for line in found)


def test_a_version_that_tells_again_of_the_same_months_is_found(world, versions, tmp_path):
    again = written(tmp_path / "again", world.made_after(None, MONTHS[1]).tables, "2.0.0")
    assert any("cases are of months that were told of before" in line for line in audit_versions([versions[0], again]))
    # A batch that is gone, because its version was withdrawn, tells nothing.
    assert audit_versions([versions[1], versions[0]]) == []


def test_a_version_without_keys_is_refused_by_name(world, versions, tmp_path):
    shutil.copytree(versions[0], tmp_path / "1.0.0")
    path = tmp_path / "1.0.0" / "data" / "pool_orders.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("widest_pool_key", "pool", 1), encoding="utf-8")
    with pytest.raises(KeysChangedError, match="pool_orders of vawg-records 1.0.0 has no widest_pool_key"):
        world.made_after(tmp_path / "1.0.0", MONTHS[1])


def test_the_catalogue_holds_at_least_a_hundred_fields_each_with_its_rule_and_readers(versions):
    found = duckdb.sql(f"FROM read_csv('{versions[1]}/data/fields.csv', all_varchar=true, header=true)").fetchdf()
    told = found[~found["name"].isin(KEYS)]
    assert len(told) == len(set(told["name"])) == 131
    fields = [(name, field["name"]) for name, resource in tables_of(versions[1]).items() for field in resource["schema"]["fields"]]
    assert list(zip(found["table_name"], found["name"], strict=True)) == fields
    required = [name for name in found.columns if name != "codes"]
    assert found[required].notna().all().all()
    assert told["access_profile"].str.contains("local-policing-body").all()
    assert found["legal_gateway"].str.contains("section 16").all()


def test_a_partner_is_given_its_fields_and_no_others(versions):
    whole = tables_of(versions[1])
    given = duckdb.sql(f"SELECT name, access_profile FROM read_csv('{versions[1]}/data/fields.csv', all_varchar=true, header=true)").fetchall()
    partners = sorted(path.name for path in (versions[1] / "partners").iterdir())
    assert partners == sorted(PRODUCT.linked.partners) and len(partners) == 5
    for partner in partners:
        home = versions[1] / "partners" / partner
        fields = {field["name"] for resource in tables_of(home).values() for field in resource["schema"]["fields"]}
        wanted = {name for name, profiles in given if partner in profiles.split("|")}
        assert fields - KEYS == wanted - KEYS and len(wanted) < len(given)
        for table in tables_of(home):
            names = [field["name"] for field in tables_of(home)[table]["schema"]["fields"]]
            assert len(rows(home, table)) == len(rows(versions[1], table))
            assert {field["name"] for field in whole[table]["schema"]["fields"]} >= set(names)
    assert not {"pregnant", "suspect_mental_health"} & {field["name"] for one in tables_of(versions[1] / "partners" / "fire-and-rescue").values() for field in one["schema"]["fields"]}


def test_no_key_of_one_partner_is_that_of_another(versions):
    homes = [versions[1], *sorted((versions[1] / "partners").iterdir())]
    for key in KEYS:
        keys = [set(rows(home, "record_offences", key)) for home in homes]
        assert len(set().union(*keys)) == sum(map(len, keys)) > 5


def test_the_package_of_a_partner_is_valid_and_the_audit_finds_nothing_in_it(versions):
    home = versions[1] / "partners" / "fire-and-rescue"
    assert validate(home) == []
    assert audit([home]).ok


def test_a_partners_package_that_holds_more_or_other_is_found(versions, tmp_path):
    shutil.copytree(versions[1], tmp_path / "version")
    home = tmp_path / "version" / "partners" / "fire-and-rescue"
    path = home / "data" / "record_offences.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines[:-1], lines[-2]]), encoding="utf-8", newline="")
    write_sums(home)
    write_sums(tmp_path / "version")
    (tmp_path / "version" / f"vawg-records-{versions[1].name}.zip").unlink()
    assert any("fire-and-rescue: record_offences: 2 rows are not those of the version" in problem for problem in check(tmp_path / "version"))
    descriptor = json.loads((home / "datapackage.json").read_text(encoding="utf-8"))
    next(one for one in descriptor["resources"] if one["name"] == "record_offences")["schema"]["fields"].append({"name": "ward_of_home", "type": "string"})
    (home / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    write_sums(home)
    write_sums(tmp_path / "version")
    assert any("record_offences.ward_of_home is not for this partner" in problem for problem in check(tmp_path / "version"))


def test_what_not_all_partners_are_given_is_in_no_file_for_all_of_them(published, tmp_path):
    assert write_combined(published, tmp_path) == [] or not any("safestats" in str(path) for path in write_combined(published, tmp_path))
    assert "vawg-records" not in read_offer(published, "safestats").products


def test_nothing_to_deliver_is_still_said(tmp_path):
    with pytest.raises(SourceError, match="Nothing is published for safestats"):
        read_offer(tmp_path, "safestats")
