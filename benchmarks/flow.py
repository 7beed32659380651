"""The steps of the flow as they are measured: each returns figures of what it did, numbers of rows, cells and bytes."""

import resource
import time
from collections.abc import Callable
from multiprocessing import SimpleQueue

from vawg_opendata.settings import Settings


def load_code_location(settings: Settings) -> dict:
    """What Dagster does before it shows or runs anything."""
    import dagster

    from vawg_opendata.definitions import defs

    dagster.Definitions.validate_loadable(defs)
    return {}


def make_sample(settings: Settings) -> dict:
    """The synthetic extract."""
    from vawg_opendata import flow

    folder = flow.prepare_landing(settings)
    return {"bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())}


def read_records(settings: Settings) -> dict:
    """Input files to records."""
    from vawg_opendata import flow

    return {"rows": flow.read_records(settings).accounting.rows()["read"]}


def judge_records(settings: Settings) -> dict:
    """All declared checks of all record tables."""
    from vawg_opendata import flow

    return {"checks": sum(len(results) for results in flow.judge_records(settings).values())}


def count(settings: Settings) -> dict:
    """Records to statistics of all products."""
    from vawg_opendata import flow

    statistics = [flow.count(settings, product) for product in flow.chosen_products(settings)]
    return {"cells": sum(table.counts.size for one in statistics if one for table in one.counts.values())}


def protect(settings: Settings) -> dict:
    """Suppression of all measures."""
    from vawg_opendata import flow

    cells = withheld = 0
    for product in flow.chosen_products(settings):
        for measure in product.measures:
            for table in (flow.protect_measure(settings, product, measure.name) or {}).values():
                cells += table["cells"]
                withheld += table["primary"] + table["secondary"]
    return {"cells": cells, "withheld": withheld}


def publish(settings: Settings) -> dict:
    """Staging, audit, validation and publication of all products."""
    from vawg_opendata import flow

    published = [flow.publish_product(settings, product) for product in flow.chosen_products(settings)]
    return {"products": len([version for version in published if version])}


STEPS = (load_code_location, make_sample, read_records, judge_records, count, protect, publish)


def measured(step: Callable[[Settings], dict], settings: Settings, answer: SimpleQueue) -> None:
    """Run a step and answer with its figures: wall and processor seconds, peak memory in MB (10**6 bytes)."""
    started, processor = time.perf_counter(), time.process_time()
    figures = step(settings)
    seconds = {"seconds": round(time.perf_counter() - started, 2), "processor_seconds": round(time.process_time() - processor, 2)}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    answer.put({"step": step.__name__, **seconds, "peak_megabytes": round(memory), **figures})
