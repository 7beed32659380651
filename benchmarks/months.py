"""What a month more costs, beside making everything again: reading, judging, counting and putting together, up to the statistics.

The archive of data.police.uk is delivered by month, and an extract may be, so that only the newest is read; an extract that is delivered whole is read whole,
and only the months that differ are counted again. Processor seconds, each run in a process of its own, which loads
libraries and lists too; starting Python and importing our own code is not in them.

The archive is made as dense as `DENSITIES` by repeating the sample's crimes under other numbers: the parts that do not grow with it
would otherwise hide what a month costs. What comes after the statistics, protection and release, is measured beside it for the same
month (`--part months --large`).
"""

import json
import math
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable
from multiprocessing import SimpleQueue
from pathlib import Path

import duckdb

from vawg_opendata.settings import Settings
from vawg_opendata.sources import crime_extract, crime_extract_manifest, known, police_uk

FIRST, LAST, MONTHS = "2014-01", "2026-02", 146
DENSITIES = (4_100, 20_000)
"""Crimes a month in the archive, and victims a month in an extract."""
SAMPLE = 20_000
"""Records that an archive is made dense from."""


def _archive(folder: str, density: int, answer: SimpleQueue) -> None:
    from vawg_opendata.sample import generate

    made = Path(folder, "made")
    generate(SAMPLE, 1, made, first=FIRST, last=LAST, street_months=MONTHS)
    times = math.ceil(density * MONTHS / SAMPLE)
    for path in sorted(made.glob("police_uk/*/*-metropolitan-street.csv")):
        lines = f"SELECT one.* REPLACE (sha256(\"Crime ID\" || range) AS \"Crime ID\") FROM read_csv('{path}', all_varchar = true) AS one, range({times})"
        duckdb.execute(f"COPY ({lines} ORDER BY range, \"Crime ID\") TO '{path}.thick' (HEADER)")
        Path(f"{path}.thick").replace(path)
    (Path(folder) / "landing").mkdir()
    for name in (police_uk.NAME, "sample.json"):
        (made / name).rename(Path(folder, "landing", name))
    answer.put(None)


def _extract(folder: str, density: int, answer: SimpleQueue) -> None:
    """An extract of so many victims a month, delivered by month (`landing`), the same without the newest, and the same delivered whole (`whole`)."""
    from vawg_opendata.sample import generate
    from vawg_opendata.sample.by_month import by_month

    generate(density * MONTHS, 1, Path(folder, "whole"), first=FIRST, last=LAST, street_months=1)
    shutil.rmtree(Path(folder, "whole", police_uk.NAME))
    shutil.copytree(Path(folder, "whole"), Path(folder, "landing"))
    extract = Path(folder, "landing", crime_extract.NAME)
    by_month(extract)
    manifest = extract / crime_extract_manifest.FILE
    shutil.copy(manifest, folder)
    document = json.loads(manifest.read_text(encoding="utf-8"))
    del document["months"][LAST]
    document["periods"]["offences"]["to"] = max(document["months"])
    manifest.write_text(json.dumps(document), encoding="utf-8")
    (extract / LAST).rename(Path(folder, LAST))
    answer.put(None)


def _statistics(settings: Settings, answer: SimpleQueue) -> None:
    """Landing files to statistics of all products, as a run does it."""
    from vawg_opendata import flow

    def count() -> None:
        for product in flow.chosen_products(settings):
            flow.count(settings, product)

    flow.prepare_landing(settings)
    steps = {"read": lambda: flow.read_records(settings), "judge": lambda: flow.judge_records(settings), "count": count}
    figures = {name: _timed(step) for name, step in steps.items()}
    answer.put(figures | {"all": round(sum(figures.values()), 2)})


