"""The attack on several releases together, and its verdict.

Belongs here: what a disclosure over releases is, and what was checked.  Does not belong here: the guesses a reader
makes and gives up (``release``, ``guesses``) and the arithmetic (``intruder``).

A disclosure is what it is in one release: a withheld cell whose smallest possible count is below the threshold while
its interval is narrower than the threshold, in any of the releases.  It is looked for in each release by itself, for a
reader who guesses nothing, and in all together, for the reader who guesses that nothing changed but what visibly did.

That a withheld count rose by one is no disclosure by itself: revisions of published counts are seen by everybody, and
the interval of the count moves without becoming narrower.  Where a change does narrow the old count or the new one,
or where a total less an earlier total is the count of a new month, the interval of that cell tells it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

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


def attack_releases(releases: Sequence[Release], threshold: int, new: str | None = None) -> ReleaseAttack:
    """Attack all ``releases``, in the order in which they were published, measure by measure.

    ``new``: the name of the release that came last. Whoever holds it and only one other guesses otherwise than who holds all:
    what she does not see to have changed in between she takes for unchanged. Each such pair is attacked too.

    A connected component that is the same in several releases, or in one and in all together, is attacked once.

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
        findings += _in_pairs(measure, joint, verdicts, threshold, new, found)
        cells, withheld = cells + len(joint.known), withheld + int((~joint.known).sum())
        guesses, given_up = guesses + len(held), given_up + int((~held).sum())
    return ReleaseAttack(cells, withheld, guesses, given_up, tuple(findings), checked)


class Drafts:
    """The attack on drafts of one measure of a new release, one after another, each beside the same ``earlier`` releases.

    A component that is the same in several drafts is attacked once, and so is what is of the earlier releases alone.  Drafts
    differ in what they withhold, and have one ``system`` and one ``name``.  ``whole``: as ``Verdicts`` has it.
    """

    def __init__(self, measure: str, earlier: Sequence[Snapshot], system: System, threshold: int, whole: bool) -> None:
        self._measure, self._earlier, self._threshold = measure, earlier, threshold
        self._names = cell_names([*(snapshot.system for snapshot in earlier), system])
        self._verdicts = Verdicts(threshold, dict.fromkeys((*CHECKED, "components", "components_known"), 0), whole)

    def findings(self, draft: Snapshot) -> list[ReleaseFinding]:
        """What is told to a reader of all earlier releases and the draft or, if nothing is, of one of them and the draft.

        What is known without the draft is left out.
        """
        findings = _found(self._measure, join([*self._earlier, draft], self._names), self._verdicts, self._threshold)[0]
        if findings:
            findings = [finding for finding in findings if _what(finding) not in self._before]
        if findings or len(self._earlier) < 2:
            return findings
        for number, earlier in enumerate(self._earlier):
            pair = join([earlier, draft], [self._names[number], self._names[-1]])
            findings = _together(self._measure, pair, kept(pair), self._verdicts, self._threshold, set())
            if findings:
                alone = _alone(self._measure, pair.of(0), self._verdicts, self._threshold)
                before = {_what(finding) for finding in alone} | self._before
                findings = [finding for finding in findings if _what(finding) not in before]
            if findings:
                return findings
        return []

    @cached_property
    def _before(self) -> set[tuple]:
        """What the earlier releases tell together."""
        if not self._earlier:
            return set()
        joint = join(self._earlier, self._names[:-1])
        return {_what(finding) for finding in _found(self._measure, joint, self._verdicts, self._threshold)[0]}


def _found(self, held: Sequence[Snapshot]) -> list[ReleaseFinding]:
        return _found(self._measure, join(held, self._names[: len(held)]), self._verdicts, self._threshold)[0]


def _found(measure: str, joint: Joint, verdicts: Verdicts, threshold: int) -> tuple[list[ReleaseFinding], np.ndarray]:
    """What is found of one measure, and the guesses that the reader keeps."""
    findings = _alone(measure, joint, verdicts, threshold)
    held = kept(joint)
    # What is found of a release by itself is not told again.
    told = {(tuple(sorted(f.codes.items())), name) for f in findings for name in f.releases}
    return findings + _together(measure, joint, held, verdicts, threshold, told), held


def _in_pairs(
    measure: str, joint: Joint, verdicts: Verdicts, threshold: int, new: str | None, found: Sequence[ReleaseFinding]
) -> list[ReleaseFinding]:
    """What is found of the release ``new`` with one other, and not told in ``found``."""
    last = next((number for number, snapshot in enumerate(joint.snapshots) if snapshot.name == new), None)
    if last is None or len(joint.snapshots) < 3:
        return []
    findings: list[ReleaseFinding] = []
    told = {(tuple(sorted(f.codes.items())), name) for f in found for name in f.releases}
    for number in range(len(joint.snapshots)):
        if number != last:
            both = sorted((number, last))
            pair = join([joint.snapshots[one] for one in both], [joint.names[joint.release == one] for one in both])
            findings += _together(measure, pair, kept(pair), verdicts, threshold, told)
            told |= {(tuple(sorted(f.codes.items())), name) for f in findings for name in f.releases}
    return findings


def _what(finding: ReleaseFinding) -> tuple:
    return tuple(sorted(finding.codes.items())), finding.releases


def _alone(measure: str, joint: Joint, verdicts: Verdicts, threshold: int) -> list[ReleaseFinding]:
    findings = []
    for number, snapshot in enumerate(joint.snapshots):
        single = joint.of(number)
        merged = merge(single, np.zeros(single.links.shape[1], dtype=bool))
        found = {
            int(cell): (int(snapshot.values[cell]), int(snapshot.values[cell]), True)
            for cell in np.flatnonzero(snapshot.known & (snapshot.values > 0) & (snapshot.values < threshold))
        }
        # What the parts add up to is known as well.
        told = (merged.value >= 0) & (merged.value < threshold) & ~snapshot.known
        found |= {int(cell): (*(int(merged.value[cell]),) * 2, False) for cell in np.flatnonzero(told)}
        cells = np.flatnonzero(merged.unknown >= 0)
        names = joint.names[joint.release == number]
        narrow = verdicts.narrow(merged, names[cells])
        found |= {int(cells[place]): (*interval, False) for place, interval in narrow.items()}
        where = snapshot.system.locations(np.array(sorted(found), dtype=np.int64))
        findings += [
            ReleaseFinding(measure, where[cell], low, high, (snapshot.name,), published, ())
            for cell, (low, high, published) in sorted(found.items())
        ]
    return findings


def _together(
    measure: str, joint: Joint, held: np.ndarray, verdicts: Verdicts, threshold: int, told: set[tuple]
) -> list[ReleaseFinding]:
    if len(joint.snapshots) < 2:
        return []
    merged = merge(joint, held)
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
        start = int(joint.starts[number])
        here = np.array([cell - start for cell in intervals if 0 <= cell - start < snapshot.system.size], dtype=np.int64)
        locations |= {cell + start: codes for cell, codes in snapshot.system.locations(here).items()}
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
