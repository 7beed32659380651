"""Linked tables of records: which cases are told of, how coarsely, and in which pools the rest is told.

Belongs here: the order of the steps, from the records of the extract to the rows of `vawg_opendata.schemas.vawg_records`. Reading cases belongs in
`cases`, the tables of counts beside them in `standing`, pools in `pools`, what a partner is given in `partners`.

1. Cases that stand in published cells (`standing`).
2. Of these a random part, in which nobody is the victim or the suspect of two cases: an intruder does not know who is in it.
3. What somebody may know is coarsened, case by case, until at least `k` cases look alike in all of it together, the offence among them being of
   `l` groups. All tables that are linked by the case are told from this one join, so joining them gives nothing finer.
4. Classes that look alike form pools, of which everything else is told, each field shuffled by itself: whoever knows one of these
   fields of a case learns no other by it.

Cases are told once: months that a version had stay as they were, and later months are added to them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vawg_opendata.microdata.cases import Cases
from vawg_opendata.microdata.ladders import LADDERS, Ladder
from vawg_opendata.microdata.pools import Answers, able, pool, untellable
from vawg_opendata.microdata.standing import OFFENCE_LEVELS, TableBeside, at_level, standing
from vawg_opendata.microdata.streams import Stream
from vawg_opendata.products.linked import LinkedRecords
from vawg_opendata.reference import load_codelist
from vawg_opendata.schemas.fields import BOOLEAN, Sensitivity, TableSchema
from vawg_opendata.schemas.vawg_records import CASE_TABLES, ORDINARY, POOL_KEYS, POOL_TABLES, Part, RecordField

if TYPE_CHECKING:
    import pyarrow

OFFENCE = ("offence_class", "offence_group", "offence_branch")
NEAR = ("bcu", "borough", "recorded_quarter", "recorded_month", "location_setting", "ward")
"""Fields in the order in which cases that are put into one pool are to have them in common."""


def protect_cases(
    declared: LinkedRecords, records: Path, beside: Sequence[TableBeside], secret: bytes, after: str, last: str
) -> tuple[dict[str, "pyarrow.Table"], dict[str, object]]:
    """The rows of all tables for the cases recorded after one month and up to another, by the name of the table; and of these cases what was lost by
    coarsening them (`losses`) and which fields are left empty, because no pool of them can hide them (`untold`).

    Rows of cases are in the order of their keys, those of pools in that of theirs. `anonymisation.ProtectionError` where nothing keeps the policy.
    """
    import pyarrow

    first, whole, told = _chosen(declared, records, beside, secret, after, last)
    batch = f"{first}/{last}"
    offences = {name: at_level(load_codelist("offence"), whole.column("offence"), level).to_pylist() for name, level in zip(OFFENCE, OFFENCE_LEVELS, strict=False)}
    kept = {name: np.where(told <= place, offences[name], load_codelist("offence").total) for place, name in enumerate(OFFENCE)}
    ladders = {name: Ladder.of(name, whole.column(f"known_{name}").unique().to_pylist()) for name in LADDERS}
    shown, losses = _coarsened(declared, whole, ladders, kept["offence_group"], np.array(offences["offence_group"]))
    rows = {name: values for ladder in ladders.values() for name, values in ladder.fields(shown[ladder.name]).items()} | kept
    values = {field.name: _values(whole, field) for table in POOL_TABLES for field in table.fields if field.part == Part.POOLED}
    pools, untold = _pooled(declared, shown, rows, values)
    rows["batch"] = np.full(whole.num_rows, batch)
    rows["case_key"] = Stream(secret, "agreement", declared.whole_for, "case", batch).keys(whole.num_rows)
    for name, numbers in pools.items():
        rows[name] = Stream(secret, "agreement", declared.whole_for, name, batch).keys(int(numbers.max()) + 1)[numbers]
    made = {}
    for table in CASE_TABLES:
        order = np.argsort(rows["case_key"], kind="stable")
        made[table.name] = _table(table, {name: rows[name][order] for name in table.names})
    for table in POOL_TABLES:
        key = table.names[0]
        columns = {key: np.sort(rows[key], kind="stable")}
        for field in table.fields[1:]:
            order = _shuffled(rows[key], Stream(secret, "shuffle", declared.whole_for, field.name, batch))
            columns[field.name] = pyarrow.nulls(order.size, pyarrow.string()) if field.name in untold else values[field.name].take(pyarrow.array(order))
        made[table.name] = _table(table, columns)
    return made, {"losses": losses, "untold": untold}


def _chosen(
    declared: LinkedRecords, records: Path, beside: Sequence[TableBeside], secret: bytes, after: str, last: str
) -> tuple[str, "pyarrow.Table", np.ndarray]:
    """The first month of the cases, every field of those that are told of, and how finely the offence of each may be told."""
    import pyarrow

    with Cases(records, after, last) as cases:
        counted = cases.counted()
        told = standing(counted, beside)
        draw = Stream(secret, "draw", after, last).numbers(counted.num_rows)
        wanted = (told >= 0) & ((draw >> np.uint64(11)) < declared.share * 2.0**53)
        for person in ("victim_id", "suspect_id"):
            wanted &= _once(counted.column(person), np.where(wanted, draw, np.iinfo(np.uint64).max))
        rows = np.flatnonzero(wanted)
        chosen = counted.column("crime_ref").take(pyarrow.array(rows))
        months = counted.column("counted_month").to_numpy(zero_copy_only=False)
        return str(months.min()) if len(months) else last, cases.whole(chosen.combine_chunks()), told[rows]


def _once(persons: "pyarrow.ChunkedArray", draw: np.ndarray) -> np.ndarray:
    """Whether a case is the one of the smallest draw among those of its person; true where there is none."""
    import pyarrow.compute as compute

    encoded = persons.combine_chunks().dictionary_encode()
    codes = compute.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    order = np.lexsort((draw, codes))
    first = np.ones(codes.size, dtype=bool)
    first[1:] = codes[order][1:] != codes[order][:-1]
    found = np.zeros(codes.size, dtype=bool)
    found[order] = first
    return found | (codes < 0)


def _coarsened(
    declared: LinkedRecords, whole: "pyarrow.Table", ladders: Mapping[str, Ladder], told_group: np.ndarray, true_group: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """What each case is told as, by quasi-identifier: a label of its ladder; and what was lost by that."""
    import pyarrow

    from anonymisation.records import protect_records

    columns = {name: whole.column(f"known_{name}") for name in ladders}
    table = pyarrow.table(columns | {"offence_group": pyarrow.array(told_group), "true_group": pyarrow.array(true_group)})
    made = protect_records(table, [ladder.hierarchy for ladder in ladders.values()], declared.policy)
    shown = {name: np.array(made.table.column(name).cast(pyarrow.string()).to_pylist(), dtype=object) for name in ladders}
    return shown, {name: round(loss, 3) for name, loss in made.losses.items()}


def _pooled(
    declared: LinkedRecords, shown: Mapping[str, np.ndarray], told: Mapping[str, np.ndarray], values: Mapping[str, "pyarrow.Array"]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Per kind of key the pool of each case, and the fields that no pool can hide. Neighbours are classes of one place and, within it, of one time; wide pools
    are made of pools."""
    labels = [np.unique(one.astype(str), return_inverse=True)[1] for one in shown.values()]
    near = [np.unique(["" if value is None else value for value in told[name]], return_inverse=True)[1] for name in NEAR]
    facts = [*labels, _numbered([np.unique(told[name].astype(str), return_inverse=True)[1] for name in OFFENCE])]
    numbers = _numbered([*near, *labels])
    pools: dict[str, np.ndarray] = {}
    untold: list[str] = []
    for key in POOL_KEYS:
        answers = [_answers(field, values[field.name], facts) for table in POOL_TABLES if table.names[0] == key for field in table.fields[1:]]
        lost = untellable(answers, declared.pools)
        numbers = pools[key] = pool(numbers, [field for field in answers if field.name not in lost], declared.pools)
        untold += lost
    return pools, untold


