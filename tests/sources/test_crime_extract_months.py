"""An extract that is delivered by month: what is kept of months is, put together, what one reading of the whole gives, whatever was delivered when."""

import copy
import csv
import json
import os
import shutil
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from vawg_opendata import flow
from vawg_opendata.cli import main
from vawg_opendata.judging import judge
from vawg_opendata.problems import LandingError
from vawg_opendata.sample import generate
from vawg_opendata.sample.by_month import by_month
from vawg_opendata.schemas.crime_extract import DELIVERED, RECORDS
from vawg_opendata.settings import Settings
from vawg_opendata.sources import crime_extract
from vawg_opendata.sources.arrival import look
from vawg_opendata.sources.landing import read_landing, read_months, survey

MONTHS = ("2024-01", "2024-02", "2024-03")
LINKED = tuple(table for table in DELIVERED if table.name != "homicides")


@pytest.fixture(scope="session")
def sample():
    """By month and table the rows of a small extract with defects, and the folder that they are from."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "whole")
        generate(150, 3, whole, first=MONTHS[0], last=MONTHS[-1], homicides_from="2023-01", defect_rate=0.1, street_months=0)
        shutil.copytree(whole / "crime_extract", Path(folder, "crime_extract"))
        by_month(Path(folder, "crime_extract"))
        rows = {month: {table.name: read_csv(Path(folder, "crime_extract", month, f"{table.name}.csv")) for table in LINKED} for month in MONTHS}
        yield rows, whole / "crime_extract", Path(folder, "crime_extract")


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_csv(path, table, rows):
    """Writes a file, unless it is there already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".fresh")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, table.names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    if path.is_file() and path.read_bytes() == fresh.read_bytes():
        fresh.unlink()
    else:
        os.replace(fresh, path)


def manifest_of(months, homicides, by):
    tables = {"homicides": {"file": "homicides.csv", "rows": homicides}}
    described = {"synthetic": True, "periods": {"offences": {"from": min(months), "to": max(months)}, "homicides": {"from": "2023-01", "to": max(months)}}}
    if by:
        parts = {month: {table.name: {"file": f"{month}/{table.name}.csv", "rows": len(tables_of[table.name])} for table in LINKED} for month, tables_of in months.items()}
        return described | {"tables": tables, "months": parts}
    rows = {table.name: sum(len(tables_of[table.name]) for tables_of in months.values()) for table in LINKED}
    return described | {"tables": tables | {name: {"file": f"{name}.csv", "rows": number} for name, number in rows.items()}}


def deliver(landing, months, homicides, by=True):
    """A landing folder with these months, delivered by month or as a whole; files that stay as they were are not touched."""
    folder = landing / "crime_extract"
    folder.mkdir(parents=True, exist_ok=True)
    for month in MONTHS:
        if month not in months:
            shutil.rmtree(folder / month, ignore_errors=True)
    for table in LINKED:
        if by:
            for month, tables in months.items():
                write_csv(folder / month / f"{table.name}.csv", table, tables[table.name])
        else:
            write_csv(folder / f"{table.name}.csv", table, [row for month in sorted(months) for row in months[month][table.name]])
    last = max(months)
    kept = [row for row in read_csv(homicides) if row["recorded_date"][:7] <= last]
    write_csv(folder / "homicides.csv", DELIVERED[-1], kept)
    (folder / "manifest.json").write_text(json.dumps(manifest_of(months, len(kept), by)))


def of(months, month, number):
    """The reference of an offence of a month that can be used."""
    known = [row["crime_ref"] for row in months[month]["offences"] if row["recorded_date"][:7] == month]
    return known[number % len(known)]


def taken(months, month, reference):
    """An offence and all that hangs on it, taken out of its month."""
    out = {}
    for name, rows in months[month].items():
        out[name] = [row for row in rows if row["crime_ref"] == reference]
        months[month][name] = [row for row in rows if row["crime_ref"] != reference]
    return out


