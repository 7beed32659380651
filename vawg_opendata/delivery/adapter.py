"""The interface that every kind of target is reached by, and what is asked of it.

An adapter knows how to talk to one kind of target and under which names things lie there. In which order it is asked, what
is left alone and what is tried again is decided in `deliver`, once for all. A further kind of target is one more adapter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from vawg_opendata.delivery.offer import Offer, Source


@dataclass(frozen=True)
class Item:
    """Something that must be at the target under a name. `description` is for people, where a target shows any."""

    name: str
    source: Source
    description: str = ""


@dataclass(frozen=True)
class Wanted:
    """What must be at the target when all is done.

    `items` in the order in which they are sent. `seals` are those of them that are sent after all else that begins like them up
    to the last slash: what has its seal is complete. `leads` go first when something of their product is withdrawn, because they
    may lead to it. The product is what a name begins with, up to the first slash.
    """

    items: tuple[Item, ...]
    seals: frozenset[str] = frozenset()
    leads: frozenset[str] = frozenset()


class Adapter(Protocol):
    """One target. Every call either does all it says or raises a DeliveryError; UnreachableError where trying again may help."""

    def layout(self, offer: Offer) -> Wanted:
        """What of an offer must be at this target, under which names and in which order."""
        ...

    def held(self) -> Mapping[str, int]:
        """What is there: sizes in bytes by name."""
        ...

    def withdrawn(self, offer: Offer, held: Mapping[str, int]) -> list[str]:
        """The names, of those held, of what the offer no longer has, in the order in which they must go."""
        ...

    def check(self, offer: Offer, held: Mapping[str, int]) -> None:
        """ConflictError where what is there must not be there beside the offer."""
        ...

    def begin(self) -> None:
        """Make the target ready for the first change, such as setting who may see it."""
        ...

    def digest(self, name: str) -> str:
        """The SHA-256 of what a reader gets, read back from the target."""
        ...

    def put(self, item: Item) -> None:
        """Add or replace. Goes on where an interrupted call for the same content stopped, as far as the target allows."""
        ...

    def remove(self, name: str) -> None:
        """Remove. Nothing happens where there is nothing."""
        ...

    def finish(self) -> None:
        """Do what is left when all is there: say which version it is, remove what broken uploads left."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...
