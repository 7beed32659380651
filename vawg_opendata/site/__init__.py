"""The public pages: a static site made from what is released, and from nothing else."""

from vawg_opendata.site.build import build_site, place_boundaries, place_population

__all__ = ["build_site", "place_boundaries", "place_population"]
