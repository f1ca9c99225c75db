"""Google's voices behind the engine port: a key made of a consent and a sample, and speaking with it."""

from __future__ import annotations

import asyncio
import base64
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from google.cloud import texttospeech_v1beta1 as tts

from voicewright.audio.stretching import stretch_pcm
from voicewright.engines.asking import Asking
from voicewright.engines.errors import LanguageUnsupported, TextUnspeakable
from voicewright.engines.loaded import LoadedVoices
from voicewright.engines.port import AudioChunk, TrainingOutcome
from voicewright.engines.portions import portions, speakable
from voicewright.engines.reference import clip_s, write_reference
from voicewright.engines.refusals import bad_answer
from voicewright.engines.spoken_consent import require_spoken_consent
from voicewright.plugins.google_cloud_tts.artefact import Voice, read_voice, write_voice
from voicewright.plugins.google_cloud_tts.connection import Connection
from voicewright.plugins.google_cloud_tts.consents import TRANSFERS, googles_code
from voicewright.plugins.google_cloud_tts.plugin import ENGINE, PROVIDER
from voicewright.plugins.google_cloud_tts.refusing import explained, read_answer
from voicewright.plugins.google_cloud_tts.speaking import FASTEST, SLOWEST, speak
from voicewright.plugins.google_cloud_tts.stock import find_stock, list_stock, stock_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicewright.engines.port import (
        EngineSetup,
        RunContext,
        StockVoice,
        SynthesisRequest,
        TrainingRequest,
    )
    from voicewright.engines.spoken_consent import SpokenConsent

_LONGEST_S: Final = 10.0
"""Of the sample, and of the consent."""
_LONGEST_TEXT_BYTES: Final = 5000
_VOICES_KEPT: Final = 64
_MAKING: Final = "making the voice"


class GoogleCloudTTSEngine:
    """Asks Google; see the port for what is asked of it.

    Args:
        setup: has the file with the credentials, and where Google is asked.
    """

    def __init__(self, setup: EngineSetup) -> None:
        self._connection = Connection(setup)
        self._asking = Asking()
        self._voices = LoadedVoices(read_voice, _VOICES_KEPT)

    def clone(self, request: TrainingRequest, context: RunContext) -> TrainingOutcome:
        """Have a key made; nothing of it stays at Google, so there is nothing to delete there."""
        started_s = time.monotonic()
        context.progress("choosing a sample", 0.0)
        sample = _sample(request)
        consent = require_spoken_consent(PROVIDER, request, most_s=_LONGEST_S, same_language=True)
        context.progress("making the voice", 0.3)
        key = self._asking.answer(lambda: self._make_key(sample, consent), context)
        write_voice(request.artefact_dir, Voice(key, "", consent.language))
        context.progress("done", 1.0)
        return TrainingOutcome(
            speech_s=sum(map(clip_s, request.clips)),
            train_s=time.monotonic() - started_s,
            epochs=1,
            stopped="finished",
        )

    def stock_voices(self, context: RunContext) -> tuple[StockVoice, ...]:
        """List the personas of Chirp 3."""
        return self._asking.answer(lambda: list_stock(self._connection), context)

    def write_stock_voice(self, voice: str, artefact_dir: Path, context: RunContext) -> StockVoice:
        """Write one of them: `Kore`, or `de-DE-Chirp3-HD-Kore` where it is to speak German by itself."""
        found, language = find_stock(self.stock_voices(context), voice)
        write_voice(artefact_dir, Voice("", found.id, language))
        return found

    def load(self, voice_dir: Path) -> None:
        """Read the voice."""
        self._voices.get(voice_dir)

    def synthesize(self, request: SynthesisRequest, context: RunContext) -> Iterator[AudioChunk]:
        """Speak; the sound is passed on as it comes, and made faster here where Google's is not enough."""
        voice = self._voices.get(request.voice_dir)
        selected = _select(voice, request.language or voice.language)
        text = speakable(request.text)
        if not text:
            raise TextUnspeakable("There is nothing in the text that can be said; give it some words.")
        context.metric("provider_characters", len(text), step=0)
        rate = min(max(request.speed, SLOWEST), FASTEST)
        for portion in portions(text, _LONGEST_TEXT_BYTES, _utf8_bytes):
            asked = partial(speak, self._connection, selected, portion, rate)
            sound = self._asking.stream(asked, context)
            for pcm in stretch_pcm(sound, ENGINE.capabilities.sample_rate_hz, request.speed / rate):
                yield AudioChunk(pcm, ENGINE.capabilities.sample_rate_hz)

    async def _make_key(self, sample: bytes, consent: SpokenConsent) -> str:
        body = {
            "reference_audio": _audio(sample),
            "voice_talent_consent": _audio(consent.wav),
            "consent_script": consent.statement,
            "language_code": googles_code(consent.language),
        }
        try:
            answer = await asyncio.to_thread(
                self._connection.post, "v1beta1/voices:generateVoiceCloningKey", body
            )
            made: Any = read_answer(answer, doing=_MAKING)
        except Exception as error:
            raise explained(error, doing=_MAKING, timeout_s=self._connection.timeout_s) from error
        key = made.get("voiceCloningKey") if isinstance(made, dict) else None
        if not isinstance(key, str) or not key:
            raise bad_answer(PROVIDER, "no key", doing=_MAKING)
        return key


def _sample(request: TrainingRequest) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sample.wav"
        write_reference(request.clips, file, most_s=_LONGEST_S, least_s=ENGINE.capabilities.minimum_speech_s)
        return file.read_bytes()


def _audio(wav: bytes) -> dict[str, Any]:
    """With its header, which says the rate."""
    return {"audio_config": {"audio_encoding": "LINEAR16"}, "content": base64.b64encode(wav).decode("ascii")}


def _select(voice: Voice, language: str) -> tts.VoiceSelectionParams:
    """How Google is told which voice speaks.

    Raises:
        LanguageUnsupported: a voice that was made does not speak it.
    """
    code = googles_code(language)
    if voice.persona:
        return tts.VoiceSelectionParams(language_code=code, name=stock_name(voice.persona, language))
    spoken = (voice.language, *TRANSFERS.get(voice.language, ()))
    if language not in spoken:
        raise LanguageUnsupported(
            f"The voice was made in {voice.language}, and {PROVIDER.name} lets it speak {', '.join(spoken)}, "
            f"but not {language!r}. Make one in that language, or choose another engine."
        )
    return tts.VoiceSelectionParams(
        language_code=code, voice_clone=tts.VoiceCloneParams(voice_cloning_key=voice.key)
    )


def _utf8_bytes(text: str) -> int:
    return len(text.encode())
