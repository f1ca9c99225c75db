"""OpenAI's voices behind the engine port: making one of a consent and a sample, speaking, forgetting it."""

from __future__ import annotations

import asyncio
import difflib
import hashlib
import tempfile
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from openai import AsyncOpenAI, Timeout, omit

from voicewright.engines.asking import Asking
from voicewright.engines.errors import StockVoiceNotFound, TextUnspeakable
from voicewright.engines.loaded import LoadedVoices
from voicewright.engines.port import AudioChunk, StockVoice, TrainingOutcome
from voicewright.engines.portions import portions, speakable
from voicewright.engines.reference import clip_s, write_reference
from voicewright.engines.spoken_consent import require_spoken_consent
from voicewright.plugins.openai_tts.artefact import read_made, read_voice, write_made, write_voice
from voicewright.plugins.openai_tts.making import MadeVoice, VoiceMaker
from voicewright.plugins.openai_tts.options import MODEL, OpenAITTSOptions
from voicewright.plugins.openai_tts.plugin import ENGINE, PROVIDER
from voicewright.plugins.openai_tts.refusing import explained
from voicewright.plugins.openai_tts.sent import SentNote
from voicewright.plugins.openai_tts.sound import DOING, read_sound

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping

    from voicewright.engines.port import EngineSetup, RunContext, SynthesisRequest, TrainingRequest
    from voicewright.plugins.openai_tts.artefact import Voice

_ADDRESS: Final = "https://api.openai.com/v1"
_TIMEOUT_S: Final = 60.0
_CONNECT_S: Final = 5.0
_ATTEMPTS_MORE: Final = 2
_LONGEST_SAMPLE_S: Final = 30.0
_LONGEST_CONSENT_S: Final = 30.0
_LONGEST_TEXT: Final = 4096
_OLD_MODELS: Final = "tts-1"
"""Models whose names begin so know neither instructions nor events."""
_PRICED_MODEL: Final = "gpt-4o-mini-tts"
_TOKEN_DOLLARS: Final = {"input_tokens": 0.6e-6, "output_tokens": 12e-6}
"""Of that model, for a token of text and one of sound; OpenAI's price list, November 2026."""
_VOICES_KEPT: Final = 64
_REQUEST: Final = "openai-request.sha256"
"""Among the checkpoints: what the voice that lies beside it was made of."""
STOCK: Final = (
    "alloy",
    "ash",
    "ballad",
    "cedar",
    "coral",
    "echo",
    "fable",
    "marin",
    "nova",
    "onyx",
    "sage",
    "shimmer",
    "verse",
)


