"""The vocabulary in which a data product is declared.

A product is one frozen `Product`: who it is for, which tables it has, under which policy they are protected, and every
word that is published with them. Declarations are the other modules of this package. How a table is counted belongs in
`statistics`, how a package is written in `release`; nothing is read or computed here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from anonymisation import Policy
from vawg_opendata.products.linked import AUDIENCE as LINKED_AUDIENCE
from vawg_opendata.products.linked import LinkedRecords
from vawg_opendata.products.records import RecordList
from vawg_opendata.schemas.fields import Sensitivity

AUDIENCES = ("datastore", "safestats")
MONTH, YEAR = "month", "year"
PERIODS = (MONTH, YEAR)

_PRODUCT_NAME = re.compile("[a-z][a-z0-9-]*")
_NAME = re.compile("[a-z][a-z0-9_]*")


class DeclarationError(ValueError):
    """A declaration that contradicts itself; the message names the product, the table and the rule."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What is counted. The name is its identity: whoever publishes it, it is the same thing."""

    name: str
    title: str
    description: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """A column of codes. `codelist` names a list of `vawg_opendata.reference`, or `month` or `year`: those follow the data.

    `held_level` is the level of the list at which a code for cases under legal hold is added, where the source marks them:
    they count in totals and under that code, and in no other. `sensitivity` is what a code could do to a person of whom a single
    record tells it: the one that the schemas give the field that it is made from."""

    name: str
    title: str
    description: str
    codelist: str
    held_level: str = ""
    sensitivity: Sensitivity = Sensitivity.QUASI

    @property
    def is_period(self) -> bool:
        """Whether the codes are months or years, made for the range that the data cover."""
        return self.codelist in PERIODS


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """A table wanted: one measure over some dimensions, each with the levels of its code list that appear beside the root.

    The order of `dimensions` is the order of the columns and, with the order of the codes, of the rows. Exactly one
    dimension is a period. The table is built when a source offers all its dimensions. With `whole_years` its periods are the calendar or
    financial years of which all months are covered, each by itself: a year that grows from version to version tells its newest month by
    subtraction, as the total of all periods does, so that much of it would have to be withheld. It begins with the first whole year.
    """

    name: str
    title: str
    description: str
    measure: str
    dimensions: Mapping[str, tuple[str, ...]]
    whole_years: bool = False


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A term as this product uses it, and where the wording comes from."""

    term: str
    definition: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of a product's page; a paragraph may be a table in Markdown."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Who answers questions about a product."""

    title: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Approval:
    """How many people, none of whom prepared it, must approve a version before readers get it: 0 (automatic), 1 or 2.

    `restricted` holds for versions made from records that only the force has, `public` for those made from files that anybody
    has. A version made from synthetic records needs nobody.
    """

    restricted: int = 2
    public: int = 0

    def __post_init__(self) -> None:
        if not {self.restricted, self.public} <= {0, 1, 2}:
            raise DeclarationError(f"Approval {self.restricted}, {self.public}: the people who must approve are 0, 1 or 2.")


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Smaller packages cut from the rows of a product's package: one per code of a dimension at some levels.

    The package of a code has the rows of the code itself, of all above it and of all below it. `without` are codes that get none
    although they have such a level. `folder` is where the packages are, within the version; `description` follows their title.
    """

    dimension: str
    levels: tuple[str, ...]
    folder: str
    description: str
    without: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Product:
    """One data product.

    `caveats` and `series_breaks` are codes of the fixed vocabularies in the module `caveats`; `definitions` say what
    the measures and dimensions mean. `policy` is what its tables are protected by, `approval` who must look at a
    version before readers get it. `frequency` is how often a new version is
    meant to appear, as a code of the EU Publications Office's list of frequencies, in lower case (`monthly`, `annual`, `irreg`).
    `records` are lists of records that are published one by one; `linked` are linked tables of records, beside which the product has
    none of its own of another kind; `sections` are what its page says besides; `cut` is how smaller packages are cut from it.
    """

    name: str
    audience: str
    title: str
    description: str
    keywords: tuple[str, ...]
    policy: Policy
    measures: tuple[Measure, ...]
    dimensions: tuple[Dimension, ...]
    tables: tuple[TableSpec, ...]
    definitions: tuple[Definition, ...]
    caveats: tuple[str, ...]
    series_breaks: tuple[str, ...]
    contact: Contact
    frequency: str = "irreg"
    approval: Approval = Approval()
    records: tuple[RecordList, ...] = ()
    linked: LinkedRecords | None = None
    sections: tuple[Section, ...] = ()
    cut: Cut | None = None

    def __post_init__(self) -> None:
        if not _PRODUCT_NAME.fullmatch(self.name) or self.audience not in AUDIENCES:
            raise DeclarationError(f"Product {self.name!r}: needs a lower-case name and an audience of {', '.join(AUDIENCES)}.")
        if not isinstance(self.policy, Policy):
            raise DeclarationError(f"Product {self.name}: is published with statuses of suppression, so its policy must be of that kind.")
        if self.policy.zeros != "published":
            raise DeclarationError(f"Product {self.name}: a withheld value is never 0 in what we publish, so its policy must have zeros published.")
        for what, names in (
            ("measure", [measure.name for measure in self.measures]),
            ("dimension", [dimension.name for dimension in self.dimensions]),
            ("table", [table.name for table in self.tables]),
        ):
            wrong = [name for name in names if not _NAME.fullmatch(name) or names.count(name) > 1]
            if wrong:
                raise DeclarationError(f"Product {self.name}: the {what} name {wrong[0]!r} is malformed or declared twice.")
        for table in self.tables:
            unknown = [name for name in table.dimensions if name not in {dimension.name for dimension in self.dimensions}]
            if unknown or table.measure not in {measure.name for measure in self.measures}:
                raise DeclarationError(f"Product {self.name}, table {table.name}: {(unknown or [table.measure])[0]!r} is not declared.")
            if sum(self.dimension(name).is_period for name in table.dimensions) != 1:
                raise DeclarationError(f"Product {self.name}, table {table.name}: needs exactly one dimension that is a period.")
            if self.cut and self.cut.dimension not in table.dimensions:
                raise DeclarationError(f"Product {self.name}, table {table.name}: has no {self.cut.dimension!r}, by which the product is cut.")
        if self.linked and (self.tables or self.records or self.audience != LINKED_AUDIENCE):
            raise DeclarationError(f"Product {self.name}: linked records are for {LINKED_AUDIENCE}, and have no tables or lists beside them in their product.")
        if self.cut and self.records:
            raise DeclarationError(f"Product {self.name}: has lists of records, which are protected as a whole and cannot be cut.")

    def measure(self, name: str) -> Measure:
        """The measure of that name. StopIteration never leaves: tables name declared measures only."""
        return next(measure for measure in self.measures if measure.name == name)

    def dimension(self, name: str) -> Dimension:
        """The dimension of that name."""
        return next(dimension for dimension in self.dimensions if dimension.name == name)

    def record_list(self, name: str) -> RecordList:
        """The list of records of that name."""
        return next(declared for declared in self.records if declared.name == name)

    def table(self, name: str) -> TableSpec:
        """The table of that name."""
        return next(table for table in self.tables if table.name == name)

    def period(self, table: TableSpec) -> Dimension:
        """The dimension of a table that is a period."""
        return next(self.dimension(name) for name in table.dimensions if self.dimension(name).is_period)
