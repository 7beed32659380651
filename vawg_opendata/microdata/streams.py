"""Random numbers and keys that only the holder of a secret can make, and makes again.

Belongs here: what is drawn and shuffled of records, and the keys that link them. Keys are random texts, or made of such, and no function of a record's
reference, so that whoever learns a secret still needs the records. Where a secret comes from belongs in `vawg_opendata.settings`.

A stream is SHAKE-256 (FIPS 202) over a key that HMAC-SHA-256 (RFC 2104) derives from the secret for one purpose: streams for different purposes,
such as the agreements with two partners, tell nothing of each other.
"""

import hashlib
import hmac
from collections.abc import Sequence

import numpy as np

KEY_BYTES = 10
_APART = "\x1f"


class Stream:
    """The stream of a secret for a purpose: the same for the same two, unpredictable without the secret."""

    def __init__(self, secret: bytes, *purpose: str) -> None:
        self._key = hmac.digest(secret, _APART.join(purpose).encode(), "sha256")

    def numbers(self, count: int) -> np.ndarray:
        """So many whole numbers of 64 bits, uniformly distributed."""
        return np.frombuffer(hashlib.shake_256(self._key).digest(8 * count), dtype="<u8")

    def keys(self, count: int) -> np.ndarray:
        """So many different texts of 20 hexadecimal digits. RuntimeError in the case, which is not to be expected, that two are equal."""
        text = hashlib.shake_256(self._key).digest(KEY_BYTES * count).hex()
        found = np.frombuffer(text.encode(), dtype=f"S{2 * KEY_BYTES}").astype(str)
        if np.unique(found).size < count:
            raise RuntimeError(f"two of {count} random keys are equal: give another secret")
        return found

    def keys_for(self, texts: Sequence[str]) -> list[str]:
        """Another text of 20 hexadecimal digits for each of these, always the same for the same one. RuntimeError as for `keys`."""
        found = [hmac.digest(self._key, text.encode(), "sha256").hex()[: 2 * KEY_BYTES] for text in texts]
        if len(set(found)) < len(set(texts)):
            raise RuntimeError(f"two of {len(texts)} random keys are equal: give another secret")
        return found
