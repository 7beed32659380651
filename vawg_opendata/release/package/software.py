"""What a package was made with: software, versions of what writes its files, and the configuration. All of it is public.

The code is identified by its content, so that an altered checkout cannot pass for a release, with or without git. What a
package was made from is told by one hash over all its input files and, of published files, by the descriptor's sources.
"""

import hashlib
import hmac
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from vawg_opendata import __version__
from vawg_opendata.code import code_hash
from vawg_opendata.products.declaration import Product
from vawg_opendata.release.files import sha256
from vawg_opendata.release.package.descriptor import InputFile

WRITERS = ("duckdb", "highspy", "numpy", "pillow", "pyarrow", "scipy")
"""Libraries whose version can change the bytes of a package: they count, protect, draw or write."""


def configuration_hash(product: Product) -> str:
    """The SHA-256 of a product's declaration as JSON with sorted keys: its tables, policy and wording. Of a file that it names, the name and the
    SHA-256 count, and not where it lies: the same declaration has the same hash in every checkout."""
    text = json.dumps(asdict(product), sort_keys=True, separators=(",", ":"), default=_named_file)
    return hashlib.sha256(text.encode()).hexdigest()


def _named_file(value: object) -> dict[str, str]:
    if not isinstance(value, Path):
        raise TypeError(f"{value!r} in the declaration of a product has no form that is the same everywhere")
    return {"file": value.name, "sha256": sha256(value)}


def inputs_digest(inputs: Sequence[InputFile], secret: bytes | None = None) -> str:
    """What tells the input files of a package from any others: the SHA-256 over a line `sha256  source/name` of each, sorted.

    With a secret it is keyed (HMAC, RFC 2104): who knows all of a file but one record could otherwise try which record it has.
    """
    lines = "".join(sorted(f"{file.sha256}  {file.source}/{file.name}\n" for file in inputs)).encode()
    if secret is None:
        return f"sha256:{hashlib.sha256(lines).hexdigest()}"
    keyed = hmac.digest(secret, b"input files\n" + lines, "sha256")
    return f"hmac-sha256:{keyed.hex()}"


def reproduction(product: Product, inputs: str = "") -> dict:
    """What the descriptor says of how a package was made; `inputs` is the digest of its input files, where it may be told."""
    return {
        "software": {"name": "vawg-opendata", "version": __version__, "code": f"sha256:{code_hash()}"},
        "configuration": f"sha256:{configuration_hash(product)}",
        **({"inputs": inputs} if inputs else {}),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in WRITERS},
    }
