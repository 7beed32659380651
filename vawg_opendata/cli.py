"""The command `vawg`: what an operator types, and what is printed in answer. No logic.

Exit status: 0 done; 1 a run failed or an audit found something disclosed; 2 the command, a setting or the input files
cannot be used as they are.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vawg_opendata.problems import LandingError, Problem
from vawg_opendata.settings import Settings, SettingsError

DONE, FAILED, UNUSABLE = 0, 1, 2


def parser() -> argparse.ArgumentParser:
    """The grammar of the command."""
    whole = argparse.ArgumentParser(prog="vawg", description="Publishes open data on violence against women and girls.")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)

    publish = commands.add_parser("publish", help="run the whole flow and publish data packages")
    publish.add_argument("--landing", type=Path, metavar="DIR", help="folder of input files (default: a synthetic extract)")
    publish.add_argument("--published", type=Path, metavar="DIR", help="folder for packages (default: published)")
    publish.add_argument("--work", type=Path, metavar="DIR", help="folder for records, counts and history (default: .work)")
    publish.add_argument("--product", nargs="+", action="extend", metavar="NAME", help="products to publish (default: all)")
    publish.set_defaults(command=_publish)

    sample = commands.add_parser("sample", help="make a synthetic landing folder")
    sample.add_argument("--records", type=_number, required=True, metavar="N", help="number of records")
    sample.add_argument("--seed", type=_number, required=True, metavar="S", help="the same seed gives the same files")
    sample.add_argument("--out", type=Path, required=True, metavar="DIR", help="the landing folder to make")
    sample.set_defaults(command=_sample)

    validate = commands.add_parser("validate", help="list every problem of a landing folder; publish nothing")
    validate.add_argument("landing", type=Path, metavar="LANDING")
    validate.set_defaults(command=_validate)

    audit = commands.add_parser("audit", help="attack published packages as an intruder would")
    audit.add_argument("packages", type=Path, nargs="+", metavar="PACKAGE", help="a package, or a folder of packages")
    audit.set_defaults(command=_audit)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = parser().parse_args(arguments)
    try:
        return options.command(options)
    except LandingError as error:
        _list_problems(error.problems)
        return UNUSABLE
    except SettingsError as error:
        return _refuse(error)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _publish(options: argparse.Namespace) -> int:
    given = {name: getattr(options, name) for name in ("landing", "published", "work") if getattr(options, name) is not None}
    if options.product:
        given["products"] = tuple(options.product)
    settings = replace(Settings.from_environment(), **given)

    from dagster import DagsterError

    from anonymisation import AnonymisationError
    from vawg_opendata.assets.jobs import run_publish
    from vawg_opendata.assets.report import lines
    from vawg_opendata.definitions import defs
    from vawg_opendata.flow import chosen_products
    from vawg_opendata.release import ReleaseError
    from vawg_opendata.statistics import StatisticsError

    chosen_products(settings)  # a wrong name is told before anything is done
    print(f"Publishing from {settings.landing or f'a synthetic extract of {settings.sample_records} records'} ...", flush=True)
    try:
        result = run_publish(defs, settings)
    except DagsterError as error:
        print(f"{error}\nThe run stopped there; `make dev` shows the check.", file=sys.stderr)
        return FAILED
    except (AnonymisationError, ReleaseError, StatisticsError) as error:
        print(error, file=sys.stderr)
        return FAILED
    print("\n".join(lines(result, settings)))
    return DONE


def _sample(options: argparse.Namespace) -> int:
    from vawg_opendata.sample import generate

    try:
        generate(options.records, options.seed, options.out)
    except (FileExistsError, ValueError) as error:
        return _refuse(error)
    print(f"{options.records} synthetic records in {options.out}")
    return DONE


def _validate(options: argparse.Namespace) -> int:
    from vawg_opendata.sources.landing import survey

    found = survey(options.landing)
    for problem in found.problems:
        print(("" if problem.blocking else "note: ") + str(problem))
    print(f"{len(found.files)} files read, {len(found.blocking)} problems, {len(found.problems) - len(found.blocking)} notes.")
    return UNUSABLE if found.blocking else DONE


def _audit(options: argparse.Namespace) -> int:
    from vawg_opendata.release import audit

    try:
        report = audit(options.packages)
    except (FileNotFoundError, ValueError) as error:
        return _refuse(error)
    print("\n".join(report.lines()))
    print(f"{len(report.packages)} packages: {report.disclosed} cells disclosed, {len(report.problems)} problems.")
    return DONE if report.ok else FAILED


def _refuse(error: Exception) -> int:
    print(error, file=sys.stderr)
    return UNUSABLE


def _list_problems(problems: Sequence[Problem]) -> None:
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(problems)} problems; nothing was computed.", file=sys.stderr)
