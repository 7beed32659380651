"""Finds the files of a source's folder whose form is sound and whose header is one that its publisher uses.

What the source modules have in common before they look at any value. The layouts themselves are theirs.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from vawg_opendata.problems import Problem
from vawg_opendata.reference import fold
from vawg_opendata.sources import workbook
from vawg_opendata.sources.files import Discovery, LandingFile, Layout
from vawg_opendata.sources.tabular import DAMAGED, FORMATS, Form, examine, match, walk


def recognise(
    folder: Path,
    source: str,
    layouts: Sequence[Layout],
    formats: Collection[str],
    sheets: Mapping[str, Layout] | None = None,
) -> Discovery:
    """The files of a folder, its subfolders included, and the problems of their form.

    CSV and Parquet files must have one of `layouts`. `sheets` are the layouts of a workbook's sheets by folded name;
    without it, a sheet of any name may have any of `layouts`. Every sheet with a header must be recognised, except
    sheets of other names whose header is not one of the layouts (a title page, notes), which are reported and not read.
    """
    files, problems = [], []
    for found in walk(folder, source):
        if isinstance(found, Problem):
            problems.append(found)
            continue
        path, name = found
        result = recognise_file(path, source, name, layouts, formats, sheets)
        (files if isinstance(result, LandingFile) else problems).extend([result] if isinstance(result, LandingFile) else result)
        if isinstance(result, LandingFile) and result.format == "xlsx":
            read = {sheet for sheet, _ in result.sheets}
            problems += [_not_read(result, sheet) for sheet in workbook.headers(path) if sheet not in read]
    return Discovery(tuple(files), tuple(problems))


def recognise_file(
    path: Path,
    source: str,
    name: str,
    layouts: Sequence[Layout],
    formats: Collection[str],
    sheets: Mapping[str, Layout] | None = None,
    examine: Callable[[Path], Form] = examine,
) -> LandingFile | list[Problem]:
    """One file, or its problems (at least one). Arguments as for `recognise`; `examine` judges its form."""
    form, format = examine(path), FORMATS[path.suffix.lower()]
    common = {"path": path, "source": source, "name": name, "format": format, "bytes": form.bytes, "sha256": form.sha256}
    label = f"{source}/{name}"
    if form.fault:
        kind, message, row = form.fault
        return [Problem(file=label, kind=kind, message=message, row=row)]
    if format not in formats:
        message = f"This source is read from {' or '.join(sorted(formats)).upper()} files."
        return [Problem(file=label, kind="format", message=message)]
    if format == "xlsx":
        found, problems = _sheets(path, label, form, layouts, sheets)
        return problems or LandingFile(**common, layout=None, sheets=found)
    layout = match(form.header, layouts)
    return LandingFile(**common, layout=layout) if isinstance(layout, Layout) else [Problem(file=label, kind="header", message=layout)]


def _sheets(
    path: Path, label: str, form: Form, layouts: Sequence[Layout], sheets: Mapping[str, Layout] | None
) -> tuple[tuple[tuple[str, Layout], ...], list[Problem]]:
    """The sheets to be read, or problems. The title of another sheet can be anything, so it is the value at fault and not the place, which logs tell."""
    found, problems, nearest = [], [], []
    try:
        headers = workbook.headers(path)
    except workbook.WorkbookError:
        return (), [Problem(file=label, kind="damaged", message=DAMAGED)]
    for sheet, header in headers.items():
        named = None if sheets is None else sheets.get(fold(sheet))
        known = tuple(sheets.values()) if sheets else layouts
        layout = match(header, (named,) if named else known, "sheet's header") if header else None
        if isinstance(layout, Layout) and (named or sheets is None):
            found.append((sheet, layout))
        elif isinstance(layout, Layout):
            message = "The sheet's header is known and its name is not. Give it the name its publisher gives it."
            problems.append(Problem(file=label, value=sheet, kind="sheet", message=message))
        elif named:
            problems.append(Problem(file=label, part=sheet, kind="header", message=layout or "The sheet is empty."))
        elif header:
            nearest.append(Problem(file=label, value=sheet, kind="header", message=layout))
    if not found and not problems:
        problems = nearest or [Problem(file=label, kind="empty", message="The workbook has no sheet with a header.")]
    return tuple(found), problems


def _not_read(file: LandingFile, sheet: str) -> Problem:
    return Problem(file=file.file, value=sheet, kind="not-read", message="Not a sheet of data; it is not read.", blocking=False)
