"""The catalogues of everything published, made again after each release and withdrawal.

    published/catalogue.json                       DCAT: all audiences; for whoever runs this, never served to readers
    published/<audience>/catalogue.json            DCAT: what this audience may know of, and the only one its readers get
    published/<audience>/feed.atom                 its releases and withdrawals, as Atom
    published/<audience>/<product>/dataset.jsonld  schema.org's Dataset, for search engines

An audience is served its own folder. So what a public reader sees names no package for partners, not by title either.
"""

from pathlib import Path

from vawg_opendata.release.catalogue.dcat import catalogue
from vawg_opendata.release.catalogue.entries import published_products
from vawg_opendata.release.catalogue.feed import FEED, feed
from vawg_opendata.release.catalogue.schema_org import dataset
from vawg_opendata.release.files import replace_json, replace_text

CATALOGUE = "catalogue.json"
DATASET = "dataset.jsonld"


def write_catalogue(published: Path) -> None:
    """Write the catalogues of all products that have a version, whether it is offered or withdrawn."""
    products = published_products(published)
    if not products:
        return
    audiences = sorted({product.audience for product in products})
    for product in products:
        path = published / product.audience / product.name / DATASET
        described = dataset(product)
        if described is None:
            path.unlink(missing_ok=True)
        else:
            replace_json(path, described)
    for audience in audiences:
        own = [product for product in products if product.audience == audience]
        replace_text(published / audience / FEED, feed(audience, own))
        replace_json(published / audience / CATALOGUE, catalogue(own, {audience: ""}))
    replace_json(published / CATALOGUE, catalogue(products, {audience: f"{audience}/" for audience in audiences}))
