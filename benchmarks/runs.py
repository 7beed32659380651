"""Processes that are measured: the protection of a folder of table files by us or by the peer, and the audit of what came of it.

Belongs here: starting a process with its own working folder, its time and memory, and what its pattern file says.  Does not belong here:
which cases are measured (`tables`, `growth`).

Figures: secondary cells, the sum of their counts, seconds of the clock and of the processor, peak memory in MB (10**6 bytes), and how many
primary cells (under `contract`: withheld cells) the audit found to break the guarantee.  Start-up and files are included in all of them.
"""

import csv
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import SimpleQueue
from pathlib import Path

THRESHOLD = 5
GUARANTEES = ("exact", "interval", "contract")
READERS = ("rules", "non-negative")

LONGEST = 900
"""Seconds after which a process is stopped, and said to be."""


@dataclass(frozen=True)
class Process:
    """How a process ended: its exit status (None: stopped), seconds of the clock and of the processor, peak memory, and the
    last line it said."""

    status: int | None
    seconds: float
    processor_seconds: float
    peak_megabytes: int
    said: str


def ours(folder: Path, guarantee: str, reader: str) -> dict:
    """Our command on a case, and the audit of its pattern for the reader it is made for."""
    options = ["--threshold", str(THRESHOLD), "--guarantee", guarantee, "--reader", reader]
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        out = Path(name) / "out.csv"
        process = run([sys.executable, "-m", "anonymisation", "tables", str(folder), str(out), *options], Path.cwd())
        figures = {"guarantee": guarantee, "reader": reader, **_figures(process, folder, out, guarantee, (reader,))}
    print(f"{folder.name} {guarantee} {reader}: {figures.get('secondary')} in {process.processor_seconds} s", file=sys.stderr)
    return figures


def theirs(peer: Path, folder: Path, method: str, readers: Sequence[str] = READERS) -> dict:
    """The peer on a case, in an empty working folder, and the audit of its pattern for some readers: which primary cells can be computed,
    and which lie between bounds closer than the threshold."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        out = Path(name) / "out.csv"
        script = Path(__file__).with_name("peer.py").resolve()
        process = run([str(peer), str(script), str(folder), str(out), method, str(THRESHOLD)], Path(name))
        figures = {"method": method, **_figures(process, folder, out, "interval", readers)}
    print(f"{folder.name} tau-ARGUS {method}: {figures.get('secondary')} in {process.processor_seconds} s", file=sys.stderr)
    return figures


def _figures(process: Process, folder: Path, out: Path, guarantee: str, readers: Sequence[str]) -> dict:
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
    figures["withheld_percent"] = round(100 * sum(suppressed for *_, suppressed in rows) / len(rows), 1)
    return figures | {"audit": {reader: _audited(folder, out, guarantee, reader) for reader in readers}}


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


def _audited(folder: Path, out: Path, guarantee: str, reader: str) -> dict:
    """The intruder on a pattern, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answer = context.SimpleQueue()
    process = context.Process(target=audit, args=(folder, out, guarantee, reader, answer))
    process.start()
    process.join(LONGEST)
    if process.is_alive():
        process.kill()
        process.join()
        return {"failed": "stopped", "seconds": LONGEST}
    if process.exitcode > 0:  # a fault of the benchmark, which said it; the system may kill for want of memory
        raise SystemExit(f"{folder.name}: the audit broke")
    return {"failed": f"exit status {process.exitcode}"} if process.exitcode else answer.get()


def audit(folder: Path, out: Path, guarantee: str, reader: str, answer: SimpleQueue) -> None:
    """Answer with how many cells break the guarantee and those below it, and how many were checked how."""
    from anonymisation import Policy
    from anonymisation.command.case import INNER
    from anonymisation.command.hierarchies import read_hierarchies
    from anonymisation.command.pattern import read_pattern
    from anonymisation.command.verdict import judge

    policy = Policy(THRESHOLD, guarantee, reader=reader)
    hierarchies = read_hierarchies(folder, INNER)
    verdict = judge(read_pattern(out, folder, hierarchies, policy), hierarchies, policy)
    asked = GUARANTEES[: GUARANTEES.index(guarantee) + 1]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    answer.put(
        {
            "disclosed": {one: len(verdict.broken(one)) for one in asked},
            "checked": {means: number for means, number in verdict.attack.checked.items() if number},
            "processor_seconds": round(time.process_time(), 2),
            "peak_megabytes": round(memory),
        }
    )
