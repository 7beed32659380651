"""Cell keys: the noise has the distribution asked for, follows the records of a cell, and tells nobody the secret."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymisation import TableError
from anonymisation.perturbation import CellKey, apply, keyed_table
from anonymisation.perturbation.cell_key import add_noise
from anonymisation.perturbation.ptable import NoiseError, perturbation_table
from tests.anonymisation.systems import flat

SECRET = b"a secret of enough bytes"
HIERARCHIES = {"area": flat("area", "p", "q", "r"), "sex": flat("sex", "f", "m"), "age": flat("age", "1", "2", "3", "4")}


def records(size: int, seed: int = 1) -> pa.Table:
    draw = np.random.default_rng(seed)
    return pa.table(
        {name: draw.choice(hierarchy.leaves, size) for name, hierarchy in HIERARCHIES.items()}
        | {"id": [f"record {i}" for i in range(size)]}
    )


def keyed(source, *dimensions: str, name: str = "t", secret: bytes = SECRET):
    axes = {d: HIERARCHIES[d].codes for d in dimensions}
    return keyed_table(source, name, "n", axes, HIERARCHIES, identifier="id", secret=secret)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10), st.integers(0, 4), st.floats(0.05, 0.95))
def test_noise_has_mean_zero_and_the_variance_and_reaches_no_small_count(maximum, smallest, share):
    if smallest >= maximum:
        return
    noise = np.arange(-maximum, maximum + 1)
    variance = share * maximum * (smallest + 1)
    try:
        table = perturbation_table(maximum, variance, smallest).probabilities
    except NoiseError as error:
        assert "variance" in str(error)
        return
    assert np.allclose(table.sum(axis=1), 1) and (table >= 0).all()
    assert np.allclose(table @ noise, 0, atol=1e-7)
    assert np.allclose(table[1:] @ noise**2, variance, atol=1e-6) and table[0, maximum] == 1
    for count, row in enumerate(table):
        reached = count + noise[row > 0]
        assert (reached >= 0).all() and not ((reached >= 1) & (reached <= smallest)).any()
    assert np.allclose(table[-1], table[-1][::-1])  # a large count has symmetric noise


def test_the_published_example_of_the_r_package_ptable():
    # ptable, Introduction: D=2, V=1.08, js=1; a count of 1 becomes 0, 2, 3 with 0.5133, 0.46, 0.0267.
    row = perturbation_table(2, 1.08, 1).probabilities[1]
    assert row == pytest.approx([0, 0.5133, 0, 0.46, 0.0267], abs=1e-4)


def test_no_other_distribution_of_the_same_moments_has_more_entropy():
    table = perturbation_table(5, 3.0, 2).probabilities
    noise, draw = np.arange(-5, 6), np.random.default_rng(1)
    for row in table[1:]:
        support = row > 0
        moments = np.stack([np.ones(support.sum()), noise[support], noise[support] ** 2])
        null = np.linalg.svd(moments)[2][3:]
        entropy = -(row[support] * np.log(row[support])).sum()
        for direction in draw.normal(size=(20, len(null))) @ null:
            other = row[support] + direction * 0.3 * (row[support] / np.abs(direction).clip(1e-9)).min()
            assert -(other * np.log(other)).sum() <= entropy + 1e-12


def test_impossible_noise_is_refused_with_what_is_possible():
    with pytest.raises(NoiseError, match="above 2 and below 5"):
        perturbation_table(5, 1.0, 2)


def test_counts_are_those_of_the_records_and_drawn_noise_has_the_moments():
    assert keyed(records(40_000), "area", "sex", "age").counts.counts[0, 0, 0] == 40_000
    draw = np.random.default_rng(2)
    counts, keys = draw.integers(1, 40, 200_000), draw.integers(0, 2**32, 200_000)
    values = add_noise(counts, keys, CellKey())
    noise = values - counts
    assert abs(noise.mean()) < 0.02 and abs(noise.var() - 3.0) < 0.05 and np.abs(noise).max() <= 5
    assert not np.isin(values, [1, 2]).any()


def test_keys_are_uniform_and_add_up_to_the_margins():
    source = records(5_000)
    single = keyed_table(
        source, "t", "n", {"id": ("total", *source["id"].to_pylist())}, {"id": flat("id", *source["id"].to_pylist())},
        identifier="id", secret=SECRET,
    )  # fmt: skip
    shares = single.keys[1:] / 2**32
    assert abs(shares.mean() - 0.5) < 0.02 and abs(np.histogram(shares, 10, (0, 1))[0] - 500).max() < 100
    table = keyed(source, "area", "sex")
    assert ((table.keys[1:].astype(np.uint64).sum(axis=0) - table.keys[0]) % 2**32 == 0).all()
    assert ((table.keys[:, 1:].astype(np.uint64).sum(axis=1) - table.keys[:, 0]) % 2**32 == 0).all()


def test_a_cell_has_the_same_value_in_every_table_in_any_order_and_zeros_stay():
    source = records(60)
    shuffled = source.take(np.random.default_rng(3).permutation(60))
    relation = duckdb.connect().from_arrow(shuffled)
    first, second = keyed(source, "area", "sex", name="a"), keyed(relation, "sex", "age", name="b")
    together = apply(
        [first.counts, second.counts], HIERARCHIES, CellKey(), keys={"a": first.keys, "b": second.keys}
    )
    alone = apply([second.counts], HIERARCHIES, CellKey(), keys={"b": second.keys})
    assert (together.tables["b"].values == alone.tables["b"].values).all()
    assert (together.tables["a"].values[0] == together.tables["b"].values[:, 0]).all()  # by sex in both
    cube = keyed(source, "area", "sex", "age")
    values = apply([cube.counts], HIERARCHIES, CellKey(), keys={"t": cube.keys}).tables["t"].values
    assert (values[cube.counts.counts == 0] == 0).all() and (cube.counts.counts == 0).any()
    assert not together.additive


def test_another_secret_draws_other_noise_and_no_result_or_error_holds_it():
    source = records(500)
    one, other = keyed(source, "area", "age"), keyed(source, "area", "age", secret=b"another secret of bytes")
    assert (one.keys != other.keys).all()
    result = apply([one.counts], HIERARCHIES, CellKey(), keys={"t": one.keys})
    assert "secret" not in repr(one) + repr(result) and str(one.keys[0, 0]) not in repr(one) + repr(result)
    with pytest.raises(TableError) as caught:
        keyed(source.drop(["age"]), "area", "age")
    assert "secret of" not in str(caught.value) and "age" in str(caught.value) and caught.value.__suppress_context__


def test_records_that_cannot_be_keyed_are_refused():
    source = records(10)
    with pytest.raises(TableError, match="fewer than 16 bytes"):
        keyed(source, "area", secret=b"short")
    with pytest.raises(TableError, match="is not a code of 'area'"):
        keyed(source.set_column(0, "area", pa.array(["elsewhere"] * 10)), "area")
    nameless = source.set_column(source.schema.get_field_index("id"), "id", pa.array([None] * 10, pa.string()))
    with pytest.raises(TableError, match="have no 'id'"):
        keyed(nameless, "area")


def test_tables_without_keys_or_with_keys_of_other_records_are_refused():
    table, other = keyed(records(50), "area", name="a"), keyed(records(50), "area", name="b", secret=b"x" * 20)
    with pytest.raises(TableError, match="needs a key"):
        apply([table.counts], HIERARCHIES, CellKey())
    with pytest.raises(TableError, match="same record keys"):
        apply([table.counts, other.counts], HIERARCHIES, CellKey(), keys={"a": table.keys, "b": other.keys})
