"""Partial counts kept by period, so that only the periods whose records have changed are counted again.

Belongs here: which periods of a table are counted already, and counting the rest into the same file. How rows are counted is
`counting`; what tells the records of a month from any others, `record_digests`.

    WORK/digests.json                         of each record table, vintage and month, what tells its rows
    WORK/partial/<product>/<table>.parquet    counts by the codes that the records hold, all periods
    WORK/partial/<product>/<table>.json       of what each period was counted

A file that is updated has the same rows, in the same order, as one that is counted whole.
"""

import hashlib
import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import duckdb

from vawg_opendata.code import code_hash
from vawg_opendata.record_digests import Digest, digest
from vawg_opendata.record_files import record_files
from vawg_opendata.statistics.counting import connect, literal, vintages, write_partial
from vawg_opendata.statistics.facts import Fact

FILE = "digests.json"
Digests = Mapping[str, Digest]
"""By record table."""


def write_digests(records: Path, wanted: Collection[str], path: Path, known: Callable[[str, Path], Digest | None] = lambda table, file: None) -> None:
    """Keep the digests of the record tables that are wanted and at hand. `known` gives that of a table's file of a month, where it was made before."""
    made: dict[str, dict[str, dict[str, str]]] = {}
    with connect(records, ()) as connection:
        for table, files in record_files(records).items():
            if table in wanted:
                told = {file: known(table, file) for file in files}
                unknown = [file for file, one in told.items() if one is None]
                whole = made[table] = {}
                for part in [*filter(None, told.values()), *([digest(connection, unknown)] if unknown else [])]:
                    for vintage, months in part.items():
                        whole.setdefault(vintage, {}).update(months)
    path.write_text(json.dumps(made), encoding="utf-8")


def load_digests(path: Path) -> Digests:
    """What `write_digests` kept."""
    return json.loads(path.read_text(encoding="utf-8"))


def keys(
    connection: duckdb.DuckDBPyConnection, fact: Fact, dimensions: Sequence[str], months: Mapping[str, Collection[str]], digests: Digests
) -> dict[str, str]:
    """By period, what its count depends on; `months` are the months of each period.

    Rows that a fact joins are of the same month, which all tables of an extract take over from the offence.
    """
    edition = next(iter(vintages(connection, fact)), "")
    common = json.dumps([code_hash(), duckdb.__version__, repr(fact), list(dimensions)])
    made = {}
    for period, covered in months.items():
        told = [[table, month, digests.get(table, {}).get(edition, {}).get(month, "")] for table in fact.records for month in sorted(covered)]
        made[period] = hashlib.sha256((common + json.dumps(told)).encode()).hexdigest()
    return made


def update_partial(
    reading: Callable[[tuple[str, ...]], duckdb.DuckDBPyConnection],
    fact: Fact,
    dimensions: Sequence[str],
    period: str,
    wanted: Mapping[str, str],
    path: Path,
    only: Collection[str] | None = None,
) -> list[str]:
    """Bring the partial counts of a table to what is wanted, a key by period, and return the periods that were counted.

    `reading` gives a connection to the records that has those of some periods at least. With `only` no other period is counted or removed.
    Periods that are not wanted are removed.
    """
    told = path.with_suffix(".json")
    kept: dict[str, str] = json.loads(told.read_text(encoding="utf-8")) if told.is_file() and path.is_file() else {}
    changed = [code for code, key in wanted.items() if kept.get(code) != key and (only is None or code in only)]
    unwanted = [code for code in kept if code not in wanted and only is None]
    if not changed and not unwanted and path.is_file():
        return []
    staying = {code: key for code, key in kept.items() if code not in changed and code not in unwanted}
    fresh = path.with_suffix(".fresh")
    connection = reading(tuple(changed))
    write_partial(connection, fact, dimensions, fresh, {period: changed})
    if staying:
        both = path.with_suffix(".both")
        codes = ", ".join(map(literal, staying))
        connection.execute(
            f'COPY (SELECT * FROM (FROM read_parquet({literal(path)}) WHERE "{period}" IN ({codes}) UNION ALL FROM read_parquet({literal(fresh)})) '
            f"ORDER BY ALL) TO {literal(both)} (FORMAT parquet, COMPRESSION zstd)"
        )
        fresh.unlink()
        fresh = both
    told.unlink(missing_ok=True)  # a run that is killed between the two leaves counts of which nothing is known, to be counted again
    os.replace(fresh, path)
    told.write_text(json.dumps(staying | {code: wanted[code] for code in changed}), encoding="utf-8")
    return changed