def revise(months, revision):
    """What a force may do to months: take an offence away, change it, move it to another month (and leave it in the first), use a number of an order twice."""
    kind, month, other, number = revision
    if month not in months or other not in months:
        return
    reference = of(months, month, number)
    if kind == "change":
        for row in months[month]["offences"]:
            if row["crime_ref"] == reference:
                row["attempt"] = "N" if row["attempt"] == "Y" else "Y"
        return
    if kind == "order":
        orders = [row for part in (month, other) for row in months[part]["orders"]]
        if len(orders) > 1:
            orders[-1]["order_id"] = orders[0]["order_id"]
        return
    out = taken(months, month, reference)
    if kind in ("move", "left"):
        moved = copy.deepcopy(out)
        for row in moved["offences"]:
            row["recorded_date"] = f"{other}-28"
        for name, rows in moved.items():
            months[other][name] = [*months[other][name], *rows]
    if kind == "left":
        for name, rows in out.items():
            months[month][name] = [*months[month][name], *rows]


def content(work, exclude=""):
    """Every record and every row set aside."""
    tables = {}
    for name in RECORDS:
        place = f"{work}/records/extract_{name}"
        pattern = f"{place}.parquet" if Path(f"{place}.parquet").is_file() else f"{place}/*/*.parquet"
        names = ", ".join(f'"{column}"' for column in RECORDS[name].names if column not in exclude)
        tables[name] = duckdb.execute(f"SELECT {names} FROM read_parquet('{pattern}') ORDER BY ALL").fetchall()
    aside = duckdb.execute(f"SELECT * FROM '{work}/quarantine/crime_extract.parquet' ORDER BY ALL").fetchall()
    return tables, aside, json.loads((work / "accounting.json").read_text())


def by_table(accounts):
    """Rows read, accepted and quarantined, by table."""
    found = {}
    for account in accounts["files"]:
        one = found.setdefault(account["table"], [0, 0, 0])
        for place, state in enumerate(("read", "accepted", "quarantined")):
            one[place] += account[f"rows_{state}"]
    return found


def statistics(landing, work):
    """All that is counted, byte for byte."""
    run = Settings(landing=landing, work=work, published=work.with_name("published"), products=("vawg-offences", "female-homicide"))
    read = flow.read_records(run).read["crime_extract"]
    assert not [(table, check) for table, checks in flow.judge_records(run).items() for check in checks if check.failures]
    for product in flow.chosen_products(run):
        flow.count(run, product)
    return read, {str(path.relative_to(work)): path.read_bytes() for path in sorted((work / "statistics").rglob("*")) if path.is_file()}


def history_read(sample, history):
    """The months that were read at each delivery; the last state, read step by step, at once by month, and at once as a whole, is one."""
    original, whole, _ = sample
    months, reads = {}, []
    with tempfile.TemporaryDirectory() as folder:
        landing, work = Path(folder, "landing"), Path(folder, "work")
        for delivered, revisions in history:
            for month in delivered:
                months[month] = copy.deepcopy(original[month])
            for revision in revisions:
                revise(months, revision)
            deliver(landing, months, whole / "homicides.csv")
            if (delivered, revisions) != history[-1]:
                reads.append(read_landing(landing, work).read["crime_extract"])
        read, kept = statistics(landing, work)
        reads.append(read)
        deliver(Path(folder, "at-once"), months, whole / "homicides.csv", by=False)
        assert read_landing(landing, Path(folder, "afresh")).read["crime_extract"] == tuple(sorted(months))
        assert statistics(Path(folder, "at-once"), Path(folder, "whole")) == ((), kept)
        assert content(work) == content(Path(folder, "afresh"))
        place = ("source_file", "source_row")
        tables, aside, accounts = content(work, place)
        tables_at_once, aside_at_once, accounts_at_once = content(Path(folder, "whole"), place)
        assert tables == tables_at_once
        assert by_table(accounts) == by_table(accounts_at_once) and len(aside) == len(aside_at_once) > 0
    return reads


revisions = st.lists(st.tuples(st.sampled_from(["drop", "change", "move", "left", "order"]), st.sampled_from(MONTHS), st.sampled_from(MONTHS), st.integers(0, 50)), max_size=5)


@settings(max_examples=1, deadline=None, phases=[Phase.generate])  # a history is short enough to read as it is
@given(revisions, revisions)
def test_months_put_together_are_what_one_reading_of_the_whole_gives(sample, first, second):
    history_read(sample, [(MONTHS[:2], first), (MONTHS[2:], [*second, ("left", "2024-01", "2024-03", 4), ("order", "2024-02", "2024-03", 0)])])


