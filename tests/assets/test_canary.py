"""Words planted in the records are found in the work folder, and nowhere else: whether a run ends well or in any way not."""

import io
import shutil
import stat
from dataclasses import replace

import dagster as dg
import duckdb
import openpyxl
import pytest

from tests.canaries import DAY, IDENTIFIERS, MARK, found, output_to, plant, words_in
from tests.exchange.services import dump, postgres
from tests.paths import REPOSITORY
from tests.sources.samples import VICTIM, VICTIMS, csv_bytes, put
from vawg_opendata import flow
from vawg_opendata.assets.anonymisation import PROTECTED
from vawg_opendata.assets.jobs import run_publish
from vawg_opendata.assets.landing import landing_files
from vawg_opendata.assets.packages import AUDIENCE_KEYS, CHECKS, KEYS, PACKAGES
from vawg_opendata.assets.pages import PAGES
from vawg_opendata.assets.records import read_records
from vawg_opendata.assets.resources import RunSettings, instance_of
from vawg_opendata.assets.statistics import STATISTICS
from vawg_opendata.cli import main
from vawg_opendata.definitions import defs
from vawg_opendata.problems import LandingError
from vawg_opendata.products import PRODUCTS

STEPS = {
    "prepare_landing": ("vawg_opendata.sample.generate", landing_files, "landing_files"),
    "read_records": ("vawg_opendata.flow.read_landing", read_records, "read_records"),
    "judge_records": ("vawg_opendata.judging.validate_frame", read_records, "read_records"),
    "count": ("vawg_opendata.flow.build", STATISTICS[1], "count"),
    "protect_measure": ("anonymisation.releases.protect_beside", PROTECTED[0], "protected"),
    "protect_records": ("vawg_opendata.flow.protect_linked", PROTECTED[-1], "protected"),
    "publish_product": ("vawg_opendata.flow.publish_content", PACKAGES[1], "female_homicide"),
    "publish_pages": ("vawg_opendata.flow.build_site", PAGES[0], "site"),
}
"""Each step of the flow: what it calls, the asset that runs it, and how that is named in the history."""


def test_the_words_are_in_the_records_so_that_they_could_be_found(finished, settings):
    """Identifiers and the day are read; the others are set aside with their rows, or (street files) not even read."""
    texts = {word for path in (settings.work / "records").glob("*.parquet") for word in words_in(path)}
    assert texts >= {DAY, *IDENTIFIERS.values()}
    assert {MARK} <= {word for path in (settings.work / "quarantine").glob("*.parquet") for word in words_in(path)}


def test_nothing_of_a_record_leaves_the_work_folder(finished, settings, run_output, temporary):
    assert len(list(settings.published.rglob("*.parquet"))) > 20 and len(list(settings.published.rglob("*.zip"))) > 3
    for folder in (settings.published, settings.published.with_name(".published.releases"), settings.work / "dagster", temporary, run_output):
        assert folder.exists() and found(folder) == {}
    logs = list((settings.work / "dagster").rglob("*.err"))
    assert logs, "no compute logs were kept"
    assert list(temporary.iterdir()) == []
    assert stat.S_IMODE(settings.work.stat().st_mode) == 0o700


def test_a_file_that_is_refused_says_where_and_not_what(landing, settings, tmp_path, temporary, capfd):
    """A word in every field, of every table: also where it makes a whole file unusable."""
    broken = tmp_path / "landing"
    shutil.copytree(landing, broken)
    assert len(plant(broken, open_codes=True)) > 180
    put(broken, "mps_homicide/later/victims.csv", f"{MARK} Jane,{MARK} Doe,1981-02-03\n{MARK},2,3\n".encode())
    put(broken, "mps_homicide/quoted/victims.csv", csv_bytes(VICTIMS, [VICTIM]) + f'"{MARK}"x{"," * (len(VICTIMS) - 1)}\n'.encode())
    put(broken, "mps_vawg_dashboard/cases.xlsx", workbook(f"{MARK} Jane Doe", [MARK, f"{MARK} Doe"]))
    wrong = replace(settings, landing=broken, published=tmp_path / "published", work=tmp_path / "work")
    with pytest.raises(LandingError) as caught:
        run_publish(defs, wrong)
    assert sum(MARK in str(problem) for problem in caught.value.problems) > 60  # `vawg validate` tells them
    options = ["--landing", str(broken), "--published", str(wrong.published), "--work", str(wrong.work)]
    assert main(["publish", *options]) == 2
    printed = "".join(capfd.readouterr())
    assert "crime_extract/victims.csv, column sex: unknown-category" in printed and MARK not in printed
    assert found(wrong.work / "dagster") == {} and not wrong.published.exists()
    assert list(temporary.iterdir()) == []


