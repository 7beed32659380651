"""What a finished run has to say to whoever started it from the command line: a few lines of names and numbers."""

from collections.abc import Mapping

import dagster as dg

from vawg_opendata.assets.packages import KEYS
from vawg_opendata.assets.pages import KEY as PAGES
from vawg_opendata.assets.records import ACCOUNTING
from vawg_opendata.settings import Settings


def lines(result: dg.ExecuteInProcessResult, settings: Settings) -> list[str]:
    """Rows read and set aside, warnings, and for each product its version, folder, cells and share withheld."""
    events = {event.asset_key: event for event in result.get_asset_materialization_events()}

    def metadata(key: dg.AssetKey) -> Mapping[str, object]:
        return {name: value.value for name, value in events[key].materialization.metadata.items()}

    accounts = metadata(ACCOUNTING)
    told = [
        f"{accounts['rows_read']:,} rows read, {accounts['rows_quarantined']:,} quarantined (see {settings.work / 'accounting.json'})",
        *(f"warning: {check.description}" for check in result.get_asset_check_evaluations() if not check.passed),
    ]
    for product, key in KEYS.items():
        package = metadata(key)
        if not package["published"]:
            told.append(f"{product}: not published, no source at hand gives it or it was not asked for")
            continue
        cells, records = package["cells"], package["records"]
        what = f"{cells:,} cells, {package['withheld'] / cells:.1%} withheld" if cells else f"{records:,} records"
        state = "new" if package["is_new"] else "unchanged"
        if package["state"] != "released":
            state += f", {package['state']}: readers do not have it yet"
        told.append(f"{product} {package['version']} ({state}): {what}, in {package['folder']}")
    if (pages := metadata(PAGES))["pages"]:
        told.append(f"{pages['pages']} pages, in {pages['index']}")
    return told
