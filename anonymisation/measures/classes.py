"""From a table of records to its classes: how many records share each combination of quasi-identifier values.

Belongs here: reading any kind of table, and the one aggregation over its records.  Does not belong here: what is made
of the frequencies (``models``, ``risk``).

A blank (a missing value or an empty text) is a value of its own, never a wildcard: whether it may stand for others is for an
intruder to say (``linkage``), not for a count.  The records are read once, by DuckDB, and only frequencies leave it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anonymisation.errors import AnonymisationError
from anonymisation.separator import separator_of

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

    Source = str | Path | pa.Table | pd.DataFrame | duckdb.DuckDBPyRelation


PARQUET = ".parquet"


class MeasureError(AnonymisationError, ValueError):
    """A table cannot be measured as it is: the message names the table's file or column and says what to do."""


@dataclass(frozen=True)
class Values:
    """One sensitive column over the classes of a table, in an order of classes of its own.

    ``sizes``: records by class.  ``classes``, ``values`` and ``counts``: one entry per class and value that occurs in it, sorted by
    class and value; values are numbered from 0 in their order, a blank last.  ``ordered``: they are numbers, without a blank.
    """

    sizes: np.ndarray
    classes: np.ndarray
    values: np.ndarray
    counts: np.ndarray
    ordered: bool


@dataclass(frozen=True)
class Classes:
    """The equivalence classes of a table: ``sizes`` in records, and per sensitive column what values they hold.

    ``population``: by class, how many people of the population have its values; ``None`` where no population was given.
    """

    sizes: np.ndarray
    sensitive: Mapping[str, Values]
    population: np.ndarray | None


def classes_of(
    table: Source,
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str] = (),
    population: Source | None = None,
) -> Classes:
    """The classes of an Arrow table, a DuckDB relation, a data frame, or a CSV (with a header) or Parquet file.

    A CSV is read as the text it is, with commas or semicolons between fields; a sensitive column of it is of numbers if all
    its texts are.  ``population``, in the same codes, is matched by value; it must hold everyone in the table.

    Raises ``MeasureError``.
    """
    import duckdb

    quasi_identifiers, sensitive = list(quasi_identifiers), list(sensitive)
    columns = [*quasi_identifiers, *sensitive]
    if not quasi_identifiers:
        raise MeasureError("no quasi-identifier is given; name the columns by which a person could be recognised")
    twice = [name for name in columns if columns.count(name) > 1]
    if twice:
        raise MeasureError(f"the column {twice[0]!r} is given twice; a column is a quasi-identifier or sensitive, once")
    text = isinstance(table, (str, Path)) and Path(table).suffix.lower() != PARQUET
    with duckdb.connect() as connection:
        records = columns_of(connection, table, columns)
        found = {}
        for name in sensitive:
            kind = str(records.select(_quoted(name)).types[0])
            number = kind in NUMBERS or kind.startswith("DECIMAL")
            with _reading(table):
                lists = _value_lists(records, quasi_identifiers, name, number)
            found[name] = _values(lists, number, text and not number)
        people = None
        if population is not None:
            people_known = columns_of(connection, population, quasi_identifiers)
            with _reading(table):
                sizes, people = _matched(connection, records, people_known, quasi_identifiers)
        elif found:
            sizes = next(iter(found.values())).sizes
        else:
            with _reading(table):
                sizes = _counted(records, quasi_identifiers)["records"].to_numpy()
    if not len(sizes):
        raise MeasureError(f"{_name(table)}: there are no records, so there is nothing to measure")
    short = int((people < sizes).sum()) if people is not None else 0
    if short:
        raise MeasureError(
            f"{_name(population)}: {short} of {len(sizes)} classes of the table have fewer people here than records there; the population"
            " must hold everyone in the table, in the same codes"
        )
    return Classes(sizes, found, people)


def columns_of(connection: duckdb.DuckDBPyConnection, source: Source, columns: Sequence[str]) -> duckdb.DuckDBPyRelation:
    """Some columns of any kind of table, in which blanks of all kinds (also empty texts) are NULL.  Raises ``MeasureError``."""
    import duckdb

    if isinstance(source, duckdb.DuckDBPyRelation):
        relation = source
    elif isinstance(source, (str, Path)):
        relation = _file(connection, Path(source))
    elif type(source).__module__.partition(".")[0] == "pandas":
        relation = connection.from_df(source)
    else:
        relation = connection.from_arrow(source)
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    for column in columns:
        if column not in types:
            raise MeasureError(f"{_name(source)}: there is no column {column!r}; it has {', '.join(map(repr, types))}")
    return relation.project(", ".join(f"{_blank(column, types[column])} AS {_quoted(column)}" for column in columns))


