"""The attack on several releases against enumeration of all explanations, and on the cases it was made for."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from anonymisation import Hierarchy, InconsistentTablesError, PublishedTable, TableError, attack
from anonymisation.releases import Release, attack_releases
from anonymisation.releases.joint import join, merge
from anonymisation.releases.release import snapshots
from tests.anonymisation.releases.enumeration import joint_intervals, possible
from tests.anonymisation.systems import flat


def line(name: str, values: dict[str, int | None], least: int = 1) -> Release:
    """A release of one total and its parts, None where withheld."""
    codes = [code for code in values if code != "total"]
    hierarchy = flat("a", *codes)
    numbers = [values[code] for code in hierarchy.codes]
    shown = [number is not None for number in numbers]
    table = PublishedTable("t", "m", {"a": hierarchy.codes}, [n or 0 for n in numbers], shown)
    return Release(name, [table], {"a": hierarchy}, least={"t": least})


def square(name: str, counts: np.ndarray, shown: np.ndarray, rows: list[str], columns: list[str], least: int = 1) -> Release:
    hierarchies = {"a": flat("a", *rows[1:]), "b": flat("b", *columns[1:])}
    return Release(name, [PublishedTable("t", "m", {"a": rows, "b": columns}, counts, shown)], hierarchies, least={"t": least})


def with_totals(inner: np.ndarray) -> np.ndarray:
    counts = np.zeros(np.add(inner.shape, 1), dtype=np.int64)
    counts[1:, 1:] = inner
    counts[0] = counts.sum(axis=0)
    counts[:, 0] = counts[:, 1:].sum(axis=1)
    return counts


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_joint_attack_finds_what_enumeration_finds(data: st.DataObject) -> None:
    """Both ways: what enumeration narrows is found, and nothing else; over revised cells, new columns, new patterns.

    Zeros are published, and the reader gives up what would make a withheld count 0; or they may be withheld, in some releases or in all.
    """
    height, width = data.draw(st.integers(1, 2)) + 1, data.draw(st.integers(1, 2)) + 1
    rows, columns = ["total", *"pqr"[:height]], ["total", *"uvw"[:width]]
    inner = np.array(data.draw(st.lists(st.integers(0, 4), min_size=height * width, max_size=height * width)))
    inner = inner.reshape(height, width)
    withheld = np.array(data.draw(st.lists(st.booleans(), min_size=(height + 1) * (width + 1), max_size=(height + 1) * (width + 1))))
    shown = ~withheld.reshape(height + 1, width + 1)
    releases, enumerated = [], []
    for number in range(data.draw(st.integers(2, 3))):
        if number:
            for _ in range(data.draw(st.integers(0, 2))):
                place = data.draw(st.tuples(st.integers(0, inner.shape[0] - 1), st.integers(0, inner.shape[1] - 1)))
                inner[place] = max(0, inner[place] + data.draw(st.sampled_from([-1, 1])))
            if data.draw(st.booleans()) and len(columns) == width + 1:
                columns = [*columns, "new"]
                inner = np.column_stack([inner, data.draw(st.lists(st.integers(0, 4), min_size=height, max_size=height))])
                shown = np.column_stack([shown, data.draw(st.lists(st.booleans(), min_size=height + 1, max_size=height + 1))])
            flips = data.draw(st.lists(st.integers(0, shown.size - 1), max_size=2))
            shown = shown.copy()
            shown.flat[flips] = ~shown.flat[flips]
        counts = with_totals(inner)
        least = data.draw(st.sampled_from([1, 1, 0]))
        here = shown | ((counts == 0) & (least == 1))
        here[0, 0] = True
        inside = int((~here[1:, 1:]).sum())
        assume(0 < inside <= 4 and counts[0, 0] ** inside < 20_000)
        assume(number == 0 or len(releases) < 3)
        all_of = possible(counts, here, rows, columns, least)
        assume(len(all_of) ** 2 < 40_000)
        cells = {(r, c): (i, j) for i, r in enumerate(rows) for j, c in enumerate(columns)}
        enumerated.append(
            {
                "possible": all_of,
                "least": least,
                "shown": {cell: bool(here[place]) for cell, place in cells.items()},
                "value": {cell: int(counts[place]) for cell, place in cells.items() if here[place]},
            }
        )
        releases.append(square(f"v{number}", counts.copy(), here, list(rows), list(columns), least))
    assume(np.prod([len(one["possible"]) for one in enumerated]) < 60_000)
    truth = joint_intervals(enumerated)
    findings = attack_releases(releases, 5).findings
    found = {
        (int(name[1:]), (f.codes.get("a", "total"), f.codes.get("b", "total"))): (f.low, f.high)
        for f in findings
        if not f.published
        for name in f.releases
    }
    alone = {
        (number, (f.codes.get("a", "total"), f.codes.get("b", "total")))
        for number, release in enumerate(releases)
        for f in attack(release.tables, release.hierarchies, 5).findings
    }
    for cell, (low, high) in truth.items():
        narrow = high - low < 5
        assert cell in found or not (narrow and low < 5), (cell, low, high)
        # What is too large to be small is looked at again for a reader who thinks that zeros may be withheld.
        assert cell in alone or cell not in found or narrow, (cell, low, high)
        if cell in found and cell not in alone and low < 5:
            assert found[cell] == (low, high)


def test_a_total_less_the_earlier_total_is_the_count_of_the_new_month() -> None:
    first = line("1", {"total": 30, "jan": None, "feb": None, "mar": 10})
    second = line("2", {"total": 33, "jan": None, "feb": None, "mar": 10, "apr": None})
    assert attack(second.tables, second.hierarchies, 5).disclosed == 0
    (finding,) = attack_releases([first, second], 5).findings
    assert (finding.codes, finding.low, finding.high, finding.releases, finding.given) == ({"a": "apr"}, 3, 3, ("2",), ("1", "2"))
    assert str(finding) == "m at a=apr in 2: the withheld count can be computed, given 1 and 2"


def test_a_cell_published_later_gives_away_what_its_withholding_protected() -> None:
    first = line("1", {"total": 30, "p": None, "q": None, "r": 17})
    second = line("2", {"total": 30, "p": 10, "q": None, "r": None})
    assert not attack(second.tables, second.hierarchies, 5).disclosed
    assert {(f.codes["a"], f.low, f.releases) for f in attack_releases([first, second], 5).findings} == {("q", 3, ("1", "2"))}


def test_a_cell_published_later_less_a_visible_revision_gives_the_old_count() -> None:
    first = line("1", {"total": 30, "p": None, "q": None, "r": 17})
    second = line("2", {"total": 31, "p": None, "q": 4 + 7, "r": 17})
    # The guess that q had been 11 would make p revised; that p had been what it is now, q: both are given up.
    verdict = attack_releases([first, second], 5)
    assert [(f.codes["a"], f.low, f.given) for f in verdict.findings] == [("p", 3, ())]
    assert (verdict.guesses, verdict.given_up) == (2, 2)


def test_a_revision_of_a_withheld_cell_is_no_disclosure_where_its_intervals_stay_wide() -> None:
    old = {"total": 40, "p": None, "q": None, "r": 20}
    assert attack_releases([line("1", old), line("2", old | {"total": 41})], 5).findings == ()


def test_a_fall_to_zero_tells_what_the_count_was() -> None:
    first = line("1", {"total": 40, "p": None, "q": None, "r": 20})
    second = line("2", {"total": 37, "p": 0, "q": 17, "r": 20})
    findings = attack_releases([first, second], 5).findings
    assert [(f.codes["a"], f.low, f.high, f.releases) for f in findings] == [("p", 3, 3, ("1",))]


def test_a_guess_that_makes_a_withheld_count_zero_is_given_up_where_zeros_are_published() -> None:
    """Had q been 13 and s still 25, p would have been 0 both times, which can be true only where zeros may be withheld."""
    old, new = {"total": 58, "p": None, "q": None, "r": 20, "s": 25}, {"total": 58, "p": None, "q": 13, "r": 20, "s": None}
    published = attack_releases([line("1", old), line("2", new)], 5)
    assert (published.guesses, published.given_up, published.findings) == (3, 2, ())
    withheld = attack_releases([line("1", old, least=0), line("2", new, least=0)], 5)
    assert (withheld.guesses, withheld.given_up) == (3, 0)
    assert ("p", 0, 0, ("1", "2")) in {(f.codes["a"], f.low, f.high, f.releases) for f in withheld.findings}
    # One release in which zeros are published is enough: what is the same in both is 1 at least. But that p rose explains as much.
    mixed = [attack_releases([line("1", old, least=least), line("2", new, least=1 - least)], 5) for least in (0, 1)]
    assert [(one.given_up, one.findings) for one in mixed] == [(3, ()), (3, ())]


def test_a_published_zero_tells_of_a_withheld_cell_only_where_zeros_may_be_withheld() -> None:
    old, new = {"total": 37, "p": None, "q": None, "r": 20}, {"total": 37, "p": 0, "q": 17, "r": 20}
    published = attack_releases([line("1", old), line("2", new)], 5)
    assert (published.guesses, published.given_up, published.findings) == (1, 1, ())
    withheld = attack_releases([line("1", old, least=0), line("2", new)], 5)
    assert [(f.codes["a"], f.low, f.high, f.releases) for f in withheld.findings] == [("p", 0, 0, ("1",))]


def test_who_holds_two_of_three_takes_for_unchanged_what_changed_in_between() -> None:
    """q was 12, then 15, and is 12 again: who has all sees that she knows nothing of q in the first."""
    releases = [line("1", {"total": 33, "p": None, "q": None, "r": 20}), line("2", {"total": 35, "q": 15, "r": 20}), line("3", {"total": 32, "q": 12, "r": 20})]
    assert attack_releases(releases, 5).findings == ()
    assert attack_releases(releases, 5, ["2"]).findings == ()
    for pairs_with in (["3"], ["1"], ["1", "2", "3"]):
        (finding,) = attack_releases(releases, 5, pairs_with).findings
        assert (finding.codes, finding.low, finding.high, finding.releases, finding.given) == ({"a": "p"}, 1, 1, ("1",), ("1", "3"))


def test_years_are_recognised_by_their_months_not_by_their_name() -> None:
    """A finest cell of an unfinished year is another cell once the year has more months, though its name stays."""

    def release(name: str, months: list[str], year: list[int | None]) -> Release:
        months_of = Hierarchy("m", ["total", "2026", *months], "total", {"parent": dict.fromkeys(months, "2026") | {"2026": "total"}})
        hierarchies = {"a": flat("a", "p", "q", "r"), "m": months_of}
        numbers = np.array([[n or 0, n or 0] for n in year])
        shown = np.array([[n is not None] * 2 for n in year])
        table = PublishedTable("t", "n", {"a": hierarchies["a"].codes, "m": ("total", "2026")}, numbers, shown)
        return Release(name, [table], hierarchies)

    first = release("1", ["jan", "feb"], [40, None, None, 20])
    grown = release("2", ["jan", "feb", "mar"], [60, None, None, 30])
    same = release("2", ["jan", "feb"], [40, None, None, 20])
    assert attack_releases([first, grown], 5).guesses == 0
    assert attack_releases([first, same], 5).guesses == 2


def test_releases_that_are_equal_are_attacked_once() -> None:
    values = {"total": 40, "p": None, "q": None, "r": 20}
    verdict = attack_releases([line(str(number), values) for number in range(4)], 5)
    assert (verdict.checked["components"], verdict.checked["components_known"]) == (5, 4)


def test_what_is_known_of_a_total_lays_no_blame_on_guesses_elsewhere() -> None:
    """Row r adds up to 1 in every release by itself, while the new column was revised: that is the guess to give up."""
    rows = ["total", "p", "q", "r"]
    first = with_totals(np.array([[0, 1], [0, 0], [0, 1]]))
    second = with_totals(np.array([[0, 1, 2], [0, 0, 0], [0, 1, 0]]))
    third = with_totals(np.array([[0, 1, 1], [0, 0, 0], [0, 1, 0]]))
    withheld = np.array([[1, 0, 0, 1], [1, 0, 1, 1], [0, 0, 0, 0], [1, 0, 0, 0]]).astype(bool)
    withheld[0, 0] = False
    seen_first = ~withheld[:, :3]
    seen = ~withheld
    seen[1, 2] = True
    columns = ["total", "u", "v", "new"]
    releases = [
        square("v0", first, seen_first, rows, columns[:3]),
        square("v1", second, seen, rows, columns),
        square("v2", third, seen, rows, columns),
    ]
    verdict = attack_releases(releases, 5)
    assert (verdict.guesses, verdict.given_up) == (2, 1)
    assert {(f.codes.get("b"), f.low, f.releases) for f in verdict.findings if f.codes.get("a") == "p"} >= {
        ("new", 2, ("v1",)),
        ("new", 1, ("v2",)),
    }


def test_totals_of_the_same_parts_are_one_unknown() -> None:
    """Over any number of releases: also a total that has withheld totals among its parts, and beside published ones."""
    rows, columns = ["total", "p", "q", "r"], ["total", "u", "v", "w"]
    counts = with_totals(np.array([[20, 3, 2], [4, 1, 30], [9, 9, 9]]))
    shown = np.ones_like(counts, dtype=bool)
    shown[:3, :] = [[True, True, False, False], [False, True, False, False], [False, False, False, True]]
    one = join(snapshots([square("v0", counts, shown, rows, columns)], "m"))
    several = join(snapshots([square(f"v{i}", counts, shown, rows, columns) for i in range(5)], "m"))
    assert several.links.shape[1] == 4 * int((~shown[1:, 1:]).sum())
    alone, together = (merge(joint, np.ones(joint.links.shape[1], dtype=bool)) for joint in (one, several))
    assert together.sums.shape == alone.sums.shape and together.unknown.max() == alone.unknown.max()
    # A revision of one part keeps apart the totals it is in, and no others.
    revised = np.ones(several.links.shape[1], dtype=bool)
    revised[np.flatnonzero(several.names[several.links[0]] == several.names[several.links[0, 0]])[:1]] = False
    apart = merge(several, revised)
    assert apart.unknown.max() == alone.unknown.max() + 1 + 2


def test_a_release_that_contradicts_itself_is_named() -> None:
    good = line("1", {"total": 40, "p": None, "q": None, "r": 20})
    with pytest.raises(InconsistentTablesError, match="second"):
        attack_releases([good, line("second", {"total": 40, "p": 21, "q": 1, "r": 20})], 5)
    with pytest.raises(TableError, match="two releases"):
        attack_releases([good, good], 5)
