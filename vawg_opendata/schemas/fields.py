"""The vocabulary in which every table is declared: a field, a key, a table.

A field is declared once, in one line of a module of this package. The Pandera schema, the DuckDB checks, the Arrow and
DuckDB types, the Table Schema, the column comments and the data dictionary all follow from that line (`frames`,
`checks`, `render`). Only the vocabulary belongs here: no table of the project is declared in this module, and nothing
is read or written.
"""

import datetime
import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass

from vawg_opendata.reference import load_codelist

STRING, INTEGER, NUMBER, BOOLEAN, DATE, MONTH = "string", "integer", "number", "boolean", "date", "month"
TYPES = (STRING, INTEGER, NUMBER, BOOLEAN, DATE, MONTH)
MONTH_PATTERN = "[0-9]{4}-(0[1-9]|1[0-2])"  # a month is text, 2026-02, and sorts as text

_NAME = re.compile("[a-z][a-z0-9_]*")
_COMPARABLE = (INTEGER, DATE, MONTH)
_ORDERED = {INTEGER: int, NUMBER: float, DATE: datetime.date, MONTH: str}


class Sensitivity(enum.StrEnum):
    """What a field could do to the person a record is about, were it published as it stands."""

    DIRECT = "direct identifier"  # names the person or the case to anyone who holds the force's papers
    QUASI = "quasi-identifier"  # known to neighbours, family or newspapers: singles out in combination
    SENSITIVE = "sensitive"  # what must not be learnt about someone who has been singled out
    OTHER = "other"


class SchemaError(ValueError):
    """A declaration that contradicts itself; the message names the field or table and the rule."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column.

    `codes` names a code list of `vawg_opendata.reference`, or holds the allowed values themselves. With a named list a
    value must be one of its leaves; `levels` asks for the codes of these levels instead, and `margins` allows every
    code, totals included (statistical tables). `minimum` and `maximum` are inclusive and of the field's own type.
    `words` names a crosswalk of `vawg_opendata.reference`, of words that those who deliver the field may use in place of the codes.
    `pattern` must match the whole value; keep to syntax that Python and RE2 share. `not_after` names fields of the
    same type whose values, wherever present, must be the same or larger. A value of type `month` is text, `2026-02`.
    """

    name: str
    title: str
    description: str
    type: str = STRING
    codes: str | tuple[str, ...] | None = None
    levels: tuple[str, ...] = ()
    margins: bool = False
    unit: str | None = None
    source_standard: str | None = None
    words: str = ""
    sensitivity: Sensitivity = Sensitivity.OTHER
    required: bool = False
    minimum: int | float | str | datetime.date | None = None
    maximum: int | float | str | datetime.date | None = None
    pattern: str | None = None
    not_after: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SchemaError(f"Field {self.name!r}: a name is lower case letters, digits and underscores.")
        if self.type not in TYPES:
            raise SchemaError(f"Field {self.name}: type {self.type!r} is not one of {', '.join(TYPES)}.")
        if not self.title or not self.description:
            raise SchemaError(f"Field {self.name}: needs a title and a description.")
        if (self.codes is not None or self.pattern is not None) and self.type not in (STRING, MONTH):
            raise SchemaError(f"Field {self.name}: codes and pattern apply to text, not to type {self.type}.")
        if (self.levels or self.margins) and not isinstance(self.codes, str):
            raise SchemaError(f"Field {self.name}: levels and margins apply to a named code list.")
        for bound in (self.minimum, self.maximum):
            if bound is not None and not isinstance(bound, _ORDERED.get(self.type, ())):
                raise SchemaError(f"Field {self.name}: the bound {bound!r} is not of type {self.type}.")

    def allowed(self) -> dict[str, str] | None:
        """Label by allowed code in the order of the list, or None when the field is not coded."""
        if self.codes is None:
            return None
        if isinstance(self.codes, tuple):
            return {code: code for code in self.codes}
        codelist = load_codelist(self.codes)
        if self.margins:
            return dict(codelist.labels)
        chosen = codelist.leaves
        if self.levels:
            absent = set(self.levels) - set(codelist.level.values())
            if absent:
                raise SchemaError(f"Field {self.name}: code list {self.codes} has no level {', '.join(sorted(absent))}.")
            chosen = tuple(code for code in codelist.codes if codelist.level[code] in self.levels)
        return {code: codelist.labels[code] for code in chosen}


@dataclass(frozen=True)
class ForeignKey:
    """The values of `fields` occur together in `reference_fields` of table `table`, unless one of them is missing."""

    fields: tuple[str, ...]
    table: str
    reference_fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TableSchema:
    """One table: its fields in the order of its columns, its key and its links to other tables."""

    name: str
    title: str
    description: str
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()

    def __post_init__(self) -> None:
        names = self.names
        if not _NAME.fullmatch(self.name) or not self.title or not self.description:
            raise SchemaError(f"Table {self.name!r}: needs a lower-case name, a title and a description.")
        if len(set(names)) != len(names):
            raise SchemaError(f"Table {self.name}: a field is declared twice.")
        linked = {name for key in self.foreign_keys for name in key.fields}
        later = {name for field in self.fields for name in field.not_after}
        unknown = ({*self.primary_key} | linked | later) - set(names)
        if unknown:
            raise SchemaError(f"Table {self.name}: a key or rule names the unknown field {', '.join(sorted(unknown))}.")
        for field in self.fields:
            for name in field.not_after:
                if field.type not in _COMPARABLE or self.field(name).type != field.type:
                    raise SchemaError(f"Table {self.name}: {field.name} and {name} cannot be compared exactly.")
            if field.name in self.primary_key and not field.required:
                raise SchemaError(f"Table {self.name}: {field.name} is part of the primary key and must be required.")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns in order."""
        return tuple(field.name for field in self.fields)

    @property
    def by_name(self) -> Mapping[str, Field]:
        """Field by name."""
        return {field.name: field for field in self.fields}

    def field(self, name: str) -> Field:
        """The field of that name. KeyError when there is none."""
        return self.by_name[name]
