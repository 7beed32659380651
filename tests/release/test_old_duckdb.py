"""The DuckDB file of a product opens in every DuckDB that readers may have, from 1.1 on."""

import pytest

from tests.duckdbs import LINES, printed
from tests.release.packages import MIXED, release, rows

READER = """
import sys
con = duckdb.connect(sys.argv[1], read_only=True)
print(con.execute("SELECT count(*), count(victims), sum(victims)::BIGINT FROM victims_by_age_group").fetchone())
print(con.execute("SELECT label FROM victims_by_age_group JOIN age_group ON code = age_group WHERE month = '2024-01' ORDER BY sort_order").fetchone())
print(con.execute("SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND comment IS NULL").fetchone())
print(con.execute("SELECT DISTINCT victims_status_label FROM v_victims_by_age_group ORDER BY 1").fetchall())
print(con.execute("SELECT count(*) FROM victims_by_age_group_trend('Aged 10 to 19 years')").fetchone())
print(con.execute("SELECT place, age_group FROM victims_by_age_group_ranking('2024-01', 'age_group')").fetchone())
print(con.execute("SELECT count(victims_12_months) FROM victims_by_age_group_rolling_12('10-19')").fetchone())
print(con.execute("SELECT DISTINCT month FROM v_victims_by_age_group_latest").fetchall())
print(con.execute("SELECT round(wilson(81, 263).low, 4), round(wilson(81, 263).high, 4)").fetchone())
print(con.execute("SELECT product, version FROM _release").fetchall())
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("old")
    return release(folder, folder / "published", MIXED).folder


def test_the_lines_are_those_before_ours():
    assert LINES == ("1.1", "1.2", "1.3", "1.4", "1.5")


@pytest.mark.parametrize("line", LINES)
def test_an_old_duckdb_reads_the_file_with_its_comments(package, line):
    table = [row["victims"] for row in rows(package)]
    known = [int(value) for value in table if value]
    assert printed(line, READER, str(package / "victims-test.duckdb")) == [
        str((len(table), len(known), sum(known))),
        "('All ages published',)",
        "(0,)",
        "[('published',), ('suppressed to protect confidentiality',)]",
        "(2,)",
        "(1, '60-69')",
        "(0,)",
        "[('2024-02',)]",
        "(0.2553, 0.3662)",
        "[('victims-test', '1.0.0')]",
    ]
