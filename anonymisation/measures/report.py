"""All measures of a table at once.

Belongs here: the result that holds them, and its plain form.  Does not belong here: any formula (``models``, ``risk``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from anonymisation.measures.classes import classes_of
from anonymisation.measures.models import Diversity, diversity, worst
from anonymisation.measures.risk import Risk, journalist_risk, marketer_risk, prosecutor_risk

if TYPE_CHECKING:
    from anonymisation.measures.classes import Source


@dataclass(frozen=True)
class Measures:
    """The measures of a table: numbers about it, of which none tells a value that it holds.

    ``k``: records in the smallest class (Samarati and Sweeney, "Protecting privacy when disclosing information", SRI 1998).
    ``sensitive``: by sensitive column; ``worst``: over all of them, ``None`` where there is none.  ``journalist``: ``None``
    where no population was given.
    """

    records: int
    classes: int
    k: int
    sensitive: Mapping[str, Diversity]
    worst: Diversity | None
    prosecutor: Risk
    journalist: Risk | None
    marketer: float

    def plain(self) -> dict:
        """As numbers, texts and dictionaries; what is not a number, or infinite, as ``None``."""
        return _finite(asdict(self))


def measure(
    table: Source,
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str] = (),
    population: Source | None = None,
) -> Measures:
    """Measure a table of records; for its kinds, and for ``population``, see ``classes_of``.  Raises ``MeasureError``."""
    classes = classes_of(table, quasi_identifiers, sensitive, population)
    each = {name: diversity(classes, name) for name in classes.sensitive}
    return Measures(
        records=int(classes.sizes.sum()),
        classes=len(classes.sizes),
        k=int(classes.sizes.min()),
        sensitive=each,
        worst=worst(classes, list(each.values())) if each else None,
        prosecutor=prosecutor_risk(classes),
        journalist=journalist_risk(classes) if population is not None else None,
        marketer=marketer_risk(classes),
    )


def _finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
