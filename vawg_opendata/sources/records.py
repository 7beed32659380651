"""From coded rows to records: judges them, writes the accepted ones, quarantines the others, accounts for all.

What every source has in common once its rows are coded. The coding is the business of the source modules, which make
the view or table `coded` on top of `staged` with

    source_file, part, source_row   where the row is from
    target                          the record table it belongs to
    series, period                  the series its file is an edition of (NULL for none) and the month that dates it
    reason, reason_column, value    why it cannot be used, in which column, with what text; NULL where it can
    count                           what it stands for
    record                          the row as it was read, as JSON; only needed where there is a reason

and the fields of the record table except `vintage`, which is the last period of the file's accepted rows.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from vawg_opendata.problems import Accounting, AccountingError, FileAccount, Problem, Quarantine, write_parquet
from vawg_opendata.schemas.fields import TableSchema
from vawg_opendata.schemas.render import duckdb_columns
from vawg_opendata.sources.tabular import plain, quote
from vawg_opendata.sources.words import unusable

MALFORMED = "the row has too few or too many fields"


def first_reason(rules: Sequence[tuple[str, str, str]]) -> str:
    """SQL: the columns reason, reason_column and value of `coded`, by the first rule that a row breaks.

    A rule is the staged column at fault, the SQL condition that is true where it is broken, and the reason in words.
    """

    def case(results: Sequence[str]) -> str:
        return "CASE " + " ".join(f"WHEN {rule[1]} THEN {result}" for rule, result in zip(rules, results, strict=True)) + " END"

    reasons = case([quote(reason) for _, _, reason in rules])
    columns = case([quote(column) for column, _, _ in rules])
    values = case([f"staged.{column}" for column, _, _ in rules])
    return f"{reasons} AS reason, {columns} AS reason_column, {values} AS value"


def judge(connection: duckdb.DuckDBPyConnection, source: str) -> list[Problem]:
    """Problems of the rows (they block nothing), of files whose rows are mostly unusable, and of editions given twice or in parts."""
    problems = unusable(
        connection,
        source,
        f"""SELECT source_file, part, source_row, reason_column AS "column", reason, value FROM coded WHERE reason IS NOT NULL
        UNION ALL SELECT source_file, part, source_row, '', {quote(MALFORMED)}, NULL FROM malformed""",
    )
    shares = connection.execute(
        """SELECT source_file, part, count(*) FILTER (WHERE bad), count(*) FROM (
            SELECT source_file, part, reason IS NOT NULL AS bad FROM coded
            UNION ALL SELECT source_file, part, true FROM malformed
        ) GROUP BY ALL HAVING count(*) FILTER (WHERE bad) * 2 > count(*) ORDER BY ALL"""
    ).fetchall()
    for file, part, bad, rows in shares:
        message = f"{bad} of {rows} rows cannot be used: this is not the file it should be, or its format has changed."
        problems.append(Problem(file=f"{source}/{file}", part=part, kind="mostly-unusable", message=message))
    editions = connection.execute(
        """SELECT series, vintage, list(source_file ORDER BY source_file) FROM (
            SELECT series, source_file, max(period) AS vintage FROM coded WHERE reason IS NULL AND series IS NOT NULL GROUP BY ALL
        ) GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL"""
    ).fetchall()
    for series, vintage, names in editions:
        message = f"Also in {names[0]}: both give {series} to {vintage}, and would be counted twice. Keep one of them."
        problems += [Problem(file=f"{source}/{name}", kind="twice", message=message) for name in names[1:]]
    return problems + _parts(connection, source)


def _parts(connection: duckdb.DuckDBPyConnection, source: str) -> list[Problem]:
    """A problem for the newest edition of a series where it begins after an older one: only the newest is published."""
    found = connection.execute(
        """SELECT series, arg_max(source_file, ends), max(ends), arg_max(begins, ends), arg_min(source_file, begins), min(begins) FROM (
            SELECT series, source_file, min(period) AS begins, max(period) AS ends FROM coded
            WHERE reason IS NULL AND series IS NOT NULL GROUP BY ALL ORDER BY ALL
        ) GROUP BY series HAVING arg_max(begins, ends) > min(begins) ORDER BY series"""
    ).fetchall()
    return [
        Problem(
            file=f"{source}/{newest}",
            kind="part",
            message=f"This is the newest edition of {series} (to {ends}) and begins with {begins}; {older} begins with {first}. Only the newest "
            "is published: what is before it would be missing. Deliver the whole series in one file, or take the older one away.",
        )
        for series, newest, ends, begins, older, first in found
    ]


def write(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    schemas: Sequence[TableSchema],
    work: Path,
    quarantine: Quarantine,
    accounting: Accounting,
    *,
    staged_count: str,
    notes: str,
) -> dict[str, Path]:
    """Writes one Parquet file per record table that has rows, the quarantine and the accounts.

    `staged_count` is SQL over `staged` for the count of a row, NULL where it has none that can be read. `notes` is a
    query over `coded` for source_file, part, note and a number of rows. Returns the path by table.
    """
    folder = work / "records"
    folder.mkdir(parents=True, exist_ok=True)
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE vintages AS
        SELECT source_file, series, max(period) AS vintage FROM coded WHERE reason IS NULL AND series IS NOT NULL GROUP BY ALL"""
    )
    targets = {row[0] for row in connection.execute("SELECT DISTINCT target FROM coded WHERE reason IS NULL").fetchall()}
    paths = {schema.name: folder / f"{schema.name}.parquet" for schema in schemas if schema.name in targets}
    for schema in schemas:
        if schema.name in paths:
            fields = ", ".join(f'"{name}"::{type} AS "{name}"' for name, type in duckdb_columns(schema).items())
            query = f"""SELECT {fields} FROM coded LEFT JOIN vintages USING (source_file, series)
                WHERE target = {quote(schema.name)} AND reason IS NULL ORDER BY period, source_file, source_row"""
            write_parquet(connection, query, paths[schema.name])
    set_aside = quarantine.write(
        connection,
        source,
        f"""SELECT source_file AS file, part, source_row AS "row", reason_column AS "column", reason, "count", record
            FROM coded WHERE reason IS NOT NULL
        UNION ALL SELECT source_file, part, source_row, '', {quote(MALFORMED)}, NULL, to_json(record) FROM malformed""",
    )
    for account in _accounts(connection, source, paths, set_aside, staged_count, notes):
        accounting.add(account)
    return paths


