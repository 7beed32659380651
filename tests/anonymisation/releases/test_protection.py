"""Protection of a release beside those that readers hold: the joint attack finds nothing, and nothing is taken back."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from anonymisation import CountTable, Policy, ProtectionError, attack, protect
from anonymisation.primary import Singletons
from anonymisation.releases import Release, ReleaseRefusedError, attack_releases, protect_release
from tests.anonymisation.releases.histories import State, histories
from tests.anonymisation.systems import flat


def line(name: str, counts: dict[str, int]) -> State:
    codes = [code for code in counts if code != "total"]
    hierarchy = flat("a", *codes)
    total = sum(counts[code] for code in codes)
    return [CountTable(name, "m", {"a": hierarchy.codes}, np.array([total, *(counts[c] for c in codes)]))], {"a": hierarchy}


def published(name: str, state: State, protection, policy: Policy = Policy()) -> Release:
    return Release(name, list(protection.tables.values()), state[1], least=dict.fromkeys(protection.tables, policy.least))


def shown(release: Release, code: str) -> int | None:
    (table,) = release.tables
    place = table.axes["a"].index(code)
    return int(table.values[place]) if table.published[place] else None


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), st.sampled_from([Policy(), Policy(), Policy(zeros="available")]))
def test_no_release_tells_with_the_others_what_it_withholds(history: list[State], policy: Policy) -> None:
    held: list[Release] = []
    for number, state in enumerate(history):
        try:
            protection = protect_release(*state, policy, held)
        except ProtectionError as error:
            # A refusal needs an earlier release, or a table in which nothing can be protected at all.
            assume(held)
            assert isinstance(error, ReleaseRefusedError)
            return
        held.append(published(f"v{number}", state, protection, policy))
        assert attack_releases(held, 5, [f"v{number}"]).findings == ()
        assert all(attack_releases(two, 5).findings == () for two in combinations(held, 2))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(most=3))
def test_who_is_counted_alone_learns_nothing_from_a_later_release_either(history: list[State]) -> None:
    policy, held = Policy(rules=(Singletons(),)), []
    for number, (tables, hierarchies) in enumerate(history):
        try:
            protection = protect_release(tables, hierarchies, policy, held)
        except ProtectionError:
            return
        held.append(published(f"v{number}", (tables, hierarchies), protection))
        alone = {table.name: table.counts == 1 for table in tables}
        assert not attack(held[-1].tables, hierarchies, policy.threshold, singletons=alone).findings


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(most=2), st.just(None))
def test_what_has_not_changed_keeps_its_pattern(history: list[State], _: None) -> None:
    state = history[0]
    try:
        first = protect_release(*state, Policy())
    except ProtectionError:
        assume(False)
    again = protect_release(*state, Policy(), [published("v0", state, first)])
    for name, table in first.tables.items():
        assert (again.tables[name].published == table.published).all()
        assert (again.tables[name].values == table.values).all()


def test_a_new_month_is_not_the_difference_of_two_totals() -> None:
    counts = {"jan": 20, "feb": 3, "mar": 10, "dec": 12}
    old = line("t", counts)
    held = [published("1", old, protect_release(*old, Policy()))]
    new = line("t", counts | {"apr": 2})
    naive = published("2", new, protect(*new, Policy()))
    assert attack_releases([*held, naive], 5).disclosed
    good = published("2", new, protect_release(*new, Policy(), held))
    assert attack_releases([*held, good], 5).findings == ()
    assert [shown(good, code) for code in ("jan", "feb", "mar", "dec")] == [shown(held[0], c) for c in ("jan", "feb", "mar", "dec")]
    assert shown(good, "total") is None and shown(good, "apr") is None


def test_a_count_that_falls_below_the_threshold_takes_what_tells_it_with_it() -> None:
    old = line("t", {"p": 20, "q": 7, "r": 10})
    held = [published("1", old, protect_release(*old, Policy()))]
    new = line("t", {"p": 20, "q": 3, "r": 10})
    good = published("2", new, protect_release(*new, Policy(), held))
    assert (shown(good, "p"), shown(good, "q"), shown(good, "r"), shown(good, "total")) == (20, None, 10, None)


def test_what_is_published_and_has_not_changed_is_not_taken_back() -> None:
    """The total has not changed, so that the two revised parts tell each other; both small, nothing else can help."""
    old = line("t", {"p": 20, "q": 3 + 4, "r": 10, "s": 5})
    held = [published("1", old, protect_release(*old, Policy()))]
    new = line("t", {"p": 20, "q": 7, "r": 13, "s": 2})
    with pytest.raises(ReleaseRefusedError) as refusal:
        protect_release(*line("t", {"p": 20, "q": 7, "r": 10, "s": 5}), Policy(threshold=6), held)
    assert refusal.value.cells == (("m", {"a": "s"}),)
    assert "5" not in str(refusal.value) and "a=s" in str(refusal.value)
    good = published("2", new, protect_release(*new, Policy(), held))
    assert (shown(good, "total"), shown(good, "r"), shown(good, "s")) == (42, None, None)
