"""Times the flow, step by step, and prints the figures as JSON: `make bench`, or `make bench ARGS='--records 200000'`.

Each step runs in a process of its own, so that its memory is its own. Nothing is asserted here: what must hold is in the
tests. The steps write to a temporary folder that is removed at the end.
"""

import argparse
import json
import multiprocessing
import os
import platform
import sys
import tempfile
from pathlib import Path

from benchmarks.flow import STEPS, measured
from vawg_opendata.settings import Settings


def main() -> int:
    """Measure the steps in their order and print one JSON document."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, help="size of the synthetic extract")
    parser.add_argument("--landing", type=Path, help="a landing folder to measure instead of a synthetic extract")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    figures = []
    with tempfile.TemporaryDirectory(prefix="vawg-bench-") as folder:
        work, published = Path(folder) / "work", Path(folder) / "published"
        settings = Settings(landing=options.landing, work=work, published=published, sample_records=options.records)
        for step in STEPS:
            answer = context.SimpleQueue()
            process = context.Process(target=measured, args=(step, settings, answer))
            process.start()
            process.join()
            if process.exitcode:
                return process.exitcode
            figures.append(answer.get())
            print(f"{figures[-1]['step']}: {figures[-1]['seconds']} s", file=sys.stderr)
    machine = {"python": platform.python_version(), "processors": len(os.sched_getaffinity(0)), "system": platform.platform()}
    print(json.dumps({"machine": machine, "records": options.records, "landing": bool(options.landing), "steps": figures}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
