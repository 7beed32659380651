"""Reading comma-separated files with errors that lead to the place.

Belongs here: what all input files of the command have in common.  Does not belong here: what their columns mean.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anonymisation.errors import AnonymisationError
from anonymisation.separator import separator_of

LARGEST = 2**53
"""Counts up to this one are exact in the arithmetic of a linear program."""


class InputError(AnonymisationError, ValueError):
    """An input file cannot be used as it is: the message names file, line and value, and says what to do."""


@dataclass(frozen=True)
class Rows:
    """A file with a header: ``columns``, and ``rows`` as pairs of the line number in the file and the fields."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[int, list[str]], ...]

    def problem(self, line: int, text: str) -> InputError:
        """An error at a line of this file."""
        return InputError(f"{self.path}, line {line}: {text}")

    def column(self, name: str) -> Iterator[tuple[int, str]]:
        """The values of one column with their line numbers."""
        place = self.columns.index(name)
        return ((line, fields[place]) for line, fields in self.rows)


def read_lines(path: Path) -> list[tuple[int, list[str]]]:
    """Read a file separated by commas or, where its first line has none, semicolons; fields may be quoted.

    Gives pairs of the line number and the fields.  Empty lines are passed over.  Raises ``InputError`` where there is no such
    file, it is not text, or it has no line.
    """
    check_source(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=separator_of(path), strict=True)
            rows = [(reader.line_num, fields) for fields in reader if fields]
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: {error}; mend the quotes of that line") from error
    if not rows:
        raise InputError(f"{path}: the file is empty; give it at least one line")
    return rows


def check_source(path: Path) -> None:
    """Raise ``InputError`` where there is no file to read."""
    if not path.is_file():
        what = "this is not a file" if path.exists() else "there is no such file"
        raise InputError(f"{path}: {what}; put it there or give another name")


def read_rows(path: Path) -> Rows:
    """Read a file with a header, as ``read_lines`` does.  Raises ``InputError`` also where a row has another length than the header."""
    rows = read_lines(path)
    columns = tuple(rows[0][1])
    twice = [name for name in columns if columns.count(name) > 1]
    if twice:
        raise InputError(f"{path}, line {rows[0][0]}: the column {twice[0]!r} is there twice; name each column once")
    for line, fields in rows[1:]:
        if len(fields) != len(columns):
            raise InputError(
                f"{path}, line {line}: {len(fields)} fields where the header has {len(columns)} columns; give each row a value"
                " per column, and quote values that hold the separator"
            )
    return Rows(path, columns, tuple(rows[1:]))


def whole_number(file: Rows, line: int, column: str, text: str) -> int:
    """A count: digits and nothing else.  Raises ``InputError``."""
    if not (text.isascii() and text.isdigit()):
        raise file.problem(line, f"{column} is {text!r}; a count is a whole number of 0 or more, written in digits")
    if int(text) > LARGEST:
        raise file.problem(line, f"{column} is {text}; counts beyond {LARGEST} cannot be held exactly")
    return int(text)
