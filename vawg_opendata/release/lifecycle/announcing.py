"""Announcing: what will appear and when, told in advance, as the Code of Practice for Statistics asks.

An approved version that waits for its day is announced with the title of its product and the time, and nothing of what is in it: neither
numbers nor the version, which would tell how much has changed. What makes it appear belongs in `releasing`.
"""

import json

from vawg_opendata.release.files import remove_durably, replace_json
from vawg_opendata.release.lifecycle.ledger import Ledger
from vawg_opendata.release.lifecycle.states import APPROVED
from vawg_opendata.release.lifecycle.store import AUDIENCES, DESCRIPTOR, Store

ANNOUNCED = "announced.json"
"""In the folder of each audience for which there is anything to announce."""


def announce(store: Store, ledger: Ledger) -> None:
    """Bring the announcements of each audience to what the ledger says."""
    for audience in AUDIENCES:
        found = []
        for key in ledger.products():
            for entry in ledger.versions(*key).values():
                if entry.audience == audience and entry.after == APPROVED and entry.release_at:
                    descriptor = store.package(*entry.key) / DESCRIPTOR
                    if descriptor.is_file():
                        title = json.loads(descriptor.read_text(encoding="utf-8"))["title"]
                        found.append({"product": entry.product, "title": title, "at": entry.release_at})
        path = store.published / audience / ANNOUNCED
        if found:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_json(path, sorted(found, key=lambda one: (one["at"], one["product"])))
        elif path.is_file():
            remove_durably(path)
