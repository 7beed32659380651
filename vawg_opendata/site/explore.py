"""The released cells in the form that the page Explore reads: scripts of this site, because a page opened from a folder may
fetch nothing else. What the page does with them is in `static/explore.js`.

`explore/tables.js` lists the tables; `explore/<product>.js` has their code lists; the cells of a table are in one or more files
`explore/<product>/<table>-<number>.js`, cut so that a reader who looks at one area loads about 20,000 cells and no more.
"""

import json
from collections.abc import Iterator, Sequence

from vawg_opendata.charts.cells import Cells, Codes
from vawg_opendata.charts.headline import number
from vawg_opendata.site.released import Version

CELLS_IN_A_FILE = 20_000


def script(function: str, *arguments: object) -> str:
    """A script that hands values to a function of the page. The text can stand in a script file wherever it is served."""
    return f"{function}({', '.join(json.dumps(value, ensure_ascii=False, separators=(',', ':')) for value in arguments)});\n"


def listing(versions: Sequence[tuple[Version, Sequence[Cells]]], pages: dict[str, dict[str, str]]) -> list[dict]:
    """What `tables.js` says of each table: names, dimensions, and the first codes of its files of cells."""
    return [
        {
            "product": version.product,
            "productTitle": version.descriptor["title"],
            "version": version.number,
            "table": cells.name,
            "title": cells.title,
            "measure": cells.measure_title,
            "dimensions": list(cells.axes),
            "period": cells.period,
            "starts": [start for start, _ in _pieces(cells)],
            "page": f"{version.product}/{pages[version.product][cells.name]}",
            "csv": f"../{version.folder.parent.parent.name}/{version.product}/{version.number}/data/{cells.table}.csv",
        }
        for version, tables in versions
        for cells in tables
    ]


def code_lists(version: Version, tables: Sequence[Cells]) -> dict:
    """The lists by name; by table, for each dimension the name of its list and its codes as positions in it (nothing where it has
    all of them); and the breaks of the series."""
    lists: dict[str, Codes] = {}
    axes = {}
    for cells in tables:
        axes[cells.name] = {}
        for name, codes in cells.axes.items():
            known = cells.lists[name]
            lists[known.name] = known
            here = set(codes)
            axes[cells.name][name] = [known.name, None if len(here) == len(known.codes) else [known.codes.index(code) for code in codes]]
    breaks = [[row["date"], row["title"]] for row in version.notes("series_breaks")]
    return {"lists": {name: _list(codes) for name, codes in lists.items()}, "axes": axes, "breaks": breaks}


def files(cells: Cells) -> Iterator[tuple[int, list[str]]]:
    """Number and rows of each file of cells: a row per code of the first dimension, with the cells of the others joined by commas.

    A published cell is its number without thousands' commas, another one the letter of its status.
    """
    values, status = cells.values.reshape(len(cells.values), -1), cells.status.reshape(len(cells.status), -1)
    for index, (start, end) in enumerate(_pieces(cells)):
        rows = []
        for position in range(start, end):
            pairs = zip(values[position].tolist(), status[position].tolist(), strict=True)
            rows.append(",".join(state or number(value, cells.integer).replace(",", "") for value, state in pairs))
        yield index, rows


def _pieces(cells: Cells) -> list[tuple[int, int]]:
    first = next(iter(cells.axes.values()))
    each = max(1, CELLS_IN_A_FILE // max(cells.size // len(first), 1))
    return [(start, min(start + each, len(first))) for start in range(0, len(first), each)]


def _list(codes: Codes) -> dict:
    position = {code: index for index, code in enumerate(codes.codes)}
    parents = codes.parents.get("parent", {})
    levels = list(dict.fromkeys(codes.levels[code] for code in codes.codes))
    return {
        "title": codes.title,
        "codes": list(codes.codes),
        "labels": [codes.labels[code] for code in codes.codes],
        "levels": levels,
        "level": [levels.index(codes.levels[code]) for code in codes.codes],
        "parent": [position.get(parents.get(code, ""), -1) for code in codes.codes],
    }
