"""Publishes open data on violence against women and girls from a police force's own files.

The package holds the pipeline of the Metropolitan Police's data: what publishers deliver (`sources`), the tidy form
of it (`schemas`, `reference`), the counts (`statistics`), the products and how they are written (`products`,
`release`). Disclosure control is a library beside it (`anonymisation`), which knows nothing of police data.
"""

__version__ = "0.1.0"

__version__ = "0.1.0"
