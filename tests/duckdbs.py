"""Runs Python with a DuckDB of earlier years: tests open the published files with each that readers may have.

`make test` installs one of each line into a folder of its own, from `tests/duckdb-<line>.lock`, and names the folder that holds them in
`VAWG_OLD_DUCKDB`. That of 1.5 has the extension httpfs beside it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import REPOSITORY

LINES = tuple(sorted(path.stem.removeprefix("duckdb-") for path in (REPOSITORY / "tests").glob("duckdb-*.lock")))


def printed(line: str, program: str, *arguments: str) -> list[str]:
    """The lines that a program prints that imports DuckDB of this line, such as 1.1. Skips the test where that is not installed."""
    folder = os.environ.get("VAWG_OLD_DUCKDB")
    if not folder:
        pytest.skip("no old DuckDB at hand: VAWG_OLD_DUCKDB must name the folder of them (make test does it)")
    first = f"import duckdb\nassert duckdb.__version__.startswith({line + '.'!r}), duckdb.__version__\n"
    found = {**os.environ, "PYTHONPATH": str(Path(folder) / line)}
    done = subprocess.run([sys.executable, "-c", first + program, *arguments], capture_output=True, text=True, env=found)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
