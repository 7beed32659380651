"""The layout of targets that hold files in folders: the folder of an audience as it is published.

Data come before what names them: of a version first its tables, then its descriptor, last its SHA256SUMS, which seals it, and so
for the packages that lie in it, which come before the version's own descriptor; then
what points to versions; `latest.json` last of all. So whoever follows a pointer finds a whole version.
"""

from collections.abc import Mapping

from vawg_opendata.delivery.adapter import Item, Wanted
from vawg_opendata.delivery.errors import ConflictError
from vawg_opendata.delivery.offer import Offer
from vawg_opendata.release.catalogue.writing import DATASET
from vawg_opendata.release.checks.loading import DESCRIPTOR
from vawg_opendata.release.files import SUMS

LATEST = "latest.json"
_OF_CURRENT = (LATEST, DATASET)  # files that a product has only while a version of it is offered


class TreeLayout:
    """What adapters to folders have in common."""

    def layout(self, offer: Offer) -> Wanted:
        """See `Adapter`."""
        items, seals = [], set()
        for version in offer.versions:
            folder = f"{version.product}/{version.number}"
            for path in sorted(version.files, key=_order):
                items.append(Item(f"{folder}/{path}", version.files[path]))
            if SUMS in version.files and version.released:
                seals.add(f"{folder}/{SUMS}")
        items += [Item(path, source) for path, source in offer.pointers.items()]
        return Wanted(tuple(items), frozenset(seals), frozenset(f"{product}/{LATEST}" for product in offer.products))

    def withdrawn(self, offer: Offer, held: Mapping[str, int]) -> list[str]:
        """Everything in the folders of withdrawn versions, the descriptor first, but for a tombstone that is whole; and what pointed
        to the current version of a product that has none any more."""
        gone = []
        for version in offer.versions:
            folder = f"{version.product}/{version.number}/"
            if not version.released:
                there = {name for name in held if name.startswith(folder)}
                tombstone = {folder + path for path in version.files}
                gone += sorted(there - tombstone if tombstone <= there else there, key=lambda name: (_name(name) != DESCRIPTOR, name.count("/"), name))
        names = [f"{product}/{name}" for product in offer.products for name in _OF_CURRENT]
        return [name for name in names if name in held and name not in offer.pointers] + gone

    def check(self, offer: Offer, held: Mapping[str, int]) -> None:
        """ConflictError where a product lies there that this audience is not offered: it may be meant for others, who had the place."""
        others = sorted({name.partition("/")[0] for name in held if name.endswith("/versions.json")} - set(offer.products))
        if others:
            raise ConflictError(
                f"The target holds {others[0]}, of which nothing is published for {offer.audience}. Find out whose it is, and remove it there "
                "if those who read the target must not have it. Nothing was sent."
            )


def _order(path: str) -> tuple:
    return path == SUMS, path == DESCRIPTOR, _name(path) == SUMS, _name(path) == DESCRIPTOR, path


def _name(path: str) -> str:
    return path.rpartition("/")[2]
