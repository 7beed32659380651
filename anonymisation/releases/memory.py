"""What was worked out about systems of sums, so that the same question is answered once in a process.

Belongs here: remembering answers by what was asked.  Does not belong here: the questions (``verdicts``, ``guesses``).

A new release is attacked in every draft, and once more when its package is there, with each release before it: most of what is asked
has been asked before.  Answers follow from the question alone, so that it never matters whether one is remembered.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

import numpy as np

MOST_ANSWERS = 100_000
"""Answers that are remembered, the last asked for; each is small."""

Answer = TypeVar("Answer")

_answers: OrderedDict[bytes, object] = OrderedDict()


def asked_once(question: str, arrays: tuple[np.ndarray, ...], answer: Callable[[], Answer]) -> Answer:
    """The ``answer`` to a question about some arrays, which tell all that it depends on; it must not be changed."""
    digest = hashlib.blake2b(question.encode(), digest_size=32)
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    key = digest.digest()
    try:
        found = _answers.pop(key)
    except KeyError:
        found = answer()
    _answers[key] = found  # last, as what was asked last
    if len(_answers) > MOST_ANSWERS:
        _answers.popitem(last=False)
    return found
