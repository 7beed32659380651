"""The tables of a package, whatever format they are written in: statistical tables, code lists, notes.

Each is a `PackageTable`: a declaration of its fields and its columns as plain lists, in the order in which rows are
published. Writing them belongs in `formats` and `database`, describing them in `descriptor`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from anonymisation import ProtectedTable
from anonymisation.tables import SUPPRESSED
from vawg_opendata.microdata import Microdata, RecordTable
from vawg_opendata.products.caveats import CAVEATS, SERIES_BREAKS
from vawg_opendata.products.declaration import Product, TableSpec
from vawg_opendata.products.records import RecordList
from vawg_opendata.reference import ADD_UP, CodeList
from vawg_opendata.schemas import INTEGER, STRING, Field, ForeignKey, TableSchema
from vawg_opendata.schemas.vawg_records import CASE_TABLES, POOL_TABLES
from vawg_opendata.statistics import Outline, TableOutline

NOT_AVAILABLE = "x"
STATUS_CODES = {
    SUPPRESSED: "suppressed to protect confidentiality",
    NOT_AVAILABLE: "not available",
    "z": "not applicable",
}
"""What a withheld cell's status says; an empty status is a count published as counted."""

SYNTHETIC_CAVEAT = "synthetic"
_EXTRA_COLUMNS = {
    "definition": "What the code covers, where its label does not say it.",
    "note": "What to know about the code.",
    "method": "The code of the list `method` under which the tables count it.",
    "lsoa_year": "Year of the boundaries to which the code belongs.",
}


