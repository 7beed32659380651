"""What the tables of record-level data for partners declare alike: what a field is to the protection, and the fields that recur.

A field is a line in the module of its table, or a name where it is told as the extract has it (`taken`). What becomes of it follows from its `Part`; how it is made from the records of the
extract is in `vawg_opendata.microdata.cases`.
"""

from dataclasses import dataclass
from enum import StrEnum

from vawg_opendata.schemas.fields import BOOLEAN, Field, Sensitivity, TableSchema

QUASI, SENSITIVE, OTHER = Sensitivity.QUASI, Sensitivity.SENSITIVE, Sensitivity.OTHER

YES_NO = "crime_extract/yes_no"
NUMBERS = ("0", "1", "2-4", "5-9", "10-or-more")
DAYS = ("same-day", "1-7", "8-30", "31-90", "91-or-more")
SHORT_DAYS = ("same-day", "1-7", "8-30", "31-or-more")
ORDINARY = ("no", "none", "not-known", "0", "false")
"""Values that say nothing against anybody, in any field: a pool may have nothing else."""


class Part(StrEnum):
    """What a field is to the protection.

    KEY: a random text that links tables. KNOWN: what somebody may know of a case; coarsened until enough cases are alike in all of
    these fields together. DIVERSE: told with them, and different among the cases that are alike. POOLED: told of a pool of cases and
    not of one of them.
    """

    KEY = "key"
    KNOWN = "known"
    DIVERSE = "diverse"
    POOLED = "pooled"


@dataclass(frozen=True, kw_only=True)
class RecordField(Field):
    """A field of a table of records. `part` is what it is to the protection; `of` names, for a known field, the quasi-identifier of
    which it is a level. `ordinary` are values of a pooled field, beside those that are so in any field, that all cases of a pool may have in
    common: they describe the work of the police and nobody's person or life."""

    part: Part = Part.POOLED
    of: str = ""
    ordinary: tuple[str, ...] = ()


def _key(name: str, title: str, links: str) -> RecordField:
    """A random text that links tables of a package."""
    return RecordField(name=name, title=title, description=f"Random text that links {links}.", pattern="[0-9a-f]{20}", required=True, part=Part.KEY)


_OF_MORE = "several pools to what not all cases have, and is therefore told of more of them; another package has others"


def case_key() -> RecordField:
    """The key of a case."""
    return _key("case_key", "Case", "the rows of one case in the tables of this package; another package of the same cases has others")


def pool_key() -> RecordField:
    """The key of a pool of cases."""
    return _key("pool_key", "Pool", "a pool of cases to what is told of its cases without saying of which; another package has others")


def wide_pool_key() -> RecordField:
    """The key of a pool of pools."""
    return _key("wide_pool_key", "Wide pool", _OF_MORE)


def widest_pool_key() -> RecordField:
    """The key of a pool of wide pools."""
    return _key("widest_pool_key", "Widest pool", _OF_MORE)


def known(name: str, title: str, description: str, of: str, **more: object) -> RecordField:
    """A level of a quasi-identifier; empty where it is not told so finely."""
    return RecordField(
        name=name, title=title, description=f"{description} Empty where it is not told so finely.", sensitivity=QUASI, part=Part.KNOWN, of=of, **more
    )


def flag(name: str, title: str, description: str, sensitivity: Sensitivity = SENSITIVE, *, ordinary: tuple[str, ...] = ()) -> RecordField:
    """A mark that a record carries or not."""
    return RecordField(name=name, title=title, description=description, type=BOOLEAN, sensitivity=sensitivity, ordinary=ordinary)


def coded(
    name: str,
    title: str,
    description: str,
    codes: str | tuple[str, ...],
    sensitivity: Sensitivity = SENSITIVE,
    *,
    levels: tuple[str, ...] = (),
    ordinary: tuple[str, ...] = (),
) -> RecordField:
    """A pooled field whose values are codes; empty where it does not apply."""
    return RecordField(name=name, title=title, description=description, codes=codes, sensitivity=sensitivity, levels=levels, ordinary=ordinary)


def yes_no(name: str, title: str, description: str, sensitivity: Sensitivity = SENSITIVE) -> RecordField:
    """A question that may have gone unanswered."""
    return coded(name, title, description, YES_NO, sensitivity)


def taken(table: TableSchema, *names: str, ordinary: tuple[str, ...] = (), note: str = "") -> tuple[RecordField, ...]:
    """Fields of a table of the extract, told of pools with the title, the words, the codes and the sensitivity that they have there; `note` is
    added to what describes them."""
    found = []
    for name in names:
        one = table.field(name)
        coded_as = {"type": one.type, "codes": one.codes, "sensitivity": one.sensitivity}
        found.append(RecordField(name=name, title=one.title, description=one.description + note, ordinary=ordinary, **coded_as))
    return tuple(found)
