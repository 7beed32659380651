"""Outcomes for statisticians, statements for everyone: the first say all, the second nothing that undoes the protection."""

import json
import re

import numpy as np
import pytest

from anonymisation import CountTable, Policy, PublishedTable, attack, protect
from anonymisation.appetite import load_appetite
from anonymisation.disclosure import describe, describe_records, disclosure, kind_of
from anonymisation.outcomes import outcomes
from anonymisation.perturbation import CellKey, Rounding, TenFive, apply, known_intervals
from anonymisation.primary import GroupDisclosure, Singletons
from anonymisation.records import DistinctLDiversity, EntropyLDiversity, RecordPolicy, RecursiveLDiversity, TCloseness
from tests.anonymisation.systems import flat

HIERARCHIES = {"a": flat("a", *"pqrs"), "b": flat("b", *"wxyz")}
AXES = {name: hierarchy.codes for name, hierarchy in HIERARCHIES.items()}
LEAVES = np.array([[1, 22, 0, 13], [14, 17, 21, 9], [30, 41, 2, 10], [16, 12, 11, 40]])


def table() -> CountTable:
    rows = np.concatenate([LEAVES.sum(axis=0, keepdims=True), LEAVES])
    return CountTable("t", "n", AXES, np.concatenate([rows.sum(axis=1, keepdims=True), rows], axis=1))


def protected(policy):
    """The result of a policy, and the verdict on it."""
    tables = [table()]
    if kind_of(policy) == "suppression":
        result = protect(tables, HIERARCHIES, policy)
        shown = [PublishedTable(t.name, t.measure, t.axes, t.values, t.published) for t in result.tables.values()]
        return result, attack(shown, HIERARCHIES, policy.threshold)
    keys = np.random.default_rng(5).integers(0, 2**32, tables[0].counts.shape)
    result = apply(tables, HIERARCHIES, policy, keys={"t": keys} if isinstance(policy, CellKey) else None)
    return result, known_intervals(list(result.tables.values()), HIERARCHIES, policy, result.distance)


@pytest.mark.parametrize("name", load_appetite())
def test_every_preset_has_a_statement_of_numbers_of_cells_and_words(name):
    policy = load_appetite()[name].policy
    result, verdict = protected(policy)
    statement = disclosure(name, policy, result, verdict)
    assert json.loads(json.dumps(statement)) == statement
    assert statement["policy"] == name and statement["guarantee"] and statement["method"] and statement["sources"]
    withheld = int((~result.tables["t"].published).sum())
    assert statement["tables"] == [
        {"table": "t", "measure": "n", "cells": 25, "withheld": withheld, "share_withheld": round(withheld / 25, 4)}
    ]
    if name in ("datastore-public", "safestats-partner", "rounding-3", "rounding-5", "ons-10-5", "nhs-1-7"):
        assert statement["not_guaranteed"] is None and statement["audit"]["disclosed"] == 0
    else:
        assert statement["not_guaranteed"]


def test_a_rule_that_gives_counts_away_says_so_with_what_the_attack_found():
    policy = TenFive("none")
    result, verdict = protected(policy)
    statement = disclosure("ons-10-5-as-stated", policy, result, verdict)
    assert statement["audit"]["narrowed"] == verdict.narrowed > 0
    assert "Not guaranteed" in statement["not_guaranteed"]


def test_a_statement_tells_no_seed_no_key_no_bound_of_noise_and_not_which_cells_are_small():
    told = json.dumps([describe(entry.policy) for entry in load_appetite().values()])
    for word in ("seed", "secret", "primary", "secondary suppress", "maximum", "smallest", "cost"):
        assert not re.search(rf'"{word}|{word}"', told), word
    for policy in (Rounding(5, seed=987654321), CellKey(maximum=7, variance=2.5, smallest=1)):
        result, verdict = protected(policy)
        statement = disclosure("x", policy, result, verdict)
        assert "987654321" not in json.dumps(statement)
        assert statement["parameters"] in ({"variance": 2.5}, {"base": 5, "distance": 4})
    # Two seeds, two ways in which the same counts came about: one statement.
    statements = []
    for seed in (1, 2):
        result, verdict = protected(Rounding(5, seed))
        statements.append({**disclosure("x", Rounding(5, seed), result, verdict), "audit": None})
    assert statements[0] == statements[1]


