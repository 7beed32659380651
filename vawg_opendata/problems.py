"""What is wrong with the inputs, what was set aside, and the proof that nothing was lost.

`Problem` is one fault of a file or of its rows, in words for the person who must mend it. `LandingError` stops a run
before anything is written. `Quarantine` keeps rows that cannot be used, with the reason, in the work folder;
`Accounting` proves per file that what was read was accepted or quarantined. Finding the faults is the business of
`sources`; nothing here knows a publisher's format.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

LONGEST_VALUE = 80


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One fault: where it is, what is wrong, and what to do about it.

    `file` is relative to the landing folder, `part` a sheet, `row` the first row concerned (1 is the first row of data)
    and `rows` how many there are. `kind` is a short name that machines can count by. A blocking problem makes a file
    unusable and stops a run; the rows of others are quarantined, or nothing is lost by them at all (`rows` is 0).
    `value` is the one value at fault, never another field of its record.
    """

    file: str
    kind: str
    message: str
    part: str = ""
    row: int | None = None
    rows: int = 0
    column: str = ""
    value: str | None = None
    blocking: bool = True

    def __str__(self) -> str:
        place = [self.file]
        if self.part:
            place.append(f"sheet {self.part}")
        if self.row is not None:
            place.append(f"row {self.row}" + (f" and {self.rows - 1} more" if self.rows > 1 else ""))
        if self.column:
            place.append(f"column {self.column}")
        value = "" if self.value is None else f"{printable(self.value)}: "
        return f"{', '.join(place)}: {value}{self.message}"

    @property
    def order(self) -> tuple:
        """By file, then sheet, row and kind: the order in which problems are listed."""
        return (self.file, self.part, self.row or 0, self.column, self.kind, self.value or "")


class RunError(RuntimeError):
    """A run that cannot go on as things are. The message is for the operator: what is wrong and what to do."""



class LandingError(ValueError):
    """The landing folder holds files that cannot be used; `problems` has every one of them. Nothing was written.

    The message names files, columns and kinds of problems: it reaches logs, where no value of a record may be.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.order))
        kinds: dict[str, int] = {}
        for problem in self.problems:
            place = ", ".join(filter(None, (problem.file, problem.part and f"sheet {problem.part}", problem.column and f"column {problem.column}")))
            kinds[f"{place}: {problem.kind}"] = kinds.get(f"{place}: {problem.kind}", 0) + 1
        listed = "".join(f"\n  {kind} ({number})" for kind, number in kinds.items())
        super().__init__(
            f"The landing folder cannot be used ({len(self.problems)} problems; `vawg validate` tells them). Nothing was written.{listed}"
        )


class AccountingError(RuntimeError):
    """Rows or counts were lost or invented between a file and its records: a fault of this software, not of the file."""


def printable(value: str) -> str:
    """A value as it can stand in a message or a log: quoted, control characters escaped, cut at 80 characters."""
    cut = value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "..."
    return "'" + "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut) + "'"


class Quarantine:
    """The rows that could not be used, one Parquet file per source in a folder of the work folder.

    Each row has `file`, `part`, `row` (1-based), `column`, `reason`, `count` (NULL where it is what cannot be read) and
    `record`, the row as it was read, as JSON: nothing is lost. The folder is as confidential as the records.
    """

    COLUMNS = ("file", "part", "row", "column", "reason", "count", "record")

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, connection: duckdb.DuckDBPyConnection, source: str, query: str) -> Path:
        """Writes the rows of an SQL query with the columns `COLUMNS` as `<source>.parquet` and returns its path."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{source}.parquet"
        columns = (
            'file::VARCHAR AS file, part::VARCHAR AS part, "row"::BIGINT AS "row", "column"::VARCHAR AS "column", '
            'reason::VARCHAR AS reason, "count"::BIGINT AS "count", record::VARCHAR AS record'
        )
        write_parquet(connection, f'SELECT {columns} FROM ({query}) ORDER BY file, part, "row", reason, "column"', path)
        return path


@dataclass(frozen=True, kw_only=True)
class FileAccount:
    """What became of the rows of one file, or of one sheet of it, and of the counts they carry.

    `quarantined_by_reason` are rows. `notes` are numbers of accepted rows that a reader should know of, by what they
    are (such as `outside London`).
    """

    source: str
    file: str
    part: str = ""
    table: str
    vintage: str = ""
    rows_read: int
    rows_accepted: int
    rows_quarantined: int
    counts_read: int
    counts_accepted: int
    counts_quarantined: int
    quarantined_by_reason: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)


class Accounting:
    """The accounts of all files of a run; written as `accounting.json` in the work folder."""

    def __init__(self) -> None:
        self.files: list[FileAccount] = []

    def add(self, account: FileAccount) -> None:
        """Enters a file. AccountingError unless read = accepted + quarantined, for rows and for counts."""
        for what in ("rows", "counts"):
            read, accepted, quarantined = (getattr(account, f"{what}_{state}") for state in ("read", "accepted", "quarantined"))
            if read != accepted + quarantined:
                raise AccountingError(
                    f"{account.source}/{account.file} {account.part}: {what} read {read}, accepted {accepted}, quarantined {quarantined}."
                )
        if sum(account.quarantined_by_reason.values()) != account.rows_quarantined:
            raise AccountingError(f"{account.source}/{account.file} {account.part}: the reasons do not add up to the rows quarantined.")
        self.files.append(account)

    def quarantined(self) -> dict[str, int]:
        """Rows quarantined by reason, over all files."""
        reasons: dict[str, int] = {}
        for account in self.files:
            for reason, rows in account.quarantined_by_reason.items():
                reasons[reason] = reasons.get(reason, 0) + rows
        return dict(sorted(reasons.items()))

    def rows(self) -> dict[str, int]:
        """Rows read, accepted and quarantined, over all files. Counts are not added: sheets are views of one total."""
        return {state: sum(getattr(account, f"rows_{state}") for account in self.files) for state in ("read", "accepted", "quarantined")}

    def write(self, path: Path) -> None:
        """Writes the accounts as JSON, a line for each, the same bytes for the same accounts."""
        files = sorted(self.files, key=lambda account: (account.source, account.file, account.part, account.table))
        lines = ",\n".join(json.dumps(vars(account), ensure_ascii=False) for account in files)
        document = json.dumps({"rows": self.rows(), "quarantined_by_reason": self.quarantined()}, ensure_ascii=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'{document[:-1]}, "files": [\n{lines}\n]}}\n', encoding="utf-8")


def confine(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Has a connection print nothing, and put what does not fit into memory into `folder`, which must be closed to others.

    DuckDB would put it into the working directory of the process, where anybody may look and where a killed run leaves it.
    """
    target = str(folder / ".spill").replace("'", "''")
    connection.execute(f"SET enable_progress_bar = false; SET temp_directory = '{target}'")


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Writes an SQL query, which must order its rows, as Parquet (zstd): the same rows give the same bytes."""
    target = str(path).replace("'", "''")
    connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
