"""Stage pages: what readers are given beside the packages, made from the published folder alone once all packages are there."""

import dagster as dg

from vawg_opendata import flow
from vawg_opendata.assets.packages import AUDIENCE_KEYS
from vawg_opendata.assets.resources import OWNERS, RunSettings

GROUP = "pages"
KEY = dg.AssetKey(["pages", "site"])


@dg.asset(
    key=KEY,
    deps=list(AUDIENCE_KEYS.values()),
    description="The public site, of what is released to the public, and the one DuckDB file of each audience. Made again from the published folder alone.",
    group_name=GROUP,
    owners=OWNERS,
    kinds={"html", "duckdb"},
)
def site(settings: RunSettings) -> dg.MaterializeResult:
    """Build the pages; without a released public product there are none."""
    made = flow.publish_pages(settings.settings)
    return dg.MaterializeResult(
        metadata={
            "pages": sum(1 for _ in made.site.rglob("*.html")),
            "index": dg.MetadataValue.path(str(made.site / "index.html")),
            "databases": len(made.databases),
        }
    )


PAGES = [site]
