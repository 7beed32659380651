"""The declarations fit each other: what they name exists, and one name is one thing."""

import re
from dataclasses import replace

import pytest

from anonymisation import Policy
from anonymisation.appetite import preset
from vawg_opendata.products import PRODUCTS
from vawg_opendata.products.caveats import CAVEATS, SERIES_BREAKS
from vawg_opendata.products.declaration import DeclarationError
from vawg_opendata.products.wording import LICENCES, SOURCE_WORDING
from vawg_opendata.reference import load_codelist
from vawg_opendata.release.package.field_catalogue import NAME as FIELD_CATALOGUE
from vawg_opendata.release.package.tables import notes
from vawg_opendata.schemas.crime_extract import RECORDS
from vawg_opendata.statistics import FACTS, SOURCES
from vawg_opendata.statistics.periods import month_codelist, year_codelist

ALL = list(PRODUCTS.values())
MADE = {"month": month_codelist(["2024-01"]), "year": year_codelist(["2024-01"])}
by_name = pytest.mark.parametrize("product", ALL, ids=list(PRODUCTS))


@by_name
def test_levels_and_code_lists_exist(product):
    for table in product.tables:
        for name, levels in table.dimensions.items():
            codelist = product.dimension(name).codelist
            (MADE[codelist] if codelist in MADE else load_codelist(codelist)).at_levels(*levels)


@by_name
def test_every_table_can_be_given_by_some_source(product):
    for table in product.tables:
        assert [fact for fact in FACTS if fact.measure == table.measure and set(table.dimensions) <= set(fact.dimensions)], table.name


@by_name
def test_the_words_exist_and_end(product):
    assert set(product.caveats) <= set(CAVEATS) and set(product.series_breaks) <= set(SERIES_BREAKS)
    assert "recorded-not-prevalence" in product.caveats
    assert product.linked or product.tables
    assert product.definitions and product.keywords and product.audience in LICENCES
    for described in (product, *product.measures, *product.dimensions, *product.tables):
        assert described.title and described.description.endswith("."), described.name


@by_name
def test_no_table_of_a_package_has_the_name_of_another(product):
    names = [table.name for table in product.tables] + [dimension.name for dimension in product.dimensions] + [table.name for table in notes(product, True)]
    names.append(FIELD_CATALOGUE)
    assert len(set(names)) == len(names)


def test_a_measure_belongs_to_one_product_of_an_audience():
    """Protection works measure by measure within a product: shared by two, tables would be protected apart."""
    measures = [(product.audience, measure.name) for product in ALL for measure in product.measures]
    assert len(set(measures)) == len(measures)


def test_facts_name_known_sources_and_measures():
    declared = {measure.name for product in ALL for measure in product.measures}
    for fact in FACTS:
        assert fact.source in SOURCES and fact.source in SOURCE_WORDING and fact.measure in declared


@by_name
def test_a_dimension_is_as_sensitive_as_the_field_of_the_records_that_it_is_made_from(product):
    compared = 0
    for fact in FACTS:
        if fact.source != "crime_extract" or fact.measure not in {measure.name for measure in product.measures}:
            continue
        fields = RECORDS[fact.records[0].removeprefix("extract_")].by_name
        for name, made_from in fact.dimensions.items():
            column = re.sub(r"CASE WHEN legal_hold THEN '.*' ELSE (\w+) END", r"\1", made_from)
            if column in fields and name in {dimension.name for dimension in product.dimensions}:
                assert product.dimension(name).sensitivity == fields[column].sensitivity, name
                compared += 1
    assert compared or product.linked or product.name == "violence-and-sexual-offences"


def test_code_lists_of_one_measure_are_the_same_in_all_products():
    lists = {}
    for product in ALL:
        for table in product.tables:
            for name in table.dimensions:
                codelist = product.dimension(name).codelist
                assert lists.setdefault((table.measure, name), codelist) == codelist


@pytest.mark.parametrize(
    "change, words",
    [
        ({"name": "Bad Name"}, "lower-case name"),
        ({"audience": "everybody"}, "audience"),
        ({"policy": preset("rounding-5").policy}, "must be of that kind"),
        ({"policy": Policy(zeros="available")}, "zeros published"),
        ({"measures": ()}, "not declared"),
        ({"dimensions": ()}, "not declared"),
        ({"tables": ALL[0].tables[:1] * 2}, "declared twice"),
        ({"tables": (replace(ALL[0].tables[0], dimensions={"area": ("bcu",)}),)}, "exactly one dimension that is a period"),
    ],
)
def test_a_contradictory_declaration_is_refused(change, words):
    with pytest.raises(DeclarationError, match=words):
        replace(ALL[0], **change)
