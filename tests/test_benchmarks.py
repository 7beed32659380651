"""What the benchmark states: a case is protected and attacked, and no pattern may be below the lower bounds, whoever finds it."""

import itertools

import numpy as np
import pytest

from anonymisation import CountTable, Policy, PublishedTable, attack
from anonymisation.suppression import suppress
from anonymisation.system import build_system
from benchmarks.bounds import bound
from benchmarks.cases import make_synthetic
from benchmarks.runs import ours
from tests.anonymisation.systems import flat


def table(rows: list[list[int]]) -> tuple[CountTable, dict, np.ndarray]:
    """A table of two dimensions with its totals, its hierarchies, and its counts by cell of its system."""
    finest = np.array(rows)
    counts = np.pad(finest, ((1, 0), (1, 0)))
    counts[0, 1:], counts[1:, 0], counts[0, 0] = finest.sum(0), finest.sum(1), finest.sum()
    hierarchies = {"a": flat("a", *(f"a{i}" for i in range(finest.shape[0]))), "b": flat("b", *(f"b{i}" for i in range(finest.shape[1])))}
    made = CountTable("t", "m", {name: h.codes for name, h in hierarchies.items()}, counts)
    system = build_system([made], hierarchies)
    by_cell = np.zeros(system.size, dtype=np.int64)
    by_cell[system.cell_ids["t"]] = counts
    return made, hierarchies, by_cell


def fewest(made: CountTable, hierarchies: dict, policy: Policy) -> int:
    """The secondary cells of the best of all patterns, by trying them."""
    primary = (made.counts > 0) & (made.counts < policy.threshold)
    others = np.flatnonzero(~primary & (made.counts > 0))
    for number in range(len(others) + 1):
        for chosen in itertools.combinations(others.tolist(), number):
            withheld = primary.copy()
            withheld.flat[list(chosen)] = True
            shown = PublishedTable("t", "m", made.axes, made.counts, ~withheld)
            if not attack([shown], hierarchies, policy.threshold, guarantee=policy.guarantee, least=policy.least, primary={"t": primary}).findings:
                return number
    raise AssertionError("there is no pattern")


@pytest.mark.parametrize("guarantee", ["exact", "interval"])
@pytest.mark.parametrize("reader", ["rules", "non-negative"])
@pytest.mark.parametrize("rows", [[[1, 7, 9], [8, 2, 6]], [[1, 1, 9], [6, 8, 5]], [[2, 5, 0], [5, 5, 9]], [[1, 30, 6], [9, 20, 1]]])
def test_no_pattern_has_fewer_cells_than_the_bound(rows: list[list[int]], guarantee: str, reader: str) -> None:
    made, hierarchies, counts = table(rows)
    system, policy = build_system([made], hierarchies), Policy(4, guarantee, reader=reader, cost="cells")
    found = bound(system, counts, policy, rounds=10, whole=10.0)
    best = fewest(made, hierarchies, policy)
    assert found["single_sums"] <= found["capacity"] <= found["whole"] <= best
    # With these tables it is the optimum.
    assert found["whole"] == best
    nothing = np.zeros(system.size, dtype=bool)
    withheld = suppress(system, counts, (counts > 0) & (counts < 4), policy, nothing, nothing, np.ones(system.size))
    assert int(withheld.sum()) - found["primary"] >= found["whole"]


def test_a_case_is_protected_and_attacked(tmp_path) -> None:
    measured = ours(make_synthetic("3d-1k", 1, tmp_path / "3d-1k"), "interval", "rules")
    audited = measured["audit"]["rules"]
    assert measured["secondary"] > 0 and audited["disclosed"] == {"exact": 0, "interval": 0} and sum(audited["checked"].values()) > 0
