"""The command `records`: hierarchies from a folder, a policy from options, and the answer.

Belongs here: the format of a hierarchy file and what is printed.  Does not belong here: the grammar of the command
(``anonymisation.__main__``), the protection itself (``anonymisation.records``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from anonymisation.command.files import InputError, check_source, read_lines
from anonymisation.records import DistinctLDiversity, RecordHierarchy, RecordPolicy, TCloseness
from anonymisation.records.streams import protect_file


def protect_records_file(
    source: Path,
    target: Path,
    folder: Path,
    *,
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str],
    l: int | None,  # noqa: E741 - the field's own name
    t: float | None,
    **policy: Any,
) -> Mapping[str, Any]:
    """Protect a file with the hierarchies ``h_<column>.csv`` of a folder; what to print.

    ``l``: distinct l-diversity; ``t``: t-closeness by the equal distance, which is never below the ordered one.
    """
    if (l is not None or t is not None) != bool(sensitive):
        raise InputError("--sensitive names the columns that --l and --t are about: give it with one of them, or none of the three")
    models = (*([DistinctLDiversity(l)] if l is not None else []), *([TCloseness(t)] if t is not None else []))
    check_source(source)
    rules = RecordPolicy(tuple(quasi_identifiers), sensitive=dict.fromkeys(sensitive, models), **policy)
    hierarchies = [read_hierarchy(folder, name) for name in quasi_identifiers]
    inputs = [source, *(_path(folder, name) for name in quasi_identifiers)]
    if target.exists() and any(target.samefile(one) for one in inputs if one.exists()):
        raise InputError(f"{target}: this is an input file; give another name")
    if not target.resolve().parent.is_dir():
        raise InputError(f"{target}: there is no folder {target.resolve().parent}; make it first")
    return protect_file(source, target, hierarchies, rules)


def read_hierarchy(folder: Path, column: str) -> RecordHierarchy:
    """Read `h_<column>.csv`: no header, a row per value with what it becomes, from fine to coarse."""
    return RecordHierarchy.from_rows(column, [fields for _, fields in read_lines(_path(folder, column))])


def _path(folder: Path, column: str) -> Path:
    return folder / f"h_{column}.csv"
