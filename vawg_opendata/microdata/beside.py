"""Lists of records beside the tables that count the same people: in the words of the tables, for the joint attack.

A list's codes are coarser or finer than those of the tables, or lie across them; here each becomes the codes of a table's
dimension of which one holds. The attack itself belongs to `anonymisation`.
"""

from collections.abc import Mapping, Sequence

from anonymisation import Hierarchy, PublishedTable
from vawg_opendata.microdata.results import RecordTable
from vawg_opendata.products.records import RecordList
from vawg_opendata.reference import CodeList
from vawg_opendata.statistics.facts import LEGAL_HOLD


def check_beside(
    declared: RecordList,
    table: RecordTable,
    codelists: Mapping[str, CodeList],
    tables: Sequence[PublishedTable],
    hierarchies: Mapping[str, Hierarchy],
    threshold: int,
) -> None:
    """Raise `anonymisation.releases.ReleaseRefusedError` where list and tables together give away a cell that the tables withhold.

    All tables are attacked together with the list, as far as that is feasible. The reader is taken to know how many people the tables
    count and the list does not hold: those under legal hold, and those left out of it; and that everybody else is in it. Of a list
    made for other counts (`missing` is None) she takes it that some may be left out.
    `anonymisation.InconsistentTablesError` where the list cannot be of the people whom the tables count.
    """
    from anonymisation.intruder import RecordList as CountedList
    from anonymisation.releases import check_lists

    missing = table.missing or {"held": 0, "left_out": 0}
    codes: dict[str, list[frozenset[str] | None]] = {}
    for column in declared.columns:
        if column.dimension in hierarchies and column.name in table.rows.column_names:
            hierarchy = hierarchies[column.dimension]
            below = told(codelists[column.name], hierarchy, (LEGAL_HOLD,))
            held = frozenset([LEGAL_HOLD]) if LEGAL_HOLD in hierarchy.codes else None
            known = [below[code] for code in table.rows.column(column.name).to_pylist()]
            codes[column.dimension] = [*known, *[held] * missing["held"], *[None] * missing["left_out"]]
    if codes:
        check_lists(tables, hierarchies, [CountedList(declared.name, declared.measure, codes, complete=table.missing is not None)], threshold)


def told(codelist: CodeList, hierarchy: Hierarchy, excludes: Sequence[str] = ()) -> dict[str, frozenset[str]]:
    """By code of a list, the leaves of a dimension that its records may be counted under, `excludes` left out.

    Which codes of the dimension a leaf of the list stands for is in the column of the list that has the dimension's name, several
    separated by blanks; where there is none it is the same code, or the nearest above it that the dimension has. A leaf that
    the dimension has no code for may be anything.
    """
    rows = {row["code"]: row for row in codelist.rows}
    below: dict[str, set[str]] = {code: set() for code in codelist.codes}
    for leaf in codelist.leaves:
        given = [code for code in (rows[leaf].get(hierarchy.dimension) or "").split() if code in hierarchy.codes]
        same = [code for code in codelist.ancestors(leaf) if code in hierarchy.codes][:1]
        leaves = {under for code in given or same or [hierarchy.total] for under in hierarchy.leaves_below[code]}
        for code in codelist.ancestors(leaf):
            below[code] |= leaves
    return {code: frozenset(leaves.difference(excludes)) for code, leaves in below.items()}
