"""A mail over real sockets: what the server says becomes words, and nothing waits for ever."""

from __future__ import annotations

import ssl
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from voicewright.notifications import mail as mail_module
from voicewright.notifications.errors import MailRefused, MailServerUnavailable
from voicewright.notifications.mail import Mail, MailServer
from voicewright.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRET = f"{quote('voice@wright', safe='')}:{quote('p@ss/word', safe='')}@"
AT = datetime(2025, 1, 15, 10, 30, tzinfo=UTC)


def server_at(port: int, scheme: str = "smtp", host: str = "127.0.0.1", user: str = "") -> MailServer:
    found = MailServer.of(
        Settings(smtp_url=f"{scheme}://{user}{host}:{port}", mail_from="voices@example.com")
    )
    assert found is not None
    return found


def send(server: MailServer, to: str = "ann@example.com", subject: str = "An alert") -> uuid.UUID:
    mail_id = uuid.uuid4()
    with server.connect() as connection:
        connection.send(Mail(to, subject, "It is late.\n.\nA line.\n"), mail_id=mail_id, at=AT)
    return mail_id


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate is one that this machine trusts."""
    make = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: make(cafile=str(certificate)))


def test_a_mail_arrives_whole(mail_server: Callable[..., Any]) -> None:
    server = mail_server()
    mail_id = send(server_at(server.port), "jürgen@example.com", "Überlauf – 80 % of the quota")

    [message] = server.received
    assert message["To"] == "jürgen@example.com"
    assert message["From"] == "voices@example.com"
    assert message["Subject"] == "Überlauf – 80 % of the quota"
    assert message["Message-ID"] == f"<{mail_id}@example.com>"
    assert message["Date"].datetime == AT
    assert message.get_content().replace("\r\n", "\n") == "It is late.\n.\nA line.\n"
    assert not any(command.startswith("AUTH") for command in server.commands)


def test_without_a_url_there_is_no_server() -> None:
    assert MailServer.of(Settings()) is None
    named = MailServer.of(Settings(smtp_url="smtps://mail.example.com", mail_from="a@example.com"))
    assert (named.port, named.is_tls) == (465, True)  # type: ignore[union-attr]


def test_the_password_is_shown_to_this_machine_and_not_over_an_open_line(
    mail_server: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = mail_server()
    send(server_at(server.port, user=SECRET))
    assert len(server.received) == 1
    with pytest.raises(MailRefused, match="who are you"):
        send(server_at(server.port, user="voice%40wright:wrong@"))

    monkeypatch.setattr(mail_module, "_is_here", lambda _sock: False)
    server.commands.clear()
    with pytest.raises(MailRefused, match="offers no encryption"):
        send(server_at(server.port, user=SECRET))
    assert not any(command.startswith("AUTH") for command in server.commands)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.usefixtures("trusted")
def test_the_line_is_encrypted_where_it_can_be(
    mail_server: Callable[..., Any], tls: ssl.SSLContext, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_module, "_is_here", lambda _sock: False)
    extensions = ["STARTTLS", "AUTH PLAIN"] if scheme == "smtp" else ["AUTH PLAIN"]
    server = mail_server(tls=tls, is_wrapped=scheme == "smtps", extensions=extensions)
    send(server_at(server.port, scheme, "localhost", SECRET))
    assert len(server.received) == 1
    assert ("STARTTLS" in server.commands) is (scheme == "smtp")


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_server_that_nobody_vouches_for_gets_nothing(
    mail_server: Callable[..., Any], tls: ssl.SSLContext, scheme: str
) -> None:
    server = mail_server(tls=tls, is_wrapped=scheme == "smtps", extensions=["STARTTLS"])
    with pytest.raises(MailServerUnavailable, match="certificate verify failed"):
        send(server_at(server.port, scheme, "localhost", SECRET))
    assert server.senders == []


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ({"greeting": "421 not now"}, MailServerUnavailable, "not now"),
        ({"to": {"ann@example.com": "550 5.1.1 no such person"}}, MailRefused, "550: 5.1.1 no such person"),
        ({"to": {"ann@example.com": "451 4.7.1 greylisted"}}, MailServerUnavailable, "451"),
        ({"data": "554 5.6.0 looks like spam"}, MailRefused, "spam"),
        ({"data": "452 4.3.1 disk full"}, MailServerUnavailable, "452"),
        ({"hangs_up_in": "DATA"}, MailServerUnavailable, "away"),
        ({"hangs_up_in": "EHLO"}, MailServerUnavailable, "away"),
        ({"greeting": "not a mail server"}, MailServerUnavailable, "away"),
    ],
)
def test_what_the_server_says_becomes_words(
    mail_server: Callable[..., Any], how: dict[str, Any], error: type[Exception], words: str
) -> None:
    server = mail_server(**how)
    with pytest.raises(error, match=words):
        send(server_at(server.port))
    assert server.received == []


def test_an_address_that_the_server_can_not_read_is_refused(mail_server: Callable[..., Any]) -> None:
    server = mail_server(extensions=["8BITMIME"])
    with pytest.raises(MailRefused, match="can't take this address"):
        send(server_at(server.port), "jürgen@example.com")


@pytest.mark.parametrize("how", [{"greeting": ""}, {"trickles": True}], ids=["silent", "endless"])
def test_a_server_that_never_answers_is_left_in_the_end(
    mail_server: Callable[..., Any], how: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_module, "TIMEOUT_S", 0.1)
    monkeypatch.setattr(mail_module, "DEADLINE_S", 0.2)
    server = mail_server(**how)
    with pytest.raises(MailServerUnavailable):
        send(server_at(server.port))


def test_a_server_that_is_not_there_is_away() -> None:
    with pytest.raises(MailServerUnavailable, match="away"):
        send(server_at(1))
