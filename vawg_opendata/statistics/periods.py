"""The code lists of time, made for the range that the data cover: months, and years.

Months add up to calendar years by `parent` and to financial years (April to March) by `parent_financial_year`; years add
up to fixed blocks of five, counted from 2003, by `parent_pooled_5`. A code never
changes its meaning from one list to the next except by growing: a year or block of which the data cover only a part says
so in its label. Code lists that do not depend on the data belong in `reference`.
"""

from collections.abc import Callable, Iterable, Sequence

from vawg_opendata.products.declaration import MONTH, YEAR
from vawg_opendata.reference import TOTAL, CodeList
from vawg_opendata.schemas.months import months_between

POOLED_FROM = 2003  # the first year of the homicide series; blocks never move, so that a pooled count stays comparable
POOLED_YEARS = 5
MONTHS_OF_A_YEAR = 12
WHOLE = ("year", "financial_year")
"""The levels of codes that stand for as many months, once all are covered."""
MONTH_NAMES = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")


def financial_year(month: str) -> str:
    """The financial year, `2025/26`, of a month `2026-02`."""
    year = int(month[:4]) - (int(month[5:]) < 4)
    return f"{year}/{(year + 1) % 100:02}"


def month_label(month: str) -> str:
    """`February 2026` for `2026-02`."""
    return f"{MONTH_NAMES[int(month[5:]) - 1]} {month[:4]}"


def month_codelist(months: Iterable[str]) -> CodeList:
    """The code list `month` over these months (any order), their calendar and financial years, and the total.

    Levels: `month`, `year`, `financial_year`. Sorted with a year before its months and the financial years last.
    """
    months = sorted(set(months))
    lines = [(TOTAL, f"All months: {_span(months)}", TOTAL, "", "")]
    for year, covered in _grouped(months, lambda month: month[:4]).items():
        lines.append((year, _partial_label(year, covered, 12), "year", TOTAL, ""))
        lines += [(month, month_label(month), "month", year, financial_year(month)) for month in covered]
    for year, covered in _grouped(months, financial_year).items():
        lines.append((year, _partial_label(year, covered, 12), "financial_year", "", TOTAL))
    return _codelist("month", "Month recorded, with calendar and financial years", ("parent_financial_year",), lines)


def year_codelist(months: Iterable[str]) -> CodeList:
    """The code list `year` over the calendar years that these months touch, blocks of five years, and the total.

    Levels: `year`, `pooled_5`. The codes stand for the months given and no others.
    """
    months = sorted(set(months))
    years = _grouped(months, lambda month: month[:4])
    lines = [(TOTAL, f"All years: {_span(months)}", TOTAL, "", "")]
    for year, covered in years.items():
        lines.append((year, _partial_label(year, covered, 12), "year", TOTAL, _block(year)))
    for block, covered in _grouped(months, lambda month: _block(month[:4])).items():
        lines.append((block, _partial_label(block, covered, 12 * POOLED_YEARS), "pooled_5", "", TOTAL))
    return _codelist("year", "Year recorded, with blocks of five years", ("parent_pooled_5",), lines)


def period_months(codelist: CodeList, months: Iterable[str]) -> dict[str, frozenset[str]]:
    """Which of `months` each code of a list made here stands for."""
    leaf_of = {MONTH: lambda month: month, YEAR: lambda month: month[:4]}[codelist.name]
    below: dict[str, set[str]] = {code: set() for code in codelist.codes}
    for month in months:
        for column in codelist.parents:
            for code in codelist.ancestors(leaf_of(month), column):
                below[code].add(month)
    return {code: frozenset(covered) for code, covered in below.items()}


def _codelist(name: str, title: str, hierarchies: Sequence[str], lines: Iterable[Sequence[str]]) -> CodeList:
    rows = []
    for order, (code, label, level, parent, *further) in enumerate(lines):
        row = {"code": code, "label": label, "level": level, "parent": parent, "sort_order": str(order)}
        rows.append(row | dict(zip(hierarchies, further, strict=True)))
    return CodeList(name, title, tuple(rows))


def _partial_label(code: str, covered: Sequence[str], whole: int) -> str:
    """The code, and what of it is covered when that is not all of its months."""
    return code if len(covered) == whole else f"{code} (only {_span(covered)})"


def _span(months: Sequence[str]) -> str:
    """`January 2014 to February 2026`, and how many months that is when there are gaps."""
    first, last = months[0], months[-1]
    if first == last:
        return month_label(first)
    gaps = len(months_between(first, last)) - len(months)
    return f"{month_label(first)} to {month_label(last)}" + (f", {len(months)} months" if gaps else "")


def _block(year: str) -> str:
    start = POOLED_FROM + (int(year) - POOLED_FROM) // POOLED_YEARS * POOLED_YEARS
    return f"{start}-{start + POOLED_YEARS - 1}"


def _grouped(months: Sequence[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for month in months:
        groups.setdefault(key(month), []).append(month)
    return groups
