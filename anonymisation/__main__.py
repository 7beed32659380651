"""The command of the library, for statisticians who have no pipeline: its grammar, and its exit status. No logic.

    python -m anonymisation tables DIR OUT.csv     the cells to withhold
    python -m anonymisation audit DIR OUT.csv      the intruder, on anyone's pattern
    python -m anonymisation measure IN.csv ...     what a table of records reveals
    python -m anonymisation records IN.csv OUT.csv records that may be published one by one

Exit status: 0 done; 1 an audit found something disclosed, or a table or records cannot be protected; 2 the command or an input file
cannot be used as it is; 3 an audit found nothing, but could not decide of every cell.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from anonymisation.errors import AnonymisationError, ProtectionError
from anonymisation.policy import Cost, Guarantee, Policy, Reader, Zeros
from anonymisation.primary import GroupDisclosure, Singletons
from anonymisation.records.policy import Loss, Recoding, Suppressed

DONE, FAILED, UNUSABLE, UNDECIDED = 0, 1, 2, 3

FOLDER = (
    "folder with inner.csv (a column per dimension, and freq; rows with the same codes are added, combinations that are not"
    " there count 0) and a hier_<dimension>.csv for each (columns levels, as many '@' as the code is deep, and codes); further"
    " hierarchies of a dimension, with the same total, are named hier_<dimension>.<name>.csv"
)


def parser() -> argparse.ArgumentParser:
    """The grammar of the command."""
    whole = argparse.ArgumentParser(prog="python -m anonymisation", description="Statistical disclosure control.")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)

    tables = commands.add_parser("tables", help="choose the cells of a table of counts that must be withheld")
    tables.add_argument("folder", type=Path, metavar="DIR", help=FOLDER)
    tables.add_argument(
        "out",
        type=Path,
        metavar="OUT.csv",
        help="file to write: every cell, totals included, with freq, primary and suppressed (0 or 1). It is for your eyes only: it"
        " holds the counts of the suppressed cells",
    )
    _add_policy(tables)
    tables.add_argument(
        "--cost",
        choices=get_args(Cost),
        default="cells",
        help="what is kept small: the number of withheld cells; that number with totals counting for more (information); or what"
        " the withheld cells count (default: cells)",
    )
    tables.set_defaults(command=_tables)

    audit = commands.add_parser("audit", help="attack a pattern, whoever made it, as a reader could")
    audit.add_argument("folder", type=Path, metavar="DIR", help="folder with the hierarchies, as for tables")
    audit.add_argument(
        "out",
        type=Path,
        metavar="OUT.csv",
        help="every cell, totals included, with freq and suppressed (0 or 1). freq where suppressed is 1 may be"
        " empty. Where it is not, it says which cells are primary, if there is no column primary, and is tried as one explanation of what is"
        " published, which saves the search for one in a vast table",
    )
    _add_policy(audit)
    audit.set_defaults(command=_audit)

    measure = commands.add_parser("measure", help="measure what a table of records reveals, whoever made it, and print it as JSON")
    measure.add_argument(
        "records",
        type=Path,
        metavar="IN.csv",
        help="a CSV with a header (fields separated by commas, or by semicolons where its first line has no comma), or a Parquet file: a"
        " row per record",
    )
    measure.add_argument(
        "--quasi-identifiers",
        type=_columns,
        required=True,
        metavar="A,B,C",
        help="columns by which somebody could be recognised; a blank is a value of its own",
    )
    measure.add_argument(
        "--sensitive", type=_columns, default=[], metavar="X,Y", help="columns of what must not be learnt of somebody"
    )
    measure.add_argument(
        "--population",
        type=Path,
        metavar="P.csv",
        help="a table of everybody who could be in IN.csv, with the same quasi-identifiers in the same codes: adds the journalist's risk",
    )
    measure.set_defaults(command=_measure)
    _add_records(commands.add_parser("records", help="recode records so that those who look alike are at least k"))
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = parser().parse_args(arguments)
    try:
        return options.command(options)
    except ProtectionError as error:
        print(error, file=sys.stderr)
        return FAILED
    except (AnonymisationError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return UNUSABLE


def _add_policy(command: argparse.ArgumentParser) -> None:
    command.add_argument("--threshold", type=int, default=5, metavar="N", help="counts from 1 to N-1 are primary (default: 5)")
    command.add_argument(
        "--guarantee",
        choices=get_args(Guarantee),
        default="contract",
        help="exact: no primary cell can be computed; interval: the possible counts of every primary cell are at least N wide;"
        " contract: so are those of every withheld cell that a reader cannot tell to be N or more (default: contract)",
    )
    command.add_argument(
        "--zeros",
        choices=get_args(Zeros),
        default="published",
        help="available: zeros may be withheld to protect other cells; sensitive: they are primary, too (default: published)",
    )
    command.add_argument(
        "--reader",
        choices=get_args(Reader),
        default="rules",
        help="rules: the reader knows these rules, and so that a withheld count is at least 1; non-negative: the weaker reader"
        " that other tools assume (default: rules)",
    )
    command.add_argument(
        "--singletons",
        action="store_true",
        help="nobody who is counted alone in a cell, and so knows it, can compute another primary cell; an audit needs freq of"
        " the withheld cells for it",
    )
    command.add_argument(
        "--group-disclosure",
        type=_columns,
        default=[],
        metavar="A,B",
        help="dimensions in which no margin may be known to fall in one category; needs zeros that can be withheld (--zeros)",
    )


def _columns(text: str) -> list[str]:
    """The names in a list with commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _add_records(records: argparse.ArgumentParser) -> None:
    records.add_argument("source", type=Path, metavar="IN.csv", help="the records, with a header (or IN.parquet)")
    records.add_argument("target", type=Path, metavar="OUT.csv", help="file to write, of the same kind: the records that may be published")
    records.add_argument(
        "--hierarchies",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder with h_<column>.csv for each quasi-identifier: no header, a row per value from fine to coarse",
    )
    records.add_argument("--quasi-identifiers", type=_columns, required=True, metavar="A,B,C", help="columns that somebody may know of a person")
    records.add_argument("--k", type=int, default=5, metavar="N", help="records that look alike, at least (default: 5)")
    records.add_argument("--max-suppressed", type=float, default=0.05, metavar="SHARE", help="share of records that may be suppressed (default: 0.05)")
    records.add_argument(
        "--recoding", choices=get_args(Recoding), default="global", help="one level per column, or as fine as each record can be (default: global)"
    )
    records.add_argument(
        "--suppressed",
        choices=get_args(Suppressed),
        default="top",
        help="what becomes of suppressed records: all quasi-identifiers at the top, left out, or recoded locally (default: top)",
    )
    records.add_argument("--loss", choices=get_args(Loss), default="granularity", help="what is kept smallest (default: granularity)")
    records.add_argument("--sensitive", type=_columns, default=[], metavar="X,Y", help="columns that nobody may learn of a person")
    records.add_argument("--l", type=int, metavar="N", help="different sensitive values among records that look alike, at least")
    records.add_argument("--t", type=float, metavar="T", help="distance of their sensitive values from those of all records, at most (0 to 1)")
    records.set_defaults(command=_records)


