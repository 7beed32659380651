"""Successive releases and several audiences: what a reader of several releases learns, and what protects against her.

Belongs here: the attack on all releases together, and the protection of a new release given those that readers hold; and
what tables and lists of records of one audience tell together.
Does not belong here: the attack on one release (``intruder``) and its protection (``protection``), which this uses.
"""

from anonymisation.releases.attack import ReleaseAttack, ReleaseFinding, attack_releases
from anonymisation.releases.audiences import Audience, protect_audiences
from anonymisation.releases.joint import of_one_moment
from anonymisation.releases.lists import attack_releases_beside_lists, check_lists
from anonymisation.releases.protection import ReleaseRefusedError, protect_beside, protect_release
from anonymisation.releases.release import Release

__all__ = [
    "Audience",
    "Release",
    "ReleaseAttack",
    "ReleaseFinding",
    "ReleaseRefusedError",
    "attack_releases",
    "attack_releases_beside_lists",
    "check_lists",
    "of_one_moment",
    "protect_audiences",
    "protect_beside",
    "protect_release",
]
