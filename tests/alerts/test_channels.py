"""Each channel against a real server: what arrives, what is refused, and what is said when it fails."""

import email
import email.policy
import logging
import socket
from threading import Thread

import pytest

from tests.alerts.servers import FAR, Mailbox, certificate, only, smtp, webhook
from tests.delivery.network import free_port
from vawg_opendata.alerts import Alert, AlertError, FailedStep, channel
from vawg_opendata.settings import SettingsError

ALERT = Alert("0f8fad5b-d9cb-469f-a165-70867728950e", "publish", "2026-11-21 09:00 UTC", "2026-10", (FailedStep("read_records", "LandingError"),))
ADDRESSES = "from=vawg@force.example&to=one@force.example,two@force.example"


def letter(mailbox: Mailbox) -> email.message.EmailMessage:
    ((_, _, content),) = mailbox.letters
    return email.message_from_bytes(content, policy=email.policy.default)


def test_without_a_setting_the_log_has_it(caplog):
    with caplog.at_level(logging.ERROR):
        channel({}).send(ALERT)
    assert "read_records: LandingError" in caplog.text and ALERT.run in caplog.text


def test_a_mail_reaches_everybody_and_says_what_failed_and_where_to_look():
    mailbox = Mailbox()
    with smtp(mailbox) as port:
        channel({"VAWG_ALERTS": f"smtp://127.0.0.1:{port}/?{ADDRESSES}"}).send(ALERT)
    sender, recipients, _ = mailbox.letters[0]
    assert sender == "vawg@force.example" and recipients == ["one@force.example", "two@force.example"]
    made = letter(mailbox)
    assert made["Subject"] == "Run 0f8fad5b of the job publish failed for 2026-10"
    assert made["Auto-Submitted"] == "auto-generated"
    assert "- read_records: LandingError" in made.get_content() and f"Runs, {ALERT.run}" in made.get_content()


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_password_is_sent_encrypted_only(scheme, tmp_path, monkeypatch):
    """By STARTTLS, or with TLS from the first byte; and to nobody whose certificate is not trusted."""
    context, mailbox = certificate(tmp_path, FAR), Mailbox()
    options = {"authenticator": only("vawg", "a-secret"), "auth_required": True}
    options |= {"ssl_context": context, "auth_require_tls": False} if scheme == "smtps" else {"tls_context": context, "require_starttls": True}
    with smtp(mailbox, FAR, **options) as port:
        chosen = {"VAWG_ALERTS": f"{scheme}://vawg@{FAR}:{port}/?{ADDRESSES}", "VAWG_ALERTS_PASSWORD": "a-secret"}
        with pytest.raises(AlertError, match="SSLCertVerificationError"):
            channel(chosen).send(ALERT)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        channel(chosen).send(ALERT)
        with pytest.raises(AlertError, match="SMTPAuthenticationError") as refused:
            channel(chosen | {"VAWG_ALERTS_PASSWORD": "another"}).send(ALERT)
        with pytest.raises(AlertError, match="UnicodeEncodeError"):
            channel(chosen | {"VAWG_ALERTS_PASSWORD": "p\u00e4ssword"}).send(ALERT)
    assert len(mailbox.letters) == 1
    assert "another" not in str(refused.value) and FAR not in str(refused.value)


def test_nothing_is_mailed_to_a_server_that_cannot_encrypt():
    mailbox = Mailbox()
    with smtp(mailbox, FAR) as port, pytest.raises(AlertError, match="SMTPNotSupportedError"):
        channel({"VAWG_ALERTS": f"smtp://{FAR}:{port}/?{ADDRESSES}"}).send(ALERT)
    assert mailbox.letters == []


def test_one_recipient_refused_is_told_though_the_others_have_it():
    mailbox = Mailbox(refused=("two@force.example",))
    with smtp(mailbox) as port, pytest.raises(AlertError, match="refused 1 of the 2"):
        channel({"VAWG_ALERTS": f"smtp://127.0.0.1:{port}/?{ADDRESSES}"}).send(ALERT)
    assert mailbox.letters[0][1] == ["one@force.example"]


