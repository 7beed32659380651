"""The protection of the published cases: our command and the peer on the same folders in the same run, beside the targets.

Belongs here: which cases, under which guarantees, and what must not be exceeded.  Does not belong here: how a process is measured (`runs`).
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.cases import PUBLISHED, find_published
from benchmarks.runs import GUARANTEES, READERS, THRESHOLD, ours, theirs

TARGETS = {
    ("t1k", "exact"): {"secondary": 158, "seconds": 2},
    ("t1k", "interval"): {"secondary": 200, "seconds": 3},
    ("t10k", "exact"): {"secondary": 1059, "seconds": 5},
    ("t10k", "interval"): {"secondary": 1491, "seconds": 30},
    ("ssb_z1", "exact"): {"secondary": 4},
    ("sdctable_testprob", "exact"): {"secondary": 3},
}
"""By case and guarantee, what must not be exceeded; seconds are the processor's, so that a busy machine fails nobody.  They come from
figures for the non-negative reader, and are set beside those for either."""

PEERS = {
    "t1k": ("OPT(1,600)", "MOD(1,600,0,0,0)", "MOD(1,600,1,1,1)"),
    "t10k": ("MOD(1,600,0,0,0)",),
    "ssb_z1": ("OPT(1,600)",),
    "sdctable_testprob": ("OPT(1,600)",),
}
"""The peer's methods by case: `OPT` where it ends in a minute, `MOD` where it ends in minutes; the last three numbers: singletons."""


def measure(peer: Path | None) -> dict:
    """Run all cases and return the figures; `peer` is an interpreter that has `pytauargus`."""
    found: list[dict] = []
    with tempfile.TemporaryDirectory(prefix="vawg-bench-") as name:
        for case in PUBLISHED:
            folder = find_published(case, Path(name) / case)
            if folder is None:
                found.append({"case": case, "left_out": "the published cases are not at hand; set VAWG_SHARED"})
                continue
            mine = [_against_target(case, ours(folder, guarantee, reader)) for guarantee in GUARANTEES for reader in READERS]
            other = [theirs(peer, folder, method) for method in PEERS[case]] if peer else []
            found.append({"case": case, "ours": mine, "peer": other, "ratios": list(ratios(mine, other))})
    return {"threshold": THRESHOLD, "cases": found}


def _against_target(case: str, figures: dict) -> dict:
    target = TARGETS.get((case, figures["guarantee"]))
    if target is None:
        return figures
    found = figures | {"seconds": figures["processor_seconds"]}
    return figures | {"target": target, "met": all(found.get(name, float("inf")) <= most for name, most in target.items())}


def ratios(mine: list[dict], others: list[dict]) -> Iterator[dict]:
    """Ours over theirs, per guarantee, reader and method: below 1 is better."""
    for one in mine:
        for other in others:
            if "failed" not in one and "failed" not in other:
                names = ("secondary", "secondary_sum", "processor_seconds", "peak_megabytes")
                parts = {name: round(one[name] / other[name], 3) for name in names if other[name]}
                yield {"guarantee": one["guarantee"], "reader": one["reader"], "method": other["method"], **parts}
