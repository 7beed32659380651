"""The states of a version and the transitions between them: the one table that says what may happen next.

Nothing here reads or writes. That a transition happened, when, by whom and why is in the `ledger`; what it does to files
belongs in the modules that carry it out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PREPARED, IN_REVIEW, APPROVED, RELEASED, WITHDRAWN = "prepared", "in review", "approved", "released", "withdrawn"
NOTHING = ""
"""The state of a version that nobody has prepared."""

PENDING = (PREPARED, IN_REVIEW, APPROVED)
"""States of a version that readers do not have yet. A product has at most one such version."""

AUTOMATIC = "automatic"
"""Who acts where a product's declaration asks for nobody's approval."""


class TransitionError(ValueError):
    """An action that the state of a version does not allow; the message names version, state, action and what is allowed."""


@dataclass(frozen=True)
class Transition:
    """An action: the states from which it is allowed, and the state to which it leads."""

    allowed: tuple[str, ...]
    to: str


PREPARE, REVIEW, ENDORSE, APPROVE, RELEASE, WITHDRAW, ADOPT = "prepare", "review", "endorse", "approve", "release", "withdraw", "adopt"

TRANSITIONS: Mapping[str, Transition] = {
    PREPARE: Transition((NOTHING, WITHDRAWN), PREPARED),
    REVIEW: Transition((PREPARED,), IN_REVIEW),
    ENDORSE: Transition((IN_REVIEW,), IN_REVIEW),  # an approval where more than one is needed
    APPROVE: Transition((IN_REVIEW,), APPROVED),
    RELEASE: Transition((APPROVED,), RELEASED),
    WITHDRAW: Transition((*PENDING, RELEASED), WITHDRAWN),
    ADOPT: Transition((NOTHING,), RELEASED),  # found published where there was no ledger yet
}
"""Every action there is. A number that was withdrawn before readers had it may be prepared again, as another package; one
that readers had never is, because no later version gets a number that was published."""


def after(action: str, state: str, title: str) -> str:
    """The state after an action. TransitionError where the state of the version `title` does not allow it."""
    transition = TRANSITIONS[action]
    if state not in transition.allowed:
        allowed = [name for name, other in TRANSITIONS.items() if state in other.allowed and name != ENDORSE]
        raise TransitionError(
            f"{title} is {state or 'not there'}, so {action!r} is not allowed; what is: {', '.join(allowed) or 'nothing'}."
        )
    return transition.to
