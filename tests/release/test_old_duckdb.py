"""The DuckDB file opens in the oldest DuckDB that readers may have.

VAWG_OLD_DUCKDB is a Python with DuckDB 1.1; `make test` sets it up and names it.
"""

import os
import subprocess

import pytest

from tests.release.packages import MIXED, release, rows

READER = """
import sys, duckdb
assert duckdb.__version__.startswith("1.1."), duckdb.__version__
con = duckdb.connect(sys.argv[1], read_only=True)
print(con.execute("SELECT count(*), count(victims), sum(victims)::BIGINT FROM victims_by_age_group").fetchone())
print(con.execute("SELECT label FROM victims_by_age_group JOIN age_group ON code = age_group WHERE month = '2024-01' ORDER BY sort_order").fetchone())
print(con.execute("SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND comment IS NULL").fetchone())
print(con.execute("SELECT DISTINCT victims_status_label FROM v_victims_by_age_group ORDER BY 1").fetchall())
print(con.execute("SELECT count(*) FROM victims_by_age_group_trend('Aged 10 to 19 years')").fetchone())
print(con.execute("SELECT place, age_group FROM victims_by_age_group_ranking('2024-01', 'age_group')").fetchone())
print(con.execute("SELECT count(victims_12_months) FROM victims_by_age_group_rolling_12('10-19')").fetchone())
print(con.execute("SELECT DISTINCT month FROM v_victims_by_age_group_latest").fetchall())
print(con.execute("SELECT product, version FROM _release").fetchall())
"""


def test_duckdb_1_1_reads_the_file_with_its_comments(tmp_path):
    python = os.environ.get("VAWG_OLD_DUCKDB")
    if not python:
        pytest.skip("no old DuckDB at hand: VAWG_OLD_DUCKDB must name a Python that has DuckDB 1.1 (make test does it)")
    package = release(tmp_path, tmp_path / "published", MIXED).folder
    table = [row["victims"] for row in rows(package)]
    done = subprocess.run([python, "-c", READER, str(package / "victims-test.duckdb")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    known = [int(value) for value in table if value]
    assert done.stdout.splitlines() == [
        str((len(table), len(known), sum(known))),
        "('All ages published',)",
        "(0,)",
        "[('published',), ('suppressed to protect confidentiality',)]",
        "(2,)",
        "(1, '60-69')",
        "(0,)",
        "[('2024-02',)]",
        "[('victims-test', '1.0.0')]",
    ]
