"""Linked records keep what is claimed of them, measured by pycanon and by an intruder who holds the true records."""

import duckdb
import numpy as np
import pyarrow
import pytest

from tests.judges import pycanon
from tests.microdata.conftest import MONTHS
from vawg_opendata.microdata.cases import Cases
from vawg_opendata.microdata.ladders import LADDERS, Ladder
from vawg_opendata.microdata.standing import TOLD_OF
from vawg_opendata.products import PRODUCTS
from vawg_opendata.reference import load_codelist
from vawg_opendata.schemas.crime_extract import RECORDS
from vawg_opendata.schemas.fields import Sensitivity
from vawg_opendata.schemas.vawg_records import CASE_TABLES, ORDINARY, POOL_TABLES, Part

FIELDS = {field.name: field for table in (*CASE_TABLES, *POOL_TABLES) for field in table.fields}
KNOWN = [name for name, field in FIELDS.items() if field.part == Part.KNOWN]


@pytest.fixture(scope="module")
def tables(world):
    return {table.name: table.rows for table in world.made.tables}


@pytest.fixture(scope="module")
def joined(tables):
    """The case tables joined by their key, as a partner can, blanks as a value of their own."""
    frame = tables["record_offences"].to_pandas()
    for name in ("record_victims", "record_suspects"):
        frame = frame.merge(tables[name].to_pandas(), on="case_key", validate="one_to_one")
    return frame.fillna("not told")


def test_pycanon_measures_on_the_join_what_is_claimed(world, joined):
    anonymity = pycanon()
    assert len(joined) > 1_000
    assert anonymity.k_anonymity(joined, KNOWN) >= world.declared.policy.k == 3
    assert anonymity.l_diversity(joined, KNOWN, ["offence_group"]) >= 2


def test_pycanon_measures_on_every_table_what_is_claimed(world):
    anonymity = pycanon()
    for table in world.made.tables:
        frame, quasi = table.rows.to_pandas().astype(object).fillna("not told"), list(table.claim["quasiIdentifiers"])
        assert anonymity.k_anonymity(frame, quasi) >= table.claim["k"]
        for name, models in table.claim["sensitive"].items():
            assert anonymity.l_diversity(frame, quasi, [name]) >= models["l"]


def test_no_value_that_says_something_is_had_by_most_of_those_in_a_pool_to_whom_the_field_applies(world, tables):
    rule, checked = world.declared.pools, 0
    for schema in POOL_TABLES:
        frame = tables[schema.name].to_pandas().astype(object)
        pools = frame[schema.names[0]]
        assert pools.value_counts().min() >= rule.size == 10
        for field in schema.fields[1:]:
            values = frame[field.name].dropna().astype(str).str.lower()
            applying = values.groupby(pools).size()
            assert applying.empty or applying.min() >= rule.applying == 5, field.name
            if field.sensitivity != Sensitivity.OTHER:
                telling = values[~values.isin([*ORDINARY, *field.ordinary])]
                most = telling.groupby([pools, telling]).size().groupby(level=0).max()
                assert most.empty or (most / applying.reindex(most.index)).max() <= 2 / 3, field.name
                checked += len(most)
    assert checked > 500


def test_no_value_is_had_by_most_of_those_in_a_pool_who_may_have_it_for_all_that_is_told(world, tables, joined):
    """Abuse of children is found among sexual offences alone, so whoever knows that looks among the cases that are told as such, or not told."""
    with Cases(world.records, "", MONTHS[0]) as cases:
        truth = cases.whole(cases.counted().column("crime_ref").combine_chunks())
    codes = load_codelist("offence")
    branch = {code: next((up for up in codes.ancestors(code) if codes.level[up] == "branch"), codes.total) for code in codes.leaves}
    abused = {branch[code] for code, flag in zip(*(truth.column(name).to_pylist() for name in ("offence", "child_sexual_abuse")), strict=True) if flag == "true"}
    assert len(abused) < len({branch[code] for code in truth.column("offence").to_pylist()})
    may = joined["offence_branch"].isin([*abused, codes.total]).groupby(joined["pool_key"]).sum()
    having = tables["pool_circumstances"].to_pandas().groupby("pool_key")["child_sexual_abuse"].sum()
    assert (having > 0).sum() > 5 and (may < may.max()).any()
    assert (having <= 2 / 3 * may.reindex(having.index) + 1e-9).all()


