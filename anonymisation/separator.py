"""What separates the fields of a CSV file, seen from its first line.

Belongs here: that one rule, which all readers of files in this library share.  Does not belong here: reading a file.
"""

from __future__ import annotations

import re
from pathlib import Path


def separator_of(path: Path) -> str:
    """A semicolon where the first line has one and no comma, quoted fields aside, else a comma."""
    with path.open("rb") as file:
        first = re.sub(rb'"[^"]*"', b"", file.readline())
    return ";" if b";" in first and b"," not in first else ","
