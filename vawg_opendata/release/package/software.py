"""What a package was made with: software, versions of what writes its files, and the configuration. All of it is public.

The code is identified by its content, so that an altered checkout cannot pass for a release, with or without git. What a
package was made from is told by the descriptor's sources, and kept in the store for files that only the force has.
"""

import hashlib
import json
import platform
from dataclasses import asdict
from importlib.metadata import version

from vawg_opendata import __version__
from vawg_opendata.code import code_hash
from vawg_opendata.products.declaration import Product

WRITERS = ("duckdb", "highspy", "numpy", "pillow", "pyarrow", "scipy")
"""Libraries whose version can change the bytes of a package: they count, protect, draw or write."""


def configuration_hash(product: Product) -> str:
    """The SHA-256 of a product's declaration as JSON with sorted keys: its tables, policy and wording."""
    text = json.dumps(asdict(product), sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def reproduction(product: Product) -> dict:
    """What the descriptor says of how a package was made."""
    return {
        "software": {"name": "vawg-opendata", "version": __version__, "code": f"sha256:{code_hash()}"},
        "configuration": f"sha256:{configuration_hash(product)}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in WRITERS},
    }
