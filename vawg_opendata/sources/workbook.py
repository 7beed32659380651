"""Opens Excel workbooks (XLSX) as their publishers send them: one table per sheet, its header in the first row.

Cells become text as CSV would hold them: whole numbers without a point, dates as YYYY-MM-DD. Which sheets matter, and
what their columns mean, belongs to the source modules.
"""

import contextlib
import datetime
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb


class WorkbookError(ValueError):
    """A workbook whose archive is sound and whose content cannot be read to its end."""


def is_zip(path: Path) -> bool:
    """Whether a file is a zip archive, whole or not."""
    return zipfile.is_zipfile(path)


def fault(path: Path, start: bytes) -> tuple[str, str, int | None] | None:
    """Why a file named .xlsx is no sound workbook (kind, message, None), or None."""
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        return ("format", "An old Excel file (.xls) or one with a password. Save it as XLSX without a password.", None)
    if not start.startswith(b"PK"):
        return ("format", "Named .xlsx, but it is not an Excel workbook.", None)
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            names = archive.namelist()
    except Exception:  # damaged archives end in errors of the archive, of its compression, and of many other kinds
        return ("truncated", "The workbook is cut off or damaged. Copy or download it again.", None)
    if damaged:
        return ("damaged", "The workbook is damaged. Copy or download it again.", None)
    if "xl/workbook.xml" not in names:
        return ("format", "A zip archive that is not an Excel workbook.", None)
    return None


def headers(path: Path) -> dict[str, tuple[str, ...]]:
    """The first row of each sheet as text, without blank cells at its end; empty for a sheet without cells.

    WorkbookError when the workbook cannot be read.
    """
    found = {}
    for sheet, cells in _rows(path, None, 1):
        texts = [text(cell) or "" for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        found[sheet] = tuple(texts)
    return found


def load(
    connection: duckdb.DuckDBPyConnection, path: Path, sheet: str, columns: Sequence[str], table: str, key: Callable[[str], str]
) -> tuple[int, list[tuple[int, str]]]:
    """Makes the temporary table `table` of a sheet; returns its number of rows, and number and text of the rows that are too long for it.

    A row with a cell to the right of the header is too long: the cells of such a row need not be what the header says.

    Its columns are source_row (1 is below the header) and `columns` as text. Header cells and `columns` are matched by
    `key`. Rows without any cell are passed over, and count all the same. WorkbookError when the workbook cannot be read.
    """
    import pyarrow

    rows = _rows(path, sheet, None)
    header = [key(text(cell) or "") for cell in next(rows)[1]]
    places = [header.index(key(column)) for column in columns]
    width, overlong = max(places) + 1, []
    numbers: list[int] = []
    values: list[list[str | None]] = [[] for _ in columns]
    for number, (_, cells) in enumerate(rows, start=1):
        if any(cell is not None for cell in cells[width:]):
            overlong.append((number, ",".join(text(cell) or "" for cell in cells)))
        elif any(cell is not None for cell in cells):
            numbers.append(number)
            for column, place in zip(values, places, strict=True):
                column.append(text(cells[place]) if place < len(cells) else None)
    arrays = [pyarrow.array(numbers, pyarrow.int64()), *(pyarrow.array(column, pyarrow.string()) for column in values)]
    connection.register(f"{table}_cells", pyarrow.Table.from_arrays(arrays, names=["source_row", *columns]))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM {table}_cells")
    connection.unregister(f"{table}_cells")
    return len(numbers), overlong


def text(cell: object) -> str | None:
    """One cell as the text a CSV file would hold; None for a blank one."""
    if cell is None or isinstance(cell, str):
        return cell or None
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(sep=" ")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _rows(path: Path, sheet: str | None, number: int | None) -> Iterator[tuple[str, tuple]]:
    """The first rows (all without a number) of one or all sheets, with the name of the sheet; one row () for an empty sheet.

    Every way in which the library stumbles over the content is a WorkbookError.
    """
    import openpyxl

    try:
        with contextlib.closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
            for page in book.worksheets:
                if sheet in (None, page.title):
                    page.reset_dimensions()  # some programs write a wrong size, and rows beyond it would be lost
                    first = None
                    for first in page.iter_rows(max_row=number, values_only=True):
                        yield page.title, first
                    if first is None:
                        yield page.title, ()
    except Exception as error:  # damaged XML ends in errors of many kinds, none of them the library's own
        raise WorkbookError(f"{path.name}: {type(error).__name__}") from error
