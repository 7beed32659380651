"""The package of each kind of partner, within a version of linked records: the fields that its access profile is given, and no others.

They lie in the version's folder, appear and are withdrawn with it, and its `SHA256SUMS` covers them; each is handed to its partner by itself. Rows and
keys are made in `microdata.partners`. That a package holds nothing but what the version has is proven in `checks.partner_proof`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from vawg_opendata.microdata import Microdata
from vawg_opendata.products.access import AccessProfile, profiles_of
from vawg_opendata.products.declaration import Product
from vawg_opendata.reference import CodeList
from vawg_opendata.release.files import write_json, write_sums
from vawg_opendata.release.lifecycle.store import DESCRIPTOR
from vawg_opendata.release.package.descriptor import table_resources
from vawg_opendata.release.package.field_catalogue import NAME as FIELDS
from vawg_opendata.release.package.field_catalogue import field_catalogue
from vawg_opendata.release.package.formats import write_csv, write_parquet
from vawg_opendata.release.package.tables import PackageTable, linked_table

FOLDER = "partners"
_OF_THE_VERSION = ("partners", "reproduction", "resources")  # keys of the descriptor that a partner's package does not repeat


def partner_listing(product: Product, microdata: Microdata) -> list[dict]:
    """What the descriptor of a version says of the packages of partners: profile, title and path of each, and its fields by table."""
    return [
        {
            "profile": one.name,
            "title": one.title,
            "path": f"{FOLDER}/{one.name}/{DESCRIPTOR}",
            "fields": {table.name: list(table.rows.column_names) for table in microdata.partners[one.name]},
        }
        for one in _profiles(product, microdata)
    ]


def write_partners(
    product: Product, microdata: Microdata, codelists: Mapping[str, CodeList], tables: Sequence[PackageTable], described: Mapping, folder: Path
) -> None:
    """Write the packages into the folder of a version, given its tables and its descriptor."""
    for profile in _profiles(product, microdata):
        home = folder / FOLDER / profile.name
        for part in ("data", "codelists"):
            (home / part).mkdir(parents=True)
        records = [linked_table(table) for table in microdata.partners[profile.name]]
        linked = {key.table for table in records for key in table.schema.foreign_keys}
        others = [table for table in tables if (table.kind == "notes" and table.name != FIELDS) or (table.kind == "codelist" and table.name in linked)]
        shown = [*records, field_catalogue(product, records), *others]
        for table in shown:
            write_csv(table, home / table.folder / f"{table.name}.csv")
            if table.kind != "codelist":
                write_parquet(table, home / table.folder / f"{table.name}.parquet")
        words = {
            "name": f"{product.name}-{profile.name}",
            "title": f"{profile.title}: {described['title']}",
            "partnerOf": {"name": product.name, "version": described["version"], "profile": profile.name, "gateway": profile.gateway},
        }
        kept = {key: value for key, value in described.items() if key not in _OF_THE_VERSION}
        write_json(home / DESCRIPTOR, kept | words | {"resources": table_resources(product, shown, codelists, home)})
        (home / "README.md").write_text("\n".join(_readme(product, profile, records, kept | words)), encoding="utf-8", newline="\n")
        write_sums(home)


def _profiles(product: Product, microdata: Microdata) -> list[AccessProfile]:
    return [profile for profile in profiles_of(product.audience) if profile.name in microdata.partners]


def _readme(product: Product, profile: AccessProfile, records: Sequence[PackageTable], described: Mapping) -> list[str]:
    licence, contact = described["licenses"][0], described["contributors"][0]
    lines = [
        f"# {described['title']}",
        "",
        f"Version {described['version']}. {described['description']}",
        "",
        f"For: {profile.title}. Gateway: {profile.gateway} ({profile.source}). The fields are those of this kind of partner; `data/{FIELDS}.csv` says of each "
        "what was done so that it hurts nobody. Keys are random and of this package alone.",
        "",
        "## Read this first",
        "",
        *(f"- **{caveat['title']}.** {caveat['description']}" for caveat in described["caveats"]),
        "",
        "## Tables",
        "",
        "| table | what | fields | rows |",
        "|---|---|---|---|",
        *(f"| `{table.name}` | {table.schema.title} | {len(table.schema.fields)} | {table.rows:,} |" for table in records),
    ]
    for section in product.sections[:-1]:
        lines += ["", f"## {section.title}", "", *section.paragraphs]
    return [*lines, "", f"Licence: {licence['title']} ({licence['path']}). Publisher and contact: {contact['title']} ({contact['path']}).", ""]
