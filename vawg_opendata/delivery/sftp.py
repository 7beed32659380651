"""SFTP servers, through Paramiko.

A file is sent under a hidden name that holds its hash, read back, and only then renamed to its own name, which replaces what
was there in one step (the extension posix-rename of OpenSSH's protocol). An upload that broke off goes on where it
stopped, in the next attempt or the next run. A server whose host key is not the known one is not talked to.
"""

import hashlib
import posixpath
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import paramiko

from vawg_opendata.delivery.adapter import Item
from vawg_opendata.delivery.errors import DeliveryError, RefusedError, TargetError, UnreachableError, UnverifiedError
from vawg_opendata.delivery.offer import BLOCK
from vawg_opendata.delivery.targets import SftpTarget
from vawg_opendata.delivery.tree import TreeLayout

_T = TypeVar("_T")

PART = ".part-"

class Sftp(TreeLayout):
    """The adapter to a folder of an SFTP server. It connects when it is first asked, and again after a broken connection."""

    def __init__(self, target: SftpTarget) -> None:
        self.target = target
        self.folder = "/" + target.folder.strip("/") if target.folder.startswith("/") else target.folder.strip("/") or "."
        self._client: paramiko.SSHClient | None = None
        self._sftp: paramiko.SFTPClient | None = None
        for what, path in (("known_hosts", target.known_hosts), ("key_file", target.key_file)):
            if path and not Path(path).expanduser().is_file():
                raise TargetError(f"Target {target.name}: there is no file {path} ({what}).")
        self._password = target.password.read() if target.password else None
        self._passphrase = target.passphrase.read() if target.passphrase else None

    def held(self) -> Mapping[str, int]:
        """See `Adapter`; what broken uploads left is not among it."""
        return {name: size for name, size in self._ask("list", lambda sftp: self._walk(sftp, "")).items() if PART not in posixpath.basename(name)}

    def begin(self) -> None:
        """Make the folder."""
        self._ask("folder", lambda sftp: self._make(sftp, self.folder))

    def digest(self, name: str) -> str:
        """See `Adapter`."""
        return self._ask(name, lambda sftp: _sha256(sftp, self._path(name)))

    def put(self, item: Item) -> None:
        """See `Adapter`."""
        self._ask(item.name, lambda sftp: self._put(sftp, item))

    def remove(self, name: str) -> None:
        """See `Adapter`."""

        def remove(sftp: paramiko.SFTPClient) -> None:
            if _size(sftp, self._path(name)) is not None:
                sftp.remove(self._path(name))

        self._ask(name, remove)

    def finish(self) -> None:
        """Remove what broken uploads of other contents left."""

        def tidy(sftp: paramiko.SFTPClient) -> None:
            for name in self._walk(sftp, ""):
                if PART in posixpath.basename(name):
                    sftp.remove(self._path(name))

        self._ask("tidy", tidy)

    def close(self) -> None:
        """See `Adapter`."""
        if self._client is not None:
            self._client.close()
        self._client = self._sftp = None

    def _put(self, sftp: paramiko.SFTPClient, item: Item) -> None:
        path = self._path(item.name)
        folder, name = posixpath.split(path)
        part = posixpath.join(folder, f".{name}{PART}{item.source.sha256[:32]}")
        self._make(sftp, folder)
        done = _size(sftp, part)
        if done is None or done > item.source.bytes:
            sftp.open(part, "w").close()
            done = 0
        with sftp.open(part, "r+") as file:
            file.seek(done)
            file.set_pipelined(True)
            for block in item.source.blocks(done):
                file.write(block)
        if _sha256(sftp, part) != item.source.sha256:
            sftp.remove(part)  # nothing to go on from
            raise UnverifiedError(f"Target {self.target.name}: {item.name} was sent, and what the server has is something else.")
        sftp.posix_rename(part, path)

    def _walk(self, sftp: paramiko.SFTPClient, below: str) -> dict[str, int]:
        """Sizes of all files, by path relative to the folder; empty where the folder is not there yet."""
        found: dict[str, int] = {}
        try:
            entries = sftp.listdir_attr(self._path(below))
        except FileNotFoundError:
            return {}
        for entry in sorted(entries, key=lambda entry: entry.filename):
            name = posixpath.join(below, entry.filename)
            if stat.S_ISDIR(entry.st_mode or 0):
                found |= self._walk(sftp, name)
            else:
                found[name] = entry.st_size or 0
        return found

    def _make(self, sftp: paramiko.SFTPClient, folder: str) -> None:
        """Make a folder and those above it."""
        if folder and folder != "/" and _size(sftp, folder) is None:
            self._make(sftp, posixpath.dirname(folder))
            sftp.mkdir(folder)

    def _path(self, name: str) -> str:
        return posixpath.join(self.folder, name) if name else self.folder

    def _connected(self) -> paramiko.SFTPClient:
        if self._sftp is not None:
            return self._sftp
        target = self.target
        client = paramiko.SSHClient()
        client.load_host_keys(str(Path(target.known_hosts).expanduser()))
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        self._client = client
        client.connect(
            target.host,
            target.port,
            target.user,
            password=self._password,
            passphrase=self._passphrase,
            key_filename=str(Path(target.key_file).expanduser()) if target.key_file else None,
            allow_agent=False,
            look_for_keys=False,
            timeout=target.timeout,
            banner_timeout=target.timeout,
            auth_timeout=target.timeout,
            channel_timeout=target.timeout,
        )
        self._sftp = client.open_sftp()
        self._sftp.get_channel().settimeout(target.timeout)
        return self._sftp

    def _ask(self, what: str, call: Callable[[paramiko.SFTPClient], _T]) -> _T:
        """Ask the server; after any fault the next question goes over a new connection."""
        try:
            return call(self._connected())
        except DeliveryError:
            raise
        except (paramiko.SSHException, OSError, EOFError) as error:
            self.close()
            kind = RefusedError if _is_final(error) else UnreachableError
            raise kind(f"Target {self.target.name}, {what}: {str(error) or type(error).__name__}") from None


def _size(sftp: paramiko.SFTPClient, path: str) -> int | None:
    """The size of a file or folder, None where there is none."""
    try:
        return sftp.stat(path).st_size or 0
    except FileNotFoundError:
        return None


def _sha256(sftp: paramiko.SFTPClient, path: str) -> str:
    digest = hashlib.sha256()
    with sftp.open(path, "r") as file:
        file.prefetch(file.stat().st_size)
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _is_final(error: Exception) -> bool:
    """Whether the server, or we, will say no the next time as well. Two cases are told apart by words alone: Paramiko has one
    class for an unknown host and for a broken connection, and one for a wrong key and for a connection that broke meanwhile."""
    if isinstance(error, paramiko.AuthenticationException):
        return "transport shut down" not in str(error)
    return isinstance(error, (paramiko.BadHostKeyException, PermissionError)) or "not found in known_hosts" in str(error)
