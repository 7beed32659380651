"""What a package was made with: software, versions of what writes its files, and the configuration. All of it is public.

The code is identified by its content, so that an altered checkout cannot pass for a release, with or without git. What a
package was made from is told by the descriptor's sources, and kept in the store for files that only the force has.
"""

import hashlib
import json
import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from vawg_opendata import __version__
from vawg_opendata.code import code_hash
from vawg_opendata.products.declaration import Product
from vawg_opendata.release.files import sha256

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


def reproduction(product: Product) -> dict:
    """What the descriptor says of how a package was made."""
    return {
        "software": {"name": "vawg-opendata", "version": __version__, "code": f"sha256:{code_hash()}"},
        "configuration": f"sha256:{configuration_hash(product)}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in WRITERS},
    }
