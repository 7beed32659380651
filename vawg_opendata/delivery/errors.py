"""The errors of delivery. A message names target, file and what to do; never a secret, never what a file holds."""


from vawg_opendata.problems import RunError


class DeliveryError(RunError):
    """A delivery that did not end as asked. What is at the target is whole; running again goes on from there."""


class TargetError(DeliveryError):
    """A target that is not declared as it must be; nothing was sent."""


class WrongAudienceError(DeliveryError):
    """A package of one audience was about to reach a target of another; nothing was sent."""


class SourceError(DeliveryError):
    """The published folder is not whole, or changed while it was being delivered."""


class ConflictError(DeliveryError):
    """The target holds something else under a name that is ours: a person must look."""


class UnverifiedError(DeliveryError):
    """What the target gives back is not what was sent."""


class UnreachableError(DeliveryError):
    """The target did not answer, broke off or failed; trying again may help."""


class RefusedError(DeliveryError):
    """The target refused: a key, a right, a name or a host key is wrong; trying again does not help."""
