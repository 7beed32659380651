"""Each guarantee as the intruder judges it, against trying all whole-number solutions of small tables."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from anonymisation import Hierarchy, PublishedTable, attack
from anonymisation.intruder import insiders, intervals, programs
from tests.anonymisation.systems import enumerate_solutions, flat

RANDOM = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
Case = tuple[list[PublishedTable], dict[str, Hierarchy], np.ndarray]


@st.composite
def tables(draw: st.DrawFn, zeros: bool = False) -> Case:
    """A small table of two or three dimensions, some of it withheld, and its counts."""
    shape = draw(st.sampled_from([(2, 2), (2, 3), (3, 3), (2, 2, 2), (2, 2, 3)]))
    size = int(np.prod(shape))
    counts = np.array(draw(st.lists(st.integers(0, 4), min_size=size, max_size=size))).reshape(shape)
    for axis in range(len(shape)):
        counts = np.concatenate([counts.sum(axis, keepdims=True), counts], axis)
    hierarchies = {d: flat(d, *(f"{d}{i}" for i in range(n))) for d, n in zip("abc", shape, strict=False)}
    hidden = draw(st.sets(st.integers(1, counts.size - 1), min_size=1, max_size=9))
    published = np.ones(counts.size, dtype=bool)
    published[list(hidden)] = False
    published = published.reshape(counts.shape) | ((counts == 0) & (not zeros))
    assume((~published).any())
    axes = {d: h.codes for d, h in hierarchies.items()}
    return [PublishedTable("t", "m", axes, counts, published)], hierarchies, counts


def cells_of(case: Case) -> list[tuple]:
    """The name of each cell, in the order of the array."""
    (one,), hierarchies, _ = case
    return [
        tuple((d, c) for d, c in zip(one.axes, codes, strict=True) if c != hierarchies[d].total)
        for codes in itertools.product(*one.axes.values())
    ]


@contextmanager
def as_if(large: bool) -> Iterator[None]:
    """Use the methods for large components on small ones."""
    names = (programs, "LARGE"), (intervals, "LARGE_COMPONENT"), (intervals, "SCREENED"), (intervals, "WHOLE"), (insiders, "WHOLE")
    before = [getattr(module, name) for module, name in names]
    for module, name in names if large else ():
        setattr(module, name, 1)
    try:
        yield
    finally:
        for (module, name), value in zip(names, before, strict=True):
            setattr(module, name, value)


def found(case: Case, kind: str | None = None, **options: object) -> dict[tuple, tuple[int, int]]:
    verdict = attack(case[0], case[1], 3, **options)
    return {
        tuple(sorted(f.codes.items())): (f.low, f.high)
        for f in verdict.findings
        if (f.kind == kind if kind else f.kind in ("exact", "narrow"))
    }


@RANDOM
@given(tables(zeros=True), st.sampled_from(["exact", "interval", "contract"]), st.sampled_from([0, 1]), st.booleans(), st.booleans())
def test_intervals_are_those_of_all_solutions(
    case: Case, guarantee: str, least: int, masked: bool, large: bool
) -> None:
    published, hierarchies, counts = case
    assume(least == 0 or (counts > 0)[~published[0].published].all())
    primary = {"t": (counts > 0) & (counts < 3)} if masked else None
    solutions, free = enumerate_solutions(published, hierarchies, least)
    names, sensitive = cells_of(case), dict(zip(cells_of(case), ((counts > 0) & (counts < 3)).ravel(), strict=True))
    expected = {}
    for cell in free:
        low, high = min(s[cell] for s in solutions), max(s[cell] for s in solutions)
        judged = (masked and sensitive[cell]) or (low < 3 and (guarantee == "contract" or not masked))
        if judged and high - low < (1 if guarantee == "exact" else 3):
            expected[cell] = (low, high)
    assert len(names) == counts.size
    with as_if(large):
        narrow = found(case, guarantee=guarantee, least=least, primary=primary)
    # Of large components fractions are considered as well, which matters beyond two dimensions.
    assert narrow == expected or (large and counts.ndim > 2 and narrow.keys() <= expected.keys())


@RANDOM
@given(tables(), st.booleans())
def test_singletons_learn_what_all_solutions_with_their_cell_agree_on(case: Case, large: bool) -> None:
    published, hierarchies, counts = case
    alone = (counts == 1) & ~published[0].published
    assume(alone.any())
    solutions, free = enumerate_solutions(published, hierarchies, 1)
    ones = [cell for cell, one in zip(cells_of(case), alone.ravel(), strict=True) if one]
    values = dict(zip(cells_of(case), counts.ravel(), strict=True))
    person = {cell: {cell} for cell in ones}
    # A part of 1 in a sum of 1 is the same person, whether or not what lies between is withheld.
    for one, other in itertools.combinations(ones, 2):
        if set(one) < set(other) or set(other) < set(one):
            both = person[one] | person[other]
            for cell in both:
                person[cell] = both
    expected = set()
    for cell in free:
        if values[cell] >= 3 or len({s[cell] for s in solutions}) == 1:
            continue
        for who in ones:
            agreed = {s[cell] for s in solutions if all(s[own] == 1 for own in person[who])}
            if cell not in person[who] and agreed == {values[cell]}:
                expected.add(cell)
    with as_if(large):
        learned = set(found(case, "singleton", guarantee="exact", singletons={"t": alone}))
    # Of large components fractions are considered as well, which matters beyond two dimensions.
    assert learned == expected or (large and counts.ndim > 2 and learned < expected)


@RANDOM
@given(tables(zeros=True))
def test_groups_are_margins_with_one_category_in_all_solutions(case: Case) -> None:
    published, hierarchies, counts = case
    solutions, _ = enumerate_solutions(published, hierarchies, 0)
    values = dict(zip(cells_of(case), counts.ravel(), strict=True))
    expected = set()
    for margin in cells_of(case):
        if "a" in dict(margin):
            continue
        parts = [tuple(sorted((*margin, ("a", code)))) for code in hierarchies["a"].leaves]
        worlds = [{c: s.get(c, values[c]) for c in (margin, *parts)} for s in solutions]
        if not worlds:
            continue
        filled = [c for c in parts if any(w[c] > 0 for w in worlds)]
        if min(w[margin] for w in worlds) > 0 and len(filled) == 1:
            expected.add(filled[0])
    assert set(found(case, "group", least=0, groups=["a"])) == expected


def line(*values: int | None) -> tuple[list[PublishedTable], dict[str, Hierarchy]]:
    """A total and its parts, None where withheld."""
    one = flat("a", *(f"x{i}" for i in range(1, len(values))))
    published = [value is not None for value in values]
    return [PublishedTable("t", "m", {"a": one.codes}, np.array([v or 0 for v in values]), published)], {"a": one}


def test_a_singleton_subtracts_herself() -> None:
    case = line(20, None, None, 16)
    alone = {"t": np.array([False, True, False, False])}
    assert attack(*case, 5, guarantee="exact", singletons=alone).findings[0].kind == "singleton"
    assert str(attack(*case, 5, guarantee="exact", singletons=alone).findings[0]) == (
        "m at a=x2: the one person counted in a=x1 can compute the withheld count"
    )
    assert attack(*case, 5, guarantee="exact").disclosed == 0
    assert attack(*line(20, None, None, None), 5, guarantee="exact", singletons=alone).disclosed == 0


def test_a_margin_that_falls_in_one_category_is_found_unless_a_zero_is_withheld_beside_it() -> None:
    assert [f.kind for f in attack(*line(20, None, 0, 0), 5, groups=["a"]).findings if f.kind == "group"] == ["group"]
    assert [f.kind for f in attack(*line(20, 20, 0, 0), 5, groups=["a"]).findings] == ["group"]
    assert attack(*line(20, None, None, 0), 5, guarantee="exact", least=0, groups=["a"]).disclosed == 0
    assert attack(*line(0, 0, 0, 0), 5, groups=["a"]).disclosed == 0


def test_what_was_decided_how_is_said() -> None:
    checked = attack(*line(17, 10, None, None), 5).checked
    assert checked["witness"] == 2 and checked["fractional"] == 0
    with pytest.raises(ValueError, match="guarantee"):
        attack(*line(17, 10, None, None), 5, guarantee="safe")
