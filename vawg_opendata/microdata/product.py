"""All lists of records of a product, each beside the product's protected tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from anonymisation import ProtectedTable, ProtectionError
from vawg_opendata.microdata.beside import check_beside
from vawg_opendata.microdata.lists import extend_list, has_source, protect_list
from vawg_opendata.microdata.results import Microdata, RecordTable
from vawg_opendata.microdata.versions import Check, beside_last, published_list
from vawg_opendata.products.declaration import Product
from vawg_opendata.products.records import RecordList
from vawg_opendata.reference import CodeList
from vawg_opendata.statistics import Outline


def protect_product(
    product: Product, records: Path, tables: Mapping[str, ProtectedTable], outline: Outline, last: Path | None = None, had: Sequence[Path] = ()
) -> Microdata | None:
    """The protected lists of a product from the record tables in folder `records`; None when there is none to publish.

    A list that gives away what `tables` withhold is made coarser, and left out where no form of it keeps the policy beside
    them: with very few records there may be none. A list that readers had is not dropped in silence by that: the new
    version lacks a resource, which needs a note by a person. `last` is the package that readers have, `had` are those of all versions that they have or have
    had, newest first: what they would learn by comparing is in `beside_last`.
    """
    gone = had[0] if had and had[0] != last else None
    made = [_made(product, declared, records, tables, outline, (last, gone)) for declared in product.records]
    found = [microdata for microdata in made if microdata is not None]
    if not found:
        return None
    return Microdata(
        tuple(table for microdata in found for table in microdata.tables),
        {name: codes for microdata in found for name, codes in microdata.codelists.items()},
        {table.name: microdata.summary for microdata in found for table in microdata.tables},
    )


def _made(
    product: Product,
    declared: RecordList,
    records: Path,
    tables: Mapping[str, ProtectedTable],
    outline: Outline,
    earlier: tuple[Path | None, Path | None],
) -> Microdata | None:
    """A protected list beside the last version and one that is gone; None when no source has such records or no form of them may be published."""
    check = _beside(product, declared, tables, outline)
    if not has_source(declared, records):
        return None
    try:
        made = protect_list(declared, records, check)
    except ProtectionError:
        made = None
    last, gone = (published_list(declared.name, folder) for folder in earlier)

    def extended(both: Check) -> Microdata | None:
        told = [one.tables[0].claim["years"]["last"] for one in (last, gone) if one is not None]
        return extend_list(declared, records, last, max(told), both)

    return beside_last(made, last, check, lambda both: protect_list(declared, records, both), gone, extended)


def _beside(product: Product, declared: RecordList, tables: Mapping[str, ProtectedTable], outline: Outline) -> Check:
    """The check of a list beside the tables that count the same people."""

    same = [one for one in tables.values() if one.measure == declared.measure]

    def check(table: RecordTable, codelists: Mapping[str, CodeList]) -> None:
        if same:
            check_beside(declared, table, codelists, same, outline.hierarchies(declared.measure), product.policy.threshold)

    return check
