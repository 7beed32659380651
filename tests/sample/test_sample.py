"""The synthetic landing folder: the same bytes for the same seed, the published margins, the homicides, a folder fit to be read."""

import hashlib
import json
import math

import duckdb
import pytest

from vawg_opendata.reference import load_codelist
from vawg_opendata.sample import generate, margins
from vawg_opendata.sample.assumptions import GROUPS
from vawg_opendata.sample.places import group_shares
from vawg_opendata.schemas.crime_extract import DELIVERED
from vawg_opendata.sources import landing


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """40,000 victim rows without defects: enough to tell shares apart."""
    folder = tmp_path_factory.mktemp("sample") / "landing"
    return folder, generate(40_000, 11, folder, defect_rate=0, street_months=3)


@pytest.fixture(scope="module")
def records(sample, tmp_path_factory):
    return landing.read_landing(sample[0], tmp_path_factory.mktemp("work")).tables


def shares(path, expression, where="true"):
    """Share and number of rows by the value of an expression."""
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT {expression}, count(*) FROM read_parquet('{path}') WHERE {where} GROUP BY ALL").fetchall()
    total = sum(count for _, count in rows)
    return {value: count / total for value, count in rows}, total


def near(found, expected, total, slack=0.0):
    """Whether each share is within five standard errors of what is expected, and `slack` for what is knowingly made up."""
    for value in found.keys() | expected.keys():
        share = expected.get(value, 0.0)
        error = 5 * math.sqrt(max(share, 1 / total) * (1 - min(share, 0.5)) / total)
        assert abs(found.get(value, 0.0) - share) <= error + slack, (value, found.get(value, 0.0), share)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_ones(tmp_path):
    first, again, other = (tmp_path / name for name in ("first", "again", "other"))
    assert generate(1500, 5, first, street_months=2) == generate(1500, 5, again, street_months=2)
    generate(1500, 6, other, street_months=2)
    assert digests(first) == digests(again)
    changed = {name for name, digest in digests(other).items() if digests(first).get(name) != digest}
    assert {f"crime_extract/{table.name}.csv" for table in DELIVERED} <= changed


def test_it_says_that_it_is_synthetic_and_what_it_holds(sample):
    folder, made = sample
    manifest = json.loads((folder / "crime_extract" / "manifest.json").read_text())
    written = json.loads((folder / "sample.json").read_text())
    assert manifest["synthetic"] is True and written["synthetic"] is True
    assert manifest["periods"] == {"offences": {"from": "2014-01", "to": "2026-02"}, "homicides": {"from": "2003-01", "to": "2026-02"}}
    for name, rows in made.rows.items():
        assert manifest["tables"][name]["rows"] == written["rows"][name] == rows
        with (folder / "crime_extract" / f"{name}.csv").open("rb") as file:
            assert sum(1 for _ in file) == rows + 1
    assert 40_000 < made.rows["victims"] < 40_000 + 26 * 13


def test_a_landing_folder_made_of_it_has_no_blocking_problem(sample):
    found = landing.survey(sample[0])
    assert found.blocking == ()
    assert {file.source for file in found.files} == {"crime_extract", "police_uk"}


def test_months_follow_the_published_offences(records):
    found, total = shares(records["extract_offences"], "recorded_month")
    near(found, {row["month"]: float(row["share"]) for row in margins.load("month")}, total)


@pytest.mark.parametrize(("era", "where"), [("before", "recorded_month < '2024-03'"), ("after", "recorded_month >= '2024-03'")])
def test_boroughs_follow_the_published_offences_before_and_after_connect(records, era, where):
    parents = load_codelist("area").parents["parent"]
    expected: dict[str, float] = {}
    for row in margins.load("area"):
        expected[parents[row["area"]]] = expected.get(parents[row["area"]], 0.0) + float(row[era])
    scale = sum(expected.values())
    found, total = shares(records["extract_offences"], "borough_code", where)
    near(found, {code: share / scale for code, share in expected.items()}, total)


def test_groups_follow_the_published_offences(records):
    offence = load_codelist("offence")
    found, total = shares(records["extract_offences"], "offence")
    by_group: dict[str, float] = {}
    for code, share in found.items():
        group = next(above for above in offence.ancestors(code) if offence.level[above] == "group")
        by_group[group] = by_group.get(group, 0.0) + share
    homicides = by_group.pop("homicide")
    assert homicides > 0.005  # as many as ever, in a small sample
    expected = dict(zip(GROUPS, group_shares(), strict=True))
    near(
        {group: share / (1 - homicides) for group, share in by_group.items()},
        {group: share for group, share in expected.items() if group != "homicide"},
        total,
        0.002,
    )


