"""Speaks a text sentence by sentence as one stream of audio, and measures how fast it came."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np

from voicewright.engines.port import SynthesisRequest
from voicewright.speech.errors import NothingSpoken
from voicewright.text.sentences import require_sentences

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from numpy.typing import NDArray

    from voicewright.engines.port import AudioChunk

SENTENCE_PAUSE_S = 0.25
PARAGRAPH_PAUSE_S = 0.6
_FULL_SCALE = 32768.0


class Speaker(Protocol):
    """What is needed of an engine to speak; `EngineClient` has it."""

    def synthesize(
        self, request: SynthesisRequest, *, cancel: threading.Event | None = None
    ) -> Iterator[AudioChunk]:
        """Speak; chunks come as they are made."""


class SpeechStream:
    """The speech of one text: iterate once over float32 blocks (n,) in +-1, then read the figures.

    Args:
        speaker: the engine, warm and with the voice loaded if the figures are to mean anything.
        voice_dir: the unpacked artefact.
        text: any length; it is cut into sentences.
        sample_rate_hz: of what the engine makes.
        language: None for the voice's own.
        speed: 0.25 to 4.
        seed: for engines that roll dice.
        cancel: set by another thread to stop.
        on_sentence: called with (sentences spoken, sentences in all).
        permit: called before each sentence; what it raises ends the speech there.
        clock: seconds, for the figures.

    Raises:
        TextEmpty: nothing in the text can be said.
    """

    def __init__(
        self,
        speaker: Speaker,
        *,
        voice_dir: Path,
        text: str,
        sample_rate_hz: int,
        language: str | None = None,
        speed: float = 1.0,
        seed: int = 0,
        cancel: threading.Event | None = None,
        on_sentence: Callable[[int, int], None] | None = None,
        permit: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.sentences = require_sentences(text)
        self.sample_rate_hz = sample_rate_hz
        self.first_audio_s = 0.0
        """From the request to the first audio, seconds."""
        self.synthesis_s = 0.0
        """Spent waiting for the engine."""
        self.speech_s = 0.0
        """Length of what the engine made."""
        self.output_s = 0.0
        """Length of the speech, with the pauses between sentences."""
        self._speaker = speaker
        self._cancel = cancel
        self._clock = clock
        self._on_sentence = on_sentence or (lambda _done, _all: None)
        self._permit = permit or (lambda: None)
        self._requests = [
            SynthesisRequest(voice_dir=voice_dir, text=one.text, language=language, speed=speed, seed=seed)
            for one in self.sentences
        ]
        self._speed = speed

    @property
    def real_time_factor(self) -> float:
        """Seconds of waiting per second of the engine's audio: below 1 is faster than listening.

        The pauses between sentences cost no work, so counting them would flatter the engine.
        """
        return self.synthesis_s / self.speech_s if self.speech_s else 0.0

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Speak.

        Raises:
            NothingSpoken: the engine gave no audio for the whole text.
            AppError: what the engine or the permit raised.
        """
        for place, request in enumerate(self._requests):
            self._permit()
            for block in self._blocks(request):
                if not self.speech_s:
                    self.first_audio_s = self.synthesis_s
                self.speech_s += len(block) / self.sample_rate_hz
                self.output_s += len(block) / self.sample_rate_hz
                yield block
            self._on_sentence(place + 1, len(self._requests))
            if place + 1 < len(self._requests) and self.speech_s:
                pause_s = PARAGRAPH_PAUSE_S if self.sentences[place].ends_paragraph else SENTENCE_PAUSE_S
                silence = np.zeros(round(pause_s / self._speed * self.sample_rate_hz), dtype=np.float32)
                self.output_s += len(silence) / self.sample_rate_hz
                yield silence
        if not self.speech_s:
            raise NothingSpoken(
                "The engine gave no audio for this text. Try another text or retrain the voice."
            )

    def _blocks(self, request: SynthesisRequest) -> Iterator[NDArray[np.float32]]:
        """Yield the engine's chunks as floats, counting only the time that the engine took."""
        asked_s = self._clock()
        for chunk in self._speaker.synthesize(request, cancel=self._cancel):
            self.synthesis_s += self._clock() - asked_s
            if chunk.pcm:
                yield np.frombuffer(chunk.pcm, dtype="<i2").astype(np.float32) / np.float32(_FULL_SCALE)
            asked_s = self._clock()
        self.synthesis_s += self._clock() - asked_s
