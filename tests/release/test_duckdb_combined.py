"""The DuckDB file of an audience: everything it may have and nothing else, in old versions and over HTTP and HTTPS as well."""

import json
import shutil
import subprocess
import threading
import time
from pathlib import Path

import duckdb
import pytest

from tests.duckdbs import LINES, printed
from tests.release.packages import LARGE, MIXED, release, rows
from vawg_opendata.release.database.combined import write_combined
from vawg_opendata.release.database.queries import views_and_macros
from vawg_opendata.release.database.rates import population_table, rate_views

TABLE = "victims_test.victims_by_age_group"


def combine(published: Path) -> list[Path]:
    staging = published.parent / "staging"
    staging.mkdir(exist_ok=True)
    return write_combined(published, staging)


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("combined")
    release(folder, folder / "published", MIXED)
    release(folder, folder / "published", LARGE, vintage="2024-03")
    return folder / "published"


@pytest.fixture(scope="module")
def database(published):
    (path,) = combine(published)
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def test_its_rows_are_those_of_the_latest_version(published, database):
    latest = json.loads((published / "datastore" / "victims-test" / "latest.json").read_text(encoding="utf-8"))["version"]
    wanted = [
        (row["age_group"], row["month"], int(row["victims"]) if row["victims"] else None, row["victims_status"] or None)
        for row in rows(published / "datastore" / "victims-test" / latest)
    ]
    assert sorted(database.execute(f"SELECT * FROM {TABLE}").fetchall()) == sorted(wanted)
    assert database.execute("SELECT product, version FROM _release").fetchall() == [("victims-test", latest)]


def test_it_explains_itself_and_its_keys_hold(database):
    assert database.execute("SELECT table_name FROM duckdb_tables() WHERE comment IS NULL").fetchall() == []
    assert database.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL").fetchall() == []
    foreign = database.execute(
        "SELECT constraint_column_names, referenced_table FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY' AND table_name = 'victims_by_age_group' ORDER BY ALL"
    ).fetchall()
    assert foreign == [(["age_group"], "age_group"), (["month"], "month")]
    fields = database.execute("SELECT field, code_list FROM _fields WHERE table_name = 'victims_by_age_group' ORDER BY position").fetchall()
    assert fields == [("age_group", "age_group"), ("month", "month"), ("victims", None), ("victims_status", None)]
    assert database.execute("SELECT status FROM _status_codes ORDER BY 1").fetchall() == [("",), ("c",), ("x",), ("z",)]


def test_changes_of_every_version_are_told(database):
    told = database.execute("SELECT version, since, what FROM _changes WHERE name IS NULL OR name = 'victims_by_age_group' ORDER BY version").fetchall()
    assert told[0] == ("1.0.0", "", "first version")
    assert len({version for version, _, _ in told}) == 2 and told[-1][1] == "1.0.0"


def test_views_and_macros_answer_in_words(database):
    database.execute("USE victims_test")
    assert database.execute("SELECT DISTINCT victims_status_label FROM v_victims_by_age_group WHERE victims IS NOT NULL").fetchall() == [("published",)]
    by_label, by_code = (
        database.execute(f"SELECT month, victims FROM victims_by_age_group_trend('{place}')").fetchall() for place in ("Aged 10 to 19 years", "10-19")
    )
    assert by_label == by_code and [month for month, _ in by_label] == ["2024-01", "2024-02", "2024-03"]
    years = database.execute("SELECT month FROM victims_by_age_group_trend('10-19', by_level := 'year')").fetchall()
    assert years == [("2024",)]
    ranked = database.execute("SELECT place, victims FROM victims_by_age_group_ranking('2024-01', 'age_group')").fetchall()
    known = [victims for _, victims in ranked if victims is not None]
    assert known == sorted(known, reverse=True) and all((place is None) == (victims is None) for place, victims in ranked)
    assert database.execute("SELECT count(*), count(victims_12_months) FROM victims_by_age_group_rolling_12('10-19')").fetchall() == [(3, 0)]


