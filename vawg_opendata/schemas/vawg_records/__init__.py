"""The tables of record-level data for partners: three that are linked case by case, and ten that tell of pools of cases.

    CASE_TABLES   offence, victim and suspect of a case, linked by the key of the case
    POOL_TABLES   everything else, linked to pools of cases or, where not all cases have it, to wide and widest pools

A case is one recorded offence with one victim and, where there is one, one suspect. What somebody may know of it stands in the tables of
cases and is coarsened until cases look alike; what must not be learnt stands in the tables of pools, each column for itself in random order
within the pool ("slicing": Li, Li, Zhang and Molloy, IEEE Transactions on Knowledge and Data Engineering 24(3), 2012; pools of records: Xiao and
Tao, "Anatomy", VLDB 2006). How the tables are made is in `vawg_opendata.microdata`.

Names, references, addresses, days, exact ages, places finer than a ward, self-defined ethnicity, gender, sexual orientation and religion are in
none of them.
"""

from vawg_opendata.schemas.vawg_records.cases import OFFENCES, SUSPECTS, VICTIMS
from vawg_opendata.schemas.vawg_records.circumstances import CIRCUMSTANCES, INVESTIGATION
from vawg_opendata.schemas.vawg_records.common import ORDINARY, Part, RecordField
from vawg_opendata.schemas.vawg_records.persons import RELATIONSHIPS, SUSPECT_CIRCUMSTANCES, VICTIM_CARE, VICTIM_NEEDS
from vawg_opendata.schemas.vawg_records.progress import CHARGES, ORDERS, OUTCOMES, RISK

CASE_TABLES = (OFFENCES, VICTIMS, SUSPECTS)
POOL_TABLES = (CIRCUMSTANCES, INVESTIGATION, VICTIM_NEEDS, VICTIM_CARE, SUSPECT_CIRCUMSTANCES, RELATIONSHIPS, OUTCOMES, RISK, CHARGES, ORDERS)
POOL_KEYS = ("pool_key", "wide_pool_key", "widest_pool_key")
"""The keys of pools, fine to coarse; the first field of a table of pools is one of them."""

__all__ = ["CASE_TABLES", "ORDINARY", "POOL_KEYS", "POOL_TABLES", "Part", "RecordField"]
