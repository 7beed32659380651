"""Other people's tools that judge what we publish.  Fixtures and helpers of one package stay in its folder."""

import importlib
import os
import sys
from types import ModuleType

import pytest


def pycanon() -> ModuleType:
    """`pycanon.anonymity` of pycanon 1.3.5, which measures k, l and t of a data frame (it leaves out rows with a blank).

    VAWG_PYCANON is a folder that holds it; `make test` sets it up and names it. Without it the test that asks is skipped, saying
    so; on CI it fails.
    """
    folder = os.environ.get("VAWG_PYCANON")
    if folder and folder not in sys.path:
        sys.path.append(folder)
    try:
        assert importlib.import_module("pycanon").__version__ == "1.3.5"
    except ModuleNotFoundError:
        problem = "no pycanon at hand: VAWG_PYCANON must name a folder that holds it (make test does it)"
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    return importlib.import_module("pycanon.anonymity")
