"""Folders of table files to test the command with: others' cases in the form it reads, and small ones written out.

Belongs here: writing such folders and reading patterns back by plain means.  Does not belong here: tests, the library.
"""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

from tests.paths import REPOSITORY, shared


def run(*arguments: object) -> subprocess.CompletedProcess:
    """The command as a statistician runs it."""
    command = [sys.executable, "-m", "anonymisation", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict], columns: list[str] | None = None) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns or list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def flat_tree(path: Path, total: str, codes: list[str]) -> None:
    rows = [{"levels": "@", "codes": total}, *({"levels": "@@", "codes": code} for code in codes)]
    write(path, rows)


def case(name: str, folder: Path) -> Path:
    """A published case as a folder that the command reads."""
    source = shared("cases", "tables", name)
    if (source / "inner.csv").exists():
        return Path(shutil.copytree(source, folder))
    folder.mkdir()
    if name.startswith("ssb_"):
        short = name.removeprefix("ssb_")
        rows = read(source / f"{short}.csv")
        trees = sorted(source.glob(f"{short}_hier_*.csv"))
        dimensions = [path.stem.removeprefix(f"{short}_hier_") for path in trees]
        for dimension, path in zip(dimensions, trees, strict=True):
            shutil.copy(path, folder / f"hier_{dimension}.csv")
        count = "ant" if "ant" in rows[0] else "freq"
        write(folder / "inner.csv", [{**{d: row[d] for d in dimensions}, "freq": row[count]} for row in rows])
        return folder
    source_file, total = {
        "sdctable_testprob": ("testprob_input.csv", "total"),
        "sdctable_attack": ("problemdata_4x4_9prim.csv", "tot"),
    }[name]
    rows = read(source / source_file)
    dimensions = [column for column in rows[0] if column not in ("strID", "freq", "sdcStatus")]
    for dimension in dimensions:
        flat_tree(folder / f"hier_{dimension}.csv", total, [c for c in dict.fromkeys(r[dimension] for r in rows) if c != total])
    inner = [row for row in rows if total not in (row[d] for d in dimensions)]
    write(folder / "inner.csv", [{**{d: row[d] for d in dimensions}, "freq": row["freq"]} for row in inner])
    return folder


def pattern_of_status(path: Path, dimensions: list[str], out: Path) -> Path:
    """One of sdcTable's results (``u`` primary, ``x`` secondary, ``s`` published) as a pattern file."""
    rows = read(path)
    count = "Freq" if "Freq" in rows[0] else "freq"
    return write(
        out,
        [
            {
                **{d: row[d] for d in dimensions},
                "freq": row[count],
                "primary": int(row["sdcStatus"] == "u"),
                "suppressed": int(row["sdcStatus"] in "ux"),
            }
            for row in rows
        ],
    )


def line(folder: Path, values: list[int], withheld: set[int]) -> tuple[Path, Path]:
    """A folder and a pattern of one total and its parts; ``withheld`` are places among them, the total being 0."""
    folder.mkdir()
    codes = [f"x{i}" for i in range(1, len(values))]
    flat_tree(folder / "hier_a.csv", "total", codes)
    rows = [
        {"a": code, "freq": value, "primary": int(i in withheld and 0 < value < 5), "suppressed": int(i in withheld)}
        for i, (code, value) in enumerate(zip(["total", *codes], values, strict=True))
    ]
    return folder, write(folder / "pattern.csv", rows)
