"""What can be wrong with a long text, with a batch, or with what is wanted of one."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import OPERATORS, AppError, ErrorKind, FieldFault
from voicewright.text.errors import TextTooLong


class TooManyParts(AppError):
    """The text has more paragraphs, or the batch more items, than are made into files."""

    code: ClassVar[str] = "TOO_MANY_PARTS"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class BatchUnspeakable(AppError):
    """No item of the batch can be spoken; `fields` has the reason of each."""

    code: ClassVar[str] = "BATCH_UNSPEAKABLE"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class TooManyLongSpeeches(AppError):
    """As many long texts of this account as there may be are not ended; another one has to end first."""

    code: ClassVar[str] = "TOO_MANY_LONG_SPEECHES"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class LongSpeechNotFound(AppError):
    """There is no such long text or batch, or it is somebody else's."""

    code: ClassVar[str] = "LONG_SPEECH_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class LongSpeechState(AppError):
    """What was asked for can't be done in the state in which it is; the message names the state."""

    code: ClassVar[str] = "LONG_SPEECH_STATE"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class LongSpeechNotReady(AppError):
    """The file is not made yet, or will not be; the message says why."""

    code: ClassVar[str] = "LONG_SPEECH_NOT_READY"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class LongSpeechPartNotFound(AppError):
    """It has no paragraph, item or chunk of this number; the message says how many there are."""

    code: ClassVar[str] = "LONG_SPEECH_PART_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class ChunksFailed(AppError):
    """Some chunks could not be spoken, however often; the message names them, and why the first failed."""

    code: ClassVar[str] = "CHUNKS_FAILED"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class LongSpeechFailed(AppError):
    """It could not be spoken to its end; the message says why, and the same command goes on with the rest."""

    code: ClassVar[str] = "LONG_SPEECH_FAILED"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class LongSpeechLost(AppError):
    """It was paused, cancelled, deleted or given to another worker: this run may write no more."""

    code: ClassVar[str] = "LONG_SPEECH_LOST"
    kind: ClassVar[ErrorKind] = ErrorKind.CANCELLED


def long_text_too_long(characters: int, limit: int) -> TextTooLong:
    """The error about a long text of so many characters."""
    message = (
        f"The text has {characters:,} characters, and at most {limit:,} are taken as one "
        "(VOICEWRIGHT_LONG_CHARACTERS). Split it, best by chapters, and send each as a text of its own."
    )
    return TextTooLong(message, fields=[FieldFault("text", message)])


def told(error: AppError) -> str:
    """Why something failed, for its owner: what is for whoever runs the service stays in the log."""
    if type(error).__module__.startswith(OPERATORS):
        return "Something that the service needs failed; its log has the details."
    return error.message
