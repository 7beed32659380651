"""The linkage attack against enumeration, and on Adult as ARX generalises it."""

import csv
import itertools
from collections import Counter

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anonymisation.measures import MeasureError, link, measure
from tests.paths import shared

TREES = {
    "x": [["a", "ab", "*"], ["b", "ab", "*"], ["c", "c", "*"]],
    "y": [["1", "low"], ["2", "low"], ["3", "high"]],
}
ABOVE = {name: {row[0]: {*row, "*", None} for row in rows} for name, rows in TREES.items()}


@st.composite
def releases(draw):
    """People with true values, and records of some of them, each value left, raised or blanked by itself."""
    people = draw(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("123")), min_size=1, max_size=5))
    records = []
    for person in people[: draw(st.integers(1, len(people)))]:
        values = [draw(st.sampled_from([*row, "*", None])) for name, value in zip("xy", person) for row in TREES[name] if row[0] == value]
        records.append((*values, draw(st.sampled_from(["s", "t", None]))))
    return people, records


def could_be(record, person):
    return all(record[i] in ABOVE[name][person[i]] for i, name in enumerate("xy"))


def frames(people, records):
    return pd.DataFrame(records, columns=["x", "y", "s"], dtype="str"), pd.DataFrame(people, columns=["x", "y"], dtype="str")


def check(found, people, candidates, records):
    """``candidates``: by person, the records that could be hers."""
    expected = Counter()
    for own in candidates:
        values = Counter(records[i][2] for i in own if records[i][2] is not None)
        expected[len(own), max(values.values(), default=0) / max(len(own), 1)] += 1
    ours = Counter()
    for number, matches, share in zip(found.people, found.matches, found.shares["s"], strict=True):
        ours[int(matches), float(share)] += int(number)
    assert ours == expected
    assert found.unmatched == sum(not own for own in candidates)
    assert found.fewest == min((len(own) for own in candidates if own), default=0)
    assert found.learnt("s") == sum(
        bool(own) and len({records[i][2] for i in own}) == 1 and records[own[0]][2] is not None for own in candidates
    )


@settings(max_examples=35, deadline=None)
@given(releases())
def test_matches_are_those_of_trying_every_pair(release):
    people, records = release
    found = link(*frames(people, records), ["x", "y"], ["s"], TREES)
    check(found, people, [[i for i, record in enumerate(records) if could_be(record, person)] for person in people], records)
    per_record = Counter({sum(could_be(record, person) for person in people): 0 for record in records})
    for record in records:
        per_record[sum(could_be(record, person) for person in people)] += 1
    ours = Counter()
    for number, candidates in zip(found.records, found.candidates, strict=True):
        ours[int(candidates)] += int(number)
    assert ours == per_record


@settings(max_examples=35, deadline=None)
@given(releases())
def test_who_knows_everybody_keeps_the_pairs_of_some_whole_assignment(release):
    people, records = release
    possible = {
        (who, record)
        for whole in itertools.permutations(range(len(people)), len(records))
        if all(could_be(records[i], people[who]) for i, who in enumerate(whole))
        for record, who in enumerate(whole)
    }
    found = link(*frames(people, records), ["x", "y"], ["s"], TREES, everybody=True)
    check(found, people, [[i for i in range(len(records)) if (who, i) in possible] for who in range(len(people))], records)


def test_blanks_read_as_wildcards_do_not_protect_from_who_knows_everybody():
    # Each person matches two records when blanks match all; but the record "b" is nobody else's than b's.
    published = pd.DataFrame({"x": ["a", None, "b", None], "s": ["1", "2", "3", "4"]})
    people = pd.DataFrame({"x": ["a", "a", "b", "c"]})
    assert link(published, people, ["x"], ["s"]).fewest == 2
    one_by_one = link(published, people, ["x"], ["s"])
    together = link(published, people, ["x"], ["s"], everybody=True)
    assert (one_by_one.learnt("s"), together.learnt("s")) == (0, 1)


def test_a_record_that_is_nobodys_and_a_value_of_no_hierarchy_are_refused():
    people = pd.DataFrame({"x": ["a", "a"]})
    with pytest.raises(MeasureError, match="1 records are nobody's"):
        link(pd.DataFrame({"x": ["b", "a"]}), people, ["x"], hierarchies=TREES, everybody=True)
    with pytest.raises(MeasureError, match="'ac' is in no row"):
        link(pd.DataFrame({"x": ["ac"]}), people, ["x"], hierarchies=TREES)
    with pytest.raises(MeasureError, match="'a' stands for different values"):
        link(pd.DataFrame({"x": ["a"]}), people, ["x"], hierarchies={"x": [["a", "a"], ["b", "a"]]})


def adult():
    """Adult, the hierarchies of its six quasi-identifiers, and the levels that ARX finds best at k = 5."""
    people = pd.read_csv(shared("cases", "records", "adult", "adult.csv"), sep=";", dtype=str)
    names = ["sex", "age", "race", "marital-status", "education", "native-country"]
    hierarchies = {}
    for name in names:
        with shared("cases", "records", "adult", f"adult_hierarchy_{name}.csv").open(encoding="utf-8", newline="") as file:
            hierarchies[name] = list(csv.reader(file, delimiter=";"))
    return people, names, hierarchies, dict(zip(names, (0, 3, 0, 0, 1, 1), strict=True))


@pytest.mark.parametrize("everybody", [False, True])
def test_nobody_is_singled_out_of_adult_as_arx_generalises_it(everybody):
    people, names, hierarchies, levels = adult()
    published = people.copy()
    for name in names:
        published[name] = people[name].map({row[0]: row[levels[name]] for row in hierarchies[name]})
    small = published.groupby(names)["sex"].transform("size") < 5
    assert small.sum() == 1076
    kept = published[~small]
    assert measure(kept, names).k >= 5
    found = link(kept, people, names, ["occupation"], hierarchies, everybody=everybody)
    assert (found.people.sum(), found.records.sum(), found.unmatched) == (30162, 29086, 1076)
    assert found.singled_out(5) == 0 and found.fewest >= 5
    # One record with its true values is enough, and blanks elsewhere hide nobody.
    fine = pd.concat([kept, people[small].head(1)])
    assert link(fine, people, names, ["occupation"], hierarchies, everybody=everybody).singled_out(5) > 0
