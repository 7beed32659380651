"""Preparing: the first action on a version. A package is built beside all that readers have, and kept for those who approve it.

What approving asks for belongs in `approval`; building itself in `package.building`.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from vawg_opendata.products.declaration import Product
from vawg_opendata.products.wording import SOURCE_WORDING
from vawg_opendata.release.changes.comparison import Changes, compare
from vawg_opendata.release.checks.audit import AuditReport
from vawg_opendata.release.errors import ReleaseError
from vawg_opendata.release.files import make_durable, make_folder, rename_durably, write_json
from vawg_opendata.release.lifecycle.ledger import Entry, utc_text
from vawg_opendata.release.lifecycle.review import review_report, review_text
from vawg_opendata.release.lifecycle.session import Session, account, package_digest
from vawg_opendata.release.lifecycle.states import APPROVED, PREPARE, PREPARED, RELEASED, WITHDRAW, WITHDRAWN
from vawg_opendata.release.lifecycle.store import DESCRIPTOR, Store
from vawg_opendata.release.lifecycle.versions import order
from vawg_opendata.release.package.building import Built, Content, History, build

PREPARATION, REVIEW_DATA, REVIEW_TEXT = "preparation.json", "review.json", "review.md"


@dataclass(frozen=True)
class PublishedVersion:
    """What a run made of a product. Without `is_new` the content equals that of `version`, which stays as it is.

    `folder` is where its package is: below the published folder once its `state` is released, in the store until then.
    """

    product: str
    audience: str
    version: str
    folder: Path
    is_new: bool
    changes: Changes
    audit: AuditReport
    state: str = RELEASED


def prepare(
    session: Session, content: Content, *, who: str, note: str = "", bump: str = "", release_at: datetime | None = None
) -> PublishedVersion:
    """Build the next version of a product and enter it as prepared, by `who` or else by the account that runs this.

    A version that waits already is kept where the content and the time asked for are the same, and replaced where they are not, unless it is
    approved. What replaces it appears at its time where no other is given: an embargo is not lifted by leaving it out. `note` tells readers why
    the version is as it is. ReleaseError when a check objects; nothing is kept then.
    """
    product = content.product
    past = history(session.store, session.ledger.entries, product.audience, product.name)
    waiting = session.pending(product.audience, product.name)
    fresh = session.staging / "prepared"
    built = build(content, past, fresh / "package", note=note, bump=bump)
    at = utc_text(release_at) if release_at else waiting.release_at if waiting else ""
    if waiting is not None and at == waiting.release_at and built.is_new and _equals(session.store.package(*waiting.key), fresh / "package", built):
        shutil.rmtree(fresh)
        return PublishedVersion(
            product.name, product.audience, waiting.version, session.store.package(*waiting.key), False, built.changes, built.audit, waiting.after
        )
    if waiting is not None:
        _replace(session, waiting)
    version = built.changes.version
    if not built.is_new:
        shutil.rmtree(fresh)
        return PublishedVersion(
            product.name, product.audience, version, session.store.visible(product.audience, product.name, version), False, built.changes, built.audit
        )
    _describe(session, content, built, past, fresh)
    kept = session.store.kept(product.audience, product.name, version)
    make_folder(kept.parent)
    rename_durably(fresh, kept)
    session.record(
        PREPARE,
        product.audience,
        product.name,
        version,
        who=who or account(),
        why=note or (f"{built.changes.bump} change since {built.changes.since}" if built.changes.since else "first version"),
        package=package_digest(kept / "package"),
        synthetic=content.synthetic,
        release_at=at,
    )
    return PublishedVersion(product.name, product.audience, version, kept / "package", True, built.changes, built.audit, PREPARED)


def approvals_needed(product: Product, sources: set[str], synthetic: bool) -> int:
    """How many people must approve a version, by its product's declaration and the sources that it was made from."""
    if synthetic:
        return 0
    restricted = any(not SOURCE_WORDING[source].path for source in sources)
    return product.approval.restricted if restricted else product.approval.public


def history(store: Store, entries: list[Entry], audience: str, product: str) -> History:
    """What readers have when a version of a product is built, by these entries of the ledger."""
    versions: dict[tuple[str, str, str], Entry] = {}
    for entry in entries:
        if entry.after == RELEASED or entry.key in versions:
            versions[entry.key] = entry
    own = sorted((entry for key, entry in versions.items() if key[:2] == (audience, product)), key=lambda entry: order(entry.version), reverse=True)
    released = [entry for entry in own if entry.after == RELEASED]
    # In the order of `published_folders`: by audience and product, newest first.
    held = sorted(versions, key=lambda key: (key[0], key[1], *(-part for part in order(key[2]))))
    return History(
        newest=_place(store, released[0]) if released else None,
        withdrawn=tuple((_place(store, entry), entry.why) for entry in own if entry.after == WITHDRAWN),
        highest=own[0].version if own else "",
        held=tuple(_place(store, versions[key]) for key in held),
        own=tuple(_place(store, entry) for entry in own),
    )


def held_by_readers(past: History) -> list[dict]:
    """The versions of a history, told apart by what they hold; as kept in the preparation."""
    return [{"folder": "/".join(_names(folder)), "package": package_digest(folder)} for folder in past.held]


def _names(folder: Path) -> tuple[str, ...]:
    described = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
    return described["audience"], described["name"], described["version"]


def _place(store: Store, entry: Entry) -> Path:
    """Where the package of a version is that readers have or have had."""
    visible = store.visible(*entry.key)
    return visible if (visible / DESCRIPTOR).is_file() else store.package(*entry.key)


def _equals(waiting: Path, folder: Path, built: Built) -> bool:
    """Whether a package that waits is what was built again; of one that is gone, no."""
    if not waiting.is_dir():
        return False
    old = json.loads((waiting / DESCRIPTOR).read_text(encoding="utf-8"))
    same_note = json.loads((waiting / "changes.json").read_text(encoding="utf-8"))["note"] == built.changes.note
    return old["version"] == built.changes.version and same_note and not compare(waiting, old, folder, built.descriptor).bump


def _replace(session: Session, waiting: Entry) -> None:
    """Take back a version that waits, because the content of its product, or the time at which it is to appear, is another now."""
    if waiting.after == APPROVED:
        raise ReleaseError(
            f"{waiting.product} {waiting.version} is approved and waits for its release, and its content or its time is another now. Release it or "
            "withdraw it first."
        )
    session.record(WITHDRAW, *waiting.key, who=account(), why="replaced by another preparation before readers had it")
    kept = session.store.kept(*waiting.key)
    if kept.is_dir():
        shutil.rmtree(kept)


def _describe(session: Session, content: Content, built: Built, past: History, fresh: Path) -> None:
    """Write what is kept beside the package: how it was made, and the reviewer's report."""
    sources = set(content.outline.sources.values())
    preparation = {
        "approvals": approvals_needed(content.product, sources, content.synthetic),
        "entries": len(session.ledger.entries),
        "since": built.changes.since,
        "note": built.changes.note,
        "bump": built.changes.bump,
        "held": held_by_readers(past),
        "inputs": [asdict(file) for file in content.inputs],
        "origin": dict(content.origin),
    }
    write_json(fresh / PREPARATION, preparation)
    report = review_report(fresh / "package", past.newest, built.changes, built.audit, preparation)
    write_json(fresh / REVIEW_DATA, report)
    (fresh / REVIEW_TEXT).write_text(review_text(report), encoding="utf-8", newline="\n")
    make_durable(fresh)


