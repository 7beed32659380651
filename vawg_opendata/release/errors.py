"""The errors of publishing. A message names product, file, table and what to do; never a count."""


class ReleaseError(RuntimeError):
    """A package that cannot be published as it is; nothing of it has reached readers."""
