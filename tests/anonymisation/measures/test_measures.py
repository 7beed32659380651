"""The measures against pycanon: its published outputs, itself on random tables, and the definitions where it departs from them."""

import json
import math

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymisation.measures import MeasureError, classes_of, measure, recursive_c
from tests.judges import pycanon
from tests.paths import shared

TOLERANCE = 1e-9
PUBLISHED = ("adult_raw.csv", "adult_anonymized_3.csv", "adult_k3_anonymized_l2.csv")


def same(ours, theirs):
    return (math.isnan(ours) and math.isnan(theirs)) or abs(ours - theirs) <= TOLERANCE


def pycanon_of(frame, quasi_identifiers, sensitive):
    """What pycanon says of a data frame, by the names of our measures."""
    judge, names = pycanon(), (quasi_identifiers, sensitive)
    return {
        "l": judge.l_diversity(frame, *names),
        "entropy_l": judge.entropy_l_diversity(frame, *names),
        "alpha": judge.alpha_k_anonymity(frame, *names)[0],
        "c": judge.recursive_c_l_diversity(frame, *names)[0],
        "basic_beta": judge.basic_beta_likeness(frame, *names),
        "enhanced_beta": judge.enhanced_beta_likeness(frame, *names),
        "delta": judge.delta_disclosure(frame, *names),
        "t": judge.t_closeness(frame, *names),
    }


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_outputs_of_pycanon_are_reproduced(name):
    expected = json.loads(shared("cases", "records", "pycanon_1.3.5_outputs.json").read_text())[name]
    found = measure(shared("cases", "records", "adult", name), expected["qi"], expected["sa"])
    assert (found.records, found.k) == (expected["n"], expected["k"])
    expected |= {"alpha": expected["alpha_k"][0], "c": expected["c_l"][0]}
    assert {key: value for key, value in vars(found.worst).items() if key in expected and not same(value, expected[key])} == {}


def tables():
    """Small tables: two quasi-identifiers, a sensitive column of texts and one of numbers."""
    row = st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.sampled_from("pqrs"), st.integers(-3, 3))
    return st.lists(row, min_size=1, max_size=40).map(lambda rows: pd.DataFrame(rows, columns=["x", "y", "word", "number"]))


@settings(max_examples=30, deadline=None)
@given(tables(), st.sampled_from([["word"], ["number"], ["word", "number"]]))
def test_random_tables_measure_as_pycanon_measures_them(frame, sensitive):
    if "number" in sensitive and frame["number"].nunique() == 1:
        return  # pycanon divides by zero
    found = measure(frame, ["x", "y"], sensitive)
    assert found.k == pycanon().k_anonymity(frame, ["x", "y"])
    ours = vars(found.worst)
    theirs = pycanon_of(frame, ["x", "y"], sensitive)
    assert {key: (ours[key], value) for key, value in theirs.items() if not same(ours[key], value)} == {}


def test_kinds_of_table_measure_the_same(tmp_path):
    frame = pd.DataFrame({"x": list("aabbb"), "age": [1, 1, 2, 2, 2], "s": [10, 20, 10.5, 10, 30], "w": ["a", None, "", "c", "c"]})
    names = (["x", "age"], ["s", "w"])
    table = pa.Table.from_pandas(frame)
    pq.write_table(table, tmp_path / "t.parquet")
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_csv(tmp_path / "s.csv", index=False, sep=";")
    with duckdb.connect() as connection:
        connection.from_arrow(table).create("r")
        relation = measure(connection.table("r"), *names).plain()
    expected = measure(frame, *names).plain()
    found = [measure(one, *names).plain() for one in (table, tmp_path / "t.parquet", str(tmp_path / "t.csv"))]
    assert found == [expected] * 3
    assert measure(tmp_path / "s.csv", *names).plain() == relation == expected
    assert expected["sensitive"]["w"]["l"] == 2  # a missing value and an empty text are one blank