def _accounts(
    connection: duckdb.DuckDBPyConnection, source: str, paths: dict[str, Path], set_aside: Path, staged_count: str, notes: str
) -> list[FileAccount]:
    """What was read is taken from the files, what was accepted and quarantined from what was written: three counts."""
    lost = connection.execute(
        """SELECT source_file FROM sizes LEFT JOIN (
            SELECT source_file, count(*) AS found FROM (
                SELECT source_file FROM staged UNION ALL SELECT source_file FROM malformed
            ) GROUP BY ALL
        ) USING (source_file) WHERE "rows" <> coalesce(found, 0) ORDER BY ALL"""
    ).fetchall()
    if lost:
        raise AccountingError(f"{source}/{lost[0][0]}: a second reading found another number of rows than the first.")
    read = connection.execute(
        f"""SELECT source_file, part, target, vintage, coalesce(sum("rows"), 0)::BIGINT, coalesce(sum("counts"), 0)::BIGINT FROM (
            SELECT source_file, part, count(*) AS "rows", sum({staged_count}) AS "counts" FROM staged GROUP BY ALL
            UNION ALL SELECT source_file, part, count(*), 0 FROM malformed GROUP BY ALL
        ) LEFT JOIN (SELECT DISTINCT source_file, part, target, series FROM coded) USING (source_file, part)
        LEFT JOIN vintages USING (source_file, series) GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    accepted = {}
    for table, path in paths.items():
        rows = connection.execute(
            f'SELECT source_file, count(*), sum("count")::BIGINT FROM read_parquet({quote(plain(path))}) GROUP BY ALL'
        ).fetchall()
        accepted |= {(file, table): (number, counts) for file, number, counts in rows}
    set_aside_by: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
    query = f"""SELECT file, part, reason, count(*), coalesce(sum("count"), 0)::BIGINT
        FROM read_parquet({quote(plain(set_aside))}) GROUP BY ALL ORDER BY ALL"""
    for file, part, reason, number, counts in connection.execute(query).fetchall():
        set_aside_by.setdefault((file, part), {})[reason] = (number, counts)
    noted: dict[tuple[str, str], dict[str, int]] = {}
    for file, part, note, number in connection.execute(f"FROM ({notes}) ORDER BY ALL").fetchall():
        if number:
            noted.setdefault((file, part), {})[note] = number
    accounts = []
    for file, part, table, vintage, rows, counts in read:
        reasons = set_aside_by.get((file, part), {})
        rows_accepted, counts_accepted = accepted.get((file, table), (0, 0))
        accounts.append(
            FileAccount(
                source=source,
                file=file,
                part=part,
                table=table or "",
                vintage=vintage or "",
                rows_read=rows,
                rows_accepted=rows_accepted,
                rows_quarantined=sum(number for number, _ in reasons.values()),
                counts_read=counts,
                counts_accepted=counts_accepted,
                counts_quarantined=sum(quarantined for _, quarantined in reasons.values()),
                quarantined_by_reason={reason: number for reason, (number, _) in reasons.items()},
                notes=noted.get((file, part), {}),
            )
        )
    return accounts
