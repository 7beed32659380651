"""The field catalogue of a package, `fields.csv`: every field of its tables and records, what it could give away, what was done
about that, and who may be given it.

It is made from the declarations that the tables themselves are made from, so that it cannot differ from them. Words and code
lists, which say nothing of anybody, are not in it.
"""

from collections.abc import Sequence

from vawg_opendata.products.access import AccessProfile, profiles_of
from vawg_opendata.products.declaration import Product
from vawg_opendata.products.wording import SOURCE_WORDING
from vawg_opendata.release.package.tables import PackageTable
from vawg_opendata.schemas import INTEGER, Field, TableSchema
from vawg_opendata.schemas.vawg_records import Part, RecordField

NAME = "fields"
_COLUMNS = {
    "table_name": ("Table", "Table in which the field is."),
    "position": ("Position", "Position of the field in the table, from 1."),
    "name": ("Name", "Name of the field."),
    "title": ("Title", "The field in a few words."),
    "type": ("Type", "Type of the values."),
    "codes": ("Codes", "Code list of the package that the values are of, or the values themselves, separated by |; empty where there are none."),
    "source": ("Source", "Source of the records from which the values are made."),
    "sensitivity": ("Sensitivity", "What the field could do to a person, were it published of a single record as the source has it."),
    "rule": ("Rule", "What was done so that it does not."),
    "access_profile": ("Access profile", "The kinds of readers who are given the field, separated by |."),
    "legal_gateway": ("Legal gateway", "What allows them to be given it; where kinds of readers differ, separated by |."),
}


def field_catalogue(product: Product, tables: Sequence[PackageTable]) -> PackageTable:
    """The catalogue of the statistical tables and tables of records among `tables`, in their order."""
    profiles = profiles_of(product.audience)
    rows = [
        (
            table.name, position, field.name, field.title, field.type, _codes(table, field), SOURCE_WORDING[table.source].title,
            str(field.sensitivity), _rule(product, table, field), *_readers(product, profiles, field),
        )
        for table in tables
        if table.kind in ("statistics", "records")
        for position, field in enumerate(table.schema.fields, start=1)
    ]  # fmt: skip
    schema = TableSchema(
        name=NAME,
        title="Field catalogue",
        description="Every field of the tables of this package: what it could give away, the rule by which it does not, and who is given it.",
        fields=tuple(
            Field(name=name, title=title, description=words, required=name != "codes", **({"type": INTEGER, "minimum": 1} if name == "position" else {}))
            for name, (title, words) in _COLUMNS.items()
        ),
        primary_key=("table_name", "name"),
    )
    return PackageTable(schema, tuple(list(column) for column in zip(*rows, strict=True)), "notes")


def _readers(product: Product, profiles: Sequence[AccessProfile], field: Field) -> tuple[str, str]:
    """The kinds of readers, of those of the audience, who are given a field, and what allows it. Keys go with every table that has them."""
    if product.linked and field.name in product.linked.given:
        profiles = [profile for profile in profiles if profile.name in product.linked.given[field.name]]
    return "|".join(profile.name for profile in profiles), "|".join(dict.fromkeys(profile.gateway for profile in profiles))


def _codes(table: PackageTable, field: Field) -> str | None:
    lists = [key.table for key in table.schema.foreign_keys if key.fields == (field.name,)]
    if lists:
        return lists[0]
    allowed = field.allowed()
    return None if allowed is None else "|".join(allowed)


def _rule(product: Product, table: PackageTable, field: Field) -> str:
    """What protects one field, in a sentence, from the policy or from what is claimed of the records."""
    if isinstance(field, RecordField):
        return _rule_of_linked(table, field)
    if table.kind == "records":
        rules = []
        if field.name in table.claim["quasiIdentifiers"]:
            rules.append(f"Coarsened, record by record, until at least {table.claim['k']} records look alike in all quasi-identifiers")
        if field.name in table.claim["sensitive"]:
            rules.append(f"Records that look alike have at least {table.claim['sensitive'][field.name]['l']} values of it")
        return "; ".join(rules)
    if field.name == table.measure:
        return f"Withheld where it is from 1 to {product.policy.threshold - 1}, and where it would give such a count away"
    if field.name == f"{table.measure}_status":
        return "Says why a count is not there, and not which counts were small themselves"
    levels = ("total", *product.table(table.name).dimensions[field.name])
    return f"Counted by its codes of the levels {', '.join(levels)}; no record is published by it"


def _rule_of_linked(table: PackageTable, field: RecordField) -> str:
    match field.part:
        case Part.KEY:
            return "Random text that is made anew for each agreement"
        case Part.KNOWN:
            return f"Coarsened, case by case, until at least {table.claim['k']} cases are the same in all such fields of the linked tables together"
        case Part.DIVERSE:
            return "Cases that are the same in all fields that may be known are of at least 2 groups of offence; not told where a table of counts withholds the cell"
    told = f"Told of pools of at least {table.claim['k']} cases, in an order of its own within the pool"
    rule = table.claim["pools"]
    told += f"; it applies to none of them or to at least {rule['applying']}"
    alike = f", of whom no more than {rule['mostAlike']:.0%} have one value, unless it is an ordinary one"
    return told + alike if field.name in rule["ordinary"] else told
