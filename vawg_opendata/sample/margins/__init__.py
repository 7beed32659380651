"""The margins that the synthetic extract follows: shares taken from the Met's dashboard data, as CSV files beside this module.

Shares are rounded so far that no small count can be worked out from them, and each file holds one margin: the dashboard
gives areas and offences on separate sheets, so how the two combine is not in the data and is made up (`places`).
`derive` wrote the files from the dashboard's records; a test repeats it. Drawing from the shares belongs in the other
modules of the sample.

| file | share of | rounded to |
|---|---|---|
| month.csv | offences in each month; victims per offence of the month | 5 and 3 decimals |
| offence.csv | each offence among all | 5 decimals |
| group_year.csv | each group in a year, relative to its share in all years | 2 decimals |
| area.csv | each ward, before and from March 2024 | 4 decimals |
| lag.csv | months from offence to record, by group | 3 decimals |
| age_group.csv | age groups of victims | 4 decimals |
| ethnic_appearance.csv | ethnic appearance of victims by year | 3 decimals |

Source: Metropolitan Police Service, MPS Violence Against Women and Girls Dashboard Data, January 2014 to February 2026,
Open Government Licence v2.0.
"""

import csv
import functools
from pathlib import Path

import duckdb

FOLDER = Path(__file__).parent
BREAK = "2024-03"  # first whole month of CONNECT
LAGS = (0, 1, 2, 3, 6, 12, 24, 60, 120)  # first month of each band; the last has no end
_LARGE_GROUP = 10000  # offences; smaller groups follow the whole, so that their few offences do not show


@functools.cache
def load(name: str) -> list[dict[str, str]]:
    """The lines of a margin, as text by column."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def derive(records: Path, folder: Path) -> None:
    """Writes the margins from the record tables `dashboard_...` in `records`."""
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar=false")
        for sheet in ("offences_by_area", "offences_by_offence", "victims_by_area", "victims_by_age_group", "victims_by_ethnic_appearance"):
            path = str(records / f"dashboard_{sheet}.parquet").replace("'", "''")
            connection.execute(f"CREATE VIEW {sheet} AS SELECT * FROM read_parquet('{path}')")
        connection.execute("CREATE TABLE groups (offence VARCHAR, name VARCHAR)")
        connection.executemany("INSERT INTO groups VALUES (?, ?)", list(_groups().items()))
        for name, query in _QUERIES.items():
            rows = connection.execute(query)
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow([column[0] for column in rows.description])
                writer.writerows(rows.fetchall())


def _groups() -> dict[str, str]:
    from vawg_opendata.reference import load_codelist

    offence = load_codelist("offence")
    return {code: next(above for above in offence.ancestors(code) if offence.level[above] == "group") for code in offence.leaves}


def _band() -> str:
    """SQL: the first month of the band of a lag; an offence recorded before it was committed falls into the first."""
    lag = "date_diff('month', strptime(committed_month, '%Y-%m'), strptime(recorded_month, '%Y-%m'))"
    return "CASE " + " ".join(f"WHEN {lag} >= {first} THEN {first}" for first in reversed(LAGS)) + " ELSE 0 END"


_QUERIES = {
    "month": """
        SELECT recorded_month AS month, format('{:.5f}', o.n / sum(o.n) OVER ()) AS share, format('{:.3f}', v.n / o.n) AS victims_per_offence
        FROM (SELECT recorded_month, sum(count) AS n FROM offences_by_area GROUP BY ALL) o
        JOIN (SELECT recorded_month, sum(count) AS n FROM victims_by_area GROUP BY ALL) v USING (recorded_month) ORDER BY month""",
    "offence": """
        SELECT offence, format('{:.5f}', share) AS share FROM (
            SELECT offence, sum(count) / sum(sum(count)) OVER () AS share FROM offences_by_offence GROUP BY offence
        ) WHERE round(share, 5) > 0 ORDER BY offence""",
    "group_year": f"""
        WITH counted AS (
            SELECT name, recorded_month[:4] AS year, sum(count) AS n FROM offences_by_offence JOIN groups USING (offence) GROUP BY ALL
        ), shares AS (
            SELECT name, year, n / sum(n) OVER (PARTITION BY year) AS share, sum(n) OVER (PARTITION BY name) AS size,
                sum(n) OVER (PARTITION BY name) / sum(n) OVER () AS overall FROM counted
        )
        SELECT year, name AS "group", format('{{:.2f}}', share / overall) AS relative FROM shares
        WHERE size >= {_LARGE_GROUP} ORDER BY year, name""",
    "area": f"""
        WITH counted AS (
            SELECT area, recorded_month >= '{BREAK}' AS after, sum(count) AS n FROM offences_by_area GROUP BY ALL
        ), shares AS (SELECT area, after, n / sum(n) OVER (PARTITION BY after) AS share FROM counted)
        SELECT area, format('{{:.4f}}', coalesce(max(share) FILTER (WHERE NOT after), 0)) AS before,
            format('{{:.4f}}', coalesce(max(share) FILTER (WHERE after), 0)) AS after
        FROM shares GROUP BY area HAVING max(round(share, 4)) > 0 ORDER BY area""",
    "lag": f"""
        WITH counted AS (
            SELECT coalesce(large.name, 'total') AS name, {_band()} AS lag, sum(count) AS n
            FROM offences_by_offence JOIN groups USING (offence) LEFT JOIN (
                SELECT name FROM offences_by_offence JOIN groups USING (offence) GROUP BY name HAVING sum(count) >= {_LARGE_GROUP}
            ) AS large USING (name) WHERE committed_month >= '1950' GROUP BY ALL
        ), whole AS (
            SELECT name, lag, n FROM counted WHERE name <> 'total' UNION ALL SELECT 'total', lag, sum(n) FROM counted GROUP BY lag
        )
        SELECT name AS "group", lag, format('{{:.3f}}', n / sum(n) OVER (PARTITION BY name)) AS share FROM whole ORDER BY name, lag""",
    "age_group": """
        SELECT age_group, format('{:.4f}', sum(count) / sum(sum(count)) OVER ()) AS share FROM victims_by_age_group
        GROUP BY age_group ORDER BY age_group""",
    "ethnic_appearance": """
        SELECT year, ethnic_appearance, format('{:.3f}', n / sum(n) OVER (PARTITION BY year)) AS share FROM (
            SELECT recorded_month[:4] AS year, ethnic_appearance, sum(count) AS n FROM victims_by_ethnic_appearance GROUP BY ALL
        ) ORDER BY ALL""",
}
