"""The protection of tables as it is measured: our command and the peer on the same folders, and the audit of every pattern.

Each run is a process of its own, start-up and files included, with its own working folder. Figures: secondary cells, the
sum of their counts, seconds of the clock and of the processor, peak memory in MB (10**6 bytes), what the audit found under
either reader, and the target where there is one.
"""

import csv
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import SimpleQueue
from pathlib import Path

from benchmarks.cases import PUBLISHED, SYNTHETIC, cells, find_published, make_synthetic

THRESHOLD = 5
GUARANTEES = ("exact", "interval", "contract")
READERS = ("rules", "non-negative")

TARGETS = {
    ("t1k", "exact"): {"secondary": 158, "seconds": 2},
    ("t1k", "interval"): {"secondary": 200, "seconds": 3},
    ("t10k", "exact"): {"secondary": 1059, "seconds": 5},
    ("t10k", "interval"): {"secondary": 1491, "seconds": 30},
    ("ssb_z1", "exact"): {"secondary": 4},
    ("sdctable_testprob", "exact"): {"secondary": 3},
    ("4d-150k", "contract"): {"seconds": 600, "peak_megabytes": 8000},
    ("5d-500k", "contract"): {"seconds": 600, "peak_megabytes": 8000},
}
"""By case and guarantee, what must not be exceeded; seconds are the processor's, so that a busy machine fails nobody."""

PEERS = {
    "t1k": ("OPT(1,600)", "MOD(1,600,0,0,0)", "MOD(1,600,1,1,1)"),
    "t10k": ("MOD(1,600,0,0,0)", "MOD(1,600,1,1,1)"),
    "ssb_z1": ("OPT(1,600)",),
    "sdctable_testprob": ("OPT(1,600)",),
    "3d-1k": ("MOD(1,600,0,0,0)",),
    "3d-10k": ("MOD(1,600,0,0,0)",),
    "3d-20k": ("MOD(1,600,0,0,0)",),
}
"""The peer's methods by case: `OPT` where it ends in a minute, `MOD` where it ends in minutes."""

CURVE = {"3d-1k": ("exact", "contract"), "3d-10k": ("exact", "contract"), "3d-20k": ("exact", "contract")}
LARGE = {"3d-30k": ("contract",), "3d-50k": ("contract",), "4d-150k": ("contract",), "5d-500k": ("contract",)}
"""Synthetic cases and their guarantees: those of every run, and those of `--large`."""

LONGEST = 900
"""Seconds after which a run is stopped, and said to be."""


@dataclass(frozen=True)
class Process:
    """How a process ended: its exit status (None: stopped), seconds of the clock and of the processor, peak memory, and the
    last line it said."""

    status: int | None
    seconds: float
    processor_seconds: float
    peak_megabytes: int
    said: str


def measure(large: bool, peer: Path | None, seed: int = 1) -> dict:
    """Run all cases and return the figures; `peer` is an interpreter that has `pytauargus`."""
    found: dict = {"threshold": THRESHOLD, "cases": [], "curve": []}
    with tempfile.TemporaryDirectory(prefix="vawg-bench-") as name:
        scratch = Path(name)
        for case in PUBLISHED:
            folder = find_published(case, scratch / case)
            if folder is None:
                found["cases"].append({"case": case, "left_out": "the published cases are not at hand; set VAWG_SHARED"})
                continue
            ours = [_ours(case, folder, guarantee, reader) for guarantee in GUARANTEES for reader in READERS]
            theirs = [_theirs(peer, folder, method) for method in PEERS[case]] if peer else []
            found["cases"].append({"case": case, "ours": ours, "peer": theirs, "ratios": list(_ratios(ours, theirs))})
        for case, guarantees in (CURVE | LARGE if large else CURVE).items():
            folder = make_synthetic(case, seed, scratch / case)
            runs = [_ours(case, folder, guarantee, "rules", READERS[:1]) for guarantee in guarantees]
            theirs = [_theirs(peer, folder, method, READERS[:1]) for method in PEERS.get(case, ())] if peer else []
            found["curve"].append(
                {
                    "case": case,
                    "dimensions": len(SYNTHETIC[case]),
                    "cells": cells(case),
                    "seed": seed,
                    "seconds_per_1000_cells": {
                        run["guarantee"]: round(run["processor_seconds"] / cells(case) * 1000, 3) for run in runs
                    },
                    "ours": runs,
                    "peer": theirs,
                    "ratios": list(_ratios(runs, theirs)),
                }
            )
    return found


