"""What a source module says about a landing folder: the files it found, and what is wrong with them.

Only these plain descriptions belong here. How files are opened is in `tabular` and `workbook`.
"""

from dataclasses import dataclass
from pathlib import Path

from vawg_opendata.problems import Problem


@dataclass(frozen=True)
class Layout:
    """The header of one kind of file as its publisher writes it.

    `kind` says what the file holds (such as `victims`); several layouts of a kind are its vintages. `name` is for messages.
    """

    name: str
    kind: str
    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LandingFile:
    """One file that a source recognised.

    `name` is its path in `folder` and `file` in the landing folder, with slashes; `folder` is that of the source, or of
    lookups that it consults. `format` is `csv`, `parquet` or `xlsx`. `sheets` names the sheets of a workbook that are read, with the layout of each, and is empty for other files.
    """

    path: Path
    source: str
    folder: str = ""
    name: str
    format: str
    layout: Layout | None
    sheets: tuple[tuple[str, Layout], ...] = ()
    bytes: int
    sha256: str

    @property
    def file(self) -> str:
        """The path by which messages name the file."""
        return f"{self.folder or self.source}/{self.name}"

    @property
    def kind(self) -> str:
        """What the file holds, by its layout; the kinds of its sheets, joined by `+`, for a workbook."""
        return self.layout.kind if self.layout else "+".join(layout.kind for _, layout in self.sheets)


@dataclass(frozen=True)
class Discovery:
    """What `discover` found in the folder of one source."""

    files: tuple[LandingFile, ...]
    problems: tuple[Problem, ...]
