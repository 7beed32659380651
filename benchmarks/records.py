"""The protection of records, beside what other tools attain on the same cases: time, memory, and what is lost.

Belongs here: the cases and the measurement.  Does not belong here: the grammar of the benchmark (`__main__`).

The published case is looked for as those of `cases` are.  The synthetic one has the size that was measured with ARX and anjana (six quasi-
identifiers: ward 640, offence 20, month 24, sex 3, age 100, ethnicity 18); the shares of the values are uneven, as those of crimes are, and
each tool was run on data of its own, so its figures are for orientation.
"""

from __future__ import annotations

import csv
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from anonymisation.records import RecordHierarchy, RecordPolicy, protect_records
from anonymisation.records.streams import protect_file
from anonymisation.records.values import suppress_values

KNOWN = ("ward", "offence", "month", "sex", "age", "ethnicity")


def hierarchies() -> list[RecordHierarchy]:
    """Ward, borough (32), command unit (12), all; offence, group (5), all; month, quarter, year, all; age in 5, 10, 20 years; and so on."""
    wards = [(f"W{n:03}", f"B{n // 20:02}", f"C{n // 20 * 12 // 32:02}", "London") for n in range(640)]
    offences = [(f"O{n:02}", f"G{n // 4}", "*") for n in range(20)]
    months = [(f"{2024 + n // 12}-{n % 12 + 1:02}", f"{2024 + n // 12}-Q{n % 12 // 3 + 1}", str(2024 + n // 12), "*") for n in range(24)]
    ethnicities = [(f"E{n:02}", f"E{'ABCDE'[n * 5 // 18]}", "*") for n in range(18)]
    return [
        RecordHierarchy.from_rows("ward", wards),
        RecordHierarchy.from_rows("offence", offences),
        RecordHierarchy.from_rows("month", months),
        RecordHierarchy.from_rows("sex", [("F", "*"), ("M", "*"), ("U", "*")]),
        RecordHierarchy.intervals("age", 0, 99, (5, 10, 20)),
        RecordHierarchy.from_rows("ethnicity", ethnicities),
    ]


def synthetic(records: int, seed: int = 1) -> pa.Table:
    """So many records with the quasi-identifiers, an outcome and a number; the same seed gives the same records."""
    random = np.random.default_rng(seed)
    share = {
        "ward": random.lognormal(sigma=0.5, size=640),
        "offence": random.lognormal(sigma=1.0, size=20),
        "month": random.lognormal(sigma=0.1, size=24),
        "sex": np.array([0.8, 0.17, 0.03]),
        "age": np.exp(-(((np.arange(100) - 31) / 18.0) ** 2)) + 0.01,
        "ethnicity": random.lognormal(sigma=1.2, size=18),
    }
    columns = {}
    for hierarchy in hierarchies():
        weights = share[hierarchy.name]
        codes = random.choice(len(weights), size=records, p=weights / weights.sum()).astype(np.int32)
        columns[hierarchy.name] = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(list(hierarchy.values))).cast(pa.string())
    columns["outcome"] = pa.DictionaryArray.from_arrays(pa.array(random.integers(0, 6, records).astype(np.int32)), pa.array(list("abcdef"))).cast(pa.string())
    columns["number"] = pa.array(np.arange(records))
    return pa.table(columns)


ADULT_KNOWN = ("sex", "age", "race", "marital-status", "education", "native-country")
KEYS = ("urbrur", "roof", "walls", "water", "electcon", "relat", "sex")

PUBLISHED = {
    "adult, columns": {
        "ARX": {"granularity": 0.843, "suppressed": 1076, "seconds": "0.3 to 0.8 (search)"},
        "anjana": {"levels": "as ARX", "seconds": 3.6},
        "sdcMicro": {"blanks": 10331, "seconds": 104, "note": "a blank is read as a wildcard"},
    },
    "adult, local": {"ARX": {"granularity": 0.906, "suppressed": 0, "seconds": 1.1}},
    "1,000,000, columns": {
        "ARX": {"granularity": 0.863, "suppressed": 16582, "seconds": 66, "peak_megabytes": 2400},
        "anjana": {"seconds": 297, "peak_megabytes": 1300},
    },
    "testdata2, values": {"sdcMicro": {"blanks": 97, "note": "a blank is read as a wildcard"}},
}
"""What others attain with k=5 and at most 5 % suppressed (testdata2: k=2), on two cores."""


def measure(large: bool) -> list[dict]:
    """Our figures with those of others beside them; with ``large`` also ten million records."""
    shared = Path(os.environ.get("VAWG_SHARED", Path(__file__).resolve().parents[2] / "shared")) / "cases" / "records"
    cases = [("adult, columns", _adult, shared, "global"), ("adult, local", _adult, shared, "local")] if shared.is_dir() else []
    cases += [("testdata2, values", _testdata, shared, "")] if shared.is_dir() else []
    for records in (1_000_000, 10_000_000)[: 2 if large else 1]:
        cases += [(f"{records:,}, columns", _synthetic, records, "global"), (f"{records:,}, local", _synthetic, records, "local")]
        cases += [(f"{records:,}, columns, Parquet to Parquet", _files, records, "global")]
    context, figures = multiprocessing.get_context("spawn"), []
    for name, case, given, recoding in cases:
        answer = context.SimpleQueue()
        process = context.Process(target=_measured, args=(case, given, recoding, answer))
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit(f"{name} failed")
        figures.append({"case": name, "ours": answer.get(), "others": PUBLISHED.get(name, {})})
        print(f"{name}: {figures[-1]['ours']}", file=sys.stderr)
    return figures


def _measured(case: Callable, given: object, recoding: str, answer: SimpleQueue) -> None:
    """Run a case in this process and answer with its figures; making its input is not counted in time, but is in memory."""
    run = case(given, recoding)
    started, processor = time.perf_counter(), time.process_time()
    figures = run()
    seconds = {"seconds": round(time.perf_counter() - started, 2), "processor_seconds": round(time.process_time() - processor, 2)}
    answer.put({**seconds, "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6), **figures})


def _described(summary: Mapping) -> dict:
    return {"granularity": round(summary["losses"]["granularity"], 4), "suppressed": summary["suppressed"], "levels": list(summary["levels"].values())}


def _adult(shared: Path, recoding: str) -> Callable[[], dict]:
    table = pyarrow.csv.read_csv(shared / "adult" / "adult.csv", parse_options=pyarrow.csv.ParseOptions(delimiter=";"))
    known = []
    for name in ADULT_KNOWN:
        with (shared / "adult" / f"adult_hierarchy_{name}.csv").open(encoding="utf-8", newline="") as file:
            known.append(RecordHierarchy.from_rows(name, csv.reader(file, delimiter=";")))
    policy = RecordPolicy(ADULT_KNOWN, 5, recoding=recoding)
    return lambda: _described(protect_records(table, known, policy).summary)


def _testdata(shared: Path, _: str) -> Callable[[], dict]:
    table = pyarrow.csv.read_csv(shared / "sdcmicro_testdata" / "testdata2.csv")
    count = lambda blanks: sum(suppress_values(table, KEYS, 2, blanks=blanks).blanks.values())  # noqa: E731
    return lambda: {"blanks, a blank is a wildcard": count("wildcard"), "blanks, a blank is a value": count("value")}


def _synthetic(records: int, recoding: str) -> Callable[[], dict]:
    table, policy = synthetic(records), RecordPolicy(KNOWN, 5, recoding=recoding)
    return lambda: _described(protect_records(table, hierarchies(), policy).summary)


def _files(records: int, recoding: str) -> Callable[[], dict]:
    folder = tempfile.TemporaryDirectory(prefix="vawg-bench-")
    source = Path(folder.name) / "in.parquet"
    pyarrow.parquet.write_table(synthetic(records), source)

    def run() -> dict:
        with folder:
            return _described(protect_file(source, source.with_name("out.parquet"), hierarchies(), RecordPolicy(KNOWN, 5, recoding=recoding)))

    return run
