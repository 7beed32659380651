"""Delivery: published packages at the places where partners look for them.

    read_targets(path) -> {name: Target}                       targets as declared in a YAML file
    deliver(published, target, really=False) -> Delivery       bring a target to what its audience is offered, or say what it takes

A target gets what lies in `published/<its audience>/` and never anything else. Making packages, and deciding that they may be
seen, belongs in `release`; nothing here changes the published folder. The adapters need the extra `delivery`.
"""

from vawg_opendata.delivery.deliver import Delivery, Step, deliver
from vawg_opendata.delivery.errors import (
    ConflictError,
    DeliveryError,
    RefusedError,
    SourceError,
    TargetError,
    UnreachableError,
    UnverifiedError,
    WrongAudienceError,
)
from vawg_opendata.delivery.targets import Target, read_targets

__all__ = [
    "ConflictError",
    "Delivery",
    "DeliveryError",
    "RefusedError",
    "SourceError",
    "Step",
    "Target",
    "TargetError",
    "UnreachableError",
    "UnverifiedError",
    "WrongAudienceError",
    "deliver",
    "read_targets",
]
