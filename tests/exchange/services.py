"""PostgreSQL and Redis from Debian's packages, started for the tests; they skip, saying so, where the packages are not installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.delivery.network import free_port, wait_for

USER, PASSWORD = "dagster", "a-secret-of-the-tests"


def postgres_programs() -> Path:
    """The folder of PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    return found[-1].parent


def _unprivileged(folder: Path) -> list[str]:
    """What a command begins with so that PostgreSQL, which refuses to be root, is not; the folder becomes that user's."""
    if os.getuid() != 0:
        return []
    shutil.chown(folder, "postgres", "postgres")
    for parent in folder.parents:  # pytest's folders are closed to others
        if parent.stat().st_uid == 0 and str(parent) not in ("/", "/tmp"):
            parent.chmod(parent.stat().st_mode | 0o011)
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


@contextmanager
def postgres(folder: Path) -> Iterator[dict[str, str]]:
    """A PostgreSQL server of its own; gives the variables by which `deploy/dagster.yaml` finds it."""
    programs = postgres_programs()
    folder.mkdir()
    before, port = _unprivileged(folder), free_port()
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    (folder / "password").chmod(0o644)
    options = [f"--pgdata={folder}/data", f"--username={USER}", f"--pwfile={folder}/password", "--auth=scram-sha-256", "--no-sync"]
    subprocess.run([*before, str(programs / "initdb"), *options], check=True, stdout=subprocess.DEVNULL, cwd="/")
    settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off", "shared_buffers": "16MB"}
    command = [*before, str(programs / "postgres"), "-D", f"{folder}/data", *(f"-c{key}={value}" for key, value in settings.items())]
    with (folder.parent / "postgres.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
    try:
        wait_for(port)
        yield {"DAGSTER_PG_HOST": "127.0.0.1", "DAGSTER_PG_PORT": str(port), "DAGSTER_PG_USER": USER, "DAGSTER_PG_PASSWORD": PASSWORD, "DAGSTER_PG_DB": "postgres"}
    finally:
        process.terminate()
        process.wait(30)


def dump(environment: Mapping[str, str], path: Path) -> None:
    """Write all that the PostgreSQL server of these variables holds to a file, as SQL."""
    address = [f"--host={environment['DAGSTER_PG_HOST']}", f"--port={environment['DAGSTER_PG_PORT']}", f"--username={environment['DAGSTER_PG_USER']}"]
    command = [str(postgres_programs() / "pg_dump"), *address, "--inserts", environment["DAGSTER_PG_DB"]]
    with path.open("wb") as file:
        subprocess.run(command, env=os.environ | {"PGPASSWORD": environment["DAGSTER_PG_PASSWORD"]}, stdout=file, check=True)


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis server; gives its address."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Redis is not installed (Debian: redis-server)")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(30)
