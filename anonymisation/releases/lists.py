"""Tables and records of one audience: neither may give away what the other withholds.

Belongs here: the refusal.  Does not belong here: what lists tell about tables (``intruder.lists``), or what a list of records
reveals of single people (``measures``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from anonymisation.hierarchy import Hierarchy
from anonymisation.intruder.lists import RecordList, attack_beside_lists
from anonymisation.releases.protection import ReleaseRefusedError
from anonymisation.tables import PublishedTable


def check_lists(
    tables: Sequence[PublishedTable],
    hierarchies: Mapping[str, Hierarchy],
    lists: Sequence[RecordList],
    threshold: int,
) -> None:
    """Raise ``ReleaseRefusedError`` where withheld cells of ``tables`` are known too closely by readers who also have ``lists``.

    ``tables``: all that the audience holds of one moment.  Raises ``TableError`` and ``InconsistentTablesError`` as
    ``attack_beside_lists`` does.
    """
    found = attack_beside_lists(tables, hierarchies, lists, threshold).findings
    if found:
        names = ", ".join(one.name for one in lists)
        raise ReleaseRefusedError(
            f"the records of {names} give away {len(found)} cells that the tables withhold; generalise the records further, or publish"
            " these cells in the tables if they may be published",
            [(finding.measure, finding.codes) for finding in found],
        )
