"""How many victim rows fall in each month, and in which blocks they are made.

A block is what is held in memory at once. The months follow the published series of offences; victims per offence follow
the published ratio of the two series, which falls short of one before CONNECT and exceeds it after.
"""

from dataclasses import dataclass

import numpy

from vawg_opendata.sample import margins
from vawg_opendata.sample.draw import DAY, Draw, first_day

BLOCK = 100_000  # victim rows
SLACK = 0.01  # share of victims the published series would not count in a month in which it exceeds the offences


@dataclass(frozen=True)
class Block:
    """The victim rows of some months: for each row its day of record, and whether it is a further victim of the offence before it.

    `uncounted` is the probability that the published series would not count the row as a victim.
    """

    recorded: numpy.ndarray
    further: numpy.ndarray
    uncounted: numpy.ndarray


def months(first: str, last: str) -> list[str]:
    """All months from the first to the last."""
    span = numpy.arange(numpy.datetime64(first, "M"), numpy.datetime64(last, "M") + 1)
    return [str(month) for month in span]


def plan(draw: Draw, records: int, first: str, last: str) -> list[Block]:
    """Blocks that hold `records` victim rows together, in order of their day of record.

    ValueError when the period reaches beyond the months of the margins.
    """
    margin = {row["month"]: row for row in margins.load("month")}
    wanted = months(first, last)
    if not wanted or not set(wanted) <= set(margin):
        raise ValueError(f"The period {first} to {last} is not within {min(margin)} to {max(margin)}, the months whose shares are known.")
    ratio = numpy.array([float(margin[month]["victims_per_offence"]) for month in wanted])
    rows = numpy.where(ratio >= 1, ratio + SLACK, 1.0)  # victim rows per offence
    weight = numpy.array([float(margin[month]["share"]) for month in wanted]) * rows
    count = draw.generator.multinomial(records, weight / weight.sum())
    start = first_day(wanted)
    length = (numpy.array(wanted, "datetime64[M]") + 1).astype(DAY).astype(numpy.int32) - start
    blocks = []
    position = 0
    while position < len(wanted):
        end = position + 1
        while end < len(wanted) and count[position : end + 1].sum() <= BLOCK:
            end += 1
        month = numpy.repeat(numpy.arange(position, end), count[position:end])
        recorded = numpy.sort(start[month] + (draw.generator.random(len(month)) * length[month]).astype(numpy.int32))
        further = draw.yes((rows - 1)[month] / rows[month], len(month))
        further[:1] = False
        blocks.append(Block(recorded, further, (1 - ratio / rows)[month]))
        position = end
    return [block for block in blocks if len(block.recorded)]