def test_only_what_changed_is_read_and_what_clashes_with_it(sample, landing, work):
    months = copy.deepcopy(sample[0])

    def step():
        deliver(landing, months, sample[1] / "homicides.csv")
        report = read_landing(landing, work)
        return report.read["crime_extract"], report.quarantined.get("the key is used in another month too", 0), report.problems

    february, reference = copy.deepcopy(months["2024-02"]), of(months, "2024-01", 2)
    out = taken(copy.deepcopy(months), "2024-01", reference)["offences"]
    months["2024-02"]["offences"].append(out[0] | {"recorded_date": "2024-02-28"})
    *read, problems = step()
    assert read == [("2024-01", "2024-02"), 2]  # nobody knows which of the two is right
    assert survey(landing).problems == problems
    assert step()[:2] == ((), 2)
    months["2024-02"] = february
    assert step()[:2] == (("2024-01", "2024-02"), 0)


@pytest.fixture
def landing(sample, tmp_path):
    """A landing folder by month."""
    shutil.copytree(sample[2], tmp_path / "landing" / "crime_extract")
    return tmp_path / "landing"


def manifest(landing, change):
    path = landing / "crime_extract" / "manifest.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def without_month(document):
    del document["months"]["2024-02"]


def without_table(document):
    del document["months"]["2024-02"]["orders"]


def more_rows(document):
    document["months"]["2024-02"]["orders"]["rows"] += 1


def another_file(document):
    document["months"]["2024-02"]["orders"]["file"] = "2024-01/orders.csv"


def no_table(document):
    document["months"] = {month: {} for month in document["months"]}


def whole_too(document):
    document["tables"]["orders"] = document["months"]["2024-02"].pop("orders")


@pytest.mark.parametrize(
    ("harm", "kind", "words"),
    [
        (lambda landing: manifest(landing, without_month), "manifest", "months lacks 2024-02"),
        (lambda landing: manifest(landing, without_table), "manifest", "2024-02 lacks orders"),
        (lambda landing: manifest(landing, more_rows), "truncated", "the manifest says"),
        (lambda landing: manifest(landing, another_file), "manifest", "a file in 2024-02/"),
        (lambda landing: manifest(landing, whole_too), "manifest", "homicides alone"),
        (lambda landing: manifest(landing, no_table), "manifest", "months names no table"),
        (lambda landing: (landing / "crime_extract/2024-02/orders.csv.part").touch(), "under-way", "2024-02/orders.csv.part"),
        (lambda landing: write_csv(landing / "crime_extract/2024-04/orders.csv.part", DELIVERED[0], []), "under-way", "2024-04/orders.csv.part"),
        (lambda landing: manifest(landing, lambda document: document["periods"]["offences"].update({"to": "2024-02"})), "manifest", "'2024-03', which is not within"),
        (lambda landing: manifest(landing, lambda document: document["months"].update({"2024-02": []})), "manifest", "tables of each month"),
        (lambda landing: (landing / "crime_extract/2024-02/orders.csv").unlink(), "missing", "orders of 2024-02"),
        (lambda landing: shutil.copy(landing / "crime_extract/2024-02/orders.csv", landing / "crime_extract/2024-02/o.csv"), "not-in-manifest", "2024-02/o.csv"),
    ],
)
def test_a_delivery_that_is_not_whole_stops_the_run_and_leaves_what_is_kept(landing, work, harm, kind, words):
    before = content(work)
    harm(landing)
    with pytest.raises(LandingError) as error:
        read_landing(landing, work)
    assert kind in {problem.kind for problem in error.value.problems} and any(words in str(problem) for problem in error.value.problems)
    assert content(work) == before
    assert {problem.kind for problem in survey(landing).blocking} == {problem.kind for problem in error.value.problems}
    if kind == "missing":
        assert "orders.csv, which the manifest names" in look(landing).waiting


@pytest.fixture(scope="session")
def work_of_sample(sample, tmp_path_factory):
    """The work folder of a run on the sample."""
    folder = tmp_path_factory.mktemp("read")
    shutil.copytree(sample[2], folder / "landing" / "crime_extract")
    read_landing(folder / "landing", folder / "work")
    return folder / "work"


