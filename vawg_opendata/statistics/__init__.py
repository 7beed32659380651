"""Statistics: counts over declared dimensions with all their totals.

Functions that assets call:

    build(product, records_dir, work_dir) -> ProductStatistics | None      counts every table the records can give
    count_periods(product, records_dir, work_dir, digests, periods)        brings partial counts of some periods up to date
    outline_of_records(product, records_dir) -> ProductStatistics | None   the same for a product that has records and no tables
    ProductStatistics.save(folder) / ProductStatistics.load(folder)        .outline, .counts (name -> CountTable), .comparisons
    Outline.hierarchies() -> {dimension: Hierarchy}                        for `anonymisation.protect`

What to count is data (`facts`); periods are made here (`periods`); records to counts is `counting`, what need not be
counted again `partials`, the order of it `build`. Nothing is protected here and nothing here may be published: counts stay in the work folder.
"""

from vawg_opendata.statistics.build import build, count_periods, dimension_codelist, outline_of_records
from vawg_opendata.statistics.counting import StatisticsError
from vawg_opendata.statistics.facts import FACTS, SOURCES, Fact
from vawg_opendata.statistics.partials import FILE as DIGESTS_FILE
from vawg_opendata.statistics.partials import load_digests, write_digests
from vawg_opendata.statistics.results import Comparison, Outline, ProductStatistics, TableOutline

__all__ = [
    "DIGESTS_FILE",
    "FACTS",
    "SOURCES",
    "Comparison",
    "Fact",
    "Outline",
    "ProductStatistics",
    "StatisticsError",
    "TableOutline",
    "build",
    "count_periods",
    "dimension_codelist",
    "load_digests",
    "outline_of_records",
    "write_digests",
]
