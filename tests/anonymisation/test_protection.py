"""What ``protect`` promises, attacked from outside."""

import os
import pickle
import subprocess
import sys
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anonymisation import CountTable, Hierarchy, Policy, ProtectionError, TableError, attack, protect
from anonymisation.primary import Singletons
from tests.anonymisation.systems import flat, linked, months, read_case, table
from tests.paths import REPOSITORY, shared

RANDOM = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@RANDOM
@given(linked())
def test_protected_tables_keep_the_contract_and_hold_no_withheld_value(system: tuple) -> None:
    tables, hierarchies = system
    result = protect(tables, hierarchies, Policy(5))
    for before in tables:
        after = result.tables[before.name]
        assert not ((after.values > 0) & (after.values < 5))[after.published].any()
        assert after.published[before.counts == 0].all()
        assert (after.values[after.published] == before.counts[after.published]).all()
        assert (after.values[~after.published] == 0).all()
        again = pickle.loads(pickle.dumps(after))
        assert (again.values[~again.published] == 0).all()
        frame = after.frame()
        assert (frame["offences"].isna() == (frame["offences_status"] == "c")).all()
        assert len(frame) == before.counts.size
    verdict = attack(list(result.tables.values()), hierarchies, 5)
    assert verdict.findings == ()


@RANDOM
@given(linked(), st.randoms(use_true_random=False))
def test_what_must_stay_published_stays_or_is_refused(system: tuple, random: object) -> None:
    tables, hierarchies = system
    keep = {t.name: np.array([random.random() < 0.1 for _ in range(t.counts.size)]).reshape(t.counts.shape) for t in tables}
    keep = {t.name: keep[t.name] & ((t.counts == 0) | (t.counts >= 5)) for t in tables}
    try:
        result = protect(tables, hierarchies, Policy(5), published=keep)
    except ProtectionError:
        return
    for t in tables:
        assert result.tables[t.name].published[keep[t.name]].all()
    assert attack(list(result.tables.values()), hierarchies, 5).disclosed == 0


def patterns() -> str:
    """The patterns of two linked tables of a few hundred records, with and without singletons, in digits."""
    hierarchies = {"offence": flat("offence", "x", "y", "z"), "area": flat("area", *"ABCDE"), "month": months(5)}
    random = Random(1)
    records = [{d: h.leaves[min(random.randrange(8), random.randrange(len(h.leaves)))] for d, h in hierarchies.items()} for _ in range(400)]
    axes = {d: h.codes for d, h in hierarchies.items()}
    tables = [table(name, hierarchies, {d: axes[d] for d in (name, "month")}, records) for name in ("area", "offence")]
    tables.append(table("all", hierarchies, axes, records))
    results = [protect(tables, hierarchies, Policy(5, rules=rules)) for rules in ((), (Singletons(),))]
    return " ".join("".join(map(str, one.published.ravel().astype(int))) for result in results for one in result.tables.values())


def test_the_pattern_is_the_same_in_every_process() -> None:
    """Sets and dictionaries of text come in another order where texts are hashed in another way."""
    program = "from tests.anonymisation.test_protection import patterns; print(patterns())"
    found = [
        subprocess.run(
            [sys.executable, "-c", program], cwd=REPOSITORY, env=os.environ | {"PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True
        ).stdout
        for seed in ("1", "2", "3")
    ]
    assert len(set(found)) == 1 and set(found[0].split()[0]) == {"0", "1"}


def test_a_rise_and_a_fall_together_protect_what_neither_does_alone() -> None:
    hierarchies = {"a": flat("a", "a1", "a2"), "o": flat("o", "o0", "o1", "o2", "o3")}
    counts = np.zeros((3, 5), int)
    counts[1:, 1:] = [[0, 3, 2, 1], [3, 0, 1, 0]]
    counts[0], counts[:, 0] = counts.sum(0), 0
    counts[:, 0] = counts.sum(1)
    keep = np.zeros((3, 5), bool)
    keep[0, 0] = True
    one = CountTable("t", "m", {d: h.codes for d, h in hierarchies.items()}, counts)
    result = protect([one], hierarchies, Policy(5), published={"t": keep})
    assert result.tables["t"].published[0, 0]
    assert attack(list(result.tables.values()), hierarchies, 5).findings == ()


def test_totals_stay_published_where_possible() -> None:
    case, hierarchies = read_case(shared("cases", "tables", "t1k"))
    result = protect([case], hierarchies, Policy(5))
    after = result.tables["case"]
    assert attack([after], hierarchies, 5).findings == ()
    assert after.published.reshape(-1)[0]
    assert int((~after.published).sum()) < 500


LEVELS = Hierarchy(
    "a", ["total", "b1", "w1", "w2", "w3"], "total", {"parent": {"b1": "total", "w1": "b1", "w2": "b1", "w3": "b1"}}
)


def test_a_sum_that_skips_a_level_is_a_sum() -> None:
    axes = {"a": ("total", "w1", "w2", "w3")}
    result = protect([CountTable("t", "m", axes, np.array([33, 3, 10, 20]))], {"a": LEVELS}, Policy(5))
    assert (~result.tables["t"].published).sum() > 1
    with pytest.raises(TableError, match="do not add up"):
        protect([CountTable("t", "m", axes, np.array([99, 3, 10, 20]))], {"a": LEVELS}, Policy(5))


def test_bad_tables_are_refused_with_a_reason() -> None:
    import pandas as pd

    one = flat("a", "x", "y")
    axes = {"a": one.codes}
    with pytest.raises(TableError, match="do not add up"):
        protect([CountTable("t", "m", axes, np.array([10, 1, 2]))], {"a": one}, Policy(5))
    with pytest.raises(TableError, match="disagrees"):
        protect(
            [CountTable("t", "m", axes, np.array([9, 4, 5])), CountTable("u", "m", axes, np.array([9, 5, 4]))],
            {"a": one},
            Policy(5),
        )
    with pytest.raises(TableError, match="two tables have the name 't'"):
        protect([CountTable("t", m, axes, np.array([9, 4, 5])) for m in ("m", "n")], {"a": one}, Policy(5))
    with pytest.raises(TableError, match="no table has the name"):
        protect([CountTable("t", "m", axes, np.array([9, 4, 5]))], {"a": one}, Policy(5), published={"T": np.ones(3)})
    with pytest.raises(TableError, match="negative"):
        CountTable("t", "m", axes, np.array([1, -1, 2]))
    for values, reason in (([9, 4], "is missing"), ([9, 4, 5.5], "whole number"), ([9, 4, None], "is empty")):
        frame = pd.DataFrame({"a": list(one.codes)[: len(values)], "b": ["p"] * len(values), "count": values})
        if len(values) == 2:
            frame = pd.DataFrame({"a": ["total", "x", "x"], "b": ["p", "p", "q"], "count": [1, 1, 1]})
        with pytest.raises(TableError, match=reason):
            CountTable.from_frame("t", "m", ["a", "b"], frame)
