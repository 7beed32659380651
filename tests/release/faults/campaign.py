"""The campaign: publishers are killed, starved of disk and set against each other, and readers are asked after each.

After every disturbance, whatever a reader sees must be whole; a rerun must end in exactly what an undisturbed run ends in; and
the ledger must hold together and have each release once. Publishers are real processes, killed by SIGKILL.
"""

import multiprocessing
import os
import random
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tests.release.faults.reader import problems, saying, untimed
from tests.release.faults.scenarios import NOW, PLACE, Scenario, begin, die_before_change, is_change, scenarios
from vawg_opendata.release import ReleaseError
from vawg_opendata.release.lifecycle.ledger import Ledger
from vawg_opendata.release.lifecycle.session import STAGING
from vawg_opendata.release.lifecycle.states import RELEASED
from vawg_opendata.release.lifecycle.store import Store

REFUSED = 3
"""Exit status of a publisher that said it could not, as it should."""

SIZES = (0, 100, 2_000, 6_000, 20_000, 60_000, 120_000)
"""Largest files that a publisher may write, in bytes, where a disk is full for it."""


@dataclass
class Outcome:
    """How often each kind of disturbance was tried, and every fault found, in words."""

    tried: Counter = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


class Campaign:
    """Disturbances of all scenarios, in folders below `scratch`. What is drawn at random follows from `seed`."""

    def __init__(self, scratch: Path, seed: int = 1) -> None:
        self.scratch = scratch
        self.random = random.Random(seed)
        self.outcome = Outcome()
        self.processes = threading.Lock()
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["tests.release.faults.publisher"])
        self.scenarios = scenarios(scratch / "starts")
        self.ends: dict[str, dict] = {}
        self.changes: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        for scenario in self.scenarios:
            self._measure(scenario)

    def _measure(self, scenario: Scenario) -> None:
        """What a scenario ends in, how many changes it makes and how long it takes, undisturbed."""
        folder = self.scratch / "undisturbed" / scenario.name.replace(" ", "-")
        begin(scenario, folder)
        counted = self.context.SimpleQueue()
        began = time.monotonic()
        process = self._start(scenario, folder, counted=counted)
        assert self._end(process) == 0, scenario.name
        self.changes[scenario.name] = counted.get()
        self.seconds[scenario.name] = time.monotonic() - began
        assert not problems(folder / "published"), scenario.name
        self.ends[scenario.name] = saying(folder / "published")

    def _start(self, scenario: Scenario, folder: Path, **disturbance) -> multiprocessing.Process:
        process = self.context.Process(target=publisher, args=(scenario, folder), kwargs=disturbance)
        with self.processes:
            process.start()
        return process

    def _end(self, process: multiprocessing.Process) -> int:
        """Wait for a process and return its exit status. Starting one looks at all others too, so only one thread may at a time."""
        while True:
            with self.processes:
                process.join(0)
                if process.exitcode is not None:
                    return process.exitcode
            time.sleep(0.005)

    def kills_at_changes(self, every: int = 1) -> None:
        """Kill before each change of a file that a publisher makes, or before every so many-th."""
        points = [
            (scenario, number)
            for scenario in self.scenarios
            for number in range(1 + self.random.randrange(every), self.changes[scenario.name] + 1, every)
        ]

        def kill(scenario: Scenario, number: int) -> None:
            with self._disturbed(scenario, "kills before a change", f"killed before change {number}") as folder:
                self._end(self._start(scenario, folder, die_at=number))

        self._all(kill, points)

    def kills_at_random(self, number: int) -> None:
        """Kill at moments drawn at random over the time that a publisher takes."""
        chosen = [self.random.choice(self.scenarios) for _ in range(number)]
        moments = [(scenario, self.random.uniform(0, 1.05 * self.seconds[scenario.name])) for scenario in chosen]

        def kill(scenario: Scenario, moment: float) -> None:
            with self._disturbed(scenario, "kills at random", f"killed after {moment:.3f} s") as folder:
                process = self._start(scenario, folder)
                time.sleep(moment)
                process.kill()
                self._end(process)

        self._all(kill, moments)

    def small_files(self, sizes: tuple[int, ...] = SIZES) -> None:
        """No file can grow beyond a size, as on a full disk: the publisher refuses, in words."""

        def starve(scenario: Scenario, size: int) -> None:
            with self._disturbed(scenario, "full disks (largest file)", f"no file larger than {size} bytes") as folder:
                status = self._end(self._start(scenario, folder, largest=size))
                if status not in (0, REFUSED):
                    self.outcome.faults.append(f"{scenario.name}: with files of at most {size} bytes it ended with {status}")

        self._all(starve, [(scenario, size) for scenario in self.scenarios for size in sizes])

    def two_at_once(self, number: int) -> None:
        """Two publishers of the same at the same time: one does it, the other may be told to wait."""

        def start_both(scenario: Scenario) -> None:
            with self._disturbed(scenario, "two publishers", "two at once") as folder:
                both = [self._start(scenario, folder) for _ in range(2)]
                statuses = sorted(self._end(process) for process in both)
                if statuses not in ([0, 0], [0, REFUSED]):
                    self.outcome.faults.append(f"{scenario.name}: two at once ended with {statuses}")

        self._all(start_both, [(self.random.choice(self.scenarios),) for _ in range(number)])

    def jumping_clocks(self, number: int) -> None:
        """The clock jumps by up to ten years, back or forth, for a publisher that is killed, and again for the rerun: the states, the
        order of versions and all that is said are those of an undisturbed run, but for the times themselves."""

        def jump(scenario: Scenario, moment: float, shifts: tuple[float, float]) -> None:
            clocks = [NOW + timedelta(days=shift) for shift in shifts]
            words = f"clock at {clocks[0]:%Y-%m-%d}, killed after {moment:.3f} s, then clock at {clocks[1]:%Y-%m-%d}"
            with self._disturbed(scenario, "clocks that jump", words, clocks[1]) as folder:
                process = self._start(scenario, folder, now=clocks[0])
                time.sleep(moment)
                process.kill()
                self._end(process)

        chosen = [self.random.choice(self.scenarios) for _ in range(number)]
        cases = [
            (one, self.random.uniform(0, 1.5 * self.seconds[one.name]), (self.random.uniform(-3650, 3650), self.random.uniform(-3650, 3650)))
            for one in chosen
        ]
        self._all(jump, cases)

    def _all(self, disturb: Callable[..., None], cases: Sequence[tuple]) -> None:
        """Every case, as many at a time as there are processors."""
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            for done in [pool.submit(disturb, *case) for case in cases]:
                done.result()

    @contextmanager
    def _disturbed(self, scenario: Scenario, kind: str, words: str, now: datetime = NOW) -> Iterator[Path]:
        """A folder for one disturbance: judged at the end, when the clock says `now`, then removed."""
        folder = Path(tempfile.mkdtemp(dir=self.scratch)) / "disturbed"
        begin(scenario, folder)
        yield folder
        self.judge(scenario, folder, words, now)
        self.outcome.tried[kind] += 1
        shutil.rmtree(folder.parent)

    def judge(self, scenario: Scenario, folder: Path, words: str, now: datetime) -> None:
        """What readers see now, and after a rerun. Where the clock of the two was not one, times do not count."""
        title = f"{scenario.name}, {words}"
        self.outcome.faults += [f"{title}: {problem}" for problem in problems(folder / "published")]
        status = self._end(self._start(scenario, folder, now=now))
        if status:
            self.outcome.faults.append(f"{title}: the rerun ended with {status}")
            return
        end = self.ends[scenario.name]
        self.outcome.faults += [f"{title}, after a rerun: {problem}" for problem in after_rerun(folder, end, timed=now == NOW)]


