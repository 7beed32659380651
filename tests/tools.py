"""Finds the tools that only tests use: programs and data that must not be among what the project itself depends on.

`make test` installs them from `tests/tools.lock` into a folder of their own and names it in `VAWG_TEST_TOOLS`.
"""

import os
from pathlib import Path

import pytest


def tool(pattern: str) -> Path:
    """The one file below the folder of tools that fits a pattern. Skips the test that asks where the tools are not installed."""
    folder = os.environ.get("VAWG_TEST_TOOLS")
    if not folder:
        pytest.skip(f"no {pattern}: `make test` installs it and sets VAWG_TEST_TOOLS")
    found = sorted(Path(folder).glob(pattern))
    assert len(found) == 1, f"{folder} has {len(found)} files like {pattern}"
    return found[0]
