"""Delivering: compare what an audience is offered with what is at a target, and bring the target there.

First goes what was withdrawn, before anything is compared or sent; then comes what is missing or differs, in the order of the
layout; each thing is read back from the target and must have its SHA-256. What is there already is left alone, so a
delivery that broke off goes on where it stopped, and a second one sends nothing. Without `really` nothing is changed.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from vawg_opendata.delivery.adapter import Adapter, Item, Wanted
from vawg_opendata.delivery.errors import ConflictError, TargetError, UnreachableError, UnverifiedError, WrongAudienceError
from vawg_opendata.delivery.offer import Offer, read_offer
from vawg_opendata.delivery.targets import CkanTarget, DataPressTarget, ObjectStoreTarget, SftpTarget, Target

_T = TypeVar("_T")

ATTEMPTS = 4
PUT, REMOVE = "send", "remove"


@dataclass(frozen=True)
class Step:
    """One change of a target: `action` is `send` or `remove`."""

    action: str
    name: str
    bytes: int = 0


@dataclass(frozen=True)
class Delivery:
    """What was done, or would be: the steps in their order, and how much was there already."""

    target: str
    audience: str
    done: bool
    steps: tuple[Step, ...]
    kept: int

    def lines(self) -> list[str]:
        """For people."""
        lines = [f"{step.action:6} {step.name}" + (f"  ({step.bytes:,} bytes)" if step.action == PUT else "") for step in self.steps]
        sent = sum(step.bytes for step in self.steps)
        words = "were sent and read back" if self.done else "would be sent; nothing was changed"
        removed = sum(step.action == REMOVE for step in self.steps)
        lines.append(
            f"{self.target} ({self.audience}): {len(self.steps) - removed} files, {sent:,} bytes, {words}; "
            f"{removed} {'' if self.done else 'would be '}removed; {self.kept} {'were' if self.done else 'are'} there already."
        )
        return lines


def deliver(published: Path, target: Target, *, really: bool, pause: Callable[[float], None] = time.sleep) -> Delivery:
    """Bring a target to what its audience is offered in the published folder, or say what that would take.

    Only `published/<audience of the target>/` is read. A DeliveryError leaves the target such that running again goes on.
    `pause` waits some seconds between attempts.
    """
    offer = read_offer(published, target.audience)
    return bring(adapter_of(target), target, offer, really=really, pause=pause)


def bring(adapter: Adapter, target: Target, offer: Offer, *, really: bool, pause: Callable[[float], None] = time.sleep) -> Delivery:
    """Bring a target to an offer through its adapter, which is closed at the end. WrongAudienceError unless both are for one audience."""
    try:
        if offer.audience != target.audience:
            raise WrongAudienceError(f"Target {target.name} is for {target.audience}; packages for {offer.audience} never go there. Nothing was sent.")
        again = _Attempts(pause)
        wanted = adapter.layout(offer)
        held = again(adapter.held)
        removals = adapter.withdrawn(offer, held)
        touched = {name.partition("/")[0] for name in removals}
        leads = [name for name in sorted(wanted.leads) if name in held and name not in removals and name.partition("/")[0] in touched]
        if really:
            again(adapter.begin)
            for name in (*leads, *removals):
                again(lambda name=name: adapter.remove(name))
        adapter.check(offer, held)
        missing = _missing(adapter, wanted, held, {*leads, *removals}, again)
        steps = [Step(REMOVE, name) for name in (*leads, *removals)] + [Step(PUT, item.name, item.source.bytes) for item in missing]
        if really:
            for item in missing:
                again(lambda item=item: _send(adapter, item))
            _all_there(wanted, again(adapter.held))
            again(adapter.finish)
        return Delivery(target.name, target.audience, really, tuple(steps), len(wanted.items) - len(missing))
    finally:
        adapter.close()


def adapter_of(target: Target) -> Adapter:
    """The adapter for a target. What it needs is imported here, because most runs need one of them at most."""
    try:
        if isinstance(target, ObjectStoreTarget):
            from vawg_opendata.delivery.object_store import ObjectStore

            return ObjectStore(target)
        if isinstance(target, SftpTarget):
            from vawg_opendata.delivery.sftp import Sftp

            return Sftp(target)
        if isinstance(target, DataPressTarget):
            from vawg_opendata.delivery.datapress import DataPress

            return DataPress(target)
        assert isinstance(target, CkanTarget)
        from vawg_opendata.delivery.ckan import Ckan

        return Ckan(target)
    except ModuleNotFoundError as error:
        raise TargetError(f"Target {target.name} needs {error.name}: install vawg-opendata with its extra `delivery`.") from None


def _missing(adapter: Adapter, wanted: Wanted, held: Mapping[str, int], gone: set[str], again: "_Attempts") -> list[Item]:
    """The items that are not at the target as they must be. ConflictError where a sealed version there is not the one here."""
    sealed = set()
    for item in wanted.items:
        if item.name in wanted.seals and item.name in held:
            if held[item.name] != item.source.bytes or again(lambda item=item: adapter.digest(item.name)) != item.source.sha256:
                folder = item.name.rsplit("/", 1)[0]
                raise ConflictError(f"{folder} at the target is not the {folder} that is published here. Versions never change: find out whose it is. Nothing was sent.")
            sealed.add(item.name.rsplit("/", 1)[0] + "/")
    missing = []
    for item in wanted.items:
        there = held.get(item.name) == item.source.bytes and item.name not in gone
        if there and any(item.name.startswith(folder) for folder in sealed):
            continue  # it was read back before its version was sealed
        if not there or again(lambda item=item: adapter.digest(item.name)) != item.source.sha256:
            missing.append(item)
    return missing


def _send(adapter: Adapter, item: Item) -> None:
    adapter.put(item)
    if adapter.digest(item.name) != item.source.sha256:
        raise UnverifiedError(f"{item.name} was sent, and what the target gives back is something else.")


def _all_there(wanted: Wanted, held: Mapping[str, int]) -> None:
    """UnverifiedError where what was there, and was read back, is there no more: a target may lose one file to another."""
    lost = [item.name for item in wanted.items if held.get(item.name) != item.source.bytes]
    if lost:
        raise UnverifiedError(f"{', '.join(lost)}: was at the target, and is no more as it was. Run the delivery again, and ask whoever runs the target.")


class _Attempts:
    """Calls that are tried again, each time after a longer pause, while what fails is the way to the target or what came of it."""

    def __init__(self, pause: Callable[[float], None]) -> None:
        self.pause = pause

    def __call__(self, call: Callable[[], _T]) -> _T:
        for attempt in range(1, ATTEMPTS):
            try:
                return call()
            except (UnreachableError, UnverifiedError):
                self.pause(2.0**attempt)
        return call()
