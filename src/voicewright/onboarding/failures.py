"""Why a voice was not made, as an application's user is told: no paths, no settings, and what they can do."""

from __future__ import annotations

from typing import Final

from voicewright.engines.errors import LanguageUnsupported, TooLittleSpeech
from voicewright.training.errors import (
    InsufficientAudioQuality,
    ModelValidationFailed,
    NothingHeldOut,
    NoUsableSpeech,
    TranscriptsNeeded,
)

_AGAIN: Final = "Record again in a quiet room, near the microphone"
_UNUSABLE: Final = f"The recording can't be used. {_AGAIN}."
_MORE: Final = "There is too little speech in the recording. Record some more sentences."
_SENTENCES: Final = {
    TooLittleSpeech.code: _MORE,
    NothingHeldOut.code: _MORE,
    NoUsableSpeech.code: _UNUSABLE,
    InsufficientAudioQuality.code: _UNUSABLE,
    TranscriptsNeeded.code: "The words in the recording could not be made out. Read them from a page.",
    LanguageUnsupported.code: "No voice can be made in this language.",
    ModelValidationFailed.code: f"The voice did not become good enough. {_AGAIN}, and some more sentences.",
}
_OTHERWISE: Final = "The voice could not be made, and not because of the recording. Try again later."


def told_end_user(code: str | None) -> str:
    """A sentence for whoever sent the recording; the application sees the message itself.

    Args:
        code: of the error with which the job has ended.
    """
    return _SENTENCES.get(code or "", _OTHERWISE)
