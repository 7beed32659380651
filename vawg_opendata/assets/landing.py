"""Stage landing: the files of each source as they were delivered, or a synthetic extract when no folder is given.

Nothing is read or judged here beyond names and sizes; that is the first step of the stage records.
"""

from collections.abc import Iterator

import dagster as dg

from vawg_opendata import flow
from vawg_opendata.assets.metadata import rows
from vawg_opendata.assets.resources import OWNERS, RunSettings

GROUP = "landing"

DESCRIPTIONS = {
    "crime_extract": "Record-level extract of the force's crime system: manifest and one file per table, or per table and month.",
    "mps_vawg_dashboard": "The Met's VAWG dashboard data, offences and victims, in every vintage at hand.",
    "mps_homicide": "The Met's homicide victims and accused, in every vintage at hand.",
    "police_uk": "data.police.uk street files, by month.",
}

KEYS = {source: dg.AssetKey(["landing", source]) for source in flow.RECORD_TABLES}


@dg.multi_asset(
    name="landing_files",
    specs=[
        dg.AssetSpec(KEYS[source], description=DESCRIPTIONS[source], group_name=GROUP, owners=OWNERS, kinds={"file"})
        for source in flow.RECORD_TABLES
    ],
)
def landing_files(settings: RunSettings) -> Iterator[dg.MaterializeResult]:
    """The landing folder given, or else a synthetic one made in the work folder."""
    folder = flow.prepare_landing(settings.settings)
    for source, key in KEYS.items():
        files = sorted(path for path in (folder / source).rglob("*") if path.is_file())
        metadata: dict[str, object] = {
            "files": len(files),
            "bytes": sum(path.stat().st_size for path in files),
            "synthetic_sample": settings.settings.landing is None,
        }
        if files:
            names = ((path.relative_to(folder / source).as_posix(), path.stat().st_size) for path in files)
            metadata["names"] = rows(("file", "bytes"), names)
        yield dg.MaterializeResult(asset_key=key, metadata=metadata)
