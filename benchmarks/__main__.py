"""Times the flow, step by step, and the protection of tables and of records, and prints the figures as JSON.

`make bench` measures all parts; `make bench ARGS='--part flow --records 200000'`, `make bench ARGS='--part growth --large'` or
`make bench ARGS='--part records --large'` one of them. Parts: the flow (`flow`), a month more (`months`), published cases beside their targets and the peer (`tables`),
cost by size (`growth`), the real tables (`real`), and records (`records`). Each step runs in a process of its own, so that its memory is its
own. Nothing is asserted here: what must hold is in the tests. The steps write to a temporary folder that is removed at the end.
"""

import argparse
import json
import multiprocessing
import os
import platform
import sys
import tempfile
from pathlib import Path

from benchmarks import growth, months, real, records, tables
from benchmarks.flow import STEPS, measured
from vawg_opendata.settings import Settings

PARTS = ("flow", "months", "tables", "growth", "real", "records")


def main() -> int:
    """Measure the parts asked for and print one JSON document."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--part", choices=PARTS, help="measure this part only")
    parser.add_argument("--records", type=int, default=1_000_000, help="flow: size of the synthetic extract")
    parser.add_argument("--landing", type=Path, help="flow: a landing folder to measure instead of a synthetic extract")
    parser.add_argument("--large", action="store_true", help="months: on to the release, and dense extracts; growth: also tables of 30,000 to 500,000 cells; records: also ten million")
    parser.add_argument("--peer", type=Path, help="tables, growth: an interpreter that has pytauargus (default: no peer)")
    options = parser.parse_args()
    machine = {"python": platform.python_version(), "processors": len(os.sched_getaffinity(0)), "system": platform.platform()}
    figures: dict = {"machine": machine}
    peer = options.peer.absolute() if options.peer else None
    if options.part in (None, "flow"):
        steps = measure_flow(options.records, options.landing)
        if steps is None:
            return 1
        figures |= {"records": options.records, "landing": bool(options.landing), "steps": steps}
    if options.part in (None, "months"):
        figures["a month more"] = months.measure(options.large)
    if options.part in (None, "tables"):
        figures["tables"] = tables.measure(peer)
    if options.part in (None, "growth"):
        figures["growth"] = growth.measure(options.large, peer)
    if options.part in (None, "real"):
        figures["real tables"] = real.measure()
    if options.part in (None, "records"):
        figures["records protected"] = records.measure(options.large)
    print(json.dumps(figures, indent=2))
    return 0


def measure_flow(records: int, landing: Path | None) -> list[dict] | None:
    """The steps of the flow in their order; None where one failed, which has said why."""
    context = multiprocessing.get_context("spawn")
    figures = []
    with tempfile.TemporaryDirectory(prefix="vawg-bench-") as folder:
        work, published = Path(folder) / "work", Path(folder) / "published"
        settings = Settings(landing=landing, work=work, published=published, sample_records=records)
        for step in STEPS:
            answer = context.SimpleQueue()
            process = context.Process(target=measured, args=(step, settings, answer))
            process.start()
            process.join()
            if process.exitcode:
                return None
            figures.append(answer.get())
            print(f"{figures[-1]['step']}: {figures[-1]['seconds']} s", file=sys.stderr)
    return figures


if __name__ == "__main__":
    sys.exit(main())
