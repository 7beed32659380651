"""Tables of counts: before protection, after it, and as a reader finds them.

Belongs here: the three kinds of table and their pandas forms.  Does not belong here: how cells are linked
(``system``), what is suppressed (``suppression``), reading files.

A table is dense: one axis per dimension, and a count for every combination of codes, totals included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from anonymisation.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

SUPPRESSED = "c"
"""Status of a cell that is withheld to protect confidentiality (GSS symbol ``[c]``)."""


@dataclass(frozen=True, init=False)
class CountTable:
    """Unprotected counts: ``counts`` has one axis per entry of ``axes``, in its order, and no negative value.

    ``measure`` names what is counted and is its identity: tables with one measure publish the same thing, and are
    protected together.  An axis has the total of its dimension, or the table tells nothing over all of its codes:
    years each by itself, say.
    """

    name: str
    measure: str
    axes: Mapping[str, tuple[str, ...]]
    counts: np.ndarray

    def __init__(self, name: str, measure: str, axes: Mapping[str, Sequence[str]], counts: np.ndarray) -> None:
        counts = np.asarray(counts)
        axes = {dimension: tuple(codes) for dimension, codes in axes.items()}
        _check_shape(name, axes, counts.shape)
        if counts.dtype.kind not in "iu":
            raise TableError(f"table {name!r}: counts must be whole numbers, not {counts.dtype}")
        if counts.size and counts.min() < 0:
            raise TableError(f"table {name!r}: a count is negative; counts are of persons or offences")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "measure", measure)
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "counts", counts.astype(np.int64, copy=False))

    def __repr__(self) -> str:
        return f"CountTable({self.name!r}, {self.measure!r}, {_describe(self.axes)})"

    @classmethod
    def from_frame(
        cls, name: str, measure: str, dimensions: Sequence[str], frame: pd.DataFrame, value: str = "count"
    ) -> CountTable:
        """A table from one row per cell: a column of codes per dimension and the count in column ``value``."""
        axes, position = _grid(name, dimensions, frame)
        shape = tuple(len(codes) for codes in axes.values())
        known, whole = _whole_numbers(name, frame, value)
        if not known.all():
            raise TableError(
                f"table {name!r}, row {int(np.flatnonzero(~known)[0]) + 1}: {value!r} is empty; every cell needs a count"
            )
        counts = np.empty(int(np.prod(shape, dtype=np.int64)), dtype=np.int64)
        counts[position] = whole
        return cls(name, measure, axes, counts.reshape(shape))


@dataclass(frozen=True, init=False)
class ShownTable:
    """What is shown of a table: ``values`` where ``published`` is true; elsewhere ``values`` is 0, whatever it was.

    Both arrays have one axis per entry of ``axes``, in its order.
    """

    name: str
    measure: str
    axes: Mapping[str, tuple[str, ...]]
    values: np.ndarray
    published: np.ndarray

    def __init__(
        self,
        name: str,
        measure: str,
        axes: Mapping[str, Sequence[str]],
        values: np.ndarray,
        published: np.ndarray,
    ) -> None:
        axes = {dimension: tuple(codes) for dimension, codes in axes.items()}
        published = np.asarray(published, dtype=bool)
        _check_shape(name, axes, np.shape(values))
        _check_shape(name, axes, published.shape)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "measure", measure)
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "values", np.where(published, np.asarray(values), 0).astype(np.int64))
        object.__setattr__(self, "published", published)

    def _frame(self, status: str) -> pd.DataFrame:
        """One row per cell in the order of the axes; ``status`` is that of published values."""
        import pandas as pd

        columns: dict[str, object] = {}
        shape = self.values.shape
        for axis, (dimension, codes) in enumerate(self.axes.items()):
            positions = np.broadcast_to(
                np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))]), shape
            )
            columns[dimension] = pd.Categorical.from_codes(positions.ravel(), categories=list(codes))
        columns[self.measure] = pd.arrays.IntegerArray(self.values.ravel().copy(), ~self.published.ravel())
        columns[f"{self.measure}_status"] = pd.Categorical.from_codes(
            np.where(self.published.ravel(), 0, 1), categories=[status, SUPPRESSED]
        )
        return pd.DataFrame(columns)


class PublishedTable(ShownTable):
    """What a reader finds: each published value is a count."""

    @classmethod
    def from_frame(
        cls, name: str, measure: str, dimensions: Sequence[str], frame: pd.DataFrame, value: str
    ) -> PublishedTable:
        """A table from one row per cell; a cell whose ``value`` is missing is withheld."""
        axes, position = _grid(name, dimensions, frame)
        shape = tuple(len(codes) for codes in axes.values())
        known, values = _whole_numbers(name, frame, value)
        grid_values, grid_known = np.zeros(len(frame), dtype=np.int64), np.zeros(len(frame), dtype=bool)
        grid_values[position], grid_known[position] = values, known
        return cls(name, measure, axes, grid_values.reshape(shape), grid_known.reshape(shape))


class ProtectedTable(PublishedTable):
    """A table that may be published: it holds no value of a suppressed cell, so it cannot leak one."""

    def frame(self) -> pd.DataFrame:
        """One row per cell in the order of the axes: the dimension columns, the measure and ``<measure>_status``."""
        return self._frame("")


def _describe(axes: Mapping[str, tuple[str, ...]]) -> str:
    return " x ".join(f"{dimension} ({len(codes)})" for dimension, codes in axes.items())


def _check_shape(name: str, axes: Mapping[str, tuple[str, ...]], shape: tuple[int, ...]) -> None:
    if not axes:
        raise TableError(f"table {name!r}: a table needs at least one dimension")
    expected = tuple(len(codes) for codes in axes.values())
    if tuple(shape) != expected:
        raise TableError(f"table {name!r}: counts of shape {tuple(shape)} do not fit its axes {_describe(axes)}")


def _whole_numbers(name: str, frame: pd.DataFrame, value: str) -> tuple[np.ndarray, np.ndarray]:
    """Which rows have a value, and the values (0 where there is none); each must be a whole number."""
    if value not in frame:
        raise TableError(f"table {name!r}: there is no column {value!r}")
    known = frame[value].notna().to_numpy()
    numbers = np.zeros(len(frame))
    numbers[known] = frame[value].to_numpy()[known].astype(np.float64)
    broken = np.flatnonzero(numbers != np.floor(numbers))
    if broken.size:
        raise TableError(f"table {name!r}, row {int(broken[0]) + 1}: {value!r} is not a whole number")
    return known, numbers.astype(np.int64)


def _grid(
    name: str, dimensions: Sequence[str], frame: pd.DataFrame
) -> tuple[dict[str, tuple[str, ...]], np.ndarray]:
    """Axes in order of first appearance, and the flat position of every row; every cell must occur exactly once."""
    import pandas as pd

    axes: dict[str, tuple[str, ...]] = {}
    position = np.zeros(len(frame), dtype=np.int64)
    for dimension in dimensions:
        if dimension not in frame:
            raise TableError(f"table {name!r}: there is no column {dimension!r}")
        codes, uniques = pd.factorize(frame[dimension], use_na_sentinel=True)
        if (codes < 0).any():
            row = int(np.flatnonzero(codes < 0)[0]) + 1
            raise TableError(f"table {name!r}, row {row}: dimension {dimension!r} is empty; every cell needs a code")
        axes[dimension] = tuple(str(code) for code in uniques)
        position = position * len(uniques) + codes
    cells = int(np.prod([len(codes) for codes in axes.values()], dtype=np.int64))
    seen = np.bincount(position, minlength=cells) if len(frame) else np.zeros(cells, dtype=np.int64)
    for count, problem in ((2, "occurs more than once"), (0, "is missing")):
        wrong = np.flatnonzero(seen >= 2 if count else seen == 0)
        if wrong.size:
            where = np.unravel_index(int(wrong[0]), [len(codes) for codes in axes.values()])
            at = ", ".join(f"{d}={codes[i]}" for (d, codes), i in zip(axes.items(), where, strict=True))
            raise TableError(
                f"table {name!r}: the cell {at} {problem} ({wrong.size} such cells); a table has every cell once"
            )
    return axes, position