def after_rerun(folder: Path, end: dict, *, timed: bool = True) -> Iterator[str]:
    """What is wrong after a rerun, compared with what an undisturbed run ends in; unless `timed`, but for the times."""
    published = folder / "published"
    yield from problems(published)
    said = saying(published)
    if not timed:
        said, end = untimed(said), untimed(end)
    yield from (f"{name} is in one of the two only" for name in sorted(set(said) ^ set(end)))
    yield from (f"{name} differs from an undisturbed run" for name in sorted(set(said) & set(end)) if said[name] != end[name])
    store = Store(published)
    if (store.root / STAGING).exists():
        yield "the staging folder is left"
    released = Counter(entry.version for entry in Ledger(store.ledger).entries if entry.after == RELEASED)
    yield from (f"{version} is released {times} times in the ledger" for version, times in released.items() if times != 1)
    home = store.root.joinpath(*PLACE)
    yield from (f"{path.name} is left in the store" for path in home.glob("*") if path.name not in ("1.0.0", "1.0.1"))


def publisher(scenario: Scenario, folder: Path, *, now: datetime = NOW, die_at: int = 0, largest: int | None = None, counted=None) -> None:
    """A publisher's process: runs a scenario, disturbed as asked. `now` is what its clock says; `counted` is told how many changes it made."""
    if die_at:
        die_before_change(die_at)
    changes = 0

    def hook(event: str, arguments: tuple) -> None:
        nonlocal changes
        changes += is_change(event, arguments)

    if counted is not None:
        sys.addaudithook(hook)
    if largest is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    try:
        scenario.run(folder, now)
    except ReleaseError:
        sys.exit(REFUSED)
    if counted is not None:
        counted.put(changes)
