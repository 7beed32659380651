"""The channels of alerts: the log, e-mail over SMTP, a webhook. One of them is chosen by the setting VAWG_ALERTS.

    log                                                             the log of the process; the default
    smtp://user@mail.example:587/?from=vawg@force.example&to=a@force.example,b@force.example
    smtps://user@mail.example:465/?from=...&to=...                  TLS from the first byte; smtp:// begins it with STARTTLS
    https://hooks.example/...                                       the alert as JSON, by POST; `text` is what chats show

The password of the mail account is VAWG_ALERTS_PASSWORD. An address can itself be a secret (a webhook's is), so no message here
repeats it. Nothing is sent unencrypted, but to this machine itself.
"""

import http.client
import json
import logging
import os
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from vawg_opendata.alerts.alert import Alert
from vawg_opendata.problems import RunError
from vawg_opendata.settings import SettingsError

LOG = logging.getLogger("vawg_opendata.alerts")
TIMEOUT = 20.0
_HERE = ("127.0.0.1", "::1", "localhost")
_EXAMPLES = "log, smtps://user@mail.example/?from=vawg@force.example&to=team@force.example, or https://hooks.example/..."


class AlertError(RunError):
    """An alert that did not reach its channel. The message names the kind of channel and of the fault, no address and no data."""


class Channel(Protocol):
    """A way to tell somebody."""

    def send(self, alert: Alert) -> None:
        """Tell it. AlertError unless the other side has taken it."""
        ...


class Log:
    """The log of the process, for those who collect logs."""

    def send(self, alert: Alert) -> None:
        """See `Channel`."""
        LOG.error("%s", alert.text)


@dataclass(frozen=True)
class Mail:
    """E-mail over SMTP. `tls` from the first byte, else by STARTTLS; without either only to this machine."""

    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    tls: bool
    user: str = ""
    password: str = field(default="", repr=False)

    def send(self, alert: Alert) -> None:
        """See `Channel`. Every recipient must be taken."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, ", ".join(self.recipients), alert.subject
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2] or None)
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: so that nobody's absence note answers it
        message.set_content(alert.text, cte="7bit")  # a line as it is, so that people can search for it
        context = ssl.create_default_context()
        try:
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=context) if self.tls else smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
            with closing(server):
                if not self.tls and self.host not in _HERE:
                    server.starttls(context=context)
                if self.user:
                    server.login(self.user, self.password)
                refused = server.send_message(message)
                server.quit()
        except (OSError, ValueError, smtplib.SMTPException) as error:
            raise AlertError(f"The alert could not be mailed: {type(error).__name__}. Look at the mail server of VAWG_ALERTS.") from None
        if refused:
            raise AlertError(f"The mail server refused {len(refused)} of the {len(self.recipients)} recipients of VAWG_ALERTS.")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An alert goes to the address that was given, and nowhere that the answer points to."""

    def redirect_request(self, *_) -> None:
        return None


@dataclass(frozen=True)
class Webhook:
    """An address that takes the alert as JSON."""

    url: str = field(repr=False)

    def send(self, alert: Alert) -> None:
        """See `Channel`."""
        body = json.dumps(alert.plain).encode()
        request = urllib.request.Request(self.url, data=body, headers={"Content-Type": "application/json"}, method="POST")
        try:
            urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT).close()
        except urllib.error.HTTPError as error:
            raise AlertError(f"The webhook of VAWG_ALERTS answered {error.code}.") from None
        except (OSError, ValueError, http.client.HTTPException) as error:  # an address or an answer that cannot be read is quoted in its error
            reason = error.reason if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError) else error
            raise AlertError(f"The webhook of VAWG_ALERTS could not be told: {type(reason).__name__}.") from None


def channel(environment: Mapping[str, str] = os.environ) -> Channel:
    """The channel of VAWG_ALERTS. SettingsError, which repeats nothing of it, when it is none."""
    chosen = environment.get("VAWG_ALERTS") or "log"
    if chosen == "log":
        return Log()
    try:
        address = urlsplit(chosen)
        port = address.port
    except ValueError:
        raise SettingsError(f"VAWG_ALERTS is no address; give one such as {_EXAMPLES}.") from None
    host = address.hostname or ""
    if address.scheme in ("https", "http") and host:
        if address.scheme == "http" and host not in _HERE:
            raise SettingsError("VAWG_ALERTS is an address without encryption; give one that begins with https://.")
        return Webhook(chosen)
    if address.scheme in ("smtp", "smtps") and host:
        return _mail(address.scheme == "smtps", host, port, unquote(address.username or ""), parse_qs(address.query), environment)
    raise SettingsError(f"VAWG_ALERTS is not a channel; give one such as {_EXAMPLES}.")


def _mail(tls: bool, host: str, port: int | None, user: str, query: dict[str, list[str]], environment: Mapping[str, str]) -> Mail:
    sender, recipients = query.get("from", []), [one.strip() for part in query.get("to", []) for one in part.split(",") if one.strip()]
    if set(query) != {"from", "to"} or len(sender) != 1 or not all("@" in one and one.isprintable() for one in (*sender, *recipients)):
        raise SettingsError(f"VAWG_ALERTS must say from whom and to whom mail goes, such as {_EXAMPLES}.")
    password = environment.get("VAWG_ALERTS_PASSWORD", "")
    if user and not password:
        raise SettingsError("VAWG_ALERTS names a user of the mail server; give the password in VAWG_ALERTS_PASSWORD.")
    return Mail(host, port or (465 if tls else 587), sender[0], tuple(recipients), tls, user, password)
