"""What a run was made from, kept in the work folder for the steps after the reading: files, made-up sources and corrections.

Does not belong here: reading any of the files, or correcting anything.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from vawg_opendata.judging import RECORD_TABLES
from vawg_opendata.release import InputFile
from vawg_opendata.sources import crime_extract, crime_extract_manifest
from vawg_opendata.sources.landing import SAMPLE_FILE, LandingReport


@dataclass(frozen=True)
class Inputs:
    """The files that the records were read from, the sources of them whose records are made up, and the corrections made."""

    files: tuple[InputFile, ...]
    synthetic: tuple[str, ...]
    corrections: tuple[dict[str, str], ...] = ()

    def save(self, work: Path) -> None:
        """Write them to the work folder."""
        (work / "inputs.json").write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, work: Path) -> "Inputs":
        """What `save` wrote."""
        plain = json.loads((work / "inputs.json").read_text(encoding="utf-8"))
        return cls(tuple(InputFile(**file) for file in plain["files"]), tuple(plain["synthetic"]), tuple(plain["corrections"]))


def source_of(table: str) -> str:
    """The source that gives a record table."""
    return next((source for source, schemas in RECORD_TABLES.items() if table in {schema.name for schema in schemas}), "")


def synthetic_sources(folder: Path, report: LandingReport) -> tuple[str, ...]:
    """The sources whose records are made up: all of a folder made as a sample, else the extract when its manifest says so."""
    sources = tuple(dict.fromkeys(file.source for file in report.files))
    if (folder / SAMPLE_FILE).is_file():
        return sources
    extract = [file for file in report.files if file.source == crime_extract.NAME]
    return (crime_extract.NAME,) if extract and crime_extract.synthetic(extract) else ()


def people_in_extract(folder: Path) -> bool:
    """Whether a landing folder, before it is read, has an extract with records of people. False where its manifest cannot be read: whoever reads the
    folder says what is wrong with it."""
    if (folder / SAMPLE_FILE).is_file() or not (folder / crime_extract.NAME).is_dir():
        return False
    manifest = crime_extract_manifest.load(folder / crime_extract.NAME, crime_extract.NAME)
    return not isinstance(manifest, list) and not manifest.synthetic
