"""The protection of records, beside what other tools attain on the same cases: time, memory, and what is lost.

Belongs here: the cases and the measurement.  Does not belong here: the grammar of the benchmark (`__main__`).

The published case is looked for as those of `cases` are.  The synthetic one has the size that was measured with ARX and anjana (six quasi-
identifiers: ward 640, offence 20, month 24, sex 3, age 100, ethnicity 18); the shares of the values are uneven, as those of crimes are, and
each tool was run on data of its own, so its figures are for orientation.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from anonymisation.records import RecordHierarchy

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
