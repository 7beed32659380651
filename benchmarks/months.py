"""What a month more costs, beside making everything again: reading, counting and putting together, up to the statistics.

The archive of data.police.uk is delivered by month, so that a month is read alone; an extract is one file for all months, read
whole, of which only the months that differ are counted again. Processor seconds, each in a process of its own.

The archive is made as dense as `LINES` by repeating the sample's crimes under other numbers: the parts that do not grow with it, such
as adding up all totals, would otherwise hide what a month costs.
"""

import math
import multiprocessing
import shutil
import tempfile
import time
from dataclasses import replace
from multiprocessing import SimpleQueue
from pathlib import Path

import duckdb

from vawg_opendata.settings import Settings

FIRST, LAST, MONTHS = "2014-01", "2026-02", 146
LINES = 20_000
"""Crimes a month in the archive."""


def _landing(out: str, records: int, answer: SimpleQueue) -> None:
    from vawg_opendata.sample import generate

    generate(records, 1, Path(out), first=FIRST, last=LAST, street_months=MONTHS)
    times = math.ceil(LINES * MONTHS / records)
    for path in sorted(Path(out, "police_uk").glob("*/*-metropolitan-street.csv")):
        lines = f"SELECT one.* REPLACE (sha256(\"Crime ID\" || range) AS \"Crime ID\") FROM read_csv('{path}', all_varchar = true) AS one, range({times})"
        duckdb.execute(f"COPY ({lines} ORDER BY range, \"Crime ID\") TO '{path}.thick' (HEADER)")
        Path(f"{path}.thick").replace(path)
    answer.put({})


def _statistics(settings: Settings, answer: SimpleQueue) -> None:
    """Landing files to statistics of all products, as a run does it."""
    from vawg_opendata import flow

    flow.prepare_landing(settings)
    figures = {}
    for step, work in (("read", lambda: flow.read_records(settings)), ("judge", lambda: flow.judge_records(settings)), ("count", lambda: _count(settings))):
        started = time.process_time()
        work()
        figures[step] = round(time.process_time() - started, 2)
    answer.put(figures | {"all": round(sum(figures.values()), 2)})


def _count(settings: Settings) -> None:
    from vawg_opendata import flow

    for product in flow.chosen_products(settings):
        flow.count(settings, product)


def _month(settings: Settings, answer: SimpleQueue) -> None:
    """The newest month alone, as its partition does it."""
    from vawg_opendata import flow

    started = time.process_time()
    _, read = flow.read_months(settings, "police_uk", [LAST])
    assert read == {LAST: True}
    answer.put(round(time.process_time() - started, 2))


def measure(records: int) -> dict:
    """The figures; `records` is the size of the extract."""
    context = multiprocessing.get_context("spawn")

    def run(step, *arguments):
        answer = context.SimpleQueue()
        process = context.Process(target=step, args=(*arguments, answer))
        process.start()
        process.join()
        if process.exitcode:
            raise RuntimeError(f"{step.__name__} failed")
        return answer.get()

    figures: dict = {"records": records, "months": MONTHS, "crimes a month in the archive": LINES}
    with tempfile.TemporaryDirectory(prefix="vawg-bench-") as folder:
        whole = Path(folder) / "whole"
        run(_landing, str(whole), records)
        for source in ("police_uk", "crime_extract"):
            landing, work = Path(folder) / source, Path(folder) / f"{source}-work"
            shutil.copytree(whole / source, landing / source)
            shutil.copy(whole / "sample.json", landing)
            settings = Settings(landing=landing, work=work, published=Path(folder) / "published")
            told: dict = {}
            if source == "police_uk":
                newest = landing / source / LAST
                newest.rename(Path(folder) / LAST)
                told["all but the newest month"] = run(_statistics, settings)
                (Path(folder) / LAST).rename(newest)
                told["the newest month alone, read as a partition"] = run(_month, settings)
                told["and all put together"] = run(_statistics, settings)
            else:
                run(_statistics, settings)
                told["the same again, nothing changed"] = run(_statistics, settings)
            told["everything from nothing"] = run(_statistics, replace(settings, work=work.with_name(f"{source}-again")))
            figures[source] = told
        street = figures["police_uk"]
        cost = street["the newest month alone, read as a partition"] + street["and all put together"]["all"]
        street["a month more, as a share of everything"] = round(cost / street["everything from nothing"]["all"], 3)
    return figures
