"""The command `vawg`: what an operator types, and what is printed in answer. No logic.

Exit status: 0 done; 1 a run failed or an audit found something disclosed; 2 the command, a setting or the input files
cannot be used as they are.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from vawg_opendata.problems import LandingError, RunError
from vawg_opendata.settings import Settings, SettingsError

DONE, FAILED, UNUSABLE = 0, 1, 2


def parser() -> argparse.ArgumentParser:
    """The grammar of the command."""
    whole = argparse.ArgumentParser(prog="vawg", description="Publishes open data on violence against women and girls.")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)

    publish = commands.add_parser("publish", help="run the whole flow and publish what nobody has to approve first")
    publish.set_defaults(command=_publish, hold=False)
    prepare = commands.add_parser("prepare", help="run the whole flow and keep the new versions for their review")
    prepare.set_defaults(command=_publish, hold=True)
    for command in (publish, prepare):
        command.add_argument("--landing", type=Path, metavar="DIR", help="folder of input files (default: a synthetic extract)")
        command.add_argument("--published", type=Path, metavar="DIR", help="folder for packages (default: published)")
        command.add_argument("--work", type=Path, metavar="DIR", help="folder for records, counts and history (default: .work)")
        command.add_argument("--product", nargs="+", action="extend", metavar="NAME", help="products to publish (default: all)")
        command.add_argument("--who", metavar="NAME", help="who prepares the versions; kept in the ledger, never published (default: the account)")
        command.add_argument("--note", metavar="TEXT", help="why the versions are as they are, for their readers; needed when fields change")
        command.add_argument("--bump", metavar="STEP", help="MAJOR, MINOR or PATCH, when a larger step is wanted than the changes are")
        command.add_argument("--at", type=_day, metavar="DAY", help="day on which the versions appear, at 09:30 in London (default: at once)")

    review = commands.add_parser("review", help="list the versions that wait, or read the report on one")
    review.add_argument("product", nargs="?", metavar="PRODUCT")
    review.add_argument("--who", default="", metavar="NAME", help="who reviews it; kept in the ledger, never published")
    review.set_defaults(command=_review)

    approve = commands.add_parser("approve", help="approve the version that is in review")
    approve.add_argument("product", metavar="PRODUCT")
    approve.set_defaults(command=_approve)

    release = commands.add_parser("release", help="let approved versions appear to readers")
    release.add_argument("product", nargs="?", metavar="PRODUCT")
    release.add_argument("--due", action="store_true", help="all approved versions that were announced for a time which has come")
    release.add_argument("--who", default="", metavar="NAME", help="who releases it; kept in the ledger, never published (default: the account)")
    release.set_defaults(command=_release)

    withdraw = commands.add_parser("withdraw", help="take a version back, released or not")
    withdraw.add_argument("product", metavar="PRODUCT")
    withdraw.add_argument("version", metavar="VERSION")
    withdraw.set_defaults(command=_withdraw)

    for command, words in ((approve, "why; kept in the ledger"), (withdraw, "why; published in place of the version")):
        command.add_argument("--who", required=True, metavar="NAME", help="who does it; kept in the ledger, never published")
        command.add_argument("--why", required=True, metavar="TEXT", help=words)

    reproduce = commands.add_parser("reproduce", help="build a version again and tell what is not the same")
    reproduce.add_argument("product", metavar="PRODUCT")
    reproduce.add_argument("version", metavar="VERSION")
    reproduce.add_argument("--landing", type=Path, metavar="DIR", help="folder of its input files (default: where they were)")
    reproduce.add_argument("--work", type=Path, metavar="DIR", help="folder for records, counts and history (default: .work)")
    reproduce.set_defaults(command=_reproduce)

    sign = commands.add_parser("sign", help="sign a released version with the publisher's Ed25519 key")
    sign.add_argument("product", metavar="PRODUCT")
    sign.add_argument("version", metavar="VERSION")
    sign.add_argument("--key", type=Path, required=True, metavar="FILE", help="the private key, or the public one of a key in the agent")
    sign.set_defaults(command=_sign)

    deliver = commands.add_parser("deliver", help="bring targets to what their audience is offered; without --really say what that takes")
    deliver.add_argument("target", nargs="+", metavar="TARGET", help="names of targets, as the file of targets declares them")
    deliver.add_argument("--targets", type=Path, default=Path("targets.yaml"), metavar="FILE", help="declares the targets (default: targets.yaml)")
    deliver.add_argument("--really", action="store_true", help="do it")
    deliver.set_defaults(command=_deliver)

    for command in (review, approve, release, withdraw, reproduce, sign, deliver):
        command.add_argument("--published", type=Path, metavar="DIR", help="folder of packages (default: published)")
        command.set_defaults(shares=command is not reproduce)  # which is a step of its own, in a work folder that it holds first

    sample = commands.add_parser("sample", help="make a synthetic landing folder")
    sample.add_argument("--records", type=_number, required=True, metavar="N", help="number of records")
    sample.add_argument("--seed", type=_number, required=True, metavar="S", help="the same seed gives the same files")
    sample.add_argument("--out", type=Path, required=True, metavar="DIR", help="the landing folder to make")
    sample.add_argument("--monthly", action="store_true", help="deliver the extract by month, a folder for each")
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
        return _shared(options) if getattr(options, "shares", False) else options.command(options)
    except RunError as error:
        print(error, file=sys.stderr)
        return FAILED
    except LandingError as error:
        return _refuse(error)  # places and kinds: a run may be started by cron, which mails what is printed
    except SettingsError as error:
        return _refuse(error)


def _shared(options: argparse.Namespace) -> int:
    """The command, on the newest state of what machines share, where they do."""
    settings = _settings(options, *({"published", "work"} & vars(options).keys()))
    if not settings.store:
        return options.command(options)
    from vawg_opendata.exchange import shared

    return shared(settings, lambda: options.command(options))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; give one such as 2026-12-03") from None


def _settings(options: argparse.Namespace, *names: str) -> Settings:
    """The settings of the environment, with the options of these names, where they were given, before them."""
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return replace(Settings.from_environment(), **given)


def _product(name: str):
    from vawg_opendata.products import PRODUCTS

    if name not in PRODUCTS:
        raise SettingsError(f"There is no product {name!r}. The products are {', '.join(PRODUCTS)}.")
    return PRODUCTS[name]


def _publish(options: argparse.Namespace) -> int:
    settings = _settings(options, "landing", "published", "work", "who", "note", "bump", "at", "hold")
    if options.product:
        settings = replace(settings, products=tuple(options.product))

    from dagster import DagsterError

    from anonymisation.releases import ReleaseRefusedError
    from vawg_opendata.assets.jobs import run_publish
    from vawg_opendata.assets.report import lines
    from vawg_opendata.definitions import defs
    from vawg_opendata.flow import chosen_products
    from vawg_opendata.statistics import StatisticsError

    chosen_products(settings)  # a wrong name is told before anything is done
    print(f"Publishing from {settings.landing or f'a synthetic extract of {settings.sample_records} records'} ...", flush=True)
    try:
        result = run_publish(defs, settings)
    except DagsterError as error:
        print(f"{error}\nThe run stopped there; `make dev` shows the check.", file=sys.stderr)
        return FAILED
    except (ReleaseRefusedError, StatisticsError) as error:
        print(error, file=sys.stderr)
        return FAILED
    print("\n".join(lines(result, settings)))
    return DONE


def _in_session(options: argparse.Namespace, act, **how):
    """What `act` gives, called with a session of the published folder, once no other run is publishing into it."""
    from vawg_opendata.release.lifecycle.session import publishing
    from vawg_opendata.turns import in_turn

    published = _folder_of_packages(options).published

    def once():
        with publishing(published, **how) as session:
            return act(session)

    return in_turn(once)


def _folder_of_packages(options: argparse.Namespace) -> Settings:
    """The settings, whose folder of packages is there: a command that only looks at it or changes it makes none by a slip of the pen."""
    settings = _settings(options, "published")
    if not settings.published.is_dir():
        raise SettingsError(f"There is no folder {settings.published}. Say where the packages are, with --published.")
    return settings


def _review(options: argparse.Namespace) -> int:
    from vawg_opendata.release.lifecycle.approval import review
    from vawg_opendata.release.lifecycle.releasing import in_words
    from vawg_opendata.release.lifecycle.states import PENDING

    if options.product is not None:
        product = _product(options.product)
        print(_in_session(options, lambda session: review(session, product.audience, product.name, options.who))[1])
        return DONE
    ledger = _in_session(options, lambda session: session.ledger)
    waiting = [entry for key in ledger.products() for entry in ledger.versions(*key).values() if entry.after in PENDING]
    for entry in waiting:
        print(f"{entry.product} {entry.version} ({entry.audience}): {entry.after}" + (f", appears {in_words(entry.release_at)}" if entry.release_at else ""))
    print("1 version waits." if len(waiting) == 1 else f"{len(waiting)} versions wait.")
    return DONE


def _approve(options: argparse.Namespace) -> int:
    from vawg_opendata.flow import publish_pages
    from vawg_opendata.release.lifecycle.approval import approve, lacking
    from vawg_opendata.release.lifecycle.releasing import in_words
    from vawg_opendata.release.lifecycle.states import APPROVED

    product = _product(options.product)

    def act(session):
        entry = approve(session, product.audience, product.name, options.who, options.why)
        session.settle()
        return entry, lacking(session, entry)

    entry, more = _in_session(options, act)
    title = f"{entry.product} {entry.version}"
    if entry.after != APPROVED:
        print(f"{title} has your approval and needs {more} more, of somebody else.")
    elif entry.release_at:
        publish_pages(_settings(options, "published"))  # they announce it
        print(f"{title} is approved and may appear {in_words(entry.release_at)}: run `vawg release --due` from then on.")
    else:
        print(f"{title} is approved: `vawg release {entry.product}` lets it appear.")
    return DONE


def _release(options: argparse.Namespace) -> int:
    from vawg_opendata.appearance import let_appear
    from vawg_opendata.release.lifecycle.store import Store

    if (options.product is None) == (not options.due):
        raise SettingsError("Name a product, or give --due for all whose time has come.")
    settings = replace(_folder_of_packages(options), who=options.who)
    released, refused = let_appear(settings, None if options.due else _product(options.product))
    for entry in released:
        print(f"{entry.product} {entry.version} is released, in {Store(settings.published).visible(*entry.key)}")
    for error in refused:
        print(error, file=sys.stderr)
    return FAILED if refused else DONE


def _withdraw(options: argparse.Namespace) -> int:
    from vawg_opendata.flow import publish_pages
    from vawg_opendata.release.lifecycle.releasing import audiences_of, withdraw

    version = (options.product, options.version)

    def act(session):
        audience, *others = audiences_of(session, *version)
        return withdraw(session, audience, *version, options.who, options.why), audience, others

    quoting, audience, others = _in_session(options, act, settled=False)
    publish_pages(_settings(options, "published"))
    print(f"{options.product} {options.version} is withdrawn.")
    for other in others:
        print(f"That was the one for {audience}; {other} has one of that name and number, too: run the command again to withdraw it as well.")
    for version in quoting:
        print(f"changes.json of {version} quotes counts of it: withdraw {version} as well if those must not be seen.")
    return DONE


def _reproduce(options: argparse.Namespace) -> int:
    from vawg_opendata.reproduction import reproduce

    lines = reproduce(_settings(options, "landing", "published", "work"), _product(options.product), options.version)
    print("\n".join(lines or [f"{options.product} {options.version} is reproduced: the same bytes, and the same content of its DuckDB file."]))
    return FAILED if lines else DONE


def _sign(options: argparse.Namespace) -> int:
    from vawg_opendata.release.package.signature import sign

    product = _product(options.product)

    def act(session):
        path = sign(session.store.visible(product.audience, product.name, options.version), options.key, session.store.published)
        session.settle()  # the catalogue tells of it
        return path

    path = _in_session(options, act)
    print(f"{product.name} {options.version} is signed, in {path}")
    return DONE


def _deliver(options: argparse.Namespace) -> int:
    from vawg_opendata.delivery import TargetError, deliver, read_targets

    try:
        targets = read_targets(options.targets)
        unknown = [name for name in options.target if name not in targets]
        if unknown:
            raise TargetError(f"{options.targets} declares no target {unknown[0]!r}; it has {', '.join(targets)}.")
        for name in options.target:
            done = deliver(_settings(options, "published").published, targets[name], really=options.really)
            print("\n".join(done.lines()), flush=True)
    except TargetError as error:
        return _refuse(error)
    return DONE


def _sample(options: argparse.Namespace) -> int:
    from vawg_opendata.sample import generate
    from vawg_opendata.sample.by_month import by_month

    try:
        generate(options.records, options.seed, options.out)
        if options.monthly:
            by_month(options.out / "crime_extract")
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


if __name__ == "__main__":
    sys.exit(main())
