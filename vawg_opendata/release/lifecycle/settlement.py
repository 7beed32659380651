"""Settling: making what readers see agree with the ledger, whatever an earlier run left undone.

The order in which versions are released is: the package whole in the store; one rename into the published folder; the entry in
the ledger; `versions.json`, the table of revisions and the catalogue; `latest.json` last. Withdrawing is: the entry in the
ledger; `latest.json` and `versions.json`; the revisions, pages and files made from packages go; one rename back into the store; the tombstone. A run can die between any two of these,
and settling does what is left. It decides nothing: a package that nobody approved is not released here.
"""

import json
import shutil
from datetime import datetime
from pathlib import Path

from vawg_opendata.release.catalogue.writing import write_catalogue
from vawg_opendata.release.errors import ReleaseError
from vawg_opendata.release.files import (
    SUMS,
    make_durable,
    make_folder,
    remove_durably,
    remove_unfinished,
    rename_durably,
    sha256,
    write_json,
    write_sums,
    wrong_sums,
)
from vawg_opendata.release.changes.revisions import NAME as REVISIONS
from vawg_opendata.release.changes.revisions import write_revisions
from vawg_opendata.release.lifecycle.announcing import announce
from vawg_opendata.release.lifecycle.ledger import Entry, Ledger, utc_text
from vawg_opendata.release.lifecycle.states import ADOPT, APPROVED, AUTOMATIC, NOTHING, PENDING, RELEASE, RELEASED, WITHDRAWN
from vawg_opendata.release.lifecycle.store import COMBINED, DESCRIPTOR, TOMBSTONE, Store
from vawg_opendata.release.lifecycle.versions import is_version, listed, point_latest, versions_list, write_list


def settle(store: Store, ledger: Ledger, staging: Path, now: datetime) -> None:
    """Bring the published folder to what the ledger says. ReleaseError where that cannot be done without a person: what is withdrawn
    is gone by then, and nothing else that readers see has changed."""
    _begin_anew(store, ledger)
    _take_withdrawn_away(store, ledger, staging)
    _adopt(store, ledger, now)
    _complete_renames(store, ledger, now)
    _remove_leftovers(store, ledger)
    for folder in (store.published, *store.published.glob("*/*")):
        remove_unfinished(folder)
    shown = _lists(ledger)
    for (audience, product), versions in shown.items():
        _check_folders(store, audience, product, versions)  # of all, before anything is written
    for (audience, product), versions in shown.items():
        write_list(store.home(audience, product), versions)
        write_revisions(store.home(audience, product), versions)
    if shown:
        write_catalogue(store.published)
    for (audience, product), versions in shown.items():
        point_latest(store.home(audience, product), versions)
    announce(store, ledger)


def had_by_readers(ledger: Ledger) -> list[Entry]:
    """The newest entry of each version that readers have or have had."""
    seen = {entry.key for entry in ledger.entries if entry.after == RELEASED}
    return [entry for key in ledger.products() for entry in ledger.versions(*key).values() if entry.key in seen]


def _lists(ledger: Ledger) -> dict[tuple[str, str], list[dict]]:
    """By audience and product, what `versions.json` says; without products of which readers never had anything."""
    lists = {key: versions_list([entry for entry in ledger.entries if entry.key[:2] == key]) for key in ledger.products()}
    return {key: versions for key, versions in lists.items() if versions}


def _begin_anew(store: Store, ledger: Ledger) -> None:
    """Where all that was published was removed by hand, begin a new ledger if it was made up; nobody can be harmed by it."""
    had = had_by_readers(ledger)
    if not had or any(store.visible(*entry.key).exists() for entry in had) or any(store.published.glob("*/*/versions.json")):
        return
    if any(entry.after in PENDING for key in ledger.products() for entry in ledger.versions(*key).values()):
        return
    if not all(entry.synthetic for entry in had):
        raise ReleaseError(
            f"{store.published} is empty, and by {store.ledger} readers have {had[-1].product} {had[-1].version}. What follows must be "
            f"protected beside it: put the folder back from a backup. If nobody ever had it, remove {store.root} as well."
        )
    for audience, product, version in store.versions():
        shutil.rmtree(store.kept(audience, product, version))
    store.ledger.rename(store.ledger.with_name(f"ledger-{ledger.entries[-1].hash[:12]}.jsonl"))
    ledger.entries.clear()


