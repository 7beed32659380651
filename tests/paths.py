"""Where tests find real data files that are not part of this repository.

Belongs here: locating the folder of shared real files. Does not belong here: reading them, or fixtures of any one test.
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def shared(*parts: str) -> Path:
    """Return the path of a shared file or folder; skip the calling test, saying what is missing, when it is not there.

    The folder is named by the environment variable VAWG_SHARED, else it is `shared` beside the checkout.
    """
    folder = Path(os.environ.get("VAWG_SHARED") or ROOT.parent / "shared")
    path = folder.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"real data not at hand: {path} (set VAWG_SHARED to the folder that holds {'/'.join(parts)})")
    return path
