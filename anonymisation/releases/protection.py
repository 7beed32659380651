"""Protection of a new release, given what readers hold already.

Belongs here: what must stay as it was, and the search until the joint attack finds nothing.  Does not belong here:
suppression in one release (``anonymisation.protection``), the attack (``attack``), several audiences (``audiences``).

A count that readers have and that has not changed stays published, and what was withheld stays withheld: to publish it
now would tell what it was.  Only what is new or visibly changed may be withheld to protect something else, or from readers of two
releases what was told between these; where that does not suffice the release is refused.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import scipy.sparse as sp

from anonymisation.errors import ProtectionError, TableError
from anonymisation.hierarchy import Hierarchy
from anonymisation.policy import Policy
from anonymisation.primary import below_threshold
from anonymisation.protection import Protection, protect
from anonymisation.releases.attack import Drafts, ReleaseFinding, Told
from anonymisation.releases.growth import Extension, extended_hierarchies, extended_table, extensions
from anonymisation.releases.release import Release, cell_names, changed_extent, snapshot, snapshots
from anonymisation.releases.remedies import Remedies
from anonymisation.suppression import prices
from anonymisation.system import build_system
from anonymisation.tables import CountTable, ProtectedTable, PublishedTable

THIS = "this release"
"""What the new release is called in findings and refusals."""

WITHHELD, ABSENT = -1, -2
"""In place of a count that readers hold."""

KNOWN, KEPT, OPEN = "known", "kept", "open"
"""What the search takes withheld counts of the past for: known, so that they can help nothing; withheld, and safe as they are;
or withheld, and to be protected anew."""

MOST = 0.5
"""Share of the counts above zero that readers must hold already for the past to be worth a place in the search."""


TOTALS = 3
"""Power of the price of cells in the search for what helps against a finding, so that it spares totals: they are missed for long."""

DEAREST = 2000.0
"""Price from which on a cell is as dear as any: of millions, where counts are the price, the third power is more than a solver can reckon with."""

MOST_TRIES = 4
"""Attempts to publish some of what was withheld against the joint attack after all; each costs an attack, or part of one."""


class ReleaseRefusedError(ProtectionError):
    """What readers hold already and a new release together would disclose something, whatever more is withheld.

    ``cells``: the codes of the cells concerned, by measure; never a count.
    """

    def __init__(self, message: str, cells: Sequence[tuple[str, Mapping[str, str]]]) -> None:
        where = "; ".join(f"{measure} at {_place(codes)}" for measure, codes in cells[:5])
        more = f" and {len(cells) - 5} more" if len(cells) > 5 else ""
        super().__init__(f"{message}: {where}{more}" if cells else message)
        self.cells = tuple(cells)


def protect_release(
    tables: Sequence[CountTable],
    hierarchies: Mapping[str, Hierarchy],
    policy: Policy,
    earlier: Sequence[Release] = (),
) -> Protection:
    """Protect ``tables`` so that nothing is disclosed to a reader who holds the ``earlier`` releases as well.

    ``earlier``: what the audience holds, oldest first.  Axes and hierarchies may differ from release to release.  What
    earlier releases disclose among themselves is not held against the new one.

    Raises ``ReleaseRefusedError`` where no pattern keeps the guarantee, ``TableError`` as ``protect`` does.
    """
    return protect_beside(tables, hierarchies, policy, earlier, (), {})


def protect_beside(
    tables: Sequence[CountTable],
    hierarchies: Mapping[str, Hierarchy],
    policy: Policy,
    earlier: Sequence[Release],
    others: Sequence[CountTable],
    shown: Mapping[str, PublishedTable],
    least: Mapping[str, int] | None = None,
) -> Protection:
    """``protect_release`` for a reader who holds other tables of the same moment.

    ``others`` are their counts, ``shown``, by name, what she sees of them: that is not changed any more.  ``least``: by name, what she
    knows their withheld counts to be at least, as in ``Release``.
    """
    if THIS in {release.name for release in earlier}:
        raise TableError(f"an earlier release has the name {THIS!r}")
    results: dict[str, ProtectedTable] = {}
    summary: dict[str, dict[str, int]] = {}
    for measure in dict.fromkeys(table.measure for table in tables):
        own = [table for table in tables if table.measure == measure]
        beside = [(table, shown[table.name]) for table in others if table.measure == measure]
        known = {**(least or {}), **{table.name: policy.least for table in own}}
        one = _Measure(own, beside, hierarchies, policy, earlier, known)
        pattern = one.protect()
        for table in own:
            published = ~pattern[one.system.cell_ids[table.name]]
            small = below_threshold(table.counts, policy.threshold)
            results[table.name] = ProtectedTable(table.name, measure, table.axes, table.counts, published)
            summary[table.name] = {
                "cells": table.counts.size,
                "zero": int((table.counts == 0).sum()),
                "primary": int(small.sum()),
                "secondary": int((~published & ~small).sum()),
            }
    return Protection(results, summary)


class _Measure:
    """One measure of the new release."""

    def __init__(
        self,
        tables: Sequence[CountTable],
        beside: Sequence[tuple[CountTable, PublishedTable]],
        hierarchies: Mapping[str, Hierarchy],
        policy: Policy,
        earlier: Sequence[Release],
        least: Mapping[str, int],
    ) -> None:
        """``tables`` are to be protected, ``beside`` others of the moment with what is shown of them; ``least`` as in ``Release``."""
        self._measure = measure = tables[0].measure
        self._hierarchies, self._policy = hierarchies, policy
        self._tables, self._others = list(tables), [table for table, _ in beside]
        self._shown = [shown for _, shown in beside]
        self._least = least
        self._earlier = [Release(r.name, r.of(measure), r.hierarchies, least=r.least) for r in earlier if r.of(measure)]
        self._held_already = snapshots(self._earlier, measure)
        everything = [*self._tables, *self._others]
        self.system = build_system(everything, hierarchies)
        self._counts = np.zeros(self.system.size, dtype=np.int64)
        for table in everything:
            self._counts[self.system.cell_ids[table.name]] = table.counts
        held = self._held()
        same = held == self._counts
        own = np.zeros(self.system.size, dtype=bool)
        for table in self._tables:
            own[self.system.cell_ids[table.name]] = True
        seen, unseen = np.zeros(self.system.size, dtype=bool), ~own
        for table in self._shown:
            seen[self.system.cell_ids[table.name][table.published]] = True
        self._fixed = same | seen
        zero = (self._counts == 0) & (policy.zeros == "published")
        self._own = own & ~seen & ~zero
        self._movable = ~self._fixed & own & ~zero
        self._settled = (held == WITHHELD) & ~seen & ~zero
        # A total that grew, less what came, is the old total: where that was withheld, so is the new one.  Of a cell
        # that only others show, withholding it is theirs.
        grown = (self._held(by_extent=False) == WITHHELD) & self._movable
        self._added = extensions(hierarchies, self._earlier[-1].hierarchies) if self._earlier else []
        self._settled |= grown & self._nothing_came()
        self._past = self._settled | grown
        self._forced = self._past | (unseen & ~seen)
        price = prices(self.system, self._counts, policy, ~self._movable)
        self._price = np.where(np.isfinite(price), np.minimum(price, DEAREST), np.inf) ** TOTALS
        self._pairs = abs(sp.csr_array(self.system.sums)).astype(np.int64)
        self._drafts = Drafts(self._measure, self._held_already, self.system, policy.threshold)

    def protect(self) -> np.ndarray:
        """Which cells to withhold: the first pattern, of all ways to look for one, about which the joint attack finds nothing."""
        self._refuse_if_taken_back()
        refusal = None
        for codes, past in self._ways():
            try:
                return self._guarded(codes, past)
            except ReleaseRefusedError as error:
                refusal = error
            except ProtectionError as error:
                refusal = refusal or ReleaseRefusedError(
                    f"no pattern protects {self._measure} beside what is published: {error}", ()
                )
        raise refusal

    def _guarded(self, codes: Sequence[Extension], past: str) -> np.ndarray:
        """A pattern about which the joint attack finds nothing that it does not find in what readers have already."""
        withheld = self._suppressed(codes, past)
        remedies: dict[tuple[Hashable, ...], np.ndarray] = {}
        doubtful = np.zeros_like(withheld)
        while True:
            told = self._told(withheld)
            if not told.findings:
                return self._given_back(withheld, doubtful)
            names = {(*sorted(finding.codes.items()), *finding.releases) for finding in told.findings}
            for name in names & remedies.keys():  # which did not help
                doubtful |= remedies.pop(name)
            # Nothing that withholding protects is lost by withholding more: no pattern has to be looked for again.
            remedy = self._remedy(told)
            if remedy.any():
                remedies |= dict.fromkeys(names, remedy)
            else:
                remedy = np.any([self._revealing(finding, withheld) for finding in told.findings], axis=0)
                doubtful |= remedy
            if not remedy.any():
                raise ReleaseRefusedError(
                    "with what readers hold they would learn a withheld count, and all that tells it is published already",
                    [(f.measure, f.codes) for f in told.findings],
                )
            withheld = withheld | remedy

    def _remedy(self, told: Told) -> np.ndarray:
        """The cheapest cells that keep a reader from what she is told, where a program finds some for any of it."""
        remedy = np.zeros(self.system.size, dtype=bool)
        asked = {unknown: finding for finding in told.findings for unknown in told.unknowns(finding)}
        if asked:
            remedies = Remedies(told.joint, told.merged, self._price, self._policy.least)
            for unknown, finding in asked.items():
                remedy[remedies.against(unknown, finding.low, finding.high, self._policy.threshold)] = True
        return remedy

    def _given_back(self, withheld: np.ndarray, doubtful: np.ndarray) -> np.ndarray:
        """What is withheld without some of what is ``doubtful``, the broadest first, as far as the joint attack finds nothing.

        Of all the cells near a finding few help against it; and a total that is withheld once is missed for long, for what it grows by
        is known.
        """
        more = np.flatnonzero(doubtful)
        more = more[np.argsort(-self.system.breadth()[more], kind="stable")]
        size = len(more)
        for _ in range(MOST_TRIES):
            if not size:
                break
            trial = withheld.copy()
            trial[more[:size]] = False
            if not self._told(trial).findings:
                withheld, more = trial, more[size:]
                size = min(size, len(more))
            else:
                size //= 2
        return withheld

    def _revealing(self, finding: ReleaseFinding, withheld: np.ndarray) -> np.ndarray:
        """Where no remedy is found: the nearest cells, counted in sums between, that tell something of the finding and may still be withheld.

        What a release in between told is new to whoever holds only two: where nothing else helps, that is withheld again.
        """
        cell = np.zeros(self.system.size, dtype=bool)
        cell[self._cell(finding)] = True
        in_between = len(finding.given) == 2 < len(self._earlier) + 1
        for free in (self._movable, self._own)[: 1 + in_between]:
            near = cell
            while True:
                grown = self._pairs.T @ (self._pairs @ near.astype(np.int64)) > 0
                grown |= near
                told = grown & free & ~withheld
                if told.any():
                    return told
                if (grown == near).all():
                    break
                near = grown
        return np.zeros(self.system.size, dtype=bool)

    def _refuse_if_taken_back(self) -> None:
        small = below_threshold(self._counts, self._policy.threshold) & self._fixed
        if small.any():
            where = self.system.locations(np.flatnonzero(small))
            raise ReleaseRefusedError(
                "counts that must be withheld are published already and have not changed; withdraw that release",
                [(self._measure, where[cell]) for cell in sorted(where)],
            )

    def _held(self, by_extent: bool = True) -> np.ndarray:
        """By cell, what the last release that has it tells: its count, ``WITHHELD``, or ``ABSENT``.

        ``by_extent``: a code that stands for more now is another.
        """
        last = np.full(self.system.size, ABSENT, dtype=np.int64)
        for past in reversed(self._held_already):
            ours, theirs = cell_names([self.system, past.system])
            if by_extent:
                ours[changed_extent(self.system, past.system)] = -1
            _, here, there = np.intersect1d(ours, theirs, return_indices=True)
            here, there = here[last[here] == ABSENT], there[last[here] == ABSENT]
            last[here] = np.where(past.known, past.values, WITHHELD)[there]
        return last

    def _ways(self) -> list[tuple[Sequence[Extension], str]]:
        """The ways to look for a pattern, the one that promises most first: with which codes, and what the past is taken for.

        A code for what the last release called a total shows in advance what the joint attack would find, where that
        total was told and has not changed; elsewhere it is a burden on the search.  If the past is taken to be known,
        only what is new needs protection, at the cost of what is new, and old cells cannot help: that pays where most
        is old.  Where a revision shows in old cells, others must help: withheld ones of the past do, and are protected
        already, each by what was withheld with it, so that no proof is looked for again; the joint attack tells where that
        does not hold any more.  To protect the whole past anew costs most.
        """
        if not self._earlier:
            return [((), OPEN)]
        telling = tuple(one for one in self._added if self._tells(one))
        every = tuple(self._added)
        if self._policy.rules:  # the joint attack does not know them, so that only the search can tell that they hold
            return list(dict.fromkeys([(telling, OPEN), ((), OPEN), (every, OPEN)]))
        counts = self._counts > 0
        mostly_old = ((self._fixed | self._settled) & counts).sum() >= MOST * counts.sum()
        likely = [(telling, KNOWN)] if mostly_old else []
        others = [(telling, KEPT), ((), KEPT), (telling, OPEN), ((), OPEN), (every, KNOWN), (every, OPEN)]
        return list(dict.fromkeys([*likely, *others]))

    def _tells(self, one: Extension) -> bool:
        """Whether most counts above zero of an added code were told and have not changed."""
        told = counts = 0
        for table in [*self._tables, *self._others]:
            extended = extended_table(table, [one])
            if extended.counts.size > table.counts.size:
                axis = list(table.axes).index(one.dimension)
                above_zero = extended.counts.take([-1], axis=axis) > 0
                told += int((above_zero & self._known_before(extended, [one]).take([-1], axis=axis)).sum())
                counts += int(above_zero.sum())
        return told > 0 and told >= MOST * counts

    def _suppressed(self, added: Sequence[Extension], past: str) -> np.ndarray:
        everything = [*self._tables, *self._others]
        tables = [extended_table(table, added) for table in everything]
        hierarchies = extended_hierarchies(self._hierarchies, added)
        fixed, withheld, unproven = {}, {}, {}
        for table, extended in zip(everything, tables, strict=True):
            ids = self.system.cell_ids[table.name]
            inside = tuple(slice(0, size) for size in ids.shape)
            shape = extended.counts.shape
            fixed[table.name], withheld[table.name] = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
            outside = np.ones(shape, dtype=bool)
            outside[inside] = False
            known = self._known_before(extended, added) if outside.any() and past != KNOWN else outside
            fixed[table.name][outside], withheld[table.name][outside] = known[outside], ~known[outside]
            kept = self._fixed | self._settled if past == KNOWN else self._fixed
            fixed[table.name][inside], withheld[table.name][inside] = kept[ids], self._forced[ids] & ~kept[ids]
            unproven[table.name] = outside.copy() if past == KEPT else np.zeros(shape, dtype=bool)
            unproven[table.name][inside] = self._past[ids] if past == KEPT else False
        protection = protect(tables, hierarchies, self._policy, published=fixed, withheld=withheld, unproven=unproven)
        suppressed = np.zeros(self.system.size, dtype=bool)
        for table in everything:
            ids = self.system.cell_ids[table.name]
            inside = tuple(slice(0, size) for size in ids.shape)
            suppressed[ids] = ~protection.tables[table.name].published[inside]
        return suppressed | self._settled

    def _nothing_came(self) -> np.ndarray:
        """Which cells of grown codes count no more than what the code stood for before."""
        same = np.zeros(self.system.size, dtype=bool)
        for table in [*self._tables, *self._others]:
            extended = extended_table(table, self._added)
            for one in self._added:
                codes = list(extended.axes.get(one.dimension, ()))
                if one.code in codes:
                    axis = list(table.axes).index(one.dimension)
                    inside = tuple(slice(0, n) if i != axis else codes.index(one.code) for i, n in enumerate(table.counts.shape))
                    now = self.system.cell_ids[table.name].take(codes.index(one.now), axis=axis)
                    same[now[self._counts[now] == extended.counts[inside]]] = True
        return same

    def _known_before(self, table: CountTable, added: Sequence[Extension]) -> np.ndarray:
        """Which cells of the added codes were published by the last release, and have not changed."""
        old = self._held_already[-1]
        now = {(one.dimension, one.code): one.now for one in added}
        axes = {d: tuple(now.get((d, code), code) for code in codes) for d, codes in table.axes.items()}
        ids = old.system.ids(axes)
        there = np.where(ids >= 0, ids, 0)
        return (ids >= 0) & old.known[there] & (old.values[there] == table.counts)

    def _told(self, withheld: np.ndarray) -> Told:
        """What the joint attack finds, and that on this release with one other, less what readers know without it."""
        tables = [
            PublishedTable(t.name, t.measure, t.axes, t.counts, ~withheld[self.system.cell_ids[t.name]])
            for t in self._tables
        ]
        return self._drafts.told(snapshot(THIS, self.system, [*tables, *self._shown], self._least))

    def _cell(self, finding: ReleaseFinding) -> np.ndarray:
        """The cell of a finding; where this release has no such code any more, the margin over it."""
        axes = {d: (code,) for d, code in finding.codes.items() if code in self._hierarchies[d].codes}
        found = self.system.ids(axes).ravel() if axes or not finding.codes else np.zeros(0, dtype=np.int64)
        return found[found >= 0] if (found >= 0).any() else np.flatnonzero(self._movable)


def _place(codes: Mapping[str, str]) -> str:
    return ", ".join(f"{dimension}={code}" for dimension, code in codes.items()) or "grand total"
