"""Statistics: counts over declared dimensions with all their totals.

Functions that assets call:

    build(product, records_dir, work_dir) -> ProductStatistics | None      counts every table the records can give
    ProductStatistics.save(folder) / ProductStatistics.load(folder)        .outline, .counts (name -> CountTable), .comparisons
    Outline.hierarchies() -> {dimension: Hierarchy}                        for `anonymisation.protect`

What to count is data (`facts`); periods are made here (`periods`); records to counts is `counting`, the order of it
`build`. Nothing is protected here and nothing here may be published: counts stay in the work folder.
"""

from vawg_opendata.statistics.build import build
from vawg_opendata.statistics.counting import StatisticsError
from vawg_opendata.statistics.facts import FACTS, SOURCES, Fact
from vawg_opendata.statistics.results import Comparison, Outline, ProductStatistics, TableOutline

__all__ = ["FACTS", "SOURCES", "Comparison", "Fact", "Outline", "ProductStatistics", "StatisticsError", "TableOutline", "build"]
