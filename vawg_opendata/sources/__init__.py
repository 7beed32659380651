"""Reads what publishers deliver, one module per publisher's format, into tidy coded records.

`landing` finds the files of a landing folder and runs the modules; `months` and `known` keep what need not be read again; `tabular` and `workbook` open files; `words` turns words into codes.
Counting, and anything about how results are published, does not belong here.

Each module of a source has the same three names:

    NAME: str
        The name of its folder in the landing folder, and of the source in accounts and descriptors.

    discover(folder: Path, connection: DuckDBPyConnection) -> Discovery
        The files of the folder and every problem of them, found by reading them in full. Never raises for what the
        folder holds, and writes nothing. `folder` exists. `connection` is fresh (`tabular.connect`), of this source only.

    read(files: Sequence[LandingFile], connection, work: Path, quarantine: Quarantine, accounting: Accounting) -> dict[str, Path]
        Writes the records of files that `discover` found without a blocking problem, as `work/records/<table>.parquet`,
        quarantines the rows that cannot be used, and accounts for every row. Returns the path by table. `connection` is
        the one given to `discover`, which left in it what it found out about each row, so that nothing is judged twice.

Those that may be delivered by month have more names, by which each month is kept: see `months`.

A wrong file (its header, encoding or shape, or a category nobody has coded) is a blocking problem: nothing of the
landing folder is used until it is mended. A wrong row (an impossible date, a missing count) is quarantined with its
reason. Every accepted row is kept as it is, in the publisher's order: identical rows are different people or events.
"""