@pytest.fixture
def work(work_of_sample, tmp_path):
    """A copy of the work folder of a run on the sample."""
    return Path(shutil.copytree(work_of_sample, tmp_path / "work"))


def test_a_row_in_the_month_of_another_offence_is_set_aside(sample, landing, work):
    months = copy.deepcopy(sample[0])
    reference = of(months, "2024-01", 2)
    victims = taken(copy.deepcopy(months), "2024-01", reference)["victims"]
    months["2024-03"]["victims"].append(victims[0])
    deliver(landing, months, sample[1] / "homicides.csv")
    report = read_landing(landing, work)
    assert report.read["crime_extract"] == ("2024-03",)
    account = next(account for account in report.accounting.files if account.file == "2024-03/victims.csv")
    assert account.quarantined_by_reason["no usable row of offences of this month has this key"] >= 1
    assert [path.name for path in (work / "quarantine").iterdir()] == ["crime_extract.parquet"]


def test_a_month_that_was_corrected_is_judged_again_with_what_it_hangs_on(work):
    folder = work / "records/extract_orders/vintage=2024-03"
    path = next(path for path in sorted(folder.iterdir()) if duckdb.execute(f"SELECT count(*) FROM '{path}'").fetchone()[0])
    rows = f"SELECT * REPLACE ('none' AS crime_ref) FROM read_parquet('{path}', hive_partitioning = false)"
    duckdb.execute(f"COPY ({rows}) TO '{path}.fresh' (FORMAT parquet)")
    os.replace(f"{path}.fresh", path)
    assert "foreign_key" in {check.check for check in judge(work)["extract_orders"] if check.failures}


def test_some_months_are_read_without_opening_the_files_of_others(landing, tmp_path):
    (landing / "crime_extract/2024-02/orders.csv").write_bytes(b"not an extract\n")
    kept, read = read_months(landing, tmp_path / "work", crime_extract, ["2024-01", "2024-03", "2031-01"])
    assert read == {"2024-01": True, "2024-03": True}
    assert sum(account.rows_accepted for account in kept.accounts("2024-01")) > 0
    assert read_months(landing, tmp_path / "work", crime_extract, ["2024-03"])[1] == {"2024-03": False}
    with pytest.raises(LandingError):
        read_months(landing, tmp_path / "work", crime_extract, ["2024-02"])


def test_the_command_makes_a_sample_by_month(tmp_path):
    assert main(["sample", "--records", "30", "--seed", "1", "--out", str(tmp_path / "made"), "--monthly"]) == 0
    document = json.loads((tmp_path / "made/crime_extract/manifest.json").read_text())
    assert len(document["months"]) == 146 and set(document["tables"]) == {"homicides"}
    assert sum(tables["victims"]["rows"] for tables in document["months"].values()) >= 30
    assert all((tmp_path / "made/crime_extract" / file["file"]).is_file() for tables in document["months"].values() for file in tables.values())


def test_the_months_of_a_sample_have_every_row_also_where_a_table_has_none(tmp_path):
    generate(3, 1, tmp_path / "it's [1]", first=MONTHS[0], last=MONTHS[-1], homicides_from="2023-01", street_months=0)
    folder = tmp_path / "it's [1]" / "crime_extract"
    rows = {table.name: read_csv(folder / f"{table.name}.csv") for table in LINKED}
    by_month(folder)
    split = {table.name: [row for month in MONTHS for row in read_csv(folder / month / f"{table.name}.csv")] for table in LINKED}
    assert {name: sorted(map(str, part)) for name, part in split.items()} == {name: sorted(map(str, part)) for name, part in rows.items()}
    assert [] in rows.values() and {path.name for path in folder.iterdir()} == {*MONTHS, "homicides.csv", "manifest.json"}


def test_an_extract_that_is_delivered_whole_has_no_months(sample, tmp_path):
    shutil.copytree(sample[1], tmp_path / "landing" / "crime_extract")
    assert read_months(tmp_path / "landing", tmp_path / "work", crime_extract, MONTHS)[1] == {}
    with pytest.raises(ValueError, match="not an extract that is delivered whole"):
        by_month(sample[2])