def test_outcomes_say_for_each_cell_what_rule_applied_and_what_became_of_it():
    counts = table().counts.ravel()
    for name, entry in load_appetite().items():
        result, _ = protected(entry.policy)
        frame = outcomes([table()], HIERARCHIES, result.tables, entry.policy, name)["t"]
        assert list(frame.columns) == ["a", "b", "policy", "rule", "outcome"] and len(frame) == 25
        assert set(frame["policy"]) == {name}
        shown, values = result.tables["t"].published.ravel(), result.tables["t"].values.ravel()
        assert (frame["outcome"].str.startswith("withheld").to_numpy() == ~shown).all()
        if hasattr(entry.policy, "threshold"):
            small = (counts > 0) & (counts < entry.policy.threshold)
            assert ((frame["outcome"] == "withheld (primary)").to_numpy() == small).all()
            assert ((frame["rule"] == "threshold").to_numpy() == small).all()
            assert ((frame["rule"] == "protects others").to_numpy() == ~shown & ~small).all()
        if kind_of(entry.policy) != "suppression":
            assert ((frame["outcome"] == "raised").to_numpy() == shown & (values > counts)).all()
            assert ((frame["outcome"] == "lowered").to_numpy() == shown & (values < counts)).all()


def test_a_margin_in_one_category_is_withheld_by_its_own_rule_and_the_statement_promises_it():
    lone = CountTable("t", "n", AXES, np.array(
        [[60, 20, 20, 20, 0], [20, 20, 0, 0, 0], [20, 0, 20, 0, 0], [20, 0, 0, 20, 0], [0, 0, 0, 0, 0]]
    ))  # fmt: skip
    policy = Policy(zeros="available", rules=(GroupDisclosure("b"), Singletons()))
    frame = outcomes([lone], HIERARCHIES, protect([lone], HIERARCHIES, policy).tables, policy, "own")["t"]
    by_rule = frame[frame["rule"] == "group disclosure"]
    assert len(by_rule) and set(by_rule["outcome"]) == {"withheld (primary)"}
    zeros = lone.counts.ravel() == 0
    assert set(frame[zeros & frame["outcome"].str.startswith("withheld")]["rule"]) <= {"protects others", "group disclosure"}
    assert "one category of b" in describe(policy)["guarantee"] and "knowing of herself" in describe(policy)["guarantee"]


def test_results_that_may_be_published_hold_no_outcome():
    result, _ = protected(TenFive())
    assert set(vars(result)) == {"tables", "summary", "additive", "distance"}
    assert set(result.summary["t"]) == {"cells", "withheld", "beyond"}
    assert set(vars(result.tables["t"])) == {"name", "measure", "axes", "values", "published"}
    assert (result.tables["t"].values[~result.tables["t"].published] == 0).all()


def test_a_policy_for_records_is_told_with_its_models_and_numbers():
    models = {"illness": (DistinctLDiversity(2), TCloseness(0.3, order=("a", "b"))), "debt": (EntropyLDiversity(2.5), RecursiveLDiversity(3.0, 2))}
    policy = RecordPolicy(("age", "place"), k=7, sensitive=models, recoding="local")
    told = describe_records(policy)
    assert json.loads(json.dumps(told)) == told
    assert "age and place" in told["guarantee"] and "at least 7 records" in told["guarantee"] and "illness has at least 2 different values" in told["guarantee"]
    assert "distance of 0.3" in told["guarantee"] and "rarer than 3.0 times all from number 2 on" in told["guarantee"]
    assert told["parameters"]["sensitive"] == {
        "illness": [{"model": "distinct l-diversity", "l": 2}, {"model": "t-closeness", "t": 0.3}],
        "debt": [{"model": "entropy l-diversity", "l": 2.5}, {"model": "recursive (c,l)-diversity", "c": 3.0, "l": 2}],
    }
    assert len(told["sources"]) == 4 and told["method"].startswith("Local recoding") and told["not_guaranteed"]
    whole = describe_records(RecordPolicy(("age",), k=5, max_suppressed=0.1, loss="entropy"))
    assert "knows age of" in whole["guarantee"] and "10% of the records" in whole["method"] and "entropy" in whole["method"]
    assert len(whole["sources"]) == 2