def workbook(title: str, row: list[str]) -> bytes:
    """A workbook that is no publisher's: somebody's list of cases, put into the wrong folder."""
    book, content = openpyxl.Workbook(), io.BytesIO()
    book.active.title = title
    book.active.append(row)
    book.save(content)
    return content.getvalue()


@pytest.fixture(scope="module")
def history(settings, tmp_path_factory):
    """The history of the runs that break: its folder, and the instance."""
    own = replace(settings, work=tmp_path_factory.mktemp("history"))
    with instance_of(own) as instance:
        yield own.work / "dagster", instance


def test_failures_leave_nothing_in_postgresql(finished, settings, tmp_path, monkeypatch, temporary):
    """A check that fails on records, which says where and what to do; and a step that breaks after it."""
    copy = replace(settings, work=tmp_path / "work", published=tmp_path / "published")
    shutil.copytree(settings.work, copy.work, ignore=shutil.ignore_patterns("dagster", "failures"))
    table = copy.work / "records" / "extract_homicides.parquet"
    read = flow.read_records(copy)
    (tmp_path / "home").mkdir()
    shutil.copy(REPOSITORY / "deploy" / "dagster.yaml", tmp_path / "home")

    def as_before(_):
        duckdb.execute(f"COPY (SELECT * REPLACE ('{MARK} Jane Doe' AS victim_id, '{MARK}' AS method) FROM '{table}') TO '{tmp_path}/homicides.parquet'")
        shutil.move(tmp_path / "homicides.parquet", table)
        return read

    with postgres(tmp_path / "postgres") as variables, output_to(tmp_path / "output"):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with dg.DagsterInstance.from_config(str(tmp_path / "home")) as instance:
            monkeypatch.setattr("vawg_opendata.flow.read_records", as_before)
            checked = dg.materialize([landing_files, read_records], resources={"settings": RunSettings.of(copy)}, instance=instance, raise_on_error=False)
            monkeypatch.setattr("vawg_opendata.flow.publish_content", lambda *_, **__: duckdb.execute(f"SELECT '{MARK} Jane Doe'::INTEGER"))
            broken = dg.materialize([PACKAGES[1]], resources={"settings": RunSettings.of(copy)}, instance=instance, raise_on_error=False)
        dump(variables, tmp_path / "history.sql")
    failed = {check.asset_key.path[-1]: check for check in checked.get_asset_check_evaluations() if not check.passed}
    assert not checked.success and set(failed) == {"extract_homicides"}
    told = failed["extract_homicides"].description
    assert "method" in told and "victim_id" in told and "records/ of the work folder" in told and "run the job publish again" in told
    assert not broken.success and [words_in(path) for path in (copy.work / "failures").iterdir()] == [[MARK]]
    kept = (tmp_path / "history.sql").read_bytes()
    assert checked.run_id.encode() in kept and b"ConversionException" in kept
    for place in (tmp_path / "history.sql", tmp_path / "home", tmp_path / "output", tmp_path / "postgres", temporary):
        assert found(place) == {}