def test_ages_and_ethnic_appearance_follow_the_published_victims(records):
    found, total = shares(records["extract_victims"], "age_group", "counted")
    near(
        found, {row["age_group"]: float(row["share"]) for row in margins.load("age_group")}, total, 0.01
    )  # offences against children fix some ages
    published = margins.load("ethnic_appearance")
    for year in ("2016", "2024"):
        found, total = shares(records["extract_victims"], "ethnic_appearance", f"recorded_month[:4] = '{year}'")
        near(
            found, {row["ethnic_appearance"]: float(row["share"]) for row in published if row["year"] == year}, total, 0.01
        )  # persons recur


def test_victims_fall_short_of_offences_before_connect_and_exceed_them_after(records):
    ratio = {}
    for era, where in (("before", "recorded_month < '2024-02'"), ("after", "recorded_month >= '2024-03'")):
        with duckdb.connect() as connection:
            victims = connection.execute(
                f"SELECT count(*) FROM read_parquet('{records['extract_victims']}') WHERE counted AND {where}"
            ).fetchall()[0][0]
            offences = connection.execute(f"SELECT count(*) FROM read_parquet('{records['extract_offences']}') WHERE {where}").fetchall()[
                0
            ][0]
        ratio[era] = victims / offences
    assert 0.90 < ratio["before"] < 0.98
    assert 1.0 < ratio["after"] < 1.03


def test_homicides_do_not_depend_on_the_size(tmp_path, sample):
    small = generate(50, 11, tmp_path / "small", street_months=0)
    assert small.female_homicides == sample[1].female_homicides
    years = 23 + 2 / 12
    assert abs(small.female_homicides / years - 25) < 5 * math.sqrt(25 / years)


def test_homicides_of_women_are_offences_in_the_period_of_the_offences(records):
    with duckdb.connect() as connection:
        homicides, offences = (f"read_parquet('{records[f'extract_{name}']}')" for name in ("homicides", "offences"))
        early, late, agree = connection.execute(
            f"""SELECT count(*) FILTER (WHERE o.crime_ref IS NOT NULL AND year < 2014), count(*) FILTER (WHERE o.crime_ref IS NULL AND year >= 2014 AND age > 0),
                bool_and(o.recorded_date = h.recorded_date AND o.borough_code = h.borough_code AND o.location_type = h.location_type
                    AND o.domestic_abuse = h.domestic_abuse)
            FROM {homicides} h LEFT JOIN {offences} o USING (crime_ref) WHERE sex = 'female'"""
        ).fetchall()[0]
    assert (early, late, agree) == (0, 0, True)


def test_people_recur_as_the_same_people(records):
    with duckdb.connect() as connection:
        people = connection.execute(
            f"""SELECT count(*) FILTER (WHERE n > 1), count(*), max(d) FROM (
                SELECT victim_id, count(*) AS n, count(DISTINCT (age, sex, observed_ethnicity, home_borough_code)) AS d
                FROM read_parquet('{records["extract_victims"]}') GROUP BY victim_id)"""
        ).fetchall()[0]
    assert people[0] > 0.05 * people[1]
    assert people[2] == 1


def test_street_files_are_the_archives_for_the_last_months(sample, records):
    folders = sorted(path.name for path in (sample[0] / "police_uk").iterdir())
    assert folders == ["2025-12", "2026-01", "2026-02"]
    found, total = shares(records["street_crimes"], "force")
    assert set(found) == {"metropolitan", "city-of-london"}
    assert total == sample[1].street_rows
    types, _ = shares(records["street_crimes"], "crime_type")
    assert types["violence-and-sexual-offences"] > 0.5


def test_a_shorter_period_is_kept_to(tmp_path):
    made = generate(300, 2, tmp_path / "short", first="2024-01", last="2024-03", homicides_from="2023-01", street_months=24)
    tables = landing.read_landing(tmp_path / "short", tmp_path / "work").tables
    assert set(shares(tables["extract_offences"], "recorded_month")[0]) == {"2024-01", "2024-02", "2024-03"}
    assert set(shares(tables["extract_homicides"], "year")[0]) == {2023, 2024}
    assert sorted(path.name for path in (tmp_path / "short" / "police_uk").iterdir()) == ["2024-01", "2024-02", "2024-03"]
    assert made.periods == {"offences": ("2024-01", "2024-03"), "homicides": ("2023-01", "2024-03")}


@pytest.mark.parametrize("records_wanted", [0, 1])
def test_the_smallest_samples_can_be_read(tmp_path, records_wanted):
    generate(records_wanted, 1, tmp_path / "landing", last="2024-01", first="2024-01", homicides_from="2024-01", street_months=1)
    assert landing.survey(tmp_path / "landing").blocking == ()


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="not empty"):
        generate(10, 1, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"first": "2013-01"},
        {"last": "2027-01"},
        {"first": "2025-02", "last": "2025-01"},
        {"records": -1},
        {"defect_rate": 0.5},
        {"seed": -1},
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_written(tmp_path, wrong):
    arguments = {"records": 10, "seed": 1, **wrong}
    with pytest.raises(ValueError, match="."):
        generate(arguments.pop("records"), arguments.pop("seed"), tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()