def test_a_blank_is_a_value_of_its_own():
    frame = pd.DataFrame({"x": ["a", "a", None, "b", "b"], "s": [1.0, 2.0, 1.0, 2.0, None]})
    found = measure(frame, ["x"], ["s"])
    assert (found.k, found.classes, found.sensitive["s"].l) == (1, 3, 1)
    # Shares 2/5, 2/5 and 1/5; the class of the blank holds only the first.
    assert same(found.sensitive["s"].t, 0.6)


def test_numbers_in_a_csv_are_one_number_however_written(tmp_path):
    (tmp_path / "t.csv").write_text("x,s,z\na,1,01\na,1.0,x\nb,2,01\nb,1e0,x\n")
    found = measure(tmp_path / "t.csv", ["x"], ["s", "z"])
    assert found.sensitive["s"].l == 1
    assert found.sensitive["z"].l == 2


def test_entropy_l_is_cut_off_as_pycanon_does_and_told_uncut_beside_it():
    frame = pd.DataFrame({"x": "a", "s": [f"v{i}" for i in range(7)]})
    found = measure(frame, ["x"], ["s"]).sensitive["s"]
    assert found.entropy_l == pycanon().entropy_l_diversity(frame, ["x"], ["s"]) == 6
    assert same(found.effective_l, 7)


@settings(max_examples=30, deadline=None)
@given(tables(), st.integers(1, 4))
def test_recursive_c_is_the_definition(frame, l):  # noqa: E741
    found = recursive_c(classes_of(frame, ["x", "y"], ["word"]), "word", l)
    largest = 0.0
    for _, rows in frame.groupby(["x", "y"]):
        counts = sorted(rows["word"].value_counts(), reverse=True)
        largest = max(largest, counts[0] / sum(counts[l - 1 :]) if len(counts) >= l else math.inf)
    assert found == largest


def test_risk_against_the_table_and_against_a_population():
    # Classes of 2 and 4 records, among 4 and 20 people.
    table = pd.DataFrame({"x": list("aabbbb")})
    found = measure(table, ["x"], population=pd.DataFrame({"x": list("a" * 4 + "b" * 20 + "c" * 7)}))
    assert (found.prosecutor.highest, found.prosecutor.k) == (1 / 2, 2)
    assert same(found.prosecutor.average, 2 / 6) and same(found.prosecutor.at_highest, 2 / 6)
    assert (found.journalist.highest, found.journalist.k) == (1 / 4, 4)
    # The larger of 2 classes of 24 people, and (2/4 + 4/20) of 6 records.
    assert same(found.journalist.average, 0.7 / 6) and same(found.marketer, 0.7 / 6)
    alone = measure(table, ["x"])
    assert alone.journalist is None and same(alone.marketer, 2 / 6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["q"], "there is no column 'q'"),
        ([], "no quasi-identifier"),
        (["x", "x"], "'x' is given twice"),
    ],
)
def test_columns_that_cannot_be_used_are_named(arguments, words):
    with pytest.raises(MeasureError, match=words):
        measure(pd.DataFrame({"x": ["a"]}), arguments)


@pytest.mark.parametrize("text", ["x,s\n", "x,s\na,1\na\n", "x,s\nsecret,1,2\n"])
def test_a_file_that_is_empty_or_broken_is_refused_without_quoting_it(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(MeasureError, match="t.csv") as caught:
        measure(tmp_path / "t.csv", ["x"], ["s"])
    assert "secret" not in str(caught.value)


def test_a_population_that_lacks_people_of_the_table_is_refused():
    with pytest.raises(MeasureError, match="1 of 2 classes"):
        measure(pd.DataFrame({"x": list("aab")}), ["x"], population=pd.DataFrame({"x": list("abbb")}))


def test_a_million_records_take_seconds():
    generator = np.random.default_rng(1)
    columns = {name: generator.integers(0, size, 1_000_000) for name, size in (("a", 20), ("b", 24), ("c", 3), ("s", 12))}
    found = measure(pa.table(columns), ["a", "b", "c"], ["s"])
    assert (found.records, found.classes, found.sensitive["s"].l) == (1_000_000, 1440, 12)
