"""Why a voice can't be made of what was given."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind


class NoUsableSpeech(AppError):
    """After intake no clip is left to train on; the message names the reasons that were found."""

    code: ClassVar[str] = "NO_USABLE_SPEECH"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class TranscriptsNeeded(AppError):
    """The engine needs to know what is said, nobody wrote it down, and nothing here can recognise it."""

    code: ClassVar[str] = "TRANSCRIPTS_NEEDED"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class NothingHeldOut(AppError):
    """The voice has no recordings that were kept from its training, so it can't be judged."""

    code: ClassVar[str] = "NOTHING_HELD_OUT"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class EngineCannotLearn(AppError):
    """The engine speaks with voices of its own and can't make new ones."""

    code: ClassVar[str] = "ENGINE_CANNOT_LEARN"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
