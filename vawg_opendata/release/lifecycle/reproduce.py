"""Comparing a version with one that was built again: what is not the same, file by file.

CSV, Parquet and every text must have the same bytes; a DuckDB file, whose bytes cannot be promised, the same content digest, and
with it the descriptor and the sums that hold its hash. Building again is in `vawg_opendata.reproduction`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from vawg_opendata.release.database.file import content_digest
from vawg_opendata.release.files import content_files
from vawg_opendata.release.lifecycle.store import DESCRIPTOR
from vawg_opendata.release.package.descriptor import InputFile


def differences(version: Path, again: Path) -> list[str]:
    """What differs between the package of a version and one built again, a line each; empty when nothing does."""
    old, new = (json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8")) for folder in (version, again))
    lines = [
        f"{key} differs: {old.get('reproduction', {}).get(key)} then, {new['reproduction'][key]} now"
        for key in new["reproduction"]
        if old.get("reproduction", {}).get(key) != new["reproduction"][key]
    ]
    names = [{path.relative_to(folder).as_posix() for path in content_files(folder)} for folder in (version, again)]
    lines += [f"{name} is in one of the two only" for name in sorted(names[0] ^ names[1])]
    for name in sorted(names[0] & names[1]):
        here, there = version / name, again / name
        if name == DESCRIPTOR:
            same = _comparable(old) == _comparable(new)
        elif name.endswith(".duckdb"):
            same = content_digest(here) == content_digest(there)
        else:
            same = here.read_bytes() == there.read_bytes()
        if not same:
            lines.append(f"{name} differs")
    return lines


def _comparable(descriptor: Mapping) -> dict:
    """A descriptor without what it was made with, which is told apart, and without the bytes of DuckDB files."""
    resources = [
        {key: value for key, value in resource.items() if resource["format"] != "duckdb" or key not in ("hash", "bytes")} for resource in descriptor["resources"]
    ]
    return {key: value for key, value in descriptor.items() if key != "reproduction"} | {"resources": resources}


def input_differences(recorded: Sequence[Mapping], now: Sequence[InputFile]) -> list[str]:
    """Input files that a version was made from and that are not at hand, and the other way round: source and name of each."""

    def known(files: Sequence[Mapping]) -> dict[str, str]:
        return {file["sha256"]: f"{file['source']}/{file['name']}" for file in files}

    then, here = known(recorded), known([asdict(file) for file in now])
    lines = [f"input {then[key]} is not at hand as it was" for key in then if key not in here]
    return lines + [f"input {here[key]} was not there then" for key in here if key not in then]


