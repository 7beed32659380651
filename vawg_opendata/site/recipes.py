"""How to query a package from the tools that readers use: a few lines each, with the names of this very package."""

from vawg_opendata.site.released import Version


def recipes(version: Version, table: str) -> list[tuple[str, str, str]]:
    """Name of the tool, words, code; for the folder of the version as the place where the code runs. Empty without a table."""
    if not table:
        return []
    resource = version.tables[table]
    fields = [field["name"] for field in resource["schema"]["fields"]]
    dimension, measure = fields[0], resource["statistics"][0]["measure"]
    name = version.product
    return [
        (
            "Python, pandas",
            "Codes are text; a count that is not published is missing, never 0.",
            "import pandas\n\n"
            f"table = pandas.read_parquet('data/{table}.parquet')\n"
            f"labels = pandas.read_csv('codelists/{dimension}.csv', dtype=str).set_index('code')['label']\n"
            f"table['label'] = table['{dimension}'].map(labels)\n"
            f"withheld = table[table['{measure}_status'] == 'c']",
        ),
        (
            "Python, polars",
            "The same; null is not published.",
            "import polars\n\n"
            f"table = polars.read_parquet('data/{table}.parquet')\n"
            f"labels = polars.read_csv('codelists/{dimension}.csv', infer_schema=False).select('code', 'label')\n"
            f"table = table.join(labels, left_on='{dimension}', right_on='code')\n"
            f"withheld = table.filter(polars.col('{measure}_status') == 'c')",
        ),
        (
            "R",
            "With the packages frictionless and arrow, or nanoparquet, which reads the same file and is smaller.",
            "library(frictionless)\n"
            'package <- read_package("datapackage.json")\n'
            f'table <- read_resource(package, "{table}")\n\n'
            f'# or, without reading the description\ntable <- arrow::read_parquet("data/{table}.parquet")\n\n'
            f'# or\ntable <- nanoparquet::read_parquet("data/{table}.parquet")',
        ),
        (
            "DuckDB",
            "All tables and code lists in one file, for DuckDB 1.1 and later; comments on tables and columns say what they are.",
            f"ATTACH '{name}.duckdb' AS vawg (READ_ONLY);\n"
            f"SELECT d.label, t.*\nFROM vawg.{table} AS t\nJOIN vawg.{dimension} AS d ON d.code = t.{dimension}\n"
            f"WHERE d.level <> 'total'\nORDER BY d.sort_order;",
        ),
        (
            "A spreadsheet",
            f"Open data/{table}.csv and filter its columns. Rows hold totals as well as parts: filter to one level before you add anything up, and never "
            "add up cells where some are withheld; the totals are in the table.",
            "",
        ),
    ]
