"""The intruder: what a reader can compute about withheld cells from everything published.

Belongs here: the attack on published tables, and its verdict.  Does not belong here: suppression; the intruder shares
nothing with it but the cell model (``system``), so that a mistake in one is found by the other.

The reader knows every published value, that counts are whole and not negative, and the rule that zeros are published,
so that a withheld count is at least 1.  First intervals are propagated over all unknowns, then linear programs settle
each connected component.
"""

from anonymisation.intruder.attack import Attack, Finding, attack
from anonymisation.intruder.lists import attack_beside_lists
from anonymisation.intruder.placement import RecordList

__all__ = ["Attack", "Finding", "RecordList", "attack", "attack_beside_lists"]
