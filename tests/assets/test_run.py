"""What a run of the whole job leaves: assets, checks, history, packages, and nothing of a record where it must not be."""

import json
import shutil
import stat
from collections import OrderedDict
from dataclasses import replace

import dagster as dg
import duckdb
import numpy as np
import pytest

from anonymisation.releases import memory
from vawg_opendata import flow
from vawg_opendata.assets import packages
from vawg_opendata.assets.jobs import run_publish
from vawg_opendata.assets.months import PARTITIONED
from vawg_opendata.assets.resources import RunSettings
from vawg_opendata.definitions import defs
from vawg_opendata.problems import LandingError
from vawg_opendata.products import PRODUCTS
from vawg_opendata.record_files import record_files
from vawg_opendata.release import audit
from vawg_opendata.release.lifecycle.reproduce import differences

GRAPH = defs.resolve_asset_graph()


def metadata_of(result) -> dict:
    events = result.get_asset_materialization_events()
    return {tuple(event.asset_key.path): {name: value.value for name, value in event.materialization.metadata.items()} for event in events}


def test_every_asset_is_materialised_and_every_check_passes(finished):
    assert finished.success
    made = {tuple(key.path) for key in GRAPH.get_all_asset_keys()} - {("months", "crime_extract")}  # those by period, too; the sample's extract is whole
    assert set(metadata_of(finished)) == made
    evaluated = {(check.asset_key, check.check_name): check.passed for check in finished.get_asset_check_evaluations()}
    by_period = {asset.key for asset in PARTITIONED}  # whose rows the records are made of, and judged with them
    assert set(evaluated) == {(check.asset_key, check.name) for check in GRAPH.asset_check_keys if check.asset_key not in by_period}
    assert all(evaluated.values())


def test_row_counts_are_those_of_the_files(finished, settings):
    shown = metadata_of(finished)
    for schemas in flow.RECORD_TABLES.values():
        for schema in schemas:
            files = record_files(settings.work / "records").get(schema.name, [])
            rows = duckdb.execute("SELECT count(*) FROM read_parquet(?)", [list(map(str, files))]).fetchall()[0][0] if files else 0
            assert shown["records", schema.name]["dagster/row_count"] == rows
    assert shown["records", "extract_victims"]["dagster/row_count"] > 11_000
    assert shown["records", "dashboard_offences_by_area"] == {"dagster/row_count": 0, "at_hand": False}


def test_columns_can_be_followed_from_a_package_to_the_records(finished, settings):
    """The UI shows where a column is from at the columns that it knows: each that is an origin is one of its asset's."""
    shown = metadata_of(finished)
    columns = {path: {column.name for column in metadata["dagster/column_schema"].columns} for path, metadata in shown.items() if "dagster/column_schema" in metadata}
    columns |= {("records", schema.name): set(schema.names) for schemas in flow.RECORD_TABLES.values() for schema in schemas}
    for product in PRODUCTS.values():
        package, counted = ("packages", product.audience, product.name), ("statistics", product.name)
        described = json.loads((flow.latest_folder(settings, product) / "datapackage.json").read_text(encoding="utf-8"))["resources"]
        assert columns[package] >= {f"{table['name']}.{field['name']}" for table in described if "statistics" in table for field in table["schema"]["fields"]}
        for path in (package, counted):
            origins = shown[path]["dagster/column_lineage"].deps_by_column
            assert set(origins) <= columns[path]
            assert all(dep.column_name in columns[tuple(dep.asset_key.path)] for deps in origins.values() for dep in deps)
            assert bool(origins) == bool(product.tables)


def test_the_accounts_shown_are_those_written(finished, settings):
    shown = metadata_of(finished)["records", "accounting"]
    written = json.loads((settings.work / "accounting.json").read_text(encoding="utf-8"))["rows"]
    assert {state: shown[f"rows_{state}"] for state in written} == written
    assert written["quarantined"] > 0  # the sample has rows that cannot be used


def test_packages_are_published_and_labelled_synthetic(finished, settings):
    for product in PRODUCTS.values():
        folder = flow.latest_folder(settings, product)
        described = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
        assert described["synthetic"] is True and "synthetic" in described["title"]
        shown = metadata_of(finished)["packages", product.audience, product.name]
        assert shown["version"] == described["version"] == "1.0.0" and shown["folder"] == str(folder)


def test_the_history_of_runs_is_kept_in_the_work_folder(finished, settings):
    instance = dg.DagsterInstance.from_config(str(settings.work / "dagster"))
    run = instance.get_run_by_id(finished.run_id)
    assert run.job_name == "publish" and run.status == dg.DagsterRunStatus.SUCCESS


def test_only_the_owner_can_enter_the_work_folder(finished, settings):
    assert stat.S_IMODE(settings.work.stat().st_mode) == 0o700


