"""The charts of a package as files: for each measure its total over time, `charts/<measure>.svg` and `.png`.

They are drawn from the files of the package, so that nothing is on them that readers do not have; where a measure stands in several
tables, the first one with more than one period is drawn. The same package gives the same bytes with the same Pillow.
"""

from collections.abc import Mapping
from pathlib import Path

from vawg_opendata.charts.cells import read_cells, read_codes, read_rows
from vawg_opendata.charts.headline import headline_caption, standalone

FOLDER = "charts"


def write_charts(folder: Path, described: Mapping) -> list[str]:
    """Draw the charts of a package whose tables, code lists and descriptor are in a folder, and return the measures that have one:
    those with more than one period."""
    tables = {resource["name"]: resource for resource in described["resources"] if resource.get("type") == "table"}
    lists = {name: read_codes(folder, resource) for name, resource in tables.items() if resource["path"].startswith("codelists/")}
    breaks = read_rows(folder / tables["series_breaks"]["path"]) if "series_breaks" in tables else []
    notes = [f"{described['title']}, version {described['version']}.", *(["Synthetic data: these are not real crimes."] if described.get("synthetic") else [])]
    measures: list[str] = []
    for resource in tables.values():
        for cells in read_cells(folder, resource, lists) if "statistics" in resource else []:
            home = folder / FOLDER
            drawn = None if cells.measure in measures else standalone(cells, headline_caption(cells), notes, breaks)
            if drawn:
                home.mkdir(exist_ok=True)
                (home / f"{cells.measure}.svg").write_text(drawn[0], encoding="utf-8", newline="\n")
                (home / f"{cells.measure}.png").write_bytes(drawn[1])
                measures.append(cells.measure)
    return measures
