"""Cell keys: what the records of a cell have in common wherever the cell is shown, and noise drawn by it.

Belongs here: record keys, their sums, and drawing noise.  Does not belong here: how likely each noise is (``ptable``).

Every record has a key, a number from 0 to below 1 that only those who hold a secret can compute; the key of a cell is
the sum of its records' keys, leaving out whole ones (Fraser and Wooton 2005; Thompson, Broadfoot and Elazar 2013).  A
cell of the same records has the same key, and so the same noise, in every table, and a difference of two cells gives
nobody the noise of either.  Keys are held in fixed point, as multiples of 2^-32: sums of these do not depend on the
order of records.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from anonymisation.errors import TableError
from anonymisation.hierarchy import Hierarchy
from anonymisation.perturbation.policies import CellKey
from anonymisation.perturbation.ptable import perturbation_table
from anonymisation.tables import CountTable

UNIT = 2**32
"""The key 1, which counts as 0."""

SHORTEST_SECRET = 16
"""Bytes of a secret that nobody guesses."""


@dataclass(frozen=True)
class KeyedTable:
    """Counts, and the key of every cell (``uint32``, in units of 2^-32) in their shape.  Internal, as counts are."""

    counts: CountTable
    keys: np.ndarray = field(repr=False)


def add_noise(counts: np.ndarray, keys: np.ndarray, policy: CellKey) -> np.ndarray:
    """``counts`` with the noise that their keys draw.  Raises ``NoiseError`` where no noise fits the policy."""
    table = perturbation_table(policy.maximum, policy.variance, policy.smallest)
    return counts + table.noise(counts, keys.astype(np.float64) / UNIT)


def keyed_table(
    records: object,
    name: str,
    measure: str,
    axes: Mapping[str, tuple[str, ...]],
    hierarchies: Mapping[str, Hierarchy],
    *,
    identifier: str,
    secret: bytes,
) -> KeyedTable:
    """Count ``records`` over ``axes`` and sum their keys, in one pass.

    ``records``: an Arrow table, dataset or reader, or a DuckDB relation, with a column for each dimension, which holds
    codes without children on the axis, and the column ``identifier``, which tells records apart and stays the same
    from release to release.  The key of a record is the start of the SHA-256 hash of the hashed ``secret`` and the
    identifier; without the secret, of at least 16 bytes and kept from readers, noise cannot be undone.

    Raises ``TableError`` for a column that is not there, an empty identifier, a code that is not on its axis, or a
    short secret.
    """
    import duckdb

    if len(secret) < SHORTEST_SECRET:
        raise TableError(f"the secret has fewer than {SHORTEST_SECRET} bytes; take a longer one at random")
    source = records.to_arrow_reader() if isinstance(records, duckdb.DuckDBPyRelation) else records
    dimensions = list(axes)
    columns = [f'"{dimension.replace(chr(34), chr(34) * 2)}"' for dimension in dimensions]
    key = '"' + identifier.replace('"', '""') + '"'
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        connection.register("records", source)
        try:
            grouped = connection.execute(
                f"SELECT {', '.join(f'CAST({column} AS VARCHAR)' for column in columns)}, count(*), count({key}),"
                f" CAST(sum(CAST('0x' || substr(sha256(? || CAST({key} AS VARCHAR)), 1, 8) AS UBIGINT)) % {UNIT}"
                f" AS UBIGINT) FROM records GROUP BY ALL",
                [hashlib.sha256(secret).hexdigest()],
            ).fetchall()
        except duckdb.BinderException:
            raise TableError(
                f"table {name!r}: the records lack one of the columns {', '.join([*dimensions, identifier])}"
            ) from None
    shape = tuple(len(codes) for codes in axes.values())
    counts, keys = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.uint64)
    above = {d: _above(hierarchies[d], codes) for d, codes in axes.items()}
    for *codes, count, identified, summed in grouped:
        if identified != count:
            raise TableError(f"table {name!r}: {count - identified} records have no {identifier!r}; every one needs one")
        for dimension, code in zip(dimensions, codes, strict=True):
            if code not in above[dimension]:
                raise TableError(f"table {name!r}: {code!r} is not a code of {dimension!r} without others below it")
        where = np.ix_(*[above[d][code] for d, code in zip(dimensions, codes, strict=True)])
        counts[where] += count
        keys[where] += np.uint64(summed)
    return KeyedTable(CountTable(name, measure, axes, counts), (keys % UNIT).astype(np.uint32))


def _above(hierarchy: Hierarchy, codes: tuple[str, ...]) -> dict[str, list[int]]:
    """For each code of an axis without others of it below: the places of all codes that count it."""
    place = {code: i for i, code in enumerate(codes)}
    counted = {code: [place[up] for up in hierarchy.ancestors[code] if up in place] for code in codes}
    inner = {up for code in codes for up in hierarchy.ancestors[code] if up != code}
    return {code: places for code, places in counted.items() if code not in inner}
