"""Real servers that take alerts: an SMTP server, with TLS and a password where asked, and an HTTP server."""

import datetime
import ipaddress
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.delivery.network import free_port

FAR = "127.0.0.2"
"""This machine under an address that is not among those to which mail may go unencrypted."""


def certificate(folder: Path, *names: str) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate of its own for these addresses in `folder/certificate.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - datetime.timedelta(days=1), now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(one)) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, private)
    return context


class Mailbox:
    """Keeps what was mailed; refuses the recipients that it is told to."""

    def __init__(self, refused: tuple[str, ...] = ()) -> None:
        self.refused = refused
        self.letters: list[tuple[str, list[str], bytes]] = []

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in self.refused:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.letters.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 taken"


class _Started(Controller):
    """Is started once it accepts a connection; aiosmtpd would wait for a greeting, which a TLS handshake without a trusted certificate prevents."""

    def _trigger_server(self) -> None:
        socket.create_connection((self.hostname, self.port), timeout=5).close()


@contextmanager
def smtp(mailbox: Mailbox, host: str = "127.0.0.1", port: int = 0, **options) -> Iterator[int]:
    """An SMTP server at a free port, which it gives, or at the given one."""
    chosen = port or free_port()
    controller = _Started(mailbox, hostname=host, port=chosen, **options)
    controller.start()
    try:
        yield chosen
    finally:
        controller.stop()


def only(user: str, password: str):
    """Lets in this user alone."""

    def judge(server, session, envelope, mechanism, data) -> AuthResult:
        return AuthResult(handled=False, success=(data.login, data.password) == (user.encode(), password.encode()))

    return judge


@contextmanager
def webhook(status: int = 200, location: str = "") -> Iterator[tuple[int, list[dict]]]:
    """An HTTP server that answers with a status, and the bodies that were posted to it."""
    posted: list[dict] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, posted
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
