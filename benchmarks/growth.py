"""How cost grows with the size of a table: synthetic tables of one density, and large ones of four and five dimensions.

Belongs here: which sizes, and how fast cost grew from one to the next.  Does not belong here: how the tables are made (`cases`), how a process
is measured (`runs`).
"""

import math
import tempfile
from pathlib import Path

from benchmarks.cases import SYNTHETIC, cells, make_synthetic
from benchmarks.runs import ours, theirs

CURVE = ("3d-10k", "3d-20k")
LARGE_CURVE = ("3d-30k", "3d-50k", "3d-100k", "3d-150k")
"""Tables that differ in the number of regions alone, by size: those of every run, and those of `--large`."""

LARGE = ("4d-150k", "5d-500k")
"""Tables of four and five dimensions, of `--large`."""

TARGET = {"seconds": 600, "peak_megabytes": 8000}
"""What protection and audit of a large table must not exceed, each by itself; seconds are the processor's."""

GUARANTEE, READER, SEED = "contract", "rules", 1

PEERS = {"3d-10k": "MOD(1,600,0,0,0)", "3d-20k": "MOD(1,600,0,0,0)"}
"""The peer's method where it ends in minutes: at 3d-30k it does not."""


def measure(large: bool, peer: Path | None) -> dict:
    """Run all sizes, those of ``large`` too if asked for, and return the figures."""
    chosen = (*CURVE, *(LARGE_CURVE if large else ()))
    with tempfile.TemporaryDirectory(prefix="vawg-bench-") as name:
        curve = [_measured(case, Path(name), peer) for case in chosen]
        tables = [_measured(case, Path(name), None) for case in LARGE] if large else []
    for one in tables:
        if "failed" not in one["ours"]:
            both = (one["ours"], *one["ours"]["audit"].values())
            one |= {"target": TARGET, "met": all(_within(figures) for figures in both)}
    return {"guarantee": GUARANTEE, "reader": READER, "seed": SEED, "curve": curve, "exponents": exponents(curve), "large": tables}


def _measured(case: str, scratch: Path, peer: Path | None) -> dict:
    folder = make_synthetic(case, SEED, scratch / case)
    found = {"case": case, "dimensions": len(SYNTHETIC[case]), "cells": cells(case), "ours": ours(folder, GUARANTEE, READER)}
    if peer and case in PEERS:
        found["peer"] = theirs(peer, folder, PEERS[case], ())
    return found


def _within(figures: dict) -> bool:
    found = {"seconds": figures.get("processor_seconds"), "peak_megabytes": figures.get("peak_megabytes")}
    return all(found[name] is not None and found[name] <= most for name, most in TARGET.items())


def exponents(curve: list[dict]) -> list[dict]:
    """From each size to the next, by which power of the number of cells processor seconds grew: 1 is linear."""
    done = [one for one in curve if "failed" not in one["ours"]]
    found = []
    for smaller, larger in zip(done, done[1:], strict=False):
        cells_grew = math.log(larger["cells"] / smaller["cells"])
        power = math.log(larger["ours"]["processor_seconds"] / smaller["ours"]["processor_seconds"]) / cells_grew
        found.append({"from": smaller["case"], "to": larger["case"], "power": round(power, 2)})
    return found
