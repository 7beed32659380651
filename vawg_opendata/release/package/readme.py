"""The page of a package for readers, `README.md`, with its data dictionary. All of it follows from declarations."""

from collections.abc import Sequence

from anonymisation.disclosure import describe
from vawg_opendata.products.caveats import CAVEATS, SERIES_BREAKS
from vawg_opendata.products.declaration import Product
from vawg_opendata.products.wording import SOURCE_WORDING
from vawg_opendata.release.package.tables import STATUS_CODES, PackageTable, caveat_codes
from vawg_opendata.schemas import dictionary_rows
from vawg_opendata.statistics import Outline


def readme(product: Product, outline: Outline, tables: Sequence[PackageTable], descriptor: dict, charts: Sequence[str]) -> str:
    """The text of `README.md`; `charts` are the measures that have one."""
    statistical = [table for table in tables if table.kind == "statistics"]
    records = [table for table in tables if table.kind == "records"]
    lines = [f"# {descriptor['title']}", "", f"Version {descriptor['version']}. {descriptor['description']}", ""]
    lines += ["## Read this first", ""]
    lines += [f"- **{CAVEATS[code].title}.** {CAVEATS[code].description}" for code in caveat_codes(product, descriptor["synthetic"])]
    lines += ["", "## What is counted", ""]
    lines += [f"- **{entry.term}**: {entry.definition} ({entry.source})" for entry in product.definitions]
    lines += ["", "## Series breaks", ""]
    breaks = sorted((SERIES_BREAKS[code] for code in product.series_breaks), key=lambda entry: entry.date)
    lines += [f"- **{entry.date}: {entry.title}.** {entry.description}" for entry in breaks]
    if descriptor["corrections"]:
        lines += ["", "## Errors of the sources that were corrected", ""]
        lines += [f"- {correction['reason']} ({correction['source']})" for correction in descriptor["corrections"]]
    lines += ["", "## Tables", ""]
    lines += ["| table | what | rows | source |", "|---|---|---|---|"]
    lines += [f"| `{t.name}` | {_cell(t.schema.title)} | {t.rows:,} | {_cell(SOURCE_WORDING[t.source].title)} |" for t in (*statistical, *records)]
    lines += [f"| `{t.name}` | {_cell(t.schema.title)} | {t.rows:,} | |" for t in tables if t.kind not in ("statistics", "records")]
    rows = "Each table" if product.linked else "Statistical tables have one row per cell and every cell of their dimensions, totals included. Each"
    lines += [
        "",
        f"{rows} is in `data/` as CSV and as Parquet; `{product.name}.duckdb` holds all tables and code lists. The code lists are in `codelists/`, with labels, "
        "levels and parents; children add up to their parent.",
    ]
    if product.cut:
        lines += [
            "",
            f"`{product.cut.folder}/<code>/` is a package of its own for each of {len(descriptor['cuts']['packages'])} codes of `{product.cut.dimension}`: "
            "the rows of the code, of what it is part of and of its parts, the same as here. It can be passed on by itself.",
        ]
    if outline.left_out:
        lines += ["", "Not in this version, because no source at hand gives it:", ""]
        lines += [f"- {product.table(name).title}" for name in outline.left_out]
    absent = [declared for declared in product.records if declared.name not in {table.name for table in records}]
    if absent:
        lines += ["", "Not in this version, because no source at hand gives it or no form of it could be published safely beside the counts:", ""]
        lines += [f"- {declared.title}" for declared in absent]
    if statistical:
        lines += ["", "## Status of a cell", "", "A count has a column `<measure>_status` beside it:", "", "| status | meaning |", "|---|---|"]
        lines += ["| empty | published as counted; zero is 0 |", *(f"| `{code}` | {words} |" for code, words in STATUS_CODES.items())]
        lines += ["", "## Protection", "", describe(product.policy)["guarantee"]]
        lines += ["What was checked, and the share of cells withheld, is in `disclosure.json`."]
    for table in records if product.records else ():
        lines += ["", f"### Records: {table.schema.title}", "", *_claim(table), "", *product.record_list(table.name).reasons]
    for section in product.sections:
        lines += ["", f"## {section.title}", "", *section.paragraphs]
    lines += ["", "## How to read it", "", *(_examples(product, statistical[0]) if statistical else _examples_of_records(product, records))]
    lines += ["", "## Data dictionary", ""]
    for table in tables:
        lines += [f"### {table.name}", "", table.schema.description, "", "| field | type | title | description |", "|---|---|---|---|"]
        lines += [
            f"| `{row['name']}` | {row['type']} | {_cell(row['title'])} | {_cell(row['description'])} |" for row in dictionary_rows(table.schema)
        ]
        lines += [""]
    licence = descriptor["licenses"][0]
    lines += ["## Licence and sources", "", f"{licence['title']} ({licence['path']}).", ""]
    lines += [f"- {source['title']}" + (f" ({source['path']})" if "path" in source else "") for source in descriptor["sources"]]
    if charts:
        lines += ["", f"The totals over time of {', '.join(f'`{measure}`' for measure in charts)} are drawn in `charts`, as SVG and PNG."]
    lines += ["", f"Publisher and contact: {product.contact.title} ({product.contact.path}). The files' hashes are in `SHA256SUMS`.", ""]
    return "\n".join(lines)


def _claim(table: PackageTable) -> list[str]:
    """What is promised of a table of records, in a sentence each."""
    columns = ", ".join(f"`{name}`" for name in table.claim["quasiIdentifiers"])
    lines = [f"Somebody may know of a person {columns}. Every combination of them that is published is there at least {table.claim['k']} times."]
    lines += [
        f"Records that look alike in them have at least {models['l']} different values of `{name}`." for name, models in table.claim["sensitive"].items()
    ]
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _examples(product: Product, table: PackageTable) -> list[str]:
    dimension = table.schema.foreign_keys[0].table
    return [
        "```sql",
        f"ATTACH '{product.name}.duckdb' AS package (READ_ONLY);",
        f"SELECT label, t.* FROM package.{table.name} AS t JOIN package.{dimension} AS d ON d.code = t.{dimension};",
        "```",
        "",
        "```python",
        "import pandas",
        f"table = pandas.read_csv('data/{table.name}.csv', dtype={{'{table.measure}': 'Int64'}})",
        "```",
    ]


def _examples_of_records(product: Product, records: Sequence[PackageTable]) -> list[str]:
    first, pooled = records[0].name, next(table for table in records if "pools" in table.claim)
    field = pooled.schema.fields[1].name
    return [
        "```sql",
        f"ATTACH '{product.name}.duckdb' AS package (READ_ONLY);",
        f"-- Share of cases with a value of {field}, by borough, where the whole pool is of one borough",
        f"WITH places AS (SELECT pool_key, min(borough) AS borough FROM package.{first} GROUP BY pool_key HAVING count(DISTINCT coalesce(borough, '')) = 1)",
        f"SELECT borough, {field}, count(*) AS cases FROM package.{pooled.name} JOIN places USING (pool_key) WHERE borough IS NOT NULL GROUP BY ALL ORDER BY ALL;",
        "```",
    ]