def test_twelve_months_are_added_only_where_all_are_published_and_in_a_row():
    """The macro's arithmetic on a series with a withheld month and one that is absent, beside the same in Python."""
    months = [f"{2020 + index // 12}-{index % 12 + 1:02}" for index in range(48)]
    counts = {month: 10 + index for index, month in enumerate(months) if month != "2021-05"}
    counts["2022-08"] = None
    fields = [{"name": name, "type": kind, "title": name, "description": name} for name, kind in (("month", "string"), ("n", "integer"), ("n_status", "string"))]
    links = [{"fields": ["month"], "reference": {"resource": "month", "fields": ["code"]}}]
    resource = {"name": "t", "type": "table", "title": "T", "statistics": [{"measure": "n", "status": "n_status"}], "schema": {"fields": fields, "foreignKeys": links}}
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE month (code VARCHAR, label VARCHAR, level VARCHAR, sort_order BIGINT)")
        connection.executemany("INSERT INTO month VALUES (?, ?, 'month', 0)", [(month, month) for month in counts])
        connection.execute("CREATE TABLE t (month VARCHAR, n BIGINT, n_status VARCHAR)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [(month, count, None if count is not None else "c") for month, count in counts.items()])
        views_and_macros(connection, {"resources": [resource]}, "main")
        found = dict(connection.execute("SELECT month, n_12_months FROM t_rolling_12()").fetchall())
    for month in counts:
        window = [counts.get(one) for one in months[max(months.index(month) - 11, 0) : months.index(month) + 1]]
        assert found[month] == (sum(window) if len(window) == 12 and None not in window else None), month
    assert sum(value is not None for value in found.values()) > 10


def test_a_table_by_years_alone_has_its_latest_year_and_its_trend():
    """The code list of months is that of all tables; this one shows two financial years of it."""
    fields = [{"name": name, "type": kind, "title": name, "description": name} for name, kind in (("month", "string"), ("n", "integer"), ("n_status", "string"))]
    links = [{"fields": ["month"], "reference": {"resource": "month", "fields": ["code"]}}]
    resource = {"name": "t", "type": "table", "title": "T", "statistics": [{"measure": "n", "status": "n_status"}], "schema": {"fields": fields, "foreignKeys": links}}
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE month AS SELECT * FROM (VALUES ('total', 'All', 'total', 0), ('2023/24', '2023/24', 'financial_year', 1), ('2023-04', 'April 2023', 'month', 2), ('2024/25', '2024/25', 'financial_year', 3)) AS m (code, label, level, sort_order)")
        connection.execute("CREATE TABLE t AS SELECT code AS month, 7 AS n, CAST(NULL AS VARCHAR) AS n_status FROM month WHERE level <> 'month'")
        views_and_macros(connection, {"resources": [resource]}, "main")
        assert connection.execute("SELECT month FROM v_t_latest").fetchall() == [("2024/25",)]
        assert connection.execute("SELECT month FROM t_trend()").fetchall() == [("2023/24",), ("2024/25",)]


def test_wilsons_interval_is_that_of_the_literature(database):
    """Newcombe (1998), Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, table I, method 3."""
    told = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0.0, 0.1611), (1, 29): (0.0061, 0.1718)}
    for (part, whole), expected in told.items():
        low, high = database.execute("SELECT wilson($1, $2).low, wilson($1, $2).high", [part, whole]).fetchone()
        assert (round(low, 4), round(high, 4)) == expected
    assert database.execute("SELECT wilson(20, 20).high, wilson(0, 20).low, wilson(NULL, 20).low, wilson(0, 0).high").fetchone() == (1.0, 0.0, None, None)


def test_every_macro_says_what_it_takes(database):
    said = dict(database.execute("SELECT function_name, comment FROM duckdb_functions() WHERE NOT internal").fetchall())
    assert set(said) == {"wilson", *(f"victims_by_age_group_{what}" for what in ("trend", "ranking", "rolling_12"))} and all(said.values())
    assert "where several codes have a label, each is a series. by_level: which periods (total, year, month, financial_year), month" in said["victims_by_age_group_trend"]
    days = database.execute("SELECT DISTINCT month, CAST(month_start AS VARCHAR) FROM victims_test.v_victims_by_age_group WHERE month IN ('total', '2024', '2023/24', '2024-03') ORDER BY 1").fetchall()
    assert days == [("2023/24", "2023-04-01"), ("2024", "2024-01-01"), ("2024-03", "2024-03-01"), ("total", None)]


