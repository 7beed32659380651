"""Two audiences in every order: whoever is shown more holds the public versions too, whichever came first.

Each pattern here is safe by itself and for its own audience; only readers of both can subtract them.
"""

from dataclasses import replace

import numpy as np
import pytest

from anonymisation import protect
from tests.release.packages import INPUTS, MIXED, PRODUCT, count
from vawg_opendata.release import ReleaseError, audit, publish

PARTNERS = replace(PRODUCT, name="victims-partners", audience="safestats")
LATER = {cell: number + 5 for cell, number in MIXED.items()} | {("70-79", "2024-01"): 2, ("80-and-over", "2024-02"): 3}


def two_patterns(statistics):
    """Two ways to protect the same counts, with other partners of the same small counts."""
    (table,) = statistics.counts.values()
    hierarchies = statistics.outline.hierarchies(table.measure)
    first = protect([table], hierarchies, PRODUCT.policy).tables
    partners = ~first[table.name].published & (table.counts >= PRODUCT.policy.threshold)
    second = protect([table], hierarchies, PRODUCT.policy, weights={table.name: np.where(partners, 1000.0, 1.0)}).tables
    assert (first[table.name].published != second[table.name].published).any()
    return first, second


def published(folder, product, statistics, tables):
    return publish(product, statistics.outline, tables, INPUTS, folder, synthetic=False)


@pytest.mark.parametrize("order", [(PARTNERS, PRODUCT), (PRODUCT, PARTNERS)], ids=["partners first", "public first"])
def test_a_second_audience_is_not_shown_other_partners_of_the_same_counts(tmp_path, order):
    folder, statistics = tmp_path / "published", count(tmp_path, MIXED)
    first, second = two_patterns(statistics)
    published(folder, order[0], statistics, first)
    with pytest.raises(ReleaseError) as refusal:
        published(folder, order[1], statistics, second)
    assert any("disclosed" in fault for fault in refusal.value.faults)
    assert not (folder / order[1].audience / order[1].name / "1.0.0").exists()
    published(folder, order[1], statistics, first)
    assert audit([folder]).ok


@pytest.mark.parametrize("last", [PARTNERS, PRODUCT], ids=["partners last", "public last"])
def test_each_audience_in_turn_is_protected_from_readers_of_all_versions(tmp_path, last):
    """Partners at t1, the public at t2, and at t3 either again: what is withheld has not changed, its partners would tell it."""
    folder, statistics = tmp_path / "published", count(tmp_path, MIXED)
    first, second = two_patterns(statistics)
    published(folder, PARTNERS, statistics, first)
    published(folder, PRODUCT, statistics, first)
    with pytest.raises(ReleaseError) as refusal:
        published(folder, last, statistics, second)
    assert any("disclosed" in fault for fault in refusal.value.faults)
    later = count(tmp_path, LATER)
    version = published(folder, last, later, with_counts(first, later))
    assert version.is_new and audit([folder]).ok


def test_versions_of_two_audiences_with_revised_counts_are_attacked_together(tmp_path):
    """The public counts are revised, but for the small one and its partners: the other partners tell partners what is withheld."""
    folder, statistics = tmp_path / "published", count(tmp_path, MIXED)
    first, second = two_patterns(statistics)
    published(folder, PARTNERS, statistics, first)
    later = count(tmp_path, MIXED | {("10-19", "2024-01"): 25})
    with pytest.raises(ReleaseError) as refusal:
        published(folder, PRODUCT, later, with_counts(second, later))
    assert any(", given " in fault for fault in refusal.value.faults)
    published(folder, PRODUCT, later, with_counts(first, later))
    assert audit([folder]).ok


def with_counts(patterns, statistics):
    """The same patterns on other counts."""
    tables = statistics.counts
    return {name: replace(one, values=np.where(one.published, tables[name].counts, one.values)) for name, one in patterns.items()}
