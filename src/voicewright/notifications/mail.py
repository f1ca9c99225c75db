"""A mail, and a connection to the server that takes it.

    with MailServer.of(settings).connect() as connection:
        connection.send(mail)

Nothing here waits longer than `TIMEOUT_S` for an answer, nor `DEADLINE_S` for a connection as a whole.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import unquote, urlsplit

from voicewright.notifications.errors import MailInvalid, MailRefused, MailServerUnavailable

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from voicewright.settings import Settings

TIMEOUT_S: Final = 10.0
DEADLINE_S: Final = 60.0
MOST_SUBJECT_CHARACTERS: Final = 200

_FORBIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LASTING: Final = range(500, 600)
"""Answers of a server that stay the same next time."""
_SPECIAL: Final = re.compile(r'[\s@<>()\[\],;:\\"]')
_PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address.

    Raises:
        MailInvalid: its address or subject can't be in a header.
    """

    to_address: str
    subject: str
    body: str

    def __post_init__(self) -> None:
        for name, text in (("address", self.to_address), ("subject", self.subject)):
            if not text.strip() or any(unicodedata.category(character) in _FORBIDDEN for character in text):
                raise MailInvalid(f"The {name} of a mail is one line of text without control characters.")
        if len(self.subject) > MOST_SUBJECT_CHARACTERS:
            raise MailInvalid(f"The subject of a mail has at most {MOST_SUBJECT_CHARACTERS} characters.")
        _address(self.to_address)

    def message(self, *, sender: str, mail_id: uuid.UUID, at: datetime) -> EmailMessage:
        """As it goes over the wire."""
        message = EmailMessage(policy=policy.SMTP)
        message["From"] = _address(sender)
        message["To"] = _address(self.to_address)
        message["Subject"] = self.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{mail_id}@{_address(sender).domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.body)
        return message


class _Limited(smtplib.SMTP):
    """Ends after a while although the server goes on answering, a letter at a time, for ever."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._deadline = threading.Timer(DEADLINE_S, self._cut)
        self._deadline.daemon = True
        self._deadline.start()
        try:
            super().__init__(*args, **options)
        except BaseException:
            self._deadline.cancel()
            raise

    def close(self) -> None:
        self._deadline.cancel()
        super().close()

    def _cut(self) -> None:
        sock: socket.socket | None = getattr(self, "sock", None)
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _Plain(_Limited):
    pass


class _Encrypted(_Limited, smtplib.SMTP_SSL):
    pass


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails go, and from whom."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    is_tls: bool
    """Encrypted from the beginning; otherwise as soon as the server offers it."""
    sender: str

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The one of the settings; None: no mail is sent."""
        if settings.smtp_url is None or settings.mail_from is None:
            return None
        url = urlsplit(settings.smtp_url.get_secret_value())
        return cls(
            host=url.hostname or "",
            port=url.port or _PORTS[url.scheme],
            user=unquote(url.username or ""),
            password=unquote(url.password or ""),
            is_tls=url.scheme == "smtps",
            sender=settings.mail_from,
        )

    @contextmanager
    def connect(self) -> Iterator[MailConnection]:
        """A connection, ready to send.

        Raises:
            MailServerUnavailable: it can't be reached, hangs up or does not answer; also from the block.
            MailRefused: it does not let this program in.
        """
        with self._words(), self._open() as smtp:
            smtp.ehlo_or_helo_if_needed()
            if not self.is_tls and smtp.has_extn("starttls"):
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            if self.user:
                if not isinstance(smtp.sock, ssl.SSLSocket) and not _is_here(smtp.sock):
                    raise MailRefused(
                        f"The mail server {self.host} offers no encryption, and the password is not sent "
                        "without. Use smtps://."
                    )
                smtp.login(self.user, self.password)
            yield MailConnection(smtp, self)

    def _open(self) -> smtplib.SMTP:
        if self.is_tls:
            context = ssl.create_default_context()
            return _Encrypted(self.host, self.port, timeout=TIMEOUT_S, context=context)
        return _Plain(self.host, self.port, timeout=TIMEOUT_S)

    @contextmanager
    def _words(self) -> Iterator[None]:
        try:
            yield
        except smtplib.SMTPAuthenticationError as error:
            raise MailRefused(
                f"The mail server {self.host} does not take the user and the password: {_said(error)}."
            ) from error
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise MailServerUnavailable(f"The mail server {self.host} is away: {_said(error)}.") from error


class MailConnection:
    """An open connection to a mail server."""

    def __init__(self, smtp: smtplib.SMTP, server: MailServer) -> None:
        self._smtp = smtp
        self._server = server

    def send(self, mail: Mail, *, mail_id: uuid.UUID, at: datetime) -> None:
        """Hand a mail over.

        Raises:
            MailRefused: the server does not want it, now or later; the connection goes on.
            MailServerUnavailable: the server asks to try again later; the connection goes on.
            OSError, smtplib.SMTPException: it broke; `MailServer.connect` gives these their words.
        """
        message = mail.message(sender=self._server.sender, mail_id=mail_id, at=at)
        try:
            self._smtp.send_message(message)
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPNotSupportedError as error:  # an address in letters that it can't read
            raise MailRefused(f"{self._server.host} can't take this address: {_said(error)}.") from error
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise self._refusal(code, words.decode(errors="replace")) from error
        except smtplib.SMTPResponseException as error:
            raise self._refusal(error.smtp_code, _said(error)) from error

    def _refusal(self, code: int, words: str) -> MailRefused | MailServerUnavailable:
        kind = MailRefused if code in _LASTING else MailServerUnavailable
        with suppress(OSError, smtplib.SMTPException):
            self._smtp.rset()
        return kind(f"The mail server {self._server.host} said {code}: {words[:200]}.")


def _is_here(sock: socket.socket | None) -> bool:
    """Whether the other end is on this machine."""
    return sock is not None and str(sock.getpeername()[0]) in {"127.0.0.1", "::1"}


def _address(text: str) -> Address:
    name, _, domain = text.rpartition("@")
    if not name or not domain or _SPECIAL.search(text[: len(name)] + domain):
        raise MailInvalid(f"{text!r} is no address that a mail can be sent to.")
    return Address(username=name, domain=domain)


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return said.decode(errors="replace")[:200] if isinstance(said, bytes) else str(said)[:200]
    return (str(error) or type(error).__name__)[:200]
