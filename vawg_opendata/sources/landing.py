"""A landing folder as a whole: which sources it holds, every problem of it, and the way from it to records.

The folder has one subfolder per source, each of which may be absent. What is in them is the business of the source
modules, whose common protocol the package's docstring states.
"""

import contextlib
import difflib
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from duckdb import DuckDBPyConnection

from vawg_opendata.problems import Accounting, LandingError, Problem, Quarantine
from vawg_opendata.sources import boundaries, crime_extract, mps_homicide, mps_vawg_dashboard, police_uk, population
from vawg_opendata.sources.files import Discovery, LandingFile
from vawg_opendata.sources.known import KnownFiles
from vawg_opendata.sources.months import Aside, Months, by_month
from vawg_opendata.sources.tabular import SPILL, connect, plain, quote, under_way

SOURCES: tuple[ModuleType, ...] = (crime_extract, mps_vawg_dashboard, mps_homicide, police_uk)
MONTHLY: tuple[ModuleType, ...] = (crime_extract, police_uk)
"""The sources that may be delivered by month, and are then kept by month (`months`)."""
BESIDE = {module.NAME: module for module in (boundaries, population)}  # folders without records, which maps and rates need
LOOKUPS = (police_uk.GEOGRAPHY,)  # folders beside the sources that they may consult
SAMPLE_FILE = "sample.json"  # in a folder that the sample generator made: everything beside it is made up


@dataclass(frozen=True)
class Survey:
    """The files of a landing folder that were recognised, and all problems, blocking and not, in order of place."""

    files: tuple[LandingFile, ...]
    problems: tuple[Problem, ...]

    @property
    def blocking(self) -> tuple[Problem, ...]:
        """The problems that stop a run."""
        return tuple(problem for problem in self.problems if problem.blocking)


@dataclass(frozen=True)
class LandingReport:
    """What `read_landing` wrote: the Parquet file of each record table, the accounts, and the problems that did not stop it.

    Of a table that is kept by month the path is a pattern for its files; `read` are the months that had to be read, by source.
    """

    tables: dict[str, Path]
    accounting: Accounting
    problems: tuple[Problem, ...]
    files: tuple[LandingFile, ...] = field(default=())
    read: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def quarantined(self) -> dict[str, int]:
        """Rows quarantined by reason."""
        return self.accounting.quarantined()


def survey(landing: Path) -> Survey:
    """Every problem of a landing folder at once, found by reading all of it. Writes nothing; raises nothing for bad files."""

    def discover(source: ModuleType, folder: Path) -> Discovery:
        with connect() as connection:
            return source.discover(folder, connection)

    return _survey(landing, discover)


def _survey(landing: Path, discover: Callable[[ModuleType, Path], Discovery]) -> Survey:
    if not landing.is_dir():
        what = "The landing folder is a file" if landing.exists() else "There is no such landing folder"
        return Survey((), (Problem(file=str(landing), kind="landing", message=f"{what}. Give a folder with one subfolder per source."),))
    files: list[LandingFile] = []
    problems: list[Problem] = []
    known = {source.NAME: source for source in SOURCES}
    for entry in sorted(landing.iterdir()):
        if entry.name in known and entry.is_dir():
            found = discover(known[entry.name], entry)
            files += found.files
            problems += found.problems
        elif entry.name in BESIDE and entry.is_dir():
            problems += under_way(entry, entry.name) or BESIDE[entry.name].problems(entry)
        elif entry.name in known or entry.name in BESIDE:
            problems.append(Problem(file=entry.name, kind="folder", message="This is a file where the folder of a source should be."))
        elif entry.is_dir() and entry.name not in LOOKUPS and not entry.name.startswith("."):
            alike = difflib.get_close_matches(entry.name.lower(), known, n=1, cutoff=0.8)
            message = f"No source has this name; the folder is not read. The sources are {', '.join(known)}."
            if alike:  # most likely a slip, and the run would go without a source in silence
                message = f"No source has this name. Rename the folder to {alike[0]}, or move it elsewhere."
            problems.append(Problem(file=entry.name, kind="not-read" if not alike else "folder", message=message, blocking=bool(alike)))
        elif entry.is_file() and entry.name != SAMPLE_FILE and not entry.name.startswith("."):
            message = "Files belong in the folder of their source; this one is not read."
            problems.append(Problem(file=entry.name, kind="not-read", message=message, blocking=False))
    if not files and not any(problem.blocking for problem in problems):
        message = f"The landing folder holds no file of any source. Expected is at least one of the folders {', '.join(known)}."
        problems.append(Problem(file=str(landing), kind="landing", message=message))
    return Survey(tuple(files), tuple(sorted(problems, key=lambda problem: problem.order)))


