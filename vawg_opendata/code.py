"""What tells this code from any other: a hash of all of it. Who uses the hash, and for what, does not belong here."""

import hashlib
from functools import cache
from pathlib import Path

PACKAGES = ("anonymisation", "vawg_opendata")


@cache
def code_hash() -> str:
    """The SHA-256 over all modules, lists and settings of the code, each line `hash  path` as sha256sum writes it."""
    root = Path(__file__).resolve().parents[1]
    files = sorted(path for package in PACKAGES for path in (root / package).rglob("*") if path.suffix in (".py", ".csv", ".yaml", ".json"))
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(root).as_posix()}\n" for path in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
