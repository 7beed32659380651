"""What linked records tell of the dimensions of tables that count the same people, read from the files of a package alone.

The descriptor says under `records`/`tells` of each table which of its fields tell a dimension of a measure. Fields of tables of cases tell it case by
case; fields of tables of pools tell how many of a pool have a value, and not which. What follows beside the tables of counts belongs in `linked_beside`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow

from vawg_opendata.release.checks.linked_audit import joined_relation, relation
from vawg_opendata.release.lifecycle.store import DESCRIPTOR

Kind = frozenset[tuple[str, ...]]
"""What is told of a dimension: codes that hold, and of several in one tuple, that one of these does; empty where nothing is told."""


@dataclass(frozen=True)
class ToldOfPools:
    """A dimension that a field of a table of pools tells. `pools`: of each case; `counts`: per pool and kind, how many of its cases are of it."""

    dimension: str
    pools: np.ndarray
    counts: np.ndarray
    kinds: tuple[Kind, ...]


@dataclass(frozen=True)
class ToldCases:
    """The cases of a package as people whom a measure counts: by dimension the number of the kind of each, and the kinds. `required`: dimensions of which
    something must be told of a case to know that the measure counts it."""

    measure: str
    cases: int
    told: Mapping[str, tuple[np.ndarray, tuple[Kind, ...]]]
    pooled: tuple[ToldOfPools, ...]
    required: frozenset[str]

    def kinds(self, dimension: str) -> set[Kind]:
        """All that is told of a dimension, in whatever way."""
        apart = (one.kinds for one in self.pooled if one.dimension == dimension)
        return set().union(self.told[dimension][1] if dimension in self.told else (), *apart)


def told_cases(folder: Path) -> list[ToldCases]:
    """What the linked cases of a package tell, by measure; nothing where it has none. KeyError or a DuckDB error where its files are not as its descriptor says."""
    resources = [one for one in json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))["resources"] if one.get("records", {}).get("tells")]
    if not resources:
        return []
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        parts = [one for one in resources if "pools" not in one["records"]]
        cases = connection.sql(f"SELECT * FROM {joined_relation(folder, parts)}").to_arrow_table()
        pools = {one["name"]: _pools(connection, folder, one, cases) for one in resources if "pools" in one["records"]}
    said = [(one["name"], entry) for one in resources for entry in one["records"]["tells"]]
    found = []
    for measure in sorted({entry["measure"] for _, entry in said}):
        case_by_case: dict[str, list[tuple[str, Mapping]]] = {}
        pooled = []
        for table, entry in said:
            if entry["measure"] == measure:
                for field in entry["fields"]:
                    if table in pools:
                        pooled.append(_of_pools(entry, pools[table], field))
                    else:
                        case_by_case.setdefault(entry["dimension"], []).append((field, entry.get("codes", {})))
        told = {dimension: _kinds([cases.column(name) for name, _ in fields], [codes for _, codes in fields]) for dimension, fields in case_by_case.items()}
        required = frozenset(entry["dimension"] for _, entry in said if entry["measure"] == measure and entry.get("required"))
        found.append(ToldCases(measure, cases.num_rows, told, tuple(pooled), required))
    return found


@dataclass(frozen=True)
class _Pools:
    """A table of pools: the pool of each case, the pool of each row, and the rows."""

    of_cases: np.ndarray
    of_rows: np.ndarray
    number: int
    rows: pyarrow.Table


def _pools(connection: duckdb.DuckDBPyConnection, folder: Path, resource: Mapping, cases: pyarrow.Table) -> _Pools:
    rows = connection.sql(f"SELECT * FROM {relation(folder, resource)}").to_arrow_table()
    key = rows.column_names[0]
    names, places = np.unique(_text([cases.column(key), rows.column(key)]), return_inverse=True)
    return _Pools(places[: cases.num_rows], places[cases.num_rows :], names.size, rows)


def _of_pools(entry: Mapping, pools: _Pools, field: str) -> ToldOfPools:
    numbers, kinds = _kinds([pools.rows.column(field)], [entry.get("codes", {})])
    counts = np.zeros((pools.number, len(kinds)), dtype=np.int64)
    np.add.at(counts, (pools.of_rows, numbers), 1)
    return ToldOfPools(entry["dimension"], pools.of_cases, counts, kinds)


def _kinds(columns: Sequence[pyarrow.ChunkedArray], maps: Sequence[Mapping[str, Sequence[str]]]) -> tuple[np.ndarray, tuple[Kind, ...]]:
    """Of every row the number of what its fields tell together, and what that is; where a field has codes, its other values tell nothing. The case of a
    value does not count: a CSV has True where the descriptor says true."""
    folded = [{value.lower(): tuple(codes) for value, codes in one.items()} for one in maps]
    encoded = [column.combine_chunks().dictionary_encode() for column in columns]
    places = np.stack([one.indices.fill_null(-1).to_numpy(zero_copy_only=False) for one in encoded], axis=1)
    values = [one.dictionary.to_pylist() for one in encoded]
    rows, numbers = np.unique(places, axis=0, return_inverse=True)
    kinds = []
    for row in rows.tolist():
        told = [(codes, known[place]) for codes, known, place in zip(folded, values, row, strict=True) if place >= 0]
        kinds.append(frozenset(codes[value.lower()] if codes else (value,) for codes, value in told if not codes or value.lower() in codes))
    return numbers.ravel(), tuple(kinds)


def _text(columns: Sequence[pyarrow.ChunkedArray]) -> np.ndarray:
    return np.concatenate([column.to_numpy().astype(str) for column in columns])
