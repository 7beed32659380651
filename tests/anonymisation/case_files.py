"""Folders of table files to test the command with: others' cases in the form it reads, and small ones written out.

Belongs here: writing such folders and reading patterns back by plain means.  Does not belong here: tests, the library.
"""

import csv
import itertools
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


def tree(*paths: Path) -> dict[str, list[str]]:
    """By code of one or several files of a dimension, all the codes it counts in, itself included."""
    above: dict[str, list[str]] = {}
    for path in paths:
        trail: list[str] = []
        for row in read(path):
            trail = [*trail[: len(row["levels"]) - 1], row["codes"]]
            above[row["codes"]] = list(dict.fromkeys([*above.get(row["codes"], []), *trail]))
    # What is above a code by one file is above what it is itself above by another.
    for _ in above:
        above = {code: list(dict.fromkeys(up for one in codes for up in above[one])) for code, codes in above.items()}
    return above


def all_cells(folder: Path) -> dict[tuple[str, ...], int]:
    """Every cell of a folder, totals included, by plain addition."""
    rows = read(folder / "inner.csv")
    names = [name for name in rows[0] if name != "freq"]
    trees = [tree(folder / f"hier_{name}.csv", *sorted(folder.glob(f"hier_{name}.*.csv"))) for name in names]
    cells = dict.fromkeys(itertools.product(*trees), 0)
    for row in rows:
        for codes in itertools.product(*(above[row[name]] for name, above in zip(names, trees, strict=True))):
            cells[codes] += int(row["freq"])
    return cells


def case(name: str, folder: Path) -> Path:
    """A published case as a folder that the command reads.

    ``ssb_d2 overlapping``: with the second hierarchy of its regions, whose codes the file has beside them.
    """
    if name == "ssb_d2 overlapping":
        case("ssb_d2", folder)
        rows = read(shared("cases", "tables", "ssb_d2", "d2.csv"))
        group = {row["region"]: row["k_group"] for row in rows}
        tree = [{"levels": "@", "codes": "Total"}]
        for one in dict.fromkeys(group.values()):
            tree += [{"levels": "@@", "codes": one}, *({"levels": "@@@", "codes": r} for r, g in group.items() if g == one)]
        write(folder / "hier_region.k_group.csv", tree)
        return folder
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