def test_dagster_keeps_nothing_of_a_record(finished, settings):
    """Every identifier and every exact place of the extract, looked for in every byte of Dagster's files."""
    connection = duckdb.connect()

    def values(table: str, column: str) -> set[bytes]:
        rows = connection.execute(f"SELECT DISTINCT {column}::VARCHAR FROM read_parquet('{settings.work}/records/{table}.parquet')").fetchall()
        return {row[0].encode() for row in rows if row[0] is not None}

    secrets = values("extract_offences", "crime_ref") | values("extract_victims", "victim_id") | values("extract_suspects", "suspect_id")
    assert len(secrets) > 18_000
    shortest = min(map(len, secrets))
    kept = b"\n".join(path.read_bytes() for path in (settings.work / "dagster").rglob("*") if path.is_file())
    assert b"read_records" in kept  # this is where the events are
    for length in {len(secret) for secret in secrets}:
        pieces = {kept[start : start + length] for start in range(len(kept) - length + 1)}
        assert not pieces & secrets
    assert shortest >= 6  # short values would be found by chance


def test_the_flow_without_dagster_publishes_the_same_bytes(finished, settings, tmp_path, monkeypatch):
    """Of a DuckDB file, whose bytes cannot be promised, the same content. Nothing that the run with Dagster worked out is remembered."""
    monkeypatch.setattr(memory, "_answers", OrderedDict())
    plain = replace(settings, published=tmp_path / "published", work=tmp_path / "work")
    flow.run(plain)
    for product in PRODUCTS.values():
        assert differences(flow.latest_folder(settings, product), flow.latest_folder(plain, product)) == []


def test_a_second_run_publishes_nothing_new_and_a_choice_of_products_leaves_the_others_alone(finished, settings, tmp_path):
    """In a copy of the work folder: what other tests look at in it stays."""
    before = sorted(path for path in settings.published.rglob("*"))
    work = shutil.copytree(settings.work, tmp_path / "work")
    shown = metadata_of(run_publish(defs, replace(settings, work=work, products=("female-homicide",))))
    assert shown["packages", "datastore", "female-homicide"]["is_new"] is False
    assert shown["packages", "datastore", "vawg-offences"] == {"published": False}
    assert sorted(path for path in settings.published.rglob("*")) == before


def test_a_wrong_file_stops_the_run_before_anything_is_computed(settings, landing, tmp_path):
    broken = tmp_path / "landing"
    shutil.copytree(landing, broken)
    (broken / "crime_extract" / "victims.csv").write_bytes(b"")
    (broken / "mps_homicide" / "victims.csv").write_text("Some,Other,Header\n1,2,3\n", encoding="utf-8")
    wrong = replace(settings, landing=broken, published=tmp_path / "published", work=tmp_path / "work")
    with pytest.raises(LandingError) as caught:
        run_publish(defs, wrong)
    assert {problem.file for problem in caught.value.problems} >= {"crime_extract/victims.csv", "mps_homicide/victims.csv"}
    assert not (tmp_path / "published").exists()
    assert not (tmp_path / "work" / "records").exists() and not (tmp_path / "work" / "statistics").exists()
    assert dg.DagsterInstance.from_config(str(wrong.work / "dagster")).get_runs(limit=1)[0].status == dg.DagsterRunStatus.FAILURE


@pytest.fixture
def careless(finished, settings, tmp_path):
    """A copy of the work folder in which the protection of homicides has been forgotten: every count may be seen."""
    copy = replace(settings, published=tmp_path / "published", work=tmp_path / "work")
    shutil.copytree(settings.work, copy.work, ignore=shutil.ignore_patterns("dagster", "records", "sample"))
    folder = copy.work / "statistics" / "female-homicide"
    for path in folder.glob("*.npy"):
        counts = np.load(path)
        shown = folder.parents[1] / "protected" / "female-homicide" / "female_homicide_victims" / f"{path.stem}.npz"
        np.savez_compressed(shown, values=counts, published=np.ones(counts.shape, bool))
    return copy


def test_a_package_that_discloses_is_refused_and_only_the_work_folder_says_what(careless):
    """The fault names the cell and what can be known of its count: that is for the operator, and not for Dagster's log."""
    asset = next(asset for asset in packages.PACKAGES if asset.key == packages.KEYS["female-homicide"])
    with dg.DagsterInstance.ephemeral() as instance:
        run = dg.materialize([asset], resources={"settings": RunSettings.of(careless)}, instance=instance, raise_on_error=False)
        logged = "".join(dg.serialize_value(record.event_log_entry) for record in instance.get_records_for_run(run.run_id).records)
    assert not run.success and "female-homicide was not published: the audit found" in logged
    refused = careless.work / "refused" / "female-homicide.txt"
    faults = refused.read_text(encoding="utf-8")
    assert str(refused) in logged and "method=" in faults and "year=" in faults
    assert "method=" not in logged and "year=" not in logged
    assert flow.latest_folder(careless, PRODUCTS["female-homicide"]) is None


