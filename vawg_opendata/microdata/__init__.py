"""Records that may be published one by one: from the record tables to protected lists.

Functions that assets call:

    protect_product(product, records_dir, tables, outline, last, had) -> Microdata | None      all lists of a product, beside its tables and earlier versions
    protect_linked(declared, records_dir, beside, secret, last_month, last, had) -> Microdata | None      linked tables of cases for partners
    protect_list(declared, records_dir, check) -> Microdata | None      None when no source at hand gives the records
    check_beside(declared, table, codelists, tables, ...)               refuses a list that gives away what tables withhold
    Microdata.save(folder) / Microdata.load(folder)

Which source gives which column is data (`views`); how coarse a record becomes is for `anonymisation.records` to find. Writing
them into a package belongs in `release`.
"""

from vawg_opendata.microdata.batches import protect_linked
from vawg_opendata.microdata.beside import check_beside
from vawg_opendata.microdata.lists import protect_list
from vawg_opendata.microdata.product import protect_product
from vawg_opendata.microdata.results import Microdata, RecordTable
from vawg_opendata.microdata.standing import TableBeside
from vawg_opendata.microdata.versions import beside_last, published_list

__all__ = [
    "Microdata", "RecordTable", "TableBeside", "beside_last", "check_beside", "protect_linked", "protect_list", "protect_product", "published_list",
]  # fmt: skip
