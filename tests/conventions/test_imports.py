"""Guards the direction in which parts may import each other.

The rules are those of the design: disclosure control knows nothing of police data; what reads files knows nothing of
what publishes them; the scheduler and the command line are entered only from their own modules.
"""

import ast
from pathlib import Path

import pytest

from tests.paths import REPOSITORY as ROOT

PARTS = ("anonymisation", "vawg_opendata")
MODULES = sorted(path for part in PARTS for path in (ROOT / part).rglob("*.py"))

# Who (folder or file) must not import what (prefix of a module's dotted name).
FORBIDDEN = [
    ("anonymisation", "vawg_opendata"),
    ("vawg_opendata/reference", "vawg_opendata.sources"),
    ("vawg_opendata/schemas", "vawg_opendata.sources"),
    ("vawg_opendata/sources", "vawg_opendata.statistics"),
    ("vawg_opendata/sources", "vawg_opendata.products"),
    ("vawg_opendata/sources", "vawg_opendata.release"),
    ("vawg_opendata/sources", "anonymisation"),
    ("vawg_opendata/statistics", "vawg_opendata.release"),
    ("vawg_opendata/release", "vawg_opendata.delivery"),
    ("vawg_opendata/release", "vawg_opendata.site"),
    ("vawg_opendata/charts", "vawg_opendata.release"),
    ("vawg_opendata/charts", "vawg_opendata.site"),
]
SCHEDULER = ("dagster",)
COMMAND_LINE = ("argparse", "typer", "click", "optparse")
ENTRANCES = ("vawg_opendata/assets", "vawg_opendata/definitions.py", "vawg_opendata/cli.py")
COMMAND_LINE_ENTRANCES = (*ENTRANCES, "vawg_opendata/__main__.py", "anonymisation/__main__.py")


def imported(path: Path, root: Path = ROOT) -> set[str]:
    """Dotted names of all that a module imports, wherever in it, with relative imports resolved."""
    package = path.relative_to(root).with_suffix("").parts[:-1]
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            origin = ".".join(filter(None, (base, node.module)))
            names |= {origin} | {f"{origin}.{alias.name}" for alias in node.names}
    return names


def within(path: Path, places: tuple[str, ...]) -> bool:
    name = path.relative_to(ROOT).as_posix()
    return any(name == place or name.startswith(place + "/") for place in places)


def reaches(names: set[str], target: str) -> set[str]:
    return {name for name in names if name == target or name.startswith(target + ".")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_imports_only_what_its_place_allows(path):
    names = imported(path)
    for place, target in FORBIDDEN:
        if within(path, (place,)):
            assert not reaches(names, target), f"{place} must not import {target}"
    if not within(path, ENTRANCES):
        for target in SCHEDULER:
            assert not reaches(names, target), f"only {', '.join(ENTRANCES)} may import {target}"
    if not within(path, COMMAND_LINE_ENTRANCES):
        for target in COMMAND_LINE:
            assert not reaches(names, target), f"only {', '.join(COMMAND_LINE_ENTRANCES)} may import {target}"


def test_the_reading_of_imports_sees_every_form(tmp_path):
    module = tmp_path / "a" / "b.py"
    module.parent.mkdir()
    module.write_text("import x.y\nfrom . import c\nfrom .d import e\ndef f():\n    from z import g\n", encoding="utf-8")
    assert imported(module, tmp_path) >= {"x.y", "a.c", "a.d", "a.d.e", "z", "z.g"}
