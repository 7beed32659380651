"""Rates in the combined file: residents by area and year, and a view of whole years per 1,000 residents for each table of areas.

They are there only where the publisher has placed a file of residents beside the packages. A rate divides a published count; of a
withheld one there is none.
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from vawg_opendata.release.database.queries import commented
from vawg_opendata.schemas.relation import csv_relation
from vawg_opendata.schemas.rules import literal, quoted

POPULATION = Path("population") / "population.csv"
"""The file in the published folder: area, year, population, source."""
_COLUMNS = {"area": "VARCHAR", "year": "INTEGER", "population": "BIGINT", "source": "VARCHAR"}


def population_table(connection: duckdb.DuckDBPyConnection, published: Path) -> bool:
    """Make the table `_population`; False where there is no file of residents."""
    path = published / POPULATION
    if not path.is_file():
        return False
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in _COLUMNS.items())
    connection.execute(f'CREATE TABLE main."_population" ({columns}, PRIMARY KEY ("area", "year"))')
    connection.execute(f'INSERT INTO main."_population" SELECT area, "year", population, source FROM {csv_relation(path, _COLUMNS)} ORDER BY area, "year"')
    connection.execute("COMMENT ON TABLE main.\"_population\" IS 'Residents by area and year, as the publisher was given them; the views of rates divide by them.'")
    for name, words in {"area": "Code of the area.", "year": "Year of the estimate.", "population": "Residents.", "source": "Where the number is from."}.items():
        connection.execute(f'COMMENT ON COLUMN main."_population".{quoted(name)} IS {literal(words)}')
    return True


def rate_views(connection: duckdb.DuckDBPyConnection, package: Mapping, schema: str) -> None:
    """A view `v_<table>_rates` for each table with areas and months, beside its view with labels: whole years, each with the residents of
    the year in which it begins.

    An estimate of the middle of a year, 30 June, lies in the calendar year and in the financial year that begins in it.
    """
    for resource in package["resources"]:
        if resource.get("type") != "table" or not resource.get("statistics"):
            continue
        links = {key["fields"][0] for key in resource["schema"]["foreignKeys"]}
        if not {"area", "month"} <= links:
            continue
        kinds = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        counts = [entry["measure"] for entry in resource["statistics"] if kinds[entry["measure"]] == "integer"]
        view, name = f"v_{resource['name']}", f"v_{resource['name']}_rates"
        rates = "".join(f", 1000.0 * counts.{quoted(count)} / residents.population AS {quoted(f'{count}_per_1000')}" for count in counts)
        text = (
            f"SELECT counts.*, residents.population{rates} FROM {schema}.{quoted(view)} AS counts "
            'JOIN main."_population" AS residents ON residents.area = counts.area AND residents."year" = TRY_CAST(counts.month[:4] AS INTEGER) '
            "WHERE counts.month_level IN ('year', 'financial_year') AND counts.month_label = counts.month"  # a part of a year is labelled so
        )
        described = "SELECT column_name, comment FROM duckdb_columns() WHERE database_name = current_database() AND schema_name || '.' || table_name = ?"
        words = dict(connection.execute(described, [f"{schema.strip(chr(34))}.{view}"]).fetchall())
        words |= {"population": "Residents in the year in which the period begins."} | {f"{count}_per_1000": f"{count} per 1,000 residents; empty where the count is." for count in counts}
        for statement in commented(schema, name, text, f"{resource['title']}: whole years per 1,000 residents.", words):
            connection.execute(statement)
