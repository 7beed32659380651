"""What statistics hand on: the counts, and the outline of a product that holds no count.

`Outline` says which tables a product has, over which codes, from which source. It may be logged and published;
`ProductStatistics` adds the unprotected counts and stays in the work folder. How they are computed is in `build`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from anonymisation import CountTable, Hierarchy
from vawg_opendata.reference import CodeList
from vawg_opendata.statistics.facts import LEGAL_HOLD


@dataclass(frozen=True)
class TableOutline:
    """One table: its axes as they are published, and the periods among them for which there is a count.

    A period of which the source covers only a part is not available: it is published with status `x`.
    """

    name: str
    measure: str
    source: str
    period: str
    axes: Mapping[str, tuple[str, ...]]
    available: tuple[str, ...]


@dataclass(frozen=True)
class Outline:
    """What a product will publish, without a count.

    `codelists` by dimension, restricted to the levels that its tables show; `sources` by measure; `months` the months
    covered by any of its tables; `left_out` the declared tables that no source can give, with the reason.
    """

    product: str
    codelists: Mapping[str, CodeList]
    tables: tuple[TableOutline, ...]
    sources: Mapping[str, str]
    months: tuple[str, ...]
    left_out: Mapping[str, str]

    def hierarchies(self, measure: str) -> dict[str, Hierarchy]:
        """The code lists as the hierarchies that protection works on, for the tables of one measure.

        Of time they hold the available periods and the root, which then stands for the months covered: a month whose
        year is not available hangs under the root.
        """
        counted: dict[str, set[str]] = {}
        for table in self.tables:
            if table.measure == measure:
                for name in table.axes:
                    codes = table.available if name == table.period else self.codelists[name].codes
                    counted.setdefault(name, set()).update(codes)
        return {name: _hierarchy(name, self.codelists[name], codes) for name, codes in counted.items()}

    def table(self, name: str) -> TableOutline:
        """The table of that name. StopIteration when it was left out."""
        return next(table for table in self.tables if table.name == name)


@dataclass(frozen=True)
class Comparison:
    """Totals per period of one measure, counted in two ways: by two sources, or from two vintages of one series.

    `differences` holds (period, published, other) for the periods both cover in which they differ. The totals are of
    London and of no finer cell; they belong in the work folder and its reports, not in logs.
    """

    kind: str
    measure: str
    published: str
    other: str
    periods: int
    differences: tuple[tuple[str, int, int], ...]

    @property
    def summary(self) -> str:
        """One line without any count of offences or persons, safe to log."""
        return (
            f"{self.kind} of {self.measure}: {self.published} against {self.other}, "
            f"{self.periods} periods compared, {len(self.differences)} differ"
        )


@dataclass(frozen=True)
class ProductStatistics:
    """The unprotected counts of a product: a dense table per name over its available periods and the root of time.

    `counted` are the periods whose records were counted for it; those of the others had not changed since they were. It is not kept.
    """

    outline: Outline
    counts: Mapping[str, CountTable]
    comparisons: tuple[Comparison, ...]
    counted: tuple[str, ...] = ()

    def save(self, folder: Path) -> None:
        """Write everything to a folder of the work folder, readable by its owner only."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, table in self.counts.items():
            np.save(folder / f"{name}.npy", table.counts, allow_pickle=False)
        outline = vars(self.outline) | {
            "tables": [vars(table) for table in self.outline.tables],
            "codelists": {name: {"name": codes.name, "title": codes.title, "rows": codes.rows} for name, codes in self.outline.codelists.items()},
        }
        whole = {"outline": outline, "comparisons": [asdict(comparison) for comparison in self.comparisons]}
        (folder / "statistics.json").write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "ProductStatistics":
        """What `save` wrote. FileNotFoundError when nothing was."""
        whole = json.loads((folder / "statistics.json").read_text(encoding="utf-8"))
        outline = load_outline(whole["outline"])
        counts = {}
        for table in outline.tables:
            axes = counted_axes(table, outline.codelists[table.period].total)
            counts[table.name] = CountTable(table.name, table.measure, axes, np.load(folder / f"{table.name}.npy", allow_pickle=False))
        comparisons = tuple(
            Comparison(**one | {"differences": tuple(tuple(difference) for difference in one["differences"])}) for one in whole["comparisons"]
        )
        return cls(outline, counts, comparisons)


def _hierarchy(dimension: str, codelist: CodeList, kept: set[str]) -> Hierarchy:
    kept = kept | {codelist.total}
    parents = {
        column: {code: next(above for above in codelist.ancestors(code, column)[1:] if above in kept) for code in links if code in kept}
        for column, links in codelist.parents.items()
    }
    codes = [code for code in codelist.codes if code in kept]
    return Hierarchy(dimension, codes, codelist.total, parents, {LEGAL_HOLD}.intersection(codes))


def load_outline(plain: dict) -> Outline:
    """The outline from its JSON form."""
    tables = tuple(
        TableOutline(**table | {"axes": {name: tuple(codes) for name, codes in table["axes"].items()}, "available": tuple(table["available"])})
        for table in plain["tables"]
    )
    codelists = {name: CodeList(codes["name"], codes["title"], tuple(codes["rows"])) for name, codes in plain["codelists"].items()}
    return Outline(**plain | {"tables": tables, "codelists": codelists, "months": tuple(plain["months"])})


def counted_axes(table: TableOutline, root: str) -> dict[str, tuple[str, ...]]:
    """The axes over which the table is counted and protected: periods that are not available are left out, the root stays."""
    counted = {*table.available, root}
    return dict(table.axes) | {table.period: tuple(code for code in table.axes[table.period] if code in counted)}
