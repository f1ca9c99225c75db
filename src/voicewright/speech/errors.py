"""What can be wrong with a request to speak."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class NothingSpoken(AppError):
    """The engine answered without any audio."""

    code: ClassVar[str] = "NOTHING_SPOKEN"
    kind: ClassVar[ErrorKind] = ErrorKind.INTERNAL


class SpeechOverloaded(AppError):
    """As much is being spoken as is at a time, and as many wait; nothing was begun.

    Attributes:
        retry_after_s: when to ask again.
    """

    code: ClassVar[str] = "SPEECH_OVERLOADED"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE
    default_retryable: ClassVar[bool] = True

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__(
            f"Too much is being spoken now, so this was not begun. Try again in {retry_after_s} seconds."
        )
        self.retry_after_s = retry_after_s


class SpeechUnheard(AppError):
    """Nobody took what was spoken for a long time, so the rest was not spoken."""

    code: ClassVar[str] = "SPEECH_UNHEARD"
    kind: ClassVar[ErrorKind] = ErrorKind.CANCELLED


class SpeechBroken(AppError):
    """Something unforeseen ended a speech; the log has it."""

    code: ClassVar[str] = "SPEECH_BROKEN"
    kind: ClassVar[ErrorKind] = ErrorKind.INTERNAL


class SynthesisNotFound(AppError):
    """The history has no such entry of this user."""

    code: ClassVar[str] = "SYNTHESIS_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class SynthesisAudioNotKept(AppError):
    """The entry of the history has no file: it was not to be kept, was removed, or there never was one."""

    code: ClassVar[str] = "SYNTHESIS_AUDIO_NOT_KEPT"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class SynthesisTimingsNotKept(AppError):
    """The entry of the history does not say when each word is said."""

    code: ClassVar[str] = "SYNTHESIS_TIMINGS_NOT_KEPT"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND
