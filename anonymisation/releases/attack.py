"""The attack on several releases together, and its verdict.

Belongs here: what a disclosure over releases is, and what was checked.  Does not belong here: the guesses a reader
makes and gives up (``release``, ``guesses``) and the arithmetic (``intruder``).

A disclosure is what it is in one release: a withheld cell whose smallest possible count is below the threshold while
its interval is narrower than the threshold, in any of the releases.  It is looked for in each release by itself, for a
reader who guesses nothing, and in all together, for the reader who guesses that nothing changed but what visibly did.
Who holds only some of them guesses otherwise: what she does not see to have changed in between she takes for unchanged,
where who holds all gives that guess up.  So all together do not tell what two of them do, and pairs are attacked as well.
Sets of three and more that are not all are not: there are too many.  From each release to the next such a reader has
the guesses of a pair, and more that proves them wrong than a reader of the pair.

That a withheld count rose by one is no disclosure by itself: revisions of published counts are seen by everybody, and
the interval of the count moves without becoming narrower.  Where a change does narrow the old count or the new one,
or where a total less an earlier total is the count of a new month, the interval of that cell tells it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

import numpy as np

from anonymisation.intruder.attack import CHECKED
from anonymisation.releases.guesses import kept
from anonymisation.releases.joint import Joint, Merged, join, merge
from anonymisation.releases.release import Release, Snapshot, cell_names, snapshots
from anonymisation.releases.verdicts import Verdicts
from anonymisation.system import System


@dataclass(frozen=True)
class ReleaseFinding:
    """A cell about which the reader learns too much: its count in ``releases`` lies between ``low`` and ``high``.

    ``given``: the releases that it takes to learn it, none where each of ``releases`` tells it by itself.
    """

    measure: str
    codes: Mapping[str, str]
    low: int
    high: int
    releases: tuple[str, ...]
    published: bool
    given: tuple[str, ...]

    def __str__(self) -> str:
        where = ", ".join(f"{dimension}={code}" for dimension, code in self.codes.items()) or "grand total"
        when = ", ".join(self.releases)
        if self.published:
            return f"{self.measure} at {where} in {when}: a count below the threshold is published"
        exact = "can be computed" if self.low == self.high else f"lies between {self.low} and {self.high}"
        how = f", given {' and '.join(self.given)}" if len(self.given) == 2 else ", given all releases" if self.given else ""
        return f"{self.measure} at {where} in {when}: the withheld count {exact}{how}"


@dataclass(frozen=True)
class ReleaseAttack:
    """The verdict: cells and withheld cells over all releases, how each was decided, what was found.

    ``guesses`` and ``given_up``: how many withheld cells the reader took to be unchanged from one release to the next,
    and for how many of these the releases showed her wrong.
    """

    cells: int
    withheld: int
    guesses: int
    given_up: int
    findings: tuple[ReleaseFinding, ...]
    checked: Mapping[str, int] = field(default_factory=dict)

    @property
    def disclosed(self) -> int:
        """How many cells a reader learns too much about."""
        return len(self.findings)


def attack_releases(releases: Sequence[Release], threshold: int, pairs_with: Collection[str] = ()) -> ReleaseAttack:
    """Attack all ``releases``, in the order in which they were published, measure by measure.

    ``pairs_with``: names of releases of which each is attacked with every other one by itself, too: of a new release, where
    the others were so attacked before, or of all.

    A connected component that is the same in several releases, in several pairs, or in one and in all together, is attacked once.

    Raises ``InconsistentTablesError`` where one release contradicts itself.
    """
    cells = withheld = guesses = given_up = 0
    findings: list[ReleaseFinding] = []
    checked = dict.fromkeys((*CHECKED, "components", "components_known"), 0)
    for measure in dict.fromkeys(table.measure for release in releases for table in release.tables):
        joint = join(snapshots(releases, measure))
        verdicts = Verdicts(threshold, checked)
        found, held = _found(measure, joint, verdicts, threshold)
        findings += found
        findings += _in_pairs(measure, joint, verdicts, threshold, pairs_with, found)
        cells, withheld = cells + sum(one.system.size for one in joint.snapshots), withheld + int((~joint.known).sum())
        guesses, given_up = guesses + len(held), given_up + int((~held).sum())
    return ReleaseAttack(cells, withheld, guesses, given_up, tuple(findings), checked)


@dataclass(frozen=True)
class Told:
    """What a draft tells one reader, and her system: ``joint`` under the guesses by which it is ``merged``, the draft last."""

    findings: list[ReleaseFinding]
    joint: Joint
    merged: Merged

    def unknowns(self, finding: ReleaseFinding) -> list[int]:
        """The unknowns of the system that a finding is about; none where it is about a number that the reader has."""
        unknowns: set[int] = set()
        for number, snapshot in enumerate(self.joint.snapshots):
            if snapshot.name in finding.releases:
                ids = snapshot.system.ids({dimension: (code,) for dimension, code in finding.codes.items()})
                unknowns.update(self.merged.unknown[(self.joint.release == number) & np.isin(self.joint.cell, ids)].tolist())
        return sorted(unknowns - {-1})


class Drafts:
    """The attack on drafts of one measure of a new release, one after another, each beside the same ``earlier`` releases.

    Drafts differ in what they withhold, and have one ``system`` and one ``name``.
    """

    def __init__(self, measure: str, earlier: Sequence[Snapshot], system: System, threshold: int) -> None:
        self._measure, self._earlier, self._threshold = measure, earlier, threshold
        self._names = cell_names([*(snapshot.system for snapshot in earlier), system])
        self._verdicts = Verdicts(threshold, dict.fromkeys((*CHECKED, "components", "components_known"), 0))
        last = len(earlier)
        pairs = [(number, last) for number in reversed(range(last if last > 1 else 0))]
        self._sides = [*pairs, tuple(range(last + 1))]

    def told(self, draft: Snapshot) -> Told:
        """What is told to some reader: of the draft alone, of one of the earlier releases and the draft, or of all.

        Of the first of them who is told something, beginning with who was told something by the last draft: a draft that was mended
        for her is seldom safe for her at once.  The system of all is the largest by far, and most that it tells the last two tell as
        well, so it comes last.  What is known without the draft is left out.
        """
        joint = join([*self._earlier, draft], self._names)
        single = joint.of(len(self._earlier))
        merged = merge(single, np.zeros(0, dtype=bool))
        told = Told(_alone(self._measure, single, merged, self._verdicts, self._threshold), single, merged)
        for number, side in enumerate(() if told.findings else self._sides):
            held = joint if len(side) == len(joint.snapshots) else joint.of(*side)
            merged = kept(held)[1]
            findings = _together(self._measure, held, merged, self._verdicts, self._threshold, self._told_alone)
            told = Told([finding for finding in findings if _what(finding) not in self._told_together] if findings else [], held, merged)
            if told.findings:
                self._sides = [side, *self._sides[:number], *self._sides[number + 1 :]]
                break
        return told

    @cached_property
    def _told_alone(self) -> set[tuple]:
        """Which cells the earlier releases tell, each by itself."""
        if not self._earlier:
            return set()
        return _places(_each_alone(self._measure, join(self._earlier, self._names[:-1]), self._verdicts, self._threshold))

    @cached_property
    def _told_together(self) -> set[tuple]:
        """What the earlier releases tell together."""
        if not self._earlier:
            return set()
        joint = join(self._earlier, self._names[:-1])
        return {_what(finding) for finding in _together(self._measure, joint, kept(joint)[1], self._verdicts, self._threshold, self._told_alone)}


def _found(measure: str, joint: Joint, verdicts: Verdicts, threshold: int) -> tuple[list[ReleaseFinding], np.ndarray]:
    """What is found of one measure, and the guesses that the reader keeps."""
    findings = _each_alone(measure, joint, verdicts, threshold)
    held, merged = kept(joint)
    # What is found of a release by itself is not told again.
    return findings + _together(measure, joint, merged, verdicts, threshold, _places(findings)), held


def _places(findings: Iterable[ReleaseFinding]) -> set[tuple]:
    """Which cells of which releases findings are about."""
    return {(tuple(sorted(finding.codes.items())), name) for finding in findings for name in finding.releases}


def _in_pairs(
    measure: str, joint: Joint, verdicts: Verdicts, threshold: int, pairs_with: Collection[str], found: Sequence[ReleaseFinding]
) -> list[ReleaseFinding]:
    """What is found of a release of ``pairs_with`` with one other, and not told in ``found``."""
    if len(joint.snapshots) < 3:
        return []
    findings: list[ReleaseFinding] = []
    told = _places(found)
    for both in combinations(range(len(joint.snapshots)), 2):
        if {joint.snapshots[number].name for number in both}.isdisjoint(pairs_with):
            continue
        pair = joint.of(*both)
        more = _together(measure, pair, kept(pair)[1], verdicts, threshold, told)
        findings, told = findings + more, told | _places(more)
    return findings


def _what(finding: ReleaseFinding) -> tuple:
    return tuple(sorted(finding.codes.items())), finding.releases


def _each_alone(measure: str, joint: Joint, verdicts: Verdicts, threshold: int) -> list[ReleaseFinding]:
    """What each of the releases tells by itself."""
    singles = [joint.of(number) for number in range(len(joint.snapshots))]
    return [one for single in singles for one in _alone(measure, single, merge(single, np.zeros(0, dtype=bool)), verdicts, threshold)]


def _alone(measure: str, single: Joint, merged: Merged, verdicts: Verdicts, threshold: int) -> list[ReleaseFinding]:
    """What one release tells by itself."""
    snapshot = single.snapshots[0]
    found = {
        int(cell): (int(snapshot.values[cell]), int(snapshot.values[cell]), True)
        for cell in np.flatnonzero(snapshot.known & (snapshot.values > 0) & (snapshot.values < threshold))
    }
    # What the parts add up to is known as well.
    told = (merged.value >= 0) & (merged.value < threshold) & ~single.known
    found |= {int(single.cell[place]): (*(int(merged.value[place]),) * 2, False) for place in np.flatnonzero(told)}
    unknown = np.flatnonzero(merged.unknown >= 0)
    narrow = verdicts.narrow(merged, single.names[unknown])
    found |= {int(single.cell[unknown[place]]): (*interval, False) for place, interval in narrow.items()}
    where = snapshot.system.locations(np.array(sorted(found), dtype=np.int64)) if found else {}
    return [
        ReleaseFinding(measure, where[cell], low, high, (snapshot.name,), published, ())
        for cell, (low, high, published) in sorted(found.items())
    ]


def _together(
    measure: str, joint: Joint, merged: Merged, verdicts: Verdicts, threshold: int, told: set[tuple]
) -> list[ReleaseFinding]:
    """What several releases tell under the guesses that the reader keeps, less what is ``told`` of a cell of a release."""
    if len(joint.snapshots) < 2:
        return []
    intervals: dict[int, tuple[int, int]] = {}
    guessed = (merged.value >= 0) & (merged.value < threshold) & ~joint.known
    intervals |= {int(cell): (int(merged.value[cell]),) * 2 for cell in np.flatnonzero(guessed)}
    narrow = verdicts.narrow(merged, _unknown_names(joint, merged))
    if narrow:
        interesting = np.flatnonzero(np.isin(merged.unknown, list(narrow)))
        intervals |= {int(cell): narrow[int(merged.unknown[cell])] for cell in interesting}
    findings: dict[tuple, list[int]] = {}
    locations: dict[int, dict[str, str]] = {}
    for number, snapshot in enumerate(joint.snapshots):
        here = [place for place in intervals if joint.release[place] == number]
        where = snapshot.system.locations(joint.cell[here]) if here else {}
        locations |= {place: where[int(joint.cell[place])] for place in here}
    for cell in sorted(intervals):
        name = joint.snapshots[int(joint.release[cell])].name
        if (tuple(sorted(locations[cell].items())), name) not in told:
            findings.setdefault((int(joint.names[cell]), intervals[cell]), []).append(cell)
    return [
        ReleaseFinding(
            measure,
            locations[cells[0]],
            *interval,
            tuple(joint.snapshots[int(joint.release[cell])].name for cell in cells),
            False,
            tuple(snapshot.name for snapshot in joint.snapshots),
        )
        for (_, interval), cells in findings.items()
    ]


def _unknown_names(joint: Joint, merged: Merged) -> np.ndarray:
    """By unknown, a number that recognises it: its cell's, and where releases have several, which from the last."""
    cells = np.flatnonzero(merged.unknown >= 0)
    unknown, at = np.unique(merged.unknown[cells][::-1], return_index=True)
    latest = cells[::-1][at]
    name = joint.names[latest]
    order = np.lexsort((-latest, name))
    new = np.concatenate([[True], np.diff(name[order]) != 0]) if len(order) else np.zeros(0, dtype=bool)
    rank = np.arange(len(order)) - np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    numbers = np.empty(len(unknown), dtype=np.int64)
    numbers[order] = name[order] + (rank << 40)
    return numbers
