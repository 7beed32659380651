"""The errors this library raises, each with what to do about it.

Belongs here: exception types shared by several modules.  Does not belong here: checks, or anything that formats a
cell's true value; a message names tables, dimensions and codes, never a count that is to be protected.
"""


class AnonymisationError(Exception):
    """Base of every error of this library."""


class HierarchyError(AnonymisationError, ValueError):
    """A code list is not a hierarchy whose children add up to their parents."""


class TableError(AnonymisationError, ValueError):
    """A table is incomplete, not additive, or does not fit its hierarchies or the other tables of its measure."""


class RecordError(AnonymisationError, ValueError):
    """A table of records does not fit its hierarchies or its policy."""


class ProtectionError(AnonymisationError):
    """No pattern of suppression keeps the guarantee under the cells that must stay published; or no recoding of records does."""


class InconsistentTablesError(AnonymisationError):
    """Published values contradict each other: no table of counts could have produced them."""


class TooLargeError(AnonymisationError, ValueError):
    """A question is too large to be answered in full, and an answer in part would be taken for the whole."""
