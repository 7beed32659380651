"""Tables and records of one audience: neither may give away what the other withholds.

Belongs here: the attack on releases of both, and the refusal.  Does not belong here: what lists tell about tables
(``intruder.lists``), what a list of records reveals of single people (``measures``), or the attack on releases of tables
alone (``attack``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from anonymisation.errors import InconsistentTablesError
from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder.attack import CHECKED
from anonymisation.intruder.lists import MOST_PLACED, MOST_TOGETHER, attack_beside_lists, check_lists_fit, disclosed
from anonymisation.intruder.placement import Counted, RecordList, extent, place
from anonymisation.intruder.unknowns import Unknowns
from anonymisation.releases.attack import ReleaseAttack, ReleaseFinding
from anonymisation.releases.guesses import kept
from anonymisation.releases.joint import Joint, join
from anonymisation.releases.protection import ReleaseRefusedError
from anonymisation.releases.release import Release, snapshots
from anonymisation.tables import PublishedTable


def check_lists(
    tables: Sequence[PublishedTable],
    hierarchies: Mapping[str, Hierarchy],
    lists: Sequence[RecordList],
    threshold: int,
) -> None:
    """Raise ``ReleaseRefusedError`` where withheld cells of ``tables`` are known too closely by readers who also have ``lists``.

    ``tables``: all that the audience holds of one moment.  Raises ``TableError`` and ``InconsistentTablesError`` as
    ``attack_beside_lists`` does.
    """
    # What follows without counts being whole refuses most that is refused, and is found in a fifth of the time.
    found = attack_beside_lists(tables, hierarchies, lists, threshold, whole=False).findings
    found = found or attack_beside_lists(tables, hierarchies, lists, threshold).findings
    if found:
        names = ", ".join(one.name for one in lists)
        raise ReleaseRefusedError(
            f"the records of {names} give away {len(found)} cells that the tables withhold; generalise the records further, or publish"
            " these cells in the tables if they may be published",
            [(finding.measure, finding.codes) for finding in found],
        )


def attack_releases_beside_lists(releases: Sequence[Release], threshold: int) -> ReleaseAttack:
    """Attack the withheld cells of all ``releases``, in the order in which they were published, with the lists that came with them.

    As in ``attack_releases`` the reader takes what did not visibly change to be unchanged: counts, and that the people of a list are
    counted by the tables of the releases beside it too, perhaps with others; whether somebody is in two lists she does not know.
    Where all this cannot be true at once, or has too many unknowns together, she looks at each list with its own tables only, still in one
    system; and where not even that is possible, at each release by itself, as ``attack_beside_lists`` does.  ``checked`` says how many
    releases were attacked ``releases_together`` and ``releases_apart``.

    Measures that no list is of are passed over.  Cells that tables alone give away are found again.
    Raises as ``attack_beside_lists`` does, for what is wrong in one release.
    """
    findings: list[ReleaseFinding] = []
    checked = dict.fromkeys((*CHECKED, "together", "apart", "releases_together", "releases_apart"), 0)
    cells = withheld = 0
    for measure in dict.fromkeys(one.measure for release in releases for one in release.lists):
        held = [release for release in releases if release.of(measure)]
        found = None
        for neighbours in (True, False) if len(held) > 1 else ():
            if found is None:
                found = _together(measure, held, neighbours, threshold, checked)
        if found is not None:
            checked["releases_together"] += len(held)
        for release in held if found is None else []:
            lists = [one for one in release.lists if one.measure == measure]
            if lists:
                attack = attack_beside_lists(release.of(measure), release.hierarchies, lists, threshold)
                findings += [ReleaseFinding(measure, one.codes, one.low, one.high, (release.name,), False, ()) for one in attack.findings]
                cells, withheld = cells + attack.cells, withheld + attack.withheld
                checked |= {name: checked[name] + number for name, number in attack.checked.items()}
                checked["releases_apart"] += 1
        findings += found or []
    return ReleaseAttack(cells, withheld, 0, 0, tuple(findings), checked)


def _together(
    measure: str, releases: Sequence[Release], neighbours: bool, threshold: int, checked: dict[str, int]
) -> list[ReleaseFinding] | None:
    """What is known too closely given all releases; None where they contradict each other or are too large.

    With ``neighbours`` the lists that came with the releases before and after are of people whom the tables count, too.
    """
    joint = join(snapshots(releases, measure))
    _, merged = kept(joint)
    moments = []
    for number, (snapshot, release) in enumerate(zip(joint.snapshots, releases, strict=True)):
        others = [replace(one, complete=False) for one in release.neighbours] if neighbours else []
        lists = [one for one in (*release.lists, *others) if one.measure == measure]
        check_lists_fit(snapshot.system, lists)
        here = joint.release == number
        unknown, value = np.full(snapshot.system.size, -1, dtype=np.int64), snapshot.values.copy()
        unknown[joint.cell[here]] = merged.unknown[here]
        withheld = here & ~joint.known
        value[joint.cell[withheld]] = merged.value[withheld]
        moments.append(Counted(snapshot.system, unknown, value, lists))
    own = merged.sums.shape[1]
    if sum(map(extent, moments)) > MOST_PLACED:
        return None
    try:
        unknowns = place(Unknowns(np.arange(own), merged.sums, merged.lower, merged.upper), moments)
        found = disclosed(unknowns, own, threshold, checked, MOST_TOGETHER, merged.least)
    except InconsistentTablesError:
        return None
    if found is None:
        return None
    return [_finding(measure, joint, np.flatnonzero(merged.unknown == unknown), ends) for unknown, ends in sorted(found.items())]


def _finding(measure: str, joint: Joint, cells: np.ndarray, ends: tuple[int, int]) -> ReleaseFinding:
    """An unknown in the words of the releases whose cells have it."""
    numbers = joint.release[cells].tolist()
    first = joint.snapshots[numbers[0]]
    codes = first.system.locate(int(joint.cell[cells[0]]))
    names = tuple(joint.snapshots[number].name for number in dict.fromkeys(numbers))
    given = tuple(snapshot.name for snapshot in joint.snapshots) if len(joint.snapshots) > 1 else ()
    return ReleaseFinding(measure, codes, *ends, names, False, given)