def _policy(options: argparse.Namespace) -> Policy:
    # An audit has no cost: it judges a pattern, however it was chosen.
    cost = getattr(options, "cost", "cells")
    rules = (*([Singletons()] if options.singletons else []), *map(GroupDisclosure, options.group_disclosure))
    return Policy(options.threshold, options.guarantee, options.zeros, options.reader, cost, rules)


def _tables(options: argparse.Namespace) -> int:
    from anonymisation.command.case import read_case
    from anonymisation.command.pattern import check_dimensions, check_target, is_small, write_pattern

    policy = _policy(options)
    check_target(options.out, options.folder)
    case = read_case(options.folder)
    check_dimensions(options.folder, case.hierarchies, policy)

    from anonymisation.command.report import describe_pattern
    from anonymisation.outcomes import group_cells
    from anonymisation.protection import protect

    result = protect([case.table], case.hierarchies, policy)
    suppressed = ~result.tables[case.table.name].published
    alone = group_cells([case.table], case.hierarchies, policy)
    primary = is_small(case.table.counts, policy) | alone.get(case.table.name, False)
    write_pattern(options.out, case.table, primary, suppressed)
    print("\n".join(describe_pattern(case.table, primary, suppressed)))
    print(f"Written to {options.out}, which holds the counts of suppressed cells: keep it to yourself.")
    return DONE


def _audit(options: argparse.Namespace) -> int:
    from anonymisation.command.case import INNER
    from anonymisation.command.hierarchies import read_hierarchies
    from anonymisation.command.pattern import check_dimensions, read_pattern

    policy = _policy(options)
    hierarchies = read_hierarchies(options.folder, INNER)
    check_dimensions(options.folder, hierarchies, policy)
    pattern = read_pattern(options.out, options.folder, hierarchies, policy)

    from anonymisation.command.report import describe_verdict
    from anonymisation.command.verdict import judge

    verdict = judge(pattern, hierarchies, policy)
    print("\n".join(describe_verdict(verdict, pattern, policy)))
    if verdict.broken(policy.guarantee):
        return FAILED
    return UNDECIDED if verdict.attack.undecided else DONE


def _measure(options: argparse.Namespace) -> int:
    from anonymisation.measures import measure

    found = measure(options.records, options.quasi_identifiers, options.sensitive, options.population)
    print(json.dumps(found.plain(), indent=2, allow_nan=False))
    return DONE


def _records(options: argparse.Namespace) -> int:
    from anonymisation.command.records import protect_records_file

    given = vars(options)
    names = ("quasi_identifiers", "sensitive", "l", "t", "k", "max_suppressed", "recoding", "suppressed", "loss")
    summary = protect_records_file(options.source, options.target, options.hierarchies, **{name: given[name] for name in names})
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    return DONE


if __name__ == "__main__":
    sys.exit(main())
