"""Protection of files too large to be held: read once to count, and once more to write.

Belongs here: CSV and Parquet files of records as streams of batches, in and out.  Does not belong here: what is decided (``protection``),
the command's other files.

Between the two passes only numbers are held: a code per record and the classes.  Memory grows with the records all the same: ten
million of six columns take about 2 GB (benchmarks/README.md).
"""

from __future__ import annotations

import csv
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from anonymisation.errors import RecordError
from anonymisation.records.encoding import BATCH, check_columns
from anonymisation.records.hierarchy import RecordHierarchy
from anonymisation.records.policy import RecordPolicy
from anonymisation.records.protection import Recoding, columns_of, recode
from anonymisation.separator import separator_of

FORMATS = (".csv", ".parquet")


def protect_file(source: Path, target: Path, hierarchies: Iterable[RecordHierarchy], policy: RecordPolicy) -> Mapping[str, Any]:
    """Protect the records of a CSV or Parquet file and write them to another; the summary of ``ProtectedRecords``.

    A CSV file is UTF-8, separated by commas or, where its first line has none, semicolons; all its columns are text, and an empty
    field is a blank.  The target is of the same kind as the source, keeps its order, and appears whole or not at all, readable by its owner only.
    Raises as ``protect_records``, and ``RecordError`` naming file and row where the source cannot be read.
    """
    for path in (source, target):
        if path.suffix.lower() not in FORMATS:
            raise RecordError(f"{path}: give a file that ends in {' or '.join(FORMATS)}")
    if source.suffix.lower() != target.suffix.lower():
        raise RecordError(f"{target}: give a file that ends in {source.suffix}, as the records do")
    recoding = recode(_batches(source, columns_of(policy)), hierarchies, policy)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.resolve().parent)
    os.close(handle)
    try:
        if _write(Path(name), source, recoding) != recoding.frequencies.records:
            raise RecordError(f"{source}: the file changed while it was read; leave it alone and run again")
        os.chmod(name, 0o600)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise
    return recoding.summary


def _write(path: Path, source: Path, recoding: Recoding) -> int:
    """Write the recoded records to a file of the kind of ``source``, and return how many there were before any were left out."""
    batches = _batches(source, None)
    first = next(batches)
    schema = _plain(recoding.apply(pa.Table.from_batches([first]), 0).schema)
    done, problem = 0, None

    def recoded() -> Iterator[pa.RecordBatch]:
        nonlocal done, problem
        try:
            for batch in chain([first], batches):
                table = recoding.apply(pa.Table.from_batches([batch]), done)
                done += batch.num_rows
                yield from table.cast(schema).to_batches()
        except RecordError as error:
            problem = error
            raise

    if source.suffix.lower() == ".parquet":
        with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
            for batch in recoded():
                writer.write_batch(batch)
    else:
        # DuckDB quotes only what needs it, which Arrow's own writer does not.
        with duckdb.connect() as connection:
            stream = connection.from_arrow(pa.RecordBatchReader.from_batches(schema, recoded()))
            try:
                stream.write_csv(str(path), sep=separator_of(source), header=True)
            except (duckdb.Error, RecordError):
                raise problem if problem is not None else RecordError(f"{path.parent}: the file cannot be written; see to space and rights") from None
    return done


def _plain(schema: pa.Schema) -> pa.Schema:
    """The schema with text for dictionary-encoded text."""
    kinds = [field.type.value_type if pa.types.is_dictionary(field.type) else field.type for field in schema]
    return pa.schema([field.with_type(kind) for field, kind in zip(schema, kinds, strict=True)], metadata=schema.metadata)


def _batches(path: Path, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """The records of a file, all columns or those asked for, in their order."""
    if path.suffix.lower() == ".parquet":
        try:
            with pyarrow.parquet.ParquetFile(path) as file:
                if columns is not None:
                    check_columns(file.schema_arrow, columns)
                yield from file.iter_batches(batch_size=BATCH, columns=None if columns is None else list(columns))
        except pa.ArrowInvalid as error:
            raise RecordError(f"{path}: this is not a whole Parquet file; write it again") from error
        return
    names = _header(path)
    check_columns(pa.schema([(name, pa.string()) for name in names]), names if columns is None else columns)
    try:
        with pyarrow.csv.open_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(block_size=16 << 20, encoding="utf8"),
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator_of(path), newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                include_columns=None if columns is None else list(columns),
                null_values=[""],
                strings_can_be_null=True,
            ),
        ) as reader:
            yield from reader
    except pa.ArrowInvalid as error:
        # What Arrow says may hold the row; only its number is passed on.
        row = re.search(r"Row #(\d+)", str(error))
        where = f", row {row.group(1)}" if row else ""
        raise RecordError(f"{path}{where}: a row has another number of fields than the header, or is not UTF-8; mend it") from None


def _first_line(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.readline()


def _header(path: Path) -> list[str]:
    try:
        names = next(csv.reader([_first_line(path).decode("utf-8-sig")], delimiter=separator_of(path), strict=True), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordError(f"{path}, line 1: the names of the columns cannot be read as UTF-8 text; mend them") from error
    if not names:
        raise RecordError(f"{path}: the file is empty; its first line must name the columns")
    return names
