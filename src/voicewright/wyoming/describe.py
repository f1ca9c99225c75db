"""What a client is told of the service: one voice for each that its owner may speak with."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice

from voicewright import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voicewright.voices.models import VoiceModel

_NOWHERE: Final = ""
"""Where a voice comes from: its owner made it here."""


def describe(voices: Sequence[VoiceModel], languages_of: Callable[[VoiceModel], Sequence[str]]) -> Info:
    """The service and its voices.

    Args:
        voices: the owner's own first; one whose name another before it has goes by its id.
        languages_of: what the engine of a voice speaks.
    """
    names = Counter[str]()
    told = []
    for voice in voices:
        names[voice.name_key] += 1
        name = voice.name if names[voice.name_key] == 1 else str(voice.id)
        told.append(_voice(voice, name, languages_of(voice)))
    program = TtsProgram(
        name="voicewright",
        description="Voicewright: voices of your own",
        attribution=Attribution("Voicewright", _NOWHERE),
        installed=True,
        version=__version__,
        voices=told,
        supports_synthesize_streaming=True,
    )
    return Info(tts=[program])


def _voice(voice: VoiceModel, name: str, languages: Sequence[str]) -> TtsVoice:
    own_first = dict.fromkeys([voice.language, *languages])
    return TtsVoice(
        name=name,
        description=voice.label,
        attribution=Attribution(f"Voicewright, engine {voice.engine}", _NOWHERE),
        installed=True,
        version=str(voice.version),
        languages=[spelt(language) for language in own_first],
    )


def spelt(language: str) -> str:
    """A language as BCP 47 writes it, which Home Assistant compares: `en-us` is `en-US`."""
    first, *more = language.split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part.title() for part in more)])  # noqa: PLR2004
