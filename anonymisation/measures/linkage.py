"""The linkage attack: somebody who knows people's true values looks for them among the published records.

Belongs here: which published records could be whose, and what the intruder concludes.  Does not belong here: measures that
compare published values with each other only (``models``, ``risk``), or knowledge of how the records were protected.

A published value matches all true values below it in the hierarchy of its column; a blank and ``*`` match all.  So one
record can match people of many combinations, which no comparison of published values shows: this is the attack that
generalised and locally suppressed records have to withstand (re-identification by matching: Domingo-Ferrer and Torra,
"Disclosure risk assessment in statistical microdata protection via advanced record linkage", Statistics and Computing 13, 2003).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from anonymisation.measures.classes import MeasureError, columns_of

if TYPE_CHECKING:
    import pyarrow as pa

    from anonymisation.measures.classes import Source

ALL = "*"
"""Published for a value that may be any."""

PEOPLE_AT_ONCE = 50_000

HierarchyRows = Sequence[Sequence[str | None]]
"""One row per true value: it, then what it is published as at each coarser level."""


@dataclass(frozen=True)
class Linkage:
    """What the intruder learns, in numbers of people and of records.

    By combination of true values that she knows: ``people`` who have it, ``matches`` the records that could be theirs, and by
    sensitive column ``shares`` the largest share that one value has among these (0 where nothing matches; a blank is no value).
    By class of published values: ``records`` in it, ``candidates`` the people she knows whom it matches.
    """

    people: np.ndarray
    matches: np.ndarray
    shares: Mapping[str, np.ndarray]
    records: np.ndarray
    candidates: np.ndarray

    @property
    def fewest(self) -> int:
        """The fewest records that match somebody whom any match; 0 where nobody is matched."""
        return int(self.matches[self.matches > 0].min(initial=np.iinfo(np.int64).max)) if self.matches.any() else 0

    @property
    def unmatched(self) -> int:
        """How many people match no record: the intruder learns that they are not there."""
        return int(self.people[self.matches == 0].sum())

    def singled_out(self, k: int) -> int:
        """How many people match some records, but fewer than ``k``."""
        return int(self.people[(self.matches > 0) & (self.matches < k)].sum())

    def learnt(self, sensitive: str, share: float = 1.0) -> int:
        """Of how many people a sensitive value is known with at least this ``share`` of their records; 1 is certainty."""
        return int(self.people[self.shares[sensitive] >= share].sum())


def link(
    published: Source,
    people: Source,
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str] = (),
    hierarchies: Mapping[str, HierarchyRows] | None = None,
    *,
    everybody: bool = False,
) -> Linkage:
    """Attack ``published`` records with the true values of ``people``; both are tables of any kind that ``classes_of`` takes.

    ``quasi_identifiers``: the columns whose true values the intruder knows.  ``hierarchies``: by column; one without matches
    its own values, blanks and ``*`` only.  A true blank is matched by a blank, ``*`` and what the hierarchy has above it.

    With ``everybody`` the intruder knows that ``people`` holds everyone in the records, once each, and excludes a match that leaves
    some other record without a person (Régin, "A filtering algorithm for constraints of difference in CSPs", AAAI 1994).

    Raises ``MeasureError`` where a published value is in no hierarchy, or with ``everybody`` a record cannot be anyone's.
    """
    quasi_identifiers, sensitive = list(quasi_identifiers), list(sensitive)
    if not quasi_identifiers:
        raise MeasureError("no quasi-identifier is given; name the columns that the intruder knows")
    shown = _texts(published, [*quasi_identifiers, *sensitive])
    known = _texts(people, quasi_identifiers)
    class_of, classes = _combinations(shown, quasi_identifiers)
    records = np.bincount(class_of, weights=shown["records"].to_numpy(), minlength=len(classes[0])).astype(np.int64)
    weights = known["records"].to_numpy()
    matching = [
        _Column(name, classes[i], known[name].to_pylist(), (hierarchies or {}).get(name)) for i, name in enumerate(quasi_identifiers)
    ]
    edges = _edges(matching, len(weights), len(records))
    if everybody:
        edges = _possible_for_all(edges, records, weights)
    ones = sp.csr_array((np.ones(edges.shape[1], dtype=np.int64), tuple(edges)), shape=(len(weights), len(records)))
    matches = ones @ records
    shares = {name: _largest_shares(ones, class_of, shown, name, matches) for name in sensitive}
    return Linkage(weights, matches, shares, records, ones.T @ weights)


class _Column:
    """One quasi-identifier: the layer and code of each published value, and by layer the code that each person has there.

    A layer holds published values of which no two match the same true value: a level of the hierarchy, the blanks, or ``*``.
    """

    def __init__(self, name: str, published: Sequence[str | None], true: Sequence[str | None], rows: HierarchyRows | None) -> None:
        above = {(row[0] or None): [label or None for label in row] for row in rows or ()}
        levels = max(map(len, above.values()), default=1)
        self.layers: dict[str | None | int, dict[str | None, str | None]] = {None: {}, ALL: {}}
        for level in range(levels):
            self.layers[level] = {value: row[level] for value, row in above.items() if level < len(row)}
        self.layers[0] |= {value: value for value in true if value not in above}
        layer_of = _layers(name, self.layers, levels)
        wanted = dict.fromkeys(published)
        for value in wanted:
            if value is not None and value != ALL and value not in layer_of:
                raise MeasureError(
                    f"column {name!r}: the published value {value!r} is in no row of its hierarchy and is nobody's true value; add it there"
                )
        codes = {value: code for code, value in enumerate(wanted)}
        self.published_layer = [value if value is None or value == ALL else layer_of[value] for value in published]
        self.published_code = np.array([codes[value] for value in published], dtype=np.int64)
        self.true_code = {
            layer: np.full(len(true), codes[layer], dtype=np.int64)
            if layer is None or layer == ALL
            else np.array([codes.get(labels.get(value), -1) if value in labels else -1 for value in true], dtype=np.int64)
            for layer, labels in self.layers.items()
            if layer in set(self.published_layer)
        }


def _layers(name: str, layers: Mapping, levels: int) -> dict[str, int]:
    """By published value, the finest level at which it stands."""
    found: dict[str, tuple[int, frozenset]] = {}
    for level in range(levels):
        below: dict[str, set] = {}
        for value, label in layers[level].items():
            if label is not None:
                below.setdefault(label, set()).add(value)
        for label, values in below.items():
            if label != ALL and found.setdefault(label, (level, frozenset(values)))[1] != values:
                raise MeasureError(f"column {name!r}: {label!r} stands for different values at two levels; name each differently")
    return {label: level for label, (level, _) in found.items()}


def _texts(source: Source, columns: Sequence[str]) -> pa.Table:
    """The combinations of texts in some columns that occur, and their numbers of ``records``."""
    import duckdb

    with duckdb.connect() as connection:
        named = [f'"{name.replace(chr(34), chr(34) * 2)}"' for name in columns]
        texts = columns_of(connection, source, columns).project(", ".join(f"{one}::VARCHAR AS {one}" for one in named))
        try:
            return texts.aggregate(f"{', '.join(named)}, count(*) AS records", ", ".join(named)).order(", ".join(named)).to_arrow_table()
        except duckdb.Error as error:
            raise MeasureError(f"the table cannot be read to its end ({type(error).__name__}); give each row a value per column") from None


def _combinations(table: pa.Table, columns: Sequence[str]) -> tuple[np.ndarray, list[list[str | None]]]:
    """By row, the number of its combination in ``columns``; and by column, the values of each combination."""
    keys = np.zeros(table.num_rows, dtype=np.int64)
    for name in columns:
        codes = table[name].combine_chunks().dictionary_encode(null_encoding="encode")
        _, keys = np.unique(keys * (len(codes.dictionary) + 1) + codes.indices.to_numpy(), return_inverse=True)
    _, first, class_of = np.unique(keys, return_index=True, return_inverse=True)
    return class_of, [table[name].take(first).to_pylist() for name in columns]


def _edges(columns: Sequence[_Column], people: int, classes: int) -> np.ndarray:
    """The pairs of a combination of true values and a class that matches it.

    Classes whose values lie in the same layers are looked up together, for then at most one matches.
    """
    by_layers: dict[tuple, list[int]] = {}
    for number, layers in enumerate(zip(*(column.published_layer for column in columns), strict=True)):
        by_layers.setdefault(layers, []).append(number)
    pairs = [np.zeros((2, 0), dtype=np.int64)]
    for layers, members in by_layers.items():
        ours = np.array(members)
        key, seen = np.zeros(len(ours) + people, dtype=np.int64), np.ones(people, dtype=bool)
        for column, layer in zip(columns, layers, strict=True):
            true = column.true_code[layer]
            seen &= true >= 0
            codes = np.concatenate([column.published_code[ours], true])
            _, key = np.unique(key * (int(codes.max()) + 2) + codes + 1, return_inverse=True)
        owner = np.full(int(key.max()) + 1, -1, dtype=np.int64)
        owner[key[: len(ours)]] = ours
        found = owner[key[len(ours) :]]
        who = np.flatnonzero(seen & (found >= 0))
        pairs.append(np.stack([who, found[who]]))
    return np.concatenate(pairs, axis=1)


def _possible_for_all(edges: np.ndarray, records: np.ndarray, people: np.ndarray) -> np.ndarray:
    """The pairs that occur in some assignment of every record to a person of her own.

    One assignment is a maximum flow; another pair is possible if records can move to it in a circle, that is if both
    ends lie in one strongly connected part of what the flow leaves open.
    """
    from scipy.sparse.csgraph import connected_components, maximum_flow

    whole = int(records.sum())
    if whole > np.iinfo(np.int32).max:
        raise MeasureError("the table has more than 2,147,483,647 records, too many for the intruder who knows everybody")
    # Nodes: classes, combinations of true values, where records come from, where people go to.
    first, source, sink = len(records), len(records) + len(people), len(records) + len(people) + 1
    who, which = edges[0] + first, edges[1]
    tails = np.concatenate([np.full(len(records), source), which, np.arange(first, source)])
    heads = np.concatenate([np.arange(first), who, np.full(len(people), sink)])
    limits = np.concatenate([records, np.minimum(records[which], people[edges[0]]), people]).astype(np.int32)
    flow = maximum_flow(sp.csr_array((limits, (tails, heads)), shape=(sink + 1, sink + 1)), source, sink)
    if flow.flow_value < whole:
        raise MeasureError(f"{whole - flow.flow_value} records are nobody's of the people given; with everybody, all must be among them")
    moved = sp.csr_array(flow.flow)
    used = moved[which, who]
    onward = moved[np.arange(first, source), np.full(len(people), sink)]
    free, gone = np.flatnonzero(onward < people), np.flatnonzero(onward > 0)
    out = np.concatenate([which, who[used > 0], free + first, np.full(len(gone), sink)])
    back = np.concatenate([who, which[used > 0], np.full(len(free), sink), gone + first])
    graph = sp.csr_array((np.ones(len(out)), (out, back)), shape=(sink + 1, sink + 1))
    part = connected_components(graph, connection="strong")[1]
    return edges[:, (used > 0) | (part[who] == part[which])]


def _largest_shares(ones: sp.csr_array, class_of: np.ndarray, shown: pa.Table, name: str, matches: np.ndarray) -> np.ndarray:
    """By combination of true values, the share of the commonest sensitive value among the records that match it."""
    codes = shown[name].combine_chunks().dictionary_encode()
    told = codes.is_valid().to_numpy(zero_copy_only=False)
    values = codes.indices.fill_null(0).to_numpy()[told]
    counts = sp.csr_array(
        (shown["records"].to_numpy()[told], (class_of[told], values)), shape=(ones.shape[1], max(len(codes.dictionary), 1))
    )
    largest = [
        (ones[start : start + PEOPLE_AT_ONCE] @ counts).max(axis=1).toarray().ravel()
        for start in range(0, ones.shape[0], PEOPLE_AT_ONCE)
    ]
    return np.concatenate(largest) / np.maximum(matches, 1)
