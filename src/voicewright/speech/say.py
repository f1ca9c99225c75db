"""The use case "text to file": a loaded voice speaks a text into an audio file, and how fast that went."""

from __future__ import annotations

import os
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from voicewright.audio.encode import format_of, write_audio
from voicewright.audio.errors import AudioNotWritten
from voicewright.speech.stream import SpeechStream
from voicewright.voices.errors import VoiceNotFound
from voicewright.voices.figures.usage import Outcome, Use

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from voicewright.engines.client import EngineClient


@dataclass(frozen=True, slots=True)
class SayRequest:
    """What is to be said, by whom, and where it goes."""

    voice_dir: Path
    """The unpacked artefact."""
    text: str
    output: Path
    """Its extension is the format."""
    language: str | None = None
    """None: the voice's own."""
    speed: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SayResult:
    """What was said."""

    output: Path
    output_s: float
    """Length of the audio."""
    real_time_factor: float
    """Seconds of synthesis per second of the engine's audio, pauses left out, with the engine warm."""
    first_audio_s: float
    """From the request to the first piece of audio, with the engine warm."""
    sentences: int


def check_output(path: Path) -> None:
    """Refuse an output file that can't be written, before any work is done.

    Raises:
        AudioFormatUnknown: names the extensions that there are.
        AudioNotWritten: the folder is missing or closed, or the path is a folder.
    """
    format_of(path)
    if path.is_dir():
        raise AudioNotWritten(f"{path}: is a folder. Name a file in it, for example {path / 'speech.wav'}.")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise AudioNotWritten(f"{path}: there is no folder {folder}. Make it first.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise AudioNotWritten(f"{path}: nothing can be written into {folder}. Check its permissions.")


def say(
    request: SayRequest,
    engine: EngineClient,
    *,
    on_sentence: Callable[[int, int], None] | None = None,
    permit: Callable[[], None] | None = None,
    on_end: Callable[[Use], None] = lambda _use: None,
    cancel: threading.Event | None = None,
) -> SayResult:
    """Load the voice, speak, and write the audio as it comes; the file appears when it is whole.

    Args:
        request: what, and where to.
        engine: of the voice.
        on_sentence: called with (sentences spoken, sentences in all).
        permit: called before each sentence; what it raises ends the speech, and no file appears.
        on_end: told how it ended, well or not, once the engine was asked for anything.
        cancel: set by another thread to stop.

    Raises:
        TextEmpty, AudioFormatUnknown, AudioNotWritten: before anything was started.
        AppError: as the engine or the permit.
    """
    check_output(request.output)
    rate_hz = engine.info.capabilities.sample_rate_hz
    stream = SpeechStream(
        engine,
        voice_dir=request.voice_dir,
        text=request.text,
        sample_rate_hz=rate_hz,
        language=request.language,
        speed=request.speed,
        seed=request.seed,
        cancel=cancel,
        on_sentence=on_sentence,
        permit=permit,
    )
    try:
        engine.load(request.voice_dir, cancel)
        write_audio(request.output, stream, rate_hz, format_of(request.output))
    except BaseException as error:
        unwanted = isinstance(error, VoiceNotFound) or (cancel is not None and cancel.is_set())
        on_end(_use(request, engine, stream, "cancelled" if unwanted else "failed"))
        raise
    on_end(_use(request, engine, stream, "spoken"))
    return SayResult(
        output=request.output,
        output_s=stream.output_s,
        real_time_factor=stream.real_time_factor,
        first_audio_s=stream.first_audio_s,
        sentences=len(stream.sentences),
    )


def _use(request: SayRequest, engine: EngineClient, stream: SpeechStream, outcome: Outcome) -> Use:
    characters = len(request.text)
    price = Decimal(str(engine.info.dollars_per_1000_characters))
    return Use(
        outcome=outcome,
        characters=characters,
        audio_s=stream.speech_s,
        latency_ms=stream.first_audio_s * 1000 if stream.speech_s else None,
        cost_usd=price * characters / 1000 if outcome == "spoken" else Decimal(0),
    )
