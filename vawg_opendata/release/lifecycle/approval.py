"""Approving: people, none of whom prepared a version, read the report on it and approve it.

Names are taken as they are given, beside the account of the machine that was used; who may use that account is for the
machine to say. They stay in the ledger and are never published.
"""

import json
import unicodedata

from vawg_opendata.release.errors import ReleaseError
from vawg_opendata.release.files import wrong_sums
from vawg_opendata.release.lifecycle.ledger import Entry
from vawg_opendata.release.lifecycle.preparing import PREPARATION, REVIEW_DATA, REVIEW_TEXT
from vawg_opendata.release.lifecycle.session import Session, package_digest
from vawg_opendata.release.lifecycle.states import APPROVE, AUTOMATIC, ENDORSE, PREPARE, PREPARED, REVIEW, TransitionError


def waiting(session: Session, audience: str, product: str) -> Entry:
    """The version of a product that readers do not have yet. ReleaseError when there is none, or when what was kept of it is gone."""
    entry = session.pending(audience, product)
    if entry is None:
        raise ReleaseError(f"No version of {product} waits. Prepare one first.")
    kept = session.store.kept(*entry.key)
    if not kept.is_dir():
        raise ReleaseError(f"{product} {entry.version} waits, and {kept} is gone. Put it back from a backup, or prepare the version again.")
    return entry


def review(session: Session, audience: str, product: str, who: str) -> tuple[Entry, str]:
    """Take the waiting version of a product into review, if it is not yet, and return its entry and the report on it as text."""
    entry = waiting(session, audience, product)
    if entry.after == PREPARED:
        entry = session.record(REVIEW, *entry.key, who=named(who), why="read the report on it")
    return entry, (session.store.kept(*entry.key) / REVIEW_TEXT).read_text(encoding="utf-8")


def approve(session: Session, audience: str, product: str, who: str, why: str) -> Entry:
    """Approve the version in review. With the last approval that it needs it is approved; before that it stays in review.

    ReleaseError when nothing is said of `why`, when the report has blockers, when `who` prepared it or has approved it already, or when the package is not the
    one that was prepared.
    """
    entry = waiting(session, audience, product)
    kept, title = session.store.kept(*entry.key), f"{product} {entry.version}"
    blockers = [blocker["name"] for blocker in json.loads((kept / REVIEW_DATA).read_text(encoding="utf-8"))["blockers"]]
    if blockers:
        raise ReleaseError(f"{title} cannot be approved: {', '.join(blockers)}. The report says more: vawg review {product}")
    check_package(session, entry)
    history = session.ledger.since_prepared(*entry.key)
    name = named(who)
    if not why.strip():
        raise ReleaseError("Say why, with --why: it is kept in the ledger, and is not published.")
    for earlier, words in ((PREPARE, "prepared it"), (ENDORSE, "has approved it already")):
        if any(_same(name, one.who) for one in history if one.action == earlier):
            raise ReleaseError(f"{title} cannot be approved by {name}, who {words}: it needs somebody else.")
    needed = json.loads((kept / PREPARATION).read_text(encoding="utf-8"))["approvals"]
    given = sum(one.action == ENDORSE for one in history)
    try:
        return session.record(APPROVE if given + 1 >= needed else ENDORSE, *entry.key, who=name, why=why)
    except TransitionError as error:
        raise ReleaseError(f"{error} Read its report first: vawg review {product}") from None


def lacking(session: Session, entry: Entry) -> int:
    """How many people must still approve a version that waits."""
    needed = json.loads((session.store.kept(*entry.key) / PREPARATION).read_text(encoding="utf-8"))["approvals"]
    return needed - sum(one.action in (ENDORSE, APPROVE) for one in session.ledger.since_prepared(*entry.key))


def approve_automatically(session: Session, entry: Entry) -> Entry | None:
    """Take a prepared version through review where its product's declaration asks for nobody; None where it asks for people, or
    where the report has blockers, which only people can judge."""
    kept = session.store.kept(*entry.key)
    needed = json.loads((kept / PREPARATION).read_text(encoding="utf-8"))["approvals"]
    blockers = json.loads((kept / REVIEW_DATA).read_text(encoding="utf-8"))["blockers"]
    if needed or blockers:
        return None
    if entry.after == PREPARED:
        session.record(REVIEW, *entry.key, who=AUTOMATIC, why="nobody has to approve it")
    return session.record(APPROVE, *entry.key, who=AUTOMATIC, why="made from nothing that is not public or made up, and the report has no blockers")


def check_package(session: Session, entry: Entry) -> None:
    """ReleaseError unless the package that waits is, byte for byte, the one that was prepared."""
    package = session.store.package(*entry.key)
    wrong = wrong_sums(package) if package.is_dir() else [f"{package} is gone"]
    if not wrong and package_digest(package) != entry.package:
        wrong = ["it is another package than was prepared"]
    if wrong:
        raise ReleaseError(f"{entry.product} {entry.version} cannot be used: {wrong[0]}. Withdraw it and prepare it again.")


def named(who: str) -> str:
    """A person's name as the ledger keeps it. ReleaseError where it is none."""
    name = " ".join(who.split())
    if _same(name, "") or _same(name, AUTOMATIC):
        raise ReleaseError("Say who you are, with --who: who did what is kept in the ledger, and is not published.")
    return name


def _same(one: str, other: str) -> bool:
    """Whether two names are one, however they were typed: in capitals, with more spaces, with an accent as a sign of its own, with signs that do not show."""
    names = ("".join(sign for sign in unicodedata.normalize("NFKC", name) if unicodedata.category(sign) != "Cf") for name in (one, other))
    return len({" ".join(name.casefold().split()) for name in names}) == 1
