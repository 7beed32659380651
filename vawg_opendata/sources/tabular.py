"""Opens CSV, Parquet and Excel files as they come, judges their form, and hands their cells to DuckDB as text.

Form is what can be judged without knowing what the columns mean: whether a file can be read at all, its encoding, its
header against the layouts a publisher has used, rows of the wrong length. What the cells mean belongs to the source
modules and to `words`.
"""

import codecs
import contextlib
import csv
import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from vawg_opendata.problems import LandingError, Problem
from vawg_opendata.reference import fold
from vawg_opendata.sources import workbook
from vawg_opendata.sources.files import LandingFile, Layout

FORMATS = {".csv": "csv", ".parquet": "parquet", ".xlsx": "xlsx"}
OTHER_DATA = {".zip", ".gz", ".7z", ".xls", ".xlsm", ".ods", ".tsv", ".json"}
UNDER_WAY = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".download")
"""Endings that programs give a file while they write it."""
COPYING = "under-way"
"""The kind of the problem that such a file is."""
DAMAGED = "The file is damaged and cannot be read to its end. Copy or download it again."
CHUNK = 8 * 1024 * 1024
LONGEST_HEADER = 64 * 1024
_AS_IT_IS = "hive_partitioning=false"  # else a folder called `month=2026-02` takes the place of that column of the files below it
SPILL = ".vawg-"  # how the names of folders of `connect` begin
APART = 1 << 40  # more rows than a file has: between the numbers of the rows of one file and those of the next, where these are told apart
ROW, FILE = f"(source_row & {APART - 1})", f"(source_row // {APART})"
"""SQL: the row in its file, and the place of its file among those staged, of rows that are numbered apart."""


@dataclass(frozen=True)
class Form:
    """The form of one file: size, SHA-256, header (of a CSV or Parquet file) and, where it cannot be used, why.

    `fault` is a kind, a message and the row where it was seen (or None).
    """

    bytes: int
    sha256: str
    header: tuple[str, ...] = ()
    fault: tuple[str, str, int | None] | None = None


def walk(folder: Path, source: str) -> Iterator[tuple[Path, str] | Problem]:
    """The data files of a folder and its subfolders, as (path, name in the folder) in order of name, and problems.

    A folder named like a file, an archive and a file that is still being copied are blocking problems; a file that is no data (a
    licence, a note) is a problem that blocks nothing. Hidden files and the lock files of office programs are passed over.
    """
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        hidden = real in seen
        seen.add(real)
        folders[:] = [] if hidden else sorted(name for name in folders if not name.startswith("."))
        for name in [] if hidden else sorted([*files, *(name for name in folders if _suffix(name) in {*FORMATS, *OTHER_DATA})]):
            path = Path(place, name)
            relative = path.relative_to(folder).as_posix()
            printable = relative.encode("utf-8", "replace").decode()
            suffix = _suffix(name)
            if name.startswith((".", "~$")) or name == "Thumbs.db":
                continue
            if printable != relative:
                yield Problem(file=f"{source}/{printable}", kind="name", message="The file's name is not UTF-8. Rename it.")
            elif path.is_dir():
                folders.remove(name)
                yield Problem(
                    file=f"{source}/{relative}", kind="folder", message="This is a folder where a file should be. Put the file itself here."
                )
            elif path.exists() and not path.is_file():  # a pipe or device: reading it might never end
                yield Problem(file=f"{source}/{relative}", kind="format", message="This is not a regular file. Put the file itself here.")
            elif suffix in OTHER_DATA:
                message = "Archives and files of this format are not read. Unpack it, or save it as CSV, XLSX or Parquet."
                if suffix == ".zip" and not workbook.is_zip(path):
                    message = "Named .zip, but it is not a zip archive. Download it again, unpack it and put the files here."
                yield Problem(file=f"{source}/{relative}", kind="format", message=message)
            elif suffix in UNDER_WAY:
                message = "A file is being copied here, or the copy broke off. Start again when it is there under its own name, or remove it."
                yield Problem(file=f"{source}/{relative}", kind=COPYING, message=message)
            elif suffix not in FORMATS:
                yield Problem(file=f"{source}/{relative}", kind="not-read", message="Not a data file; it is not read.", blocking=False)
            else:
                yield path, relative


def under_way(folder: Path, source: str) -> list[Problem]:
    """The files in a folder and its subfolders that are still being copied, which stop a run: it would publish what is there as if it were all."""
    return [found for found in walk(folder, source) if isinstance(found, Problem) and found.kind == COPYING]