def test_an_unchanged_file_is_left_as_it_is_and_a_new_version_replaces_it(tmp_path):
    release(tmp_path, tmp_path / "published", MIXED)
    (path,) = combine(tmp_path / "published")
    before = path.stat()
    combine(tmp_path / "published")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    release(tmp_path, tmp_path / "published", LARGE, vintage="2024-03")
    combine(tmp_path / "published")
    assert path.stat().st_ino != before.st_ino
    assert list((tmp_path / "staging").iterdir()) == []


@pytest.mark.parametrize("left", [0, 0.5], ids=["nothing", "half of it"])
def test_a_file_that_a_disk_has_damaged_is_written_again(published, database, left, tmp_path):
    copy = shutil.copytree(published, tmp_path / "published")
    path = copy / "datastore" / "vawg.duckdb"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(left * len(whole))])
    assert combine(copy) == [path]
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute(f"FROM {TABLE} ORDER BY ALL").fetchall() == database.execute(f"FROM {TABLE} ORDER BY ALL").fetchall()


def test_partners_find_the_public_products_and_the_public_nothing_of_theirs(tmp_path):
    published = tmp_path / "published"
    release(tmp_path, published, MIXED)
    secret = published / "safestats" / "partners-test"
    shutil.copytree(published / "datastore" / "victims-test", secret)
    for path in secret.glob("*/datapackage.json"):
        described = json.loads(path.read_text(encoding="utf-8")) | {"name": "partners-test", "audience": "safestats"}
        path.write_text(json.dumps(described), encoding="utf-8")
    public, partners = combine(published)
    assert (public.parent.name, partners.parent.name) == ("datastore", "safestats")
    for path, wanted in ((public, [("victims-test",)]), (partners, [("partners-test",), ("victims-test",)])):
        with duckdb.connect(str(path), read_only=True) as connection:
            assert connection.execute("SELECT product FROM _release ORDER BY 1").fetchall() == wanted
            schemas = connection.execute("SELECT DISTINCT schema_name FROM duckdb_tables() WHERE schema_name <> 'main' ORDER BY 1").fetchall()
            assert schemas == [(name.replace("-", "_"),) for (name,) in wanted]


READER = """
import sys
con = duckdb.connect() if "://" in sys.argv[1] else duckdb.connect(sys.argv[1], read_only=True)
if "://" in sys.argv[1]:
    import importlib.util, pathlib
    folder = pathlib.Path(importlib.util.find_spec("duckdb_extension_httpfs").origin).parent
    con.execute(f"LOAD '{next(folder.rglob('*.duckdb_extension'))}'")
    for certificate in sys.argv[2:]:
        con.execute(f"SET GLOBAL ca_cert_file = '{certificate}'")
    con.execute(f"ATTACH '{sys.argv[1]}' AS vawg (READ_ONLY)")
    con.execute("USE vawg")
print(con.execute("SELECT count(*), sum(victims)::BIGINT FROM victims_test.victims_by_age_group").fetchall())
print(con.execute("SELECT count(*) FROM victims_test.victims_by_age_group_trend('10-19')").fetchall())
print(con.execute("SELECT count(*) FROM victims_test.v_victims_by_age_group_latest WHERE victims_status_label = 'published'").fetchall())
"""


def answers(database) -> list[str]:
    """What our own DuckDB prints for the same questions."""
    queries = (
        f"SELECT count(*), sum(victims)::BIGINT FROM {TABLE}",
        "SELECT count(*) FROM victims_test.victims_by_age_group_trend('10-19')",
        "SELECT count(*) FROM victims_test.v_victims_by_age_group_latest WHERE victims_status_label = 'published'",
    )
    return [str(database.execute(query).fetchall()) for query in queries]


