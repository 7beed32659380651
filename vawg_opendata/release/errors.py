"""The errors of publishing. A message names product, file, table and what to do; never a count."""

from collections.abc import Sequence

from vawg_opendata.problems import RunError


class ReleaseError(RunError):
    """A package that cannot be published as it is; nothing of it has reached readers.

    `faults` say what is wrong with it, a line each. They can quote cells and what can be concluded about them, and are
    for the work folder; the message is for logs.
    """

    def __init__(self, message: str, faults: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class BusyError(ReleaseError):
    """Another run is publishing into the same folder; nothing was begun."""