NUMBERS = frozenset(
    ["BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"]
    + ["FLOAT", "DOUBLE"]
)
"""Types of DuckDB whose values have an order and a distance; truth values are numbers to pandas, and so here."""


def _file(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyRelation:
    import duckdb

    if not path.is_file():
        raise MeasureError(f"{path}: there is no such file")
    try:
        if path.suffix.lower() == PARQUET:
            return connection.read_parquet(str(path))
        return connection.read_csv(
            str(path), header=True, skiprows=0, all_varchar=True, sep=separator_of(path), quotechar='"', escapechar='"'
        )
    except duckdb.Error:
        raise MeasureError(f"{path}: it cannot be read as a table; give a CSV with a header, or a Parquet file") from None


@contextmanager
def _reading(source: Source) -> Iterator[None]:
    """Name the table where it cannot be read to its end; DuckDB's own words may quote a record."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise MeasureError(
            f"{_name(source)}: it cannot be read to its end ({type(error).__name__}); give each row a value per column"
        ) from None


def _blank(column: str, kind: str) -> str:
    """An expression for the column in which an empty text, or a number that is none, is missing."""
    name = _quoted(column)
    if kind == "VARCHAR" or kind.startswith("ENUM"):
        return f"nullif({name}::VARCHAR, '')"
    if kind in ("FLOAT", "DOUBLE"):
        return f"CASE WHEN isnan({name}) THEN NULL ELSE {name} END"
    return name


def _counted(records: duckdb.DuckDBPyRelation, columns: Sequence[str]) -> pa.Table:
    listed = ", ".join(map(_quoted, columns))
    return records.aggregate(f"{listed}, count(*) AS records", listed).to_arrow_table()


def _value_lists(
    records: duckdb.DuckDBPyRelation, quasi_identifiers: Sequence[str], sensitive: str, number: bool
) -> pa.ListArray:
    """By class, the list of the values in it with their numbers of records."""
    listed = ", ".join(map(_quoted, quasi_identifiers))
    value = f"{_quoted(sensitive)}::{'DOUBLE' if number else 'VARCHAR'}"
    cells = records.aggregate(f"{listed}, {value} AS value, count(*) AS records", f"{listed}, {value}")
    whole = cells.aggregate("list(struct_pack(value := value, records := records)) AS held", listed).to_arrow_table()
    return whole["held"].combine_chunks()


def _values(lists: pa.ListArray, number: bool, text: bool) -> Values:
    import pyarrow as pa
    import pyarrow.compute as pc

    each, lengths = lists.flatten(), lists.value_lengths().to_numpy()
    codes = each.field("value").dictionary_encode()
    domain = codes.dictionary
    some = len(domain) > 0
    if text and some and pc.all(pc.match_substring_regex(domain, NUMBER)).as_py():
        domain, number = pc.cast(domain, pa.float64()), True
    blank = codes.null_count > 0
    if number and some:
        # Texts such as 1 and 1.0 are one number.
        _, place = np.unique(domain.to_numpy(zero_copy_only=False), return_inverse=True)
    else:
        place = np.empty(len(domain), dtype=np.int64)
        place[pc.array_sort_indices(domain).to_numpy()] = np.arange(len(domain))
    size = int(place.max(initial=-1)) + 1
    values = np.append(place, size)[codes.indices.fill_null(len(domain)).to_numpy()] if some else np.zeros(len(each), dtype=np.int64)
    size += blank
    held, which = np.unique(np.repeat(np.arange(len(lists)), lengths) * size + values, return_inverse=True)
    counts = np.bincount(which, weights=each.field("records").to_numpy()).astype(np.int64)
    classes = held // max(size, 1)
    sizes = np.bincount(classes, weights=counts).astype(np.int64)
    return Values(sizes, classes, held % max(size, 1), counts, number and some and not blank)


NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"


def _matched(
    connection: duckdb.DuckDBPyConnection,
    records: duckdb.DuckDBPyRelation,
    people: duckdb.DuckDBPyRelation,
    quasi_identifiers: Sequence[str],
) -> tuple[np.ndarray, np.ndarray]:
    """By class, its records and the people of the population with its values, compared as texts."""
    for name, relation in (("classes", records), ("people", people)):
        texts = relation.project(", ".join(f"{_quoted(one)}::VARCHAR AS {_quoted(one)}" for one in quasi_identifiers))
        connection.register(name, _counted(texts, quasi_identifiers))
    on = " AND ".join(f"classes.{one} IS NOT DISTINCT FROM people.{one}" for one in map(_quoted, quasi_identifiers))
    both = connection.sql(
        f"SELECT classes.records AS size, coalesce(people.records, 0) AS people FROM classes LEFT JOIN people ON {on}"
    ).fetchnumpy()
    return both["size"], both["people"]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _name(source: object) -> str:
    return str(source) if isinstance(source, (str, Path)) else "the table"
