"""Records as numbers: each quasi-identifier's value as its leaf in the hierarchy, each sensitive value as its place in a list.

Belongs here: reading the columns of a policy once, from any table or stream of batches, and what is wrong with their values.  Does not
belong here: counting, recoding, or any other column; those are never looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymisation.errors import RecordError
from anonymisation.records.hierarchy import RecordHierarchy

BATCH = 1_000_000
"""Records encoded at once."""


@dataclass(frozen=True)
class Encoded:
    """``leaves``: per quasi-identifier, the leaf of each record.  ``sensitive``: per sensitive column, the place of each record's
    value in ``values``, which are in their order as text, the blank last.  ``hierarchies`` have a leaf for the blank where one is."""

    hierarchies: tuple[RecordHierarchy, ...]
    leaves: tuple[np.ndarray, ...]
    sensitive: Mapping[str, np.ndarray]
    values: Mapping[str, tuple[str | None, ...]]

    @property
    def records(self) -> int:
        return len((*self.leaves, *self.sensitive.values())[0])


def as_arrow(table: object) -> pa.Table:
    """An Arrow table of an Arrow table, a pandas frame or a DuckDB relation.  Raises ``RecordError`` for anything else."""
    if isinstance(table, pa.Table):
        return table
    if isinstance(table, pa.RecordBatch):
        return pa.Table.from_batches([table])
    kind = type(table)
    if kind.__module__.split(".")[0] == "pandas" and kind.__name__ == "DataFrame":
        return pa.Table.from_pandas(table, preserve_index=False)
    if kind.__name__ == "DuckDBPyRelation":
        return table.to_arrow_table()
    raise RecordError(f"a {kind.__name__} is no table of records; give an Arrow table, a pandas DataFrame or a DuckDB relation")


def batches_of(table: pa.Table, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The columns asked for, some records at a time.  Raises ``RecordError`` where one is missing or there twice."""
    check_columns(table.schema, columns)
    return iter(table.select(list(columns)).to_batches(max_chunksize=BATCH))


def check_columns(schema: pa.Schema, columns: Iterable[str]) -> None:
    """Raises ``RecordError`` where a column is missing or there twice."""
    for name in columns:
        found = schema.names.count(name)
        if found != 1:
            what = "is not there" if not found else "is there twice"
            raise RecordError(f"column {name!r} {what}; the table has {', '.join(schema.names)}")


def encode(
    batches: Iterable[pa.RecordBatch], hierarchies: Sequence[RecordHierarchy], sensitive: Sequence[str] = ()
) -> Encoded:
    """Read all batches once.  Raises ``RecordError`` naming column, row and value where a value is in no hierarchy."""
    leaves: list[list[np.ndarray]] = [[] for _ in hierarchies]
    codes: dict[str, list[np.ndarray]] = {name: [] for name in sensitive}
    known: dict[str, dict[str | None, int]] = {name: {} for name in sensitive}
    records = 0
    for batch in batches:
        for place, hierarchy in enumerate(hierarchies):
            leaves[place].append(_leaves(batch.column(hierarchy.name), hierarchy, records))
        for name in sensitive:
            values, index = texts(batch.column(name))
            table = np.array([known[name].setdefault(value, len(known[name])) for value in values], dtype=np.int32)
            codes[name].append(table[index])
        records += batch.num_rows
    if not records:
        raise RecordError("there are no records; a table needs at least one to be protected")
    joined, used = [], []
    for hierarchy, parts in zip(hierarchies, leaves, strict=True):
        column = np.concatenate(parts)
        parts.clear()
        joined.append(column)
        used.append(hierarchy.with_blank() if None not in hierarchy.place and int(column.max()) == len(hierarchy.values) else hierarchy)
    values = {name: tuple(sorted(found, key=lambda value: (value is None, value or ""))) for name, found in known.items()}
    ordered = {}
    for name in sensitive:
        place = {value: i for i, value in enumerate(values[name])}
        ordered[name] = np.array([place[value] for value in known[name]], dtype=np.int32)[np.concatenate(codes.pop(name))]
    return Encoded(tuple(used), tuple(joined), ordered, values)


def texts(column: pa.Array) -> tuple[list[str | None], np.ndarray]:
    """The different values of a column as text, and for each record the place of its own among them.

    Whole numbers in digits, days in ISO form, an empty text and a missing value as ``None``.  Raises ``RecordError`` for a type
    that has no such form.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.date32(), safe=False)
    if pa.types.is_floating(column.type) and pc.all(pc.equal(column, pc.floor(column))).as_py() is not False:
        column = column.cast(pa.int64())
    try:
        encoded = column.dictionary_encode(null_encoding="encode")
        values = [value or None for value in encoded.dictionary.cast(pa.string()).to_pylist()]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise RecordError(f"a column of {column.type} has no values as text; give text, whole numbers or days") from error
    return values, np.from_dlpack(encoded.indices)


def text_array(labels: Sequence[str]) -> pa.Array:
    """An Arrow array of texts; as the two below, made from its bytes, since ``pyarrow.array`` imports pandas first."""
    parts = [label.encode() for label in labels]
    ends = np.cumsum([0, *map(len, parts)]).astype(np.int32)
    return pa.StringArray.from_buffers(len(parts), pa.py_buffer(ends), pa.py_buffer(b"".join(parts)))


def index_array(codes: np.ndarray) -> pa.Array:
    """An Arrow array of signed whole numbers, null where one is negative."""
    known = codes >= 0
    valid = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
    kind = {1: pa.int8(), 2: pa.int16(), 4: pa.int32()}[codes.itemsize]
    return pa.Array.from_buffers(kind, codes.size, [valid, pa.py_buffer(codes)])


def mask_array(mask: np.ndarray) -> pa.Array:
    """An Arrow array of truth values."""
    return pa.Array.from_buffers(pa.bool_(), mask.size, [None, pa.py_buffer(np.packbits(mask, bitorder="little"))])


def _leaves(column: pa.Array, hierarchy: RecordHierarchy, before: int) -> np.ndarray:
    values, index = texts(column)
    count = len(hierarchy.values)
    table = np.array([hierarchy.place.get(value, count if value is None else -1) for value in values], dtype=np.int64)
    if (table < 0).any():
        wrong = table[index] < 0
        row = int(np.argmax(wrong))
        raise RecordError(
            f"column {hierarchy.name!r}, record {before + row + 1}: {values[index[row]]!r} is not in the hierarchy"
            f" ({int(wrong.sum())} such records near it); add it there, or correct the record"
        )
    kind = np.uint8 if count < 256 else np.uint16 if count < 65536 else np.int32
    return table.astype(kind)[index]
