"""The vocabulary in which records that are published one by one are declared.

A `RecordList` is one table of records of a product: its columns, what each could give away, and the policy. Which record table
of which source gives the values belongs in `microdata`; nothing is read or computed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from anonymisation.records import RecordPolicy
from vawg_opendata.schemas.fields import Sensitivity

YEAR_BLOCKS = "year_blocks"
"""In place of a code list: blocks of five and ten years counted from 2003, made for the years that the data cover."""


class Role(StrEnum):
    """What a column is to the policy."""

    QUASI = "quasi-identifier"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, kw_only=True)
class RecordColumn:
    """A column of codes of a list of `vawg_opendata.reference`; a record may hold a code of any level, the root for any value.

    `dimension` is the dimension of the tables of the list's measure that tells the same; its codes are those of the list, or the list has
    a column of its name that gives them, several separated by blanks.
    """

    name: str
    title: str
    description: str
    codelist: str
    role: Role
    levels: tuple[str, ...] = ()
    dimension: str = ""

    @property
    def sensitivity(self) -> Sensitivity:
        """The same in the words of the schemas."""
        return Sensitivity(str(self.role))


@dataclass(frozen=True, kw_only=True)
class RecordList:
    """Records published one by one. `policy` names its columns; `reasons` says to readers why it is as it is.

    `measure` is that which counts the same people, each record one of them: list and tables are attacked together. Empty where no
    table counts them.

    `kept` gives columns the level of their list beyond which they are never coarsened: what a sensitive column tells as well
    (a partner is domestic, nobody suspected is unsolved) would be hidden in name only, and the records that look alike would
    be fewer than the policy says. `first_given_up` are columns that the list does without, rather than have more records that
    look alike, where it would give away what the tables beside it withhold.
    """

    name: str
    title: str
    description: str
    columns: tuple[RecordColumn, ...]
    policy: RecordPolicy
    measure: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)
    first_given_up: tuple[str, ...] = ()
    reasons: tuple[str, ...] = field(default=())

    def column(self, name: str) -> RecordColumn:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)
