"""The months of a source whose files are each of one month: read once, kept by their content, put together again.

Belongs here: which months of a landing folder are as they were when they were read before, and how what was read of a
month is kept in the work folder and put together with the others. How files are read is the business of the source
module, which has, besides the names that all have,

    find(folder, months, examine) -> (files, problems)
                                           the files of these months (None: all), recognised by name and form and not yet read
    month_of(file) -> str                  the month of a file; '' of a file that all months consult
    prepare(connection, files) -> problems what `discover` does with the rows of the files

A month is `WORK/months/<source>/<month>/`: a Parquet file per record table, `quarantine.parquet`, and `month.json` with the
key of its files, the accounts, the problems that did not stop the run, the digests of its tables and what their checks found. The key
is a hash of the names and content of its files, of the code and of the DuckDB version: whatever changes one of them, the month is
read again. So is a month of which rows were set aside, once a calendar month, since a date in the future is not one for ever.
"""

import datetime
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import duckdb

from vawg_opendata.code import code_hash
from vawg_opendata.problems import Accounting, FileAccount, Problem, Quarantine, write_parquet
from vawg_opendata.record_digests import Digest, digest
from vawg_opendata.schemas import CheckResult, TableSchema, validate_parquet
from vawg_opendata.sources.files import LandingFile
from vawg_opendata.sources.tabular import SPILL, plain, quote

FOLDER = "months"
STATE, QUARANTINE = "month.json", "quarantine.parquet"


def by_month(source: ModuleType, files: Sequence[LandingFile]) -> dict[str, list[LandingFile]]:
    """The files of each month, in order, each with those that all months consult."""
    months: dict[str, list[LandingFile]] = {}
    for file in files:
        months.setdefault(source.month_of(file), []).append(file)
    shared = months.pop("", [])
    return {month: months[month] + shared for month in sorted(months)}


def key_of(files: Sequence[LandingFile]) -> str:
    """What a month is told by: its files, and what reads them."""
    listed = [code_hash(), duckdb.__version__, *(f"{file.file} {file.sha256}" for file in files)]
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()


