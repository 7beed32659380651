"""Drawing columns at random, a whole array at a time, and turning them into Arrow columns.

Only the tools: what is drawn with which probability is said in `assumptions` and `margins` and done in the modules of
the tables. Every draw comes from one seeded generator per block of records, so the same seed gives the same bytes.
"""

from collections.abc import Mapping, Sequence

import numpy
import pyarrow

Days = numpy.ndarray  # days since 1970-01-01, int32
DAY = "datetime64[D]"


class Draw:
    """Random columns from one generator. Arrays of probabilities and of the results have one entry per record."""

    def __init__(self, seed: numpy.random.SeedSequence) -> None:
        self.generator = numpy.random.default_rng(seed)

    def yes(self, probability: float | numpy.ndarray, size: int) -> numpy.ndarray:
        """True with the given probability."""
        return self.generator.random(size, dtype=numpy.float32) < probability

    def pick(self, shares: Sequence[float] | numpy.ndarray, size: int) -> numpy.ndarray:
        """Positions in `shares`, drawn in proportion to them."""
        bounds = numpy.cumsum(shares, dtype=float)
        return numpy.searchsorted(bounds[:-1] / bounds[-1], self.generator.random(size), side="right").astype(numpy.int16)

    def pick_by(self, table: numpy.ndarray, which: numpy.ndarray) -> numpy.ndarray:
        """Positions in the row `which` of a table of shares."""
        result = numpy.zeros(len(which), numpy.int16)
        for row in numpy.unique(which):
            chosen = which == row
            result[chosen] = self.pick(table[row], int(chosen.sum()))
        return result

    def codes(self, shares: Mapping[str, float], size: int) -> pyarrow.Array:
        """Codes, drawn in proportion to their shares."""
        return coded(tuple(shares), self.pick(tuple(shares.values()), size))

    def codes_by(self, shares: Sequence[Mapping[str, float]], which: numpy.ndarray) -> pyarrow.Array:
        """Codes, drawn by the mapping at position `which`."""
        codes = tuple(dict.fromkeys(code for mapping in shares for code in mapping))
        table = numpy.array([[mapping.get(code, 0.0) for code in codes] for mapping in shares])
        return coded(codes, self.pick_by(table, which))

    def delay(self, mean: float, size: int) -> numpy.ndarray:
        """Whole days, exponentially distributed."""
        return self.generator.exponential(mean, size).astype(numpy.int32)

    def whole(self, low: int | numpy.ndarray, high: int | numpy.ndarray, size: int) -> numpy.ndarray:
        """Whole numbers from `low` to `high`, both included."""
        return self.generator.integers(low, high, size, endpoint=True)


def coded(codes: Sequence[str], positions: numpy.ndarray, present: numpy.ndarray | None = None) -> pyarrow.Array:
    """The codes at some positions as text; missing where not `present`."""
    indices = pyarrow.array(positions.astype(numpy.int16), mask=None if present is None else ~present)
    return pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(codes, pyarrow.string())).dictionary_decode()


def flag(values: numpy.ndarray) -> pyarrow.Array:
    """Y or N."""
    return coded(("N", "Y"), values)


def numbers(values: numpy.ndarray, present: numpy.ndarray | None = None) -> pyarrow.Array:
    """Whole numbers; missing where not `present`."""
    return pyarrow.array(values.astype(numpy.int64), mask=None if present is None else ~present)


def dates(days: Days, present: numpy.ndarray | None = None) -> pyarrow.Array:
    """Days as dates; missing where not `present`."""
    return pyarrow.array(days.astype(numpy.int32), mask=None if present is None else ~present).cast(pyarrow.date32())


def either(condition: numpy.ndarray, yes: pyarrow.Array, no: pyarrow.Array) -> pyarrow.Array:
    """The value of `yes` where the condition holds, else that of `no`."""
    import pyarrow.compute

    return pyarrow.compute.if_else(pyarrow.array(condition), yes, no)


def first_day(months: Sequence[str]) -> Days:
    """The first day of each month."""
    return numpy.array(months, dtype="datetime64[M]").astype(DAY).astype(numpy.int32)


def month_number(days: Days) -> numpy.ndarray:
    """Months since January 1970."""
    return days.astype(DAY).astype("datetime64[M]").astype(numpy.int32)


def month_start(number: numpy.ndarray) -> Days:
    """First day of a month given as the number of months since January 1970."""
    return number.astype("datetime64[M]").astype(DAY).astype(numpy.int32)


def year(days: Days) -> numpy.ndarray:
    """Calendar year."""
    return days.astype(DAY).astype("datetime64[Y]").astype(numpy.int32) + 1970


def fit(seed: numpy.ndarray, rows: numpy.ndarray, columns: numpy.ndarray) -> numpy.ndarray:
    """A table with the given margins, as near as possible to `seed` (iterative proportional fitting, Deming and Stephan 1940)."""
    table = seed.astype(float)
    for _ in range(50):
        table *= (rows / table.sum(axis=1))[:, None]
        table *= columns / table.sum(axis=0)
    return table