def test_a_webhook_gets_it_as_json():
    with webhook() as (port, posted):
        channel({"VAWG_ALERTS": f"http://127.0.0.1:{port}/hooks/a-secret"}).send(ALERT)
    assert posted == [ALERT.plain]
    assert posted[0]["steps"] == [{"step": "read_records", "kind": "LandingError", "checks": []}] and ALERT.subject in posted[0]["text"]


@pytest.mark.parametrize("status", [301, 307, 403, 500])
def test_a_webhook_that_does_not_take_it_is_told_without_its_address(status):
    """Not even where it points elsewhere."""
    with webhook() as (other, elsewhere), webhook(status, f"http://127.0.0.1:{other}/") as (port, posted):
        with pytest.raises(AlertError, match=f"answered {status}") as failed:
            channel({"VAWG_ALERTS": f"http://127.0.0.1:{port}/hooks/a-secret"}).send(ALERT)
    assert len(posted) == 1 and elsewhere == []
    assert "a-secret" not in str(failed.value)


@pytest.mark.parametrize("address", ["smtp://127.0.0.1:{}/?" + ADDRESSES, "http://127.0.0.1:{}/a-secret"])
def test_a_server_that_is_not_there_is_told(address):
    with pytest.raises(AlertError, match="ConnectionRefusedError") as failed:
        channel({"VAWG_ALERTS": address.format(free_port())}).send(ALERT)
    assert "127.0.0.1" not in str(failed.value)


@pytest.mark.parametrize("path", ["a-secret", "a secret", "a-secr\u00e9t"])
def test_a_webhook_that_answers_in_no_language_or_whose_address_is_none_is_told_without_either(path):
    """Python quotes the line, or the address, in the error."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=lambda: [_answer(server.accept()[0], b"Xanthippe\r\n\r\n")], daemon=True)
        if path == "a-secret":
            thread.start()
        with pytest.raises(AlertError, match="The webhook of VAWG_ALERTS could not be told") as failed:
            channel({"VAWG_ALERTS": f"http://127.0.0.1:{server.getsockname()[1]}/{path}"}).send(ALERT)
    assert "secr" not in str(failed.value) and "Xanthippe" not in str(failed.value)


def _answer(connection: socket.socket, words: bytes) -> None:
    with connection:
        connection.recv(65536)
        connection.sendall(words)


@pytest.mark.parametrize(
    "chosen",
    [
        "pager", "http://hooks.example/secret-word", "smtp://mail.example/", f"smtp://mail.example/?{ADDRESSES}&cc=secret-word@x", "https:///secret-word",
        "smtp://mail.example:secret-word/", f"smtps://secret-word@mail.example/?{ADDRESSES}", "smtp://mail.example/?from=secret-word&to=a@b",
        "smtp://mail.example/?from=a@b&to=secret-word%0aBcc:x@y",
    ],
)  # fmt: skip
def test_a_setting_that_is_no_channel_is_refused_and_not_repeated(chosen):
    with pytest.raises(SettingsError, match="VAWG_ALERTS") as refused:
        channel({"VAWG_ALERTS": chosen})
    assert "secret-word" not in str(refused.value)


def test_a_channel_that_is_printed_shows_no_secret():
    made = channel({"VAWG_ALERTS": f"smtps://user@mail.example/?{ADDRESSES}", "VAWG_ALERTS_PASSWORD": "secret-word"})
    hook = channel({"VAWG_ALERTS": "https://hooks.example/secret-word"})
    assert "secret-word" not in repr(made) + repr(hook)


@pytest.mark.parametrize("word", ["Xanthippe O'Neill", "victim: \u00c6thelfl\u00e6d", "a\nb", "'quoted'", "x" * 300])
def test_a_name_that_code_would_not_have_is_not_told(word):
    """Whatever a class, a step or a partition is called in a fault that nobody foresaw."""
    alert = Alert(word, word, "2026-11-21 09:00 UTC", word, (FailedStep(word, word, (word,)),))
    assert word not in alert.text and word not in str(alert.plain)