@dataclass(frozen=True)
class PackageTable:
    """One table of a package: `columns` has a list of values per field of `schema`, None where there is none.

    `kind` is `statistics`, `records`, `codelist` or `notes`; `source` is that of a table of the first two kinds, `measure` of the
    first, and `claim` says of records what was protected.
    """

    schema: TableSchema
    columns: tuple[list, ...]
    kind: str
    measure: str = ""
    source: str = ""
    claim: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the table in every format."""
        return self.schema.name

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.columns[0])

    @property
    def folder(self) -> str:
        """The folder of the package in which it is."""
        return "codelists" if self.kind == "codelist" else "data"


def package_tables(
    product: Product, outline: Outline, protected: Mapping[str, ProtectedTable], synthetic: bool, microdata: Microdata | None = None
) -> list[PackageTable]:
    """All tables of a package: statistical tables in the order of the declaration, then records, then notes, then code lists."""
    statistical = [statistical_table(product, table, protected[table.name], outline.codelists) for table in outline.tables]
    lists = [codelist_table(name, product.dimension(name).title, codes) for name, codes in outline.codelists.items()]
    records = []
    if microdata is not None and product.linked:
        records = [linked_table(table) for table in microdata.tables]
        lists += [codelist_table(name, codes.title, codes) for name, codes in microdata.codelists.items()]
    elif microdata is not None:
        records = [record_table(product.record_list(table.name), table) for table in microdata.tables]
        columns = {column.name: column for table in microdata.tables for column in product.record_list(table.name).columns}
        lists += [codelist_table(name, columns[name].title, codes) for name, codes in microdata.codelists.items() if name not in outline.codelists]
    return [*statistical, *records, *notes(product, synthetic), *lists]


def record_table(declared: RecordList, table: RecordTable) -> PackageTable:
    """A table of records as it is protected; its columns are those that the source has."""
    fields = [declared.column(name) for name in table.rows.column_names]
    schema = TableSchema(
        name=declared.name,
        title=declared.title,
        description=declared.description,
        fields=tuple(
            Field(name=column.name, title=column.title, description=column.description, sensitivity=column.sensitivity, required=True)
            for column in fields
        ),
        foreign_keys=tuple(ForeignKey((column.name,), column.name, ("code",)) for column in fields),
    )
    return PackageTable(schema, tuple(table.rows.column(column.name).to_pylist() for column in fields), "records", source=table.source, claim=table.claim)


def linked_table(table: RecordTable) -> PackageTable:
    """A table of linked records, with the fields that it has of those declared, and links among them."""
    declared = next(one for one in (*CASE_TABLES, *POOL_TABLES) if one.name == table.name)
    names = table.rows.column_names
    schema = replace(
        declared,
        fields=tuple(field for field in declared.fields if field.name in names),
        primary_key=tuple(name for name in declared.primary_key if name in names),
        foreign_keys=tuple(key for key in declared.foreign_keys if set(key.fields) <= set(names)),
    )
    return PackageTable(schema, tuple(table.rows.column(name).to_pylist() for name in schema.names), "records", source=table.source, claim=table.claim)


def statistical_table(
    product: Product, outline: TableOutline, protected: ProtectedTable, codelists: Mapping[str, CodeList]
) -> PackageTable:
    """One row per cell of the outline's axes: the codes, the count or None, and its status or None.

    Periods that the protected table does not hold, or that are not available, have status `x`.
    """
    shape = tuple(len(codes) for codes in outline.axes.values())
    values, status = np.full(shape, None, dtype=object), np.full(shape, NOT_AVAILABLE, dtype=object)
    here, there = [], []
    for name, codes in outline.axes.items():
        shown = set(outline.available) if name == outline.period else set(codes)
        position = {code: index for index, code in enumerate(protected.axes[name])}
        here.append([index for index, code in enumerate(codes) if code in shown])
        there.append([position[code] for code in codes if code in shown])
    published = protected.published[np.ix_(*there)]
    values[np.ix_(*here)] = np.where(published, protected.values[np.ix_(*there)].astype(object), None)
    status[np.ix_(*here)] = np.where(published, None, SUPPRESSED)
    columns = []
    for axis, codes in enumerate(outline.axes.values()):
        positions = np.broadcast_to(np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))]), shape)
        columns.append(np.array(codes, dtype=object)[positions.ravel()].tolist())
    spec = product.table(outline.name)
    schema = _statistical_schema(product, spec)
    return PackageTable(
        schema, (*columns, values.ravel().tolist(), status.ravel().tolist()), "statistics", outline.measure, outline.source
    )


def _statistical_schema(product: Product, spec: TableSpec) -> TableSchema:
    measure = product.measure(spec.measure)
    dimensions = [
        Field(name=dimension.name, title=dimension.title, description=dimension.description, sensitivity=dimension.sensitivity, required=True)
        for dimension in map(product.dimension, spec.dimensions)
    ]
    return TableSchema(
        name=spec.name,
        title=spec.title,
        description=spec.description,
        fields=(
            *dimensions,
            Field(
                name=measure.name,
                title=measure.title,
                description=f"{measure.description} Empty where not published; zero is 0.",
                type=INTEGER,
                unit=measure.unit,
                minimum=0,
            ),
            Field(
                name=f"{measure.name}_status",
                title=f"{measure.title}: status",
                description="Empty: published as counted; " + "; ".join(f"{code}: {words}" for code, words in STATUS_CODES.items()) + ".",
                codes=tuple(STATUS_CODES),
            ),
        ),
        primary_key=tuple(spec.dimensions),
        foreign_keys=tuple(ForeignKey((name,), name, ("code",)) for name in spec.dimensions),
    )


def codelist_table(name: str, title: str, codelist: CodeList) -> PackageTable:
    """The code list of a dimension or column of that name and title, in its sort order; an empty text is no value."""
    fields = {
        "code": Field(name="code", title="Code", description="The code, as it stands in the tables.", required=True),
        "label": Field(name="label", title="Label", description="What the code stands for.", required=True),
        "level": Field(name="level", title="Level", description="Level of the code; the root has level total.", required=True),
        "sort_order": Field(name="sort_order", title="Sort order", description="Position of the code in the list.", type=INTEGER, required=True),
    }
    for column in codelist.columns:
        if column in codelist.parents:
            further = column.removeprefix("parent").removeprefix("_").replace("_", " ")
            above = f"Parent by {further}" if further else "Parent"
            words = "The code whose children, this one among them, add up to it" + (f", by the hierarchy {further}" if further else "")
            fields[column] = Field(name=column, title=above, description=f"{words}. Empty for the root and for codes outside the hierarchy.")
        elif column not in fields:
            words = _EXTRA_COLUMNS.get(column, f"Column {column} of the list.")
            fields[column] = Field(name=column, title=column.replace("_", " ").capitalize(), description=words)
    schema = TableSchema(
        name=name,
        title=f"Code list: {title}",
        description=f"{codelist.title}{ADD_UP}",
        fields=tuple(fields[column] for column in codelist.columns),
        primary_key=("code",),
        foreign_keys=tuple(ForeignKey((column,), name, ("code",)) for column in codelist.parents),
    )
    columns = {column: [row[column] or None for row in codelist.rows] for column in codelist.columns}
    columns["sort_order"] = [int(value) for value in columns["sort_order"]]
    return PackageTable(schema, tuple(columns.values()), "codelist")


def caveat_codes(product: Product, synthetic: bool) -> tuple[str, ...]:
    """The caveats of a product; of synthetic data first that they are."""
    return (SYNTHETIC_CAVEAT, *product.caveats) if synthetic else product.caveats


def notes(product: Product, synthetic: bool) -> list[PackageTable]:
    """The tables of words: caveats, series breaks, definitions."""
    caveats = [CAVEATS[code] for code in caveat_codes(product, synthetic)]
    breaks = sorted((SERIES_BREAKS[code] for code in product.series_breaks), key=lambda entry: entry.date)
    return [
        _words(
            "caveats",
            "Caveats",
            "Limits of the data that a reader must know before using a number.",
            {"code": "Short name of the caveat, the same in all products.", "title": "The caveat in a line.", "description": "The caveat."},
            [(caveat.code, caveat.title, caveat.description) for caveat in caveats],
        ),
        _words(
            "series_breaks",
            "Series breaks",
            "Dates from which counts before and after are not fully comparable.",
            {
                "code": "Short name of the break, the same in all products.",
                "date": "Day, month or year of the break.",
                "title": "The break in a line.",
                "description": "What changed and what it does to the counts.",
            },
            [(entry.code, entry.date, entry.title, entry.description) for entry in breaks],
        ),
        _words(
            "definitions",
            "Definitions",
            "What is counted and what the terms mean here.",
            {"term": "The term.", "definition": "What it means in this product.", "source": "Where the definition comes from."},
            [(entry.term, entry.definition, entry.source) for entry in product.definitions],
        ),
    ]


def _words(name: str, title: str, description: str, columns: Mapping[str, str], rows: Sequence[Sequence[str]]) -> PackageTable:
    fields = tuple(
        Field(name=column, title=column.capitalize(), description=words, type=STRING, required=True) for column, words in columns.items()
    )
    schema = TableSchema(name=name, title=title, description=description, fields=fields, primary_key=(fields[0].name,))
    return PackageTable(schema, tuple(list(column) for column in zip(*rows, strict=True)), "notes")
