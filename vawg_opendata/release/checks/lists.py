"""Lists of records of published packages, as a reader holds them beside the tables that count the same people.

The descriptor says under `records`/`counts` which measure's people a list is of, which of its columns tells which dimension, the
codes under which nobody in it is counted, and perhaps how many people are left out. Its code lists say what a code stands
for. What follows from a list for the tables belongs in `anonymisation`; what it tells of single people in `record_audit`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from anonymisation import Hierarchy
from vawg_opendata.microdata.beside import told
from vawg_opendata.microdata.versions import read_codelist
from vawg_opendata.schemas.relation import csv_relation
from vawg_opendata.schemas.rules import quoted

if TYPE_CHECKING:
    from anonymisation.intruder import RecordList
    from vawg_opendata.reference import CodeList


@dataclass(frozen=True)
class LoadedList:
    """A table of records of the people whom `measure` counts. By dimension: the code of each record, and the list of codes.

    `excludes` are codes of the tables that no record is counted under; `left_out` is how many people who are counted it lacks, None where
    the package does not say.
    """

    name: str
    measure: str
    codes: Mapping[str, Sequence[str]]
    codelists: Mapping[str, CodeList]
    excludes: tuple[str, ...]
    left_out: int | None

    def beside(self, hierarchies: Mapping[str, Hierarchy]) -> RecordList:
        """The list in the words of tables, given their hierarchies by dimension; what they do not show is left out."""
        from anonymisation.intruder import RecordList

        codes: dict[str, list[frozenset[str] | None]] = {}
        for dimension, column in self.codes.items():
            if dimension in hierarchies:
                below = told(self.codelists[dimension], hierarchies[dimension], self.excludes)
                codes[dimension] = [*(below[code] for code in column), *[None] * (self.left_out or 0)]
        return RecordList(self.name, self.measure, codes, complete=self.left_out is not None)


def loaded_list(folder: Path, resource: Mapping, resources: Mapping[str, Mapping]) -> LoadedList | None:
    """The list of a resource, given all `resources` of its package by name; None where the descriptor names no measure that counts the same people.

    ValueError where a column has a code that is not in its code list, or two columns tell one dimension; KeyError or a DuckDB error
    where the file is not as the descriptor says.
    """
    counts = resource["records"].get("counts")
    if counts is None:
        return None
    dimensions = counts["dimensions"]
    if len(set(dimensions.values())) < len(dimensions):
        raise ValueError("two columns are said to tell the same dimension")
    links = {key["fields"][0]: key["reference"]["resource"] for key in resource["schema"]["foreignKeys"]}
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        columns = {field["name"]: "VARCHAR" for field in resource["schema"]["fields"]}
        rows = connection.sql(f"SELECT {', '.join(map(quoted, dimensions))} FROM {csv_relation(folder / resource['path'], columns)}").to_arrow_table()
    codes = {dimension: rows.column(name).to_pylist() for name, dimension in dimensions.items()}
    codelists = {dimension: read_codelist(folder / resources[links[name]]["path"]) for name, dimension in dimensions.items()}
    for name, dimension in dimensions.items():
        strange = sorted(set(map(str, codes[dimension])) - set(codelists[dimension].codes))
        if strange:
            raise ValueError(f"{len(strange)} codes of {name} are not in its code list, such as {strange[0]!r}")
    return LoadedList(resource["name"], counts["measure"], codes, codelists, tuple(counts.get("excludes", ())), counts.get("leftOut"))
