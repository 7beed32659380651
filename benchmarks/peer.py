"""The peer, tau-ARGUS: run as `python benchmarks/peer.py DIR OUT.csv METHOD THRESHOLD` by an interpreter that has `pytauargus`.

Reads the same folder of table files as our command and writes the same kind of pattern file. It leaves scratch files in
its working folder and can crash, so each call is given a process and an empty folder of its own. `METHOD` is that of
tau-ARGUS, as `OPT(1,600)` or `MOD(1,600,0,0,0)` (the last three: protection of singletons).
"""

import csv
import sys
from pathlib import Path

from pytauargus import protect


def main(folder: Path, out: Path, method: str, threshold: int) -> None:
    """Protect the table of a folder by the minimum frequency rule, and write the pattern."""
    with (folder / "inner.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    dimensions = [name for name in rows[0] if name != "freq"]
    trees, total = {}, ""
    for name in dimensions:
        with (folder / f"hier_{name}.csv").open(encoding="utf-8", newline="") as file:
            levels = [(row["levels"], row["codes"]) for row in csv.DictReader(file)]
        total = levels[0][1]
        # It takes no tree of one level. In its own form a code has two '@' less than in ours, and the total is left out.
        if any(level == "@@@" for level, _ in levels):
            trees[name] = Path(f"{name}.hrc").resolve()
            trees[name].write_text("".join(f"{level[2:]}{code}\n" for level, code in levels[1:]), encoding="utf-8")
    people = {name: [row[name] for row in rows for _ in range(int(row["freq"]))] for name in dimensions}
    people["one"] = [1] * len(people[dimensions[0]])
    result = protect(
        people,
        [dimensions],
        response="one",
        safety_rules=f"FREQ({threshold},0)",
        suppress=method,
        hrc={name: str(path) for name, path in trees.items()},
        totcode=total,
        workdir=str(Path.cwd()),
    )
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*dimensions, "freq", "primary", "suppressed"])
        for row in result.tables[0].rows:
            status = row["status"]
            # Codes of a dimension without a tree come padded.
            writer.writerow([*(row[name].strip() for name in dimensions), int(row["one"]), int(status == "U"), int(status in "UM")])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
