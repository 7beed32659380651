"""Object stores, such as S3 and Azure Blob, through Apache OpenDAL.

A store shows an object whole or not at all, and OpenDAL sends large ones in parts and tries a failed part again. An upload
that breaks off leaves nothing that readers see; the object is then sent anew.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import TypeVar

import opendal
from opendal import exceptions, layers

from vawg_opendata.delivery.adapter import Item
from vawg_opendata.delivery.errors import DeliveryError, RefusedError, SourceError, TargetError, UnreachableError
from vawg_opendata.delivery.offer import BLOCK
from vawg_opendata.delivery.targets import ObjectStoreTarget
from vawg_opendata.delivery.tree import TreeLayout

_T = TypeVar("_T")

PART = 8 << 20  # larger than the 5 MiB that S3 asks of a part
_FAULTS = tuple(kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception))
"""All that OpenDAL raises: its errors have no common base."""

_FINAL = (exceptions.PermissionDenied, exceptions.ConfigInvalid, exceptions.Unsupported)


class ObjectStore(TreeLayout):
    """The adapter to a folder of a bucket or container."""

    def __init__(self, target: ObjectStoreTarget) -> None:
        self.target = target
        options = {**target.options, **{key: secret.read() for key, secret in target.secrets.items()}}
        options["root"] = f"/{options.get('root', '').strip('/')}/{target.folder.strip('/')}"
        # what the machine happens to know of other accounts must not decide where packages go
        options.setdefault("disable_config_load", "true")
        try:
            operator = opendal.Operator(target.service, **options)
        except _FAULTS as error:
            raise TargetError(f"Target {target.name}: {_words(error)}") from None
        timeout = layers.TimeoutLayer(timeout=target.timeout, io_timeout=target.timeout)
        self.operator = operator.layer(timeout).layer(layers.RetryLayer(max_times=2, max_delay=2.0, jitter=True))

    def held(self) -> Mapping[str, int]:
        """See `Adapter`."""
        entries = self._ask("list", lambda: list(self.operator.scan("/")))
        return {entry.path: entry.metadata.content_length for entry in entries if not entry.path.endswith("/")}

    def begin(self) -> None:
        """Nothing needs to be made ready: who may read a bucket is not decided here."""

    def digest(self, name: str) -> str:
        """See `Adapter`."""

        def read() -> str:
            digest = hashlib.sha256()
            with self.operator.open(name, "rb") as file:
                while block := file.read(BLOCK):
                    digest.update(block)
            return digest.hexdigest()

        return self._ask(name, read)

    def put(self, item: Item) -> None:
        """See `Adapter`."""

        def write() -> None:
            file = self.operator.open(item.name, "wb", chunk=PART)
            for block in item.source.blocks():
                file.write(block)
            file.close()

        try:
            self._ask(item.name, write)
        except SourceError:
            self.remove(item.name)  # what was sent of a file that changed must not stay
            raise

    def remove(self, name: str) -> None:
        """See `Adapter`."""
        self._ask(name, lambda: self.operator.delete(name))

    def finish(self) -> None:
        """Nothing is left behind that readers see."""

    def close(self) -> None:
        """Connections end by themselves."""

    def _ask(self, what: str, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except _FINAL as error:
            raise RefusedError(f"Target {self.target.name}, {what}: {_words(error)}") from None
        except DeliveryError:
            raise
        except (*_FAULTS, OSError) as error:
            raise UnreachableError(f"Target {self.target.name}, {what}: {_words(error)}") from None


def _words(error: Exception) -> str:
    """What an error says in its first line: the rest are headers and addresses, in which there can be a signature."""
    return str(error).split("\n", 1)[0] or type(error).__name__
