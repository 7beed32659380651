"""A relay between a client and a server on this machine that breaks connections as a bad network does.

It runs in a process of its own: some clients hold the interpreter's lock while they wait for an answer.
"""

import contextlib
import itertools
import json
import os
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


_next = itertools.count(os.getpid())


def free_port() -> int:
    """A port that nobody listens on and nobody is given before its server is there: the system gives to others those from 32,768 on, and each
    process of the tests takes a thousand of its own."""
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = 10_000 + 1000 * (process % 20) + next(_next) % 1000
        with contextlib.suppress(OSError), socket.socket() as found:
            found.bind(("127.0.0.1", port))
            return port


def wait_for(port: int, seconds: float = 300.0) -> None:
    """Wait until somebody listens on a port."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


class Faults:
    """What befalls the next connections of a relay, one number for each, and what has befallen them."""

    def __init__(self, relay: subprocess.Popen) -> None:
        self._relay = relay

    def cut_after(self, *numbers: int) -> None:
        """Cut the next connections, each after so many bytes from the client; none, forget what was said before."""
        self._ask(cut_after=numbers)

    def silent_after(self, *numbers: int) -> None:
        """On the next connections that are not cut, pass nothing on any more after so many bytes from the client."""
        self._ask(silent_after=numbers)

    def hold_at(self, text: str) -> None:
        """On the next connection on which the client says a text, pass nothing on from there: neither that part nor what follows, until `let_go`."""
        self._ask(hold_at=[text])

    def let_go(self) -> None:
        """Pass on what is held."""
        self._ask(let_go=True)

    @property
    def count(self) -> dict[str, int]:
        """Numbers of `connections`, of those `cut`, of those `silenced` and of those `held`; and of `bytes` from the client."""
        return self._ask()

    def _ask(self, **said: object) -> dict[str, int]:
        self._relay.stdin.write(json.dumps(said) + "\n")
        self._relay.stdin.flush()
        return json.loads(self._relay.stdout.readline())


@contextmanager
def relay(upstream: int) -> Iterator[tuple[int, Faults]]:
    """A port that leads to the port `upstream`, and the faults on the way, none at first."""
    process = subprocess.Popen([sys.executable, __file__, str(upstream)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline()), Faults(process)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


class _Connection(socketserver.BaseRequestHandler):
    """One connection through the relay."""

    def handle(self) -> None:
        plan, count = self.server.plan, self.server.count
        count["connections"] += 1
        cut = plan["cut_after"].pop(0) if plan["cut_after"] else None
        silent = plan["silent_after"].pop(0) if cut is None and plan["silent_after"] else None
        with socket.create_connection(("127.0.0.1", self.server.upstream)) as there:
            for side in (there, self.request):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or each small answer waits for 40 ms
            threading.Thread(target=_pass_back, args=(there, self.request), daemon=True).start()
            passed, last = 0, b""
            while data := _receive(self.request):
                self._hold(last + data)
                last = data
                passed += len(data)
                count["bytes"] += len(data)
                if cut is not None and passed > cut:
                    count["cut"] += 1
                    break
                if silent is not None and passed > silent:
                    count["silenced"] += 1
                    while _receive(self.request):
                        pass
                    break
                there.sendall(data)
            for side in (there, self.request):
                with contextlib.suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)

    def _hold(self, said: bytes) -> None:
        """Wait, where this is what was to be held."""
        plan, count = self.server.plan, self.server.count
        if plan["hold_at"] and plan["hold_at"][0].encode() in said:
            del plan["hold_at"][0]
            plan["let_go"] = False
            count["held"] += 1
            while not plan["let_go"]:
                time.sleep(0.05)


def _receive(side: socket.socket) -> bytes:
    try:
        return side.recv(65536)
    except OSError:
        return b""


def _pass_back(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _run(upstream: int) -> None:
    """Be the relay, until nobody says anything more."""
    socketserver.ThreadingTCPServer.daemon_threads = True
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Connection)
    server.upstream = upstream
    server.plan = {"cut_after": [], "silent_after": [], "hold_at": [], "let_go": False}
    server.count = {"connections": 0, "cut": 0, "silenced": 0, "held": 0, "bytes": 0}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    for line in sys.stdin:
        server.plan |= json.loads(line)
        print(json.dumps(server.count), flush=True)


if __name__ == "__main__":
    _run(int(sys.argv[1]))