class OpenAITTSEngine:
    """Asks OpenAI; see the port for what is asked of it.

    Args:
        setup: has the key, and where it is asked.
    """

    def __init__(self, setup: EngineSetup) -> None:
        values = setup.values
        self._timeout_s = float(values.get("VOICEWRIGHT_PROVIDER_TIMEOUT_S", _TIMEOUT_S))
        self._client = AsyncOpenAI(
            api_key=values["OPENAI_API_KEY"],
            base_url=values.get("OPENAI_BASE_URL", _ADDRESS),
            organization=values.get("OPENAI_ORG_ID"),
            timeout=Timeout(self._timeout_s, connect=min(_CONNECT_S, self._timeout_s)),
            max_retries=_ATTEMPTS_MORE,
        )
        self._asking = Asking()
        self._maker = VoiceMaker(self._client, self._asking, self._timeout_s)
        self._voices = LoadedVoices(read_voice, _VOICES_KEPT)

    def clone(self, request: TrainingRequest, context: RunContext) -> TrainingOutcome:
        """Make a voice there; one that an earlier attempt made of the same is taken."""
        started_s = time.monotonic()
        options = OpenAITTSOptions.model_validate(dict(request.options))
        context.progress("choosing a sample", 0.0)
        sample = _sample(request)
        consent = require_spoken_consent(PROVIDER, request, most_s=_LONGEST_CONSENT_S)
        digest = hashlib.sha256(sample + consent.wav).hexdigest()
        made = _left(request.checkpoint_dir, digest)
        resumed = made is not None
        note = SentNote(request.checkpoint_dir)
        if made is None:
            made = self._asking.answer(lambda: self._maker.make(sample, consent, note, context), context)
        try:
            if request.checkpoint_dir is not None:
                write_made(request.checkpoint_dir, made)
                (request.checkpoint_dir / _REQUEST).write_text(digest, "utf-8")
                note.clear()
            write_made(request.artefact_dir, made)
            write_voice(
                request.artefact_dir,
                name=made.voice,
                language=request.language,
                model=options.model,
                instructions=options.instructions,
                made=True,
            )
        except OSError:
            self._delete(made, context)
            raise
        context.progress("done", 1.0)
        return TrainingOutcome(
            speech_s=sum(map(clip_s, request.clips)),
            train_s=time.monotonic() - started_s,
            epochs=1,
            stopped="finished",
            resumed=resumed,
        )

    def forget(self, voice_dir: Path, context: RunContext) -> None:
        """Delete the voice and the consent there."""
        made = read_made(voice_dir)
        if made is not None:
            self._delete(made, context)

    def stock_voices(self, context: RunContext) -> tuple[StockVoice, ...]:
        """List them; they speak all languages."""
        context.check_cancelled()
        return tuple(StockVoice(name, name.capitalize(), ()) for name in STOCK)

    def write_stock_voice(self, voice: str, artefact_dir: Path, context: RunContext) -> StockVoice:
        """Write one of them."""
        if voice not in STOCK:
            close = difflib.get_close_matches(voice, STOCK, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise StockVoiceNotFound(
                f"{PROVIDER.name} has no voice {voice!r}.{hint} Its voices are: {', '.join(STOCK)}."
            )
        context.check_cancelled()
        write_voice(artefact_dir, name=voice, language="en", model=MODEL, made=False)
        return StockVoice(voice, voice.capitalize(), ())

    def load(self, voice_dir: Path) -> None:
        """Read the voice; whether it is still there, speaking tells."""
        self._voices.get(voice_dir)

    def synthesize(self, request: SynthesisRequest, context: RunContext) -> Iterator[AudioChunk]:
        """Speak; the sound is passed on as it comes."""
        voice = self._voices.get(request.voice_dir)
        text = speakable(request.text)
        if not text:
            raise TextUnspeakable("There is nothing in the text that can be said; give it some words.")
        context.metric("provider_characters", len(text), step=0)
        for step, portion in enumerate(portions(text, _LONGEST_TEXT)):
            usage: dict[str, Any] = {}
            asked = partial(self._speak, voice, portion, request.speed, usage)
            for pcm in self._asking.stream(asked, context):
                yield AudioChunk(pcm, ENGINE.capabilities.sample_rate_hz)
            _report(usage, voice.model, context, step)

    async def _speak(
        self, voice: Voice, text: str, speed: float, usage: dict[str, Any]
    ) -> AsyncGenerator[bytes, None]:
        old = voice.model.startswith(_OLD_MODELS)
        try:
            async with AsyncExitStack() as stack:
                asked = self._client.audio.speech.with_streaming_response.create(
                    model=voice.model,
                    voice=voice.voice,
                    input=text,
                    instructions=voice.instructions if voice.instructions and not old else omit,
                    response_format="pcm",
                    speed=speed if speed != 1.0 else omit,
                    stream_format=omit if old else "sse",
                )
                async with asyncio.timeout(self._timeout_s):
                    answer = await stack.enter_async_context(asked)
                async for pcm in read_sound(answer, self._client, usage.update):
                    yield pcm
        except Exception as error:
            raise explained(error, doing=DOING, timeout_s=self._timeout_s) from error

    def _delete(self, made: MadeVoice, context: RunContext) -> None:
        self._asking.answer(lambda: self._maker.delete(made), context)


def _sample(request: TrainingRequest) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sample.wav"
        least_s = ENGINE.capabilities.minimum_speech_s
        write_reference(request.clips, file, most_s=_LONGEST_SAMPLE_S, least_s=least_s)
        return file.read_bytes()


def _left(checkpoint_dir: Path | None, digest: str) -> MadeVoice | None:
    """The voice that an earlier attempt made of the same sample and consent."""
    if checkpoint_dir is None:
        return None
    request = checkpoint_dir / _REQUEST
    same = request.is_file() and request.read_text("utf-8") == digest
    return read_made(checkpoint_dir) if same else None


def _report(usage: Mapping[str, Any], model: str, context: RunContext, step: int) -> None:
    """Tell what OpenAI counted, and what it asks for that where its price list has the model."""
    counts = {name: usage[name] for name in _TOKEN_DOLLARS if isinstance(usage.get(name), int)}
    for name, count in counts.items():
        context.metric(f"provider_{name}", count, step=step)
    if model.startswith(_PRICED_MODEL) and len(counts) == len(_TOKEN_DOLLARS):
        dollars = sum(_TOKEN_DOLLARS[name] * count for name, count in counts.items())
        context.metric("provider_dollars", dollars, step=step)
