"""Lists of records beside the tables that count the same people: in the words of the tables, for the joint attack.

A list's codes are coarser or finer than those of the tables, or lie across them; here each becomes a code of the table's
hierarchy, one that is made for it where there is none. The attack itself belongs to `anonymisation`.
"""

from collections.abc import Mapping, Sequence

from anonymisation import Hierarchy, PublishedTable
from vawg_opendata.microdata.results import RecordTable
from vawg_opendata.products.records import YEAR_BLOCKS, RecordList
from vawg_opendata.reference import CodeList
from vawg_opendata.statistics.facts import LEGAL_HOLD

_MADE = "list:"
"""Before a list's code that no table has."""


def check_beside(
    declared: RecordList,
    table: RecordTable,
    codelists: Mapping[str, CodeList],
    tables: Sequence[PublishedTable],
    hierarchies: Mapping[str, Hierarchy],
    threshold: int,
) -> None:
    """Raise `anonymisation.releases.ReleaseRefusedError` where list and tables together give away a cell that the tables withhold.

    Each table is attacked by itself with what the list tells of its dimensions: tables that meet in their periods only, whose
    totals are published, tell nothing of each other. The reader is taken to know how many people the tables count and the list does not hold: those under legal hold, and those
    left out of it; and that everybody else is in it.
    """
    from anonymisation.intruder import RecordList as CountedList
    from anonymisation.releases import check_lists

    columns = [column for column in declared.columns if column.dimension in hierarchies and column.name in table.rows.column_names]
    for one in tables:
        joined, shared = {}, {}
        for column in (column for column in columns if column.dimension in one.axes):
            hierarchy = hierarchies[column.dimension]
            told = _told(codelists[column.name], hierarchy, column.codelist)
            joined[column.dimension], code_of = _in_words_of(hierarchy, told, one.axes[column.dimension])
            known = [code_of[code] for code in table.rows.column(column.name).to_pylist()]
            held = LEGAL_HOLD if LEGAL_HOLD in hierarchy.codes else None
            shared[column.dimension] = [*known, *[held] * table.missing["held"], *[None] * table.missing["left_out"]]
        if shared:
            check_lists([one], dict(hierarchies) | joined, [CountedList(declared.name, one.measure, shared)], threshold)


def _told(codelist: CodeList, hierarchy: Hierarchy, kind: str) -> dict[str, frozenset[str]]:
    """By code of a list, the codes of a dimension that its leaves are counted under: as a column of the list says, else the same
    code or the nearest above it that the dimension has."""
    below: dict[str, set[str]] = {code: set() for code in codelist.codes}
    rows = {row["code"]: row for row in codelist.rows}
    for leaf in codelist.leaves:
        if kind == YEAR_BLOCKS:
            first, _, last = leaf.partition("-")
            told = {str(year) for year in range(int(first), int(last) + 1)}
        else:
            given = rows[leaf].get(hierarchy.dimension)
            told = {given or next(code for code in codelist.ancestors(leaf) if code in hierarchy.codes)}
        for code in codelist.ancestors(leaf):
            below[code] |= told
    return {code: frozenset(told) for code, told in below.items()}


def _in_words_of(hierarchy: Hierarchy, below: Mapping[str, frozenset[str]], shown: Sequence[str]) -> tuple[Hierarchy, dict[str, str]]:
    """The hierarchy of a dimension with the codes of a list in it, and by code of the list the code in it.

    Of codes that stand for the same, such as a year and a block of which it is the only year so far, those that the table has
    (`shown`) are taken: by the others it would show some but not all parts of its total.
    A list tells nothing of codes that it has none for, such as that of cases under legal hold: its root is all that it has.
    """
    leaves = [code for code in hierarchy.codes if hierarchy.leaves_below[code] == {code}]
    over = {leaf: {up for up in hierarchy.ancestors[leaf]} for leaf in leaves}
    sets = {code: frozenset(leaf for leaf in leaves if told & ({leaf} | over[leaf])) for code, told in below.items()}
    preferred = sorted(hierarchy.codes, key=lambda code: (code != hierarchy.total, code not in shown))
    known = {frozenset(hierarchy.leaves_below[code]): code for code in reversed(preferred)}
    names = {extent: known.get(extent, f"{_MADE}{code}") for code, extent in reversed(sets.items()) if extent}
    made = [extent for extent, name in names.items() if name.startswith(_MADE)]
    if not made:
        return hierarchy, {code: names[extent] for code, extent in sets.items() if extent}
    nested = {*made, *(extent for extent in names if len(extent) > 1)}

    def above(extent: frozenset[str]) -> str:
        larger = sorted((other for other in nested if extent < other), key=len)
        return names[larger[0]] if larger else hierarchy.total

    parents = {known[frozenset([leaf])]: above(frozenset([leaf])) for leaf in leaves}
    parents |= {leaf: known[frozenset([leaf])] for leaf in leaves if leaf not in parents}
    parents |= {names[extent]: above(extent) for extent in nested}
    parents.pop(hierarchy.total, None)
    codes = [*hierarchy.codes, *(names[extent] for extent in made)]
    return Hierarchy(hierarchy.dimension, codes, hierarchy.total, dict(hierarchy.parents) | {"list": parents}), {
        code: names[extent] for code, extent in sets.items() if extent
    }
