"""What can be wrong with a text that is to be spoken."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class TextEmpty(AppError):
    """There is no letter and no digit in the text, so nothing can be said."""

    code: ClassVar[str] = "TEXT_EMPTY"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class TextUnreadable(AppError):
    """The file is not there, can't be read, or is no text in UTF-8."""

    code: ClassVar[str] = "TEXT_UNREADABLE"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class SsmlInvalid(AppError):
    """The markup is not well-formed XML, or more than is taken; the message has line and column."""

    code: ClassVar[str] = "SSML_INVALID"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class SsmlUnsupported(AppError):
    """The markup asks for something that is not spoken here; the message names it and what there is."""

    code: ClassVar[str] = "SSML_UNSUPPORTED"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class TextTooLong(AppError):
    """The text has more characters than are spoken at once; the message names the limit."""

    code: ClassVar[str] = "TEXT_TOO_LONG"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


def text_too_long(characters: int, limit: int) -> TextTooLong:
    """The error about a text of so many characters."""
    return TextTooLong(
        f"The text has {characters:,} characters, and at most {limit:,} are spoken at once. Split it."
    )