def read_landing(landing: Path, work: Path) -> LandingReport:
    """Reads all sources of a landing folder into `work`: `records/`, `quarantine/` and `accounting.json`.

    LandingError with every problem, before anything of these is written, if any file is wrong or changes under the reading. What an earlier
    run left in these places is replaced. Months of a source that is delivered by month are kept in `months/`, also where the run then stops for
    another file, and read again only when they have changed. The work folder is made readable by its owner only.
    """
    spill = work if work.is_dir() else None  # the work folder, once there, is as confidential as the records
    for left in work.glob(f"{SPILL}*"):  # by a run that was killed
        shutil.rmtree(left)
    with contextlib.ExitStack() as stack:
        connections: dict[str, DuckDBPyConnection] = {}
        known = KnownFiles(work)
        monthly = {source: _Monthly(Months(work, source), known, work) for source in MONTHLY}

        def discover(source: ModuleType, folder: Path) -> Discovery:
            connection = connections[source.NAME] = stack.enter_context(connect(spill))
            if source not in monthly or not source.is_by_month(folder):
                return source.discover(folder, connection)
            rest = source.discover_rest(folder, connection)
            found = monthly[source].discover(folder)
            return Discovery((*rest.files, *found.files), (*rest.problems, *found.problems))

        found = _survey(landing, discover)
        if found.blocking:
            raise LandingError(found.blocking)
        of_months = {file for source in monthly.values() for file in source.files}  # these were compared before their month was kept
        known.require_unchanged([file for file in found.files if file not in of_months])
        _make_private(work)
        for folder in ("records", "quarantine"):
            shutil.rmtree(work / folder, ignore_errors=True)
        quarantine, accounting = Quarantine(work / "quarantine"), Accounting()
        tables: dict[str, Path] = {}
        for source in SOURCES:
            files = [file for file in found.files if file.source == source.NAME and file not in of_months]
            if files:
                tables |= source.read(files, connections[source.NAME], work, quarantine, accounting)
            if source in monthly:
                monthly[source].kept.forget_others(monthly[source].months)
                tables |= monthly[source].read(accounting)
    accounting.write(work / "accounting.json")
    known.keep(others=False)
    read = {source.NAME: tuple(reading.changed) for source, reading in monthly.items()}
    return LandingReport(tables, accounting, found.problems, found.files, read)


def read_months(landing: Path, work: Path, source: ModuleType, months: Collection[str]) -> tuple[Months, dict[str, bool]]:
    """Keeps some months of a source that is delivered by month; the files of others are not even opened.

    Returns what is kept, and for each of these months that the landing folder has, whether it had to be read. LandingError with the
    problems of their files; months of which nothing is wrong may be kept by then.
    """
    kept = Months(work, source)
    folder = landing / source.NAME
    if not folder.is_dir() or not source.is_by_month(folder):
        return kept, {}
    _make_private(work)
    known = KnownFiles(work)
    reading = _Monthly(kept, known, work)
    found = reading.discover(folder, months)
    if any(problem.blocking for problem in found.problems):
        raise LandingError(problem for problem in found.problems if problem.blocking)
    known.keep(others=True)
    return kept, {month: month in reading.changed for month in reading.months}


class _Monthly:
    """The reading of a source by month: what `discover` keeps is what `read` puts together."""

    def __init__(self, kept: Months, known: KnownFiles, work: Path) -> None:
        self.kept, self.known, self.work = kept, known, work
        self.files: set[LandingFile] = set()
        self.months: dict[str, list[LandingFile]] = {}
        self.changed: list[str] = []
        self._stated: dict[str, str] = {}
        self._problems: list[Problem] = []
        self._failed: set[str] = set()

    def discover(self, folder: Path, months: Collection[str] | None = None) -> Discovery:
        """As the source's own, of these months (all), without reading the rows of those that are kept. LandingError where a file changes meanwhile.

        Months that have changed are read a few at a time, so that memory does not grow with their number, and those without a blocking problem are
        kept. Then it is known which rows clash with other months: the months of which that is news are read once more.
        """
        source = self.kept.source
        files, problems = source.find(folder, months, self.known.examine)
        self.files = set(files)  # those that months consult, too, where there is no month
        self._stated = source.stated(folder)
        self.months = by_month(source, files)
        self.changed = self.kept.changed(self.months, self._stated)
        if source.MONTH_KEYS and any(problem.blocking for problem in problems):  # linked tables cannot be judged when one is missing
            return Discovery(tuple(files), tuple(problems))
        self._keep(self.changed, {})
        if source.MONTH_KEYS and self.months and not self._failed:
            with connect(self._spill) as connection:
                listed = ", ".join(quote(plain(self.kept.keys(month))) for month in self.months)
                clashes = source.clashes(connection, f"read_parquet([{listed}])")
            news = [month for month in self.months if clashes.get(month, {}) != self.kept.aside(month)]
            self.changed = sorted({*self.changed, *news})
            self._keep(news, clashes)
        known = self.kept.problems([month for month in self.months if month not in self._failed])
        return Discovery(tuple(files), (*problems, *self._problems, *known))

    def _keep(self, months: Sequence[str], aside: Mapping[str, Aside]) -> None:
        """Read these months and keep them, but for those that are read together with one that has a blocking problem."""
        source = self.kept.source
        for start in range(0, len(months), source.AT_ONCE):
            some = {month: self.months[month] for month in months[start : start + source.AT_ONCE]}
            fresh = list({file.file: file for files in some.values() for file in files}.values())
            with connect(self._spill) as connection:
                problems = source.prepare(connection, fresh, aside)
                if any(problem.blocking for problem in problems):
                    self._problems += problems
                    self._failed |= set(some)
                    continue
                self.known.require_unchanged(fresh)
                _make_private(self.work)
                self.kept.read(connection, some, self._stated, aside, problems)

    @property
    def _spill(self) -> Path | None:
        return self.work if self.work.is_dir() else None

    def read(self, accounting: Accounting) -> dict[str, Path]:
        """All months as the records of a run, in the accounts and the quarantine too."""
        if not self.months:
            return {}
        with connect(self._spill) as connection:
            return self.kept.assemble(connection, self.months, self.work, accounting)


def _make_private(work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    work.chmod(0o700)
