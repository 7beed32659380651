"""Linked records beside every table of their readers: the attack finds nothing where the rule is kept, sees into each table, and finds what a broken rule gives away."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from anonymisation import Hierarchy, ProtectedTable, PublishedTable
from tests.microdata.conftest import MONTHS, written
from vawg_opendata.microdata import Microdata, RecordTable, TableBeside, protect_linked
from vawg_opendata.microdata.standing import TOLD_OF
from vawg_opendata.release.checks.linked_beside import revealed
from vawg_opendata.release.checks.linked_told import ToldCases, told_cases
from vawg_opendata.release.checks.loading import LoadedPackage, LoadedTable
from vawg_opendata.settings import SAMPLE_SECRET

HOLES = 0.03
"""Of the cells that are not small, how many are withheld too: as secondary suppression does, large ones and totals as well."""


def with_holes(one: TableBeside, seed: int) -> TableBeside:
    shown = one.table.published & (np.random.default_rng(seed).random(one.table.published.shape) > HOLES)
    return TableBeside(ProtectedTable(one.table.name, one.table.measure, one.table.axes, np.where(shown, one.table.values, 0), shown), one.codelists)


def package_of(one: TableBeside, shown: np.ndarray) -> LoadedPackage:
    """A table as its readers have it, of which these cells are shown."""
    hierarchies = {name: Hierarchy(name, codes.codes, codes.total, codes.parents) for name, codes in one.codelists.items()}
    table = PublishedTable(one.table.name, one.table.measure, one.table.axes, one.table.values, shown)
    return LoadedPackage(Path(), f"tables-{id(one)}", "1.0.0", "datastore", (LoadedTable(table, 5),), hierarchies, (), ())


def told_in(folder: Path, tables: Sequence[RecordTable]) -> list[ToldCases]:
    """What a package with these tables tells, read from its files."""
    return told_cases(written(folder, tables))


@pytest.fixture(scope="module")
def tables(world) -> list[TableBeside]:
    return [with_holes(one, seed) for seed, one in enumerate(world.beside) if one.table.measure in TOLD_OF]


def made_beside(world, tables) -> Microdata:
    return protect_linked(world.declared, world.records, tables, SAMPLE_SECRET, MONTHS[0], None)


def found_in(told, tables) -> str:
    return "\n".join(revealed(told, [package_of(one, one.table.published) for one in tables]))


@pytest.fixture(scope="module")
def made(world, tables) -> Microdata:
    return made_beside(world, tables)


@pytest.fixture(scope="module")
def told(made, tmp_path_factory) -> list[ToldCases]:
    return told_in(tmp_path_factory.mktemp("told") / "whole", made.tables)


def test_no_table_of_any_measure_withholds_what_the_records_tell(made, told, tables):
    assert {one.measure for one in told} == {one.table.measure for one in tables} == set(TOLD_OF)
    assert made.summary["records"] > 1_000
    assert not found_in(told, tables)


@pytest.fixture(scope="module")
def careless(world, tables, tmp_path_factory) -> dict[str, list[ToldCases]]:
    """What is told without regard to the tables of a measure, by that measure."""
    folder = tmp_path_factory.mktemp("careless")
    made = {measure: made_beside(world, [one for one in tables if one.table.measure != measure]) for measure in TOLD_OF}
    return {measure: told_in(folder / measure, one.tables) for measure, one in made.items()}


@pytest.mark.parametrize("measure", TOLD_OF)
def test_what_is_told_without_regard_to_the_tables_of_a_measure_is_found(careless, tables, measure):
    found = found_in(careless[measure], tables)
    assert any(f"{one.table.name} of" in found for one in tables if one.table.measure == measure), found


def test_the_attack_sees_into_every_dimension_of_every_table(careless, tables):
    """Of each table and dimension in turn all is withheld but the totals over that dimension, of which the records tell more."""
    told, blind = careless["protective_orders"], []  # of orders there are few, and none are told beside tables that withhold most
    for one in tables:
        for axis, (name, codes) in enumerate(one.table.axes.items()):
            totals = np.zeros_like(one.table.published)
            roots = [code == one.codelists[name].total for code in codes]
            np.moveaxis(totals, axis, 0)[roots] = True
            found = "\n".join(revealed(told, [package_of(one, totals)]))
            if one.table.name not in found:
                blind.append((one.table.name, name))
    assert not blind


def test_the_package_of_a_partner_tells_of_a_measure_only_what_it_can_know(made, tmp_path):
    """Whom the tables of victims count is told by their age: without it nothing is known of them."""
    for profile, tables in made.partners.items():
        names = {name for table in tables for name in table.rows.column_names}
        assert ("victim_age_group" in names) == any(entry["measure"] == "victims" for table in tables for entry in table.claim.get("tells", ())), profile
        told = {one.measure for one in told_in(tmp_path / profile, tables)}
        assert "offences" in told and ("protective_orders" in told) == bool({"order_type", "order_applied"} & names)
