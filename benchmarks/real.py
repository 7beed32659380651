"""The real tables of violence against women and girls: how much of them is withheld, before and after secondary suppression.

Belongs here: the share of cells and of what they count that each table loses.  Does not belong here: the steps themselves (`flow` of the package).

The files are the Met's dashboard and homicide data and the City of London's street-level files (London Datastore, data.police.uk), looked for
as the cases of `cases` are.  All tables of a measure are linked and protected together, as they are published; nothing is published here.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from anonymisation import CountTable, Hierarchy, ProtectedTable
from vawg_opendata.settings import Settings


def measure() -> dict:
    """The figures of every table, and what the steps took."""
    data = Path(os.environ.get("VAWG_SHARED", Path(__file__).resolve().parents[2] / "shared")) / "data"
    if not data.is_dir():
        return {"left_out": "the real files are not at hand; set VAWG_SHARED"}
    with tempfile.TemporaryDirectory(prefix="vawg-bench-") as name:
        return _measured(_landing(data, Path(name) / "landing"), Path(name))


def _landing(data: Path, landing: Path) -> Path:
    """The files whose records are whole: of the street-level files of the Met only parts are at hand."""
    for source in ("mps_vawg_dashboard", "mps_homicide"):
        shutil.copytree(data / source, landing / source)
    for path in sorted((data / "police_uk").glob("*/*-city-of-london-street.csv")):
        target = landing / "police_uk" / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return landing


def _measured(landing: Path, folder: Path) -> dict:
    from vawg_opendata import flow

    settings = Settings(landing=landing, work=folder / "work", published=folder / "published")
    started = time.process_time()
    flow.prepare_landing(settings)
    rows = flow.read_records(settings).accounting.rows()["read"]
    read, tables, protecting = time.process_time() - started, [], 0.0
    for product in flow.chosen_products(settings):
        statistics = flow.count(settings, product)
        if statistics is None:
            continue
        began = time.process_time()
        for measure in product.measures:
            flow.protect_measure(settings, product, measure.name)
        protecting += time.process_time() - began
        for name, shown in flow.protected(settings, product, statistics).items():
            counts = statistics.counts[name]
            tables.append({"product": product.name, "table": name, **losses(counts, shown, statistics.outline.hierarchies(counts.measure), product.policy.threshold)})
    return {"rows": rows, "reading_seconds": round(read, 1), "protecting_seconds": round(protecting, 1), "tables": tables}


def losses(counts: CountTable, shown: ProtectedTable, hierarchies: dict[str, Hierarchy], threshold: int) -> dict:
    """Percent lost of all cells and of what the finest cells count: if small counts alone were withheld, and in truth."""
    small = (counts.counts > 0) & (counts.counts < threshold)
    finest = np.ix_(*[_finest(codes, hierarchies[name]) for name, codes in counts.axes.items()])
    whole = counts.counts[finest].sum()

    def percent(lost: np.ndarray) -> dict:
        return {"cells": round(100 * float(lost.mean()), 1), "counted": round(100 * float(counts.counts[finest][lost[finest]].sum() / max(whole, 1)), 1)}

    return {"cells": int(small.size), "counted": int(whole), "before": percent(small), "after": percent(~shown.published)}


def _finest(codes: tuple[str, ...], hierarchy: Hierarchy) -> list[int]:
    """The places of the codes of an axis that have no other of it below them."""
    above = {up for code in codes for up in hierarchy.ancestors[code] if up != code}
    return [place for place, code in enumerate(codes) if code not in above]
