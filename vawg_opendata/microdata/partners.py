"""The tables of one partner: the fields that its access profile is given, with keys and an order of their own.

Nothing is protected here. Fewer fields of what is safe are safe as well: classes of cases that look alike only grow, and pools stay as they are.
Keys and the order within pools are others for each agreement, so that two partners cannot link their packages by them, and stay the same from version
to version of one; what two partners could still match by its content gives them no more than the package of all fields has.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from vawg_opendata.microdata.streams import Stream
from vawg_opendata.products.linked import LinkedRecords
from vawg_opendata.schemas.vawg_records import CASE_TABLES, POOL_KEYS, POOL_TABLES, Part

if TYPE_CHECKING:
    import pyarrow


def partner_tables(declared: LinkedRecords, tables: Mapping[str, "pyarrow.Table"], secret: bytes, profile: str) -> dict[str, "pyarrow.Table"]:
    """The tables of a profile, by name: those of which it is given a field besides keys."""
    given, made = set(declared.fields_of(profile)), {}
    keys = {name: _new_keys(tables[CASE_TABLES[0].name].column(name), Stream(secret, "agreement", profile, name)) for name in ("case_key", *POOL_KEYS)}
    for schema in (*CASE_TABLES, *POOL_TABLES):
        names = [field.name for field in schema.fields if field.part == Part.KEY or field.name in given]
        if given.isdisjoint(names):
            continue
        rows = tables[schema.name].select(names)
        for name in set(names) & set(keys):
            rows = rows.set_column(names.index(name), name, _renamed(rows.column(name), *keys[name]))
        rows = rows.sort_by([(names[0], "ascending")])
        if names[0] in POOL_KEYS:
            rows = _shuffled(rows, secret, profile, schema.name)
        made[schema.name] = rows
    return made


def _new_keys(column: "pyarrow.ChunkedArray", stream: Stream) -> tuple["pyarrow.Array", list[str]]:
    """The keys of the whole package, and the key of the partner for each."""
    known = column.unique()
    return known, stream.keys_for(known.to_pylist())


def _renamed(column: "pyarrow.ChunkedArray", known: "pyarrow.Array", new: list[str]) -> "pyarrow.Array":
    import pyarrow
    import pyarrow.compute as compute

    return pyarrow.array(new, pyarrow.string()).take(compute.index_in(column, value_set=known).combine_chunks())


def _shuffled(rows: "pyarrow.Table", secret: bytes, profile: str, table: str) -> "pyarrow.Table":
    """Each column in a random order of its own within each pool, the same whatever other pools there are; the rows are in the order of their pools."""
    import pyarrow

    pools = rows.column(0).combine_chunks().dictionary_encode()
    places, names = pools.indices.to_numpy(), rows.column_names[1:]
    blocks = [
        Stream(secret, "shuffle", profile, table, key).numbers(size * len(names)).reshape(len(names), size)
        for key, size in zip(pools.dictionary.to_pylist(), np.bincount(places).tolist(), strict=True)
    ]
    for name, numbers in zip(names, np.concatenate(blocks, axis=1), strict=True):
        column = rows.column(name).take(pyarrow.array(np.lexsort((numbers, places))))
        rows = rows.set_column(rows.column_names.index(name), name, column)
    return rows
