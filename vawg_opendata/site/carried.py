"""Pages of earlier versions, made once: a build carries them over as they are, so that what it costs does not grow with the versions there were.

An earlier version never changes, so neither do its pages, unless this code does. Each page is sealed with a digest of what it was made from and
of itself; a build that finds the seals whole leaves the package unread. What the pages say belongs in the other modules.
"""

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

from vawg_opendata.code import code_hash
from vawg_opendata.release.files import SUMS
from vawg_opendata.release.package.archive import archive_path
from vawg_opendata.site.released import Version

UNSEALED = "0" * 64
"""What a page has in the place of its seal until it is sealed."""
_SEAL = re.compile('<meta name="seal" content="([0-9a-f]{64})">')
_PAGE = re.compile('href="([^"/:]+/[^"/:]+[.]html)"')


def sealed(version: Version, text: str) -> str:
    """A page of an earlier version with its seal in place of `UNSEALED`."""
    return text.replace(f'content="{UNSEALED}"', f'content="{_digest(version, text)}"', 1)


def carried(site: Path, version: Version) -> Iterator[tuple[str, str]]:
    """Path and text of the pages of an earlier version as an earlier build left them; none unless all of them are there and whole.

    The page of the version is the first, and names the others.
    """
    home = f"{version.product}/{version.number}.html"
    first = _whole(site / home, version)
    if first is None:
        return
    inside = sorted({path for path in _PAGE.findall(first) if path.startswith(f"{version.number}/")})
    others = {path: _whole(site / version.product / path, version) for path in inside}
    if None not in others.values():
        yield home, first
        yield from ((f"{version.product}/{path}", text) for path, text in others.items())


def _whole(path: Path, version: Version) -> str | None:
    """The text of a page whose seal is right."""
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    seal = _SEAL.search(text)
    return text if seal and _digest(version, text.replace(seal[1], UNSEALED, 1)) == seal[1] else None


def _digest(version: Version, text: str) -> str:
    archive = archive_path(version.folder)
    made_from = [_maker(), version.product, version.number, f"{archive.name} {archive.stat().st_size}" if archive else "", (version.folder / SUMS).read_text(encoding="utf-8")]
    return hashlib.sha256("\n".join([*made_from, text]).encode()).hexdigest()


@cache
def _maker() -> str:
    """What tells the code and the templates from any other."""
    templates = sorted((resources.files("vawg_opendata.site") / "templates").iterdir(), key=lambda file: file.name)
    return "\n".join([code_hash(), *(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in templates)])
