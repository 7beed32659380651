"""The page Progress: the force's commitments as a table of indicators, each the value of a released cell, beside its baseline.

Which cell tells of which commitment is data (`reference/commitments.csv`). The baseline is the first whole year there is, the value the
last; neither is judged. A commitment that no package tells of says so.
"""

from collections.abc import Mapping, Sequence
from html import escape

from vawg_opendata.charts.cells import Cells, root
from vawg_opendata.reference import load_crosswalk
from vawg_opendata.site.markup import cell
from vawg_opendata.site.released import Version

LEVELS = ("financial_year", "year")


def progress(shelves: Mapping[str, tuple[Version, Sequence[Cells], Mapping[str, str]]]) -> list[dict]:
    """The commitments in their order. `shelves` has by product its latest version, its measures and the addresses of their pages."""
    return [_row(row, shelves) for row in load_crosswalk("commitments")]


def _row(row: Mapping[str, str], shelves: Mapping[str, tuple[Version, Sequence[Cells], Mapping[str, str]]]) -> dict:
    base = {key: row[key] for key in ("number", "pillar", "commitment", "indicator", "note")}
    empty = {"baseline": "", "value": "", "source": "", "address": ""}
    if not row["indicator"]:
        return base | empty
    version, tables, addresses = shelves.get(row["product"], (None, (), {}))
    cells = next((one for one in tables if one.table == row["table"] and one.period), None)
    years = _years(cells) if cells is not None else []
    if not years:
        return base | empty
    fixed = {name: root(cells, name) for name in cells.others} | dict(part.split("=", 1) for part in row["fixed"].split(";") if part)
    return base | {
        "baseline": _cell(cells, fixed, years[0]) if len(years) > 1 else "",
        "value": _cell(cells, fixed, years[-1]),
        "source": f"{cells.title}, version {version.number}",
        "address": f"{version.product}/{addresses[cells.name]}",
    }


def _years(cells: Cells) -> list[str]:
    """The whole years of a table in order of time; where there is none, the last year as far as it is covered."""
    codes = cells.lists[cells.period]
    for level in LEVELS:
        years = sorted(code for code in cells.axes[cells.period] if codes.levels[code] == level)
        if years:
            return [code for code in years if codes.labels[code] == code] or years[-1:]
    return []


def _cell(cells: Cells, fixed: Mapping[str, str], year: str) -> str:
    """A cell of the page's table: the number, and the year that it is of."""
    codes = fixed | {cells.period: year}
    place = tuple(cells.at(name, codes[name]) for name in cells.axes)
    told = cell(float(cells.values[place]), str(cells.status[place]), cells.integer)
    named = ";".join(f"{name}={code}" for name, code in codes.items())
    year_label = escape(cells.lists[cells.period].labels[year])
    return told.replace("<td", f'<td data-cell="{cells.name};{escape(named)}"', 1).replace("</td>", f" <small>{year_label}</small></td>")
