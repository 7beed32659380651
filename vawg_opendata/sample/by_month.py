"""An extract that was made whole, as it would be delivered by month: each offence, and what hangs on it, in the month in which it was recorded.

Only the delivery: what the rows say is as it was, in the same order. A row whose month nobody can tell, because its day or its offence is not there,
stays with the row before it: a reader must quarantine it wherever it is.
"""

from pathlib import Path

import duckdb

from vawg_opendata.schemas.crime_extract import DELIVERED, HOMICIDES, OFFENCES
from vawg_opendata.schemas.months import months_between
from vawg_opendata.schemas.rules import literal
from vawg_opendata.sources import crime_extract_manifest
from vawg_opendata.sources.crime_extract_manifest import Manifest
from vawg_opendata.sources.tabular import plain


def by_month(folder: Path) -> None:
    """Splits the CSV files of an extract (the folder with its manifest) into one folder per month, in place. ValueError when it is no whole extract."""
    manifest = crime_extract_manifest.load(folder, folder.name)
    if isinstance(manifest, list) or manifest.months:
        raise ValueError(f"{folder} is not an extract that is delivered whole.")
    wanted = months_between(*manifest.period(OFFENCES.name))
    files: dict[str, dict[str, tuple[str, int]]] = {month: {} for month in wanted}
    split = [table for table in DELIVERED if table is not HOMICIDES and table.name in manifest.files]
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false; SET threads = 1")  # one thread writes rows in their order
        day = "TRY_CAST(trim(recorded_date) AS DATE)"
        _number(connection, folder / manifest.files[OFFENCES.name])
        connection.execute(
            f"""CREATE TABLE month_of AS SELECT crime_ref, min(strftime({day}, '%Y-%m')) AS month FROM numbered
            WHERE strftime({day}, '%Y-%m') BETWEEN {literal(wanted[0])} AND {literal(wanted[-1])} GROUP BY ALL"""
        )
        for table in split:
            whole = folder / manifest.files[table.name]
            _number(connection, whole)
            made = folder / f".{table.name}"
            made.mkdir()  # DuckDB makes no folder for a table without rows
            connection.execute(
                f"""CREATE OR REPLACE TABLE dated AS
                SELECT {", ".join(table.names)}, coalesce(last_value(month IGNORE NULLS) OVER (ORDER BY number), {literal(wanted[0])}) AS month, number
                FROM numbered LEFT JOIN month_of USING (crime_ref)"""
            )
            connection.execute(
                f"""COPY (SELECT * EXCLUDE (number) FROM dated ORDER BY dated.month, dated.number)
                TO {literal(str(made))} (FORMAT csv, HEADER, PARTITION_BY (month))"""
            )
            counts = dict(connection.execute("SELECT month, count(*) FROM dated GROUP BY ALL").fetchall())
            for month in wanted:
                name = f"{month}/{table.name}.csv"
                (folder / month).mkdir(exist_ok=True)
                if month in counts:
                    (part,) = (made / f"month={month}").iterdir()
                    part.rename(folder / name)
                    part.parent.rmdir()
                else:
                    (folder / name).write_text(",".join(table.names) + "\n", encoding="utf-8")
                files[month][table.name] = (name, counts.get(month, 0))
            made.rmdir()
            whole.unlink()
    kept = {name: file for name, file in manifest.files.items() if name == HOMICIDES.name}
    Manifest(manifest.synthetic, manifest.periods, kept, {name: manifest.rows[name] for name in kept}, files).write(folder)


def _number(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Makes `numbered`: the rows of a file, all of text, with their `number`."""
    connection.execute(
        f"CREATE OR REPLACE TABLE numbered AS SELECT *, row_number() OVER () AS number FROM read_csv({literal(plain(path))}, all_varchar = true, header = true, hive_partitioning = false)"
    )
