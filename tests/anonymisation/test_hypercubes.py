"""Large tables: covered by hypercubes and attacked from one solution, without a program; on small ones, so that both can be judged."""

from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from anonymisation import Attack, CountTable, Hierarchy, Policy, ProtectionError, PublishedTable, attack
from anonymisation.cube_cover import check_cubes, cube_cover
from anonymisation.hypercubes import Hypercube
from anonymisation.__main__ import main
from anonymisation.intruder import intervals
from anonymisation.intruder import vast as vast_components
from anonymisation.primary import Singletons, below_threshold
from anonymisation.suppression import suppress
from anonymisation.system import build_system
from tests.anonymisation.case_files import line
from tests.anonymisation.systems import enumerate_solutions, flat, linked, months

RANDOM = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
AREA = Hierarchy("d", ["total", "A", "B", "A1", "A2", "B1", "B2", "B3"], "total", {
    "parent": {"A": "total", "B": "total", "A1": "A", "A2": "A", "B1": "B", "B2": "B", "B3": "B"}
})
KINDS = {"area": AREA, "flat": flat("d", "x", "y", "z"), "pair": flat("d", "v", "w"), "months": months(5)}


@st.composite
def large(draw: st.DrawFn) -> tuple[CountTable, dict[str, Hierarchy]]:
    """A table of three or four dimensions, with groups and overlapping years, of counts like those of large ones."""
    kinds = draw(st.sampled_from([("area", "flat", "pair"), ("months", "pair", "flat"), ("area", "pair", "flat", "pair")]))
    hierarchies = {f"{name}{i}": KINDS[name] for i, name in enumerate(kinds)}
    shape = [len(h.leaves) for h in hierarchies.values()]
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    finest = random.poisson(random.gamma(0.7, draw(st.sampled_from([3, 9, 30])), shape))
    for axis, h in enumerate(hierarchies.values()):
        below = np.array([[leaf in h.leaves_below[code] for leaf in h.leaves] for code in h.codes], dtype=np.int64)
        finest = np.moveaxis(np.tensordot(below, finest, (1, axis)), 0, axis)
    return CountTable("t", "m", {name: h.codes for name, h in hierarchies.items()}, finest), hierarchies


def counts_of(table: CountTable, hierarchies: dict[str, Hierarchy]) -> tuple:
    system = build_system([table], hierarchies)
    counts = np.zeros(system.size, dtype=np.int64)
    counts[system.cell_ids["t"]] = table.counts
    return system, counts


@contextmanager
def vast(*limits: str):
    """Attack small tables as vast ones are, or as large ones are."""
    before = {limit: getattr(intervals, limit) for limit in limits or ("VAST",)}
    for limit in before:
        setattr(intervals, limit, 1)
    try:
        yield
    finally:
        for limit, size in before.items():
            setattr(intervals, limit, size)


@RANDOM
@given(large(), st.sampled_from(["exact", "interval", "contract"]), st.sampled_from(["rules", "non-negative"]), st.sampled_from(["published", "sensitive"]))
def test_an_intruder_with_programs_finds_nothing_where_hypercubes_protect(case: tuple, guarantee: str, reader: str, zeros: str) -> None:
    table, hierarchies = case
    policy = Policy(4, guarantee, zeros, reader, "cells")
    system, counts = counts_of(table, hierarchies)
    primary = below_threshold(counts, 4, zeros=zeros == "sensitive")
    nothing = np.zeros(system.size, dtype=bool)
    try:
        withheld = suppress(system, counts, primary, policy, nothing, nothing, np.ones(system.size), large=0)
    except ProtectionError:
        # Then it is impossible by whatever method.
        with pytest.raises(ProtectionError):
            suppress(system, counts, primary, policy, nothing, nothing, np.ones(system.size))
        return
    assert withheld[primary].all()
    ids = system.cell_ids["t"]
    published = PublishedTable("t", "m", table.axes, table.counts, ~withheld[ids])
    marked = None if guarantee == "contract" else {"t": primary[ids]}
    found = attack([published], hierarchies, 4, guarantee=guarantee, least=policy.least, primary=marked)
    assert not found.findings