def test_a_sample_can_be_the_landing_folder_of_the_next_run(settings, tmp_path):
    sample = tmp_path / "work" / "sample"
    (sample / "police_uk").mkdir(parents=True)
    assert flow.prepare_landing(replace(settings, landing=sample, work=tmp_path / "work")) == sample
    assert (sample / "police_uk").is_dir()


@pytest.fixture
def tampered(finished, settings, tmp_path):
    """A copy of what was published in which one withheld count has been filled in, with the hashes left as they were."""
    copy = replace(settings, published=tmp_path / "published")
    shutil.copytree(settings.published, copy.published)
    table = flow.latest_folder(copy, PRODUCTS["female-homicide"]) / "data" / "victims_by_method.csv"
    lines = table.read_bytes().split(b"\r\n")
    row = next(number for number, line in enumerate(lines) if line.endswith(b",,c"))
    lines[row] = lines[row].removesuffix(b",c") + b"2,"
    table.write_bytes(b"\r\n".join(lines))
    return copy


def test_the_checks_see_a_package_that_was_tampered_with(tampered):
    checks = {check.check_key.asset_key.path[-1] + ":" + check.check_key.name: check for check in packages.CHECKS}
    resource = RunSettings.of(tampered)
    for name in ("datastore:disclosure", "female-homicide:descriptor", "female-homicide:equal_formats"):
        found = checks[name](resource)
        assert not found.passed and "vawg withdraw" in found.description and str(tampered.published) in found.description, name
    for name in ("vawg-offences:descriptor", "vawg-offences:equal_formats"):
        assert checks[name](resource).passed, name


def test_the_rule_and_outcome_of_each_cell_stay_in_the_work_folder_and_fit_what_is_published(finished, settings):
    """The record that statisticians keep: it says which cells are small in themselves, so nobody else may read it."""
    seen = set()
    for product in PRODUCTS.values():
        statistics = flow.counted(settings, product)
        for name, table in flow.protected(settings, product, statistics).items() if statistics else ():
            path = settings.work / "protected" / product.name / table.measure / f"{name}.outcomes.parquet"
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            outcome = duckdb.execute(f"SELECT {', '.join(table.axes)}, rule, outcome FROM '{path}'").fetchall()
            small = (statistics.counts[name].counts > 0) & (statistics.counts[name].counts < product.policy.threshold)
            assert [row[-1].startswith("withheld") for row in outcome] == (~table.published).ravel().tolist()
            assert [row[-1] == "withheld (primary)" for row in outcome] == small.ravel().tolist()
            assert all((row[-2] == "protects others") == (row[-1] == "withheld (secondary)") for row in outcome)
            seen |= {row[-1] for row in outcome}
    assert seen == {"published", "withheld (primary)", "withheld (secondary)"}
    assert not list(settings.published.rglob("*.outcomes.*"))


def test_a_disclosure_statement_tells_nothing_that_the_published_tables_do_not(finished, settings):
    """Every number in it is computed again by a reader who has the CSV files and the intruder."""
    by_readers = [vars(measure) for measure in audit([settings.published]).measures]
    for product in PRODUCTS.values():
        folder = flow.latest_folder(settings, product)
        if folder is None:
            continue
        told = json.loads((folder / "disclosure.json").read_text(encoding="utf-8"))
        for shares in told["tables"]:
            status = f"{shares['measure']}_status"
            csv = f"read_csv('{folder / 'data' / shares['table']}.csv', all_varchar=true)"
            rows = dict(duckdb.execute(f"SELECT coalesce({status}, ''), count(*) FROM {csv} GROUP BY 1").fetchall())
            assert (shares["cells"], shares["withheld"]) == (sum(rows.values()), rows.get("c", 0))
        for verdict in told["intruder"]:
            held = [(one["measure"], sorted(one["packages"])) for one in by_readers]
            same = by_readers[held.index((verdict["measure"], sorted(verdict["packages"])))]
            assert all(verdict[key] == same[key] for key in ("tables", "cells", "withheld", "disclosed"))
        for one in told.get("records", []):
            if "protection" in one:
                resource = next(resource for resource in json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))["resources"] if resource["name"] == one["table"])
                parameters, quasi = one["protection"]["parameters"], ", ".join(resource["records"]["quasiIdentifiers"])
                sizes = duckdb.execute(f"SELECT count(*) FROM read_csv('{folder / resource['path']}', all_varchar=true) GROUP BY {quasi}").fetchall()
                assert (one["records"], one["smallest_class"]) == (sum(size for (size,) in sizes), min(size for (size,) in sizes))
                assert parameters["k"] == resource["records"]["k"] <= one["smallest_class"] and parameters["quasi_identifiers"] == resource["records"]["quasiIdentifiers"]
                assert {name: models[0]["l"] for name, models in parameters["sensitive"].items()} == {name: models["l"] for name, models in resource["records"]["sensitive"].items()}
                assert told["losses"][one["table"]]["class-size"] == round(one["records"] / len(sizes), 3)
        words = json.dumps(told).lower()
        assert not [word for word in ("left_out", "entropy\"", "primary", "secondary", "seed", "complementary cells") if word in words]
