"""Months as the codes `2026-02`, which sort as they follow one another. Code lists of months belong in `statistics.periods`."""


def months_between(first: str, last: str) -> tuple[str, ...]:
    """All months `YYYY-MM` from `first` to `last`, both included. Empty when `last` is before `first`."""
    start, end = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (first, last))
    return tuple(f"{index // 12}-{index % 12 + 1:02}" for index in range(start, end + 1))