@RANDOM
@given(st.integers(0, 10**6), st.sampled_from([3, 9, 30]), st.sampled_from(["exact", "contract"]))
def test_an_intruder_with_programs_finds_nothing_where_hypercubes_protect_linked_tables(seed: int, mean: int, guarantee: str) -> None:
    kinds = {"area": AREA, "x": flat("x", "x1", "x2", "x3"), "y": flat("y", "y1", "y2"), "z": flat("z", "z1", "z2", "z3")}
    random = np.random.default_rng(seed)
    finest = random.poisson(random.gamma(0.7, mean, [len(h.leaves) for h in kinds.values()]))
    tables = []
    # Two tables that share a margin of two dimensions.
    for name, left_out in (("one", 3), ("two", 1)):
        counts, chosen = finest.sum(left_out), [h for i, h in enumerate(kinds.values()) if i != left_out]
        for axis, h in enumerate(chosen):
            below = np.array([[leaf in h.leaves_below[code] for leaf in h.leaves] for code in h.codes], dtype=np.int64)
            counts = np.moveaxis(np.tensordot(below, counts, (1, axis)), 0, axis)
        tables.append(CountTable(name, "m", {d: kinds[d].codes for i, d in enumerate(kinds) if i != left_out}, counts))
    system = build_system(tables, kinds)
    counts = np.zeros(system.size, dtype=np.int64)
    for table in tables:
        counts[system.cell_ids[table.name]] = table.counts
    primary, nothing = below_threshold(counts, 4), np.zeros(system.size, dtype=bool)
    try:
        withheld = suppress(system, counts, primary, Policy(4, guarantee, cost="cells"), nothing, nothing, np.ones(system.size), large=0)
    except ProtectionError:
        assume(False)
    published = [PublishedTable(t.name, "m", t.axes, t.counts, ~withheld[system.cell_ids[t.name]]) for t in tables]
    marked = None if guarantee == "contract" else {t.name: primary[system.cell_ids[t.name]] for t in tables}
    assert withheld[primary].all()
    assert not attack(published, kinds, 4, guarantee=guarantee, least=1, primary=marked).findings


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(large())
def test_further_rules_hold_where_hypercubes_protect(case: tuple) -> None:
    table, hierarchies = case
    policy = Policy(4, cost="cells", rules=(Singletons(),))
    system, counts = counts_of(table, hierarchies)
    nothing = np.zeros(system.size, dtype=bool)
    try:
        withheld = suppress(system, counts, below_threshold(counts, 4), policy, nothing, nothing, np.ones(system.size), large=0)
    except ProtectionError:
        assume(False)
    published = PublishedTable("t", "m", table.axes, table.counts, ~withheld[system.cell_ids["t"]])
    found = attack([published], hierarchies, 4, least=1, singletons={"t": (table.counts == 1) & ~published.published})
    assert not found.findings


@RANDOM
@given(large(), st.data())
def test_hypercubes_spare_what_must_stay_published(case: tuple, data: st.DataObject) -> None:
    table, hierarchies = case
    system, counts = counts_of(table, hierarchies)
    primary = below_threshold(counts, 4)
    kept = np.random.default_rng(data.draw(st.integers(0, 99))).random(system.size) < 0.2
    price = np.where((kept & ~primary) | (counts == 0), np.inf, 1.0)
    room = np.maximum(counts - 1, 0)
    cubes = cube_cover(system, counts, primary, primary, room, 4, price)
    check_cubes(system, cubes, room, 4)
    for cube in cubes:
        assert np.isfinite(price[cube.cells]).all() and len(np.unique(cube.cells)) == len(cube.cells)
        for step in (cube.rise, -cube.fall):
            moved = counts.copy()
            moved[cube.cells] += int(step) * cube.signs
            assert (moved[cube.cells] >= 1).all() and not (system.sums @ moved).any()


