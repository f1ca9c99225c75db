"""Text in, speech out: every door comes here (HTTP, OpenAI's form, Wyoming, long texts, the command line)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from voicewright.engines.client import EngineClient
from voicewright.engines.languages import language_unsupported, match_language
from voicewright.engines.registry import get_engine, require_installed
from voicewright.speech.choice import choose_voice
from voicewright.speech.hooks import Hooks
from voicewright.speech.speaking import Plan, Speech
from voicewright.speech.stream import SpeechStream
from voicewright.text.script import Piece, Script
from voicewright.text.sentences import require_sentences

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from voicewright.db.server import Database
    from voicewright.engines.port import EngineInfo
    from voicewright.settings import Settings
    from voicewright.speech.order import SpeechOrder
    from voicewright.voices.service import VoiceService


class SpeechService:
    """Speaks; safe for threads. Close it, or use it as a context manager: it has engine processes.

    Args:
        settings: how much at once.
        database: open.
        voices: the files of voices.
        engines: finds an engine by its id.
        hooks: what others do with a speech.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        voices: VoiceService,
        *,
        engines: Callable[[str], EngineInfo] = get_engine,
        hooks: Hooks = Hooks(),  # noqa: B008 - frozen
    ) -> None:
        self._settings = settings
        self._database = database
        self._voices = voices
        self._engines = engines
        self._hooks = hooks
        self._clients: dict[str, EngineClient] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every engine process."""
        for client in self._clients.values():
            client.close()

    def begin(
        self, user_id: uuid.UUID, order: SpeechOrder, *, cancel: threading.Event | None = None
    ) -> Speech:
        """Check all that can be checked before a sound, and enter the speech in the history.

        Args:
            user_id: who speaks.
            order: what, with which voice, and how.
            cancel: set by another thread to stop, also while this waits for a free place.

        Raises:
            VoiceNotFound, VoiceNameAmbiguous, NotAllowed, NoActiveVoice: there is no voice to speak with.
            TextEmpty, SsmlInvalid, SsmlUnsupported: there is nothing that can be said.
            LanguageUnsupported: the voice's engine does not speak it; names those that it does.
            BlobNotFound, BlobCorrupt: the files of the voice are missing or damaged.
            EngineNotFound, EngineNotInstalled: and no other voice of the person can take over.
            SpeechOverloaded: too much is being spoken now.
            Cancelled: `cancel` was set.
        """
        with self._database.session() as session:
            voice = choose_voice(session, user_id, order)
        info = self._engines(voice.engine)
        require_installed(info)
        wanted = order.language or voice.language
        language = match_language(wanted, info.capabilities.languages)
        if language is None:
            raise language_unsupported(info, wanted)
        script = Script(
            tuple(
                Piece(one.text, one.text, ends_paragraph=one.ends_paragraph)
                for one in require_sentences(order.text)
            )
        )
        rate_hz = info.capabilities.sample_rate_hz
        folder = self._voices.materialise(voice)
        with self._lock:
            client = self._clients.setdefault(info.id, EngineClient(info))
        permit = self._voices.of(user_id).permit(voice)
        plan = Plan(user_id, order, voice, None, language, script, rate_hz)

        def source(speech: Speech) -> Iterator[NDArray[np.float32]]:
            stream = SpeechStream(
                client,
                voice_dir=folder,
                text=order.text,
                sample_rate_hz=rate_hz,
                language=language,
                speed=order.speed,
                seed=order.seed,
                cancel=speech.cancelling,
                permit=permit,
            )
            for block in stream:
                speech.figures.first_audio_s = stream.first_audio_s
                speech.figures.output_s = stream.output_s
                speech.figures.speech_s = stream.speech_s
                speech.figures.synthesis_s = stream.synthesis_s
                yield block
            speech.outcome = "completed"

        speech = Speech(plan, source)
        if self._hooks.history is not None:
            self._hooks.history.begin(speech)
            speech.on_end(self._hooks.history.end)
        return speech