def _numbered(columns: Sequence[np.ndarray]) -> np.ndarray:
    """The number of each row of some columns, from 0 in the order of rows that differ."""
    return np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)[1].ravel()


def _answers(field: RecordField, values: "pyarrow.Array", facts: Sequence[np.ndarray]) -> Answers:
    encoded = values.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    bound = np.array([field.sensitivity != Sensitivity.OTHER and value not in (*ORDINARY, *field.ordinary) for value in encoded.dictionary.to_pylist()], dtype=bool)
    return Answers(field.name, codes, bound, able(codes, bound.size, facts) if bound.any() else np.ones((codes.size, bound.size), dtype=bool))


def _values(whole: "pyarrow.Table", field: RecordField) -> "pyarrow.Array":
    """A pooled field as it is published; null where it does not apply."""
    import pyarrow.compute as compute

    column = whole.column(field.name).combine_chunks()
    if not field.levels:
        return column
    codes = load_codelist(field.codes)
    return compute.if_else(column.is_valid(), at_level(codes, column.fill_null(codes.total), field.levels[0]), None)


def _shuffled(pools: np.ndarray, stream: Stream) -> np.ndarray:
    """Places of all rows by pool, in random order within each."""
    return np.lexsort((stream.numbers(pools.size), pools))


def _table(schema: TableSchema, columns: Mapping[str, "np.ndarray | pyarrow.Array"]) -> "pyarrow.Table":
    import pyarrow

    arrays = {}
    for field in schema.fields:
        values = columns[field.name]
        array = pyarrow.array(values.astype(object).tolist(), pyarrow.string()) if isinstance(values, np.ndarray) else values
        arrays[field.name] = array.cast(pyarrow.bool_()) if field.type == BOOLEAN else array
    return pyarrow.table(arrays)
