"""Who speaks to the clients of a Wyoming server: it knows no accounts, so all speak for one owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicewright.engines.registry import get_engine
from voicewright.errors import AppError
from voicewright.wyoming.describe import describe

if TYPE_CHECKING:
    import threading
    import uuid
    from collections.abc import Callable, Sequence

    from wyoming.info import Info

    from voicewright.engines.port import EngineInfo
    from voicewright.speech.order import SpeechOrder
    from voicewright.speech.service import SpeechService
    from voicewright.speech.speaking import Speech
    from voicewright.voices.models import VoiceModel
    from voicewright.voices.service import VoiceService


@dataclass(frozen=True, slots=True)
class Door:
    """What all clients of a server have in common.

    Attributes:
        speech: what speaks.
        voices: of the owner.
        owner_id: for whom is spoken.
        most_characters: how long a text may be.
        voice: who speaks where a client names nobody; None: the owner's active voice.
        permit: refuses with an `AppError` where the owner may do nothing any more; asked for every request.
        engines: finds an engine by its id.
    """

    speech: SpeechService
    voices: VoiceService
    owner_id: uuid.UUID
    most_characters: int
    voice: str | None = None
    permit: Callable[[], None] = lambda: None
    engines: Callable[[str], EngineInfo] = get_engine

    def begin(self, order: SpeechOrder, cancel: threading.Event) -> Speech:
        """As `SpeechService.begin`, where the owner may still speak."""
        self.permit()
        return self.speech.begin(self.owner_id, order, cancel=cancel)

    def describe(self) -> Info:
        """What the clients may choose from, as it is now."""
        self.permit()
        return describe(self.voices.list_to_speak(), self._languages)

    def _languages(self, voice: VoiceModel) -> Sequence[str]:
        try:
            return self.engines(voice.engine).capabilities.languages
        except AppError:  # its engine is not there; speaking with it will say so
            return ()
