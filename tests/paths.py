"""Where the tests find files that are not part of the repository. Fixtures and helpers of one package stay in its folder."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def shared(*parts: str) -> Path:
    """A path in the folder of real published data: `VAWG_SHARED`, or else the folder `shared` beside the checkout.

    Skips the test that asks, saying so, when it is not there: the real files are not part of the repository.
    """
    folder = Path(os.environ.get("VAWG_SHARED", REPOSITORY.parent / "shared"))
    path = folder.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"real data not at hand: {'/'.join(parts)} (set VAWG_SHARED to the folder that holds it)")
    return path
