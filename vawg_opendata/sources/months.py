"""The months of a source whose files are each of one month: read once, kept by their content, put together again.

Belongs here: which months of a landing folder are as they were when they were read before, and how what was read of a
month is kept in the work folder and put together with the others. How files are read is the business of the source
module, which has, besides the names that all have,

    is_by_month(folder) -> bool            whether it is delivered by month; else it is read like any other
    discover_rest(folder, connection)      as `discover`, of what is delivered whole beside the months
    BY_MONTH                               the tables that are delivered so, as they are kept
    DATED                                  whether a row may be set aside for a day that is yet to come
    AT_ONCE                                how many months are read in one go
    EDITIONS                               whether all months are one edition of a series, told by the last of them
    stated(folder) -> dict                 what is said of each month elsewhere, as text: part of what it is told by
    find(folder, months, examine) -> (files, problems)
                                           the files of these months (None: all), recognised by name and form and not yet read
    month_of(file) -> str                  the month of a file; '' of a file that all months consult
    prepare(connection, files, aside) -> problems
                                           what `discover` does with the rows of the files; those of `aside` clash with other months
    MONTH_KEYS                             the table of the connection in which that leaves what other months may use too ('': nothing is)
    clashes(connection, keys)              the rows that use what another month uses, by month and table; `keys` is SQL for these tables of all months

A month is `WORK/months/<source>/<month>/`: a Parquet file per record table, `quarantine.parquet`, `keys.parquet`, and `month.json` with the
key of its files, the accounts, the problems that did not stop the run, the digests of its tables and what their checks found. The key
is a hash of the names and content of its files, of the code and of the DuckDB version: whatever changes one of them, the month is
read again. So is a month whose rows clash with other months than they did. One of which rows were set aside is read again once a calendar month
where a date in the future is a reason, which is none for ever.
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
from vawg_opendata.record_digests import MONTHS, Digest, digest
from vawg_opendata.schemas import CheckResult, TableSchema, validate_parquet
from vawg_opendata.schemas.origin import VINTAGE
from vawg_opendata.sources.files import LandingFile
from vawg_opendata.sources.tabular import SPILL, plain, quote

FOLDER = "months"
STATE, QUARANTINE, KEYS = "month.json", "quarantine.parquet", "keys.parquet"
EDITION = f"{VINTAGE.name}="
Aside = Mapping[str, Sequence[int]]
"""Rows of a month that clash with other months, by table."""


def by_month(source: ModuleType, files: Sequence[LandingFile]) -> dict[str, list[LandingFile]]:
    """The files of each month, in order, each with those that all months consult."""
    months: dict[str, list[LandingFile]] = {}
    for file in files:
        months.setdefault(source.month_of(file), []).append(file)
    shared = months.pop("", [])
    return {month: months[month] + shared for month in sorted(months)}


def key_of(files: Sequence[LandingFile], stated: str = "") -> str:
    """What a month is told by: its files, what is `stated` of them elsewhere, and what reads them."""
    listed = [code_hash(), duckdb.__version__, stated, *(f"{file.file} {file.sha256}" for file in files)]
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()


class Months:
    """The months of one source that the work folder keeps."""

    def __init__(self, work: Path, source: ModuleType) -> None:
        self.folder, self.source = work / FOLDER / source.NAME, source
        self._states: dict[str, dict] = {}

    def changed(self, months: Mapping[str, Sequence[LandingFile]], stated: Mapping[str, str]) -> list[str]:
        """Those of these months that have to be read: not kept, or kept of other files."""
        this = datetime.date.today().isoformat()[:7]
        found = []
        for month, files in months.items():
            state = self._state(month)
            if state is None or state["key"] != key_of(files, stated.get(month, "")) or state["read_in"] not in ("", this):
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

    def aside(self, month: str) -> Aside:
        """The rows that were set aside because they clash with other months."""
        return self._kept(month)["aside"]

    def keys(self, month: str) -> Path:
        """What a month uses that other months may use too."""
        return self.folder / month / KEYS

    def table(self, month: str, table: str) -> Path:
        """The file of a record table of a month, which is there where the month has rows of it."""
        return self.folder / month / f"{table}.parquet"

    def is_as_read(self, path: Path, table: str) -> bool:
        """Whether a run's file of a month (by its name) is what was read: nothing in it was corrected since."""
        as_read = self.table(path.stem, table)
        return as_read.is_file() and path.samefile(as_read)

    def digest(self, path: Path, table: str) -> Digest:
        """What tells the rows of a run's file of a month that is as it was read."""
        digests = self._kept(path.stem)["digests"]
        return {path.parent.name.partition(EDITION)[2]: {path.stem: digests[table]}} if table in digests else {}

    def _kept(self, month: str) -> dict:
        if month not in self._states:
            self._states[month] = json.loads((self.folder / month / STATE).read_text(encoding="utf-8"))
        return self._states[month]

    def read(
        self,
        connection: duckdb.DuckDBPyConnection,
        months: Mapping[str, Sequence[LandingFile]],
        stated: Mapping[str, str],
        aside: Mapping[str, Aside],
        problems: Sequence[Problem],
    ) -> None:
        """Keep these months, whose files were prepared on the connection: read in one go, then told apart."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = list({file.file: file for listed in months.values() for file in listed}.values())
        with tempfile.TemporaryDirectory(prefix=SPILL, dir=self.folder.parents[1]) as scratch:  # found, and removed, after a run that was killed
            together, apart = Path(scratch, "together"), Path(scratch, "apart")
            quarantine, accounting = Quarantine(together / "quarantine"), Accounting()
            tables = self.source.read(files, connection, together, quarantine, accounting)
            schemas = [schema for schema in self.source.BY_MONTH if schema.name in tables]
            results = {schema: validate_parquet(schema, tables[schema.name], _linked(schema, tables)) for schema in schemas}
            digests = {table: digest(connection, [path]).get("", {}) for table, path in tables.items()}
            for table, path in tables.items():
                _split(path, table, months, apart)
            for month, listed in months.items():
                folder = apart / month
                folder.mkdir(parents=True, exist_ok=True)
                names = [file.name for file in listed if self.source.month_of(file) == month]
                accounts = [account for account in accounting.files if account.file in names]
                if set_aside := sum(account.rows_quarantined for account in accounts):
                    among = ", ".join(map(quote, names))
                    rows = quote(plain(together / "quarantine" / f"{self.source.NAME}.parquet"))
                    write_parquet(connection, f"FROM read_parquet({rows}) WHERE file IN ({among})", folder / QUARANTINE)
                if self.source.MONTH_KEYS:
                    write_parquet(connection, f'FROM {self.source.MONTH_KEYS} WHERE "month" = {quote(month)} ORDER BY "table", source_row', folder / KEYS)
                state = {
                    "key": key_of(listed, stated.get(month, "")),
                    "read_in": datetime.date.today().isoformat()[:7] if set_aside and self.source.DATED else "",
                    "bytes": {path.name: path.stat().st_size for path in sorted(folder.iterdir())},
                    "problems": [asdict(one) for one in problems if one.file in {f"{self.source.NAME}/{name}" for name in names}],
                    "accounts": [asdict(account) for account in accounts],
                    "aside": {table: list(rows) for table, rows in aside.get(month, {}).items()},
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
            together = validate_parquet(schema, path, _linked(schema, {one.stem: one for one in folder.glob("*.parquet")}))
        return [asdict(result) for result in together]

    def forget_others(self, months: Collection[str]) -> None:
        """Remove what is kept of months that the landing folder no longer has."""
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            if folder.name not in months:
                shutil.rmtree(folder)

    def assemble(self, connection: duckdb.DuckDBPyConnection, months: Collection[str], work: Path, accounting: Accounting) -> dict[str, Path]:
        """Put kept months together as the records of a run: a folder per table with a file per month. Returns a pattern by table.

        Those of an edition lie in a folder `vintage=2026-02`, from which DuckDB reads that column. What the run quarantined of other tables of the
        source stays.
        """
        patterns = {}
        quarantine = Quarantine(work / "quarantine")
        whole = quarantine.folder / f"{self.source.NAME}.whole"
        if (written := quarantine.folder / f"{self.source.NAME}.parquet").is_file():
            os.replace(written, whole)
        quarantined = [whole] if whole.is_file() else []
        tables = {schema.name for schema in self.source.BY_MONTH}
        edition = f"{EDITION}{max(months)}" if self.source.EDITIONS else ""
        for month in sorted(months):
            for account in self.accounts(month):
                accounting.add(account)
            for path in sorted((self.folder / month).glob("*.parquet")):
                if path.name == QUARANTINE:
                    quarantined.append(path)
                if path.stem not in tables:
                    continue
                folder = work / "records" / path.stem / edition
                folder.mkdir(parents=True, exist_ok=True)
                _link(path, folder / f"{month}.parquet")
                patterns[path.stem] = folder / "*.parquet"
        rows = " UNION ALL BY NAME ".join(f"FROM read_parquet({quote(plain(path))})" for path in quarantined)
        empty = ", ".join(f'NULL AS "{column}"' for column in Quarantine.COLUMNS)
        quarantine.write(connection, self.source.NAME, rows or f"SELECT {empty} WHERE false")
        whole.unlink(missing_ok=True)
        return patterns


def _linked(schema: TableSchema, tables: Mapping[str, Path]) -> dict[str, Path]:
    """Of these tables those on which others hang."""
    return {key.table: tables[key.table] for key in schema.foreign_keys if key.table in tables}


def _split(path: Path, table: str, months: Collection[str], folder: Path) -> None:
    """Move a record table to `<month>/<table>.parquet` of a folder; of several months, the rows of each, in their order. Each month has a file."""
    if len(months) == 1:
        (folder / min(months)).mkdir(parents=True, exist_ok=True)
        os.rename(path, folder / min(months) / f"{table}.parquet")
        return
    import pyarrow.compute
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        column = next(name for name in MONTHS if name in file.schema_arrow.names)
        writers: dict[str, pyarrow.parquet.ParquetWriter] = {}
        for month in months:
            (folder / month).mkdir(parents=True, exist_ok=True)
            writers[month] = pyarrow.parquet.ParquetWriter(folder / month / f"{table}.parquet", file.schema_arrow, compression="zstd")
        for batch in file.iter_batches():
            runs = pyarrow.compute.run_end_encode(batch.column(column))
            start = 0
            for month, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
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
