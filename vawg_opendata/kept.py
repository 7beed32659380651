"""What the steps of the flow keep in the work folder for one another, by product: counts, protected tables, protected records.

Only reading it back and where it lies belong here. What makes it is in `flow`.
"""

from pathlib import Path

import numpy as np

from anonymisation import CountTable, ProtectedTable
from vawg_opendata.microdata import Microdata, TableBeside
from vawg_opendata.microdata.standing import NOT_TOLD_OF
from vawg_opendata.products import PRODUCTS, Product
from vawg_opendata.settings import Settings, SettingsError
from vawg_opendata.sources import crime_extract
from vawg_opendata.statistics import FACTS, ProductStatistics, dimension_codelist


def counted(settings: Settings, product: Product) -> ProductStatistics | None:
    """What `flow.count` kept."""
    folder = settings.work / "statistics" / product.name
    return ProductStatistics.load(folder) if folder.is_dir() else None


def protected(settings: Settings, product: Product, statistics: ProductStatistics, measure: str | None = None) -> dict[str, ProtectedTable]:
    """What `flow.protect_measure` kept of a measure, or of all measures, of a product, by table."""
    return {name: protected_table(settings, product, counts) for name, counts in statistics.counts.items() if measure in (None, counts.measure)}


def protected_table(settings: Settings, product: Product, counts: CountTable) -> ProtectedTable:
    """What `flow.protect_measure` kept of one table."""
    with np.load(protected_folder(settings, product, counts.measure) / f"{counts.name}.npz", allow_pickle=False) as arrays:
        return ProtectedTable(counts.name, counts.measure, counts.axes, arrays["values"], arrays["published"])


def protected_folder(settings: Settings, product: Product, measure: str) -> Path:
    """Where the protected tables of a measure lie."""
    return settings.work / "protected" / product.name / measure


def protected_records(settings: Settings, product: Product) -> Microdata | None:
    """What `flow.protect_records` kept."""
    folder = records_folder(settings, product)
    return Microdata.load(folder) if folder.is_dir() else None


def records_folder(settings: Settings, product: Product) -> Path:
    """Where the protected records of a product lie."""
    return settings.work / "protected" / product.name / "records"


def counted_beside(product: Product) -> tuple[tuple[Product, str], ...]:
    """The tables that readers of linked records hold beside them and that the same source may give: products and measures, in the order in
    which they are protected. Empty for other products."""
    if not product.linked:
        return ()
    offered = {fact.measure for fact in FACTS if fact.source == crime_extract.NAME} - set(NOT_TOLD_OF)
    return tuple((other, measure.name) for other in PRODUCTS.values() for measure in other.measures if measure.name in offered)


def tables_beside(settings: Settings, product: Product) -> list[TableBeside]:
    """The tables of this run that readers of linked records hold beside them. SettingsError where the run leaves some of them out: nobody can
    tell then which cells readers will see."""
    found: list[TableBeside] = []
    missing: dict[str, None] = {}
    for other, measure in counted_beside(product):
        statistics = counted(settings, other)
        if settings.products and other.name not in settings.products:
            missing[other.name] = None
            continue
        if statistics is None or statistics.outline.sources.get(measure) != crime_extract.NAME:
            continue
        for name, table in statistics.counts.items():
            if table.measure == measure:
                lists = {axis: dimension_codelist(other.dimension(axis), statistics.outline.months) for axis in table.axes}
                found.append(TableBeside(protected_table(settings, other, statistics.counts[name]), lists))
    if missing:
        raise SettingsError(f"{product.name} stands beside the tables of {', '.join(missing)}, which this run leaves out. Publish them in the same run.")
    return found
