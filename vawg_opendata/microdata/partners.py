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
            rows = _shuffled(rows, secret, profile)
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


def _shuffled(rows: "pyarrow.Table", secret: bytes, profile: str) -> "pyarrow.Table":
    """Each column in a random order of its own within each pool; the rows are in the order of their pools."""
    import pyarrow

    pools = rows.column(0).combine_chunks().dictionary_encode().indices.to_numpy()
    for place, name in list(enumerate(rows.column_names))[1:]:
        order = np.lexsort((Stream(secret, "shuffle", profile, name).numbers(rows.num_rows), pools))
        rows = rows.set_column(place, name, rows.column(name).take(pyarrow.array(order)))
    return rows