def examine(path: Path) -> Form:
    """Reads a file once from end to end and judges its form by its name's suffix. Nothing is raised for a bad file."""
    try:
        with path.open("rb") as file:
            return _examine_csv(file) if _suffix(path.name) == ".csv" else _examine_binary(path, file)
    except OSError as error:
        return Form(0, "", fault=("unreadable", f"The file cannot be opened ({error.strerror}).", None))


def require_unchanged(files: Iterable[LandingFile]) -> None:
    """LandingError for files that are not, byte for byte, those that were recognised."""
    changed = [file for file in files if _sha256(file.path) != file.sha256]
    if changed:
        message = "The file has changed since it was checked. Start again when no one writes to it."
        raise LandingError(Problem(file=file.file, kind="changed", message=message) for file in changed)


def match(header: Sequence[str], layouts: Iterable[Layout], what: str = "header") -> Layout | str:
    """The layout whose columns a header has, in any order and however written; else a message that names the nearest."""
    found = [fold(column) for column in header]
    layouts = tuple(layouts)
    for layout in layouts:
        if sorted(found) == sorted(map(fold, layout.columns)):
            return layout
    nearest = max(layouts, key=lambda layout: _likeness(set(found), set(map(fold, layout.columns))))
    missing = [column for column in nearest.columns if fold(column) not in found]
    extra = [column for column in header if fold(column) not in map(fold, nearest.columns)]
    twice = sorted({column for column in header if found.count(fold(column)) > 1})
    parts = [f"The {what} is not one we know. The nearest is that of {nearest.name}"]
    for label, columns in (("missing", missing), ("unexpected", extra), ("more than once", twice)):
        if columns:
            parts.append(f"{label}: {', '.join(column[:60] or '(blank)' for column in columns[:20])}")
    return "; ".join(parts) + ". Deliver the file as published, or have the new layout added."


def identifier(column: str) -> str:
    """The name under which a published column is staged: `Charged/Summonsed` becomes `charged_summonsed`."""
    return re.sub(r"[^a-z0-9]+", "_", column.casefold()).strip("_")


@contextlib.contextmanager
def connect(spill: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory. What does not fit is put in a folder only the owner can read, which goes with the connection.

    That folder is in `spill`, or where the system keeps temporary files.
    """
    with tempfile.TemporaryDirectory(prefix=SPILL, dir=spill) as folder, duckdb.connect() as connection:
        connection.execute(f"SET enable_progress_bar = false; SET temp_directory = {quote(folder)}")
        yield connection


def stage(connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], columns: Sequence[str], *, apart: bool = False) -> list[Problem]:
    """Makes the view `staged` of all rows of some files, and the table `malformed` of the rows of the wrong length.

    `staged` has source_file, part (sheet or ''), source_row (1-based) and, as text and NULL where blank, each column of
    `columns` by its `identifier`; `sizes` has source_file, rows; `malformed` has source_file, part, source_row, record. A file
    that cannot be read to its end, or has no rows, comes back as a blocking problem, the former without its rows. With `apart` the rows of `staged`
    are numbered through all files, those of each from `APART` times its place on (`ROW`, `FILE`).
    """
    connection.execute("CREATE OR REPLACE TEMP TABLE malformed (source_file VARCHAR, part VARCHAR, source_row BIGINT, record VARCHAR)")
    connection.execute("CREATE OR REPLACE TEMP TABLE sizes (source_file VARCHAR, rows BIGINT)")
    parts, problems = [], []
    for number, file in enumerate(files):
        try:
            if file.format == "csv":
                rows, selects = _csv(connection, file, columns, number * APART * apart)
            elif file.format == "parquet":
                rows, selects = _parquet(connection, file, columns, number * APART * apart)
            else:
                rows, selects = _workbook(connection, file, columns, number)
        except (duckdb.Error, workbook.WorkbookError) as error:
            problems.append(_parse_problem(file, str(error)))
            continue
        if isinstance(selects, Problem):
            problems.append(selects)
            continue
        parts += selects
        connection.execute("INSERT INTO sizes VALUES (?, ?)", [file.name, rows])
        if not rows:
            problems.append(Problem(file=file.file, kind="empty", message="The file has a header and no rows. Copy or download it again."))
    text = [f'NULL::VARCHAR AS "{identifier(column)}"' for column in columns]
    nothing = f"SELECT NULL::VARCHAR AS source_file, NULL::VARCHAR AS part, NULL::BIGINT AS source_row, {', '.join(text)} WHERE false"
    connection.execute("CREATE OR REPLACE TEMP VIEW staged AS " + " UNION ALL ".join(parts or [nothing]))
    return problems


def quote(text: str) -> str:
    """Text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def plain(path: Path) -> str:
    """A path in which DuckDB sees no pattern."""
    return re.sub(r"([\[*?])", r"[\1]", str(path))


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _likeness(found: set[str], known: set[str]) -> float:
    return len(found & known) / len(found | known)


def _examine_binary(path: Path, file: io.BufferedReader) -> Form:
    digest, size = hashlib.sha256(), 0
    first = last = b""
    while block := file.read(CHUNK):
        first = first or block[:8]
        last = (last + block)[-8:]
        digest.update(block)
        size += len(block)
    form = Form(size, digest.hexdigest())
    if not size:
        return Form(0, form.sha256, fault=_EMPTY)
    if _suffix(path.name) == ".xlsx":
        return Form(size, form.sha256, fault=workbook.fault(path, first))
    if first[:4] != b"PAR1":
        return Form(size, form.sha256, fault=("format", "Named .parquet, but it is not a Parquet file.", None))
    if last[-4:] != b"PAR1":
        return Form(size, form.sha256, fault=("truncated", "The Parquet file is cut off before its end. Copy or download it again.", None))
    try:
        with duckdb.connect() as connection:
            columns = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({quote(plain(path))}, {_AS_IT_IS})").fetchall()
    except duckdb.Error:
        return Form(size, form.sha256, fault=("damaged", DAMAGED, None))
    return Form(size, form.sha256, tuple(column[0] for column in columns))


_EMPTY = ("empty", "The file is empty. Copy or download it again.", None)
_DISGUISED = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF document",
}


