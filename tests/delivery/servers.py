"""Real servers for the tests of delivery: SFTP by AsyncSSH and by OpenSSH, and an object store with the interface of S3."""

import asyncio
import json
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import pytest

from tests.delivery.network import free_port, wait_for
from tests.tools import tool

USER = "publisher"


@dataclass(frozen=True)
class SshServer:
    """An SFTP server: its port, the folder that it serves, and what a client needs to trust and to be trusted."""

    port: int
    root: Path
    folder: str
    user: str
    key_file: Path
    host_key: str

    def known_hosts(self, path: Path, port: int, host_key: str | None = None) -> Path:
        """A file by which the server is known at a port, with its own host key or another."""
        path.write_text(f"[127.0.0.1]:{port} {host_key or self.host_key}\n", encoding="utf-8")
        return path


def _keys(folder: Path) -> tuple[Path, Path]:
    """A host key and a client's key."""
    paths = []
    for name in ("host", "client"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        path = folder / f"{name}_key"
        key.write_private_key(str(path))
        key.write_public_key(f"{path}.pub")
        path.chmod(0o600)
        paths.append(path)
    return paths[0], paths[1]


def _public(path: Path) -> str:
    return " ".join(Path(f"{path}.pub").read_text(encoding="utf-8").split()[:2])


@contextmanager
def asyncssh_server(folder: Path) -> Iterator[SshServer]:
    """AsyncSSH's SFTP server, in a thread."""
    host, client = _keys(folder)
    root = folder / "served"
    root.mkdir()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    class Served(asyncssh.SFTPServer):
        def __init__(self, chan):
            super().__init__(chan, chroot=str(root).encode())

    async def listen():
        return await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[str(host)], authorized_client_keys=f"{client}.pub", sftp_factory=Served, allow_scp=False
        )

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    try:
        yield SshServer(server.get_port(), root, "/incoming/vawg", USER, client, _public(host))
    finally:
        loop.call_soon_threadsafe(server.close)
        asyncio.run_coroutine_threadsafe(server.wait_closed(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


@contextmanager
def openssh_server(folder: Path) -> Iterator[SshServer]:
    """OpenSSH's server. Skips the test that asks where it is not installed."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin")
    if program is None:
        pytest.skip("OpenSSH's server is not installed (Debian: openssh-server); the same test ran against AsyncSSH's")
    host, client = _keys(folder)
    root = folder / "served"
    root.mkdir()
    port = free_port()
    authorised = folder / "authorized_keys"
    shutil.copy(f"{client}.pub", authorised)
    settings = {
        "Port": port, "ListenAddress": "127.0.0.1", "HostKey": host, "AuthorizedKeysFile": authorised, "StrictModes": "no", "UsePAM": "no",
        "PasswordAuthentication": "no", "PidFile": folder / "pid", "Subsystem": "sftp internal-sftp", "PermitRootLogin": "yes",
    }  # fmt: skip
    (folder / "sshd_config").write_text("".join(f"{key} {value}\n" for key, value in settings.items()), encoding="utf-8")
    Path("/run/sshd").mkdir(exist_ok=True)  # a folder without which it does not start
    process = subprocess.Popen([program, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        yield SshServer(port, root, f"{root}/incoming/vawg", user, client, _public(host))
    finally:
        process.terminate()
        process.wait(10)


ACCESS_KEY, SECRET_KEY, BUCKET = "publisher", "a-secret-of-the-tests", "open-data"


@contextmanager
def object_store(folder: Path) -> Iterator[int]:
    """SeaweedFS with the interface of S3 and a bucket; gives its port. Skips where the program is not installed."""
    program = tool("bin/weed")
    identity = {"name": ACCESS_KEY, "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}], "actions": ["Admin", "Read", "Write", "List"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
    (folder / "data").mkdir()
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc")
    ports = dict(zip(names, {free_port() for _ in range(40)}, strict=False))
    command = [
        str(program), "-v=0", "server", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3",
        f"-s3.config={folder / 's3.json'}", "-master.volumeSizeLimitMB=64", "-volume.max=8", "-master.telemetry=false",
        "-s3.port.iceberg=0", "-s3.port.lance=0",  # their ports are fixed, so that of two servers at once one would end
        *(f"-{name}={port}" for name, port in ports.items()),
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        wait_for(ports["filer.port"])
        wait_for(ports["s3.port"])
        _make_bucket(ports["filer.port"])
        yield ports["s3.port"]
    finally:
        process.kill()  # it would take its time, and nothing of it is kept
        process.wait(20)


def _make_bucket(filer: int) -> None:
    """Make the bucket: a folder of the server's own file system. The server listens a moment before it can do it."""
    until = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{filer}/buckets/{BUCKET}/", method="POST"), timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