def test_whoever_knows_the_true_cases_finds_no_fewer_than_three(world, joined):
    """The intruder holds every case of the extract with all that can be known of it, and looks for the rows that do not contradict it."""
    with Cases(world.records, "", MONTHS[0]) as cases:
        counted = cases.counted()
        truth = cases.whole(counted.column("crime_ref").combine_chunks())
    known = {}
    for name in LADDERS:
        column = truth.column(f"known_{name}")
        known |= Ladder.of(name, column.unique().to_pylist()).fields(np.array(column.to_pylist(), dtype=object))
    true_cases = pyarrow.table({name: pyarrow.array(list(values), pyarrow.string()) for name, values in known.items()})
    told = [name for name in KNOWN if name != "batch"]
    rows = pyarrow.Table.from_pandas(joined[[*told, "offence_group"]], preserve_index=False)
    fits = " AND ".join(f"(r.{name} = 'not told' OR r.{name} = t.{name})" for name in told)
    found = duckdb.sql(
        f"WITH classes AS (SELECT {', '.join(told)}, count(*) AS n, list(DISTINCT offence_group) AS groups FROM rows GROUP BY ALL), "
        "people AS (SELECT DISTINCT * FROM true_cases) "
        f"SELECT sum(r.n), len(list_distinct(flatten(list(r.groups)))) FROM people AS t JOIN classes AS r ON {fits} GROUP BY {', '.join(f't.{name}' for name in told)}"
    ).fetchall()
    assert len(found) > 1_000 and true_cases.num_rows > 4_000
    assert min(cases for cases, _ in found) >= 3 and min(groups for _, groups in found) >= 2


def test_values_of_one_row_of_a_pool_do_not_belong_together(tables):
    """Whoever finds a person's row by one field learns no other: what always goes together in the records does not in the rows."""
    rows = tables["pool_risk"].to_pandas()
    told, assessed = rows["risk_tool"].notna(), rows["final_grade"].notna()
    assert told.sum() == assessed.sum() > 300
    assert (told & assessed).sum() < 0.8 * assessed.sum()
    # As often as by chance, given the pools.
    chance = assessed.groupby(rows["wide_pool_key"]).agg(lambda flags: flags.sum() ** 2 / len(flags)).sum()
    assert abs((told & assessed).sum() - chance) < 4 * np.sqrt(chance)


def test_nobody_is_in_two_cases(world):
    with Cases(world.records, "", MONTHS[0]) as cases:
        counted = cases.counted()
    victims = len(counted.column("victim_id").unique())
    assert victims < counted.num_rows
    assert world.made.summary["records"] <= victims


def test_the_same_secret_gives_the_same_and_another_other_keys_and_orders(world):
    again, other = world.made_after(None, MONTHS[0]), world.made_after(None, MONTHS[0], b"another secret of enough bytes, 40 of them")
    for one, two, three in zip(world.made.tables, again.tables, other.tables, strict=True):
        assert one.rows.equals(two.rows)
        key = one.rows.column_names[0]
        assert not set(one.rows.column(key).to_pylist()) & set(three.rows.column(key).to_pylist())


def test_nothing_that_names_a_case_or_a_person_is_in_any_table(world):
    with Cases(world.records, "", MONTHS[0]) as cases:
        counted = cases.counted()
    names = {value for column in ("crime_ref", "victim_id", "suspect_id") for value in counted.column(column).to_pylist()} - {None}
    for tables in (world.made.tables, *world.made.partners.values()):
        for table in tables:
            for name, field in ((name, FIELDS[name]) for name in table.rows.column_names):
                values = set(table.rows.column(name).to_pylist())
                assert names.isdisjoint(values)
                allowed = field.allowed()
                if allowed is not None:
                    assert values <= {*allowed, None}, name


def test_a_field_is_as_sensitive_as_the_field_of_the_extract_of_its_name():
    declared: dict[str, set[Sensitivity]] = {}
    for table in RECORDS.values():
        for field in table.fields:
            declared.setdefault(field.name, set()).add(field.sensitivity)
    compared = {name: field.sensitivity for name, field in FIELDS.items() if name in declared}
    stricter = {"series"}  # that somebody is one of several victims is hers
    assert len(compared) > 70
    assert {name for name, sensitivity in compared.items() if sensitivity not in declared[name]} == stricter


def test_cases_that_do_not_fit_into_memory_stay_in_the_work_folder(world):
    with Cases(world.records, "", MONTHS[-1]) as cases:
        assert cases.connection.sql("SELECT current_setting('temp_directory')").fetchall() == [(str(world.records / ".spill"),)]


def test_all_that_tables_count_cases_by_is_read_of_cases(world):
    """The tables of the products that count what cases tell of: a new dimension must be read, or no case stands."""
    counted = [one.table for one in world.beside if one.table.measure in TOLD_OF]
    assert {name for table in counted for name in table.axes} >= {"area", "offence", "month", "outcome", "order_type"}
    assert set(TOLD_OF) == {measure.name for name in ("vawg-offences", "vawg-borough-profiles") for measure in PRODUCTS[name].measures}