class Months:
    """The months of one source that the work folder keeps."""

    def __init__(self, work: Path, source: ModuleType) -> None:
        self.folder, self.source = work / FOLDER / source.NAME, source
        self._states: dict[str, dict] = {}

    def changed(self, months: Mapping[str, Sequence[LandingFile]]) -> list[str]:
        """Those of these months that have to be read: not kept, or kept of other files."""
        this = datetime.date.today().isoformat()[:7]
        found = []
        for month, files in months.items():
            state = self._state(month)
            if state is None or state["key"] != key_of(files) or state["read_in"] not in ("", this):
                found.append(month)
        return found

    def _state(self, month: str) -> dict | None:
        """What is kept of a month; None where nothing is, or not all of it is on the disk."""
        path = self.folder / month / STATE
        if not path.is_file():
            return None
        state = self._kept(month)
        whole = all((path.parent / name).is_file() and (path.parent / name).stat().st_size == size for name, size in state["bytes"].items())
        return state if whole else None

    def problems(self, months: Collection[str]) -> list[Problem]:
        """The problems of rows of these months, which stopped nothing."""
        return [Problem(**problem) for month in months for problem in self._kept(month)["problems"]]

    def checks(self, month: str, table: str) -> list[CheckResult]:
        """What the checks of a declared table found in a month; nothing, where no month had rows of it."""
        return [CheckResult(**result) for result in self._kept(month)["checks"].get(table, [])]

    def accounts(self, month: str) -> list[FileAccount]:
        """What became of every row of a month."""
        return [FileAccount(**account) for account in self._kept(month)["accounts"]]

    def table(self, month: str, table: str) -> Path:
        """The file of a record table of a month, which is there where the month has rows of it."""
        return self.folder / month / f"{table}.parquet"

    def is_as_read(self, path: Path, table: str) -> bool:
        """Whether a run's file of a month (by its name) is what was read: nothing in it was corrected since."""
        as_read = self.table(path.stem, table)
        return as_read.is_file() and path.samefile(as_read)

    def digest(self, month: str, table: str) -> Digest:
        """What tells the rows of a table of a month."""
        return {"": {month: self._kept(month)["digests"][table]}}

    def _kept(self, month: str) -> dict:
        if month not in self._states:
            self._states[month] = json.loads((self.folder / month / STATE).read_text(encoding="utf-8"))
        return self._states[month]

    def read(
        self,
        connection: duckdb.DuckDBPyConnection,
        months: Mapping[str, Sequence[LandingFile]],
        problems: Sequence[Problem],
        schemas: Sequence[TableSchema],
    ) -> None:
        """Keep these months, whose files were prepared on the connection: read in one go, then told apart."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = list({file.file: file for listed in months.values() for file in listed}.values())
        with tempfile.TemporaryDirectory(prefix=SPILL, dir=self.folder.parents[1]) as scratch:  # found, and removed, after a run that was killed
            together, apart = Path(scratch, "together"), Path(scratch, "apart")
            quarantine, accounting = Quarantine(together / "quarantine"), Accounting()
            tables = self.source.read(files, connection, together, quarantine, accounting)
            results = {schema: validate_parquet(schema, tables[schema.name]) for schema in schemas if schema.name in tables}
            digests = {table: digest(connection, [path])[""] for table, path in tables.items()}
            for table, path in tables.items():
                _split(path, table, months, apart)
            for month, listed in months.items():
                folder = apart / month
                folder.mkdir(parents=True, exist_ok=True)
                names = [file.name for file in listed if self.source.month_of(file) == month]
                accounts = [account for account in accounting.files if account.file in names]
                if set_aside := sum(account.rows_quarantined for account in accounts):
                    among = ", ".join(map(quote, names))
                    aside = quote(plain(together / "quarantine" / f"{self.source.NAME}.parquet"))
                    write_parquet(connection, f"FROM read_parquet({aside}) WHERE file IN ({among})", folder / QUARANTINE)
                state = {
                    "key": key_of(listed),
                    "read_in": datetime.date.today().isoformat()[:7] if set_aside else "",
                    "bytes": {path.name: path.stat().st_size for path in sorted(folder.iterdir())},
                    "problems": [asdict(one) for one in problems if one.file in {f"{self.source.NAME}/{name}" for name in names}],
                    "accounts": [asdict(account) for account in accounts],
                    "digests": {table: found[month] for table, found in digests.items() if month in found},
                    "checks": {schema.name: self._judged(schema, found, folder) for schema, found in results.items()},
                }
                (folder / STATE).write_text(json.dumps(state), encoding="utf-8")
                if (kept := self.folder / month).exists():
                    os.rename(kept, Path(scratch, f"old-{month}"))
                os.rename(folder, kept)
                self._states[month] = state

    @staticmethod
    def _judged(schema: TableSchema, together: Sequence[CheckResult], folder: Path) -> list[dict]:
        """The checks of a table of one month; of the months together, where nothing failed in any."""
        path = folder / f"{schema.name}.parquet"
        if path.is_file() and any(result.failures for result in together):
            together = validate_parquet(schema, path)
        return [asdict(result) for result in together]

    def forget_others(self, months: Collection[str]) -> None:
        """Remove what is kept of months that the landing folder no longer has."""
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            if folder.name not in months:
                shutil.rmtree(folder)

    def assemble(self, connection: duckdb.DuckDBPyConnection, months: Collection[str], work: Path, accounting: Accounting) -> dict[str, Path]:
        """Put kept months together as the records of a run: a folder per table with a file per month. Returns a pattern by table."""
        patterns = {}
        quarantined = []
        for month in sorted(months):
            for account in self.accounts(month):
                accounting.add(account)
            for path in sorted((self.folder / month).glob("*.parquet")):
                if path.name == QUARANTINE:
                    quarantined.append(path)
                    continue
                folder = work / "records" / path.stem
                folder.mkdir(parents=True, exist_ok=True)
                _link(path, folder / f"{month}.parquet")
                patterns[path.stem] = folder / "*.parquet"
        rows = " UNION ALL BY NAME ".join(f"FROM read_parquet({quote(plain(path))})" for path in quarantined)
        empty = ", ".join(f'NULL AS "{column}"' for column in Quarantine.COLUMNS)
        Quarantine(work / "quarantine").write(connection, self.source.NAME, rows or f"SELECT {empty} WHERE false")
        return patterns


def _split(path: Path, table: str, months: Collection[str], folder: Path) -> None:
    """Move a record table to `<month>/<table>.parquet` of a folder; of several months, the rows of each, in their order."""
    if len(months) == 1:
        (folder / min(months)).mkdir(parents=True, exist_ok=True)
        os.rename(path, folder / min(months) / f"{table}.parquet")
        return
    import pyarrow.compute
    import pyarrow.parquet

    writers: dict[str, pyarrow.parquet.ParquetWriter] = {}
    with pyarrow.parquet.ParquetFile(path) as file:
        for batch in file.iter_batches():
            runs = pyarrow.compute.run_end_encode(batch.column("month"))
            start = 0
            for month, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
                if month not in writers:
                    (folder / month).mkdir(parents=True, exist_ok=True)
                    writers[month] = pyarrow.parquet.ParquetWriter(folder / month / f"{table}.parquet", file.schema_arrow, compression="zstd")
                writers[month].write_batch(batch.slice(start, end - start))
                start = end
    for writer in writers.values():
        writer.close()


def _link(path: Path, place: Path) -> None:
    """The same file in another place; a copy where the file system has no links."""
    try:
        os.link(path, place)
    except OSError:
        shutil.copyfile(path, place)
