"""What speaks, with all that is done about what is spoken."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from voicewright.engines.client import EngineClient
from voicewright.speech.cache import SpeechCache
from voicewright.speech.hooks import Hooks
from voicewright.speech.remembering import SpeechMemory
from voicewright.speech.service import SpeechService

if TYPE_CHECKING:
    from voicewright.db.server import Database
    from voicewright.engines.installed import Engines
    from voicewright.provenance.service import ProvenanceService
    from voicewright.settings import Settings
    from voicewright.speech.history import HistoryService
    from voicewright.voices.service import VoiceService


def make_speech(
    settings: Settings,
    database: Database,
    voices: VoiceService,
    provenance: ProvenanceService,
    *,
    history: HistoryService | None,
    engines: Engines,
    client: type[EngineClient] = EngineClient,
) -> SpeechService:
    """What speaks; whoever made it closes it.

    Args:
        settings: of this process.
        database: open.
        voices: the files of voices.
        provenance: marks what is spoken.
        history: None: whoever asks keeps one of their own.
        engines: which there are, and how they are started.
        client: of an engine's process.
    """
    cache = SpeechCache(settings, database, voices.vault.keys)
    # parts of a long text are no speeches of their own: their whole is remembered
    memory = None if history is None else SpeechMemory(database, provenance)
    hooks = Hooks(history=history, cache=cache, marker=provenance.marker, memory=memory)
    return SpeechService(
        settings, database, voices, engines=engines, hooks=hooks, client=partial(engines.client, kind=client)
    )
