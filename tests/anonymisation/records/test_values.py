"""Suppression of single values: either reading of a blank, judged by counting pairs; and what sdcMicro attains."""

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given, settings

from anonymisation.errors import ProtectionError
from anonymisation.records.values import suppress_values
from tests.paths import shared

KEYS = ("urbrur", "roof", "walls", "water", "electcon", "relat", "sex")


def alike(one, other, blanks):
    if blanks == "value":
        return one == other
    return all(a == b or a is None or b is None for a, b in zip(one, other, strict=True))


def smallest(rows, blanks):
    return min(sum(alike(one, other, blanks) for other in rows) for one in rows)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(*[st.sampled_from(["a", "b", "c", None])] * 3), min_size=2, max_size=20),
    st.integers(2, 4),
    st.sampled_from(["value", "wildcard"]),
    st.sampled_from([0.2, 1.0, 5.0]),
)
def test_every_record_looks_like_k(rows, k, blanks, weight):
    names = ("x", "y", "z")
    rows = [("a", "a", "a"), *rows]  # a column needs a value
    table = pa.table({name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names)})
    if len(rows) < k:
        with pytest.raises(ProtectionError):
            suppress_values(table, names, k, blanks=blanks)
        return
    result = suppress_values(table, names, k, blanks=blanks, importance={"y": weight})
    published = [tuple(row[name] for name in names) for row in result.table.to_pylist()]
    assert smallest(published, blanks) == result.smallest >= k
    for before, after in zip(rows, published, strict=True):
        assert all(b in (a, None) for a, b in zip(before, after, strict=True))
    assert sum(result.blanks.values()) == sum(a is not None and b is None for x, y in zip(rows, published, strict=True) for a, b in zip(x, y, strict=True))
    if smallest(rows, blanks) >= k:
        assert not sum(result.blanks.values())


def test_a_column_that_matters_keeps_its_values():
    table = pa.table({"x": ["a", "b", "c", "d"], "y": ["e", "f", "g", "h"]})
    assert suppress_values(table, ("x", "y"), 4, importance={"x": 3.0}).blanks == {"x": 4, "y": 4}
    pairs = pa.table({"x": ["a", "a", "b", "b"], "y": ["e", "f", "e", "f"]})
    assert suppress_values(pairs, ("x", "y"), 2, importance={"x": 3.0}).blanks == {"x": 0, "y": 4}
    assert suppress_values(pairs, ("x", "y"), 2, importance={"y": 3.0}).blanks == {"x": 4, "y": 0}


def test_fewer_blanks_than_sdcmicro_under_its_reading_and_a_strict_count_beside_it():
    records = pyarrow.csv.read_csv(shared("cases", "records", "sdcmicro_testdata", "testdata2.csv"))
    wild = suppress_values(records, KEYS, 2, blanks="wildcard")
    assert wild.smallest >= 2
    assert sum(wild.blanks.values()) <= 97  # sdcMicro's localSuppression
    strict = suppress_values(records, KEYS, 2)
    assert strict.smallest >= 2
    assert sum(strict.blanks.values()) <= 140
