"""What the page of a package says of querying it does what it says: in pandas, polars and DuckDB. (`test_r` has R.)"""

import json
import subprocess
import sys

import pytest

from tests.release.packages import MIXED, release, rows
from tests.tools import tool
from vawg_opendata.site.recipes import recipes
from vawg_opendata.site.released import Version

TABLE = "victims_by_age_group"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipes")
    return release(folder, folder / "published", MIXED).folder


@pytest.fixture(scope="module")
def code(package) -> dict[str, str]:
    """The code of each recipe by the name of its tool."""
    version = Version("victims-test", "1.0.0", {}, package, json.loads((package / "datapackage.json").read_text(encoding="utf-8")))
    return {name: text for name, _, text in recipes(version, TABLE)}


def printed(package, python, program: str) -> str:
    done = subprocess.run([python, "-c", program], cwd=package, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def wanted(package) -> str:
    """Rows, published sum and withheld rows, as a reader of the CSV finds them."""
    found = rows(package)
    withheld = sum(row["victims_status"] == "c" for row in found)
    assert withheld
    return f"{len(found)} {sum(int(row['victims']) for row in found if row['victims'])} {withheld} Aged 10 to 19 years"


def test_pandas(package, code):
    tell = "label = table[table['age_group'] == '10-19']['label'].iloc[0]\nprint(len(table), int(table['victims'].sum()), len(withheld), label)"
    assert printed(package, sys.executable, f"{code['Python, pandas']}\n{tell}") == wanted(package)


def test_polars(package, code):
    tell = "label = table.filter(polars.col('age_group') == '10-19')['label'][0]\nprint(len(table), table['victims'].sum(), len(withheld), label)"
    assert printed(package, tool("bin/python"), f"{code['Python, polars']}\n{tell}") == wanted(package)


def test_duckdb(package, code):
    program = f"import duckdb\n*first, last = {code['DuckDB']!r}.rstrip(';').split(';')\ncon = duckdb.connect()\n[con.execute(one) for one in first]\nprint(len(con.execute(last).fetchall()))"
    assert printed(package, sys.executable, program) == str(sum(row["age_group"] != "total" for row in rows(package)))


def test_frictionless_in_python(package):
    program = (
        f"from frictionless import Package\nrows = Package('datapackage.json').get_resource({TABLE!r}).read_rows()\n"
        "print(len(rows), sum(row['victims'] or 0 for row in rows), sum(row['victims_status'] == 'c' for row in rows), 'Aged 10 to 19 years')"
    )
    assert printed(package, sys.executable, program) == wanted(package)
