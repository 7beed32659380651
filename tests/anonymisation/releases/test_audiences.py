"""Several audiences: each keeps its guarantee beside what the ones before it show."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from anonymisation import CountTable, Policy, ProtectionError, TableError, protect
from anonymisation.releases import Audience, Release, attack_releases, protect_audiences
from tests.anonymisation.releases.histories import State, histories
from tests.anonymisation.systems import flat

PUBLIC, PARTNERS = Policy(threshold=5), Policy(threshold=3)


def renamed(tables: list[CountTable], prefix: str) -> list[CountTable]:
    return [CountTable(f"{prefix}_{t.name}", t.measure, t.axes, t.counts) for t in tables]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(most=3), st.integers(1, 3))
def test_partners_who_hold_the_public_tables_learn_no_more_than_their_policy_allows(history: list[State], few: int) -> None:
    """The public sees the first tables, partners all; over several releases, each audience holding its own."""
    public_held: list[Release] = []
    partners_held: list[Release] = []
    for number, (tables, hierarchies) in enumerate(history):
        audiences = [
            Audience("public", renamed(tables[:few], "p"), PUBLIC, public_held),
            Audience("partners", renamed(tables, "q"), PARTNERS, partners_held),
        ]
        try:
            protections = protect_audiences(audiences, hierarchies)
        except ProtectionError:
            assume(number > 0)
            return
        public, partners = (list(protections[name].tables.values()) for name in ("public", "partners"))
        public_held = [*public_held, Release(f"v{number}", public, hierarchies)]
        partners_held = [*partners_held, Release(f"v{number}", [*public, *partners], hierarchies)]
        assert attack_releases(public_held, 5).findings == ()
        assert attack_releases(partners_held, 3).findings == ()
        for one, other in zip(public, partners, strict=False):
            assert (other.published | ~one.published).all()


def test_partners_are_not_given_the_difference_to_a_public_total() -> None:
    """The public table withholds p and one partner; the partner is large enough for partners, but would tell p."""
    a = flat("a", "p", "q", "r")
    counts = np.array([37, 2, 5, 30])
    public = protect([CountTable("public", "m", {"a": a.codes}, counts)], {"a": a}, PUBLIC).tables["public"]
    assert not public.published[1] and public.published.sum() == 2
    both = protect_audiences(
        [
            Audience("public", [CountTable("public", "m", {"a": a.codes}, counts)], PUBLIC),
            Audience("partners", [CountTable("partners", "m", {"a": a.codes}, counts)], PARTNERS),
        ],
        {"a": a},
    )
    assert both["partners"].tables["partners"].published.tolist() == public.published.tolist()


def test_audiences_are_given_from_those_who_see_least() -> None:
    a = flat("a", "p", "q", "r")
    table = CountTable("t", "m", {"a": a.codes}, np.array([37, 2, 5, 30]))
    other = CountTable("u", "m", {"a": a.codes}, np.array([37, 2, 5, 30]))
    with pytest.raises(TableError, match="higher threshold"):
        protect_audiences([Audience("partners", [table], PARTNERS), Audience("public", [other], PUBLIC)], {"a": a})
    with pytest.raises(TableError, match="two tables"):
        protect_audiences([Audience("public", [table], PUBLIC), Audience("partners", [table], PARTNERS)], {"a": a})