def _adopt(store: Store, ledger: Ledger, now: datetime) -> None:
    """Enter versions that were published before there was a ledger."""
    known = set(ledger.products())
    for listing in sorted(store.published.glob("*/*/versions.json")):
        audience, product = listing.parent.relative_to(store.published).parts
        if (audience, product) in known:
            continue
        for entry in reversed(listed(listing.parent)):
            version, folder = entry["version"], store.visible(audience, product, entry["version"])
            if entry["status"] != RELEASED:
                raise ReleaseError(f"{product} {version} was withdrawn, and {store.ledger} knows nothing of it. Put {store.root} back from a backup.")
            _check(folder, f"{product} {version}")
            ledger.append(
                Entry(
                    at=utc_text(now),
                    audience=audience,
                    product=product,
                    version=version,
                    action=ADOPT,
                    who=AUTOMATIC,
                    account="",
                    why="found published when the ledger began",
                    package=sha256(folder / SUMS),
                    synthetic=bool(json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8")).get("synthetic", False)),
                )
            )


def _complete_renames(store: Store, ledger: Ledger, now: datetime) -> None:
    """Enter as released what was approved and had been moved to readers when the run died."""
    for key in ledger.products():
        for entry in ledger.versions(*key).values():
            visible = store.visible(*entry.key)
            if was_moved(store, entry):
                _check(visible, f"{entry.product} {entry.version}", entry.package)
                fields = {name: getattr(entry, name) for name in ("audience", "product", "version", "package", "synthetic", "release_at")}
                why = "completes a release that was interrupted after its last check"
                ledger.append(Entry(at=utc_text(now), action=RELEASE, who=AUTOMATIC, account="", why=why, **fields))


def was_moved(store: Store, entry: Entry) -> bool:
    """Whether readers have what is approved, because the run that released it died before it said so in the ledger."""
    return entry.after == APPROVED and store.visible(*entry.key).is_dir() and not store.package(*entry.key).exists()


def _remove_leftovers(store: Store, ledger: Ledger) -> None:
    """Remove preparations that never got into the ledger, and packages that were withdrawn before readers had them."""
    had = {entry.key for entry in had_by_readers(ledger)}
    for audience, product, version in store.versions():
        entry = ledger.last(audience, product, version)
        if (entry.after if entry else NOTHING) not in PENDING and (audience, product, version) not in had:
            shutil.rmtree(store.kept(audience, product, version))


def _check_folders(store: Store, audience: str, product: str, versions: list[dict]) -> None:
    """ReleaseError for a version that is gone, one that was withdrawn by an entry that the ledger has lost, or a folder that nobody released."""
    names = {entry["version"] for entry in versions}
    for entry in versions:
        version, folder = entry["version"], store.visible(audience, product, entry["version"])
        if entry["status"] == RELEASED and (folder / TOMBSTONE).is_file():
            raise ReleaseError(
                f"{folder} says that {product} {version} was withdrawn, and {store.ledger} that it is released: the ledger has lost entries at its end. "
                "Put it back from a backup, or withdraw the version again: vawg withdraw."
            )
        if not folder.is_dir():
            raise ReleaseError(
                f"{product} {version} is {entry['status']}, and its folder {folder} is gone. Put it back from a backup. To take a version away from "
                "readers: vawg withdraw."
            )
    for folder in sorted(store.home(audience, product).iterdir()):
        if folder.is_dir() and is_version(folder.name) and folder.name not in names:
            raise ReleaseError(f"{folder} was released by nobody: the ledger {store.ledger} does not know it. Remove the folder and publish again.")


def _check(folder: Path, title: str, digest: str = "") -> None:
    """ReleaseError unless a package has the hashes that it states, and is the one that was approved."""
    wrong = wrong_sums(folder)
    if not wrong and digest and sha256(folder / SUMS) != digest:
        wrong = [f"its {SUMS} is not the one that was approved"]
    if wrong:
        raise ReleaseError(f"{title} is damaged: {wrong[0]}. Remove {folder}, or put it back from a backup, and publish again.")


def _take_withdrawn_away(store: Store, ledger: Ledger, staging: Path) -> None:
    """Take away what the ledger says is withdrawn, whatever else may be wrong with what is published."""
    for (audience, product), versions in _lists(ledger).items():
        withdrawn = [entry["version"] for entry in versions if entry["status"] == WITHDRAWN]
        if any(_has_data(store.visible(audience, product, version)) for version in withdrawn):
            home = store.home(audience, product)
            point_latest(home, versions)  # before the folder to which it points goes
            write_list(home, versions)
            remove_durably(home / REVISIONS)  # it quotes them
        for version in withdrawn:
            _take_away(store, ledger.last(audience, product, version), staging)


def _has_data(folder: Path) -> bool:
    """Whether a folder of a withdrawn version has anything but a tombstone: a package that was damaged may lack any of its files."""
    return folder.is_dir() and not (folder / TOMBSTONE).is_file()


def _take_away(store: Store, entry: Entry, staging: Path) -> None:
    """Move a withdrawn version from the published folder into the store, and put its tombstone in its place."""
    visible, kept = store.visible(*entry.key), store.package(*entry.key)
    if _has_data(visible):
        _take_pages_away(store)
        make_folder(kept.parent)
        # A copy that a backup has put back is not wanted: the version itself is kept already.
        rename_durably(visible, staging / "-".join(entry.key) if kept.exists() else kept)
    if visible.is_dir():
        return
    grave = staging / "tombstone"
    grave.mkdir()
    write_json(grave / TOMBSTONE, {"product": entry.product, "version": entry.version, "status": WITHDRAWN, "withdrawn": entry.at, "reason": entry.why})
    lines = [
        f"# {entry.product} {entry.version} was withdrawn",
        "",
        f"It was withdrawn on {entry.at[:10]}, and its files were removed. The reason: {entry.why}",
        "",
        "If you hold a copy, please do not use it or pass it on. The file `latest.json` in the folder above names the version to use instead, if there is one.",
        "",
    ]
    (grave / "README.md").write_text("\n".join(lines), encoding="utf-8", newline="\n")
    write_sums(grave)
    make_durable(grave)
    rename_durably(grave, visible)


def _take_pages_away(store: Store) -> None:
    """Remove what was made from packages and shows what they hold; it is made again, without what was withdrawn, by whoever asks for it."""
    if store.site.is_dir():
        shutil.rmtree(store.site)
    for path in store.published.glob(f"*/{COMBINED}"):
        remove_durably(path)
