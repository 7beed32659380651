"""Records that may be published one by one: from the record tables to protected lists.

Functions that assets call:

    protect_list(declared, product, records_dir) -> Microdata | None        None when no source at hand gives the records
    Microdata.save(folder) / Microdata.load(folder)

Which source gives which column is data (`views`); how coarse a record becomes is for `anonymisation.records` to find. Writing
them into a package belongs in `release`.
"""

from vawg_opendata.microdata.lists import protect_list
from vawg_opendata.microdata.results import Microdata, RecordTable

__all__ = ["Microdata", "RecordTable", "protect_list"]
