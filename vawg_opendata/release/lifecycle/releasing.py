"""Releasing: an approved version appears to readers, at once or from its time on, and withdrawing one takes it back.

An approved package is moved, never built again: readers get the bytes that were approved. What was released or withdrawn since it
was prepared can make it disclose what it did not: then it is attacked again, and refused if that succeeds.
"""

import json
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from vawg_opendata.release.checks.audit import audit_new
from vawg_opendata.release.errors import ReleaseError
from vawg_opendata.release.files import make_folder, rename_durably
from vawg_opendata.release.lifecycle.approval import check_package, named
from vawg_opendata.release.lifecycle.ledger import Entry
from vawg_opendata.release.lifecycle.preparing import PREPARATION, held_by_readers, history
from vawg_opendata.release.lifecycle.session import Session
from vawg_opendata.release.lifecycle.settlement import was_moved
from vawg_opendata.release.lifecycle.states import APPROVED, AUTOMATIC, RELEASE, RELEASED, WITHDRAW, WITHDRAWN, TransitionError, after

APPEARANCE = time(9, 30, tzinfo=ZoneInfo("Europe/London"))
"""The time of day at which official statistics appear, by the Code of Practice for Statistics."""


def release_time(day: date) -> datetime:
    """The moment at which a version that is announced for a day appears, in UTC."""
    return datetime.combine(day, APPEARANCE).astimezone(UTC)


def in_words(release_at: str) -> str:
    """The moment at which a version appears, as the ledger has it, in words and in the time of London."""
    moment = datetime.fromisoformat(release_at).astimezone(APPEARANCE.tzinfo)
    return f"at {moment:%H:%M} on {moment.day} {moment:%B %Y}, London time"


def release(session: Session, entry: Entry, who: str) -> Entry:
    """Let an approved version appear. ReleaseError before its time, when it is not the package that was approved, when the version
    that its changes are told from is no longer the newest, or when it gives something away beside what was published since."""
    title = f"{entry.product} {entry.version}"
    try:
        after(RELEASE, entry.after, title)
    except TransitionError as error:
        raise ReleaseError(str(error)) from None
    if not is_due(session, entry):
        raise ReleaseError(f"{title} appears {in_words(entry.release_at)}, and not before.")
    check_package(session, entry)
    preparation = json.loads((session.store.kept(*entry.key) / PREPARATION).read_text(encoding="utf-8"))
    past = history(session.store, session.ledger.entries, entry.audience, entry.product)
    if preparation["since"] != (past.newest.name if past.newest else ""):
        raise ReleaseError(f"{title} tells what changed since {preparation['since']}, which is not the newest any more. Withdraw it and prepare it again.")
    package = session.store.package(*entry.key)
    if held_by_readers(past) != preparation["held"]:
        report = audit_new(package, past.held)
        if not report.ok:
            raise ReleaseError(f"{title} was not released: beside what was published since, the audit found {len(report.faults())} faults.", report.faults())
    target = session.store.visible(*entry.key)
    make_folder(target.parent)
    rename_durably(package, target)
    entry = session.record(RELEASE, *entry.key, who=who, why="its time has come" if entry.release_at else "it is approved")
    session.settle()
    return entry


def is_due(session: Session, entry: Entry) -> bool:
    """Whether the time of an approved version has come. ReleaseError where the clock cannot be right: then it lifts no embargo."""
    if not entry.release_at:
        return True
    newest = max(one.at for one in session.ledger.entries)
    if session.now < datetime.fromisoformat(newest).replace(microsecond=0):
        raise ReleaseError(
            f"The clock says {session.now:%Y-%m-%dT%H:%M:%SZ}, and the ledger has an entry of {newest}: the clock is or was wrong, so nothing under "
            "embargo is released. Set the clock."
        )
    return session.now >= datetime.fromisoformat(entry.release_at)


def due(session: Session) -> list[Entry]:
    """The approved versions that were announced for a time which has come, those of all products. One that was not waits for whoever names it."""
    entries = [entry for key in session.ledger.products() for entry in session.ledger.versions(*key).values()]
    return [entry for entry in entries if entry.after == APPROVED and entry.release_at and is_due(session, entry)]


def release_due(session: Session, who: str) -> tuple[list[Entry], list[ReleaseError]]:
    """Let all versions appear whose time has come, those of all products, and say which did, and why the others did not: one that must not
    appear holds up no other."""
    released, refused = [], []
    for entry in due(session):
        try:
            released.append(release(session, entry, who))
        except ReleaseError as error:
            refused.append(error)
    return released, refused


def audiences_of(session: Session, product: str, version: str) -> list[str]:
    """The audiences that have, or are to have, a version of this name and number, by the ledger: a product that is declared no more, or for others
    now, has versions to withdraw all the same. Those of withdrawn ones only where there is no other. ReleaseError when there is no such version."""

    def entries() -> list[Entry]:
        found = (session.ledger.last(audience, name, version) for audience, name in session.ledger.products() if name == product)
        return [entry for entry in found if entry is not None]

    if not entries():
        session.settle()  # what was published before there was a ledger is entered in it
    found = entries()
    if not found:
        raise ReleaseError(f"There is no version {version} of {product}.")
    return [entry.audience for entry in found if entry.after != WITHDRAWN] or [entry.audience for entry in found]


def withdraw(session: Session, audience: str, product: str, version: str, who: str, why: str) -> list[str]:
    """Take a version back, released or not. `why` is published; `who` is not.

    Of a released one the data go at once, a tombstone with the reason stays, and `latest` moves. Returns the released versions whose
    `changes.json` quotes counts of it: where those must not be seen either, they are to be withdrawn as well.
    """
    entry = session.ledger.last(audience, product, version)
    if entry is None:
        raise ReleaseError(f"There is no version {version} of {product}.")
    if not why.strip():
        raise ReleaseError("Say why, with --why: it is published in place of the version.")
    who = named(who)
    if was_moved(session.store, entry):  # or the ledger would say that readers never had it, and it would stay with them
        entry = session.record(RELEASE, *entry.key, who=AUTOMATIC, why="completes a release that was interrupted, so that it can be withdrawn")
    was = entry.after
    try:
        session.record(WITHDRAW, *entry.key, who=who, why=" ".join(why.split()))
    except TransitionError as error:
        raise ReleaseError(str(error)) from None
    try:
        session.settle()
    except ReleaseError as error:
        raise ReleaseError(f"{product} {version} is withdrawn, and readers do not have it any more. Something else is wrong: {error}") from error
    if was != RELEASED:
        return []
    versions = session.ledger.versions(audience, product)
    quoting = []
    for other in (name for name, one in versions.items() if one.after == RELEASED):
        changes = json.loads((session.store.visible(audience, product, other) / "changes.json").read_text(encoding="utf-8"))
        quoting += [other] if changes["since"] == version else []
    return quoting