@pytest.mark.parametrize("line", LINES)
def test_an_old_duckdb_reads_it(published, database, line):
    assert printed(line, READER, str(published / "datastore" / "vawg.duckdb")) == answers(database)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_it_is_attached_from_a_server(published, database, tmp_path, scheme):
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Mount
    from starlette.staticfiles import StaticFiles

    options, certificates = {}, []
    if scheme == "https":
        openssl = shutil.which("openssl") or pytest.skip("no openssl to make a certificate with")
        key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
        command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        subprocess.run([*command, "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        options, certificates = {"ssl_keyfile": key, "ssl_certfile": certificate}, [str(certificate)]
    files = Starlette(routes=[Mount("/", StaticFiles(directory=published))])
    server = uvicorn.Server(uvicorn.Config(files, host="127.0.0.1", port=0, log_level="error", **options))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        assert printed("1.5", READER, f"{scheme}://localhost:{port}/datastore/vawg.duckdb", *certificates) == answers(database)
    finally:
        server.should_exit = True
        thread.join()


def test_rates_are_of_whole_years_with_the_residents_of_their_first_year(tmp_path):
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA product")
        connection.execute("CREATE TABLE product.month (code VARCHAR PRIMARY KEY, label VARCHAR, level VARCHAR)")
        connection.execute(
            "INSERT INTO product.month VALUES ('2023', '2023', 'year'), ('2023/24', '2023/24', 'financial_year'), ('2024/25', '2024/25 (only April 2024)', "
            "'financial_year'), ('2023-05', 'May 2023', 'month'), ('total', 'All months', 'total')"
        )
        connection.execute("CREATE TABLE product.counted (area VARCHAR, month VARCHAR, offences BIGINT, offences_status VARCHAR)")
        connection.execute("INSERT INTO product.counted SELECT area, code, CASE WHEN area = 'B' THEN NULL ELSE 50 END, CASE WHEN area = 'B' THEN 'c' END FROM product.month, (VALUES ('A'), ('B'), ('C')) AS areas (area)")
        connection.execute("CREATE VIEW product.v_counted AS SELECT counted.*, level AS month_level, label AS month_label FROM product.counted JOIN product.month ON code = month")
        connection.execute("COMMENT ON COLUMN product.v_counted.area IS 'Place.'")
        (tmp_path / "population").mkdir()
        (tmp_path / "population" / "population.csv").write_text("area,year,population,source\nA,2023,20000,s\nB,2023,30000,s\nA,2024,1,s\n", encoding="utf-8")
        assert population_table(connection, tmp_path)
        links = [{"fields": [name], "reference": {"resource": name}} for name in ("area", "month")]
        fields = [{"name": "area", "type": "string"}, {"name": "month", "type": "string"}, {"name": "offences", "type": "integer"}]
        resource = {"name": "counted", "title": "Counted", "type": "table", "statistics": [{"measure": "offences"}], "schema": {"fields": fields, "foreignKeys": links}}
        rate_views(connection, {"resources": [resource, {"name": "other", "type": "table"}]}, "product")
        said = dict(connection.execute("SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'v_counted_rates'").fetchall())
        assert said["area"] == "Place." and "per 1,000" in said["offences_per_1000"] and "Residents" in said["population"]
        found = connection.execute("SELECT area, month, population, offences_per_1000 FROM product.v_counted_rates ORDER BY ALL").fetchall()
    assert found == [("A", "2023", 20000, 2.5), ("A", "2023/24", 20000, 2.5), ("B", "2023", 30000, None), ("B", "2023/24", 30000, None)]


def test_residents_are_in_the_file_of_real_packages(published, tmp_path):
    copy = shutil.copytree(published, tmp_path / "published")
    (copy / "population").mkdir()
    (copy / "population" / "population.csv").write_text("area,year,population,source\nE09000012,2024,260000,made up\n", encoding="utf-8")
    (path,) = combine(copy)
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("FROM _population").fetchall() == [("E09000012", 2024, 260_000, "made up")]
        assert connection.execute("SELECT column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL").fetchall() == []


def test_without_residents_there_is_no_table_of_them(database, tmp_path):
    assert not database.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = '_population'").fetchall()
    assert not database.execute("SELECT 1 FROM duckdb_views() WHERE view_name LIKE '%_rates'").fetchall()
