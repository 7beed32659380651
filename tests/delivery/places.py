"""Targets of tests that hold files in folders: what to declare, and what a reader finds there, seen past our own code."""

import shutil
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import opendal

from tests.delivery.network import Faults, relay
from tests.delivery.servers import ACCESS_KEY, BUCKET, SECRET_KEY, SshServer
from vawg_opendata.delivery.targets import ObjectStoreTarget, SftpTarget, Target


@dataclass
class SftpPlace:
    """A folder of an SFTP server."""

    server: SshServer
    port: int
    faults: Faults
    folder: Path

    resumes = True

    @classmethod
    @contextmanager
    def at(cls, server: SshServer, folder: Path, monkeypatch: Any):
        """A folder of its own, which is empty at the end."""
        with relay(server.port) as (port, faults):
            yield cls(server, port, faults, folder)
        shutil.rmtree(server.root)
        server.root.mkdir()

    def target(self, **changed: Any) -> Target:
        """The declared target."""
        known = self.server.known_hosts(self.folder / "known_hosts", self.port, changed.pop("host_key", None))
        declared = {
            "kind": "sftp", "name": "place", "audience": "datastore", "host": "127.0.0.1", "port": self.port, "user": self.server.user,
            "known_hosts": str(known), "key_file": str(self.server.key_file), "folder": self.server.folder, "timeout": 10.0,
        }  # fmt: skip
        return SftpTarget.model_validate(declared | changed)

    @property
    def served(self) -> Path:
        """The folder on the server's disk."""
        return self.server.root / "incoming" / "vawg"

    def files(self) -> dict[str, bytes]:
        """All that readers can see. Hidden names are those of unfinished uploads."""
        return {
            path.relative_to(self.served).as_posix(): path.read_bytes()
            for path in self.served.rglob("*") if path.is_file() and not path.name.startswith(".")
        }  # fmt: skip

    def change(self, name: str, content: bytes) -> None:
        """Change a file behind our back."""
        (self.served / name).write_bytes(content)


@dataclass
class ObjectStorePlace:
    """A folder of a bucket."""

    server: int
    port: int
    faults: Faults
    folder: str

    resumes = False

    @classmethod
    @contextmanager
    def at(cls, server: int, folder: Path, monkeypatch: Any):
        """A folder of its own."""
        monkeypatch.setenv("PLACE_ACCESS", ACCESS_KEY)
        monkeypatch.setenv("PLACE_SECRET", SECRET_KEY)
        with relay(server) as (port, faults):
            yield cls(server, port, faults, uuid.uuid4().hex)

    def target(self, **changed: Any) -> Target:
        """The declared target."""
        declared = {
            "kind": "object-store", "name": "place", "audience": "datastore", "service": "s3", "folder": self.folder, "timeout": 10.0,
            "options": {"endpoint": f"http://127.0.0.1:{self.port}", "bucket": BUCKET, "region": "us-east-1"},
            "secrets": {"access_key_id": {"env": "PLACE_ACCESS"}, "secret_access_key": {"env": "PLACE_SECRET"}},
        }  # fmt: skip
        return ObjectStoreTarget.model_validate(declared | changed)

    @property
    def _reader(self) -> opendal.Operator:
        return opendal.Operator(
            "s3", endpoint=f"http://127.0.0.1:{self.server}", bucket=BUCKET, region="us-east-1", root=f"/{self.folder}",
            access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY,
        )  # fmt: skip

    def files(self) -> dict[str, bytes]:
        """All that readers can see."""
        return {entry.path: bytes(self._reader.read(entry.path)) for entry in self._reader.scan("/") if not entry.path.endswith("/")}

    def change(self, name: str, content: bytes) -> None:
        """Change an object behind our back."""
        self._reader.write(name, content)