def _ours(case: str, folder: Path, guarantee: str, reader: str, readers: Sequence[str] = READERS) -> dict:
    """Our command on a case, against its target; `readers` audit the pattern."""
    options = ["--threshold", str(THRESHOLD), "--guarantee", guarantee, "--reader", reader]
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        out = Path(name) / "out.csv"
        process = run([sys.executable, "-m", "anonymisation", "tables", str(folder), str(out), *options], Path.cwd())
        figures = {"guarantee": guarantee, "reader": reader, **_figures(process, folder, out, readers)}
    target = TARGETS.get((case, guarantee))
    if target:
        found = figures | {"seconds": figures["processor_seconds"]}
        figures |= {"target": target, "met": all(found.get(name, float("inf")) <= most for name, most in target.items())}
    print(f"{case} {guarantee} {reader}: {figures.get('secondary')} in {figures['processor_seconds']} s", file=sys.stderr)
    return figures


def _theirs(peer: Path, folder: Path, method: str, readers: Sequence[str] = READERS) -> dict:
    """The peer on a case, in an empty working folder; `readers` audit the pattern."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        out = Path(name) / "out.csv"
        script = Path(__file__).with_name("peer.py").resolve()
        process = run([str(peer), str(script), str(folder), str(out), method, str(THRESHOLD)], Path(name))
        figures = {"method": method, **_figures(process, folder, out, readers)}
    print(f"{folder.name} tau-ARGUS {method}: {figures.get('secondary')} in {figures['processor_seconds']} s", file=sys.stderr)
    return figures


def _figures(process: Process, folder: Path, out: Path, readers: Sequence[str]) -> dict:
    """What a process gave: a pattern and its audit, or how it failed."""
    figures: dict = {
        "seconds": process.seconds,
        "processor_seconds": process.processor_seconds,
        "peak_megabytes": process.peak_megabytes,
    }
    if process.status != 0:
        return figures | {"failed": "stopped" if process.status is None else f"exit status {process.status}: {process.said}"}
    with out.open(encoding="utf-8", newline="") as file:
        rows = [(int(row["freq"]), row["primary"] == "1", row["suppressed"] == "1") for row in csv.DictReader(file)]
    secondary = [count for count, primary, suppressed in rows if suppressed and not primary]
    figures |= {"cells": len(rows), "primary": sum(primary for _, primary, _ in rows)}
    figures |= {"secondary": len(secondary), "secondary_sum": sum(secondary)}
    return figures | {"audit": {reader: _audited(folder, out, reader) for reader in readers}}


def run(command: list[str], where: Path, longest: float = LONGEST) -> Process:
    """Run a command in a working folder and measure it."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        child = subprocess.Popen(command, cwd=where, stdout=output, stderr=subprocess.STDOUT)
        while True:
            ended, status, used = os.wait4(child.pid, os.WNOHANG)
            seconds = time.perf_counter() - started
            if ended:
                break
            if seconds > longest:
                child.kill()
                _, status, used = os.wait4(child.pid, 0)
                break
            time.sleep(0.005)
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode("utf-8", errors="replace").strip().splitlines()
    code = None if seconds > longest else child.returncode
    processor = round(used.ru_utime + used.ru_stime, 2)
    return Process(code, round(seconds, 2), processor, round(used.ru_maxrss * 1024 / 1e6), said[-1] if said else "")


def _audited(folder: Path, out: Path, reader: str) -> dict:
    """The intruder on a pattern, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answer = context.SimpleQueue()
    process = context.Process(target=audit, args=(folder, out, reader, answer))
    process.start()
    process.join()
    return {"failed": f"exit status {process.exitcode}"} if process.exitcode else answer.get()


def audit(folder: Path, out: Path, reader: str, answer: SimpleQueue) -> None:
    """Answer with how many cells break each guarantee, and how many were checked how."""
    from anonymisation import Policy
    from anonymisation.command.case import read_hierarchies
    from anonymisation.command.pattern import read_pattern
    from anonymisation.command.verdict import judge

    started = time.perf_counter()
    policy = Policy(THRESHOLD, "contract", reader=reader)
    hierarchies = read_hierarchies(folder)
    verdict = judge(read_pattern(out, folder, hierarchies, policy), hierarchies, policy)
    found = {guarantee: len(verdict.broken(guarantee)) for guarantee in GUARANTEES}
    seconds = round(time.perf_counter() - started, 2)
    answer.put({"disclosed": found, "checked": dict(verdict.attack.checked), "seconds": seconds})


def _ratios(ours: list[dict], theirs: list[dict]) -> Iterator[dict]:
    """Ours over theirs, per guarantee and method: below 1 is better."""
    for mine in ours:
        for other in theirs:
            if "failed" not in mine and "failed" not in other:
                names = ("secondary", "secondary_sum", "seconds", "processor_seconds", "peak_megabytes")
                ratios = {name: round(mine[name] / other[name], 3) for name in names if other[name]}
                yield {"guarantee": mine["guarantee"], "reader": mine["reader"], "method": other["method"], **ratios}
