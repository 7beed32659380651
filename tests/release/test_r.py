"""R reads a package as it is: with Debian's packages alone, and with frictionless, arrow and nanoparquet as its page says, where R has them.

Debian has R, readr and jsonlite (`r-base-core`, `r-cran-readr`, `r-cran-jsonlite`); it has neither frictionless nor arrow nor nanoparquet for R, nor
DuckDB, so what needs these is skipped, saying so, unless they were installed by hand. With R 4.2.2 of Debian 12 the tests passed beside frictionless
1.2.1.9000 and nanoparquet 0.5.1.9000, built from their repositories as of March and June 2026; that of arrow was never run.
"""

import json
import shutil
import subprocess

import pytest

from tests.release.packages import MIXED, release, rows
from vawg_opendata.charts.cells import read_rows
from vawg_opendata.site.recipes import recipes
from vawg_opendata.site.released import Version

TABLE = "victims_by_age_group"
TELL = """
cat(nrow(table), sum(!is.na(table$victims)), sum(table$victims, na.rm = TRUE), sum(table$victims_status == "c", na.rm = TRUE), "\\n")
cat(is.numeric(table$victims), is.character(table$age_group) || is.factor(table$age_group), is.character(table$month), "\\n")
"""
BY_DESCRIPTION = """
package <- jsonlite::read_json("datapackage.json")
described <- Filter(function(one) one$name == "victims_by_age_group", package$resources)[[1]]
kinds <- sapply(described$schema$fields, function(field) c(string = "c", integer = "i", number = "d")[[field$type]])
table <- readr::read_csv(described$path, col_types = paste(kinds, collapse = ""))
stopifnot(identical(names(table), sapply(described$schema$fields, function(field) field$name)), nrow(readr::problems(table)) == 0)
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("r")
    return release(folder, folder / "published", MIXED).folder


def printed(package, program: str, *libraries: str) -> list[str]:
    """What R prints when it runs a program in the folder of a package."""
    rscript = shutil.which("Rscript") or pytest.skip("no R: Debian's packages r-base-core, r-cran-readr and r-cran-jsonlite have it")
    for library in libraries:
        asked = subprocess.run([rscript, "-e", f"quit(status = !requireNamespace('{library}', quietly = TRUE))"], capture_output=True)
        if asked.returncode:
            pytest.skip(f"this R has no package {library}")
    done = subprocess.run([rscript, "--vanilla", "-e", program], cwd=package, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [line.strip() for line in done.stdout.splitlines()]


def wanted(package) -> list[str]:
    found = rows(package)
    known = [int(row["victims"]) for row in found if row["victims"]]
    withheld = sum(row["victims_status"] == "c" for row in found)
    assert withheld
    return [f"{len(found)} {len(known)} {sum(known)} {withheld}", "TRUE TRUE TRUE"]


def recipe(package) -> list[str]:
    """The ways in R that the page of a package gives."""
    version = Version("victims-test", "1.0.0", {}, package, json.loads((package / "datapackage.json").read_text(encoding="utf-8")))
    code = next(code for name, _, code in recipes(version, TABLE) if name == "R")
    return code.split("\n\n")


def test_r_reads_a_table_by_its_description(package):
    assert printed(package, BY_DESCRIPTION + TELL, "readr", "jsonlite") == wanted(package)


def test_r_reads_the_table_as_the_page_says_with_frictionless(package):
    assert printed(package, recipe(package)[0] + TELL, "frictionless") == wanted(package)


def test_frictionless_in_r_reads_every_table(package):
    program = """library(frictionless)
    package <- read_package("datapackage.json")
    for (one in package$resources) if (one$format == "csv") cat(one$name, nrow(read_resource(package, one$name)), "\n")
    """
    tables = {path.stem: path for folder in ("data", "codelists") for path in (package / folder).glob("*.csv")}
    assert dict(line.split() for line in printed(package, program, "frictionless")) == {name: str(len(read_rows(path))) for name, path in tables.items()}


@pytest.mark.parametrize(("library", "way"), [("arrow", 1), ("nanoparquet", 2)])
def test_r_reads_the_parquet_as_the_page_says(package, library, way):
    code = recipe(package)[way]
    assert f"{library}::read_parquet" in code
    assert printed(package, code + TELL, library) == wanted(package)