def test_a_package_that_cannot_be_read_fails_its_checks_and_is_not_quoted(finished, settings, tmp_path):
    """Whatever broke it, and with whatever words: DuckDB quotes the line that it cannot read."""
    copy = replace(settings, work=tmp_path / "work", published=tmp_path / "published")
    product = PRODUCTS["vawg-records"]
    folder = copy.published / product.audience / product.name
    shutil.copytree(settings.published / product.audience / product.name, folder)
    named = {check.check_key.name: check for check in CHECKS if check.check_key.asset_key in (KEYS[product.name], AUDIENCE_KEYS[product.audience])}
    broken = (("data/record_offences.csv", ["disclosure"]), ("datapackage.json", ["disclosure", "equal_formats", "as_new_as_it_should_be"]))
    for name, checks in broken:
        path = flow.latest_folder(copy, product) / name
        path.write_bytes(path.read_bytes() + f"{MARK} Jane Doe,{MARK}\r\n".encode() * 9)
        for check in checks:
            found_by = named[check](RunSettings.of(copy))
            assert not found_by.passed and "vawg withdraw" in found_by.description and "failures" in found_by.description, (name, check)
            assert MARK not in str(found_by)
    assert found(copy.work / "failures")  # there it could be found


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_breaks_says_how_and_keeps_its_words_in_the_work_folder(step, finished, settings, history, tmp_path, monkeypatch, temporary):
    """As DuckDB or Python would: with the value that could not be used, in the error and in what caused it."""
    inner, asset, name = STEPS[step]
    copy = replace(settings, work=tmp_path / "work", published=tmp_path / "published", landing=None if step == "prepare_landing" else settings.landing)
    shutil.copytree(settings.work, copy.work, ignore=shutil.ignore_patterns("dagster", "failures"))
    shutil.copytree(settings.published, copy.published)
    shutil.copytree(settings.published.with_name(".published.releases"), tmp_path / ".published.releases")

    def broken(*args, **kwargs):
        try:
            raise KeyError(f"{MARK} Jane Doe")
        except KeyError as error:
            raise ValueError(f"could not convert string to float: '{MARK}'") from error

    monkeypatch.setattr(inner, broken)
    home, instance = history
    with output_to(tmp_path / "output"):
        run = dg.materialize([asset], resources={"settings": RunSettings.of(copy)}, instance=instance, raise_on_error=False)
        logged = "".join(dg.serialize_value(record.event_log_entry) for record in instance.get_records_for_run(run.run_id).records)
    assert not run.success and name in logged
    assert f"The step {step} failed with ValueError" in logged
    (kept,) = (copy.work / "failures").iterdir()
    assert str(kept) in logged and MARK in kept.read_text(encoding="utf-8")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    for folder in (home, tmp_path / "output", temporary):
        assert found(folder) == {}
    for folder, copied in ((copy.published, settings.published), (tmp_path / ".published.releases", settings.published.with_name(".published.releases"))):
        assert found(folder, copied) == {}


def test_a_value_that_a_database_quotes_is_not_told(finished, settings, tmp_path):
    """A record table whose yes and no have become text: DuckDB's own error says the word."""
    copy = replace(settings, work=tmp_path / "work", published=tmp_path / "published")
    shutil.copytree(settings.work, copy.work, ignore=shutil.ignore_patterns("dagster", "partial"))
    table = copy.work / "records" / "extract_homicides.parquet"
    duckdb.execute(f"COPY (SELECT * REPLACE ('{MARK} Jane Doe' AS domestic_abuse, '{MARK}' AS legal_hold) FROM '{table}') TO '{tmp_path}/homicides.parquet'")
    shutil.move(tmp_path / "homicides.parquet", table)
    with output_to(tmp_path / "output"), instance_of(copy) as instance:
        run = dg.materialize([STATISTICS[1]], resources={"settings": RunSettings.of(copy)}, instance=instance, raise_on_error=False)
    assert not run.success
    assert [words_in(path) for path in (copy.work / "failures").iterdir()] == [[MARK]]
    assert found(copy.work / "dagster") == {} and found(tmp_path / "output") == {}


def test_the_search_would_find_them(finished, settings, tmp_path):
    """In a Parquet file, an archive and a database, where the bytes of a word do not stand as they are."""
    table = settings.work / "records" / "extract_offences.parquet"
    connection = duckdb.connect(str(tmp_path / "one.duckdb"))
    connection.execute(f"CREATE TABLE one AS FROM '{table}'")
    connection.close()
    shutil.copy(table, tmp_path / "one.parquet")
    shutil.make_archive(str(tmp_path / "one"), "zip", settings.work / "records")
    for name in ("one.duckdb", "one.parquet", "one.zip"):
        assert {IDENTIFIERS["crime_ref"], DAY} <= set(words_in(tmp_path / name)), name
    assert flow.row_count(table) > 10_000
