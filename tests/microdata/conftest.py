"""Records of a small synthetic extract, the tables of counts beside them, and the linked records made of both."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from anonymisation import ProtectedTable
from vawg_opendata import flow
from vawg_opendata.microdata import Microdata, RecordTable, TableBeside, protect_linked
from vawg_opendata.products import PRODUCTS
from vawg_opendata.products.linked import LinkedRecords
from vawg_opendata.release.package.formats import write_csv
from vawg_opendata.release.package.tables import linked_table
from vawg_opendata.sample import generate
from vawg_opendata.settings import SAMPLE_SECRET, Settings
from vawg_opendata.statistics import build, dimension_codelist

THRESHOLD = 5
MONTHS = ("2024-07", "2024-08")


@dataclass(frozen=True)
class World:
    """What a run has when it comes to linked records; `made` are those of the first month alone, with every case that can be told."""

    settings: Settings
    beside: list[TableBeside]
    declared: LinkedRecords
    made: Microdata

    @property
    def records(self) -> Path:
        return self.settings.work / "records"

    def made_after(self, last: Path | None, month: str, secret: bytes = SAMPLE_SECRET, had: Sequence[Path] = ()) -> Microdata | None:
        return protect_linked(self.declared, self.records, self.beside, secret, month, last, had)


@pytest.fixture(scope="package")
def world(tmp_path_factory) -> World:
    folder = tmp_path_factory.mktemp("linked")
    generate(9_000, 11, folder / "landing", first=MONTHS[0], last=MONTHS[1], homicides_from="2023-01", street_months=1)
    settings = Settings(landing=folder / "landing", published=folder / "published", work=folder / "work")
    settings.work.mkdir()
    flow.read_records(settings)
    declared = replace(PRODUCTS["vawg-records"].linked, share=1.0)
    beside = tables_beside(settings)
    return World(settings, beside, declared, protect_linked(declared, settings.work / "records", beside, SAMPLE_SECRET, MONTHS[0], None))


def tables_beside(settings: Settings) -> list[TableBeside]:
    """The tables of both products as if each small count were withheld and nothing else: what cases must not stand in."""
    found = []
    for name in ("vawg-offences", "vawg-borough-profiles"):
        product = PRODUCTS[name]
        statistics = build(product, settings.work / "records", settings.work)
        for table in statistics.counts.values():
            shown = (table.counts == 0) | (table.counts >= THRESHOLD)
            protected = ProtectedTable(table.name, table.measure, table.axes, np.where(shown, table.counts, 0), shown)
            found.append(TableBeside(protected, {axis: dimension_codelist(product.dimension(axis), statistics.outline.months) for axis in table.axes}))
    return found


def written(folder: Path, tables: Sequence[RecordTable], version: str = "1.0.0") -> Path:
    """A package of these tables, as much of it as whoever audits or follows it reads."""
    folder.mkdir()
    resources = []
    for table in map(linked_table, tables):
        write_csv(table, folder / f"{table.name}.csv")
        fields = [{"name": name, "type": "string"} for name in table.schema.names]
        resources.append({"name": table.name, "path": f"{table.name}.csv", "schema": {"fields": fields}, "records": table.claim})
    (folder / "datapackage.json").write_text(json.dumps({"name": "vawg-records", "version": version, "resources": resources}), encoding="utf-8")
    return folder
