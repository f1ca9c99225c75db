from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from voicewright.engines.port import AudioChunk, SynthesisRequest
from voicewright.speech.errors import NothingSpoken
from voicewright.speech.stream import PARAGRAPH_PAUSE_S, SENTENCE_PAUSE_S, SpeechStream
from voicewright.text.errors import TextEmpty

RATE_HZ = 1000


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Metronome:
    """Speaks a tenth of a second per word, and takes a hundredth for each."""

    def __init__(self, value: int = 16384) -> None:
        self.clock = Clock()
        self.asked: list[SynthesisRequest] = []
        self._pcm = np.full(RATE_HZ // 10, value, dtype="<i2").tobytes()

    def synthesize(
        self, request: SynthesisRequest, *, cancel: threading.Event | None = None
    ) -> Iterator[AudioChunk]:
        self.asked.append(request)
        for _ in request.text.split():
            self.clock.now_s += 0.01
            yield AudioChunk(self._pcm, RATE_HZ)


class Mute:
    def synthesize(
        self, request: SynthesisRequest, *, cancel: threading.Event | None = None
    ) -> Iterator[AudioChunk]:
        yield AudioChunk(b"", RATE_HZ)


def stream(speaker: Metronome | Mute, text: str, **more: object) -> SpeechStream:
    return SpeechStream(speaker, voice_dir=Path("voice"), text=text, sample_rate_hz=RATE_HZ, **more)  # type: ignore[arg-type]


def test_speaks_sentence_by_sentence_with_pauses_between() -> None:
    speech = stream(Metronome(), "One two. Three.\n\nFour.")

    samples = np.concatenate(list(speech))

    assert len(samples) == round(RATE_HZ * (0.4 + SENTENCE_PAUSE_S + PARAGRAPH_PAUSE_S))
    assert speech.output_s == pytest.approx(len(samples) / RATE_HZ)
    assert samples.max() == pytest.approx(0.5)
    assert samples[-1] == pytest.approx(0.5), "no pause after the last sentence"


def test_hands_the_request_on() -> None:
    speaker = Metronome()
    list(stream(speaker, "One. Two.", language="de", speed=2.0, seed=7))

    assert [(r.text, r.language, r.speed, r.seed) for r in speaker.asked] == [
        ("One.", "de", 2.0, 7),
        ("Two.", "de", 2.0, 7),
    ]


def test_counts_the_time_of_the_engine_and_not_of_the_reader() -> None:
    speaker = Metronome()
    speech = stream(speaker, "One two three four.", clock=speaker.clock)
    for _ in speech:
        speaker.clock.now_s += 5.0

    assert speech.first_audio_s == pytest.approx(0.01)
    assert speech.synthesis_s == pytest.approx(0.04)
    assert speech.real_time_factor == pytest.approx(0.1)


def test_the_pauses_between_sentences_do_not_flatter_the_engine() -> None:
    speaker = Metronome()
    speech = stream(speaker, "One two. Three.\n\nFour.", clock=speaker.clock)
    list(speech)

    assert speech.speech_s == pytest.approx(0.4)
    assert speech.real_time_factor == pytest.approx(0.1)


def test_tells_each_sentence() -> None:
    told: list[tuple[int, int]] = []
    list(stream(Metronome(), "One. Two.", on_sentence=lambda done, total: told.append((done, total))))

    assert told == [(1, 2), (2, 2)]


def test_a_text_without_words_is_refused_at_once() -> None:
    with pytest.raises(TextEmpty):
        stream(Metronome(), " ... ")


def test_an_engine_that_says_nothing_is_found_out() -> None:
    with pytest.raises(NothingSpoken):
        list(stream(Mute(), "One."))
