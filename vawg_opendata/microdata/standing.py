"""Cases that stand in published cells: the only ones that may be told of beside tables of counts.

A reader of records holds the tables as well. To know of cases in a cell that a table withholds bounds its count from below, and by
subtraction the counts of others from above. So a case is told only if every finest cell in which a table counts its offence, its victim or
an order is published; of the offence, which has hundreds of codes, it tells the class, or no more than the group, the branch or nothing, so that
the cell at that level is published in every table.

Why this gives nothing away. Take any counts of the withheld cells that fit the tables. Of a published cell they leave the count as it is, which is no
less than the number of cases told in it and below it, because those cases truly are in it. Cells of which cases are told are nested or apart
(they differ in the level of the offence alone), so by Hall's theorem each case has a place of its own in these counts: they fit the cases as
well. So the cases narrow no withheld count of any table, however coarsely or finely they tell of other things, and a joint attack on tables and
cases has nothing to find. That coarser cells are sums of finest ones is the contract of the tables.

What several tables say of the same people adds nothing to that, as far as the tables can be put together along what they share: area and month,
then class, place, time, outcome and public space each for themselves (an acyclic scheme: Beeri, Fagin, Maier and Yannakakis, "On the desirability of
acyclic database schemes", Journal of the ACM 30(3), 1983). A case has the same area and month in all of them, so its places can be joined into
one person; the ethnic appearance of victims, counted by month and with the outcome, hangs on month and outcome. No case tells the offence more
finely than its class, and the finest offences of a class have room for whatever the class has room for. Victims are counted by area and month, by
area and age, and by age and month, which is a cycle. There a reader who thinks of single people, and not of counts alone, could learn more from a
published cell of which she is told every case; of cells of no fewer than the threshold, of which a random part is told, she is not to be
expected to have one, nor to know it if she has.

Which cells a table publishes is for `anonymisation` to decide; choosing among the cases that stand belongs in `linked`.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from anonymisation import ProtectedTable
from vawg_opendata.microdata.cases import COUNTED
from vawg_opendata.problems import RunError
from vawg_opendata.reference import CodeList

if TYPE_CHECKING:
    import pyarrow

TOLD_OF = ("offences", "victims", "protective_orders")
"""What the cases tell of, as measures of tables: a case is one offence and one victim, and has orders."""

OFFENCE_LEVELS = ("class", "group", "branch", "total")
"""How finely the offence of a case may be told, finest first; `total` is not at all."""

NOT_TOLD_OF = ("female_homicide_victims",)
"""Measures of the same source that no case counts in."""


class StandingError(RunError):
    """Tables beside which no case can be placed; the message names the table and what to do."""


@dataclass(frozen=True)
class TableBeside:
    """A table as its readers have it, and the whole code list of each of its dimensions."""

    table: ProtectedTable
    codelists: Mapping[str, CodeList]


def standing(cases: "pyarrow.Table", beside: Sequence[TableBeside]) -> np.ndarray:
    """Per case (as `cases.Cases.counted` gives them) the place in `OFFENCE_LEVELS` of the finest level at which its offence may be told, so that
    all its cells are published in every table; -1 where there is none.

    StandingError for a table of a measure of which it is not known whether cases count in it.
    """
    stands = np.ones((len(OFFENCE_LEVELS), cases.num_rows), dtype=bool)
    victims = cases.column("is_counted").to_numpy(zero_copy_only=False).astype(bool)
    for one in beside:
        if one.table.measure in NOT_TOLD_OF:
            continue
        if one.table.measure not in TOLD_OF:
            raise StandingError(f"table {one.table.name}: say in {__name__} whether cases count in {one.table.measure!r}, by which they are not told of yet.")
        unknown = [name for name in one.table.axes if name not in (*COUNTED, "order_type")]
        if unknown:
            raise StandingError(f"table {one.table.name}: cases are not read by {unknown[0]!r}; add it to COUNTED of microdata.cases.")
        if one.table.measure == "protective_orders":
            stands[:, _lost_orders(cases, one)] = False
            continue
        rows = np.arange(cases.num_rows) if one.table.measure == "offences" else np.flatnonzero(victims)
        taken = {name: cases.column(f"counted_{name}").take(rows) for name in one.table.axes}
        if "offence" not in taken:
            stands[:, rows[~_published(one, taken)]] = False
            continue
        for place, level in enumerate(OFFENCE_LEVELS):
            stands[place, rows] &= _published(one, taken | {"offence": at_level(one.codelists["offence"], taken["offence"], level)})
    return np.where(stands.any(axis=0), stands.argmax(axis=0), -1)


def at_level(codelist: CodeList, codes: "pyarrow.ChunkedArray | pyarrow.Array", level: str) -> "pyarrow.Array":
    """Per code the one above it, or it itself, that is of a level; the root where there is none."""
    import pyarrow

    encoded = (codes.combine_chunks() if isinstance(codes, pyarrow.ChunkedArray) else codes).dictionary_encode()
    above = [next((up for up in codelist.ancestors(code) if codelist.level[up] == level), codelist.total) for code in encoded.dictionary.to_pylist()]
    return pyarrow.array(above, pyarrow.string()).take(encoded.indices)


def _lost_orders(cases: "pyarrow.Table", one: TableBeside) -> np.ndarray:
    """The cases of which an order is counted in a cell that is withheld."""
    import pyarrow.compute as compute

    lists = cases.column("order_types").combine_chunks()
    rows = compute.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    taken = {name: cases.column(f"counted_{name}").take(rows) if name != "order_type" else compute.list_flatten(lists) for name in one.table.axes}
    return rows[~_published(one, taken)]


def _published(one: TableBeside, columns: Mapping[str, "pyarrow.ChunkedArray"]) -> np.ndarray:
    """Per row, whether all finest cells of its codes are published; a table of whole years tells nothing of rows in others."""
    places = [_finest(one.codelists[name], one.table.axes[name], columns[name]) for name in one.table.axes]
    found = np.ones(len(places[0]), dtype=bool)
    for chosen in itertools.product(*(range(place.shape[1]) for place in places)):
        found &= one.table.published[tuple(place[:, column] for place, column in zip(places, chosen, strict=True))]
    return found | np.any([place[:, 0] < 0 for place in places], axis=0)


def _finest(codelist: CodeList, axis: Sequence[str], codes: "pyarrow.ChunkedArray") -> np.ndarray:
    """Per row, the places on the axis of the finest codes that a code counts towards; as many columns as any code has of them, and -1 where it
    counts towards none.
    """
    import pyarrow
    import pyarrow.compute as compute

    encoded = compute.dictionary_encode(codes.combine_chunks() if isinstance(codes, pyarrow.ChunkedArray) else codes)
    position = {code: place for place, code in enumerate(axis)}
    above = {code: _above(codelist, code) for code in axis}
    found = [_lowest(codelist, position, above, code) for code in encoded.dictionary.to_pylist()]
    if not found:
        return np.zeros((0, 1), dtype=np.int64)
    width = max(1, *map(len, found))
    padded = np.array([[*places, *[places[0] if places else -1] * (width - len(places))] for places in found])
    return padded[encoded.indices.to_numpy(zero_copy_only=False)]


def _above(codelist: CodeList, code: str) -> frozenset[str]:
    """The code and all above it, in every hierarchy."""
    return frozenset(up for column in codelist.parents for up in codelist.ancestors(code, column))


def _lowest(codelist: CodeList, position: Mapping[str, int], above: Mapping[str, frozenset[str]], code: str) -> list[int]:
    """The places of the code or, where the axis does not have it, of the finest codes above it. `above`: what is above each code of the axis.

    Of these then only a part is shown below: a year that is not complete yet, of a total whose other years are. What is left of the
    total is known as far as the others are, so they must be published as well.
    """
    if code in position:
        return [position[code]]
    shown = _above(codelist, code) & position.keys()
    finest = shown - {up for one in shown for up in above[one] - {one}}
    beside = {one for one in position if not finest.isdisjoint(above[one])}
    return [position[one] for one in sorted(finest | beside, key=position.__getitem__)]
