"""The record-level extract of the force's crime system: its tables as they are delivered, and as records.

One module per table. `DELIVERED` are the tables of a landing folder in the order in which they depend on one another: an
offence is a distinct crime, a victim row is one victim of one offence, and all others hang on these two. Homicides
stand by themselves because they reach back to years for which no other table is delivered. `RECORDS` has
the record table that each becomes, with what is derived. How files are read belongs in `vawg_opendata.sources.crime_extract`.

Names, addresses, dates of birth and narrative text are not part of the extract: nothing that is published needs them.
"""

from vawg_opendata.schemas.crime_extract.homicides import HOMICIDES
from vawg_opendata.schemas.crime_extract.offences import OFFENCES
from vawg_opendata.schemas.crime_extract.orders import ORDERS
from vawg_opendata.schemas.crime_extract.outcomes import OUTCOMES
from vawg_opendata.schemas.crime_extract.records import DELIVERED, RECORDS
from vawg_opendata.schemas.crime_extract.relationships import RELATIONSHIPS
from vawg_opendata.schemas.crime_extract.risk_assessments import RISK_ASSESSMENTS
from vawg_opendata.schemas.crime_extract.suspects import SUSPECTS
from vawg_opendata.schemas.crime_extract.victims import VICTIMS

__all__ = [
    "DELIVERED",
    "HOMICIDES",
    "OFFENCES",
    "ORDERS",
    "OUTCOMES",
    "RECORDS",
    "RELATIONSHIPS",
    "RISK_ASSESSMENTS",
    "SUSPECTS",
    "VICTIMS",
]
