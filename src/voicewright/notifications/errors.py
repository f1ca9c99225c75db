"""What can go wrong with notifications."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class MailInvalid(AppError):
    """A mail can't be sent as it is: its address or its subject has what a header can't have."""

    code: ClassVar[str] = "MAIL_INVALID"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class MailServerUnavailable(AppError):
    """The mail server is away, too slow, or asks to try again later; nothing is lost."""

    code: ClassVar[str] = "MAIL_SERVER_UNAVAILABLE"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE
    default_retryable: ClassVar[bool] = True


class MailRefused(AppError):
    """The mail server will never take this mail; the message has its words."""

    code: ClassVar[str] = "MAIL_REFUSED"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
