"""What the page of the list of homicide cases says survives at k = 3, 5 and 10 is what protecting the cases gives.

The public rows are made from the force's real files, the synthetic ones from the sample that is drawn when no files are given.
"""

import re
from collections import Counter
from dataclasses import replace

import pytest

from tests.paths import shared
from vawg_opendata.microdata import protect_list
from vawg_opendata.products.female_homicide import CASES
from vawg_opendata.sample import generate
from vawg_opendata.settings import DEFAULT_SEED
from vawg_opendata.sources.landing import read_landing

KS = (3, 5, 10)
SHOWN = ("age_band", "ethnicity", "killing_method")


def published() -> dict[tuple[str, int], tuple[int, ...]]:
    """The lines of the page's table: percentages by column of `SHOWN`, then the number of kinds, by (cases, k)."""
    (table,) = (paragraph for paragraph in CASES.reasons if paragraph.startswith("| cases | k |"))
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {(line[0], int(line[1])): tuple(int(cell.removesuffix(" %")) for cell in line[2:]) for line in lines}


def survives(declared, records, k) -> tuple[int, tuple[int, ...]]:
    """How many cases a list has at a k, and per column of `SHOWN` the percentage with a code that nothing divides, then the kinds."""
    made = protect_list(replace(declared, policy=replace(declared.policy, k=k)), records)
    (table,) = made.tables
    finest = []
    for name in SHOWN:
        codelist = made.codelists[name]
        levels = {codelist.level[code] for code in codelist.leaves}
        told = Counter(codelist.level[code] in levels for code in table.rows.column(name).to_pylist())
        finest.append(round(100 * told[True] / table.rows.num_rows))
    kinds = {tuple(row[name] for name in table.claim["quasiIdentifiers"]) for row in table.rows.to_pylist()}
    return table.rows.num_rows, (*finest, len(kinds))


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    """The records of the force's public homicide files."""
    landing, work = tmp_path_factory.mktemp("landing"), tmp_path_factory.mktemp("work")
    (landing / "mps_homicide").symlink_to(shared("data", "mps_homicide"))
    read_landing(landing, work)
    return work / "records"


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    """The records of the sample's homicides, which do not depend on how many other offences are drawn."""
    landing, work = tmp_path_factory.mktemp("landing"), tmp_path_factory.mktemp("work")
    generate(1_000, DEFAULT_SEED, landing, street_months=1)
    read_landing(landing, work)
    return work / "records"


def test_every_line_of_the_table_is_tested():
    assert set(published()) == {(cases, k) for cases in ("public, with years", "synthetic, without years") for k in KS}


@pytest.mark.parametrize("k", KS)
def test_what_survives_of_the_public_cases(public, k):
    cases, figures = survives(CASES, public, k)
    assert figures == published()["public, with years", k]
    assert f"of the {cases} cases of 2003 to 2021 in the force's public files" in CASES.reasons[0]


@pytest.mark.parametrize("k", KS)
def test_what_survives_of_the_synthetic_cases(synthetic, k):
    cases, figures = survives(replace(CASES, columns=tuple(column for column in CASES.columns if column.name not in CASES.first_given_up)), synthetic, k)
    assert figures == published()["synthetic, without years", k]
    assert re.search(rf"\bof {cases} synthetic cases", CASES.reasons[0])