def _release(settings: Settings, answer: SimpleQueue) -> None:
    """From the statistics that are there to a published version, and the pages."""
    from vawg_opendata import flow
    from vawg_opendata.products import PRODUCTS

    product = PRODUCTS["violence-and-sexual-offences"]

    def protect() -> None:
        for measure in product.measures:
            flow.protect_measure(settings, product, measure.name)

    steps = {"protect": protect, "audit and release": lambda: flow.publish_product(settings, product), "pages": lambda: flow.publish_pages(settings)}
    answer.put({name: _timed(step) for name, step in steps.items()})


def _month(settings: Settings, answer: SimpleQueue) -> None:
    """The newest month alone, as its partition does it."""
    from vawg_opendata import flow

    def read() -> None:
        assert flow.read_months(settings, police_uk.NAME, [LAST])[1] == {LAST: True}

    answer.put(_timed(read))


def _timed(step: Callable[[], object]) -> float:
    started = time.process_time()
    step()
    return round(time.process_time() - started, 2)


def _run(step: Callable[..., None], *arguments: object) -> object:
    """What a step answers that is run in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answer = context.SimpleQueue()
    process = context.Process(target=step, args=(*arguments, answer))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{step.__name__} failed")
    return answer.get()


def _settings(folder: str, name: str, landing: str = "landing") -> Settings:
    return Settings(landing=Path(folder, landing), work=Path(folder, name), published=Path(folder, f"{name}-published"))


def _one_more(density: int, release: bool) -> dict:
    with tempfile.TemporaryDirectory(prefix="vawg-bench-") as folder:
        _run(_archive, folder, density)
        newest = Path(folder, "landing", police_uk.NAME, LAST)
        settings = _settings(folder, "work")
        newest.rename(Path(folder, LAST))
        time.sleep(known.RESOLUTION / 1e9 + 1)  # the files of a landing folder have been there for longer than that
        told: dict = {"all but the newest month": _run(_statistics, settings)}
        if release:
            told["release without the newest month"] = _run(_release, settings)
        Path(folder, LAST).rename(newest)
        shutil.copytree(settings.work, Path(folder, "partition"), symlinks=True)
        told["the newest month alone, read as a partition"] = _run(_month, _settings(folder, "partition"))
        told["with the newest month"] = _run(_statistics, settings)
        if release:
            told["release with the newest month"] = _run(_release, settings)
        told["everything from nothing"] = _run(_statistics, _settings(folder, "again"))
        told["a month more, as a share of everything"] = round(told["with the newest month"]["all"] / told["everything from nothing"]["all"], 3)
    return told


def _one_more_of_extract(density: int) -> dict:
    with tempfile.TemporaryDirectory(prefix="vawg-bench-") as folder:
        _run(_extract, folder, density)
        extract = Path(folder, "landing", crime_extract.NAME)
        settings = _settings(folder, "work")
        time.sleep(known.RESOLUTION / 1e9 + 1)
        told: dict = {"all but the newest month": _run(_statistics, settings)}
        Path(folder, LAST).rename(extract / LAST)
        Path(folder, crime_extract_manifest.FILE).replace(extract / crime_extract_manifest.FILE)
        told["with the newest month"] = _run(_statistics, settings)
        told["the same again, nothing changed"] = _run(_statistics, settings)
        told["everything from nothing"] = _run(_statistics, _settings(folder, "again"))
        told["everything from nothing, delivered whole"] = _run(_statistics, _settings(folder, "afresh", "whole"))
        more, everything = told["with the newest month"]["all"], (told[f"everything from nothing{how}"]["all"] for how in ("", ", delivered whole"))
        told["a month more, as a share of everything, by month and delivered whole"] = [round(more / one, 3) for one in everything]
    return told


def measure(large: bool) -> dict:
    """The figures; `large` goes on to the release of what was counted, and to dense extracts, which take half an hour."""
    return {
        "months": MONTHS,
        "archive, by crimes a month": {density: _one_more(density, large) for density in DENSITIES},
        "extract, by victims a month": {density: _one_more_of_extract(density) for density in DENSITIES[: None if large else 1]},
    }