def _examine_csv(file: io.BufferedReader) -> Form:
    """Size, hash, header and whether the text is whole: UTF-8 throughout, quotes closed, a line break at the end."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    digest, size, lines, quotes, start, last, fault = hashlib.sha256(), 0, 0, 0, b"", b"", None
    while block := file.read(CHUNK):
        digest.update(block)
        start = start or block[:LONGEST_HEADER]
        if fault is None:
            fault = _text_fault(decoder, block, lines)
        size, lines, quotes, last = size + len(block), lines + block.count(b"\n"), quotes + block.count(b'"'), block[-1:]
    if fault is None and size:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            fault = ("truncated", "The file ends in the middle of a character: it was cut off. Copy or download it again.", None)
    sha256 = digest.hexdigest()
    if not start.strip(b"\xef\xbb\xbf \r\n"):
        return Form(size, sha256, fault=_EMPTY)
    disguise = next((what for magic, what in _DISGUISED.items() if start.startswith(magic)), None)
    if start.lstrip(b"\xef\xbb\xbf \r\n").lower().startswith((b"<!doctype", b"<html")):
        disguise = "a web page, perhaps an error message saved instead of the data"
    if disguise:
        return Form(size, sha256, fault=("format", f"Named .csv, but it is {disguise}.", None))
    if fault is None and quotes % 2:
        fault = (
            "truncated",
            "A quotation mark is opened and never closed: the file was cut off, or a quote in a field is not doubled.",
            None,
        )
    if fault is None and last != b"\n" and not (last == b"\r" and not lines):
        fault = (
            "truncated",
            "The last line has no line break: the file may have been cut off. Download it again, or end it with one if it is whole.",
            lines or None,
        )
    if fault:
        return Form(size, sha256, fault=fault)
    header = next(csv.reader(io.StringIO(start.decode("utf-8-sig", "ignore"), newline="")), [])
    return Form(size, sha256, tuple(header))


def _text_fault(decoder: codecs.IncrementalDecoder, block: bytes, lines: int) -> tuple[str, str, int | None] | None:
    if lines == 0 and block.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("encoding", "The file is UTF-16. Save it as UTF-8.", None)
    if b"\0" in block:
        row = lines + block[: block.index(b"\0")].count(b"\n")
        return ("encoding", "The file holds a null byte: it is not text, or it was damaged. Copy or download it again.", row or None)
    try:
        decoder.decode(block)
    except UnicodeDecodeError as error:
        row = lines + error.object[: error.start].count(b"\n")  # the block, after the bytes carried over from the one before
        return (
            "encoding",
            f"Byte 0x{error.object[error.start]:02x} is not UTF-8 (Windows-1252 perhaps). Save the file as UTF-8.",
            row or None,
        )
    return None


def _select(file: LandingFile, header: Sequence[str], columns: Sequence[str], part: str, row: str, origin: str) -> str:
    present = {fold(column) for column in header}
    text = ", ".join(
        f'nullif("{identifier(column)}"::VARCHAR, \'\') AS "{identifier(column)}"'
        if fold(column) in present
        else f'NULL::VARCHAR AS "{identifier(column)}"'
        for column in columns
    )
    return f"SELECT {quote(file.name)} AS source_file, {part} AS part, ({row})::BIGINT AS source_row, {text} FROM {origin}"


def _csv(connection: duckdb.DuckDBPyConnection, file: LandingFile, columns: Sequence[str], before: int) -> tuple[int, list[str] | Problem]:
    header = examine_header(file.path)
    known = {fold(column): identifier(column) for column in file.layout.columns}
    types = ", ".join(f"{quote(known[fold(column)])}: 'VARCHAR'" for column in header)
    options = f"columns={{{types}}}, header=true, auto_detect=false, delim=',', quote='\"', escape='\"', strict_mode=true, {_AS_IT_IS}"
    origin = f"read_csv({quote(plain(file.path))}, {options}"
    connection.execute("DROP TABLE IF EXISTS rejected; DROP TABLE IF EXISTS rejected_scan")  # of the file before
    rows = connection.execute(
        f"SELECT count(*) FROM {origin}, store_rejects=true, rejects_table='rejected', rejects_scan='rejected_scan')"
    ).fetchall()[0][0]
    name = quote(file.name)
    quotes = connection.execute(
        "SELECT min(line) FROM rejected WHERE error_type NOT IN ('MISSING COLUMNS', 'TOO MANY COLUMNS')"
    ).fetchall()[0][0]
    if quotes is not None:  # such a quote may have taken the rows that follow into its field: no row of the file can be trusted
        message = "A quotation mark is out of place: quotes inside a field must be doubled, and the field quoted."
        return rows, Problem(file=file.file, kind="csv", message=message, row=quotes - 1 or None)
    # Lines are counted from the header on, so a row of data is one less. A row with several faults is there several times.
    connection.execute(f"INSERT INTO malformed SELECT {name}, '', line - 1, any_value(csv_line) FROM rejected GROUP BY line")
    bad = connection.execute(f"SELECT source_row FROM malformed WHERE source_file = {name} ORDER BY 1").fetchall()
    if not bad:
        return rows, [_select(file, header, columns, "''", f"{before} + row_number() OVER ()", f"{origin})")]
    # Rows are numbered as in the file: the k-th good row comes after all bad rows with fewer than k good ones before them.
    goods = [row - position for position, (row,) in enumerate(bad)]
    numbered = f"(SELECT *, row_number() OVER () AS good FROM {origin}, ignore_errors=true))"
    row = f"{before} + (good + len(list_filter({goods}::BIGINT[], lambda goods: goods <= good)))"
    return rows + len(bad), [_select(file, header, columns, "''", row, numbered)]


def examine_header(path: Path) -> tuple[str, ...]:
    """The header of a CSV file of sound form."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return tuple(next(csv.reader(file), ()))