def test_a_hypercube_that_is_no_proof_is_refused() -> None:
    hierarchies = {"a": flat("a", "x", "y"), "b": flat("b", "v", "w")}
    finest = np.array([[9, 9], [9, 9]])
    counts = np.pad(finest, ((1, 0), (1, 0)))
    counts[0, 1:], counts[1:, 0], counts[0, 0] = finest.sum(0), finest.sum(1), finest.sum()
    table = CountTable("t", "m", {d: h.codes for d, h in hierarchies.items()}, counts)
    system, values = counts_of(table, hierarchies)
    inner = system.cell_ids["t"][1:, 1:].ravel()
    room = np.maximum(values - 1, 0)
    check_cubes(system, [Hypercube(inner, np.array([1, -1, -1, 1], dtype=np.int8), 5.0, 5.0)], room, 5)
    for signs, rise, left in (([1, -1, 1, 1], 5.0, room), ([1, -1, -1, 1], 2.0, room), ([1, -1, -1, 1], 5.0, room // 4)):
        with pytest.raises(ProtectionError, match="no proof"):
            check_cubes(system, [Hypercube(inner, np.array(signs, dtype=np.int8), rise, rise)], left, 5)


@RANDOM
@given(large(), st.integers(0, 99), st.sampled_from([0.3, 0.6, 0.9]), st.sampled_from(["true", "false", "none"]))
def test_the_verdict_on_a_vast_table_is_that_of_programs(case: tuple, seed: int, share: float, told: str) -> None:
    table, hierarchies = case
    withheld = (np.random.default_rng(seed).random(table.counts.shape) < share) & (table.counts > 0)
    assume(withheld.any())
    published = PublishedTable("t", "m", table.axes, table.counts, ~withheld)
    solution = {"true": {"t": table.counts}, "false": {"t": table.counts + 1}, "none": None}[told]
    plain = attack([published], hierarchies, 4)
    with vast():
        found = attack([published], hierarchies, 4, solution=solution)
    agree(plain, found)
    with vast("LARGE_COMPONENT", "SCREENED"):
        assert attack([published], hierarchies, 4, solution=solution).findings == plain.findings


@RANDOM
@given(linked(), st.integers(0, 99), st.booleans())
def test_changes_of_one_table_that_others_contradict_prove_nothing(case: tuple, seed: int, told: bool) -> None:
    tables, hierarchies = case
    random = np.random.default_rng(seed)
    system = build_system(tables, hierarchies)
    hidden = random.random(system.size) < 0.7
    published = [
        PublishedTable(t.name, t.measure, t.axes, t.counts, ~hidden[system.cell_ids[t.name]] | (t.counts == 0)) for t in tables
    ]
    plain = attack(published, hierarchies, 4)
    with vast():
        found = attack(published, hierarchies, 4, solution={t.name: t.counts for t in tables} if told else None)
    agree(plain, found)


@RANDOM
@given(large(), st.integers(0, 99), st.sampled_from([0.3, 0.6, 0.9]), st.booleans())
def test_who_computes_a_count_of_a_vast_table_could_by_programs(case: tuple, seed: int, share: float, told: bool) -> None:
    table, hierarchies = case
    withheld = (np.random.default_rng(seed).random(table.counts.shape) < share) & (table.counts > 0)
    assume(withheld.any())
    published = PublishedTable("t", "m", table.axes, table.counts, ~withheld)
    alone = {"t": (table.counts == 1) & withheld}
    plain = attack([published], hierarchies, 4, least=1, guarantee="contract", singletons=alone)
    with vast():
        found = attack([published], hierarchies, 4, least=1, singletons=alone, solution={"t": table.counts} if told else None)
    told_of, truth = ({tuple(f.codes.items()) for f in one.findings if f.kind == "singleton"} for one in (found, plain))
    assert told_of <= truth | {tuple(f.codes.items()) for f in plain.findings}
    assert len(truth - told_of) <= found.undecided + found.checked["fractional"]


def agree(plain: Attack, found: Attack) -> None:
    """Whether what the attack on vast tables says is so, and whether it owns up to what it leaves open."""
    truth = {tuple(f.codes.items()): (f.low, f.high) for f in plain.findings}
    told = {tuple(f.codes.items()): (f.low, f.high) for f in found.findings}
    assert set(told) <= set(truth)
    for codes, (low, high) in told.items():
        assert low <= truth[codes][0] <= truth[codes][1] <= high
    # Of vast components fractions are considered as well: what they allow, whole numbers need not.
    assert len(truth) - len(told) <= found.undecided + found.checked["fractional"]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6), st.booleans())
def test_what_is_not_found_in_a_vast_table_is_wide_in_all_solutions(seed: int, told: bool) -> None:
    random = np.random.default_rng(seed)
    counts = random.integers(1, 4, (2, 2, 2))
    for axis in range(3):
        counts = np.concatenate([counts.sum(axis, keepdims=True), counts], axis)
    hierarchies = {d: flat(d, f"{d}0", f"{d}1") for d in "abc"}
    withheld = random.random(counts.shape) < 0.45
    withheld[0, 0, 0] = False
    assume(withheld.any())
    axes = {d: h.codes for d, h in hierarchies.items()}
    published = PublishedTable("t", "m", axes, counts, ~withheld)
    solutions, free = enumerate_solutions([published], hierarchies, 1)
    with vast():
        found = attack([published], hierarchies, 2, least=1, solution={"t": counts} if told else None)
    disclosed = {tuple(sorted(f.codes.items())) for f in found.findings if not f.published}
    close = set()
    for cell in free:
        values = {s[cell] for s in solutions}
        if min(values) < 2 and max(values) - min(values) < 2:
            close.add(cell)
    assert disclosed <= close
    assert len(close) - len(disclosed) <= found.undecided + found.checked["fractional"]


def test_what_no_means_settles_is_said_to_be_undecided(tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, pattern = line(tmp_path / "case", [28, 3, 9, 16], {1, 2})
    command = ["audit", str(folder), str(pattern), "--guarantee", "interval"]
    assert main(command) == 0
    capsys.readouterr()
    # The means of vast tables, without the steps that they are allowed.
    monkeypatch.setattr(intervals, "VAST", 1)
    assert main(command) == 0
    monkeypatch.setattr(vast_components, "SWEEPS", 0)
    monkeypatch.setattr(vast_components, "MOST_PROGRAMS", 0)
    monkeypatch.setattr(vast_components, "CHOICES", ((1, 0, 0, 0), (1, 0, 0, 0)))
    capsys.readouterr()
    assert main(command) == 3
    said = capsys.readouterr().out
    assert "undecided" in said and said.endswith("nothing was found, but 1 cells are undecided, in a part too large to settle each.\n")
