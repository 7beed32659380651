"""Arrow columns as lines of CSV, quoted only where they must be, as the real files are; Arrow's own writer quotes all text."""

from collections.abc import Sequence

import numpy
import pyarrow
import pyarrow.compute as compute


def csv_lines(columns: Sequence[pyarrow.ChunkedArray]) -> bytes:
    """The rows as UTF-8 text, each ended by a line feed; missing values are empty."""
    if not len(columns[0]):
        return b""
    cells = [_cells(column.combine_chunks()) for column in columns]
    cells[-1] = compute.binary_join_element_wise(cells[-1], "", "\n", null_handling="replace", null_replacement="")
    lines = compute.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")
    _, offsets, text = lines.buffers()
    return text[: numpy.frombuffer(offsets, numpy.int32)[len(lines)]].to_pybytes()


def _cells(values: pyarrow.Array) -> pyarrow.Array:
    if not pyarrow.types.is_string(values.type):
        return values.cast(pyarrow.string())
    special = compute.match_substring_regex(values, '[",\r\n]')
    if not compute.any(special).as_py():
        return values
    quoted = compute.binary_join_element_wise("", compute.replace_substring(values, '"', '""'), "", '"')
    return compute.if_else(special, quoted, values)