def _parquet(connection: duckdb.DuckDBPyConnection, file: LandingFile, columns: Sequence[str], before: int) -> tuple[int, list[str]]:
    origin = f"read_parquet({quote(plain(file.path))}, file_row_number=true, {_AS_IT_IS})"
    header = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet({quote(plain(file.path))}, {_AS_IT_IS})").fetchall()]
    names = ", ".join(f'"{column.replace(chr(34), chr(34) * 2)}" AS "{identifier(column)}"' for column in header)
    origin = f"(SELECT {names}, file_row_number FROM {origin})"
    # Decodes every value once, so that damage shows here and not halfway through the work.
    values = ", ".join(f'"{identifier(column)}"' for column in header)
    rows = connection.execute(f"SELECT count(*), bit_xor(hash({values})) FROM {origin}").fetchall()[0][0]
    part = '"sheet"' if "sheet" in map(identifier, header) else "''"
    return rows, [_select(file, header, columns, part, f"{before} + file_row_number + 1", origin)]


def _workbook(connection: duckdb.DuckDBPyConnection, file: LandingFile, columns: Sequence[str], number: int) -> tuple[int, list[str]]:
    rows, selects = 0, []
    for position, (sheet, layout) in enumerate(file.sheets):
        table = f"workbook_{number}_{position}"
        good, overlong = workbook.load(connection, file.path, sheet, [identifier(column) for column in layout.columns], table, fold)
        rows += good + len(overlong)
        for source_row, record in overlong:
            connection.execute("INSERT INTO malformed VALUES (?, ?, ?, ?)", [file.name, sheet, source_row, record])
        selects.append(_select(file, layout.columns, columns, quote(sheet), "source_row", table))
    return rows, selects


def _parse_problem(file: LandingFile, error: str) -> Problem:
    """A problem in our words: those of the parser quote whole lines of the file."""
    if file.format != "csv":
        return Problem(file=file.file, kind="damaged", message=DAMAGED)
    line = re.search(r"on Line: (\d+)", error)
    message = "The file cannot be parsed as CSV from here on: a quotation mark or line break is out of place (lines must all end alike)."
    return Problem(file=file.file, kind="csv", message=message, row=max(int(line.group(1)) - 1, 1) if line else None)
